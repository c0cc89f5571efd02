import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { AgipdConstants, AgipdGain } from '../../calib/agipd-constants.ts';
import type { AgipdFrame } from '../../calib/agipd-correction.ts';
import { type AgipdDarkSource, characteriseAgipdDarks, constantsFromDarks } from '../../calib/agipd-dark.ts';
import { AGIPD_DARK_LIMITS } from '../../calib/dark-bad-pixels.ts';
import type { TaskOptions } from '../../core/cancel.ts';
import { NoData } from '../../core/errors.ts';
import type { Run } from '../../data/run.ts';
import { openRun } from './open-run.ts';

/** Three dark runs of a proposal, gain forced to high, medium and low. */
export interface DarkRuns {
  readonly detector: string;
  /** By stage. */
  readonly runs: readonly [Run, Run, Run];
  /** Modules that all three have. */
  readonly modules: readonly number[];
  /** Memory cells: one more than the highest cell id. */
  readonly cells: number;
  close(): Promise<void>;
}

const FIXED_GAIN_KEY = 'gainModeIndex.value';
const MODULE_SOURCE = /^(.+)\/DET\/(\d+)CH0:xtdf$/;
/** Trains read at once: bounds the memory to some ten MiB a module. */
const TRAINS_AT_ONCE = 4;
/** Quick darks, as of the example, have few frames in a cell: the spread of so few says little about a single pixel. */
const QUICK_DARK_LIMITS = {
  ...AGIPD_DARK_LIMITS,
  offsetSigma: 12,
  noiseSigma: 25,
  noiseRange: [
    [0.5, 60],
    [0.5, 60],
    [0.5, 60],
  ],
} as const;
const FRAMES_FOR_NOISE = 20;

/**
 * Finds the newest set of three AGIPD dark runs in a proposal's raw data: runs whose control system forced the gain
 * (`gainModeIndex` 1, 2, 3 = high, medium, low).
 * @returns null if there is no complete set
 */
export async function findDarkRuns(proposalPath: string, options: TaskOptions = {}): Promise<DarkRuns | null> {
  const raw = join(proposalPath, 'raw');
  const names = await readdir(raw).catch(() => [] as string[]);
  const byStage: (Run | null)[] = [null, null, null];
  for (const name of names
    .filter((n) => /^r\d{4}$/.test(n))
    .sort()
    .reverse()) {
    options.signal?.throwIfAborted();
    if (byStage.every(Boolean)) break;
    const run = await openRun({ path: join(raw, name) }).catch(() => null);
    if (!run) continue;
    const stage = await forcedStage(run);
    if (stage !== null && byStage[stage] === null) byStage[stage] = run;
    else await run.close();
  }
  const [high, medium, low] = byStage;
  if (!high || !medium || !low) {
    await Promise.all(byStage.map((run) => run?.close()));
    return null;
  }
  return describe([high, medium, low]);
}

async function describe(runs: readonly [Run, Run, Run]): Promise<DarkRuns> {
  const modulesOf = (run: Run) => run.sources.map((name) => MODULE_SOURCE.exec(name)).filter((match) => match !== null);
  const detector = modulesOf(runs[0])[0]?.[1] ?? '';
  const shared = modulesOf(runs[0])
    .map((match) => Number(match[2]))
    .filter((module) => runs.every((run) => run.hasSource(sourceOf(detector, module))))
    .sort((a, b) => a - b);
  if (shared.length === 0)
    throw new NoData(`The dark runs of ${runs[0].path} have no detector module in common.`, { path: runs[0].path });
  const cellIds = await runs[0].source(sourceOf(detector, shared[0])).key('image.cellId').read();
  const cells = Math.max(...Array.from(cellIds.data as Uint16Array, Number)) + 1;
  return {
    detector,
    runs,
    modules: shared,
    cells,
    close: async () => {
      await Promise.all(runs.map((run) => run.close()));
    },
  };
}

/** Constants of one module from the dark runs. @param gain ADU per keV, which darks cannot tell */
export async function constantsOfModule(
  darks: DarkRuns,
  module: number,
  gain: AgipdGain,
  options: TaskOptions = {},
): Promise<AgipdConstants> {
  const name = sourceOf(darks.detector, module);
  const [, , slowScan, fastScan] = darks.runs[0].source(name).key('image.data').shape;
  const source: AgipdDarkSource = {
    cells: darks.cells,
    slowScan,
    fastScan,
    frames: (stage, cells) => readFrames(darks.runs[stage], name, cells, options.signal),
  };
  const framesPerCell = darks.runs[0].source(name).key('image.data').shape[0] / darks.cells;
  const isQuick = framesPerCell < FRAMES_FOR_NOISE;
  const result = await characteriseAgipdDarks(source, {
    ...options,
    minFrames: isQuick ? 2 : 5,
    limits: isQuick ? QUICK_DARK_LIMITS : AGIPD_DARK_LIMITS,
  });
  return constantsFromDarks(result, gain);
}

async function* readFrames(
  run: Run,
  source: string,
  cells: { start: number; stop: number },
  signal?: AbortSignal,
): AsyncIterable<AgipdFrame> {
  const data = run.source(source).key('image.data');
  const ids = run.source(source).key('image.cellId');
  for (let start = 0; start < data.trainIds.length; start += TRAINS_AT_ONCE) {
    const range = { by: 'index', start, stop: start + TRAINS_AT_ONCE } as const;
    const frames = await data.selectTrains(range).read({ signal });
    const cellIds = await ids.selectTrains(range).read({ signal });
    const [count, , slowScan, fastScan] = frames.shape;
    const pixels = slowScan * fastScan;
    const raw = frames.data as Uint16Array;
    for (let frame = 0; frame < count; frame++) {
      const cellId = Number(cellIds.data[frame]);
      if (cellId < cells.start || cellId >= cells.stop) continue;
      const at = 2 * frame * pixels;
      yield { cellId, analogue: raw.subarray(at, at + pixels), gain: raw.subarray(at + pixels, at + 2 * pixels) };
    }
  }
}

async function forcedStage(run: Run): Promise<0 | 1 | 2 | null> {
  const control = run.controlSources.find((name) => name.endsWith('/MDL/FPGA_COMP'));
  if (!control || run.trainIds.length === 0) return null;
  const source = run.source(control);
  if (!source.keys().includes(FIXED_GAIN_KEY)) return null;
  const values = await source.key(FIXED_GAIN_KEY).read();
  const mode = Number(values.data[0] ?? 0);
  return mode === 1 || mode === 2 || mode === 3 ? ((mode - 1) as 0 | 1 | 2) : null;
}

function sourceOf(detector: string, module: number): string {
  return `${detector}/DET/${module}CH0:xtdf`;
}
