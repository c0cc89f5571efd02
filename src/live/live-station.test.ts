import { describe, expect, it } from 'vitest';
import { makeSyntheticTrains, type SyntheticOptions } from '../bridge/synthetic-detector.ts';
import { isXfelError } from '../core/errors.ts';
import { frameAxesOf, inFileOrder, type ModuleLayout } from '../core/frame-order.ts';
import { isNdArray, type NdArray, ndarray, zeros } from '../core/ndarray.ts';
import type { Train, TrainSource, TrainValue } from '../core/train.ts';
import { AGIPD_1M, AGIPD_500K } from '../detector/agipd.ts';
import { assembleModules } from '../detector/assembly.ts';
import type { Detector } from '../detector/detector.ts';
import { DSSC_1M } from '../detector/dssc.ts';
import { EPIX_100 } from '../detector/epix.ts';
import { geometryFromDescription } from '../detector/generic-detector.ts';
import { exampleGeometry, type Geometry } from '../detector/geometry.ts';
import { integrateFrame } from '../detector/integration/integrate.ts';
import { buildIntegrationTable } from '../detector/integration/integration-table.ts';
import { jungfrau } from '../detector/jungfrau.ts';
import { LPD_1M, lpdMini } from '../detector/lpd.ts';
import { PNCCD } from '../detector/pnccd.ts';
import { snapGeometry } from '../detector/snapped-geometry.ts';
import { KernelArena } from '../kernels/arena.ts';
import { referenceOnlineKernels } from '../kernels/online-order.ts';
import { referencePulseKernels } from '../kernels/pulse-sums.ts';
import { referenceKernels } from '../kernels/reference.ts';
import { DetectorSettings } from './detector-settings.ts';
import type { LiveSettings, ShownDetector } from './engine.ts';
import { LiveStation } from './live-station.ts';
import { frameScratchLength, ModuleRunner, type ModuleTask } from './module-task.ts';
import { SlotPool } from './slot-pool.ts';

const POINTS = 50;
const FIRST: LiveSettings = {
  sources: [],
  integration: {
    centreX: 550,
    centreY: 631,
    distance: 0.2,
    photonEnergyKeV: 9.3,
    points: POINTS,
    qMin: 0.05,
    qMax: 3,
  },
  roi: { isOn: true, x: 700, y: 700, width: 150, height: 120 },
  movingAverage: 1,
  isCorrected: true,
};
const AS_EXAMPLE = { kind: 'AGIPD1M', dataShape: [16, 512, 128], geometryPath: null } as const;

/** A station in this thread, with the kernels in plain TypeScript and the settings as the engine has them. */
function makeStation(geometry: Geometry | null = null) {
  const arena = KernelArena.create(700 << 20);
  const slots = new SlotPool(arena.allocate('uint8', [300 << 20]).data);
  const shown: ShownDetector[] = [];
  const closed: number[] = [];
  const follow = new DetectorSettings(AS_EXAMPLE);
  let settings = FIRST;
  const station = new LiveStation({
    arena,
    kernels: referenceKernels,
    slots,
    createPool(pixels) {
      const runner = new ModuleRunner({
        kernels: referenceKernels,
        online: referenceOnlineKernels,
        pulses: referencePulseKernels,
        arena,
        sum: arena.allocate('float32', [pixels]).data,
        count: arena.allocate('int32', [pixels]).data,
        frames: arena.allocate('uint16', [frameScratchLength(pixels)]).data,
      });
      return {
        threads: 1,
        run: async (tasks: readonly ModuleTask[]) => {
          for (const task of tasks) runner.run(task);
        },
        close: async () => {
          closed.push(pixels);
        },
      };
    },
    geometry,
    constants: { detector: AGIPD_1M, modules: new Array(16).fill(null) },
    onDetector: async (detector) => {
      shown.push(detector);
      settings = follow.follow(detector, settings);
    },
  });
  const process = (train: Pick<Train, 'sources'>) =>
    station.process({ trainId: 1, ...train }, () => ({ settings, version: 1 }));
  return { process, shown, closed, slots, settings: () => settings };
}

const made = (options: Partial<SyntheticOptions>) =>
  makeSyntheticTrains(
    { detector: 'AGIPD', isRaw: false, values: 'random', layout: 'file', pulses: 2, sources: 1, ...options },
    1,
  )[0];

