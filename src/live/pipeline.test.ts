import { describe, expect, it } from 'vitest';
import type { DType } from '../core/dtype.ts';
import { isXfelError } from '../core/errors.ts';
import { ndarray, zeros } from '../core/ndarray.ts';
import type { Train, TrainValue } from '../core/train.ts';
import { moduleTables } from '../detector/integration/module-tables.ts';
import { sumTable } from '../detector/integration/pixel-sums.ts';
import type { SharedPixels } from '../detector/integration/split-entries.ts';
import { KernelArena, placeOf } from '../kernels/arena.ts';
import { referenceOnlineKernels } from '../kernels/online-order.ts';
import { referencePulseKernels } from '../kernels/pulse-sums.ts';
import { referenceKernels } from '../kernels/reference.ts';
import type { LiveSettings } from './engine.ts';
import { frameScratchLength, ModuleRunner } from './module-task.ts';
import { type LiveDetector, LivePipeline } from './pipeline.ts';
import { SlotPool } from './slot-pool.ts';

// Two modules of 4 x 2 pixels, side by side with a gap of one column; module 1 upside down.
const detector: LiveDetector = {
  layout: { modules: 2, slowScan: 4, fastScan: 2 },
  imageShape: [4, 5],
  tiles: Int32Array.of(0, 4, 2, 2, 0, 5, 1, 8, 4, 2, 2, 18, -5, 1),
  integration: ({ points, method }) => {
    const bins = Int32Array.from({ length: 16 }, (_, i) => (i < 8 ? 0 : i < 15 ? points - 1 : -1));
    const table = sumTable(method === 'bbox' ? shared : bins, points, new Float32Array(16).fill(0.5), null);
    return { tables: moduleTables(table, 8), q: Float32Array.from({ length: points }, (_, i) => i) };
  },
};

/** Every pixel half in bin 0, half in bin 1. */
const shared: SharedPixels = {
  count: (from, to, counts) => {
    for (let i = from; i < to; i++) for (const bin of [0, 1]) counts[bin]++;
  },
  fill: (from, to, room) => {
    room.row.fill(0.5, 0, 2);
    for (let i = from; i < to; i++) room.addRow(i, 0, 2);
  },
};

const settings: LiveSettings = {
  sources: [{ endpoint: 'tcp://a:1', socket: 'REQ', isOn: true }],
  integration: { centreX: 0, centreY: 0, distance: 1, photonEnergyKeV: 9.3, points: 3, qMin: 0, qMax: 3 },
  roi: { isOn: true, x: 1, y: 0, width: 3, height: 2 },
  movingAverage: 1,
  isCorrected: true,
};

function makePipeline(hasConstants = true) {
  const arena = KernelArena.create(4 << 20);
  const runner = new ModuleRunner({
    kernels: referenceKernels,
    online: referenceOnlineKernels,
    pulses: referencePulseKernels,
    arena,
    sum: arena.allocate('float32', [8]).data,
    count: arena.allocate('int32', [8]).data,
    frames: arena.allocate('uint16', [frameScratchLength(8)]).data,
  });
  const pool = {
    threads: 2,
    run: async (tasks: Parameters<ModuleRunner['run']>[0][]) => {
      for (const task of tasks) runner.run(task);
    },
    close: async () => {},
  };
  // one cell: stage 0 up to gain evaluation 100; offset 10, gain 2; pixel 3 is masked
  const limits = arena.allocate('uint16', [1, 4, 8]);
  limits.data.set([100, 200, 0, 0].flatMap((value) => new Array<number>(8).fill(value)));
  const factors = arena.allocate('float32', [1, 6, 8]);
  factors.data.set([10, 2, 20, 20, 30, 200].flatMap((value) => new Array<number>(8).fill(value)));
  factors.data[8 + 3] = Number.NaN;
  const packed = { cells: 1, pixels: 8, limits: placeOf(limits), factors: placeOf(factors) };
  const slots = new SlotPool(arena.allocate('uint8', [1 << 20]).data);
  const constants = hasConstants ? [packed, packed] : [null, null];
  return { pipeline: new LivePipeline({ arena, kernels: referenceKernels, pool, slots, detector, constants }), slots };
}

function train(data: Record<string, TrainValue>, trainId = 7): Train & { released: () => boolean } {
  let isReleased = false;
  return {
    trainId,
    sources: new Map([['D/DET/APPEND', { data: new Map(Object.entries(data)), metadata: new Map() }]]),
    receivedAt: 5,
    release: () => {
      isReleased = true;
    },
    released: () => isReleased,
  };
}

