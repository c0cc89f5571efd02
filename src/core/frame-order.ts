import { allocate, itemSizeOf, lanesOf, type NumericStorage } from './dtype.ts';
import { ShapeMismatch } from './errors.ts';
import { elementCount, type NdArray, ndarray } from './ndarray.ts';

/**
 * How the axes of a detector's frames follow each other. `file`: (pulse, [plane,] [module,] ss, fs), as in files. `online`:
 * ([module,] fs, ss, [plane,] pulse), as calibration pipelines stream them: all pulses of a pixel side by side.
 * A plane axis of 2 has analogue value and gain evaluation, one of 1 says nothing.
 */
export type FrameOrder = 'file' | 'online';

/** Shape of one module, and how many there are. */
export interface ModuleLayout {
  readonly modules: number;
  readonly slowScan: number;
  readonly fastScan: number;
}

/** What a shape says about the frames of a detector. */
export interface FrameAxes {
  readonly order: FrameOrder;
  readonly frames: number;
  /** Length of the plane axis; 0 where there is none. */
  readonly planes: 0 | 1 | 2;
  /** Whether there is a module axis. */
  readonly isMerged: boolean;
  /** Whether the shape allowed no other reading. */
  readonly isCertain: boolean;
}

/** What else is known when a shape can be read in two ways. */
export interface FrameHints {
  /** Frames in this train, as keys such as `image.pulseId` tell. */
  readonly frames?: number;
  /** What earlier trains of the stream had; `file` without it. */
  readonly order?: FrameOrder;
}

/**
 * Reads the axes of a detector's image array. Both orders fit only where a module is as long as there are pulses (128 pulses
 * of one AGIPD module, 256 of LPD): then the number of frames decides, then the hint.
 * @param shape of `image.data` or `data.adc` @param isMerged whether all modules are on one axis
 * @returns null if the shape fits in neither order
 */
export function frameAxesOf(
  shape: readonly number[],
  { modules, slowScan, fastScan }: ModuleLayout,
  isMerged: boolean,
  hints: FrameHints = {},
): FrameAxes | null {
  const module = isMerged ? [modules] : [];
  const isShape = (got: readonly number[], wanted: readonly number[]) =>
    got.length === wanted.length && got.every((n, i) => n === wanted[i]);
  const candidates: FrameAxes[] = [];
  const planesOf = (length: number | undefined) => (length === 1 || length === 2 ? length : null);
  const offer = (order: FrameOrder, frames: number, planes: 0 | 1 | 2) =>
    candidates.push({ order, frames, planes, isMerged, isCertain: true });
  const rank = module.length + 3;

  if (isShape(shape, [...module, slowScan, fastScan])) offer('file', 1, 0);
  if (isShape(shape.slice(1), [...module, slowScan, fastScan])) offer('file', shape[0], 0);
  if (shape.length === rank + 1 && isShape(shape.slice(2), [...module, slowScan, fastScan])) {
    const planes = planesOf(shape[1]);
    if (planes) offer('file', shape[0], planes);
  }
  const pixels = [...module, fastScan, slowScan];
  if (shape.length === rank && isShape(shape.slice(0, -1), pixels)) offer('online', shape[rank - 1], 0);
  if (shape.length === rank + 1 && isShape(shape.slice(0, -2), pixels)) {
    const planes = planesOf(shape[rank - 1]);
    if (planes) offer('online', shape[rank], planes);
  }

  if (candidates.length <= 1) return candidates[0] ?? null;
  const fitting = candidates.filter((each) => each.frames === hints.frames);
  if (fitting.length === 1) return fitting[0];
  const wanted = hints.order ?? 'file';
  const best = candidates.find((each) => each.order === wanted) ?? candidates[0];
  return { ...best, isCertain: false };
}

/** Pixels of a module that are turned at a time, and frames: what is written to meanwhile stays in the caches. */
const PIXELS = 2048;
const FRAMES = 32;
/** Bytes between the frames of a block; without them all frames of a pixel fall on the same lines of the cache. */
const APART = 128;

/**
 * Frames in the order of files, (pulse, [plane,] [module,] ss, fs); a copy if they are in online order, else the array itself.
 * @param axes as {@link frameAxesOf} reads them from the shape
 * @param out where the copy goes: as many elements, of the same dtype. New memory without it, which costs as much as the turning
 * @throws ShapeMismatch if the axes are not those of the array, or `out` has another size or element type
 */