function sourceOf(data: Record<string, TrainValue>): TrainSource {
  return { data: new Map(Object.entries(data)), metadata: new Map() };
}

/** Mean over frames of each module, by turning all into file order: (module, ss, fs), NaN where a module is absent. */
function plainMean(train: Pick<Train, 'sources'>, [modules, slowScan, fastScan]: readonly number[]): Float32Array {
  const pixels = slowScan * fastScan;
  const mean = new Float32Array(modules * pixels).fill(Number.NaN);
  for (const [name, { data }] of train.sources) {
    const array = (data.get('image.data') ?? data.get('data.adc')) as NdArray<'float32'>;
    const isMerged = name.includes('APPEND');
    const layout: ModuleLayout = { modules, slowScan, fastScan };
    const frames = data.get('image.cellId') ?? data.get('data.memoryCell');
    const axes = frameAxesOf(array.shape, layout, isMerged, { frames: isNdArray(frames) ? frames.data.length : 0 });
    if (!axes) throw new Error(`${array.shape}`);
    const values = inFileOrder(array, axes, layout).data as Float32Array;
    const first = isMerged
      ? 0
      : Number(/(?:JNGFR(\d+)|(\d+)CH)/.exec(name)?.slice(1).find(Boolean)) - (/JNGFR/.test(name) ? 1 : 0);
    const stack = (isMerged ? modules : 1) * pixels;
    for (let i = 0; i < stack; i++) {
      let sum = 0;
      for (let frame = 0; frame < axes.frames; frame++) sum += values[frame * stack + i];
      mean[first * pixels + i] = sum / axes.frames;
    }
  }
  return mean;
}

/** The picture and I(q) against the plain assembly and integration of a mean. */
function expectTrue(
  { result }: Awaited<ReturnType<ReturnType<typeof makeStation>['process']>>,
  geometry: Geometry,
  mean: Float32Array,
): void {
  const snapped = snapGeometry(geometry);
  const picture = assembleModules(snapped, ndarray('float32', [...geometry.detector.dataShape], mean));
  expect(result.image.shape).toEqual([...snapped.shape]);
  let worst = 0;
  for (const [i, value] of picture.data.entries()) {
    const got = result.image.data[i];
    if (Number.isNaN(value) !== Number.isNaN(got)) throw new Error(`pixel ${i}: ${got} instead of ${value}`);
    if (!Number.isNaN(value)) worst = Math.max(worst, Math.abs(got - value));
  }
  expect(worst).toBeLessThan(1e-3);
  const table = buildIntegrationTable(
    geometry,
    { distance: 0.2, photonEnergyKeV: 9.3 },
    { points: POINTS, radialRange: [0.05, 3] },
  );
  const { intensity } = integrateFrame(mean, table);
  for (const [bin, value] of intensity.entries()) {
    if (Number.isNaN(value)) expect(result.intensity.data[bin]).toBeNaN();
    else expect(result.intensity.data[bin] / value).toBeCloseTo(1, 2);
  }
  expect(intensity.filter((value) => value > 0).length).toBeGreaterThan(5);
}

