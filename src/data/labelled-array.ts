import { allocate, type DType, type DTypeStorage, decodeFloat16, lanesOf } from '../core/dtype.ts';
import { SelectionInvalid, ShapeMismatch } from '../core/errors.ts';
import { elementCount, type NdArray } from '../core/ndarray.ts';

/** Positions along an axis: train ids, pixel numbers, times, names. */
export type Coordinate = ArrayLike<number> | ArrayLike<bigint> | readonly string[];

/** An array that knows the names of its axes and what lies along them. It is an {@link NdArray} too. */
export interface LabelledArray<D extends DType = DType> extends NdArray<D> {
  readonly name: string;
  /** Names of the axes, as many as the shape has. */
  readonly dims: readonly string[];
  /** Coordinates by axis name; an axis need not have any. */
  readonly coords: ReadonlyMap<string, Coordinate>;
  /** Facts such as `units`. */
  readonly attributes: ReadonlyMap<string, string>;
}

/** A mask over trains: `true` keeps a train. It may cover only some trains of a run; the others are not kept. */
export type TrainMask = LabelledArray<'bool'>;

/**
 * Puts labels on an array.
 * @throws ShapeMismatch if `dims` or a coordinate does not fit the shape
 */
export function labelled<D extends DType>(
  array: NdArray<D>,
  labels: {
    readonly name: string;
    readonly dims: readonly string[];
    readonly coords?: ReadonlyMap<string, Coordinate>;
    readonly attributes?: ReadonlyMap<string, string>;
  },
): LabelledArray<D> {
  const { name, dims, coords = new Map<string, Coordinate>(), attributes = new Map<string, string>() } = labels;
  if (dims.length !== array.shape.length) {
    throw new ShapeMismatch(`${name} has ${array.shape.length} axes of shape [${array.shape}], got names [${dims}].`, {
      expected: array.shape.length,
      got: dims,
    });
  }
  for (const [dim, coordinate] of coords) {
    const axis = dims.indexOf(dim);
    if (axis >= 0 && coordinate.length !== array.shape[axis]) {
      throw new ShapeMismatch(
        `Axis "${dim}" of ${name} has length ${array.shape[axis]}, its labels ${coordinate.length}.`,
        {
          expected: array.shape[axis],
          got: coordinate.length,
        },
      );
    }
  }
  return { ...array, name, dims, coords, attributes };
}

/** Length of a named axis. @throws SelectionInvalid if there is no such axis */
export function dimLength(array: LabelledArray, dim: string): number {
  return array.shape[axisOf(array, dim)];
}

function axisOf(array: LabelledArray, dim: string): number {
  const axis = array.dims.indexOf(dim);
  if (axis >= 0) return axis;
  throw new SelectionInvalid(`${array.name} has no axis "${dim}"; it has ${array.dims.join(', ')}.`, { dim });
}

/**
 * Positions along one axis, in the given order; the coordinates of that axis follow.
 * @throws SelectionInvalid for an unknown axis or a position outside it
 */
export function selectPositions<D extends DType>(
  array: LabelledArray<D>,
  dim: string,
  positions: readonly number[],
): LabelledArray<D> {
  const axis = axisOf(array, dim);
  const length = array.shape[axis];
  for (const position of positions) {
    if (Number.isInteger(position) && position >= 0 && position < length) continue;
    throw new SelectionInvalid(`Position ${position} is outside axis "${dim}" of length ${length}.`, { dim, position });
  }
  const shape = array.shape.map((n, i) => (i === axis ? positions.length : n));
  const inner = elementCount(array.shape.slice(axis + 1)) * lanesOf(array.dtype);
  const outer = elementCount(array.shape.slice(0, axis));
  const from = array.data as unknown as ArrayLike<number>;
  const data = allocate(array.dtype, elementCount(shape));
  const to = data as unknown as number[];
  let at = 0;
  for (let block = 0; block < outer; block++) {
    for (const position of positions) {
      const start = (block * length + position) * inner;
      for (let i = 0; i < inner; i++) to[at++] = from[start + i];
    }
  }
  const coords = new Map([...array.coords].map(([name, c]) => [name, name === dim ? pick(c, positions) : c]));
  return { ...array, shape, data: data as DTypeStorage[D], coords };
}

function pick(coordinate: Coordinate, positions: readonly number[]): Coordinate {
  return positions.map((position) => coordinate[position]) as unknown as Coordinate;
}

/**
 * Where numbers fulfil a condition, with the same labels: for `run.selectTrains(whereTrue(position, (x) => x > 3))`.
 * @param condition gets 64-bit integers as numbers, too
 * @throws SelectionInvalid for text (see {@link whereText}) and complex numbers
 */
export function whereTrue(array: LabelledArray, condition: (value: number) => boolean): LabelledArray<'bool'> {
  if (lanesOf(array.dtype) > 1 || array.dtype === 'string')
    throw new SelectionInvalid(`${array.name} is ${array.dtype}: only real numbers can be compared here.`);
  const toNumber = array.dtype === 'float16' ? (bits: number | bigint) => decodeFloat16(Number(bits)) : Number;
  const values = array.data as ArrayLike<number | bigint>;
  return { ...array, dtype: 'bool', data: Uint8Array.from(values, (value) => (condition(toNumber(value)) ? 1 : 0)) };
}

/** Where texts fulfil a condition, with the same labels. @throws SelectionInvalid for anything but text */
export function whereText(array: LabelledArray, condition: (text: string) => boolean): LabelledArray<'bool'> {
  if (array.dtype !== 'string') throw new SelectionInvalid(`${array.name} is ${array.dtype}, not text.`);
  return {
    ...array,
    dtype: 'bool',
    data: Uint8Array.from(array.data as string[], (text) => (condition(text) ? 1 : 0)),
  };
}

/** Whether a value is a {@link LabelledArray}. */
export function isLabelledArray(value: unknown): value is LabelledArray {
  return typeof value === 'object' && value !== null && 'dims' in value && 'coords' in value && 'data' in value;
}
