import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import type { CliContext } from '../context.ts';
import { DATA_ROOT_HELP, type RunOptions } from '../run-options.ts';

interface OverviewOptions extends RunOptions {
  readonly overviewFile?: string;
  readonly check?: boolean;
}

/** Adds `hutch overview`. */
export function addOverviewCommand(program: Command, context: CliContext): void {
  program
    .command('overview')
    .description('one virtual file of a whole run, which makes opening it quick')
    .argument('<run>', 'run folder, or pNNNNNN/rNNNN')
    .option('--overview-file <file>', 'where it is (default: RUN/overview.h5)')
    .option('--check', 'say whether the overview fits the files of the run, and write nothing')
    .option('--data-root <dir>', DATA_ROOT_HELP)
    .option('--origin <which>', 'for pNNNNNN/rNNNN: raw, proc or another folder', 'raw')
    .addHelpText(
      'after',
      `
Examples:
  hutch overview raw/r0034
  hutch overview p900001/r0034 --check`,
    )
    .action((run: string, options: OverviewOptions) => overview(context, run, options));
}

async function overview(context: CliContext, given: string, options: OverviewOptions): Promise<void> {
  const [runText] = await context.findRunPaths(given, options);
  const path = resolve(options.overviewFile ?? join(runText, 'overview.h5'));
  const { nodeFileStore } = await import('../../platform/node/file-store.ts');
  if (options.check) {
    const { checkOverview } = await import('../../data/write-overview.ts');
    const { nodeHdf5Opener } = await import('../../platform/node/hdf5-open.ts');
    context.write(`Checking ${path} ...\n`);
    const problem = await checkOverview(path, runText, nodeFileStore, nodeHdf5Opener);
    context.write(problem ? `${problem}\n` : 'Source files match, overview file can be used\n');
    if (problem) context.exitWith(1);
    return;
  }
  const run = await context.openRun(runText, { useOverview: false, signal: context.signal });
  try {
    const { writeOverview } = await import('../../data/write-overview.ts');
    const { nodeWriteTarget } = await import('../../platform/node/write-target.ts');
    const target = nodeWriteTarget(path, run.files);
    const { skipped } = await writeOverview(run, target, nodeFileStore, { signal: context.signal });
    for (const one of skipped) context.note(`left out ${one.path}: ${one.reason}\n`);
    context.write(`${target.path}\n`);
  } finally {
    await run.close();
  }
}
