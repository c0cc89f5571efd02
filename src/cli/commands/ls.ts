import type { Command } from 'commander';
import type { CliContext } from '../context.ts';
import { listPath } from '../list-path.ts';
import { DATA_ROOT_HELP, ORIGIN_HELP, type RunOptions } from '../run-options.ts';

interface LsOptions extends RunOptions {
  readonly source?: readonly string[];
  readonly detail?: readonly string[];
  readonly counts?: boolean;
  readonly aggregators?: boolean;
  readonly group?: boolean;
  readonly json?: boolean;
}

/** Adds `hutch ls`. */
export function addLsCommand(program: Command, context: CliContext): void {
  program
    .command('ls')
    .description('what is in a run, a file, a proposal')
    .argument('<path...>', 'run folders, files, proposal folders, or pNNNNNN/rNNNN')
    .option('-s, --source <pattern...>', 'only sources that match; text without *?[ matches anywhere')
    .option('-d, --detail <pattern...>', 'keys and counts of the sources that match')
    .option('-c, --counts', 'trains and entries of each source')
    .option('-g, --aggregators', 'name the aggregator of each source')
    .option('--no-group', 'each name on its own line, as lsxfel does it')
    .option('--json', 'print JSON')
    .option('--data-root <dir>', DATA_ROOT_HELP)
    .option('--origin <which>', ORIGIN_HELP)
    .addHelpText(
      'after',
      `
Examples:
  hutch ls raw/r0004
  hutch ls p900001/r0034 --detail XGM`,
    )
    .action(async (paths: readonly string[], options: LsOptions) => {
      const outcomes = [];
      for (const path of paths) outcomes.push(await listPath(context, path, { ...options, isShort: paths.length > 1 }));
      if (options.json)
        context.write(
          `${JSON.stringify(paths.length > 1 ? outcomes.map((o) => o.json) : outcomes[0].json, null, 2)}\n`,
        );
      else for (const outcome of outcomes) context.write(outcome.text);
      // Like lsxfel: a path that is no run, file or proposal is a wrong call.
      if (outcomes.some((outcome) => outcome.isMissing)) context.exitWith(2);
    });
}
