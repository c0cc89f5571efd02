import { allocate, type DType, type NumericStorage } from '../core/dtype.ts';
import { FormatInvalid, Unsupported } from '../core/errors.ts';
import { bytesOf, elementCount, type NdArray, ndarray } from '../core/ndarray.ts';

/** Types of elements, by the words that files say for them (without regard to case). */
const TYPES: Readonly<Record<string, DType>> = {
  unsignedbyte: 'uint8',
  signedbyte: 'int8',
  unsignedshort: 'uint16',
  signedshort: 'int16',
  unsignedinteger: 'uint32',
  unsignedlong: 'uint32',
  signedinteger: 'int32',
  signedlong: 'int32',
  unsigned64: 'uint64',
  signed64: 'int64',
  float: 'float32',
  floatvalue: 'float32',
  real: 'float32',
  double: 'float64',
  doublevalue: 'float64',
};
/** The word that every reader knows. */
const WORDS: Readonly<Partial<Record<string, string>>> = {
  uint8: 'UnsignedByte',
  int8: 'SignedByte',
  uint16: 'UnsignedShort',
  int16: 'SignedShort',
  uint32: 'UnsignedInteger',
  int32: 'SignedInteger',
  uint64: 'Unsigned64',
  int64: 'Signed64',
  float32: 'FloatValue',
  float64: 'DoubleValue',
};
/** Headers are filled up to a multiple of this. */
const BLOCK = 512;
/** A header of more is none, bytes. */
const MAX_HEADER = 2 ** 20;

/**
 * A picture as an ESRF data file: header and data, to be written one after the other (the data are not copied).
 * @param image (row, column) in C order, of a plain numeric type; a record of more axes is written with its leading axes joined
 * @param title a line about it
 * @throws Unsupported for another type, or without two axes
 * @source ESRF data format, as fabio and pyFAI write it: keys in braces, filled up with spaces, then the numbers; Dim_1 is the
 * axis that runs fastest
 */
export function encodeEdf(image: NdArray, title = ''): readonly [header: Uint8Array, data: Uint8Array] {
  const word = WORDS[image.dtype];
  if (!word || image.shape.length < 2)
    throw new Unsupported(`An EDF file holds a picture of plain numbers, not ${image.dtype} [${image.shape}].`, {
      dtype: image.dtype,
      shape: image.shape,
    });
  const columns = image.shape[image.shape.length - 1];
  const rows = elementCount(image.shape.slice(0, -1));
  const data = bytesOf(image);
  const keys = {
    EDF_DataBlockID: '0.Image.Psd',
    HeaderID: 'EH:000001:000000:000000',
    Image: '1',
    ByteOrder: 'LowByteFirst',
    DataType: word,
    Dim_1: String(columns),
    Dim_2: String(rows),
    Size: String(data.byteLength),
    ...(title ? { Title: title.replace(/[^\x20-\x7e]|[{};]/g, ' ') } : {}),
  };
  const text = `{\n${Object.entries(keys)
    .map(([key, value]) => `${key} = ${value} ;\n`)
    .join('')}`;
  const length = Math.ceil((text.length + 2) / BLOCK) * BLOCK;
  return [new TextEncoder().encode(`${text.padEnd(length - 2)}}\n`), data];
}

/**
 * Reads the first picture of an ESRF data file.
 * @param name for messages @returns (row, column)
 * @throws FormatInvalid if it is none or is cut off; Unsupported if it is compressed or has more than two axes
 */
export function decodeEdf(bytes: Uint8Array, name = 'data'): NdArray {
  const fail = (reason: string) =>
    new FormatInvalid(`${name} is not an EDF file that can be read: ${reason}.`, { path: name });
  const head = bytes.subarray(0, MAX_HEADER);
  const open = head.indexOf(0x7b);
  if (open < 0 || !/^\s*$/.test(new TextDecoder('latin1').decode(head.subarray(0, open))))
    throw fail('it does not begin with "{"');
  let close = head.indexOf(0x7d, open);
  // A brace within a value does not end the header: the one that does is the last byte of its line.
  while (close >= 0 && head[close + 1] !== 0x0a && !(head[close + 1] === 0x0d && head[close + 2] === 0x0a))
    close = head.indexOf(0x7d, close + 1);
  if (close < 0) throw fail('its header has no end');
  const start = close + (head[close + 1] === 0x0d ? 3 : 2);
  const keys = new Map<string, string>();
  for (const line of new TextDecoder('latin1').decode(head.subarray(open + 1, close)).split(/;|\n/)) {
    const match = /^\s*([^=]+?)\s*=\s*(.*?)\s*$/.exec(line);
    if (match) keys.set(match[1].toLowerCase(), match[2]);
  }
  const compression = keys.get('compression') ?? 'none';
  if (!/^(none|no|)$/i.test(compression))
    throw new Unsupported(`${name} is compressed (${compression}); save it without compression.`, { path: name });
  const type = keys.get('datatype') ?? '';
  const dtype = TYPES[type.toLowerCase()];
  if (!dtype) throw fail(`its DataType is "${type}"`);
  const [columns, rows, more] = ['dim_1', 'dim_2', 'dim_3'].map((key) => Number(keys.get(key) ?? 1));
  if (!(Number.isSafeInteger(columns * rows) && columns > 0 && rows > 0))
    throw fail(`Dim_1 = ${keys.get('dim_1')}, Dim_2 = ${keys.get('dim_2')}`);
  if (more !== 1) throw new Unsupported(`${name} has three axes; a picture has two.`, { path: name });
  const order = keys.get('byteorder') ?? 'LowByteFirst';
  if (!/^(low|high)bytefirst$/i.test(order)) throw fail(`its ByteOrder is "${order}"`);
  const itemSize = allocate(dtype, 0) as NumericStorage;
  const wanted = columns * rows * itemSize.BYTES_PER_ELEMENT;
  if (start + wanted > bytes.length) throw fail(`it is cut off: ${bytes.length - start} bytes of ${wanted}`);
  const data = allocate(dtype, columns * rows) as NumericStorage;
  const target = new Uint8Array(data.buffer);
  target.set(bytes.subarray(start, start + wanted));
  if (/^high/i.test(order))
    for (let i = 0; i < target.length; i += data.BYTES_PER_ELEMENT)
      target.subarray(i, i + data.BYTES_PER_ELEMENT).reverse();
  return ndarray(dtype, [rows, columns], data);
}