/** Raw (frames, 2, module, ss, fs): analogue value by module and pixel, gain evaluation by module. */
function raw(frames: number, analogue: (module: number, pixel: number) => number, gain: (module: number) => number) {
  const array = zeros('uint16', [frames, 2, 2, 4, 2]);
  for (let frame = 0; frame < frames; frame++)
    for (let module = 0; module < 2; module++)
      for (let pixel = 0; pixel < 8; pixel++) {
        array.data[frame * 32 + module * 8 + pixel] = analogue(module, pixel);
        array.data[frame * 32 + 16 + module * 8 + pixel] = gain(module);
      }
  return array;
}

describe('LivePipeline', () => {
  it('corrects, averages over pulses, assembles, integrates and sums the ROI', async () => {
    const { pipeline, slots } = makePipeline();
    const input = train({
      'image.data': raw(
        2,
        (module, pixel) => 100 + 50 * module + pixel,
        (module) => (module === 0 ? 50 : 150),
      ),
      'image.cellId': ndarray('uint16', [2], Uint16Array.of(0, 0)),
    });
    const { result, stages } = await pipeline.process(input, settings, 3);
    const { NaN: x } = Number;
    // module 0, stage 0: (100 + p - 10) * 2; module 1, stage 1: (150 + p - 20) * 20, rows from below
    expect([...result.image.data]).toEqual(
      [
        [180, 182, x, 2720, 2740],
        [184, x, x, 2680, 2700],
        [188, 190, x, 2640, 2660],
        [192, 194, x, 2600, 2620],
      ].flat(),
    );
    expect(result.roi).toEqual({ sum: 182 + 2720 + 2680, pixels: 3, mean: (182 + 2720 + 2680) / 3 });
    // seven good pixels of module 0 with weight 1/2 each; seven pixels of module 1 (the last one has no bin)
    expect([...result.intensity.data]).toEqual([Math.fround(1310 / 3.5), x, 2660 / 0.5]);
    expect([result.trainId, result.pulses, result.version, result.unit, result.receivedAt]).toEqual([
      7,
      2,
      3,
      'keV',
      5,
    ]);
    expect(stages.map((s) => s.stage)).toEqual([
      'Find modules',
      'Correct · mean',
      'Moving average',
      'Azimuthal',
      'Assemble',
      'ROI',
      'Publish',
    ]);
    expect([input.released(), slots.lent]).toEqual([true, 0]);
  });

  it('has the same pixels whichever order the frames come in', async () => {
    const frames = 37;
    const file = raw(
      frames,
      (module, pixel) => 100 + 50 * module + pixel,
      (module) => (module === 0 ? 50 : 150),
    );
    for (let i = 0; i < file.data.length; i++) file.data[i] += (i * 31) % 7;
    // (module, fs, ss, plane, frame)
    const online = zeros('uint16', [2, 2, 4, 2, frames]);
    let at = 0;
    for (let module = 0; module < 2; module++)
      for (let fs = 0; fs < 2; fs++)
        for (let ss = 0; ss < 4; ss++)
          for (let plane = 0; plane < 2; plane++)
            for (let frame = 0; frame < frames; frame++)
              online.data[at++] = file.data[frame * 32 + plane * 16 + module * 8 + ss * 2 + fs];
    const cells = ndarray('uint16', [frames], new Uint16Array(frames).fill(9).fill(0, 5));
    for (const isCorrected of [true, false]) {
      const pictures = await Promise.all(
        [file, online].map(async (image) => {
          const { pipeline } = makePipeline();
          const input = train({ 'image.data': image, 'image.cellId': cells });
          return (await pipeline.process(input, { ...settings, isCorrected }, 1)).result;
        }),
      );
      expect(pictures.map(({ pulses }) => pulses)).toEqual([frames, frames]);
      expect(pictures[1].image).toEqual(pictures[0].image);
      expect(new Set(pictures[0].image.data).size).toBeGreaterThan(12);
    }
    const floats = await Promise.all(
      [
        ndarray(
          'float32',
          [3, 2, 4, 2],
          Float32Array.from({ length: 48 }, (_, i) => i),
        ),
        ndarray(
          'float32',
          [2, 2, 4, 3],
          // pixel (module, fs, ss) of frame f has value f * 16 + module * 8 + ss * 2 + fs
          Float32Array.from({ length: 48 }, (_, i) => {
            const [pixel, frame] = [Math.floor(i / 3), i % 3];
            return frame * 16 + Math.floor(pixel / 8) * 8 + (pixel % 4) * 2 + (Math.floor(pixel / 4) % 2);
          }),
        ),
      ].map(
        async (image) => (await makePipeline().pipeline.process(train({ 'image.data': image }), settings, 1)).result,
      ),
    );
    expect(floats[1].image).toEqual(floats[0].image);
  });

  it('leaves out frames of cells without constants', async () => {
    const { pipeline } = makePipeline();
    const data = raw(
      2,
      () => 110,
      () => 0,
    );
    data.data.fill(1000, 32, 48);
    const { result } = await pipeline.process(
      train({ 'image.data': data, 'image.cellId': ndarray('uint16', [2], Uint16Array.of(0, 9)) }),
      settings,
      1,
    );
    expect(result.image.data[0]).toBe(200);
  });

  it('shows raw data when there are no constants or none are wanted', async () => {
    const data = raw(
      2,
      (_, pixel) => pixel,
      () => 0,
    );
    for (const [hasConstants, isCorrected] of [
      [false, true],
      [true, false],
    ]) {
      const { result } = await makePipeline(hasConstants).pipeline.process(
        train({ 'image.data': data }),
        { ...settings, isCorrected },
        1,
      );
      expect([result.unit, result.image.data[3], result.image.data[6]]).toEqual(['ADU', 6, 3]);
    }
  });

  it('takes corrected data, averages it over trains, and shows absent modules as gaps', async () => {
    const { pipeline } = makePipeline();
    const floats = (value: number, dtype: DType = 'float32') =>
      ({
        'image.data': { ...zeros('float32', [1, 2, 4, 2]), dtype, data: new Float32Array(16).fill(value) },
      }) as Record<string, TrainValue>;
    const wanted = { ...settings, movingAverage: 2 };
    await pipeline.process(train(floats(2), 1), wanted, 1);
    const { result } = await pipeline.process(train(floats(4), 2), wanted, 1);
    expect(result.image.data[0]).toBe(3);
    const { result: partial } = await pipeline.process(
      train({ ...floats(8), modulesPresent: [true, false] }, 3),
      settings,
      1,
    );
    expect([partial.image.data[0], partial.image.data[3]]).toEqual([8, Number.NaN]);
  });

  it('releases a train that it cannot use, and says why', async () => {
    const { pipeline, slots } = makePipeline();
    const bad = train({ 'image.data': zeros('uint16', [2, 2, 3, 4, 2]) });
    const error = await pipeline.process(bad, settings, 1).catch((e: unknown) => e);
    expect(isXfelError(error, 'SkipTrain') && error.details.reason).toBe('wrong shape');
    expect([bad.released(), slots.lent]).toEqual([true, 0]);
  });

  it('leaves out a train with more frames than there is room for', async () => {
    const { pipeline } = makePipeline();
    const long = train({ 'image.data': zeros('uint16', [2701, 2, 2, 4, 2]) });
    const error = await pipeline.process(long, settings, 1).catch((e: unknown) => e);
    expect(isXfelError(error, 'SkipTrain') && error.details.reason).toBe('too many frames');
    expect(long.released()).toBe(true);
  });
});

