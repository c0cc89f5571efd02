/** What a folder listing or a look-up tells of a file. */
export interface FileEntry {
  readonly isFolder: boolean;
  readonly size: number;
  /** ms since the epoch */
  readonly modifiedAt: number;
  /** The same, exactly: ns since the epoch. */
  readonly modifiedNs: bigint;
}

/** Port: names, sizes and small texts of files, wherever they lie. */
export interface FileStore {
  /** Names in a folder, sorted. @throws RunNotFound if it cannot be listed */
  list(folder: string): Promise<readonly string[]>;
  /** The file or folder at a path, or null if there is none. */
  entry(path: string): Promise<FileEntry | null>;
  join(...parts: string[]): string;
  /** The path without links; the path itself where there is nothing. */
  realPath(path: string): Promise<string>;
  /** A small text file, or null if it is not there or may not be read. */
  readText(path: string): Promise<string | null>;
  /**
   * Writes a small text file, never half of it.
   * @param mode permission bits of the file; default the system's
   * @returns false if it may not be written there
   */
  writeText(path: string, text: string, mode?: number): Promise<boolean>;
}
