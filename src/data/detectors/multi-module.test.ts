import { afterEach, describe, expect, it } from 'vitest';
import { expectArray, GOLDEN, readExpected, sha256 } from '../../../test/conformance/hdf5-run-expected.ts';
import { typeStringOf } from '../../core/dtype.ts';
import { bytesOf, elementCount } from '../../core/ndarray.ts';
import { openRun } from '../../platform/node/open-run.ts';
import { type DetectorChoice, type MultiModule, openDetector } from './multi-module.ts';
import type { PulseSelection } from './pulse-selection.ts';
import type { Run } from '../run.ts';

const RAW = 'root/SPB/202301/p900001/raw/r0034';
const PROC = 'root/SPB/202301/p900001/proc/r0034';
const opened: Run[] = [];

async function open(path: string, choice?: DetectorChoice): Promise<MultiModule> {
  const run = await openRun({ path: GOLDEN + path });
  opened.push(run);
  return openDetector(run, choice);
}

afterEach(async () => {
  for (const run of opened.splice(0)) await run.close();
});

type Slice = [number | null, number | null, number | null];
interface Case {
  readonly case: {
    readonly call: string;
    readonly key?: string;
    readonly masked?: boolean;
    readonly pulses?: { slice?: Slice; by_id?: number[]; by_id_slice?: Slice; int?: number; list?: number[] };
    readonly trains?: { slice: Slice };
    readonly kw?: {
      fill_value?: number | string;
      module_gaps?: boolean;
      roi?: (number | [number, number])[];
      astype?: string;
      subtrain_index?: string;
    };
  };
  readonly result: {
    dtype: string;
    shape: number[];
    sha256: string;
    dims?: string[];
    values?: number[];
    error?: string;
  };
}

function pulsesOf(pulses: Case['case']['pulses']): PulseSelection | undefined {
  if (!pulses) return undefined;
  const { slice, by_id, by_id_slice, int, list } = pulses;
  if (slice)
    return { by: 'index', start: slice[0] ?? undefined, stop: slice[1] ?? undefined, step: slice[2] ?? undefined };
  if (by_id) return { by: 'id', ids: by_id };
  if (by_id_slice) {
    const [start, stop] = by_id_slice as [number, number, null];
    return { by: 'id', ids: Array.from({ length: stop - start }, (_, i) => start + i) };
  }
  return { by: 'positions', positions: list ?? [int as number] };
}

/** Our stack has one frame axis; the labelled one of the original unstacks it, which is the same memory if not ragged. */
function isComparable({ case: c, result }: Case): boolean {
  if (c.masked || c.kw?.astype || c.kw?.subtrain_index || !['ndarray', 'get_array'].includes(c.call)) return false;
  return !result.error;
}

describe.each([
  ['AGIPD1M raw', RAW, 'agipd-components', 'raw', { isRaw: true }],
  ['AGIPD1M corrected', PROC, 'agipd-components', 'proc', {}],
  ['LPD1M raw', 'runs/lpd-parallelgain', 'lpd-parallelgain', '{"raw": true}', { isRaw: true }],
  ['DSSC1M raw', 'runs/dssc', 'dssc', '{"raw": true}', { isRaw: true }],
  ['JUNGFRAU burst', 'runs/jungfrau-burst', 'jungfrau-burst', '{"raw": false}', {}],
  ['JUNGFRAU one cell', 'runs/jungfrau-1cell', 'jungfrau-1cell', '{"raw": false}', {}],
  ['AGIPD1M, 0 to 5 frames a train', 'runs/reduced', 'reduced', '{"raw": false}', {}],
] as const)('%s', (_, path, file, component, choice) => {
  const expected = readExpected(file);
  const facts = expected.components?.[component] ?? expected[component];
  const cases = (facts.cases as Case[]).filter(isComparable);

  it('knows modules, trains and frames', async () => {
    const detector = await open(path, choice);
    expect(detector.name).toBe(facts.detector_name);
    expect(Object.fromEntries(detector.sources)).toEqual(facts.modules);
    expect(detector.moduleCount).toBe(facts.n_modules);
    expect(detector.moduleShape).toEqual(facts.module_shape);
    expect(detector.trainIds).toEqual(facts.train_ids);
    const cells = detector.kind.frameAxis === 'cell' ? facts.frames_per_train.value : 1;
    expect(detector.frameCounts).toEqual(facts.frame_counts.map((n: number) => n * cells));
    const ids = (facts.cases as Case[]).filter(
      ({ case: c }) => !c.pulses && (c.call === 'pulse_ids' || c.call === 'cell_ids'),
    );
    for (const { case: c, result } of ids) {
      expect(c.call === 'pulse_ids' ? await detector.pulseIds() : await detector.cellIds()).toEqual(result.values);
    }
  });

  it.each(cases.map((c) => [JSON.stringify(c.case), c] as const))('%s', async (__, { case: c, result }) => {
    let detector = await open(path, choice);
    if (c.trains)
      detector = detector.selectTrains({
        by: 'index',
        start: c.trains.slice[0] ?? undefined,
        stop: c.trains.slice[1] ?? undefined,
      });
    const { array, dims, modules, trainIds } = await detector.read({
      key: c.key,
      pulses: pulsesOf(c.pulses),
      fill: c.kw?.fill_value as number | undefined,
      hasModuleGaps: c.kw?.module_gaps,
      roi: c.kw?.roi,
    });
    expect(dims.length).toBe(array.shape.length);
    expect([modules.length, trainIds.length]).toEqual(array.shape.slice(0, 2));
    if (c.call === 'ndarray') return expectArray(array, result);
    const isRagged = elementCount(array.shape) !== elementCount(result.shape);
    // Unstacking pads ragged trains, and junk pulse ids merge frames: the original's labelled arrays only.
    if (isRagged) return expect(['reduced', 'lpd-parallelgain']).toContain(file);
    expect(typeStringOf(array.dtype)).toBe(result.dtype);
    expect(array.shape[0]).toBe(result.shape[0]);
    expect(sha256(bytesOf(array))).toBe(result.sha256);
  });
});

