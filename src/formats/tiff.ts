import { allocate, type DType, type NumericStorage } from '../core/dtype.ts';
import { FormatInvalid, Unsupported } from '../core/errors.ts';
import { bytesOf, elementCount, type NdArray, ndarray } from '../core/ndarray.ts';
import { TIFF_PACKINGS, unpackStrip } from './tiff-strips.ts';

/** Tags that are read and written. @source TIFF 6.0 */
const TAG = {
  width: 256,
  height: 257,
  bits: 258,
  packing: 259,
  colours: 262,
  stripOffsets: 273,
  samples: 277,
  rowsPerStrip: 278,
  stripBytes: 279,
  predictor: 317,
  tileWidth: 322,
  sampleFormat: 339,
} as const;

/** Sample formats: unsigned, signed, float. */
const KINDS = ['uint', 'int', 'float'] as const;
/** Bytes of the field types 1 to 4: byte, text, short, long. */
const FIELD_BYTES = [0, 1, 1, 2, 4];
/** Values of one field, and pixels of a picture, at most. */
const MAX_VALUES = 2 ** 20;
const MAX_PIXELS = 2 ** 26;
/** Grey levels, 0 = black. */
const BLACK_IS_ZERO = 1;
/** Bytes before the directory's place in a file that is written. */
const HEADER_BYTES = 8;

/**
 * A picture as a baseline TIFF: one uncompressed strip of grey levels, as Dioptas' mask files and pictures are read.
 * @param image (row, column) in C order, integers or floats of 8 to 64 bits; leading axes are joined; row 0 is at the top
 * @returns header and data, to be written one after the other (the data are not copied)
 * @throws Unsupported for another type, or more than 4 GB
 * @source TIFF 6.0, sections 2 to 4 and 19 (sample formats)
 */
export function encodeTiff(image: NdArray): readonly [header: Uint8Array, data: Uint8Array] {
  const match = /^(uint|int|float)(8|16|32|64)$/.exec(image.dtype);
  if (!match || image.shape.length < 2)
    throw new Unsupported(`A TIFF holds a picture of plain numbers, not ${image.dtype} [${image.shape}].`, {
      dtype: image.dtype,
      shape: image.shape,
    });
  const data = bytesOf(image);
  const width = image.shape[image.shape.length - 1];
  const height = elementCount(image.shape.slice(0, -1));
  const entries: readonly (readonly [tag: number, value: number])[] = [
    [TAG.width, width],
    [TAG.height, height],
    [TAG.bits, Number(match[2])],
    [TAG.packing, TIFF_PACKINGS.none],
    [TAG.colours, BLACK_IS_ZERO],
    [TAG.stripOffsets, 0],
    [TAG.samples, 1],
    [TAG.rowsPerStrip, height],
    [TAG.stripBytes, data.byteLength],
    [TAG.sampleFormat, 1 + KINDS.indexOf(match[1] as (typeof KINDS)[number])],
  ];
  // Pixels begin at a multiple of 16, so that they can be mapped into memory.
  const length = Math.ceil((HEADER_BYTES + 2 + 12 * entries.length + 4) / 16) * 16;
  if (length + data.byteLength > 0xffff_ffff)
    throw new Unsupported('A TIFF ends at 4 GB; save the picture as .npy.', { bytes: data.byteLength });
  const header = new Uint8Array(length);
  const view = new DataView(header.buffer);
  header.set([0x49, 0x49]);
  view.setUint16(2, 42, true);
  view.setUint32(4, HEADER_BYTES, true);
  view.setUint16(HEADER_BYTES, entries.length, true);
  for (const [i, [tag, value]] of entries.entries()) {
    const at = HEADER_BYTES + 2 + 12 * i;
    view.setUint16(at, tag, true);
    // Shorts of a baseline file stay shorts: some readers insist.
    const isLong = value > 0xffff || tag === TAG.stripOffsets || tag === TAG.stripBytes;
    view.setUint16(at + 2, isLong ? 4 : 3, true);
    view.setUint32(at + 4, 1, true);
    const stored = tag === TAG.stripOffsets ? length : value;
    if (isLong) view.setUint32(at + 8, stored, true);
    else view.setUint16(at + 8, stored, true);
  }
  return [header, data];
}

/**
 * Reads the first picture of a TIFF: grey levels of 1, 8, 16, 32 or 64 bits in strips, plain or packed (PackBits, LZW, zlib).
 * @param name for messages @returns (row, column), row 0 at the top of the file; one bit a pixel becomes uint8, 1 = white
 * @throws FormatInvalid if it is none or is cut off; Unsupported for colours, tiles and other packings
 * @source TIFF 6.0
 */
