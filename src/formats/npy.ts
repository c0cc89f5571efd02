import {
  allocate,
  type DType,
  dtypeOfTypeString,
  itemSizeOf,
  type NumericStorage,
  typeStringOf,
} from '../core/dtype.ts';
import { FormatInvalid } from '../core/errors.ts';
import { bytesOf, elementCount, type NdArray, ndarray } from '../core/ndarray.ts';

const MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];

/**
 * An array as a NumPy file: header and data, to be written one after the other (the data are not copied, except text).
 * @source NumPy enhancement proposal 1, version 1.0
 */
export function encodeNpy(array: NdArray): readonly [header: Uint8Array, data: Uint8Array] {
  if (array.dtype !== 'string') return [encodeHeader(typeStringOf(array.dtype), array.shape), bytesOf(array)];
  const texts = (array.data as readonly string[]).map((text) => [...text]);
  const width = Math.max(1, ...texts.map((characters) => characters.length));
  const data = new Uint32Array(texts.length * width);
  for (const [i, characters] of texts.entries()) {
    for (const [j, character] of characters.entries()) data[i * width + j] = character.codePointAt(0) as number;
  }
  return [encodeHeader(`<U${width}`, array.shape), new Uint8Array(data.buffer)];
}

function encodeHeader(typeString: string, shape: readonly number[]): Uint8Array {
  const tuple = shape.length === 1 ? `${shape[0]},` : shape.join(', ');
  const text = `{'descr': '${typeString}', 'fortran_order': False, 'shape': (${tuple}), }`;
  // Magic, version and length take 10 bytes; data start at a multiple of 64.
  const length = Math.ceil((10 + text.length + 1) / 64) * 64 - 10;
  const header = new Uint8Array(10 + length);
  header.set([...MAGIC, 1, 0, length & 0xff, length >> 8]);
  header.set(new TextEncoder().encode(`${text.padEnd(length - 1)}\n`), 10);
  return header;
}

/**
 * Reads a NumPy file of a plain type in C order, of any byte order.
 * @param name for messages
 * @throws FormatInvalid if it is none, is cut off, or holds another type or order
 */
export function decodeNpy(bytes: Uint8Array, name = 'data'): NdArray {
  const fail = (reason: string) =>
    new FormatInvalid(`${name} is not a NumPy file that can be read: ${reason}.`, { path: name });
  if (!MAGIC.every((byte, i) => bytes[i] === byte)) throw fail('no NumPy signature');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const isLong = bytes[6] > 1;
  const start = isLong ? 12 : 10;
  if (bytes.length < start) throw fail('it is cut off');
  const end = start + (isLong ? view.getUint32(8, true) : view.getUint16(8, true));
  if (end > bytes.length) throw fail('its header is cut off');
  const header = new TextDecoder().decode(bytes.subarray(start, end));
  const typeString = header.match(/'descr':\s*'([^']+)'/)?.[1];
  const shapeText = header.match(/'shape':\s*\(([^)]*)\)/)?.[1];
  if (typeString === undefined || shapeText === undefined) throw fail('its header has no descr or shape');
  if (/'fortran_order':\s*True/.test(header)) throw fail('it is in Fortran order; save it with order "C"');
  const dtype = dtypeOfTypeString(typeString);
  if (dtype === undefined || dtype === 'string') throw fail(`elements of type ${typeString}`);
  const shape = shapeText
    .split(',')
    .filter((part) => part.trim() !== '')
    .map(Number);
  const byteLength = elementCount(shape) * itemSizeOf(dtype);
  if (end + byteLength > bytes.length) throw fail(`it is cut off: ${bytes.length - end} bytes of ${byteLength}`);
  const data = allocate(dtype, elementCount(shape)) as NumericStorage;
  const target = new Uint8Array(data.buffer);
  target.set(bytes.subarray(end, end + byteLength));
  if (typeString.startsWith('>')) swapBytes(target, data.BYTES_PER_ELEMENT);
  return ndarray<DType>(dtype, shape, data);
}

function swapBytes(bytes: Uint8Array, width: number): void {
  for (let i = 0; i < bytes.length; i += width) bytes.subarray(i, i + width).reverse();
}
