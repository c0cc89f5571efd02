import { readFile } from 'node:fs/promises';
import { decodeFloat16, type NumericStorage } from '../core/dtype.ts';
import { FileUnreadable, isXfelError, ShapeMismatch, Unsupported, Usage } from '../core/errors.ts';
import { elementCount, type NdArray } from '../core/ndarray.ts';
import type { ModuleKey } from '../data/detectors/module-key.ts';
import type { MultiModule } from '../data/detectors/multi-module.ts';
import { badRegionMask } from '../detector/bad-region-mask.ts';
import { type Detector, pixelCountOf } from '../detector/detector.ts';
import type { Geometry } from '../detector/geometry.ts';
import { decodeNpy } from '../formats/npy.ts';
import type { CliContext } from './context.ts';

/** Numbers that integration can take; 64-bit integers are no pixels. */
export type FrameNumbers = Exclude<NumericStorage, BigInt64Array | BigUint64Array>;

/** One frame of all modules. */
export interface SourceFrame {
  /** (module * ss * fs). */
  readonly values: FrameNumbers;
  readonly trainId?: number;
  readonly pulseId?: number;
}

/** An array of a NumPy file. @throws FileUnreadable by the system's reason, FormatInvalid if it is none */
export async function readNpyFile(path: string): Promise<NdArray> {
  const bytes = await readFile(path).catch((cause: NodeJS.ErrnoException) => {
    throw new FileUnreadable(`${path} cannot be read (${cause.code}). Check the path.`, { path }, { cause });
  });
  return decodeNpy(bytes, path);
}

/** Pixels of an array as numbers. @throws Unsupported for text, complex and 64-bit integers */
export function frameNumbers(array: NdArray, name: string): FrameNumbers {
  const { data, dtype } = array;
  if (
    dtype === 'string' ||
    dtype.startsWith('complex') ||
    data instanceof BigInt64Array ||
    data instanceof BigUint64Array
  )
    throw new Unsupported(`${name} holds ${dtype}: convert it to float32 or an integer of at most 32 bits.`, { dtype });
  // float16 is held as its bits.
  return dtype === 'float16' ? Float32Array.from(data as Uint16Array, decodeFloat16) : (data as FrameNumbers);
}

/** Frames of an array (.., module, ss, fs) or (.., row, column), one after the other. @throws ShapeMismatch */
export function* arrayFrames(array: NdArray, detector: Detector, name: string): Iterable<SourceFrame> {
  const values = frameNumbers(array, name);
  const pixels = pixelCountOf(detector);
  if (values.length === 0)
    throw new ShapeMismatch(`${name} is [${array.shape}]: it holds no frame.`, { expected: pixels, got: 0 });
  checkFrameShape(array.shape, detector, name);
  for (let start = 0; start < values.length; start += pixels) yield { values: values.subarray(start, start + pixels) };
}

/**
 * Whether an array is of whole frames of a detector. Modules may lie one below the other in it, so the fast-scan axis and the
 * number of pixels tell.
 * @throws ShapeMismatch
 */
export function checkFrameShape(shape: readonly number[], detector: Detector, name: string): void {
  const pixels = pixelCountOf(detector);
  const fastScan = detector.dataShape[2];
  if (shape.length > 1 && shape.at(-1) === fastScan && elementCount(shape) % pixels === 0) return;
  throw new ShapeMismatch(
    `${name} is [${shape}], frames of ${detector.name} are [${detector.dataShape}] (module, ss, fs): give whole frames, and the geometry of their detector.`,
    { expected: detector.dataShape, got: shape },
  );
}

/** An array with one number for each pixel of a detector. @throws ShapeMismatch, and as readNpyFile and frameNumbers */
export async function readPixels(option: string, path: string, detector: Detector): Promise<FrameNumbers> {
  const array = await readNpyFile(path);
  const values = frameNumbers(array, `${option} ${path}`);
  const isFitting = array.shape.length > 1 && array.shape.at(-1) === detector.dataShape[2];
  if (isFitting && values.length === pixelCountOf(detector)) return values;
  throw new ShapeMismatch(
    `${option} ${path} is [${array.shape}], ${detector.name} is [${detector.dataShape}] (module, ss, fs): give one number for each pixel.`,
    { expected: detector.dataShape, got: array.shape },
  );
}

