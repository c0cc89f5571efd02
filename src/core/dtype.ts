/**
 * Element types, by numpy's names. `string` is variable-length text, held in a plain array.
 * `float16` is held as its 16 bits (Uint16Array) because Node 20 has no Float16Array; see {@link decodeFloat16}.
 * `bool` is one byte, 0 or 1. `complex64` and `complex128` are interleaved (real, imaginary) pairs.
 */
export type DType =
  | 'int8'
  | 'int16'
  | 'int32'
  | 'int64'
  | 'uint8'
  | 'uint16'
  | 'uint32'
  | 'uint64'
  | 'float16'
  | 'float32'
  | 'float64'
  | 'bool'
  | 'complex64'
  | 'complex128'
  | 'string';

/** The storage of each {@link DType}. */
export interface DTypeStorage {
  int8: Int8Array;
  int16: Int16Array;
  int32: Int32Array;
  int64: BigInt64Array;
  uint8: Uint8Array;
  uint16: Uint16Array;
  uint32: Uint32Array;
  uint64: BigUint64Array;
  float16: Uint16Array;
  float32: Float32Array;
  float64: Float64Array;
  bool: Uint8Array;
  complex64: Float32Array;
  complex128: Float64Array;
  string: string[];
}

/** Every typed array that an NdArray may hold. */
export type NumericStorage = Exclude<DTypeStorage[DType], string[]>;

interface Entry {
  /** Bytes of one element; 0 for text. */
  readonly itemSize: number;
  /** Typed-array elements that make one array element (2 for complex). */
  readonly lanes: number;
  /** numpy's type string for little-endian data, such as `<f4`. */
  readonly typeString: string;
  readonly storage: {
    new (length: number): NumericStorage;
    new (buffer: ArrayBufferLike, byteOffset?: number, length?: number): NumericStorage;
    BYTES_PER_ELEMENT: number;
  } | null;
}

const TABLE: Readonly<Record<DType, Entry>> = {
  int8: { itemSize: 1, lanes: 1, typeString: '|i1', storage: Int8Array },
  int16: { itemSize: 2, lanes: 1, typeString: '<i2', storage: Int16Array },
  int32: { itemSize: 4, lanes: 1, typeString: '<i4', storage: Int32Array },
  int64: { itemSize: 8, lanes: 1, typeString: '<i8', storage: BigInt64Array },
  uint8: { itemSize: 1, lanes: 1, typeString: '|u1', storage: Uint8Array },
  uint16: { itemSize: 2, lanes: 1, typeString: '<u2', storage: Uint16Array },
  uint32: { itemSize: 4, lanes: 1, typeString: '<u4', storage: Uint32Array },
  uint64: { itemSize: 8, lanes: 1, typeString: '<u8', storage: BigUint64Array },
  float16: { itemSize: 2, lanes: 1, typeString: '<f2', storage: Uint16Array },
  float32: { itemSize: 4, lanes: 1, typeString: '<f4', storage: Float32Array },
  float64: { itemSize: 8, lanes: 1, typeString: '<f8', storage: Float64Array },
  bool: { itemSize: 1, lanes: 1, typeString: '|b1', storage: Uint8Array },
  complex64: { itemSize: 8, lanes: 2, typeString: '<c8', storage: Float32Array },
  complex128: { itemSize: 16, lanes: 2, typeString: '<c16', storage: Float64Array },
  string: { itemSize: 0, lanes: 1, typeString: '|O', storage: null },
};

const BY_TYPE_STRING = new Map((Object.keys(TABLE) as DType[]).map((d) => [TABLE[d].typeString.slice(1), d]));

/** Whether `name` is one of our element types. */
export function isDType(name: string): name is DType {
  return Object.hasOwn(TABLE, name);
}

/** Bytes of one element in memory and in files; 0 for `string`. */
export function itemSizeOf(dtype: DType): number {
  return TABLE[dtype].itemSize;
}

/** Typed-array elements per array element: 2 for complex, else 1. */
export function lanesOf(dtype: DType): number {
  return TABLE[dtype].lanes;
}

/** numpy's little-endian type string: `float32` -> `<f4`. */
export function typeStringOf(dtype: DType): string {
  return TABLE[dtype].typeString;
}

/** The element type of a numpy type string of any byte order (`<f4`, `>u2`, `|b1`), or undefined if we have none. */
export function dtypeOfTypeString(typeString: string): DType | undefined {
  return BY_TYPE_STRING.get(typeString.replace(/^[<>|=]/, ''));
}

/** New zeroed storage for `count` elements ('' for text). */
export function allocate<D extends DType>(dtype: D, count: number): DTypeStorage[D] {
  const { storage, lanes } = TABLE[dtype];
  return (storage ? new storage(count * lanes) : new Array<string>(count).fill('')) as DTypeStorage[D];
}

/**
 * Storage that views existing bytes, without a copy.
 * @param byteOffset must be a multiple of the storage's element size; copy the bytes first if it is not.
 */
export function viewBytes<D extends Exclude<DType, 'string'>>(
  dtype: D,
  buffer: ArrayBufferLike,
  byteOffset: number,
  count: number,
): DTypeStorage[D] {
  const { storage, lanes } = TABLE[dtype];
  if (!storage) throw new TypeError('text has no byte view');
  return new storage(buffer, byteOffset, count * lanes) as DTypeStorage[D];
}

/** Whether elements are stored as bigint (`int64`, `uint64`). */
export function isBigIntDType(dtype: DType): boolean {
  return dtype === 'int64' || dtype === 'uint64';
}

/** Whether elements can be NaN (plain floats only). */
export function isFloatDType(dtype: DType): boolean {
  return dtype === 'float16' || dtype === 'float32' || dtype === 'float64';
}

/** The number of an IEEE 754 half-precision bit pattern. @source IEEE 754-2019, binary16 */
export function decodeFloat16(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
