import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { GOLDEN, sha256 } from '../../../test/conformance/hdf5-run-expected.ts';
import { bytesOf, ndarray, zeros } from '../../core/ndarray.ts';
import { openRun } from '../../platform/node/open-run.ts';
import type { DataWarning } from '../data-warning.ts';
import type { Run } from '../run.ts';
import { byId, byIndex } from '../train-selection.ts';
import type { MultiModule } from './multi-module.ts';
import { type DetectorChoice, openDetector } from './open-detector.ts';

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

describe('openDetector', () => {
  it('reads one frame of all modules', async () => {
    const detector = await open(RAW, { isRaw: true });
    const trainId = detector.trainIds[3];
    const frame = await detector.readFrame(trainId, 1);
    const { array } = await detector.selectTrains({ by: 'id', ids: [trainId] }).read({ moduleGaps: true });
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
    const { array } = await detector.read({ moduleGaps: true });
    const size = 512 * 1024;
    const start = (1 * 16 + 4) * size * 4;
    expect(sha256(bytesOf(frame.array).subarray(0, size * 4))).toBe(
      sha256(bytesOf(array).subarray(start, start + size * 4)),
    );
    expect(frame.array.data.slice(size, 2 * size).every((value) => Number.isNaN(value))).toBe(true);
  });

  it('follows the rule of raw and corrected', async () => {
    expect((await open(RAW)).isRaw).toBe(true);
    expect((await open(PROC)).isRaw).toBe(false);
    await expect(open(RAW, { isRaw: false })).rejects.toThrow(/no corrected data of SPB_DET_AGIPD1M-1, only raw/);
    await expect(open(PROC, { isRaw: true })).rejects.toThrow(/no raw data of SPB_DET_AGIPD1M-1, only corrected/);
  });

  it('is found by its kind, too', async () => {
    for (const name of ['AGIPD', 'agipd-1m', 'SPB_DET_AGIPD1M-1'])
      expect((await open(RAW, { name })).name).toBe('SPB_DET_AGIPD1M-1');
  });

  it('says what a run has instead of the wanted detector', async () => {
    await expect(open('runs/fmt12')).rejects.toMatchObject({ tag: 'SourceNotFound' });
    await expect(open(RAW, { name: 'FXE_DET_LPD1M-1' })).rejects.toThrow(
      /has no detector "FXE_DET_LPD1M-1". It has: SPB_DET_AGIPD1M-1/,
    );
    await expect(open(RAW, { name: 'LPD' })).rejects.toThrow(/has no detector "LPD". It has: SPB_DET_AGIPD1M-1/);
    await expect(open(RAW, { name: '-' })).rejects.toThrow(/has no detector "-"/);
    await expect(open(RAW, { modules: [4] })).rejects.toThrow(/no data of modules 4; it has 0, 1, 15, 2, 7|it has 0/);
    const detector = await open(RAW);
    await expect(detector.read({ pulses: { by: 'index', start: -1 } })).rejects.toMatchObject({
      tag: 'SelectionInvalid',
    });
  });
});

