import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { listRecordings, type RecordingListing } from './bridge-recording/open-recording.ts';
import { freeBytesOf } from './live-recorder.ts';

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
}

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
  };
}
