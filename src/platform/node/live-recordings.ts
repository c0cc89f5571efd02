import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { realpath, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { FileUnreadable, StateInvalid } from '../../core/errors.ts';
import { listRecordings, type RecordingListing } from './bridge-recording/open-recording.ts';
import { readInfo } from './bridge-recording/recording-info.ts';
import { freeBytesOf } from './live-recorder.ts';
import { openRecordingArchive, type RecordingArchive, recordingFiles } from './recording-archive.ts';

/** A folder of bridge recordings. */
export interface RecordingsFolder {
  readonly folder: string;
  /** Newest first; none while the folder is not there. @throws FileUnreadable */
  list(): Promise<RecordingListing[]>;
  /** Free on its disk; null if not known. */
  freeBytes(): Promise<number | null>;
  /** Where a recording of that name is or would be. @param name no path: checked by the caller */
  pathOf(name: string): string;
  /** Where a path leads to. */
  resolve(path: string): string;
  /** The recording of that name as one file. @throws NoData, FileUnreadable */
  archive(name: string): Promise<RecordingArchive>;
  /**
   * Deletes the recording of that name, at once: what fails later leaves a hidden folder.
   * @throws NoData if there is none; FileUnreadable if its folder holds other files or may not be changed; StateInvalid while
   * another program writes it
   */
  remove(name: string): Promise<void>;
  /** Whether two paths lead to the same folder, also by links. */
  isSame(path: string, other: string): Promise<boolean>;
}

/** A recording that is not closed is taken for one that is still made for so long after its last change, ms. */
const STILL_MADE_MS = 30_000;

/** Where recordings go when nobody said: the user's data folder, as the desktop standard has it. @param env variables of the process */
export function defaultRecordingsFolder(env: Readonly<Record<string, string | undefined>>): string {
  return join(env['XDG_DATA_HOME'] || join(homedir(), '.local', 'share'), 'hutch', 'recordings');
}

/** The recordings of a folder, which is made with the first of them. */
export function openRecordingsFolder(path: string): RecordingsFolder {
  const folder = resolve(path);
  return {
    folder,
    list: async () => (existsSync(folder) ? (await listRecordings(folder)).reverse() : []),
    freeBytes() {
      let place = folder;
      while (!existsSync(place) && dirname(place) !== place) place = dirname(place);
      return freeBytesOf(place);
    },
    pathOf: (name) => join(folder, name),
    resolve,
    archive: (name) => openRecordingArchive(join(folder, name)),
    async remove(name) {
      const dir = join(folder, name);
      const files = await recordingFiles(dir);
      const info = await readInfo(dir).catch(() => null);
      const age = Date.now() - Math.max(...files.map(({ modifiedAt }) => modifiedAt));
      if (info?.isClosed !== true && age < STILL_MADE_MS)
        throw new StateInvalid(
          `"${name}" was written to ${Math.max(0, Math.round(age / 1000))} s ago and is not closed: another program seems to record it. Stop it there, or wait ${STILL_MADE_MS / 1000} s.`,
          { field: 'name' },
        );
      const hidden = join(folder, `.deleted-${name}-${randomUUID()}`);
      try {
        await rename(dir, hidden);
        await rm(hidden, { recursive: true });
      } catch (cause) {
        throw new FileUnreadable(
          `${dir} cannot be deleted (${(cause as NodeJS.ErrnoException).code}). Look at the rights of ${folder}.`,
          { path: dir },
          { cause },
        );
      }
    },
    async isSame(path, other) {
      const [one, two] = await Promise.all([path, other].map((each) => realpath(each).catch(() => resolve(each))));
      return one === two;
    },
  };
}