describe('a live station shows what comes, assembled and integrated', () => {
  const kinds: readonly (readonly [SyntheticOptions['detector'], Detector])[] = [
    ['AGIPD', AGIPD_1M],
    ['AGIPDModule', AGIPD_1M],
    ['LPD', LPD_1M],
    ['DSSC', DSSC_1M],
    ['JUNGFRAU', jungfrau(8)],
  ];
  it.each(
    kinds.flatMap(([name, detector]) =>
      (['file', 'online'] as const).map((layout) => [name, layout, detector] as const),
    ),
  )('%s in %s order', async (name, layout, detector) => {
    const { process, shown, settings } = makeStation();
    const train = made({ detector: name, layout });
    const outcome = await process(train);
    expectTrue(outcome, exampleGeometry(detector), plainMean(train, detector.dataShape));
    expect(shown).toMatchObject([{ sequence: 1, kind: detector.name, geometryPath: null }]);
    expect(shown[0].dataShape).toEqual(detector.dataShape);
    expect(outcome.result.unit).toBe(['AGIPD1M', 'JUNGFRAU'].includes(detector.name) ? 'keV' : 'ADU');
    expect(outcome.result.notes).toEqual([
      expect.stringMatching(/^Example positions of \S+, not those of this beamtime/),
    ]);
    const { roi, integration } = settings();
    const [height, width] = outcome.result.image.shape;
    expect([roi.x + roi.width <= width, roi.y + roi.height <= height]).toEqual([true, true]);
    expect([integration.centreY, integration.centreX]).toEqual(snapGeometry(exampleGeometry(detector)).centre);
  });

  it('raw counts of detectors without constants, and says so', async () => {
    const { process } = makeStation();
    const train = made({ detector: 'JUNGFRAU', isRaw: true });
    const outcome = await process(train);
    expectTrue(outcome, exampleGeometry(jungfrau(8)), plainMean(train, [8, 512, 1024]));
    expect(outcome.result.unit).toBe('ADU');
    expect(outcome.result.notes?.[1]).toBe('Raw counts: constants are made for AGIPD1M, not for JUNGFRAU.');
  });

  it.each(['AGIPD', 'AGIPDModule'] as const)('%s of which the bridge sends copies', async (detector) => {
    const { process } = makeStation();
    const train = made({ detector, sources: 3 });
    expect(train.sources.size).toBe(3);
    expectTrue(await process(train), exampleGeometry(AGIPD_1M), plainMean(train, [16, 512, 128]));
  });

  it('ePix with its calibration rows and without, pnCCD as one picture, a JUNGFRAU module of any number, LPD Mini', async () => {
    const { process, shown } = makeStation();
    const ramp = (shape: number[]) => {
      const array = zeros('float32', shape);
      for (let i = 0; i < array.data.length; i++) array.data[i] = 1 + ((i * 7919) % 1009);
      return array;
    };
    const send = async (name: string, key: string, array: NdArray, detector: Detector, mean: Float32Array) => {
      const outcome = await process({ sources: new Map([[name, sourceOf({ [key]: array })]]) });
      expectTrue(outcome, exampleGeometry(detector), mean);
      expect(shown.at(-1)?.kind).toBe(detector.name);
    };
    const [long, short] = [ramp([708, 768]), ramp([704, 768])];
    const epix = 'HED_IA1_EPX100-1/DET/RECEIVER:daqOutput';
    await send(epix, 'data.image.pixels', long, EPIX_100, long.data.slice(2 * 768, 706 * 768));
    await send(epix, 'data.image.pixels', short, EPIX_100, short.data);
    const pnccd = ramp([1024, 1024]);
    await send('SQS_NQS_PNCCD1MP/CAL/PNCCD_FMT-0:output', 'data.image', pnccd, PNCCD, pnccd.data);
    const module = ramp([1, 512, 1024]);
    await send('HED_IA1_JF500K2/CORR/JNGFR02:output', 'data.adc', module, jungfrau(1), module.data);
    const minis = ramp([1, 256, 256]);
    await send('FXE_DET_LPD_MINI/CORR/0CH0:output', 'image.data', minis, lpdMini(8), minis.data);
  });

  it('AGIPD 500K and detectors without a telling name by their shape', async () => {
    const { process, shown } = makeStation();
    await process({
      sources: new Map([['D/DET/APPEND', sourceOf({ 'image.data': zeros('float32', [1, 8, 512, 128]) })]]),
    });
    await process({
      sources: new Map([['D/DET/APPEND', sourceOf({ 'image.data': zeros('float32', [1, 16, 128, 512]) })]]),
    });
    expect(shown.map(({ kind }) => kind)).toEqual([AGIPD_500K.name, DSSC_1M.name]);
  });
});

