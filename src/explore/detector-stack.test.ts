import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type MockRun, openMockRun, pipelineGroup } from '../../test/conformance/mock-run.ts';
import { ndarray } from '../core/ndarray.ts';
import { AGIPD_1M } from '../detector/agipd.ts';
import { exampleGeometry } from '../detector/geometry.ts';
import { LPD_1M } from '../detector/lpd.ts';
import { snapGeometry } from '../detector/snapped-geometry.ts';
import { makeDetectorStack, tellLayout } from './detector-stack.ts';

const NAME = 'SPB_DET_AGIPD1M-1';
const PIXELS = 512 * 128;
const TRAINS = 4;
const FRAMES = 3;
const geometry = exampleGeometry(AGIPD_1M);
const tools = { snapped: snapGeometry(geometry), geometryText: null, loadCorrector: async () => null };
const choice = { detector: NAME, view: 'raw', train: 0, pulse: 0, trains: 50, frames: 100 } as const;

/** Corrected frames of two modules: frame n of train t has the value 10 t + n, its first pixel is masked in train 0. */
function module(number: number) {
  const data = new Float32Array(TRAINS * FRAMES * PIXELS);
  for (let i = 0; i < TRAINS * FRAMES; i++) {
    data.fill(10 * Math.floor(i / FRAMES) + (i % FRAMES), i * PIXELS, (i + 1) * PIXELS);
    if (i < FRAMES) data[i * PIXELS] = Number.NaN;
  }
  const pulseId = BigUint64Array.from({ length: TRAINS * FRAMES }, (_, i) => BigInt(7 + (i % FRAMES)));
  return pipelineGroup(`SPB_DET_AGIPD1M-1/CORR/${number}CH0:output`, 'image', new Array(TRAINS).fill(FRAMES), {
    data: ndarray('float32', [TRAINS * FRAMES, 512, 128], data),
    pulseId: ndarray('uint64', [TRAINS * FRAMES], pulseId),
  });
}

let mock: MockRun;
beforeAll(async () => {
  mock = await openMockRun(TRAINS, { pipelines: [module(3), module(8)] });
});
afterAll(() => mock.close());

const stackOf = async (query: object) => {
  const { meta, arrays } = await makeDetectorStack(mock.run, { ...choice, over: 'one', ...query } as never, tools);
  const stack = arrays.get('stack');
  return { meta, shape: stack?.shape, data: stack?.data as Float32Array };
};

describe('the modules of frames one after the other', () => {
  it('of one frame', async () => {
    const { meta, shape, data } = await stackOf({ train: 2, pulse: 1 });
    expect(shape).toEqual([16, 512, 128]);
    expect([data[3 * PIXELS], data[9 * PIXELS - 1], data[0], data[4 * PIXELS]]).toEqual([
      21,
      21,
      Number.NaN,
      Number.NaN,
    ]);
    expect(meta).toMatchObject({ over: 'one', frames: 1, pulseId: 8, modules: [3, 8], unit: 'keV', view: 'corrected' });
    expect(meta.trainIds).toHaveLength(1);
  });

  it.each([
    ['mean', 16, 21],
    ['max', 32, 32],
    ['sum', 12 * 16, 9 * 21],
  ])('%s of all frames; what is masked in a frame does not count', async (over, all, first) => {
    const { meta, data } = await stackOf({ over });
    expect([data[3 * PIXELS + 1], data[3 * PIXELS], data[0]]).toEqual([all, first, Number.NaN]);
    expect([meta.frames, meta.trainIds.length, meta.pulseId]).toEqual([12, 4, -1]);
  });

  it('of few frames that are spread over the run', async () => {
    const { meta, data } = await stackOf({ over: 'mean', trains: 2, frames: 2 });
    // The middle frames of the second and the last train
    expect([meta.frames, data[3 * PIXELS + 1]]).toEqual([2, (11 + 31) / 2]);
  });

  it('ends when nobody waits any more', async () => {
    const controller = new AbortController();
    const asked = makeDetectorStack(mock.run, { ...choice, over: 'mean' }, tools, controller.signal);
    controller.abort(new Error('gone'));
    await expect(asked).rejects.toThrow('gone');
  });

  it('with the exact places of the tiles', () => {
    const layout = tellLayout(mock.run, NAME, tools);
    expect(layout).toMatchObject({ detector: 'AGIPD1M', modules: 16, origin: 'example', distance: null });
    expect(Float64Array.from(layout.tiles)).toEqual(geometry.tiles);
    expect(layout.text).toBeNull();
  });

  it('and the text of the file that they were read from, if that is about this detector', () => {
    const geometryText = '; measured at night';
    expect(tellLayout(mock.run, NAME, { ...tools, geometryText }).text).toBe(geometryText);
    const other = { ...tools, snapped: snapGeometry(exampleGeometry(LPD_1M)), geometryText };
    expect(tellLayout(mock.run, NAME, other).text).toBeNull();
  });
});
