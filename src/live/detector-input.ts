import { SkipTrain } from '../core/errors.ts';
import { type FrameAxes, type FrameOrder, frameAxesOf, type ModuleLayout } from '../core/frame-order.ts';
import { isNdArray, type NdArray } from '../core/ndarray.ts';
import type { Train, TrainSource, TrainValue } from '../core/train.ts';

/** Where the frames of one module lie inside an array: element offsets and strides. */
export interface ModuleFrames {
  readonly module: number;
  readonly array: NdArray;
  /** Element offset of the first frame's (analogue) plane. */
  readonly base: number;
  /** Element offset of the first frame's gain-evaluation plane; -1 where the data has none. */
  readonly gainBase: number;
  /** Elements from one frame to the next; 1 in online order. */
  readonly frameStride: number;
  /** Elements from one pixel to the next: along fs in file order (1), along ss in online order. */
  readonly pixelStride: number;
}

/** The detector's part of a train, whatever layout it came in. */
export interface DetectorInput {
  /** `raw`: uint16 with analogue and gain planes; `analogue`: uint16 without gain; `corrected`: float32. */
  readonly kind: 'raw' | 'analogue' | 'corrected';
  readonly order: FrameOrder;
  /** Whether the shapes allowed no other order. */
  readonly isOrderCertain: boolean;
  readonly frames: number;
  /** Memory cell of each frame. */
  readonly cellIds: Uint16Array;
  readonly modules: readonly ModuleFrames[];
}

const MODULE_SOURCE = /^(.+)\/(?:DET|CORR)\/(?:(\d+)CH\d*|(?:JNGFR|MODULE_|RECEIVER-)(\d+))(?::.*)?$/;
const MERGED_SOURCE = /^(.+)\/(?:DET|CORR|CAL)\/APPEND(?:_RAW|_CORRECTED)?$/;
/** Where the pictures are, and which keys have one number for each. */
const IMAGE_KEYS = ['image.data', 'data.adc'] as const;
const CELL_KEYS = ['image.cellId', 'data.memoryCell'] as const;
const FRAME_KEYS = ['image.pulseId', 'image.cellId', 'image.trainId', 'data.memoryCell'] as const;

/** The detector that a source name belongs to (`SPB_DET_AGIPD1M-1`), or null. */
export function detectorOfSource(source: string): string | null {
  return (MODULE_SOURCE.exec(source) ?? MERGED_SOURCE.exec(source))?.[1] ?? null;
}

/** What a train misses before its detector can be processed, or null. Names the detector once it is known. */
export function firstMissingDetector(sources: ReadonlyMap<string, TrainSource>): string | null {
  for (const [name, source] of sources) {
    if (detectorOfSource(name) && hasImages(source)) return null;
  }
  return 'no detector data';
}

const hasImages = ({ data }: TrainSource) => IMAGE_KEYS.some((key) => data.has(key));

/**
 * Finds the detector in a train: one merged source (modules on one axis) or a source per module, raw or corrected, with or
 * without gain planes, in file or in online order (`core/frame-order.ts`).
 * @param order what the stream had before, for shapes that fit both orders; file order without it
 * @throws SkipTrain with the reason: no detector, a layout that does not fit, modules of different length
 */
export function findDetectorInput(train: Train, layout: ModuleLayout, order?: FrameOrder): DetectorInput {
  const merged = [...train.sources].find(([name, source]) => MERGED_SOURCE.test(name) && hasImages(source));
  if (merged) return fromMerged(merged[0], merged[1], layout, order);
  const modules = [...train.sources].filter(([name, source]) => MODULE_SOURCE.test(name) && hasImages(source));
  if (modules.length > 0) return fromModules(modules, layout, order);
  throw skip('no detector data', 'no source of this train has pictures (image.data or data.adc) of a detector');
}

function fromMerged(name: string, source: TrainSource, layout: ModuleLayout, order?: FrameOrder): DetectorInput {
  const array = imageData(name, source);
  const axes = axesOf(name, array, source, layout, true, order);
  if (axes.frames === 0) throw skip('no frames', `${name} has no frame in this train`);
  const present = source.data.get('modulesPresent');
  const modules: ModuleFrames[] = [];
  for (let module = 0; module < layout.modules; module++) {
    if (isPresent(present, module)) modules.push(placed(module, array, axes, layout));
  }
  return { ...factsOf(name, array, axes), cellIds: cellIdsOf(source, axes.frames), modules };
}

