import { statSync } from 'node:fs';
import { chmod, readdir, readFile, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { RunNotFound } from '../../core/errors.ts';
import type { FileEntry, FileStore } from '../../data/file-store.ts';
import { writeAside } from './write-aside.ts';

/** A look that takes longer, ms, is one at a file system over the network. */
const QUICK_MS = 0.1;
/** So many looks go side by side before one is timed again. */
const LOOKS_BEFORE_RETRY = 500;

/**
 * Hundreds of files are looked at when a run is opened. On a local disk a look takes microseconds, less than a promise of it
 * costs; over a network many must be on their way at a time.
 */
class StatPace {
  #average = 0;
  #waited = 0;

  get isQuick(): boolean {
    if (this.#average < QUICK_MS) return true;
    if (++this.#waited < LOOKS_BEFORE_RETRY) return false;
    this.#waited = 0;
    this.#average = 0;
    return true;
  }

  timed<T>(look: () => T): T {
    const start = performance.now();
    try {
      return look();
    } finally {
      this.#average = 0.7 * this.#average + 0.3 * (performance.now() - start);
    }
  }
}
const pace = new StatPace();

/** Files of the local machine (or of whatever is mounted on it). */
export const nodeFileStore: FileStore = {
  async list(folder) {
    let entries: import('node:fs').Dirent[];
    try {
      entries = await readdir(folder, { withFileTypes: true });
    } catch (error) {
      throw new RunNotFound(
        `Cannot list folder ${folder}: ${fileErrorReason(error)}.`,
        { path: folder },
        { cause: error },
      );
    }
    return entries.map((entry) => entry.name).sort();
  },

  async entry(path): Promise<FileEntry | null> {
    try {
      const found = pace.isQuick
        ? pace.timed(() => statSync(path, { bigint: true }))
        : await stat(path, { bigint: true });
      return {
        isFolder: found.isDirectory(),
        size: Number(found.size),
        modifiedAt: Number(found.mtimeNs) / 1e6,
        modifiedNs: found.mtimeNs,
      };
    } catch {
      return null;
    }
  },

  join,

  async realPath(path) {
    return realpath(path).catch(() => path);
  },

  async readText(path) {
    return readFile(path, 'utf8').catch(() => null);
  },

  async writeText(path, text, mode) {
    try {
      await writeAside(path, [text]);
      if (mode !== undefined) await chmod(path, mode);
      return true;
    } catch (error) {
      if (NOT_WRITABLE.has((error as { code?: string }).code ?? '')) return false;
      throw error;
    }
  },
};

/** Reasons not to write that concern the place, not the program. */
const NOT_WRITABLE = new Set(['EACCES', 'EPERM', 'EROFS', 'ENOENT', 'ENOTDIR', 'EEXIST', 'ENOSPC', 'EDQUOT']);

/** Why the system refused, in words. */
export function fileErrorReason(error: unknown): string {
  const code = (error as { code?: string }).code;
  const known: Readonly<Record<string, string>> = {
    ENOENT: 'no such file or folder',
    EACCES: 'permission denied. Ask its owner, or the main proposer, to let you read it',
    ENOTDIR: 'not a folder',
    EISDIR: 'it is a folder',
  };
  return (code && known[code]) ?? (error instanceof Error ? error.message : String(error));
}
