import { SkipTrain } from '../core/errors.ts';
import { isNdArray, type NdArray } from '../core/ndarray.ts';
import type { Train, TrainSource, TrainValue } from '../core/train.ts';

/** Where the frames of one module lie inside an array: element offsets and stride. */
export interface ModuleFrames {
  readonly module: number;
  readonly array: NdArray;
  /** Element offset of the first frame's (analogue) plane. */
  readonly base: number;
  /** Element offset of the first frame's gain-evaluation plane; -1 where the data has none. */
  readonly gainBase: number;
  /** Elements from one frame to the next. */
  readonly frameStride: number;
}

/** The detector's part of a train, whatever layout it came in. */
export interface DetectorInput {
  /** `raw`: uint16 with analogue and gain planes; `analogue`: uint16 without gain; `corrected`: float32. */
  readonly kind: 'raw' | 'analogue' | 'corrected';
  readonly frames: number;
  /** Memory cell of each frame. */
  readonly cellIds: Uint16Array;
  readonly modules: readonly ModuleFrames[];
}

/** Shape of one module and how many there are. */
export interface ModuleLayout {
  readonly modules: number;
  readonly slowScan: number;
  readonly fastScan: number;
}

const MODULE_SOURCE = /^(.+)\/(?:DET|CORR)\/(\d+)CH\d*(?::.*)?$/;
const MERGED_SOURCE = /^(.+)\/(?:DET|CORR|CAL)\/APPEND(?:_RAW|_CORRECTED)?$/;

/** The detector that a source name belongs to (`SPB_DET_AGIPD1M-1`), or null. */
export function detectorOfSource(source: string): string | null {
  return (MODULE_SOURCE.exec(source) ?? MERGED_SOURCE.exec(source))?.[1] ?? null;
}

/** What a train misses before its detector can be processed, or null. Names the detector once it is known. */
export function firstMissingDetector(sources: ReadonlyMap<string, TrainSource>): string | null {
  for (const [name, source] of sources) {
    if (detectorOfSource(name) && source.data.has('image.data')) return null;
  }
  return 'no detector data';
}

/**
 * Finds the detector in a train: one merged source (modules on one axis) or a source per module.
 * Layouts: merged raw (frames, 2, module, ss, fs), merged (frames, module, ss, fs); per module raw (frames, 2, ss, fs) and
 * (frames, ss, fs).
 * @throws SkipTrain with the reason: no detector, a layout that does not fit, modules of different length
 */
export function findDetectorInput(train: Train, layout: ModuleLayout): DetectorInput {
  const merged = [...train.sources].find(([name, source]) => MERGED_SOURCE.test(name) && source.data.has('image.data'));
  if (merged) return fromMerged(merged[0], merged[1], layout);
  const modules = [...train.sources].filter(
    ([name, source]) => MODULE_SOURCE.test(name) && source.data.has('image.data'),
  );
  if (modules.length > 0) return fromModules(modules, layout);
  throw skip('no detector data', 'no source of this train has image.data of a detector');
}

function fromMerged(name: string, source: TrainSource, layout: ModuleLayout): DetectorInput {
  const array = imageData(name, source);
  const { shape } = array;
  const hasGain = shape.length === 5;
  const expected = hasGain
    ? [shape[0], 2, layout.modules, layout.slowScan, layout.fastScan]
    : [shape[0], layout.modules, layout.slowScan, layout.fastScan];
  checkShape(name, shape, expected);
  if (shape[0] === 0) throw skip('no frames', `${name} has no frame in this train`);
  const plane = layout.slowScan * layout.fastScan;
  const stack = plane * layout.modules;
  const present = source.data.get('modulesPresent');
  const modules: ModuleFrames[] = [];
  for (let module = 0; module < layout.modules; module++) {
    if (!isPresent(present, module)) continue;
    const base = module * plane;
    modules.push({
      module,
      array,
      base,
      gainBase: hasGain ? base + stack : -1,
      frameStride: hasGain ? 2 * stack : stack,
    });
  }
  return { kind: kindOf(name, array, hasGain), frames: shape[0], cellIds: cellIdsOf(source, shape[0]), modules };
}

function fromModules(sources: readonly (readonly [string, TrainSource])[], layout: ModuleLayout): DetectorInput {
  const plane = layout.slowScan * layout.fastScan;
  const modules: ModuleFrames[] = [];
  let first: { kind: DetectorInput['kind']; frames: number; cellIds: Uint16Array } | null = null;
  for (const [name, source] of sources) {
    const array = imageData(name, source);
    const { shape } = array;
    if (shape[0] === 0) continue;
    const hasGain = shape.length === 4;
    checkShape(
      name,
      shape,
      hasGain ? [shape[0], 2, layout.slowScan, layout.fastScan] : [shape[0], layout.slowScan, layout.fastScan],
    );
    const module = Number(MODULE_SOURCE.exec(name)?.[2]);
    if (module >= layout.modules)
      throw skip('unknown module', `${name}: the detector has modules 0 to ${layout.modules - 1}`);
    const kind = kindOf(name, array, hasGain);
    first ??= { kind, frames: shape[0], cellIds: cellIdsOf(source, shape[0]) };
    if (first.frames !== shape[0] || first.kind !== kind) {
      throw skip('modules differ', `${name} has ${shape[0]} ${kind} frames, others ${first.frames} ${first.kind}`);
    }
    modules.push({ module, array, base: 0, gainBase: hasGain ? plane : -1, frameStride: hasGain ? 2 * plane : plane });
  }
  if (!first) throw skip('no frames', 'every module of this train is empty');
  return { ...first, modules: modules.sort((a, b) => a.module - b.module) };
}

function imageData(name: string, source: TrainSource): NdArray {
  const array = source.data.get('image.data');
  if (!isNdArray(array)) throw skip('no detector data', `${name} image.data is not an array`);
  return array;
}

function kindOf(name: string, array: NdArray, hasGain: boolean): DetectorInput['kind'] {
  if (array.dtype === 'uint16') return hasGain ? 'raw' : 'analogue';
  if (array.dtype === 'float32' && !hasGain) return 'corrected';
  throw skip('wrong dtype', `${name} image.data is ${array.dtype}; uint16 (raw) or float32 (corrected) can be shown`);
}

function checkShape(name: string, got: readonly number[], expected: readonly number[]): void {
  if (got.length === expected.length && got.every((n, i) => n === expected[i])) return;
  const isOnline = got.length === 4 && got[1] === expected.at(-1) && got[2] === expected.at(-2);
  const advice = isOnline
    ? 'the online order (module, fs, ss, pulse) is not read here: let the bridge send file-like data'
    : 'is it another detector?';
  throw skip('wrong shape', `${name} image.data has shape [${got}], expected [${expected}]; ${advice}`);
}

function isPresent(present: TrainValue | undefined, module: number): boolean {
  if (Array.isArray(present)) return present[module] !== false;
  if (isNdArray(present)) return Boolean(present.data[module]);
  return true;
}

function cellIdsOf(source: TrainSource, frames: number): Uint16Array {
  const value = source.data.get('image.cellId');
  // Without cell ids the frames are taken in order of the memory, as the DAQ does by default.
  if (!isNdArray(value) || value.data.length < frames) return Uint16Array.from({ length: frames }, (_, i) => i);
  return Uint16Array.from({ length: frames }, (_, i) => Number(value.data[i]));
}

function skip(reason: string, text: string): SkipTrain {
  return new SkipTrain(`Train left out: ${text}.`, { reason });
}
