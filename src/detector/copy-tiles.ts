import type { DType, NumericStorage } from '../core/dtype.ts';
import { decodeFloat16 } from '../core/dtype.ts';
import { DtypeMismatch } from '../core/errors.ts';
import { TILE_FIELDS, type TileTable } from '../kernels/kernels.ts';

/** The element types that can be assembled. */
export type AssembledDType = Exclude<DType, 'string' | 'complex64' | 'complex128'>;

interface Limits {
  readonly kind: 'bool' | 'signed' | 'unsigned' | 'float';
  readonly bits: number;
}

const LIMITS: Readonly<Record<AssembledDType, Limits>> = {
  bool: { kind: 'bool', bits: 1 },
  int8: { kind: 'signed', bits: 8 },
  int16: { kind: 'signed', bits: 16 },
  int32: { kind: 'signed', bits: 32 },
  int64: { kind: 'signed', bits: 64 },
  uint8: { kind: 'unsigned', bits: 8 },
  uint16: { kind: 'unsigned', bits: 16 },
  uint32: { kind: 'unsigned', bits: 32 },
  uint64: { kind: 'unsigned', bits: 64 },
  float16: { kind: 'float', bits: 16 },
  float32: { kind: 'float', bits: 32 },
  float64: { kind: 'float', bits: 64 },
};

/** Whole numbers that a float holds exactly have this many bits; float64 takes 64-bit integers too, as numpy says. */
const FLOAT_INTEGER_BITS: Readonly<Record<number, number>> = { 16: 8, 32: 16, 64: 64 };

/** Whether every value of one type is a value of another (numpy's casting rule `safe`). */
export function isSafeCast(from: AssembledDType, to: AssembledDType): boolean {
  const [a, b] = [LIMITS[from], LIMITS[to]];
  if (from === to || a.kind === 'bool') return true;
  if (b.kind === 'bool') return false;
  if (a.kind === 'float') return b.kind === 'float' && a.bits <= b.bits;
  if (b.kind === 'float') return a.bits <= FLOAT_INTEGER_BITS[b.bits];
  if (a.kind === b.kind) return a.bits <= b.bits;
  return a.kind === 'unsigned' && a.bits < b.bits;
}

/** Copies tiles of module stacks into images, or back. */
export interface TileCopier {
  /** One tile: record `tile` of `table`; offsets are added to where the record says. */
  copy(table: TileTable, tile: number, moduleOffset: number, imageOffset: number): void;
}

/**
 * @param modules data (.., module, ss, fs) and @param image (.., y, x), each with its type
 * @returns a copier from modules to images @throws DtypeMismatch if the cast is not safe
 */
export function tileCopier(
  modules: { readonly dtype: AssembledDType; readonly data: NumericStorage },
  image: { readonly dtype: AssembledDType; readonly data: NumericStorage },
): TileCopier {
  if (!isSafeCast(modules.dtype, image.dtype)) {
    throw new DtypeMismatch(
      `Data of ${modules.dtype} cannot be assembled into ${image.dtype} without loss: give an array of ${modules.dtype} or of a larger type.`,
      { expected: modules.dtype, got: image.dtype },
    );
  }
  const [from, to] = [LIMITS[modules.dtype], LIMITS[image.dtype]];
  if (modules.dtype === image.dtype) {
    const [source, target] = [bitsOf(modules.data), bitsOf(image.data)];
    return { copy: (table, tile, m, i) => copyNumbers(source, target, table, tile, m, i) };
  }
  const source = modules.data as unknown as Numbers;
  const target = image.data as unknown as Numbers;
  if (modules.dtype === 'float16') return withConversion(source, target, decodeFloat16);
  if (image.dtype === 'float16') return withConversion(source, target, encodeSmallInteger);
  if (from.bits === 64 || to.bits === 64) {
    const isBig = (limits: Limits) => limits.bits === 64 && limits.kind !== 'float';
    if (isBig(from) !== isBig(to)) return withConversion(source, target, (isBig(to) ? BigInt : Number) as Conversion);
  }
  return { copy: (table, tile, m, i) => copyNumbers(source, target, table, tile, m, i) };
}

/** Any typed array; the types of source and target fit by then. */
type Numbers = Float64Array;
type Conversion = (value: number) => number;

/** Whole numbers up to 256 as half floats. */
function encodeSmallInteger(value: number): number {
  if (value === 0) return 0;
  const size = Math.abs(value);
  const exponent = 31 - Math.clz32(size);
  return (value < 0 ? 0x8000 : 0) | ((exponent + 15) << 10) | ((size << (10 - exponent)) & 0x3ff);
}

/** The same memory as whole numbers: bits are copied as they are. */
function bitsOf(data: NumericStorage): Numbers {
  const { buffer, byteOffset, length, BYTES_PER_ELEMENT: size } = data;
  if (size === 1) return new Uint8Array(buffer, byteOffset, length) as unknown as Numbers;
  if (size === 2) return new Uint16Array(buffer, byteOffset, length) as unknown as Numbers;
  if (size === 4) return new Uint32Array(buffer, byteOffset, length) as unknown as Numbers;
  return (data instanceof Float64Array ? data : new BigInt64Array(buffer, byteOffset, length)) as unknown as Numbers;
}

function copyNumbers(
  source: Numbers,
  target: Numbers,
  table: TileTable,
  tile: number,
  moduleOffset: number,
  imageOffset: number,
): void {
  const t = tile * TILE_FIELDS;
  const start = table[t] + moduleOffset;
  const rows = table[t + 1];
  const columns = table[t + 2];
  const sourceStride = table[t + 3];
  const first = table[t + 4] + imageOffset;
  const rowStride = table[t + 5];
  const columnStride = table[t + 6];
  if (Math.abs(rowStride) === 1) {
    // Rows of the tile run along rows of the image: written in the image's order, as a tile fits the fastest cache.
    for (let column = 0; column < columns; column++) {
      let from = start + column;
      let to = first + column * columnStride;
      for (let row = 0; row < rows; row++) {
        target[to] = source[from];
        from += sourceStride;
        to += rowStride;
      }
    }
    return;
  }
  for (let row = 0; row < rows; row++) {
    let from = start + row * sourceStride;
    let to = first + row * rowStride;
    if (columnStride === 1) {
      target.set(source.subarray(from, from + columns), to);
      continue;
    }
    for (let column = 0; column < columns; column++) {
      target[to] = source[from++];
      to += columnStride;
    }
  }
}

function withConversion(source: Numbers, target: Numbers, convert: Conversion): TileCopier {
  return {
    copy(table, tile, moduleOffset, imageOffset) {
      const [start, rows, columns, sourceStride, first, rowStride, columnStride] = table.subarray(
        tile * TILE_FIELDS,
        (tile + 1) * TILE_FIELDS,
      );
      for (let row = 0; row < rows; row++) {
        for (let column = 0; column < columns; column++)
          target[imageOffset + first + row * rowStride + column * columnStride] = convert(
            source[moduleOffset + start + row * sourceStride + column],
          );
      }
    },
  };
}
