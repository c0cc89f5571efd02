import type { Cursor } from './cursor.ts';

/** Shape of a dataset or attribute. */
export interface Dataspace {
  /** Empty for one value; null where there is no value at all. */
  readonly shape: readonly number[] | null;
  /** Largest shape; null where an axis is unlimited. */
  readonly maxShape: readonly (number | null)[];
}

/** HDF5's own limit. */
const LARGEST_RANK = 32;

/** Reads a dataspace message. @throws FormatInvalid. @source HDF5 File Format Specification 3.0, IV.A.2.b */
export function readDataspace(cursor: Cursor): Dataspace {
  const version = cursor.version('a dataspace', 1, 2);
  const rank = cursor.u8();
  const flags = cursor.u8();
  const kind = version === 2 ? cursor.u8() : 1;
  if (version === 1) cursor.skip(5);
  if (kind === 2) return { shape: null, maxShape: [] };
  if (rank > LARGEST_RANK) throw cursor.damaged(`${rank} axes`);
  const shape: number[] = [];
  let total = 1;
  for (let axis = 0; axis < rank; axis++) {
    const length = cursor.length();
    shape.push(length);
    total *= length;
  }
  if (total > Number.MAX_SAFE_INTEGER) throw cursor.damaged(`a shape of [${shape}] elements`);
  if ((flags & 1) === 0) return { shape, maxShape: shape };
  const maxShape: (number | null)[] = [];
  for (let axis = 0; axis < rank; axis++) maxShape.push(cursor.limit());
  return { shape, maxShape };
}
