import { createReadStream } from 'node:fs';
import { lstat, open, readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { FileUnreadable, NoData } from '../../core/errors.ts';
import { isSegmentName, segmentName } from '../../formats/bridge-recording.ts';
import { TAR_END_BYTES, tarHeader, tarPadding } from '../../formats/tar.ts';
import { INFO_NAME } from './bridge-recording/recording-info.ts';
import { INDEX_NAME } from './bridge-recording/recording-writer.ts';

/** A recording as one file that is made while it is read. */
export interface RecordingArchive {
  /** `NAME.tar`. */
  readonly name: string;
  readonly bytes: number;
  /** Another one when any file has changed. */
  readonly tag: string;
  /** Bytes [start, stop). @throws FileUnreadable if a file got shorter meanwhile */
  read(start: number, stop: number): AsyncIterable<Uint8Array>;
}

interface Part {
  readonly bytes: number;
  read(start: number, stop: number): AsyncIterable<Uint8Array>;
}

/** A file of a recording. */
export interface RecordingFile {
  readonly name: string;
  readonly path: string;
  readonly bytes: number;
  /** ms since the epoch. */
  readonly modifiedAt: number;
}

/**
 * The files of a recording's folder, all of them, in the order of their names. Links are not followed: a folder of recordings
 * gives away nothing that lies elsewhere.
 * @throws NoData if there is no such folder or it is no recording; FileUnreadable if it holds something else
 */
export async function recordingFiles(dir: string): Promise<RecordingFile[]> {
  const folder = await lstat(dir).catch(() => null);
  if (!folder?.isDirectory())
    throw new NoData(`There is no recording ${basename(dir)}. Look at the list again.`, { path: dir });
  const names = (await readdir(dir)).sort();
  if (!names.includes(INFO_NAME) && !names.includes(segmentName(0)))
    throw new NoData(`${dir} is no recording of a bridge.`, { path: dir });
  const files: RecordingFile[] = [];
  for (const name of names) {
    const path = join(dir, name);
    const facts = await lstat(path);
    if (!facts.isFile() || !(isSegmentName(name) || name === INFO_NAME || name === INDEX_NAME))
      throw new FileUnreadable(
        `${dir} holds ${name}, which is no file of a recording. Move it elsewhere, or take the folder as it is.`,
        { path },
      );
    files.push({ name, path, bytes: facts.size, modifiedAt: facts.mtimeMs });
  }
  return files;
}

/** A recording as a tar archive with its folder. @throws as {@link recordingFiles} */
export async function openRecordingArchive(dir: string): Promise<RecordingArchive> {
  const files = await recordingFiles(dir);
  const name = basename(dir);
  const parts = files.flatMap((file): Part[] => [
    inMemory(tarHeader(`${name}/${file.name}`, file.bytes, file.modifiedAt)),
    onDisk(file),
    inMemory(new Uint8Array(tarPadding(file.bytes))),
  ]);
  parts.push(inMemory(new Uint8Array(TAR_END_BYTES)));
  return {
    name: `${name}.tar`,
    bytes: parts.reduce((sum, part) => sum + part.bytes, 0),
    tag: files.map(({ bytes, modifiedAt }) => `${bytes.toString(36)}-${Math.floor(modifiedAt).toString(36)}`).join('.'),
    async *read(start, stop) {
      let at = 0;
      for (const part of parts) {
        const [from, to] = [Math.max(start - at, 0), Math.min(stop - at, part.bytes)];
        if (from < to) yield* part.read(from, to);
        at += part.bytes;
      }
    },
  };
}

function inMemory(bytes: Uint8Array): Part {
  return {
    bytes: bytes.length,
    async *read(start, stop) {
      yield bytes.subarray(start, stop);
    },
  };
}

function onDisk({ path, bytes }: RecordingFile): Part {
  return {
    bytes,
    async *read(start, stop) {
      const file = await open(path).catch((cause) => {
        throw new FileUnreadable(
          `${path} cannot be read (${(cause as NodeJS.ErrnoException).code}).`,
          { path },
          { cause },
        );
      });
      let left = stop - start;
      // The stream closes the file, also when nobody wants the rest.
      for await (const chunk of createReadStream(path, { fd: file, start, end: stop - 1, highWaterMark: 1 << 20 })) {
        left -= (chunk as Uint8Array).length;
        yield chunk as Uint8Array;
      }
      if (left > 0) throw new FileUnreadable(`${path} got shorter while it was read.`, { path });
    },
  };
}