/** A mask: 1 = pixel is not used. @throws Usage if it leaves no pixel, and as readPixels */
async function readMask(path: string, { detector }: Geometry): Promise<Uint8Array> {
  const mask = Uint8Array.from(await readPixels('--mask', path, detector), (value) => (value === 0 ? 0 : 1));
  if (mask.includes(0)) return mask;
  throw new Usage(`--mask ${path} leaves no pixel: 0 are pixels that are used, all else is left out. Is it inverted?`);
}

/** Help of the option for {@link unusedPixels}. */
export const BAD_REGIONS_HELP = 'leave out the bad regions of the geometry file, too';

/**
 * The pixels that are left out: of a mask file, of the bad regions of the geometry, of both; undefined = none. A geometry whose bad
 * regions are not asked for is told of.
 * @throws Usage if nothing is left, and as {@link readMask}
 */
export async function unusedPixels(
  context: Pick<CliContext, 'note'>,
  geometry: Geometry,
  { mask: path, badRegions }: { readonly mask?: string; readonly badRegions?: boolean },
): Promise<Uint8Array | undefined> {
  const mask = path === undefined ? undefined : await readMask(path, geometry);
  const regions = geometry.metadata.badRegions?.length ?? 0;
  const words = `${regions} bad region${regions === 1 ? '' : 's'}`;
  if (badRegions !== true) {
    if (regions > 0) context.note(`The geometry file names ${words}: --bad-regions leaves them out.\n`);
    return mask;
  }
  if (regions === 0)
    throw new Usage('--bad-regions: the geometry names none. They are in .geom files, as bad_NAME/min_x.');
  const bad = badRegionMask(geometry).data;
  const all = mask ? mask.map((value, pixel) => value | bad[pixel]) : bad;
  if (!all.includes(0)) throw new Usage(`--bad-regions: the ${words} of the geometry leave no pixel.`);
  return all;
}

/** Frames in memory at once: a train of 352 would take 1.5 GB. */
const FRAMES_AT_ONCE = 16;

/**
 * Frames of a detector in a run, train after train; a few are in memory at a time. Missing modules and masked pixels are NaN.
 * Of raw data with a gain axis the signal is taken.
 * @throws as `MultiModule.read`
 */
export async function* runFrames(detector: MultiModule, signal: AbortSignal): AsyncIterable<SourceFrame> {
  const whole = await pixelKey(detector);
  const [slowScan, fastScan] = detector.moduleShape;
  const modulePixels = slowScan * fastScan;
  for (const [index, trainId] of detector.trainIds.entries()) {
    const train = whole.selectTrains({ by: 'id', ids: [trainId] });
    const count = detector.kind.frameAxis === 'entry' ? detector.frameCounts[index] : 0;
    for (let start = 0; start < Math.max(1, count); start += FRAMES_AT_ONCE) {
      signal.throwIfAborted();
      const key =
        count > 0
          ? await train.selectPulses({ by: 'index', start, stop: Math.min(start + FRAMES_AT_ONCE, count) })
          : train;
      const array = await key.read({ astype: 'float32', fillValue: Number.NaN, moduleGaps: true, signal });
      const stack = array.data as Float32Array;
      const pulseIds = count > 0 ? await key.pulseIdCoordinates() : [];
      const modules = detector.moduleCount;
      const gains = count > 0 && array.shape.length === 5 ? array.shape[2] : 1;
      const perModule = stack.length / modules;
      const frames = perModule / (gains * modulePixels);
      for (let frame = 0; frame < frames; frame++) {
        const values = new Float32Array(modules * modulePixels);
        for (let module = 0; module < modules; module++) {
          const from = module * perModule + frame * gains * modulePixels;
          values.set(stack.subarray(from, from + modulePixels), module * modulePixels);
        }
        yield { values, trainId, pulseId: pulseIds[frame] };
      }
    }
  }
}

/** Corrected pixels without those that their mask excludes; raw ones as they are. */
async function pixelKey(detector: MultiModule): Promise<ModuleKey> {
  if (detector.isRaw) return detector.key(detector.kind.mainKey);
  try {
    return await detector.maskedData();
  } catch (error) {
    if (isXfelError(error, 'KeyNotFound')) return detector.key(detector.kind.mainKey);
    throw error;
  }
}
