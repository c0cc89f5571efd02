import type { Hdf5Creator } from '../formats/hdf5-writer.ts';

/** Where a new file goes, and how it names the files that it refers to. */
export interface WriteTarget {
  /** Absolute. The file appears there when it is complete, and not at all if writing fails. */
  readonly path: string;
  readonly creator: Hdf5Creator;
  /** Name of another file as seen from the target's folder, parts joined by `/`: a tree that is moved whole still works. */
  relativeName(file: string): string;
}
