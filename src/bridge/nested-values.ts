import { decodeFloat16, isFloatDType, lanesOf } from '../core/dtype.ts';
import type { NdArray } from '../core/ndarray.ts';
import type { TrainValue } from '../core/train.ts';

/**
 * An array as plain values, for a place that has no arrays: lists in lists as its shape says, a 0-d array as its one value.
 * Integers become bigint, floats number, complex numbers pairs (real, imaginary).
 */
export function nestedValues({ dtype, shape, data }: NdArray): TrainValue {
  const element = (i: number): TrainValue => {
    if (lanesOf(dtype) === 2) return [data[2 * i] as number, data[2 * i + 1] as number];
    const value = data[i];
    if (typeof value === 'string' || typeof value === 'bigint') return value;
    if (dtype === 'bool') return value !== 0;
    if (dtype === 'float16') return decodeFloat16(value);
    return isFloatDType(dtype) ? value : BigInt(value);
  };
  const count = data.length / lanesOf(dtype);
  const nested = (start: number, end: number, axis: number): TrainValue => {
    if (axis === shape.length) return element(start);
    // Also a shape such as [1e15, 0] has no elements.
    if (start === end) return [];
    const step = (end - start) / shape[axis];
    return Array.from({ length: shape[axis] }, (_, i) => nested(start + i * step, start + (i + 1) * step, axis + 1));
  };
  return nested(0, count, 0);
}
