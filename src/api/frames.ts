import { type DType, isDType, itemSizeOf, viewBytes } from '../core/dtype.ts';
import { FormatInvalid } from '../core/errors.ts';
import { bytesOf, elementCount, type NdArray } from '../core/ndarray.ts';

/*
 * Wire format of one binary frame (docs/adr/0004-binary-frames.md), all little-endian:
 *   0  4  magic "HUTF"
 *   4  2  version (1)
 *   6  2  reserved, 0
 *   8  4  header length H in bytes
 *  12  H  header, UTF-8 JSON: { kind, meta, arrays: [{ name, dtype, shape, offset }] }
 *  ..     zero padding to a multiple of 8; `offset` counts from here, each array starts at a multiple of 8
 */
const MAGIC = 0x46545548;
const VERSION = 1;
const PREFIX = 12;
/** No header is longer than this; a longer one is hostile. */
const MAX_HEADER = 4 << 20;

/** A decoded binary frame: named arrays, and small facts about them. */
export interface Frame<Meta = unknown> {
  readonly kind: string;
  readonly meta: Meta;
  readonly arrays: ReadonlyMap<string, NdArray>;
}

interface ArrayEntry {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly offset: number;
}

const align8 = (n: number) => (n + 7) & ~7;

/**
 * Packs named numeric arrays and a JSON value into one message.
 * @throws TypeError for text arrays
 */
export function encodeFrame(
  kind: string,
  meta: unknown,
  arrays: Iterable<readonly [string, NdArray]>,
): Uint8Array<ArrayBuffer> {
  const entries: ArrayEntry[] = [];
  const chunks: Uint8Array[] = [];
  let offset = 0;
  for (const [name, array] of arrays) {
    const bytes = bytesOf(array);
    entries.push({ name, dtype: array.dtype, shape: array.shape, offset });
    chunks.push(bytes);
    offset = align8(offset + bytes.byteLength);
  }
  const header = new TextEncoder().encode(JSON.stringify({ kind, meta, arrays: entries }));
  const base = align8(PREFIX + header.byteLength);
  const message = new Uint8Array(base + offset);
  const view = new DataView(message.buffer);
  view.setUint32(0, MAGIC, true);
  view.setUint16(4, VERSION, true);
  view.setUint32(8, header.byteLength, true);
  message.set(header, PREFIX);
  for (let i = 0; i < entries.length; i++) message.set(chunks[i], base + entries[i].offset);
  return message;
}

/**
 * Reads a message of {@link encodeFrame}; arrays are views on `buffer`.
 * @throws FormatInvalid if it is not such a message, or an array lies outside of it
 */
export function decodeFrame<Meta = unknown>(buffer: ArrayBuffer): Frame<Meta> {
  const fail = (why: string, at: number) =>
    new FormatInvalid(
      `Binary frame of ${buffer.byteLength} bytes: ${why} (byte ${at}). Reload the page: its version may differ from the server's.`,
      { offset: at },
    );
  if (buffer.byteLength < PREFIX) throw fail('shorter than its prefix', 0);
  const view = new DataView(buffer);
  if (view.getUint32(0, true) !== MAGIC) throw fail('no HUTF magic', 0);
  if (view.getUint16(4, true) !== VERSION)
    throw fail(`version ${view.getUint16(4, true)}, this page reads ${VERSION}`, 4);
  const headerLength = view.getUint32(8, true);
  if (headerLength > MAX_HEADER || PREFIX + headerLength > buffer.byteLength)
    throw fail(`header of ${headerLength} bytes`, 8);
  let header: { kind: string; meta: Meta; arrays: ArrayEntry[] };
  try {
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(new Uint8Array(buffer, PREFIX, headerLength)));
  } catch (cause) {
    throw new FormatInvalid(`Binary frame: header is not JSON (byte ${PREFIX}).`, { offset: PREFIX }, { cause });
  }
  const base = align8(PREFIX + headerLength);
  const arrays = new Map<string, NdArray>();
  for (const { name, dtype, shape, offset } of header.arrays) {
    if (!isDType(dtype) || dtype === 'string') throw fail(`array "${name}" of type ${dtype}`, PREFIX);
    const count = elementCount(shape);
    const size = count * itemSizeOf(dtype);
    if (!Number.isSafeInteger(size) || size < 0 || offset % 8 !== 0 || base + offset + size > buffer.byteLength) {
      throw fail(`array "${name}" of shape [${shape}] does not fit`, base + offset);
    }
    arrays.set(name, { dtype, shape, data: viewBytes(dtype, buffer, base + offset, count) });
  }
  return { kind: header.kind, meta: header.meta, arrays };
}
