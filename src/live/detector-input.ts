import { SkipTrain } from '../core/errors.ts';
import { type FrameAxes, type FrameOrder, frameAxesOf, type ModuleLayout } from '../core/frame-order.ts';
import { isNdArray, type NdArray } from '../core/ndarray.ts';
import type { Train, TrainSource, TrainValue } from '../core/train.ts';
import {
  cellIdsOf,
  detectorsOfTrain,
  frameCountOf,
  moduleOfSource,
  picturesOf,
  type SourceForm,
} from './detector-source.ts';

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

/** Which detector of a train is wanted, and how its pictures differ from the modules. */
export interface DetectorOrigin {
  /** `SPB_DET_AGIPD1M-1`; the first one of the train without it. */
  readonly name?: string;
  /** Rows at both ends of a picture that hold no image (calibration rows of ePix); the data may have them or not. */
  readonly extraRows?: number;
  /** Takes sources of any name, see {@link detectorsOfTrain}. */
  readonly otherForm?: SourceForm;
}

/**
 * Finds the detector in a train: one merged source (modules on one axis), a source per module or one picture of all, raw or
 * corrected, with or without gain planes, in file or in online order (`core/frame-order.ts`).
 * @param order what the stream had before, for shapes that fit both orders; file order without it
 * @throws SkipTrain with the reason: no detector, a layout that does not fit, modules of different length
 */
export function findDetectorInput(
  train: Train,
  layout: ModuleLayout,
  order?: FrameOrder,
  origin: DetectorOrigin = {},
): DetectorInput {
  const detector = detectorsOfTrain(train, origin.otherForm).find(({ name }) => name === (origin.name ?? name));
  if (!detector)
    throw skip(
      'no detector data',
      `no source of this train has pictures (image.data or data.adc) of ${origin.name ?? 'a detector'}`,
    );
  const { form, sources } = detector;
  if (form === 'merged') return fromMerged(sources[0][0], sources[0][1], layout, order);
  const rows = trimmedRows(sources, layout, origin.extraRows ?? 0);
  if (rows > 0) return fromLongerPicture(sources[0][0], sources[0][1], layout, rows);
  return fromModules(sources, layout, order);
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
    .map(([name, source]) => clearOrder(name, source, layout))
    .find((found): found is FrameOrder => found !== undefined);
  let first: Omit<DetectorInput, 'modules'> | null = null;
  for (const [name, source] of sources) {
    const array = imageData(name, source);
    if (array.data.length === 0) continue;
    const axes = axesOf(name, array, source, layout, false, clear ?? order);
    // The only module of a detector may have any number (a JUNGFRAU of one module is cut out of a row of them).
    const module = layout.modules === 1 && sources.length === 1 ? 0 : moduleOfSource(name);
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

/** Rows at each end that the only picture has more than a module; 0 if it has none. */
function trimmedRows(
  sources: readonly (readonly [string, TrainSource])[],
  { slowScan, fastScan }: ModuleLayout,
  extraRows: number,
): number {
  const array = extraRows > 0 && sources.length === 1 ? picturesOf(...sources[0]) : undefined;
  if (!isNdArray(array)) return 0;
  const [rows, columns] = array.shape.slice(-2);
  return rows === slowScan + 2 * extraRows && columns === fastScan ? extraRows : 0;
}

/** One module whose pictures begin and end with rows that hold no image; such detectors are read only in file order. */
function fromLongerPicture(name: string, source: TrainSource, layout: ModuleLayout, rows: number): DetectorInput {
  const array = imageData(name, source);
  const whole = { ...layout, slowScan: layout.slowScan + 2 * rows };
  const axes = axesOf(name, array, source, whole, false, 'file');
  if (axes.frames === 0) throw skip('no frames', `${name} has no frame in this train`);
  const { base, gainBase, ...frames } = placed(0, array, axes, whole);
  const skipped = rows * layout.fastScan;
  const module = { ...frames, base: base + skipped, gainBase: gainBase < 0 ? gainBase : gainBase + skipped };
  return { ...factsOf(name, array, axes), cellIds: cellIdsOf(source, axes.frames), modules: [module] };
}

function clearOrder(name: string, source: TrainSource, layout: ModuleLayout): FrameOrder | undefined {
  const array = picturesOf(name, source);
  const axes =
    isNdArray(array) && array.data.length > 0 ? frameAxesOf(array.shape, layout, false, hintsOf(source)) : null;
  return axes?.isCertain ? axes.order : undefined;
}

const hintsOf = (source: TrainSource, order?: FrameOrder) => ({ order, frames: frameCountOf(source) });

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
  throw skip('wrong shape', `${name} has pictures of shape [${shape}]; ${expectedShapes(layout, isMerged)}`);
}

/** Says which shapes the pictures of a detector have. */
export function expectedShapes({ modules, slowScan, fastScan }: ModuleLayout, isMerged: boolean): string {
  const module = isMerged ? `${modules}, ` : '';
  return `(pulse, ${module}${slowScan}, ${fastScan}), the same with 1 or 2 planes after the pulse, or (${module}${fastScan}, ${slowScan}, pulse) is expected. Is it another detector?`;
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
  const array = picturesOf(name, source);
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

function skip(reason: string, text: string): SkipTrain {
  return new SkipTrain(`Train left out: ${text}.`, { reason });
}