function fromModules(
  sources: readonly (readonly [string, TrainSource])[],
  layout: ModuleLayout,
  order?: FrameOrder,
): DetectorInput {
  const modules: ModuleFrames[] = [];
  // One module whose shape is clear says how to read the others.
  const clear = sources
    .map(([, source]) => clearOrder(source, layout))
    .find((found): found is FrameOrder => found !== undefined);
  let first: Omit<DetectorInput, 'modules'> | null = null;
  for (const [name, source] of sources) {
    const array = imageData(name, source);
    if (array.data.length === 0) continue;
    const axes = axesOf(name, array, source, layout, false, clear ?? order);
    const module = moduleOf(name);
    if (!(module >= 0 && module < layout.modules))
      throw skip('unknown module', `${name}: the detector has ${layout.modules} modules`);
    const facts = factsOf(name, array, axes);
    first ??= { ...facts, cellIds: cellIdsOf(source, axes.frames) };
    if (first.frames !== axes.frames || first.kind !== facts.kind || first.order !== facts.order) {
      throw skip(
        'modules differ',
        `${name} has ${axes.frames} ${facts.kind} frames, others ${first.frames} ${first.kind}`,
      );
    }
    modules.push(placed(module, array, axes, layout));
  }
  if (!first) throw skip('no frames', 'every module of this train is empty');
  return { ...first, modules: modules.sort((a, b) => a.module - b.module) };
}

/** Modules of JUNGFRAU are counted from 1. */
function moduleOf(name: string): number {
  const [, , counted, jungfrau] = MODULE_SOURCE.exec(name) ?? [];
  return counted === undefined ? Number(jungfrau) - 1 : Number(counted);
}

function clearOrder(source: TrainSource, layout: ModuleLayout): FrameOrder | undefined {
  const array = IMAGE_KEYS.map((key) => source.data.get(key)).find(isNdArray);
  const axes = array && array.data.length > 0 ? frameAxesOf(array.shape, layout, false, hintsOf(source)) : null;
  return axes?.isCertain ? axes.order : undefined;
}

function hintsOf(source: TrainSource, order?: FrameOrder) {
  const counted = FRAME_KEYS.map((key) => source.data.get(key)).find((value) => isNdArray(value));
  return { order, frames: isNdArray(counted) ? counted.data.length : undefined };
}

function axesOf(
  name: string,
  { shape }: NdArray,
  source: TrainSource,
  layout: ModuleLayout,
  isMerged: boolean,
  order?: FrameOrder,
): FrameAxes {
  const axes = frameAxesOf(shape, layout, isMerged, hintsOf(source, order));
  if (axes) return axes;
  const { modules, slowScan, fastScan } = layout;
  const module = isMerged ? `${modules}, ` : '';
  throw skip(
    'wrong shape',
    `${name} has pictures of shape [${shape}]; (pulse, ${module}${slowScan}, ${fastScan}), the same with 1 or 2 planes after the pulse, or (${module}${fastScan}, ${slowScan}, pulse) is expected. Is it another detector?`,
  );
}

function placed(module: number, array: NdArray, axes: FrameAxes, layout: ModuleLayout): ModuleFrames {
  const plane = layout.slowScan * layout.fastScan;
  const planes = axes.planes || 1;
  const hasGain = axes.planes === 2;
  const index = axes.isMerged ? module : 0;
  if (axes.order === 'online') {
    const base = index * plane * planes * axes.frames;
    const gainBase = hasGain ? base + axes.frames : -1;
    return { module, array, base, gainBase, frameStride: 1, pixelStride: planes * axes.frames };
  }
  const stack = axes.isMerged ? plane * layout.modules : plane;
  const base = index * plane;
  return { module, array, base, gainBase: hasGain ? base + stack : -1, frameStride: planes * stack, pixelStride: 1 };
}

function factsOf(name: string, array: NdArray, { order, frames, planes, isCertain }: FrameAxes) {
  return { kind: kindOf(name, array, planes === 2), order, isOrderCertain: isCertain, frames };
}

function imageData(name: string, source: TrainSource): NdArray {
  const array = IMAGE_KEYS.map((key) => source.data.get(key)).find((value) => value !== undefined);
  if (!isNdArray(array)) throw skip('no detector data', `the pictures of ${name} are not an array`);
  return array;
}

function kindOf(name: string, array: NdArray, hasGain: boolean): DetectorInput['kind'] {
  if (array.dtype === 'uint16') return hasGain ? 'raw' : 'analogue';
  if (array.dtype === 'float32' && !hasGain) return 'corrected';
  throw skip(
    'wrong dtype',
    `the pictures of ${name} are ${array.dtype}; uint16 (raw) or float32 (corrected) can be shown`,
  );
}

function isPresent(present: TrainValue | undefined, module: number): boolean {
  if (Array.isArray(present)) return present[module] !== false;
  if (isNdArray(present)) return Boolean(present.data[module]);
  return true;
}

function cellIdsOf(source: TrainSource, frames: number): Uint16Array {
  const value = CELL_KEYS.map((key) => source.data.get(key)).find((each) => each !== undefined);
  // Without cell ids the frames are taken in order of the memory, as the DAQ does by default.
  if (!isNdArray(value) || value.data.length < frames) return Uint16Array.from({ length: frames }, (_, i) => i);
  return Uint16Array.from({ length: frames }, (_, i) => Number(value.data[i]));
}

function skip(reason: string, text: string): SkipTrain {
  return new SkipTrain(`Train left out: ${text}.`, { reason });
}
