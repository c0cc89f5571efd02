import type { TaskOptions } from '../core/cancel.ts';
import { NoData } from '../core/errors.ts';
import { type NdArray, zeros } from '../core/ndarray.ts';
import type { AgipdConstants, AgipdGain } from './agipd-constants.ts';
import type { AgipdFrame } from './agipd-correction.ts';
import { AGIPD_DARK_LIMITS, type DarkLimits, markDarkBadPixels } from './dark-bad-pixels.ts';
import { describeSamples, type StatisticsTarget } from './dark-statistics.ts';

/** The dark frames of one module, from wherever they are. */
export interface AgipdDarkSource {
  readonly cells: number;
  readonly slowScan: number;
  readonly fastScan: number;
  /**
   * Frames of the run whose gain is forced to `stage`, of memory cells `[start, stop)`, in any order. A frame may use the
   * memory of the one before it. Called once for each stage and pass over the cells.
   */
  frames(stage: 0 | 1 | 2, cells: { readonly start: number; readonly stop: number }): AsyncIterable<AgipdFrame>;
}

/** Settings of the dark characterisation. */
export interface AgipdDarkOptions extends TaskOptions {
  readonly limits?: DarkLimits;
  /** With fewer frames than this a cell has no constants. */
  readonly minFrames?: number;
  /** Frames of a cell beyond this many are not used. */
  readonly maxFrames?: number;
  /** Memory for raw frames, bytes: decides how many cells are done in one pass. */
  readonly memory?: number;
}

/** Result of a dark characterisation; axes (cell, stage, ss, fs), float32 unless said otherwise. */
export interface AgipdDarks {
  readonly cells: number;
  readonly slowScan: number;
  readonly fastScan: number;
  /** Median, ADU. */
  readonly offset: NdArray<'float32'>;
  readonly offsetMean: NdArray<'float32'>;
  /** Standard deviation (ddof 0), ADU. */
  readonly noise: NdArray<'float32'>;
  /** Median of the gain evaluation. */
  readonly gainLevel: NdArray<'float32'>;
  readonly gainLevelDeviation: NdArray<'float32'>;
  /** (cell, 2, ss, fs): halfway between the gain levels of neighbouring stages. */
  readonly thresholds: NdArray<'float32'>;
  /** uint32, bits of {@link BadPixels}. */
  readonly badPixels: NdArray<'uint32'>;
}

/**
 * Offsets, noise, gain thresholds and bad pixels of one module from its three dark runs. Frames whose analogue plane is all
 * zero are faulty and left out. Uses at most `memory` bytes for frames: the cells are done in as many passes as that takes.
 * @throws NoData if there is not one usable frame
 * @source European XFEL dark characterisation (structure), our own limits
 */
export async function characteriseAgipdDarks(
  source: AgipdDarkSource,
  options: AgipdDarkOptions = {},
): Promise<AgipdDarks> {
  const { limits = AGIPD_DARK_LIMITS, minFrames = 5, maxFrames = 200, memory = 512 * 2 ** 20, signal } = options;
  const { cells, slowScan, fastScan } = source;
  const pixels = slowScan * fastScan;
  const shape = [cells, 3, slowScan, fastScan];
  const result: AgipdDarks = {
    cells,
    slowScan,
    fastScan,
    offset: zeros('float32', shape),
    offsetMean: zeros('float32', shape),
    noise: zeros('float32', shape),
    gainLevel: zeros('float32', shape),
    gainLevelDeviation: zeros('float32', shape),
    thresholds: zeros('float32', [cells, 2, slowScan, fastScan]),
    badPixels: zeros('uint32', shape),
  };
  const unused: StatisticsTarget['mean'] = new Float32Array(pixels);
  const cellsInPass = Math.max(1, Math.floor(memory / (maxFrames * pixels * 4)));
  let used = 0;
  for (let start = 0; start < cells; start += cellsInPass) {
    const stop = Math.min(cells, start + cellsInPass);
    for (const stage of [0, 1, 2] as const) {
      const frames = await collect(source.frames(stage, { start, stop }), start, stop, maxFrames, signal);
      for (let cell = start; cell < stop; cell++) {
        const range = [(cell * 3 + stage) * pixels, (cell * 3 + stage + 1) * pixels] as const;
        const part = (array: NdArray<'float32'>) => array.data.subarray(...range);
        const { analogue, gain } = frames[cell - start];
        used += analogue.length;
        if (analogue.length < minFrames) {
          for (const key of ['offset', 'offsetMean', 'noise', 'gainLevel', 'gainLevelDeviation'] as const)
            part(result[key]).fill(Number.NaN);
          continue;
        }
        describeSamples(analogue, {
          median: part(result.offset),
          mean: part(result.offsetMean),
          deviation: part(result.noise),
        });
        describeSamples(gain, {
          median: part(result.gainLevel),
          mean: unused,
          deviation: part(result.gainLevelDeviation),
        });
      }
      options.onProgress?.((start + ((stop - start) * (stage + 1)) / 3) / cells, `cells ${start} to ${stop - 1}`);
    }
  }
  if (used === 0) throw new NoData('The dark runs hold no usable frame of this module.');
  for (let cell = 0; cell < cells; cell++) finishCell(result, cell, limits);
  return result;
}

interface CellFrames {
  readonly analogue: Uint16Array[];
  readonly gain: Uint16Array[];
}

async function collect(
  frames: AsyncIterable<AgipdFrame>,
  start: number,
  stop: number,
  maxFrames: number,
  signal?: AbortSignal,
): Promise<CellFrames[]> {
  const byCell: CellFrames[] = Array.from({ length: stop - start }, () => ({ analogue: [], gain: [] }));
  for await (const frame of frames) {
    signal?.throwIfAborted();
    const cell = byCell[frame.cellId - start];
    if (!cell || cell.analogue.length >= maxFrames || frame.analogue.every((value) => value === 0)) continue;
    cell.analogue.push(frame.analogue.slice());
    cell.gain.push(frame.gain.slice());
  }
  return byCell;
}

function finishCell(darks: AgipdDarks, cell: number, limits: DarkLimits): void {
  const pixels = darks.slowScan * darks.fastScan;
  const part = (array: NdArray<'float32'>) => array.data.subarray(cell * 3 * pixels, (cell + 1) * 3 * pixels);
  const gainLevel = part(darks.gainLevel);
  for (let i = 0; i < 2 * pixels; i++)
    darks.thresholds.data[cell * 2 * pixels + i] = (gainLevel[i] + gainLevel[i + pixels]) / 2;
  const values = {
    offset: part(darks.offset),
    noise: part(darks.noise),
    gainLevel,
    gainLevelDeviation: part(darks.gainLevelDeviation),
  };
  markDarkBadPixels(values, limits, darks.badPixels.data.subarray(cell * 3 * pixels, (cell + 1) * 3 * pixels));
}

/** What the correction needs of a dark characterisation, together with a gain from elsewhere. */
export function constantsFromDarks(darks: AgipdDarks, gain: AgipdGain): AgipdConstants {
  const { cells, slowScan, fastScan, offset, thresholds, badPixels } = darks;
  return { cells, slowScan, fastScan, offset, thresholds, badPixels, gain };
}