export function inFileOrder(array: NdArray, axes: FrameAxes, layout: ModuleLayout, out?: NdArray['data']): NdArray {
  if (axes.order === 'file') return array;
  const { dtype } = array;
  const { frames, planes, isMerged } = axes;
  const { slowScan, fastScan } = layout;
  const modules = isMerged ? layout.modules : 1;
  const layers = planes || 1;
  const count = frames * layers * modules * slowScan * fastScan;
  const target = out ?? allocate(dtype, count);
  if (
    elementCount(array.shape) !== count ||
    target.length !== count ||
    target.constructor !== array.data.constructor ||
    lanesOf(dtype) !== 1 ||
    dtype === 'string'
  )
    throw new ShapeMismatch(
      `An array ${dtype} [${array.shape}] cannot be put in file order: ${count} elements of one number are expected, and room for as many of the same type.`,
      { expected: count, got: array.shape },
    );
  const words = Math.max(1, itemSizeOf(dtype) / 4);
  const from = wordsOf(array.data as NumericStorage);
  const to = wordsOf(target as NumericStorage);
  const rowWords = fastScan * words;
  const rowsAtOnce = Math.max(1, Math.floor(PIXELS / fastScan));
  const step = rowsAtOnce * rowWords + APART / from.BYTES_PER_ELEMENT;
  const block = wordsOf(allocate(dtype, Math.ceil((FRAMES * step) / words)) as NumericStorage);
  const frameWords = layers * modules * slowScan * rowWords;
  for (let module = 0; module < modules; module++)
    for (let ss = 0; ss < slowScan; ss += rowsAtOnce)
      for (let layer = 0; layer < layers; layer++)
        for (let frame = 0; frame < frames; frame += FRAMES) {
          const rows = Math.min(rowsAtOnce, slowScan - ss);
          const taken = Math.min(FRAMES, frames - frame);
          const pixel = (module * fastScan * slowScan + ss) * layers + layer;
          turn(from, (pixel * frames + frame) * words, block, step, {
            rows,
            frames: taken,
            fastScan,
            words,
            rowStride: layers * frames * words,
            fsStride: slowScan * layers * frames * words,
          });
          const row = ((layer * modules + module) * slowScan + ss) * rowWords;
          for (let i = 0; i < taken; i++)
            to.set(block.subarray(i * step, i * step + rows * rowWords), (frame + i) * frameWords + row);
        }
  const module = isMerged ? [modules] : [];
  const shape = [frames, ...(planes ? [planes] : []), ...module, slowScan, fastScan];
  return ndarray(dtype, shape, target as never);
}

/** Elements as integers of 4 bytes or less: no bit of a NaN changes, and 64-bit integers need no bigint. */
function wordsOf({ buffer, byteOffset, byteLength, BYTES_PER_ELEMENT }: NumericStorage): Int32Array {
  if (BYTES_PER_ELEMENT === 1) return new Uint8Array(buffer, byteOffset, byteLength) as never;
  if (BYTES_PER_ELEMENT === 2) return new Uint16Array(buffer, byteOffset, byteLength / 2) as never;
  return new Int32Array(buffer, byteOffset, byteLength / 4);
}

interface Block {
  readonly rows: number;
  readonly frames: number;
  readonly fastScan: number;
  /** Words of one element. */
  readonly words: number;
  /** Words from one slow-scan row, or from one fast-scan pixel, to the next. */
  readonly rowStride: number;
  readonly fsStride: number;
}

/** (fs, ss, pulse) to (pulse, ss, fs). @param step words from one pulse to the next in `target` */
function turn(
  source: Int32Array,
  from: number,
  target: Int32Array,
  step: number,
  { rows, frames, fastScan, words, rowStride, fsStride }: Block,
): void {
  // Four pixels at a time, where an element is one word: a quarter of the lines to be written to.
  const quads = words === 1 ? fastScan - (fastScan % 4) : 0;
  for (let fs = 0; fs < quads; fs += 4)
    for (let row = 0; row < rows; row++) {
      let a = from + fs * fsStride + row * rowStride;
      let b = a + fsStride;
      let c = b + fsStride;
      let d = c + fsStride;
      let to = row * fastScan + fs;
      for (let frame = 0; frame < frames; frame++, to += step) {
        target[to] = source[a++];
        target[to + 1] = source[b++];
        target[to + 2] = source[c++];
        target[to + 3] = source[d++];
      }
    }
  for (let fs = quads; fs < fastScan; fs++)
    for (let row = 0; row < rows; row++) {
      let at = from + fs * fsStride + row * rowStride;
      let to = (row * fastScan + fs) * words;
      for (let frame = 0; frame < frames; frame++, to += step)
        for (let word = 0; word < words; word++) target[to + word] = source[at++];
    }
}
