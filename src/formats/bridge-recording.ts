import { FormatInvalid } from '../core/errors.ts';

/** CRC-32 (zlib, IEEE 802.3) of bytes; `seed` is the sum of what came before them. */
export type Crc32 = (bytes: Uint8Array, seed?: number) => number;

/** What is known of a recorded message beside its parts. */
export interface RecordFacts {
  /** Position in the recording, from 0, over all segments. */
  readonly sequence: number;
  /** As the sender wrote it, up to 2^64 - 1; 0 = none. */
  readonly trainId: bigint;
  /** When the whole message had come, µs since the epoch. */
  readonly receivedAtUs: number;
  /** Messages that the recorder could not take until then, all together. */
  readonly dropped: number;
  /** Number of the endpoint in the recording's list. */
  readonly endpoint: number;
  /** 10 = protocol 1.0, 21 = 2.0 or 2.1, 22 = 2.2; 0 = not a bridge message. */
  readonly protocol: number;
}

/** Head of a record in a segment. */
export interface RecordHead extends RecordFacts {
  readonly headBytes: number;
  /** Head, parts and padding. */
  readonly recordBytes: number;
  readonly partBytes: readonly number[];
  /** CRC-32 of all parts in order. */
  readonly bodyCrc: number;
}

/** Entry of the index: where a record is. */
export interface IndexEntry extends RecordFacts {
  readonly segment: number;
  /** Of the record's head in its segment. */
  readonly offset: number;
  readonly headBytes: number;
  readonly recordBytes: number;
}

/** Bytes of the header of a segment and of the index. */
export const FILE_HEADER_BYTES = 64;
/** Bytes of an entry of the index. */
export const INDEX_ENTRY_BYTES = 64;
/** Bytes of a record's head before its table of part lengths. */
export const RECORD_FIXED_BYTES = 64;
/** More parts than any message has: a longer table is damage. */
export const MAX_RECORDED_PARTS = 1_000_000;

const VERSION = 1;
const MAGIC = { segment: 'HUTCHREC', index: 'HUTCHIDX' } as const;
const RECORD_MAGIC = 0x3147534d; // "MSG1"
const BLOCK = 8;

/** Name of a segment's file: `000000.rec`. */
export function segmentName(segment: number): string {
  return `${String(segment).padStart(6, '0')}.rec`;
}

/** Whether a file is a segment by its name. */
export function isSegmentName(name: string): boolean {
  return /^\d{6,}\.rec$/.test(name);
}

/** First bytes of a segment or of the index. @param id of the recording, so that files of two are not mixed up */
export function encodeFileHeader(kind: 'segment' | 'index', id: bigint, number: number, crc32: Crc32): Uint8Array {
  const bytes = new Uint8Array(FILE_HEADER_BYTES);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < 8; i++) bytes[i] = MAGIC[kind].charCodeAt(i);
  view.setUint16(8, VERSION, true);
  view.setUint16(10, FILE_HEADER_BYTES, true);
  view.setUint32(12, number, true);
  view.setBigUint64(16, id, true);
  view.setUint32(60, crc32(bytes.subarray(0, 60)), true);
  return bytes;
}

/**
 * Reads the first bytes of a segment or of the index.
 * @throws FormatInvalid if they are not such, or of a newer version
 */
export function decodeFileHeader(
  kind: 'segment' | 'index',
  bytes: Uint8Array,
  path: string,
  crc32: Crc32,
): { readonly id: bigint; readonly number: number } {
  const fail = (why: string) => new FormatInvalid(`${path}: ${why}.`, { path, offset: 0 });
  if (bytes.length < FILE_HEADER_BYTES) throw fail(`the header has ${bytes.length} of ${FILE_HEADER_BYTES} bytes`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const magic = String.fromCharCode(...bytes.subarray(0, 8));
  if (magic !== MAGIC[kind]) throw fail(`no ${kind} of a bridge recording (it does not begin with ${MAGIC[kind]})`);
  if (view.getUint32(60, true) !== crc32(bytes.subarray(0, 60))) throw fail('the header is damaged (checksum)');
  const version = view.getUint16(8, true);
  if (version !== VERSION) throw fail(`version ${version} of the format; this program reads version ${VERSION}`);
  return { id: view.getBigUint64(16, true), number: view.getUint32(12, true) };
}

/** Bytes of the head of a record of so many parts. */
export function recordHeadBytes(parts: number): number {
  return RECORD_FIXED_BYTES + BLOCK * parts + BLOCK;
}

/** Zero bytes after a body, so that the next record begins at a multiple of 8. */
export function paddingAfter(bodyBytes: number): number {
  return (BLOCK - (bodyBytes % BLOCK)) % BLOCK;
}

/** The head that precedes the parts of a message. @param bodyCrc CRC-32 of all parts in order */
export function encodeRecordHead(
  facts: RecordFacts,
  partBytes: readonly number[],
  bodyCrc: number,
  crc32: Crc32,
): Uint8Array {
  const size = recordHeadBytes(partBytes.length);
  const body = partBytes.reduce((sum, length) => sum + length, 0);
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, RECORD_MAGIC, true);
  view.setUint32(4, size, true);
  view.setBigUint64(8, BigInt(size + body + paddingAfter(body)), true);
  setFacts(view, 16, facts);
  view.setUint16(48, facts.endpoint, true);
  view.setUint16(50, facts.protocol, true);
  view.setUint32(52, partBytes.length, true);
  view.setUint32(56, bodyCrc, true);
  for (const [i, length] of partBytes.entries())
    view.setBigUint64(RECORD_FIXED_BYTES + BLOCK * i, BigInt(length), true);
  view.setUint32(size - BLOCK, crc32(bytes.subarray(0, size - BLOCK)), true);
  return bytes;
}

