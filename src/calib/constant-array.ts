import type { DType, DTypeStorage, NumericStorage } from '../core/dtype.ts';
import { ConstantsInvalid } from '../core/errors.ts';
import { isNdArray, type NdArray, zeros } from '../core/ndarray.ts';
import type { Hdf5File } from '../formats/hdf5.ts';

/** Axis names of constants, as their files spell them. */
export type ConstantAxis = 'cell' | 'gain' | 'threshold' | 'parameter' | 'slow_scan' | 'fast_scan';

/** The part of an HDF5 file that reading a constant needs. */
export type ConstantSource = Pick<Hdf5File, 'path' | 'kindOf' | 'attributes' | 'read'>;

/** Axes whose name differs from file to file: they are what is left when all others are found. */
const FREE_AXES: readonly ConstantAxis[] = ['threshold', 'parameter'];

/**
 * Reads one constant and brings its axes into the order asked for. The order on disk is taken from the dataset's `dims`
 * attribute; only a dataset without it is taken to be in `fallback` order.
 * @param axes axes of the result, slowest first
 * @param fallback order on disk of files without `dims`
 * @returns float32 or uint32 as `dtype` says, other integer and float types converted
 * @throws ConstantsInvalid if there is no such dataset or its axes are others
 */
export function readConstant<D extends 'float32' | 'uint32'>(
  file: ConstantSource,
  path: string,
  axes: readonly ConstantAxis[],
  fallback: readonly ConstantAxis[],
  dtype: D,
): NdArray<D> {
  if (file.kindOf(path) !== 'dataset') {
    throw new ConstantsInvalid(`${file.path} has no dataset ${path}.`, { path: file.path, dataset: path });
  }
  const stored = file.read(path);
  const order = axisOrder(file, path, stored.shape, axes, fallback);
  return permuted(stored, order, dtype);
}

/** For each axis of the result, its position on disk. */
function axisOrder(
  file: ConstantSource,
  path: string,
  shape: readonly number[],
  axes: readonly ConstantAxis[],
  fallback: readonly ConstantAxis[],
): number[] {
  const dims = file.attributes(path).get('dims');
  const names = isNdArray(dims) ? Array.from(dims.data as ArrayLike<unknown>, String) : [...fallback];
  const known: readonly string[] = axes;
  const order = axes.map((axis) =>
    FREE_AXES.includes(axis) && !names.includes(axis)
      ? names.findIndex((name) => !known.includes(name))
      : names.indexOf(axis),
  );
  const isPermutation = names.length === axes.length && new Set(order).size === axes.length && !order.includes(-1);
  if (!isPermutation || shape.length !== axes.length) {
    throw new ConstantsInvalid(
      `${file.path} ${path}: axes (${names.join(', ')}) of shape [${shape}] are not a permutation of (${axes.join(', ')}).`,
      { path: file.path, dataset: path, dims: names, shape },
    );
  }
  return order;
}

function permuted<D extends 'float32' | 'uint32'>(stored: NdArray, order: readonly number[], dtype: D): NdArray<D> {
  if (stored.dtype === 'string' || stored.data instanceof BigInt64Array || stored.data instanceof BigUint64Array) {
    throw new ConstantsInvalid(
      `Constants of type ${stored.dtype} cannot be used: numbers of up to 32 bits are needed.`,
    );
  }
  const source = stored.data as Exclude<NumericStorage, BigInt64Array | BigUint64Array>;
  const shape = order.map((axis) => stored.shape[axis]);
  const strides = stored.shape.map((_, axis) => stored.shape.slice(axis + 1).reduce((a, b) => a * b, 1));
  const steps = order.map((axis) => strides[axis]);
  const result = zeros(dtype as DType, shape) as NdArray<D>;
  const target = result.data as DTypeStorage['float32'] | DTypeStorage['uint32'];
  const index = new Array<number>(shape.length).fill(0);
  const last = shape.length - 1;
  const width = shape[last];
  let from = 0;
  for (let to = 0; to < target.length; to += width) {
    for (let i = 0; i < width; i++) target[to + i] = source[from + i * steps[last]];
    for (let axis = last - 1; axis >= 0; axis--) {
      from += steps[axis];
      if (++index[axis] < shape[axis]) break;
      from -= steps[axis] * shape[axis];
      index[axis] = 0;
    }
  }
  return result;
}
