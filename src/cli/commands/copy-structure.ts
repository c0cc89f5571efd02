import { readdirSync, statSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import type { Command } from 'commander';
import { NoData, RunNotFound } from '../../core/errors.ts';
import type { CliContext } from '../context.ts';
import { DATA_ROOT_HELP, type RunOptions } from '../run-options.ts';

interface CopyStructureOptions extends RunOptions {
  readonly copyRun?: boolean;
  readonly copyControl?: boolean;
}

/** Adds `hutch copy-structure`. */
export function addCopyStructureCommand(program: Command, context: CliContext): void {
  program
    .command('copy-structure')
    .description('copies of files without the values of instruments and devices: small, for tests')
    .argument('<input>', 'file, run folder, or pNNNNNN/rNNNN')
    .argument('<folder>', 'where the copies go')
    .option('--copy-run', 'with the values of RUN')
    .option('--copy-control', 'with the values of CONTROL')
    .option('--data-root <dir>', DATA_ROOT_HELP)
    .option('--origin <which>', 'for pNNNNNN/rNNNN: raw, proc or another folder', 'raw')
    .addHelpText(
      'after',
      `
Examples:
  hutch copy-structure raw/r0034 /tmp/r0034
  hutch copy-structure RAW-R0034-DA01-S00000.h5 /tmp --copy-run --copy-control`,
    )
    .action(async (input: string, folder: string, options: CopyStructureOptions) => {
      const { writeStructure } = await import('../../data/write-structure.ts');
      const { nodeHdf5Opener } = await import('../../platform/node/hdf5-open.ts');
      const { nodeWriteTarget } = await import('../../platform/node/write-target.ts');
      const [found] = await context.findRunPaths(input, options);
      const inputs = listInputs(resolve(found));
      for (const path of inputs) {
        const target = nodeWriteTarget(join(folder, basename(path)), inputs);
        const file = await nodeHdf5Opener.open(path);
        try {
          const skipped = await writeStructure(file, target, {
            hasRunValues: options.copyRun,
            hasControlValues: options.copyControl,
            signal: context.signal,
          });
          for (const one of skipped) context.note(`left out ${one.path}: ${one.reason}\n`);
          context.write(`${target.path}\n`);
        } finally {
          file.close();
        }
      }
    });
}

function listInputs(path: string): string[] {
  const entry = statSync(path, { throwIfNoEntry: false });
  if (!entry) throw new RunNotFound(`There is no file or folder ${path}.`, { path });
  if (!entry.isDirectory()) return [path];
  const names = readdirSync(path).filter((name) => name.endsWith('.h5') && name.toLowerCase() !== 'overview.h5');
  if (names.length === 0) throw new NoData(`No HDF5 files in ${path}.`, { path });
  return names.sort().map((name) => join(path, name));
}