describe('when the detector changes', () => {
  it('its settings come again, results count on, and the memory goes back', async () => {
    const { process, shown, closed, slots, settings } = makeStation();
    const sequences: number[] = [];
    for (const detector of ['AGIPD', 'LPD', 'LPD', 'AGIPD'] as const) {
      const { result } = await process(made({ detector }));
      sequences.push(result.sequence);
      expect(result.detector).toBe(shown.length);
    }
    expect(sequences).toEqual([1, 2, 3, 4]);
    expect(shown.map(({ kind }) => kind)).toEqual(['AGIPD1M', 'LPD1M', 'AGIPD1M']);
    expect(closed).toEqual([512 * 128, 256 * 256]);
    expect(settings()).toEqual(FIRST);
    expect(slots.lent).toBe(0);
  });

  it('a JUNGFRAU gets larger when more modules come, and does not shrink', async () => {
    const { process, shown } = makeStation();
    const modules = (...numbers: number[]) => ({
      sources: new Map(
        numbers.map((n) => [
          `A_EXP_JNGFR/CORR/JNGFR0${n}:output`,
          sourceOf({ 'data.adc': zeros('float32', [1, 512, 1024]) }),
        ]),
      ),
    });
    await process(modules(1));
    await process(modules(1, 3));
    const { result } = await process(modules(2));
    expect(shown.map(({ dataShape }) => dataShape[0])).toEqual([1, 3]);
    expect(result.image.data.filter((value) => value === 0).length).toBe(512 * 1024);
  });
});

describe('a given geometry', () => {
  it('is used for its detector; another one is told', async () => {
    const example = exampleGeometry(LPD_1M);
    const { process, shown } = makeStation({ ...example, metadata: { path: 'lpd.h5' } });
    const lpd = await process(made({ detector: 'LPD' }));
    expect([shown[0].geometryPath, lpd.result.notes]).toEqual(['lpd.h5', []]);
    const dssc = await process(made({ detector: 'DSSC' }));
    expect(shown[1].geometryPath).toBeNull();
    expect(dssc.result.notes).toEqual([
      'The geometry lpd.h5 is of LPD1M (16 x 256 x 256), SCS_DET_DSSC1M-1 is DSSC1M (16 x 128 x 512).',
      'Example positions of DSSC1M, not those of this beamtime: start with --geometry FILE for true ones.',
    ]);
    const both = { sources: new Map([...made({ detector: 'DSSC' }).sources, ...made({ detector: 'LPD' }).sources]) };
    expect((await process(both)).result.notes).toEqual(['Also received, not shown: SCS_DET_DSSC1M-1.']);
  });

  it('of a detector that no table knows shows sources of any name', async () => {
    const corners = [
      [-0.01, -0.02, 0],
      [-0.01, 0.005, 0],
    ] as const;
    for (const count of [1, 2]) {
      const geometry = geometryFromDescription({
        pixelSize: 1e-4,
        slowPixels: 100,
        fastPixels: 150,
        corners: corners.slice(0, count),
        ss: [0, 1, 0],
        fs: [1, 0, 0],
      });
      const { process, shown } = makeStation(geometry);
      const array = zeros('float32', [1, ...(count > 1 ? [count] : []), 100, 150]);
      for (let i = 0; i < array.data.length; i++) array.data[i] = 1 + (i % 777);
      const outcome = await process({
        sources: new Map([['LAB/CAM/1:output', sourceOf({ 'data.image.pixels': array })]]),
      });
      expectTrue(outcome, geometry, array.data);
      expect(shown[0].geometryPath).toBe('given');
    }
  });
});

it('says which source has which shape when it is no detector that is known, and lets the train go', async () => {
  const { process } = makeStation();
  let isReleased = false;
  const train = {
    sources: new Map([
      ['SPB_DET_AGIPD1M-1/DET/APPEND', sourceOf({ 'image.data': zeros('float32', [2, 16, 500, 128]) })],
    ]),
    release: () => {
      isReleased = true;
    },
  };
  const error = await process(train).catch((cause: unknown) => cause);
  expect(isXfelError(error, 'SkipTrain') && error.details.reason).toBe('wrong shape');
  expect(String(error)).toMatch(
    /SPB_DET_AGIPD1M-1\/DET\/APPEND has pictures of shape \[2,16,500,128\]; \(pulse, 16, 512, 128\)/,
  );
  expect(isReleased).toBe(true);
  const odd = new Map([['LAB/DET/APPEND', sourceOf({ 'image.data': zeros('float32', [1, 3, 7, 9]) })]]);
  expect(String(await process({ sources: odd }).catch((cause: unknown) => cause))).toMatch(
    /\[1,3,7,9\]: of no detector that is known.*--geometry FILE/,
  );
  const nothing = await process({ sources: new Map() }).catch((cause: unknown) => cause);
  expect(isXfelError(nothing, 'SkipTrain') && nothing.details.reason).toBe('no detector data');
});
