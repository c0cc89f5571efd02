import { afterAll, describe, expect, it } from 'vitest';
import { FIRST_TRAIN, type MockRun, openMockRun, pipelineGroup } from '../../../test/conformance/mock-run.ts';
import { ndarray } from '../../core/ndarray.ts';
import { findDetectors } from './find-detectors.ts';
import { openDetector } from './open-detector.ts';

const opened: MockRun[] = [];
afterAll(async () => {
  for (const mock of opened) await mock.close();
});

/** One module with frames of ones: raw as the detector writes them. */
function module(source: string, counts: readonly number[], shape: readonly number[], isCorrected = false) {
  const frames = counts.reduce((sum, count) => sum + count, 0);
  const size = frames * shape.reduce((product, length) => product * length, 1);
  const full = [frames, ...shape];
  const data = isCorrected
    ? ndarray('float32', full, new Float32Array(size).fill(1))
    : ndarray('uint16', full, new Uint16Array(size).fill(1));
  if (source.includes('JNGFR')) return pipelineGroup(source, 'data', counts, { adc: data });
  const ids = Array.from(counts, (count) => Array.from({ length: count }, (_, i) => BigInt(4 * i))).flat();
  const pulseId = ndarray('uint64', isCorrected ? [frames] : [frames, 1], BigUint64Array.from(ids));
  return pipelineGroup(source, 'image', counts, { data, pulseId });
}

async function open(pipelines: readonly ReturnType<typeof module>[]) {
  const mock = await openMockRun(2, { pipelines });
  opened.push(mock);
  return mock.run;
}

describe('findDetectors', () => {
  it('knows every type by the names of its modules', async () => {
    const run = await open([
      module('HED_DET_AGIPD500K2G/DET/3CH0:xtdf', [1, 1], [2, 512, 128]),
      module('FXE_DET_LPD_SOLO-1/DET/0CH0:xtdf', [2, 2], [1, 256, 256]),
      module('FXE_DET_LPD_MINI/DET/0CH0:xtdf', [2, 2], [1, 256, 256]),
      module('SQS_DET_DSSC1M-1/CORR/2CH0:output', [1, 1], [128, 512], true),
      module('FXE_XAD_JF1M/DET/JNGFR02:daqOutput', [1, 1], [1, 512, 1024]),
      module('SPB_IRDA_JF4M/CORR/JNGFR08:daqOutput', [1, 0], [1, 512, 1024], true),
      module('SPB_XTD9_CAM/DET/1:daqOutput', [1, 1], [4, 4]),
    ]);
    expect(findDetectors(run).map(({ name, kind, det, corr }) => [name, kind.name, det.size, corr.size])).toEqual([
      ['FXE_DET_LPD_MINI', 'LPD_MINI', 1, 0],
      ['FXE_DET_LPD_SOLO-1', 'LPD_SOLO', 1, 0],
      ['FXE_XAD_JF1M', 'JUNGFRAU', 1, 0],
      ['HED_DET_AGIPD500K2G', 'AGIPD500K', 1, 0],
      ['SPB_IRDA_JF4M', 'JUNGFRAU', 0, 1],
      ['SQS_DET_DSSC1M-1', 'DSSC1M', 0, 1],
    ]);
    expect(() => openDetector(run)).toThrow(/several detectors, name one of: FXE_DET_LPD_MINI, /);
    expect(() => openDetector(run, { type: 'JUNGFRAU' })).toThrow(/name one of: FXE_XAD_JF1M, SPB_IRDA_JF4M/);
    const shapes = ['AGIPD500K', 'LPD_SOLO', 'LPD_MINI', 'DSSC1M'].map((type) => {
      const detector = openDetector(run, { type: type as 'DSSC1M' });
      const key = detector.key('image.data');
      return [detector.moduleCount, detector.isRaw, key.bufferShape({ moduleGaps: true }), key.dimensions().slice(2)];
    });
    expect(shapes).toEqual([
      [8, true, [8, 2, 2, 512, 128], ['data_gain', 'slow_scan', 'fast_scan']],
      [1, true, [1, 4, 256, 256], ['slow_scan', 'fast_scan']],
      [1, true, [1, 4, 256, 256], ['slow_scan', 'fast_scan']],
      [16, false, [16, 2, 128, 512], ['slow_scan', 'fast_scan']],
    ]);
    const jungfrau = openDetector(run, { name: 'SPB_IRDA_JF4M' });
    expect([jungfrau.moduleCount, jungfrau.trainIds]).toEqual([8, [FIRST_TRAIN]]);
  });

  it('refuses modules that differ in their frames', async () => {
    const run = await open([
      module('FXE_DET_LPD1M-1/DET/0CH0:xtdf', [2, 3], [1, 256, 256]),
      module('FXE_DET_LPD1M-1/DET/1CH0:xtdf', [2, 4], [1, 256, 256]),
    ]);
    expect(() => openDetector(run)).toThrow(/Inconsistent frame counts for train 10001: 4 of .*1CH0:xtdf, 3 of/);
    expect(openDetector(run, { modules: [1] }).frameCounts).toEqual([2, 4]);
    expect(() => openDetector(run, { modules: [1], isParallelGain: true })).toThrow(/not 3 times as many pulses/);
  });

  it('refuses modules that disagree on pulse ids', async () => {
    const other = module('FXE_DET_LPD1M-1/DET/1CH0:xtdf', [2, 2], [1, 256, 256]);
    const keys = other.keys.map((key) =>
      key.path === 'pulseId' ? { ...key, values: ndarray('uint64', [4, 1], BigUint64Array.of(0n, 4n, 0n, 8n)) } : key,
    );
    const run = await open([module('FXE_DET_LPD1M-1/DET/0CH0:xtdf', [2, 2], [1, 256, 256]), { ...other, keys }]);
    const detector = openDetector(run);
    await expect(detector.readLabelled()).rejects.toMatchObject({ tag: 'FormatInvalid' });
    await expect(detector.key('image.data').read()).resolves.toMatchObject({ shape: [2, 4, 256, 256] });
    await expect(detector.selectTrains(0).pulseIds()).resolves.toEqual([0, 4]);
    await expect(detector.cellIds()).resolves.toEqual([]);
    await expect(detector.readLabelled({ subtrainIndex: 'cellId' })).rejects.toMatchObject({ tag: 'NoData' });
  });
});
