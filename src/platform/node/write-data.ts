import { join, resolve } from 'node:path';
import type { TaskOptions } from '../../core/cancel.ts';
import type { SkippedObject } from '../../data/copy-objects.ts';
import type { CxiFillValues } from '../../data/cxi-plan.ts';
import type { MultiModule } from '../../data/detectors/multi-module.ts';
import type { Run } from '../../data/run.ts';
import { writeVirtualCxi as cxiToTarget } from '../../data/write-cxi.ts';
import type { WrittenRun } from '../../data/write-file.ts';
import { type FrameChoice, writeFrames as framesToTarget } from '../../data/write-frames.ts';
import { filesOf, sourcesOf } from '../../data/write-index.ts';
import { writeOverview as overviewToTarget } from '../../data/write-overview.ts';
import { writeRun as runToTarget, type WriteRunOptions } from '../../data/write-run.ts';
import { type StructureOptions, writeStructure as structureToTarget } from '../../data/write-structure.ts';
import { writeVirtual as virtualToTarget } from '../../data/write-virtual.ts';
import { nodeFileStore } from './file-store.ts';
import { nodeHdf5Opener } from './hdf5-open.ts';
import { nodeWriteTarget } from './write-target.ts';

/** Files that are read for a run's data; behind an overview file, those that it points at. */
function inputsOf(run: Run): string[] {
  const inputs = [...run.files];
  for (const file of filesOf(sourcesOf(run))) {
    if (!file.isOverview) continue;
    const names = file.hdf5.read('/.source_files/names').data as readonly string[];
    inputs.push(...names.map((name) => join(run.path, name)));
  }
  return inputs;
}

/** Options of everything that writes a run's file. */
type FileOptions = Omit<WriteRunOptions, 'chooseEntries'>;

/**
 * Writes the selected sources, keys and trains of a run into one file, which opens as a run.
 * @throws Usage if `path` is one of the run's files; FileUnreadable if it cannot be written: nothing is left behind then
 */
export async function writeRun(run: Run, path: string, options: FileOptions = {}): Promise<WrittenRun> {
  return runToTarget(run, nodeWriteTarget(path, inputsOf(run)), options);
}

/** Writes a file that shows the selected data in one place; the values stay in the run. @throws as {@link writeRun} */
export async function writeVirtual(run: Run, path: string, options: FileOptions = {}): Promise<WrittenRun> {
  return virtualToTarget(run, nodeWriteTarget(path, inputsOf(run)), options);
}

/** Writes chosen frames of a detector of the run. @throws as {@link writeRun}; SelectionInvalid if no frame is chosen */
export async function writeFrames(
  run: Run,
  detector: MultiModule,
  path: string,
  frames: readonly FrameChoice[],
  options: FileOptions = {},
): Promise<WrittenRun> {
  return framesToTarget(run, detector, nodeWriteTarget(path, inputsOf(run)), frames, options);
}

/** Writes a virtual CXI file of all frames of a detector of the run. @throws as {@link writeRun}; KeyNotFound for JUNGFRAU without gain */
export async function writeVirtualCxi(
  run: Run,
  detector: MultiModule,
  path: string,
  options: TaskOptions & { readonly fillValues?: CxiFillValues } = {},
): Promise<void> {
  return cxiToTarget(run, detector, nodeWriteTarget(path, inputsOf(run)), options);
}

/** Writes the overview of a run that was opened without one. @param path default `overview.h5` in the run's folder */
export async function writeOverview(
  run: Run,
  path = `${run.path}/overview.h5`,
  options: FileOptions = {},
): Promise<WrittenRun> {
  return overviewToTarget(run, nodeWriteTarget(path, inputsOf(run)), nodeFileStore, options);
}

/** Copies a file without the values of instruments. @returns what could not be copied. @throws FileUnreadable, Usage */
export async function copyStructure(
  from: string,
  to: string,
  options: StructureOptions = {},
): Promise<SkippedObject[]> {
  const target = nodeWriteTarget(to, [resolve(from)]);
  const file = await nodeHdf5Opener.open(from);
  try {
    return await structureToTarget(file, target, options);
  } finally {
    file.close();
  }
}
