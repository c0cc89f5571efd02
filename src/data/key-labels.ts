import { ShapeMismatch } from '../core/errors.ts';
import type { NdArray } from '../core/ndarray.ts';
import { type EntryRoi, keptPositions } from './entry-roi.ts';
import { type Coordinate, type LabelledArray, labelled } from './labelled-array.ts';

/** How to name the axes of a key's entries. */
export interface LabelOptions {
  readonly roi?: EntryRoi;
  /** Names of the axes behind `trainId`; they get their positions in the entry as coordinates. */
  readonly extraDims?: readonly string[];
  /** Coordinates of the axes behind `trainId`: by name, or true for the positions in the entry. */
  readonly extraCoords?: true | Readonly<Record<string, Coordinate>>;
  /** Default: source and key, without `.value`. */
  readonly name?: string;
}

/** What labels are made from. */
interface LabelSource {
  readonly source: string;
  readonly key: string;
  readonly units: string;
  readonly entryShape: readonly number[];
  trainIdCoordinates(): number[];
}

/**
 * Names the axes of entries: (trainId, ...axes of the entry).
 * @param array (entries, ...kept axes)
 * @throws ShapeMismatch if the names or coordinates do not fit
 */
export function labelEntries(array: NdArray, key: LabelSource, options: LabelOptions): LabelledArray {
  const { extraDims, extraCoords, roi } = options;
  const positions = keptPositions(roi, key.entryShape);
  const names = extraDims ?? positions.map((_, axis) => `dim_${axis}`);
  if (names.length !== positions.length) {
    throw new ShapeMismatch(`${key.source} ${key.key}: ${positions.length} axes to name, got [${names}].`, {
      expected: positions.length,
      got: names,
    });
  }
  const coords = new Map<string, Coordinate>([['trainId', key.trainIdCoordinates()]]);
  if (typeof extraCoords === 'object') for (const [dim, c] of Object.entries(extraCoords)) coords.set(dim, c);
  else if (extraDims || extraCoords) for (const [axis, dim] of names.entries()) coords.set(dim, positions[axis]);
  return labelled(array, {
    name: options.name ?? `${key.source}.${key.key.replace(/\.value$/, '')}`,
    dims: ['trainId', ...names],
    coords,
    attributes: new Map(key.units === '' ? [] : [['units', key.units]]),
  });
}
