import { Unsupported } from '../../core/errors.ts';
import { Cursor, type FieldSizes } from './cursor.ts';
import { type Box, readSelection } from './selection.ts';

/** A box of a virtual dataset and where its values are. */
export interface VirtualMapping {
  /** File name as written: relative to the virtual file, or `.` for the file itself. */
  readonly file: string;
  readonly dataset: string;
  readonly source: Box;
  readonly virtual: Box;
  /** For each axis of `virtual` longer than 1: the axis of `source` that runs along with it; -1 for the others. */
  readonly axes: readonly number[];
}

/** A mapping as stored: selections may be "all", which needs the source's shape. */
export interface StoredMapping {
  readonly file: string;
  readonly dataset: string;
  readonly source: readonly Box[] | null;
  readonly virtual: readonly Box[] | null;
}

const MOST_MAPPINGS = 1_000_000;

/** Reads the mappings of a virtual dataset from its heap object. @source HDF5 File Format Specification 3.0, VIII.C */
export function readMappings(file: string, bytes: Uint8Array, sizes: FieldSizes): readonly StoredMapping[] {
  const cursor = new Cursor(file, 0, bytes, sizes);
  cursor.version('a virtual dataset', 0);
  const count = cursor.length();
  if (count > MOST_MAPPINGS) throw cursor.damaged(`${count} mappings`);
  return Array.from({ length: count }, () => ({
    file: cursor.text(),
    dataset: cursor.text(),
    source: readSelection(cursor),
    virtual: readSelection(cursor),
  }));
}

/**
 * Pairs the boxes of a stored mapping.
 * @throws Unsupported if the two selections are not made of boxes alike
 */
export function pairBoxes(
  path: string,
  mapping: StoredMapping,
  virtualShape: readonly number[],
  sourceShape: readonly number[],
): readonly VirtualMapping[] {
  const whole = (shape: readonly number[]): Box[] => [{ start: shape.map(() => 0), count: shape }];
  const virtual = mapping.virtual ?? whole(virtualShape);
  const source = mapping.source ?? whole(sourceShape);
  const unlike = () =>
    new Unsupported(
      `${path}: a virtual dataset whose mapping to ${mapping.file} ${mapping.dataset} changes its shape.`,
      {
        path,
        file: mapping.file,
      },
    );
  if (virtual.length !== source.length) throw unlike();
  return virtual.flatMap((box, i) => {
    const pairs = pairBox(source[i], box);
    if (!pairs) throw unlike();
    return pairs.map((pair) => ({ file: mapping.file, dataset: mapping.dataset, ...pair }));
  });
}

type BoxPair = Pick<VirtualMapping, 'source' | 'virtual' | 'axes'>;

/**
 * Pairs two boxes whose elements correspond in C order. Where one has an axis that the other has merged with the next (the
 * memory cells of a train become frames), they are cut along it until they are alike. Null if that does not work out.
 */
function pairBox(source: Box, virtual: Box): BoxPair[] | null {
  const longSource = longAxes(source);
  const longVirtual = longAxes(virtual);
  const isAlike =
    longSource.length === longVirtual.length &&
    longSource.every((axis, k) => source.count[axis] === virtual.count[longVirtual[k]]);
  if (isAlike) {
    const axes = virtual.count.map(() => -1);
    for (const [k, axis] of longVirtual.entries()) axes[axis] = longSource[k];
    return [{ source, virtual, axes }];
  }
  if (longSource.length === longVirtual.length || longSource.length === 0 || longVirtual.length === 0) return null;
  const isSourceLonger = longSource.length > longVirtual.length;
  const parts = isSourceLonger ? source.count[longSource[0]] : virtual.count[longVirtual[0]];
  const sources = cut(source, longSource[0], parts);
  const virtuals = cut(virtual, longVirtual[0], parts);
  if (!sources || !virtuals) return null;
  const pairs: BoxPair[] = [];
  for (const [i, part] of sources.entries()) {
    const found = pairBox(part, virtuals[i]);
    if (!found) return null;
    pairs.push(...found);
  }
  return pairs;
}

function longAxes(box: Box): number[] {
  return box.count.flatMap((n, axis) => (n > 1 ? [axis] : []));
}

/** A box cut into equal parts along an axis; null if they would not be equal. */
function cut(box: Box, axis: number, parts: number): Box[] | null {
  const length = box.count[axis] / parts;
  if (!Number.isInteger(length)) return null;
  return Array.from({ length: parts }, (_, i) => ({
    start: box.start.map((n, k) => (k === axis ? n + i * length : n)),
    count: box.count.map((n, k) => (k === axis ? length : n)),
  }));
}

/** The part of two boxes that they share; null if there is none. */
export function sharedPart(a: Box, b: Box): Box | null {
  const start = a.start.map((n, axis) => Math.max(n, b.start[axis]));
  const count = start.map((n, axis) => Math.min(a.start[axis] + a.count[axis], b.start[axis] + b.count[axis]) - n);
  return count.every((n) => n > 0) ? { start, count } : null;
}

/** The box of the source that a part of a mapping's virtual box shows. */
export function sourceBox({ source, virtual, axes }: VirtualMapping, part: Box): Box {
  const start = [...source.start];
  const count = source.count.map(() => 1);
  for (const [axis, sourceAxis] of axes.entries()) {
    if (sourceAxis < 0) continue;
    start[sourceAxis] += part.start[axis] - virtual.start[axis];
    count[sourceAxis] = part.count[axis];
  }
  return { start, count };
}