describe('I(q) of every pulse', () => {
  const perPulse = { ...settings, integration: { ...settings.integration, isPerPulse: true } };
  /** Raw (frames, 2, module, ss, fs), every frame another, with modules in stages 0 and 1. */
  const file = (frames: number) => {
    const data = raw(
      frames,
      (module, pixel) => 100 + 50 * module + pixel,
      (module) => (module === 0 ? 50 : 150),
    );
    for (let i = 0; i < data.data.length; i++) if (i % 32 < 16) data.data[i] += 3 * Math.floor(i / 32) + (i % 5);
    return data;
  };
  const online = ({ shape: [frames], data }: ReturnType<typeof raw>) => {
    const turned = zeros('uint16', [2, 2, 4, 2, frames]);
    let at = 0;
    for (let module = 0; module < 2; module++)
      for (let fs = 0; fs < 2; fs++)
        for (let ss = 0; ss < 4; ss++)
          for (let plane = 0; plane < 2; plane++)
            for (let frame = 0; frame < frames; frame++)
              turned.data[at++] = data[frame * 32 + plane * 16 + module * 8 + ss * 2 + fs];
    return turned;
  };
  const cellsOf = (frames: number) => ndarray('uint16', [frames], new Uint16Array(frames));

  it('is left out unless it is wanted', async () => {
    const { pipeline } = makePipeline();
    const { result } = await pipeline.process(train({ 'image.data': file(3) }), settings, 1);
    expect(result.pulseIntensity).toBeUndefined();
  });

  it.each([
    [true, 'no'],
    [false, 'no'],
    [true, 'bbox'],
  ] as const)(
    'is that of a train with this pulse alone, in both orders; corrected %s, %s',
    async (isCorrected, method) => {
      const frames = 35;
      const whole = file(frames);
      const using = { ...perPulse, isCorrected, integration: { ...perPulse.integration, method } };
      const { pipeline } = makePipeline();
      const single: number[] = [];
      for (let i = 0; i < frames; i++) {
        const one = ndarray('uint16', [1, 2, 2, 4, 2], whole.data.slice(32 * i, 32 * (i + 1)));
        const input = train({ 'image.data': one, 'image.cellId': cellsOf(1) });
        single.push(
          ...(await pipeline.process(input, { ...using, integration: { ...using.integration, isPerPulse: false } }, 1))
            .result.intensity.data,
        );
      }
      for (const image of [whole, online(whole)]) {
        const { result } = await pipeline.process(
          train({ 'image.data': image, 'image.cellId': cellsOf(frames) }),
          using,
          1,
        );
        expect(result.pulseIntensity?.shape).toEqual([frames, 3]);
        expect([...(result.pulseIntensity?.data ?? [])]).toEqual(single);
        expect(new Set(single).size).toBeGreaterThan(frames);
        // Every pulse has the same pixels, so the pulses' average is the mean's.
        for (const bin of [0, 1, 2]) {
          const mean = single.reduce((sum, value, i) => sum + (i % 3 === bin ? value : 0), 0) / frames;
          if (Number.isNaN(mean)) expect(result.intensity.data[bin]).toBeNaN();
          else expect(result.intensity.data[bin] / mean).toBeCloseTo(1, 6);
        }
        const plain = await pipeline.process(
          train({ 'image.data': image, 'image.cellId': cellsOf(frames) }),
          { ...using, integration: { ...using.integration, isPerPulse: false } },
          1,
        );
        expect(
          result.image.data.every(
            (value, i) =>
              Object.is(value, plain.result.image.data[i]) || Math.abs(value / plain.result.image.data[i] - 1) < 1e-6,
          ),
        ).toBe(true);
      }
    },
  );

  it('is NaN for pulses whose cell has no constants', async () => {
    const { pipeline } = makePipeline();
    const cells = ndarray('uint16', [6], Uint16Array.of(0, 9, 0, 0, 0, 9));
    const { result } = await pipeline.process(train({ 'image.data': file(6), 'image.cellId': cells }), perPulse, 1);
    const rows = Array.from({ length: 6 }, (_, i) => [
      ...(result.pulseIntensity?.data.subarray(3 * i, 3 * i + 3) ?? []),
    ]);
    expect(rows.map((row) => row.map(Number.isNaN))).toEqual(
      [0, 9, 0, 0, 0, 9].map((cell) => [cell > 0, true, cell > 0]),
    );
  });

  it('of corrected data leaves out what is beyond the range, and absent modules', async () => {
    const { pipeline } = makePipeline();
    const values = Float32Array.from({ length: 80 }, (_, i) => 10 + (i % 16) + 100 * Math.floor(i / 16));
    values[3] = 1e9;
    values[4] = Number.NaN;
    const present = ndarray('uint8', [2], Uint8Array.of(1, 0));
    const input = train({ 'image.data': ndarray('float32', [5, 2, 4, 2], values), modulesPresent: present });
    const { result } = await pipeline.process(input, perPulse, 1);
    const expected = [0, 1, 2, 3, 4].map((frame) => {
      const module = [...values.subarray(16 * frame, 16 * frame + 8)].filter((value) => value < 1e6);
      return module.reduce((sum, value) => sum + value, 0) / (0.5 * module.length);
    });
    for (const [frame, value] of expected.entries())
      expect([...(result.pulseIntensity?.data.subarray(3 * frame, 3 * frame + 3) ?? [])]).toEqual([
        Math.fround(value),
        Number.NaN,
        Number.NaN,
      ]);
  });

  it('says so when it does not fit the memory, and the next train is whole', async () => {
    const { pipeline } = makePipeline();
    const many = { ...perPulse, integration: { ...perPulse.integration, points: 8000 } };
    const input = train({ 'image.data': file(40) });
    await expect(pipeline.process(input, many, 1)).rejects.toMatchObject({
      tag: 'SkipTrain',
      message: expect.stringMatching(/40 pulses with 8000 points/),
    });
    expect(input.released()).toBe(true);
    const { result } = await pipeline.process(train({ 'image.data': file(2) }), perPulse, 1);
    expect(result.pulseIntensity?.shape).toEqual([2, 3]);
  });
});
