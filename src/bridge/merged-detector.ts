import { isNdArray, isSameShape, type NdArray, ndarray } from '../core/ndarray.ts';
import type { Train, TrainSource, TrainValue } from '../core/train.ts';

const MODULE_SOURCE = /^(.+)\/(?:DET|CORR)\/(\d+)CH0(?::.*)?$/;
/** Keys with one picture a frame: these get a module axis; of the others the first module's are taken. */
const IMAGE_KEYS = ['image.data', 'image.gain', 'image.mask'];

/**
 * Joins the sources of a detector's modules to one, `<detector>/DET/APPEND`, with a module axis before the last two:
 * raw AGIPD (frames, 2, module, ss, fs). Modules that are absent, empty or of another length than the first are zeros (NaN in
 * floats), and `modulesPresent` is false for them.
 * @param modules modules of the complete detector
 * @source EXtra-data, append of detector modules when streaming files
 */
export function mergeDetector(train: Train, modules = 16): Train {
  const byDetector = new Map<string, Map<number, TrainSource>>();
  const sources = new Map<string, TrainSource>();
  for (const [name, source] of train.sources) {
    const match = MODULE_SOURCE.exec(name);
    if (!match) {
      sources.set(name, source);
      continue;
    }
    const parts = byDetector.get(match[1]) ?? new Map<number, TrainSource>();
    parts.set(Number(match[2]), source);
    byDetector.set(match[1], parts);
  }
  for (const [detector, parts] of byDetector) {
    const merged = mergeModules(`${detector}/DET/APPEND`, parts, modules);
    if (merged) sources.set(`${detector}/DET/APPEND`, merged);
  }
  return { ...train, sources };
}

function mergeModules(name: string, parts: ReadonlyMap<number, TrainSource>, modules: number): TrainSource | null {
  const ordered = [...parts]
    .filter(([module, source]) => module < modules && hasFrames(source))
    .sort(([a], [b]) => a - b);
  if (ordered.length === 0) return null;
  const image = ordered[0][1].data.get('image.data');
  // Modules that sent another number of frames than the first cannot be stacked with it.
  const withData = ordered.filter(([, source]) => isLike(source.data.get('image.data'), image));
  const [, first] = withData[0];
  const data = new Map<string, TrainValue>();
  for (const [key, value] of first.data) if (!IMAGE_KEYS.includes(key)) data.set(key, value);
  for (const key of IMAGE_KEYS) {
    const array = first.data.get(key);
    if (isNdArray(array) && array.shape.length >= 3) data.set(key, stack(array, key, withData, modules));
  }
  const present = new Set(withData.map(([module]) => module));
  data.set(
    'modulesPresent',
    Array.from({ length: modules }, (_, module) => present.has(module)),
  );
  const metadata = new Map(first.metadata);
  metadata.set('source', name);
  return { data, metadata };
}

function hasFrames(source: TrainSource): boolean {
  const array = source.data.get('image.data');
  return isNdArray(array) && array.shape.length >= 3 && array.dtype !== 'string' && array.data.length > 0;
}

function isLike(a: TrainValue | undefined, b: TrainValue | undefined): boolean {
  return isNdArray(a) && isNdArray(b) && a.dtype === b.dtype && isSameShape(a.shape, b.shape);
}

/** (.., ss, fs) of each module to (.., module, ss, fs). */
function stack(
  like: NdArray,
  key: string,
  parts: readonly (readonly [number, TrainSource])[],
  modules: number,
): NdArray {
  const [slowScan, fastScan] = like.shape.slice(-2);
  const plane = slowScan * fastScan;
  const planes = like.data.length / plane;
  const Storage = like.data.constructor as Uint16ArrayConstructor;
  const out = new Storage(planes * modules * plane);
  if (like.dtype === 'float32') (out as unknown as Float32Array).fill(Number.NaN);
  for (const [module, source] of parts) {
    const array = source.data.get(key);
    if (!isNdArray(array) || !isLike(array, like)) continue;
    const from = array.data as Uint16Array;
    for (let i = 0; i < planes; i++) out.set(from.subarray(i * plane, (i + 1) * plane), (i * modules + module) * plane);
  }
  return ndarray(like.dtype, [...like.shape.slice(0, -2), modules, slowScan, fastScan], out);
}
