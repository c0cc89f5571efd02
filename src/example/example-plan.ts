import { Usage } from '../core/errors.ts';
import { AGIPD_1M } from '../detector/agipd.ts';
import { type Geometry, geometryFromQuadPositions, type Point } from '../detector/geometry.ts';
import { EXPERIMENT } from './scattering.ts';

/** Names in the example. */
export const EXAMPLE = {
  instrument: 'XMPL',
  cycle: '202601',
  proposal: 700_000,
  detector: 'XMPL_DET_AGIPD1M-1',
  detectorControl: 'XMPL_EXP_AGIPD1M1',
  highVoltage: 'XMPL_EXP_AGIPD1M',
} as const;

/** What the user may choose. */
export interface ExampleOptions {
  /** Only `AGIPD1M` so far. */
  readonly detector?: string;
  /** Trains of the data run, at least 1. */
  readonly trains?: number;
  /** Trains of each dark run. */
  readonly darkTrains?: number;
  /** Pulses of each train = memory cells used, 1 to 352. */
  readonly pulses?: number;
  /** Modules to write; all 16 if not given. */
  readonly modules?: readonly number[];
  readonly seed?: number;
}

/** One run of the example. */
export interface PlannedRun {
  readonly run: number;
  /** `dark`: no light, gain forced to `fixedStage`. */
  readonly kind: 'dark' | 'data';
  readonly fixedStage: 0 | 1 | 2 | null;
  readonly sample: string;
  readonly trains: readonly PlannedTrain[];
  /** Train indices [start, stop) of each sequence. */
  readonly sequences: readonly { readonly start: number; readonly stop: number }[];
}

/** One train. */
export interface PlannedTrain {
  readonly trainId: number;
  /** Nanoseconds since 1970. */
  readonly timestamp: bigint;
  /** Step of the motor scan, from 0. */
  readonly step: number;
}

/** Everything that is decided before anything is written. */
export interface ExamplePlan {
  readonly seed: number;
  readonly pulses: number;
  readonly modules: readonly number[];
  readonly runs: readonly PlannedRun[];
  /** The true geometry. */
  readonly geometry: Geometry;
  /** Steps of the motor scan. */
  readonly steps: number;
  /** A module without data in some trains of the data run. */
  readonly missing: { readonly module: number; readonly trains: readonly number[] } | null;
}

/** Defaults: 56 frames of all modules, 235 MB of raw data. */
const DEFAULTS = { trains: 13, darkTrains: 4, pulses: 2, seed: 1 } as const;
const MAX_CELLS = 352;
const FIRST_TRAIN = 2_000_000_000;
/** 2026-01-15 10:00 UTC */
const FIRST_TIME = BigInt(Date.UTC(2026, 0, 15, 10)) * 1_000_000n;
const TRAIN_PERIOD = 100_000_000n;
const RUN_PERIOD = 600n * 1_000_000_000n;
const SCAN_STEPS = 4;
/** Frames of a module in one file, at most. */
const FRAMES_PER_FILE = 4096;

/** Where the quadrants really are, in pixels: a few pixels off the detector's example positions. */
const TRUE_QUADRANTS: readonly Point[] = [
  [-526.6, 627.1],
  [-549.1, -12.4],
  [522.3, -158.6],
  [541.2, 473.3],
];

/** Checks the options and lays the runs out. @throws Usage for impossible numbers */
export function planExample(options: ExampleOptions = {}): ExamplePlan {
  const { detector = 'AGIPD1M', trains = DEFAULTS.trains, darkTrains = DEFAULTS.darkTrains } = options;
  const { pulses = DEFAULTS.pulses, seed = DEFAULTS.seed } = options;
  if (detector !== 'AGIPD1M') {
    throw new Usage(`There is no example of detector "${detector}"; the example can be made with AGIPD1M.`);
  }
  checkWhole('trains', trains, 1, 100_000);
  checkWhole('dark trains', darkTrains, 1, 100_000);
  checkWhole('pulses', pulses, 1, MAX_CELLS);
  checkWhole('seed', seed, 0, Number.MAX_SAFE_INTEGER);
  const all = Array.from({ length: AGIPD_1M.dataShape[0] }, (_, module) => module);
  const modules = [...new Set(options.modules ?? all)].sort((a, b) => a - b);
  if (modules.length === 0) throw new Usage('Choose at least one module, such as --modules 0-15.');
  for (const module of modules) checkWhole('module', module, 0, all.length - 1);

  const steps = Math.min(SCAN_STEPS, trains);
  const runs: PlannedRun[] = ([0, 1, 2] as const).map((fixedStage) =>
    planRun(fixedStage + 1, 'dark', fixedStage, 'No sample', darkTrains, pulses, 1),
  );
  runs.push(planRun(4, 'data', null, 'LaB6 + Li4Ti5O12 powder', trains, pulses, steps));
  const { distance, photonEnergyKeV } = EXPERIMENT;
  const geometry = geometryFromQuadPositions(AGIPD_1M, TRUE_QUADRANTS, {
    metadata: { distance, photonEnergyKeV, dataPath: '/entry_1/instrument_1/detector_1/data' },
  });
  const gap = [Math.floor(trains / 3), Math.floor(trains / 3) + 1].filter((train) => train > 0 && train < trains);
  const missing = modules.length > 1 && gap.length > 0 ? { module: modules[modules.length >> 1], trains: gap } : null;
  return { seed, pulses, modules, runs, geometry, steps, missing };
}

function planRun(
  run: number,
  kind: PlannedRun['kind'],
  fixedStage: PlannedRun['fixedStage'],
  sample: string,
  count: number,
  pulses: number,
  steps: number,
): PlannedRun {
  const trains = Array.from({ length: count }, (_, index) => ({
    trainId: FIRST_TRAIN + run * 6000 + index,
    timestamp: FIRST_TIME + BigInt(run) * RUN_PERIOD + BigInt(index) * TRAIN_PERIOD,
    step: Math.floor((index * steps) / count),
  }));
  const wanted = kind === 'data' ? Math.min(2, count) : 1;
  const files = Math.max(wanted, Math.ceil((count * pulses) / FRAMES_PER_FILE));
  const n = Math.min(files, count);
  const sequences = Array.from({ length: n }, (_, i) => ({
    start: Math.floor((i * count) / n),
    stop: Math.floor(((i + 1) * count) / n),
  }));
  return { run, kind, fixedStage, sample, trains, sequences };
}

function checkWhole(what: string, value: number, min: number, max: number): void {
  if (Number.isSafeInteger(value) && value >= min && value <= max) return;
  throw new Usage(`The number of the ${what} must be a whole number from ${min} to ${max}, got ${value}.`);
}

/** `RAW-R0004-AGIPD00-S00001.h5` */
export function rawFileName(run: number, aggregator: string, sequence: number): string {
  return `RAW-R${String(run).padStart(4, '0')}-${aggregator}-S${String(sequence).padStart(5, '0')}.h5`;
}

/** `r0004` */
export function runFolder(run: number): string {
  return `r${String(run).padStart(4, '0')}`;
}

/** The source of a module's frames. */
export function moduleSource(module: number): string {
  return `${EXAMPLE.detector}/DET/${module}CH0:xtdf`;
}

/** The pulse of a train that lights memory cell `cell`: 1.1 MHz of the 4.5 MHz pulse pattern. */
export function pulseIdOf(cell: number): number {
  return 4 * cell;
}