describe('reading', () => {
  it('fills memory that is given, whatever was in it', async () => {
    const detector = await open(RAW, { isRaw: true });
    const key = detector.key('image.data');
    const fresh = await key.read({ moduleGaps: true });
    const out = zeros('uint16', key.bufferShape({ moduleGaps: true }));
    out.data.fill(77);
    expect(await key.read({ moduleGaps: true, out })).toBe(out);
    expect(sha256(bytesOf(out))).toBe(sha256(bytesOf(fresh)));
    await expect(key.read({ out })).rejects.toMatchObject({ tag: 'ShapeMismatch' });
    await expect(key.read({ out: zeros('float32', key.shape) })).rejects.toThrow(/out is float32, the stack is uint16/);
  });

  it('takes every step-th pixel of a region', async () => {
    const detector = (await open(PROC)).selectTrains(byIndex(0));
    const { array: whole } = await detector.read();
    const { array } = await detector.read({ roi: [[10, 60, 7], 3] });
    expect(array.shape).toEqual([6, 3, 8]);
    const expected = Array.from({ length: 18 * 8 }, (_, i) => {
      const [frame, row] = [Math.floor(i / 8), i % 8];
      return whole.data[(frame * 512 + 10 + 7 * row) * 128 + 3];
    });
    expect([...(array.data as Float32Array)]).toEqual(expected);
  });

  it('converts, and refuses what a dtype cannot hold', async () => {
    const detector = await open(RAW, { isRaw: true });
    const { array } = await detector.read({ key: 'image.cellId', astype: 'float32', moduleGaps: true });
    // Module 3 is not there; module 0 has all frames.
    expect(Number.isNaN(array.data[3 * 18])).toBe(true);
    expect([...array.data.slice(0, 4)]).toEqual([0, 1, 2, 0]);
    await expect(detector.read({ fillValue: Number.NaN })).rejects.toMatchObject({ tag: 'DtypeMismatch' });
    await expect(detector.read({ astype: 'string' })).rejects.toMatchObject({ tag: 'Unsupported' });
    const half = await (await open(PROC)).read({ astype: 'float16', moduleGaps: true, roi: [0, 0] });
    // Module 3 again: the bits of NaN.
    expect(half.array.data[3 * 18]).toBe(0x7e00);
  });

  it('labels places of modules that are not there', async () => {
    const detector = await open(PROC);
    const array = await detector.readLabelled({ moduleGaps: true, roi: [[0, 1]], pulses: byId([2]) });
    expect([array.dims, array.shape]).toEqual([
      ['module', 'train', 'pulse', 'slow_scan', 'fast_scan'],
      [16, 6, 1, 1, 128],
    ]);
    expect(array.coords.get('module')).toEqual(Array.from({ length: 16 }, (_, i) => i));
    expect([...array.presence.data.slice(3 * 6, 4 * 6)]).toEqual([0, 0, 0, 0, 0, 0]);
    // The last module lacks the third train.
    expect([...array.presence.data.slice(15 * 6)]).toEqual([1, 1, 0, 1, 1, 1]);
  });

  it('masks with a region and another dtype', async () => {
    const detector = (await open(PROC)).selectTrains(byIndex(0));
    const key = await detector.maskedData({ maskBits: [4, 256], maskedValue: -1, pulses: [0] });
    const roi = [[0, 512, 3]] as const;
    const masked = await key.read({ roi, astype: 'int16' });
    const { array: plain } = await detector.read({ roi, pulses: 0 });
    const { array: mask } = await detector.read({ key: 'image.mask', roi, pulses: 0 });
    const expected = Array.from(plain.data as Float32Array, (value, i) =>
      (mask.data[i] as number) & (4 | 256) ? -1 : Math.trunc(Number.isNaN(value) ? 0 : value) + 0,
    );
    expect([...(masked.data as Int16Array)]).toEqual(expected);
    expect(expected.filter((value) => value === -1).length).toBeGreaterThan(0);
    const gain = await detector.maskedData({ key: 'image.gain' });
    await expect(gain.read()).rejects.toThrow(/NaN cannot be held by uint8/);
  });

  it('keeps the last of frames with the same pulse id, and says so', async () => {
    const warnings: DataWarning[] = [];
    const onWarning = (warning: DataWarning) => warnings.push(warning);
    const detector = await open('runs/lpd-parallelgain', { isRaw: true, onWarning });
    await detector.readLabelled({ key: 'image.cellId' });
    expect(warnings.map(({ kind }) => kind)).toEqual(['frames-repeat']);
    expect(warnings[0].message).toMatch(/21 frames .* open the detector with isParallelGain/);
    const gains = await open('runs/lpd-parallelgain', { isRaw: true, isParallelGain: true, onWarning });
    const array = await gains.readLabelled({ roi: [0, 0], pulses: byIndex({ start: 1, stop: 3 }) });
    expect([array.dims, array.shape]).toEqual([
      ['module', 'train', 'gain', 'pulse'],
      [4, 3, 3, 2],
    ]);
    expect(array.coords.get('pulse')).toEqual([9, 17]);
    expect(warnings).toHaveLength(1);
  });

  it('train by train, also where modules are missing', async () => {
    const detector = await open(RAW, { isRaw: true });
    const missing: number[] = [];
    for await (const { data } of detector.trains({ requireAll: false, keys: ['image.data', 'header.pulseCount'] })) {
      const [image, header] = [data.get('image.data'), data.get('header.pulseCount')];
      expect(image?.dims.slice(0, 3)).toEqual(['module', 'train', 'pulse']);
      expect(header?.dims).toEqual(['module']);
      missing.push(image?.presence.data.filter((isThere) => isThere === 0).length ?? -1);
    }
    // Module 1 misses the second train; module 2 has no frames in the first train of the second file.
    expect(missing).toEqual([0, 3, 0, 3, 0, 0]);
  });

  it('stops when it is told to', async () => {
    const detector = await open(RAW, { isRaw: true });
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(detector.read({ signal })).rejects.toThrow('enough');
    await expect(detector.readLabelled({ signal })).rejects.toThrow('enough');
    await expect(detector.trains({ signal })[Symbol.asyncIterator]().next()).rejects.toThrow('enough');
  });
});

