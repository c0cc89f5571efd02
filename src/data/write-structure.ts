import type { TaskOptions } from '../core/cancel.ts';
import type { Hdf5File } from '../formats/hdf5.ts';
import { createHdf5 } from '../formats/hdf5-writer.ts';
import { copyTree, type SkippedObject } from './copy-objects.ts';
import type { WriteTarget } from './write-target.ts';

/** Which values a copy of a file's structure keeps besides METADATA and INDEX. */
export interface StructureOptions extends TaskOptions {
  /** Default false. */
  readonly hasControlValues?: boolean;
  /** Default false. */
  readonly hasRunValues?: boolean;
}

/**
 * Copies a file without the values of its instruments (and devices): groups, datasets with their shapes, types and storage,
 * attributes and links. Such copies are small, and show programs what a run looks like.
 * @returns what could not be copied
 * @source EXtra-data 1.24 copy.py
 */
export async function writeStructure(
  file: Hdf5File,
  target: WriteTarget,
  options: StructureOptions = {},
): Promise<SkippedObject[]> {
  const skipped: SkippedObject[] = [];
  const empty = [
    '/INSTRUMENT/',
    ...(options.hasControlValues ? [] : ['/CONTROL/']),
    ...(options.hasRunValues ? [] : ['/RUN/']),
  ];
  await createHdf5(target.creator, target.path, (writer) =>
    copyTree(file, '/', writer, {
      signal: options.signal,
      hasValues: (path) => !empty.some((section) => path.startsWith(section)),
      onSkip: (one) => skipped.push(one),
    }),
  );
  return skipped;
}