/**
 * How long a record's head is.
 * @param fixed its first {@link RECORD_FIXED_BYTES} bytes
 * @throws FormatInvalid if this is no head
 */
export function headBytesOf(fixed: Uint8Array, path: string, offset: number): number {
  const view = new DataView(fixed.buffer, fixed.byteOffset, fixed.byteLength);
  const parts = fixed.length < RECORD_FIXED_BYTES ? 0 : view.getUint32(52, true);
  if (
    fixed.length < RECORD_FIXED_BYTES ||
    view.getUint32(0, true) !== RECORD_MAGIC ||
    parts > MAX_RECORDED_PARTS ||
    view.getUint32(4, true) !== recordHeadBytes(parts)
  )
    throw new FormatInvalid(`${path}: no message begins at byte ${offset}.`, { path, offset });
  return recordHeadBytes(parts);
}

/** Reads the head of a record. @throws FormatInvalid if it is damaged */
export function decodeRecordHead(bytes: Uint8Array, path: string, offset: number, crc32: Crc32): RecordHead {
  const size = headBytesOf(bytes, path, offset);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const damaged = (why: string) =>
    new FormatInvalid(`${path}: the message at byte ${offset} is damaged: ${why}.`, { path, offset });
  if (bytes.length < size) throw damaged(`its head has ${bytes.length} of ${size} bytes`);
  if (view.getUint32(size - BLOCK, true) !== crc32(bytes.subarray(0, size - BLOCK)))
    throw damaged('checksum of its head');
  const partBytes = Array.from({ length: view.getUint32(52, true) }, (_, i) =>
    Number(view.getBigUint64(RECORD_FIXED_BYTES + BLOCK * i, true)),
  );
  const body = partBytes.reduce((sum, length) => sum + length, 0);
  const recordBytes = Number(view.getBigUint64(8, true));
  if (recordBytes !== size + body + paddingAfter(body)) throw damaged('its lengths contradict each other');
  return {
    ...factsAt(view, 16),
    endpoint: view.getUint16(48, true),
    protocol: view.getUint16(50, true),
    headBytes: size,
    recordBytes,
    partBytes,
    bodyCrc: view.getUint32(56, true),
  };
}

/** An entry of the index, {@link INDEX_ENTRY_BYTES} bytes. */
export function encodeIndexEntry(entry: IndexEntry, crc32: Crc32): Uint8Array {
  const bytes = new Uint8Array(INDEX_ENTRY_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, entry.segment, true);
  view.setUint32(4, entry.headBytes, true);
  view.setBigUint64(8, BigInt(entry.offset), true);
  view.setBigUint64(16, BigInt(entry.recordBytes), true);
  setFacts(view, 24, entry);
  view.setUint16(56, entry.endpoint, true);
  view.setUint16(58, entry.protocol, true);
  view.setUint32(60, crc32(bytes.subarray(0, 60)), true);
  return bytes;
}

/** Reads the entry of the index that begins at `offset`, or null if it is cut or damaged. */
export function decodeIndexEntry(bytes: Uint8Array, offset: number, crc32: Crc32): IndexEntry | null {
  if (offset + INDEX_ENTRY_BYTES > bytes.length) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset + offset, INDEX_ENTRY_BYTES);
  if (view.getUint32(60, true) !== crc32(bytes.subarray(offset, offset + 60))) return null;
  return {
    segment: view.getUint32(0, true),
    headBytes: view.getUint32(4, true),
    offset: Number(view.getBigUint64(8, true)),
    recordBytes: Number(view.getBigUint64(16, true)),
    ...factsAt(view, 24),
    endpoint: view.getUint16(56, true),
    protocol: view.getUint16(58, true),
  };
}

function setFacts(view: DataView, at: number, facts: RecordFacts): void {
  view.setBigUint64(at, BigInt(facts.sequence), true);
  view.setBigUint64(at + 8, facts.trainId, true);
  view.setBigInt64(at + 16, BigInt(Math.round(facts.receivedAtUs)), true);
  view.setBigUint64(at + 24, BigInt(facts.dropped), true);
}

function factsAt(view: DataView, at: number) {
  return {
    sequence: Number(view.getBigUint64(at, true)),
    trainId: view.getBigUint64(at + 8, true),
    receivedAtUs: Number(view.getBigInt64(at + 16, true)),
    dropped: Number(view.getBigUint64(at + 24, true)),
  };
}