describe('choices that do not fit', () => {
  it.each([
    [RAW, { isParallelGain: true }, 'SelectionInvalid', /Only LPD has a parallel gain mode/],
    [RAW, { moduleCount: 8 }, 'SelectionInvalid', /always has 16 modules/],
    [RAW, { firstModuleNumber: 1 }, 'SelectionInvalid', /always count from 0/],
    ['runs/jungfrau-1cell', { firstModuleNumber: 4 }, 'SelectionInvalid', /comes before module 4/],
    ['runs/jungfrau-1cell', { moduleCount: 3 }, 'SelectionInvalid', /beyond the 3 modules/],
    ['runs/jungfrau-1cell', { moduleCount: 0 }, 'SelectionInvalid', /no number of modules/],
    [RAW, { type: 'JUNGFRAU' }, 'SourceNotFound', /no detector of type JUNGFRAU. It has: SPB_DET_AGIPD1M-1/],
  ] as const)('%s %j', async (path, choice, tag, message) => {
    await expect(open(path, choice)).rejects.toMatchObject({ tag, message: expect.stringMatching(message) });
  });

  it('pulses of keys without pulses, splits by nothing', async () => {
    const detector = await open(RAW);
    await expect(detector.read({ key: 'header.pulseCount', pulses: 0 })).rejects.toThrow(/no pulses to select/);
    expect(() => detector.splitTrains({})).toThrow(/give `parts`/);
    expect(() => detector.splitTrains({ framesPerPart: 0 })).toThrow(/at least 1/);
    await expect(detector.read({ key: 'image.nothing' })).rejects.toMatchObject({ tag: 'KeyNotFound' });
  });
});

describe('splitTrains', () => {
  it('makes parts that concatenate to the whole', async () => {
    const detector = await open('runs/reduced');
    const count = fc.option(fc.integer({ min: 1, max: 12 }), { nil: undefined });
    fc.assert(
      fc.property(count, count, count, (parts, trainsPerPart, framesPerPart) => {
        fc.pre(parts !== undefined || trainsPerPart !== undefined || framesPerPart !== undefined);
        const split = detector.splitTrains({ parts, trainsPerPart, framesPerPart });
        expect(split.flatMap(({ trainIds }) => trainIds)).toEqual(detector.trainIds);
        for (const { trainIds, frameCounts } of split) {
          const frames = frameCounts.reduce((sum, n) => sum + n, 0);
          expect(trainIds.length).toBeLessThanOrEqual(trainsPerPart ?? Number.POSITIVE_INFINITY);
          if (trainIds.length > 1) expect(frames).toBeLessThanOrEqual(framesPerPart ?? Number.POSITIVE_INFINITY);
        }
      }),
    );
  });

  it('reads the same in parts as at once', async () => {
    const detector = await open('runs/reduced');
    const { array: whole } = await detector.read({ key: 'image.pulseId' });
    const frames = whole.shape[1];
    const parts: number[][] = [[], []];
    for (const part of detector.splitTrains({ framesPerPart: 4 })) {
      const { array } = await part.read({ key: 'image.pulseId' });
      for (const module of [0, 1]) {
        const data = array.data.slice(module * array.shape[1], (module + 1) * array.shape[1]) as BigUint64Array;
        parts[module].push(...Array.from(data, Number));
      }
    }
    expect(parts[0]).toHaveLength(frames);
    expect(ndarray('uint64', whole.shape, BigUint64Array.from(parts.flat(), BigInt)).data).toEqual(whole.data);
  });
});
