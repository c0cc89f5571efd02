import { FileUnreadable } from '../../core/errors.ts';
import type { FileEntry, FileStore } from '../../data/file-store.ts';
import type { Hdf5Opener } from '../../formats/hdf5.ts';
import type { RandomBytes } from '../../formats/hdf5-reader/random-bytes.ts';
import { ReaderHdf5File } from '../../formats/hdf5-reader/reader-file.ts';
import { BlobBytes } from './blob-bytes.ts';
import { HttpBytes } from './http-bytes.ts';
import { browserDecoders } from './inflate.ts';

/** A file by its path below what was dropped: the file itself, or its address on a web server. */
export type DroppedFile =
  | { readonly path: string; readonly file: Blob }
  | { readonly path: string; readonly url: string };

/** The ports of opening runs, over files that were dropped on a page or lie on a web server. */
export function droppedFilePorts(dropped: readonly DroppedFile[]): { files: FileStore; hdf5: Hdf5Opener } {
  const byPath = new Map(dropped.map((entry) => [entry.path, entry]));
  const openBytes = (path: string): RandomBytes | null => {
    const entry = byPath.get(path);
    if (!entry) return null;
    return 'url' in entry
      ? new HttpBytes(entry.url)
      : new BlobBytes(path, entry.file, (name) => openBytes(besideOf(path, name)));
  };
  const files: FileStore = {
    async list(folder) {
      const prefix = folder === '' ? '' : `${folder}/`;
      const names = [...byPath.keys()]
        .filter((path) => path.startsWith(prefix))
        .map((path) => path.slice(prefix.length));
      return [...new Set(names.map((name) => name.split('/')[0]))].sort();
    },
    async entry(path): Promise<FileEntry | null> {
      const entry = byPath.get(path);
      if (entry) {
        const isFile = 'file' in entry && entry.file instanceof File;
        return fileEntry('file' in entry ? entry.file.size : 0, isFile ? (entry.file as File).lastModified : 0);
      }
      const isFolder = path === '' || [...byPath.keys()].some((name) => name.startsWith(`${path}/`));
      return isFolder ? { ...fileEntry(0, 0), isFolder: true } : null;
    },
    realPath: async (path) => path,
    async readText(path) {
      const entry = byPath.get(path);
      if (!entry) return null;
      return 'file' in entry
        ? entry.file.text()
        : fetch(entry.url).then((answer) => (answer.ok ? answer.text() : null));
    },
    writeText: async () => false, // what was dropped is only read
    join: (...parts) => parts.filter((part) => part !== '').join('/'),
  };
  const hdf5: Hdf5Opener = {
    async open(path) {
      const bytes = openBytes(path);
      if (!bytes) throw new FileUnreadable(`There is no file ${path} among those that were dropped.`, { path });
      return new ReaderHdf5File(bytes, browserDecoders);
    },
  };
  return { files, hdf5 };
}

function fileEntry(size: number, modifiedAt: number): FileEntry {
  return { isFolder: false, size, modifiedAt, modifiedNs: BigInt(modifiedAt) * 1_000_000n };
}

/** Path of a file named beside another one: `..` and `.` are resolved. */
function besideOf(path: string, name: string): string {
  const parts = path.split('/').slice(0, -1);
  for (const part of name.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '.' && part !== '') parts.push(part);
  }
  return parts.join('/');
}
