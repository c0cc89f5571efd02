import { StateInvalid } from '../../../core/errors.ts';
import { TAR_END_BYTES, tarHeader, tarPadding } from '../../../formats/tar.ts';

/** Where patterns are saved, one file after the other. */
export interface PatternSink {
  /** For the screen: the folder's name, `an archive`. */
  readonly name: string;
  /** A file of the same name is replaced as a whole. @throws Error in words why it is not there */
  write(name: string, text: string): Promise<void>;
}

/** What of a browser's window asks for a folder; only some browsers have it, and only on safe addresses. */
interface FolderPicker {
  showDirectoryPicker?(options: {
    readonly mode: 'readwrite';
    readonly id: string;
  }): Promise<FileSystemDirectoryHandle>;
}

/** Whether this browser gives a page a folder. */
export function hasFolders(): boolean {
  return typeof window !== 'undefined' && typeof (window as FolderPicker).showDirectoryPicker === 'function';
}

/** Asks for a folder. @returns null if the question was closed @throws Error in the browser's words if it is refused */
export async function askForFolder(): Promise<PatternSink | null> {
  let folder: FileSystemDirectoryHandle | undefined;
  try {
    folder = await (window as FolderPicker).showDirectoryPicker?.({ mode: 'readwrite', id: 'patterns' });
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') return null;
    throw error;
  }
  return folder ? folderSink(folder) : null;
}

/** Files of a folder of this computer. The browser writes each aside and puts it in its place when it is whole. */
export function folderSink(folder: FileSystemDirectoryHandle): PatternSink {
  return {
    name: folder.name || 'the folder',
    async write(name, text) {
      const file = await folder.getFileHandle(name, { create: true });
      const stream = await file.createWritable();
      try {
        await stream.write(text);
      } catch (error) {
        await stream.abort();
        throw error;
      }
      await stream.close();
    },
  };
}

/** More would fill the memory of a browser, bytes. */
const MOST_BYTES = 512 * 2 ** 20;

/** Files in memory, which become one tar archive. */
export class PatternArchive implements PatternSink {
  readonly name = 'an archive';
  readonly #files = new Map<string, { readonly bytes: Uint8Array<ArrayBuffer>; readonly at: number }>();
  readonly #most: number;
  #bytes = 0;

  /** @param most bytes of all files together */
  constructor(most = MOST_BYTES) {
    this.#most = most;
  }

  get count(): number {
    return this.#files.size;
  }

  /** @throws StateInvalid if the archive has become too large */
  async write(name: string, text: string): Promise<void> {
    const bytes = new TextEncoder().encode(text);
    const now = this.#bytes - (this.#files.get(name)?.bytes.length ?? 0) + bytes.length;
    if (now > this.#most)
      throw new StateInvalid(
        `The archive has ${this.#files.size} files, and more do not fit into the memory of a browser: download it, and start again.`,
        { field: 'archive' },
      );
    this.#bytes = now;
    this.#files.set(name, { bytes, at: Date.now() });
  }

  /** All files in a folder of the archive. @param folder ASCII */
  tar(folder: string): Blob {
    const parts: BlobPart[] = [];
    for (const [name, { bytes, at }] of this.#files)
      parts.push(
        tarHeader(`${folder}/${name}`, bytes.length, at) as Uint8Array<ArrayBuffer>,
        bytes,
        new Uint8Array(tarPadding(bytes.length)),
      );
    parts.push(new Uint8Array(TAR_END_BYTES));
    return new Blob(parts, { type: 'application/x-tar' });
  }
}
