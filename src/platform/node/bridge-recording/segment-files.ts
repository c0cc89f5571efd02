import { type FileHandle, open, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { FileUnreadable, FormatInvalid, isXfelError } from '../../../core/errors.ts';
import {
  decodeFileHeader,
  decodeIndexEntry,
  decodeRecordHead,
  FILE_HEADER_BYTES,
  headBytesOf,
  INDEX_ENTRY_BYTES,
  type IndexEntry,
  isSegmentName,
  RECORD_FIXED_BYTES,
  type RecordHead,
  segmentName,
} from '../../../formats/bridge-recording.ts';
import { INDEX_NAME } from './recording-writer.ts';

interface Segment {
  readonly path: string;
  readonly file: FileHandle;
  readonly size: number;
}

/** The segments of a recording, open for reading, and where each whole message is. */
export class SegmentFiles {
  readonly dir: string;
  readonly entries: IndexEntry[] = [];
  readonly warnings: string[] = [];
  /** By number; one that is not there or broken leaves a hole. */
  readonly #segments = new Map<number, Segment>();
  /** Segments that were missed, and told. */
  readonly #missed = new Set<number>();
  #id: bigint | null = null;
  /** Sequence number that the next message should have. */
  #sequence = 0;

  private constructor(dir: string) {
    this.dir = dir;
  }

  /**
   * Opens the segments, takes what the index knows, and looks for messages behind it.
   * @throws FormatInvalid if the first segment is none, FileUnreadable
   */
  static async open(dir: string): Promise<SegmentFiles> {
    const files = new SegmentFiles(dir);
    try {
      await files.#openSegments();
      await files.#readIndex();
      await files.#findMore();
    } catch (error) {
      await files.close();
      throw error;
    }
    return files;
  }

  async close(): Promise<void> {
    for (const { file } of this.#segments.values()) await file.close();
    this.#segments.clear();
  }

  /** Parts of a message, read in one go and checked. @throws FormatInvalid if it is damaged, FileUnreadable */
  async readParts(entry: IndexEntry): Promise<Uint8Array[]> {
    const segment = this.#segments.get(entry.segment);
    if (!segment)
      throw new FileUnreadable(`${join(this.dir, segmentName(entry.segment))} is not open.`, { path: this.dir });
    const head = await this.#headAt(segment, entry.offset);
    if (entry.offset + head.recordBytes > segment.size)
      throw new FormatInvalid(`${segment.path}: the message at byte ${entry.offset} is cut.`, {
        path: segment.path,
        offset: entry.offset,
      });
    // Each part gets memory of its own, as from a socket: views of any element type are possible on it.
    const parts = head.partBytes.map((length) => new Uint8Array(length));
    await readInto(segment, parts, entry.offset + head.headBytes);
    let crc = 0;
    for (const part of parts) crc = crc32(part, crc);
    if (crc !== head.bodyCrc)
      throw new FormatInvalid(
        `${segment.path}: message ${entry.sequence} at byte ${entry.offset} is damaged (checksum). The messages before and after it can be read.`,
        { path: segment.path, offset: entry.offset, index: entry.sequence },
      );
    return parts;
  }

  async #openSegments(): Promise<void> {
    const names = await readdir(this.dir).catch((cause: Error) => {
      throw new FileUnreadable(`${this.dir} cannot be read (${cause.message}).`, { path: this.dir }, { cause });
    });
    let next = 0;
    const numbers = names.filter(isSegmentName).map((name) => Number.parseInt(name, 10));
    for (const number of numbers.sort((a, b) => a - b)) {
      this.#miss(next, number);
      next = number + 1;
      const path = join(this.dir, segmentName(number));
      let file: FileHandle;
      try {
        file = await open(path, 'r');
      } catch (cause) {
        throw new FileUnreadable(`${path} cannot be read (${(cause as Error).message}).`, { path }, { cause });
      }
      const segment = { path, file, size: (await file.stat()).size };
      try {
        const header = await readAt(segment, 0, Math.min(FILE_HEADER_BYTES, segment.size));
        const { id, number: own } = decodeFileHeader('segment', header, path, crc32);
        this.#id ??= id;
        if (own !== number) throw new FormatInvalid(`${path} is segment ${own}: it was renamed.`, { path, offset: 12 });
        if (id !== this.#id) throw new FormatInvalid(`${path} is of another recording.`, { path, offset: 16 });
      } catch (error) {
        await file.close();
        // A recorder that was killed just when it began a segment leaves a cut header.
        if (number === 0 && segment.size >= FILE_HEADER_BYTES) throw error;
        if (!isXfelError(error)) throw error;
        this.warnings.push(`${error.message} It is left out.`);
        this.#missed.add(number);
        continue;
      }
      this.#segments.set(number, segment);
    }
  }

  /** Tells of segments that are not there, once of each. */
  #miss(start: number, stop: number): void {
    if (start >= stop || this.#missed.has(start)) return;
    for (let number = start; number < stop; number++) this.#missed.add(number);
    const [first, last] = [segmentName(start), segmentName(stop - 1)];
    const which = first === last ? `${first} is` : `${first} to ${last} are`;
    this.warnings.push(`${this.dir}: ${which} not there; the messages in the other segments are read.`);
  }

  async #readIndex(): Promise<void> {
    const path = join(this.dir, INDEX_NAME);
    const bytes = await readFile(path).catch(() => null);
    if (bytes === null) {
      this.warnings.push(`${path} is not there: the messages are looked for one by one.`);
      return;
    }
    try {
      const { id } = decodeFileHeader('index', bytes, path, crc32);
      if (this.#id !== null && id !== this.#id)
        throw new FormatInvalid(`${path} is of another recording.`, { path, offset: 16 });
    } catch (error) {
      if (!isXfelError(error)) throw error;
      this.warnings.push(`${error.message} The messages are looked for one by one.`);
      return;
    }
    let [segment, offset] = [0, FILE_HEADER_BYTES];
    const sizeOf = (number: number) => this.#segments.get(number)?.size ?? Number.POSITIVE_INFINITY;
    for (let at = FILE_HEADER_BYTES; at < bytes.length; at += INDEX_ENTRY_BYTES) {
      const entry = decodeIndexEntry(bytes, at, crc32);
      if (entry && entry.segment === segment + 1) [segment, offset] = [entry.segment, FILE_HEADER_BYTES];
      const isNext =
        entry !== null &&
        entry.sequence === this.#sequence &&
        entry.segment === segment &&
        entry.offset === offset &&
        entry.offset + entry.recordBytes <= sizeOf(segment);
      if (!isNext) {
        const why = entry ? 'does not go with the segments' : 'is cut or damaged';
        this.warnings.push(`${path}: entry ${this.#sequence} ${why}; what follows is looked for one by one.`);
        return;
      }
      if (this.#segments.has(segment)) this.entries.push(entry);
      else this.#miss(segment, segment + 1);
      offset += entry.recordBytes;
      this.#sequence++;
    }
  }

  /** Messages that the index does not know: the recorder was killed, or the index is lost. Each is read and checked. */
  async #findMore(): Promise<void> {
    const last = this.entries[this.entries.length - 1];
    for (const [number, segment] of this.#segments) {
      if (last && number < last.segment) continue;
      let offset = last?.segment === number ? last.offset + last.recordBytes : FILE_HEADER_BYTES;
      while (offset < segment.size) {
        try {
          const entry = await this.#entryAt(segment, number, offset);
          await this.readParts(entry);
          this.entries.push(entry);
          offset += entry.recordBytes;
          this.#sequence = entry.sequence + 1;
        } catch (error) {
          if (!isXfelError(error)) throw error;
          const rest = segment.size - offset;
          this.warnings.push(
            `${segment.path}: the last ${rest} bytes are no whole message and are left out (${error.message})`,
          );
          break;
        }
      }
    }
  }

  async #entryAt(segment: Segment, number: number, offset: number): Promise<IndexEntry> {
    const head = await this.#headAt(segment, offset);
    // What is before a segment may be lost.
    const isNext = head.sequence === this.#sequence || (offset === FILE_HEADER_BYTES && head.sequence > this.#sequence);
    if (offset + head.recordBytes > segment.size || !isNext)
      throw new FormatInvalid(`${segment.path}: the message at byte ${offset} is cut or out of order.`, {
        path: segment.path,
        offset,
      });
    return { ...head, segment: number, offset };
  }

  async #headAt(segment: Segment, offset: number): Promise<RecordHead> {
    const { path, size } = segment;
    const fixed = await readAt(segment, offset, Math.min(RECORD_FIXED_BYTES, size - offset));
    const headBytes = headBytesOf(fixed, path, offset);
    const bytes = await readAt(segment, offset, Math.min(headBytes, size - offset));
    return decodeRecordHead(bytes, path, offset, crc32);
  }
}

async function readAt(segment: Segment, offset: number, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  await readInto(segment, [bytes], offset);
  return bytes;
}

/** Fills buffers one after the other, whatever the system gives at a time. */
async function readInto({ file, path }: Segment, buffers: readonly Uint8Array[], position: number): Promise<void> {
  let left = buffers.filter((buffer) => buffer.length > 0);
  let at = position;
  while (left.length > 0) {
    const { bytesRead } = await file.readv(left, at);
    if (bytesRead === 0) throw new FormatInvalid(`${path} ends at byte ${at}, too early.`, { path, offset: at });
    at += bytesRead;
    let done = bytesRead;
    let first = 0;
    while (first < left.length && done >= left[first].length) done -= left[first++].length;
    left = left.slice(first);
    if (done > 0) left[0] = left[0].subarray(done);
  }
}
