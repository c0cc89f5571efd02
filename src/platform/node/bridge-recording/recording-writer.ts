import { randomBytes } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { FileUnreadable } from '../../../core/errors.ts';
import {
  encodeFileHeader,
  encodeIndexEntry,
  encodeRecordHead,
  paddingAfter,
  type RecordFacts,
  segmentName,
} from '../../../formats/bridge-recording.ts';

/** Name of the index in a recording's folder. */
export const INDEX_NAME = 'index.idx';
/** A new segment begins before a message that would make the last one longer than this, bytes. */
export const DEFAULT_SEGMENT_BYTES = 4 * 2 ** 30;

/** Opens a new file for writing; tests give one that fails. */
export type OpenForWriting = (path: string) => Promise<FileHandle>;

const PADDING = new Uint8Array(8);

/**
 * Appends messages to the segments and the index of a recording. A record is written in one go, its parts straight from
 * the memory they were received in, then its entry in the index: whatever happens, what is in the folder is whole up to
 * some message.
 */
export class RecordingWriter {
  readonly dir: string;
  readonly id: bigint;
  readonly #segmentBytes: number;
  readonly #open: OpenForWriting;
  #index: FileHandle | null = null;
  #indexEnd = 0;
  #segment: FileHandle | null = null;
  #segments = 0;
  #offset = 0;
  #sequence = 0;
  #bytes = 0;
  #closings: Promise<void>[] = [];

  private constructor(dir: string, segmentBytes: number, openFile: OpenForWriting) {
    this.dir = dir;
    this.id = randomBytes(8).readBigUInt64LE();
    this.#segmentBytes = segmentBytes;
    this.#open = openFile;
  }

