/** What a folder listing or a look-up tells of a file. */
export interface FileEntry {
  readonly isFolder: boolean;
  readonly size: number;
  /** ms since the epoch */
  readonly modifiedAt: number;
}

/** Port: names and sizes of files, wherever they lie. */
export interface FileStore {
  /** Names in a folder, sorted. @throws RunNotFound if it cannot be listed */
  list(folder: string): Promise<readonly string[]>;
  /** The file or folder at a path, or null if there is none. */
  entry(path: string): Promise<FileEntry | null>;
  join(...parts: string[]): string;
}
