import { allocate, type DType, type DTypeStorage, itemSizeOf, lanesOf } from './dtype.ts';
import { ShapeMismatch } from './errors.ts';

/**
 * An n-dimensional array: C order, contiguous, last axis fastest; `data.length === product(shape)` (twice that for complex).
 * A shape of `[]` is one value.
 */
export interface NdArray<D extends DType = DType> {
  readonly dtype: D;
  readonly shape: readonly number[];
  readonly data: DTypeStorage[D];
}

/** Product of the axis lengths; 1 for `[]`. */
export function elementCount(shape: readonly number[]): number {
  let count = 1;
  for (const length of shape) count *= length;
  return count;
}

/**
 * Wraps storage with its shape. The array takes `data` over, without a copy.
 * @throws ShapeMismatch if the length of `data` is not the product of `shape`
 */
export function ndarray<D extends DType>(dtype: D, shape: readonly number[], data: DTypeStorage[D]): NdArray<D> {
  const expected = elementCount(shape) * lanesOf(dtype);
  if (data.length !== expected) {
    throw new ShapeMismatch(`Array of shape [${shape}] needs ${expected} elements of ${dtype}, got ${data.length}.`, {
      expected,
      got: data.length,
    });
  }
  return { dtype, shape, data };
}

/** New array of zeros ('' for text). */
export function zeros<D extends DType>(dtype: D, shape: readonly number[]): NdArray<D> {
  return { dtype, shape, data: allocate(dtype, elementCount(shape)) };
}

/** Bytes that the array's elements take; 0 for text. */
export function byteSizeOf(array: NdArray): number {
  return elementCount(array.shape) * itemSizeOf(array.dtype);
}

/**
 * Entry `index` of the first axis, as a view on the same memory.
 * @throws ShapeMismatch if `index` is not in `[0, shape[0])`
 */
export function entryView<D extends DType>(array: NdArray<D>, index: number): NdArray<D> {
  return { ...rangeView(array, index, index + 1), shape: array.shape.slice(1) };
}

/**
 * Entries `[start, stop)` of the first axis, as a view on the same memory (a copy for text).
 * @throws ShapeMismatch if the range is not inside the first axis
 */
export function rangeView<D extends DType>(array: NdArray<D>, start: number, stop: number): NdArray<D> {
  const [length, ...entryShape] = array.shape;
  if (length === undefined || start < 0 || stop > length || start > stop) {
    throw new ShapeMismatch(`Range [${start}, ${stop}) is outside the first axis of shape [${array.shape}].`, {
      expected: array.shape,
      got: [start, stop],
    });
  }
  const step = elementCount(entryShape) * lanesOf(array.dtype);
  const data = array.data as unknown as {
    subarray?(a: number, b: number): unknown;
    slice(a: number, b: number): unknown;
  };
  const part = data.subarray ? data.subarray(start * step, stop * step) : data.slice(start * step, stop * step);
  return { dtype: array.dtype, shape: [stop - start, ...entryShape], data: part as DTypeStorage[D] };
}

/** The same data under another shape of equal size. @throws ShapeMismatch if the sizes differ */
export function reshape<D extends DType>(array: NdArray<D>, shape: readonly number[]): NdArray<D> {
  return ndarray(array.dtype, shape, array.data);
}

/** The array's bytes, little-endian, C order, as a view (no copy). @throws TypeError for text */
export function bytesOf(array: NdArray): Uint8Array {
  if (array.dtype === 'string') throw new TypeError('text arrays have no byte view');
  const data = array.data as Exclude<DTypeStorage[DType], string[]>;
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

/** Whether two shapes are equal. */
export function isSameShape(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((n, i) => n === b[i]);
}

/** Whether a value is an {@link NdArray}. */
export function isNdArray(value: unknown): value is NdArray {
  return typeof value === 'object' && value !== null && 'dtype' in value && 'shape' in value && 'data' in value;
}