  /** Begins a recording in a folder that exists and is empty. @throws FileUnreadable if it cannot be written */
  static async create(
    dir: string,
    segmentBytes = DEFAULT_SEGMENT_BYTES,
    openFile: OpenForWriting = (path) => open(path, 'wx'),
  ): Promise<RecordingWriter> {
    const writer = new RecordingWriter(dir, segmentBytes, openFile);
    const path = join(dir, INDEX_NAME);
    try {
      writer.#index = await openFile(path);
      const header = encodeFileHeader('index', writer.id, 0, crc32);
      await writeAll(writer.#index, [header], 0);
      writer.#indexEnd = header.length;
    } catch (error) {
      await writer.#index?.close();
      throw cannotWrite(path, error);
    }
    return writer;
  }

  /** Messages written. */
  get messages(): number {
    return this.#sequence;
  }

  /** Bytes of all segments so far. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Segments begun. */
  get segments(): number {
    return this.#segments;
  }

  /** Bytes that a message takes in a segment. */
  static recordBytes(parts: readonly Uint8Array[]): number {
    const body = bodyBytes(parts);
    return 72 + 8 * parts.length + body + paddingAfter(body);
  }

  /** The checksum of a message, for {@link append}. */
  static checksumOf(parts: readonly Uint8Array[]): number {
    return parts.reduce((crc, part) => crc32(part, crc), 0);
  }

  /**
   * Writes one message; call it again only when this has come back.
   * @param bodyCrc the message's {@link checksumOf}: who has several messages makes it while another one is written
   * @throws FileUnreadable if the disk is full or broken: the message is taken back, all before it stay
   */
  async append(
    parts: readonly Uint8Array[],
    facts: Omit<RecordFacts, 'sequence'>,
    bodyCrc = RecordingWriter.checksumOf(parts),
  ): Promise<void> {
    const index = this.#index;
    if (!index) throw new FileUnreadable(`The recording ${this.dir} was closed already.`, { path: this.dir });
    const body = bodyBytes(parts);
    const record = { ...facts, sequence: this.#sequence };
    const head = encodeRecordHead(
      record,
      parts.map((part) => part.length),
      bodyCrc,
      crc32,
    );
    const recordBytes = head.length + body + paddingAfter(body);
    if (!this.#segment || (this.#offset + recordBytes > this.#segmentBytes && this.#offset > 64))
      await this.#nextSegment();
    const segment = this.#segment as unknown as FileHandle;
    const offset = this.#offset;
    try {
      await writeAll(segment, [head, ...parts, PADDING.subarray(0, paddingAfter(body))], offset);
    } catch (error) {
      // What was written of it is no message: readers would warn of it.
      await segment.truncate(offset).catch(() => undefined);
      throw cannotWrite(join(this.dir, segmentName(this.#segments - 1)), error);
    }
    this.#offset += recordBytes;
    this.#bytes += recordBytes;
    this.#sequence++;
    const entry = encodeIndexEntry(
      { ...record, segment: this.#segments - 1, offset, headBytes: head.length, recordBytes },
      crc32,
    );
    try {
      await writeAll(index, [entry], this.#indexEnd);
    } catch (error) {
      // The message itself is there, and found without the index.
      await index.truncate(this.#indexEnd).catch(() => undefined);
      throw cannotWrite(join(this.dir, INDEX_NAME), error);
    }
    this.#indexEnd += entry.length;
  }

  async #nextSegment(): Promise<void> {
    this.#closeSegment();
    const path = join(this.dir, segmentName(this.#segments));
    try {
      this.#segment = await this.#open(path);
      this.#segments++;
      const header = encodeFileHeader('segment', this.id, this.#segments - 1, crc32);
      await writeAll(this.#segment, [header], 0);
      this.#offset = header.length;
      this.#bytes += header.length;
    } catch (error) {
      throw cannotWrite(path, error);
    }
  }

  /** The system writes the last of a finished segment while the next one is filled. */
  #closeSegment(): void {
    const segment = this.#segment;
    this.#segment = null;
    if (segment) this.#closings.push(segment.sync().finally(() => segment.close()));
  }

  /** Everything is on the disk after this. Closing twice is harmless. @throws FileUnreadable */
  async close(): Promise<void> {
    const index = this.#index;
    if (!index) return;
    this.#index = null;
    this.#closeSegment();
    try {
      const results = await Promise.allSettled([...this.#closings, index.sync().finally(() => index.close())]);
      for (const result of results) if (result.status === 'rejected') throw result.reason;
    } catch (error) {
      throw cannotWrite(this.dir, error);
    }
  }
}

function bodyBytes(parts: readonly Uint8Array[]): number {
  return parts.reduce((sum, part) => sum + part.length, 0);
}

/** Writes buffers one after the other, whatever the system takes at a time. */
async function writeAll(file: FileHandle, buffers: readonly Uint8Array[], position: number): Promise<void> {
  let left = buffers.filter((buffer) => buffer.length > 0);
  let at = position;
  while (left.length > 0) {
    const { bytesWritten } = await file.writev(left, at);
    if (bytesWritten === 0) throw Object.assign(new Error('nothing was written'), { code: 'ENOSPC' });
    at += bytesWritten;
    let done = bytesWritten;
    let first = 0;
    while (first < left.length && done >= left[first].length) done -= left[first++].length;
    left = left.slice(first);
    if (done > 0) left[0] = left[0].subarray(done);
  }
}

function cannotWrite(path: string, cause: unknown): FileUnreadable {
  const code = (cause as { code?: string }).code ?? '';
  const reasons: Readonly<Record<string, string>> = {
    ENOSPC: 'the disk is full',
    EDQUOT: 'your quota of the disk is used up',
    EFBIG: 'files may not be that long here',
    EACCES: 'permission denied',
    EROFS: 'the disk is read-only',
    EEXIST: 'it is there already',
  };
  const reason = reasons[code] ?? (cause instanceof Error ? cause.message : String(cause));
  return new FileUnreadable(`${path} cannot be written: ${reason}.`, { path }, { cause });
}
