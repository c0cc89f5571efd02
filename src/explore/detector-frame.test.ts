import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type MockRun, openMockRun, pipelineGroup } from '../../test/conformance/mock-run.ts';
import { ndarray } from '../core/ndarray.ts';
import { openDetector } from '../data/detectors/open-detector.ts';
import { AGIPD_1M } from '../detector/agipd.ts';
import { exampleGeometry, geometryFromQuadPositions } from '../detector/geometry.ts';
import { snapGeometry } from '../detector/snapped-geometry.ts';
import { answerRunCall } from './answer.ts';
import { makeDetectorFrame } from './detector-frame.ts';
import { layoutOf } from './detector-layout.ts';

/** Two trains of one frame of one module, ones everywhere. */
function module(source: string, shape: readonly number[], isCorrected = false) {
  const size = 2 * shape.reduce((product, length) => product * length, 1);
  const data = isCorrected
    ? ndarray('float32', [2, ...shape], new Float32Array(size).fill(1))
    : ndarray('uint16', [2, ...shape], new Uint16Array(size).fill(1));
  if (source.includes('JNGFR')) return pipelineGroup(source, 'data', [1, 1], { adc: data });
  const pulseId = ndarray('uint64', isCorrected ? [2] : [2, 1], new BigUint64Array(2));
  return pipelineGroup(source, 'image', [1, 1], { data, pulseId });
}

const snapped = snapGeometry(exampleGeometry(AGIPD_1M));
const tools = { snapped, geometryText: null, loadCorrector: async () => null };
let mock: MockRun;
beforeAll(async () => {
  mock = await openMockRun(2, {
    pipelines: [
      module('HED_DET_AGIPD500K2G/DET/3CH0:xtdf', [2, 512, 128]),
      module('SPB_DET_AGIPD1M-1/CORR/3CH0:output', [512, 128], true),
      module('FXE_DET_LPD1M-1/DET/5CH0:xtdf', [1, 256, 256]),
      module('FXE_DET_LPD_SOLO-1/DET/0CH0:xtdf', [1, 256, 256]),
      module('FXE_DET_LPD_MINI/DET/0CH0:xtdf', [1, 256, 256]),
      module('SQS_DET_DSSC1M-1/CORR/2CH0:output', [128, 512], true),
      module('FXE_XAD_JF1M/DET/JNGFR02:daqOutput', [1, 512, 1024]),
      module('SPB_IRDA_JF4M/CORR/JNGFR08:daqOutput', [1, 512, 1024], true),
    ],
  });
});
afterAll(() => mock.close());

describe('frames of every detector of the data', () => {
  it.each([
    ['HED_DET_AGIPD500K2G', [602, 1068], 512 * 128],
    ['SPB_DET_AGIPD1M-1', [1256, 1092], 512 * 128],
    ['FXE_DET_LPD1M-1', [1202, 1104], 256 * 256],
    ['FXE_DET_LPD_SOLO-1', [284, 260], 256 * 256],
    ['FXE_DET_LPD_MINI', [628, 128], 256 * 256],
    ['SQS_DET_DSSC1M-1', [1207, 1093], 128 * 512],
    ['FXE_XAD_JF1M', [1059, 1030], 512 * 1024],
    ['SPB_IRDA_JF4M', [2260, 2217], 512 * 1024],
  ])('%s', async (detector, shape, drawn) => {
    const frame = await makeDetectorFrame(mock.run, { detector, train: 1, pulse: 0, view: 'raw' }, tools);
    const image = frame.arrays.get('image');
    expect([image?.dtype, image?.shape]).toEqual(['float32', shape]);
    let ones = 0;
    for (const value of (image?.data ?? []) as Float32Array) if (value === 1) ones++;
    expect(ones).toBe(drawn);
    const query = { detector };
    const around = { proposal: 'p1', run: 1, data: 'raw', dataRoot: null, correctable: null } as never;
    const info = await answerRunCall('geometry', { run: mock.run, around, tools }, query);
    expect(info.shape).toEqual(shape);
  });

  it('are placed by the given geometry if it is of that detector', () => {
    const moved = snapGeometry(
      geometryFromQuadPositions(AGIPD_1M, [
        [-500, 600],
        [-500, -10],
        [500, -160],
        [500, 475],
      ]),
    );
    expect(layoutOf(openDetector(mock.run, { name: 'SPB_DET_AGIPD1M-1' }), moved)).toBe(moved);
    const lpd = openDetector(mock.run, { name: 'FXE_DET_LPD1M-1' });
    expect(layoutOf(lpd, moved)).toBe(layoutOf(lpd, snapped));
  });

  it('are not corrected with the constants of another detector', async () => {
    const query = { detector: 'FXE_DET_LPD1M-1', train: 0, pulse: 0, view: 'corrected' } as const;
    await expect(makeDetectorFrame(mock.run, query, tools)).rejects.toThrow(
      /of LPD1M are not corrected.*Look at them raw/,
    );
  });
});
