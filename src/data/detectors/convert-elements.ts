import { type DType, decodeFloat16, isBigIntDType, isFloatDType, type NumericStorage } from '../../core/dtype.ts';
import { DtypeMismatch } from '../../core/errors.ts';

const RANGES: Partial<Readonly<Record<DType, readonly [min: number, max: number]>>> = {
  int8: [-(2 ** 7), 2 ** 7 - 1],
  uint8: [0, 2 ** 8 - 1],
  int16: [-(2 ** 15), 2 ** 15 - 1],
  uint16: [0, 2 ** 16 - 1],
  int32: [-(2 ** 31), 2 ** 31 - 1],
  uint32: [0, 2 ** 32 - 1],
  bool: [0, 1],
};

/**
 * A number as an array of `dtype` stores it: bigint for 64-bit integers, bits for float16.
 * @throws DtypeMismatch for NaN or infinity in integers
 */
export function storedElement(value: number, dtype: DType): number | bigint {
  if (!isFloatDType(dtype) && !Number.isFinite(value)) {
    throw new DtypeMismatch(`${value} cannot be held by ${dtype} data. Give another value, or read as float32.`, {
      expected: dtype,
      got: value,
    });
  }
  if (isBigIntDType(dtype)) return BigInt(Math.trunc(value));
  return dtype === 'float16' ? encodeFloat16(value) : value;
}

/**
 * Copies elements into another element type. Numbers beyond the range of integers become its end, as HDF5 converts them;
 * fractions are cut, NaN becomes 0.
 * @param to as long as `from`
 */
export function convertElements(from: NumericStorage, fromType: DType, to: NumericStorage, toType: DType): void {
  if (fromType === toType) {
    (to as Uint8Array).set(from as Uint8Array);
    return;
  }
  const isPlain = !isBigIntDType(fromType) && fromType !== 'float16';
  // The engine's own conversion: exact wherever the target is wider.
  if (isPlain && (toType === 'float32' || toType === 'float64')) {
    (to as Float64Array).set(from as Uint8Array);
    return;
  }
  const read = fromType === 'float16' ? (bits: number | bigint) => decodeFloat16(Number(bits)) : Number;
  const target = to as unknown as (number | bigint)[];
  if (isBigIntDType(toType)) {
    const [min, max] = toType === 'uint64' ? [0n, 2n ** 64n - 1n] : [-(2n ** 63n), 2n ** 63n - 1n];
    for (let i = 0; i < from.length; i++) {
      const element = from[i];
      const value = typeof element === 'bigint' ? element : toBigInt(read(element));
      target[i] = value < min ? min : value > max ? max : value;
    }
    return;
  }
  const [min, max] = RANGES[toType] ?? [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
  const isFloat16 = toType === 'float16';
  for (let i = 0; i < from.length; i++) {
    const value = read(from[i]);
    target[i] = isFloat16
      ? encodeFloat16(value)
      : Math.min(Math.max(Number.isNaN(value) && !isFloatDType(toType) ? 0 : value, min), max);
  }
}

function toBigInt(value: number): bigint {
  if (Number.isNaN(value)) return 0n;
  return BigInt(Math.trunc(Math.min(Math.max(value, -(2 ** 64)), 2 ** 64)));
}

const scratch = new Float32Array(1);
const scratchBits = new Uint32Array(scratch.buffer);

/** The half-precision bits nearest to a number, ties to even. @source IEEE 754-2019, binary16 */
export function encodeFloat16(value: number): number {
  scratch[0] = value;
  const bits = scratchBits[0];
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = Math.abs(value);
  if (Number.isNaN(value)) return 0x7e00;
  if (magnitude >= 65520) return sign | 0x7c00;
  // Below the smallest normal number the steps are 2^-24 wide; above, the fraction has 10 bits.
  const exponent = magnitude < 2 ** -14 ? -14 : ((bits >>> 23) & 0xff) - 127;
  const step = 2 ** (exponent - 10);
  const steps = roundToEven(magnitude / step);
  return sign | (magnitude < 2 ** -14 ? steps : ((exponent + 15) << 10) + (steps - 1024));
}

function roundToEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  return rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? floor + 1 : floor;
}