describe('openDetector', () => {
  it('reads one frame of all modules', async () => {
    const detector = await open(RAW, { isRaw: true });
    const trainId = detector.trainIds[3];
    const frame = await detector.readFrame(trainId, 1);
    const { array } = await detector.selectTrains({ by: 'id', ids: [trainId] }).read({ hasModuleGaps: true });
    const frameBytes = 2 * 512 * 128 * 2;
    for (let module = 0; module < 16; module++) {
      const start = (module * 3 + 1) * frameBytes;
      const expected = sha256(bytesOf(array).subarray(start, start + frameBytes));
      expect(sha256(bytesOf(frame.array).subarray(module * frameBytes, (module + 1) * frameBytes))).toBe(expected);
    }
    expect(frame.array.shape).toEqual([16, 2, 512, 128]);
    // Module 2 has no image in the first train of its second file.
    expect(frame.modulesPresent.flatMap((isThere, module) => (isThere ? [module] : []))).toEqual([0, 1, 7, 15]);
    expect([frame.pulseId, frame.cellId, frame.frames]).toEqual([1, 1, 3]);
    await expect(detector.readFrame(trainId, 3)).rejects.toThrow(/has 3 frames; there is no frame 3/);
    await expect(detector.readFrame(5, 0)).rejects.toMatchObject({ tag: 'TrainNotFound' });
  });

  it('reads one cell of a JUNGFRAU burst', async () => {
    const detector = await open('runs/jungfrau-burst');
    const frame = await detector.readFrame(detector.trainIds[1], 4);
    expect(frame.array.shape).toEqual([3, 512, 1024]);
    expect([frame.cellId, frame.frames, frame.modulesPresent]).toEqual([3, 16, [true, false, true]]);
    const { array } = await detector.read({ hasModuleGaps: true });
    const size = 512 * 1024;
    const start = (1 * 16 + 4) * size * 4;
    expect(sha256(bytesOf(frame.array).subarray(0, size * 4))).toBe(
      sha256(bytesOf(array).subarray(start, start + size * 4)),
    );
    expect(frame.array.data.slice(size, 2 * size).every((value) => Number.isNaN(value))).toBe(true);
  });

  it('keeps trains with enough modules', async () => {
    const { min_modules: expected } = readExpected('agipd-components');
    for (const minModules of [1, 4, 5]) {
      expect((await open(RAW, { isRaw: true, minModules })).trainIds).toEqual(expected[minModules].train_ids);
    }
    await expect(open(RAW, { minModules: 16 })).rejects.toMatchObject({ tag: 'NoData' });
  });

  it('follows the rule of raw and corrected', async () => {
    expect((await open(RAW)).isRaw).toBe(true);
    expect((await open(PROC)).isRaw).toBe(false);
    await expect(open(RAW, { isRaw: false })).rejects.toThrow(/no corrected data of SPB_DET_AGIPD1M-1, only raw/);
    await expect(open(PROC, { isRaw: true })).rejects.toThrow(/no raw data of SPB_DET_AGIPD1M-1, only corrected/);
  });

  it('says what a run has instead of the wanted detector', async () => {
    await expect(open('runs/fmt12')).rejects.toMatchObject({ tag: 'SourceNotFound' });
    await expect(open(RAW, { name: 'FXE_DET_LPD1M-1' })).rejects.toThrow(
      /has no detector "FXE_DET_LPD1M-1". It has: SPB_DET_AGIPD1M-1/,
    );
    await expect(open(RAW, { modules: [4] })).rejects.toThrow(/no data of modules 4; it has 0, 1, 15, 2, 7|it has 0/);
    const detector = await open(RAW);
    await expect(detector.read({ pulses: { by: 'index', start: -1 } })).rejects.toMatchObject({
      tag: 'SelectionInvalid',
    });
  });
});
