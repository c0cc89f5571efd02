import { allocate, lanesOf } from './dtype.ts';
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

/** Edge of the square blocks that are turned at a time: their rows stay in the first cache. */
const BLOCK = 16;

/**
 * Frames in the order of files, (pulse, [plane,] [module,] ss, fs); a copy if they are in online order, else the array itself.
 * @param out where the copy goes: as many elements, of the same dtype; new memory without it
 * @throws ShapeMismatch if the axes are not those of the array, or `out` has another size
 */
export function inFileOrder(array: NdArray, axes: FrameAxes, layout: ModuleLayout, out?: NdArray['data']): NdArray {
  if (axes.order === 'file') return array;
  const { frames, planes, isMerged } = axes;
  const { slowScan, fastScan } = layout;
  const modules = isMerged ? layout.modules : 1;
  const layers = planes || 1;
  const count = frames * layers * modules * slowScan * fastScan;
  const target = (out ?? allocate(array.dtype, count)) as Float32Array;
  if (
    elementCount(array.shape) !== count ||
    target.length !== count ||
    lanesOf(array.dtype) !== 1 ||
    array.dtype === 'string'
  )
    throw new ShapeMismatch(
      `An array ${array.dtype} [${array.shape}] cannot be put in file order: ${count} numbers are expected, room is for ${target.length}.`,
      { expected: count, got: array.shape },
    );
  const source = array.data as Float32Array;
  const plane = modules * slowScan * fastScan;
  for (let module = 0; module < modules; module++)
    for (let ss = 0; ss < slowScan; ss++)
      for (let layer = 0; layer < layers; layer++) {
        const from = (module * fastScan * slowScan + ss) * layers * frames + layer * frames;
        const to = layer * plane + (module * slowScan + ss) * fastScan;
        turn(source, from, slowScan * layers * frames, target, to, layers * plane, frames, fastScan);
      }
  const module = isMerged ? [modules] : [];
  const shape = [frames, ...(planes ? [planes] : []), ...module, slowScan, fastScan];
  return ndarray(array.dtype, shape, target as never);
}

/** (fs, pulse) to (pulse, fs), in blocks. Strides are of the fs axis before and of the pulse axis after. */
function turn(
  source: Float32Array,
  from: number,
  fsStride: number,
  target: Float32Array,
  to: number,
  frameStride: number,
  frames: number,
  fastScan: number,
): void {
  for (let fsStart = 0; fsStart < fastScan; fsStart += BLOCK) {
    const fsStop = Math.min(fsStart + BLOCK, fastScan);
    for (let frameStart = 0; frameStart < frames; frameStart += BLOCK) {
      const frameStop = Math.min(frameStart + BLOCK, frames);
      for (let frame = frameStart; frame < frameStop; frame++) {
        const row = to + frame * frameStride;
        for (let fs = fsStart; fs < fsStop; fs++) target[row + fs] = source[from + fs * fsStride + frame];
      }
    }
  }
}