export async function decodeTiff(bytes: Uint8Array, name = 'data'): Promise<NdArray> {
  const fail = (reason: string) =>
    new FormatInvalid(`${name} is not a TIFF that can be read: ${reason}.`, { path: name });
  const refuse = (what: string) =>
    new Unsupported(`${name} has ${what}; save it as one plain picture of grey levels.`, { path: name });
  const { isLittle, fields } = readDirectory(bytes, fail);
  const one = (tag: number, otherwise: number) => fields.get(tag)?.[0] ?? otherwise;
  const [width, height, bits] = [one(TAG.width, 0), one(TAG.height, 0), one(TAG.bits, 1)];
  const [packing, predictor] = [one(TAG.packing, TIFF_PACKINGS.none), one(TAG.predictor, 1)];
  if (!(width > 0 && height > 0 && width * height <= MAX_PIXELS)) throw fail(`its size is ${width} x ${height}`);
  if (one(TAG.samples, 1) !== 1) throw refuse(`${one(TAG.samples, 1)} colours`);
  if (fields.has(TAG.tileWidth)) throw refuse('tiles');
  if (!(Object.values(TIFF_PACKINGS) as number[]).includes(packing)) throw refuse(`compression ${packing}`);
  const kind = KINDS[one(TAG.sampleFormat, 1) - 1];
  const dtype = bits === 1 ? 'uint8' : `${kind}${bits}`;
  if (!kind || !/^(u?int(8|16|32|64)|float(16|32|64))$/.test(dtype)) throw refuse(`pixels of ${bits} bits`);
  if (predictor !== 1 && (predictor !== 2 || kind === 'float' || bits < 8 || bits > 32))
    throw refuse(`predictor ${predictor}`);
  const [offsets, sizes] = [fields.get(TAG.stripOffsets), fields.get(TAG.stripBytes)];
  const rowsPerStrip = Math.min(height, Math.max(1, one(TAG.rowsPerStrip, height)));
  const strips = Math.ceil(height / rowsPerStrip);
  if (!offsets || offsets.length < strips) throw fail('it has no strips');
  const rowBytes = Math.ceil((width * bits) / 8);
  const raw = new Uint8Array(rowBytes * height);
  for (let strip = 0; strip < strips; strip++) {
    const length = rowBytes * Math.min(rowsPerStrip, height - strip * rowsPerStrip);
    const stored = sizes?.[strip] ?? length;
    if (offsets[strip] + stored > bytes.length) throw fail('it is cut off');
    const packed = bytes.subarray(offsets[strip], offsets[strip] + stored);
    raw.set(await unpackStrip(packed, packing, length, name), strip * rowsPerStrip * rowBytes);
  }
  if (bits === 1) return ndarray('uint8', [height, width], spreadBits(raw, width, height, one(TAG.colours, 1) === 0));
  const data = allocate(dtype as DType, width * height) as NumericStorage;
  const target = new Uint8Array(data.buffer);
  target.set(raw);
  if (!isLittle) for (let i = 0; i < target.length; i += bits / 8) target.subarray(i, i + bits / 8).reverse();
  if (predictor === 2) sumRows(data as Uint8Array, width);
  return ndarray(dtype as DType, [height, width], data);
}

/** Fields of the first directory, those of whole numbers. */
function readDirectory(
  bytes: Uint8Array,
  fail: (reason: string) => FormatInvalidError,
): { readonly isLittle: boolean; readonly fields: ReadonlyMap<number, readonly number[]> } {
  const mark = String.fromCharCode(bytes[0] ?? 0, bytes[1] ?? 0);
  if ((mark !== 'II' && mark !== 'MM') || bytes.length < 8) throw fail('no TIFF signature');
  const isLittle = mark === 'II';
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const version = view.getUint16(2, isLittle);
  if (version !== 42) throw fail(version === 43 ? 'it is a BigTIFF' : 'no TIFF signature');
  const at = view.getUint32(4, isLittle);
  if (at + 2 > bytes.length) throw fail('it is cut off');
  const count = view.getUint16(at, isLittle);
  if (at + 2 + 12 * count > bytes.length) throw fail('its directory is cut off');
  const fields = new Map<number, number[]>();
  for (let i = 0; i < count; i++) {
    const entry = at + 2 + 12 * i;
    const type = view.getUint16(entry + 2, isLittle);
    const size = FIELD_BYTES[type];
    if (!size || type === 2) continue;
    const values = view.getUint32(entry + 4, isLittle);
    if (values > MAX_VALUES) throw fail(`a field has ${values} values`);
    const from = values * size <= 4 ? entry + 8 : view.getUint32(entry + 8, isLittle);
    // Descriptions of other programs may point anywhere; what is needed and missing is told later.
    if (from + values * size > bytes.length) continue;
    fields.set(
      view.getUint16(entry, isLittle),
      Array.from({ length: values }, (_, k) => {
        const place = from + k * size;
        if (size === 1) return bytes[place];
        return size === 2 ? view.getUint16(place, isLittle) : view.getUint32(place, isLittle);
      }),
    );
  }
  return { isLittle, fields };
}

type FormatInvalidError = InstanceType<typeof FormatInvalid>;

function spreadBits(raw: Uint8Array, width: number, height: number, isWhiteZero: boolean): Uint8Array {
  const out = new Uint8Array(width * height);
  const rowBytes = Math.ceil(width / 8);
  for (let row = 0; row < height; row++)
    for (let column = 0; column < width; column++) {
      const bit = (raw[row * rowBytes + (column >> 3)] >> (7 - (column & 7))) & 1;
      out[row * width + column] = isWhiteZero ? 1 - bit : bit;
    }
  return out;
}

/** Undoes differences along rows; the arrays' own type wraps around. */
function sumRows(data: Uint8Array, width: number): void {
  for (let row = 0; row < data.length; row += width) for (let i = row + 1; i < row + width; i++) data[i] += data[i - 1];
}
