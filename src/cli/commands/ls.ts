import type { Command } from 'commander';
import type { CliContext } from '../context.ts';
import { listPath } from '../list-path.ts';
import { DATA_ROOT_HELP, ORIGIN_HELP, type RunOptions } from '../run-options.ts';

interface LsOptions extends RunOptions {
  readonly source?: readonly string[];
  readonly detail?: readonly string[];
  readonly counts?: boolean;
  readonly aggregators?: boolean;
  readonly auxiliary?: boolean;
  readonly group?: boolean;
  readonly json?: boolean;
}

/** Adds `hutch ls`. */
export function addLsCommand(program: Command, context: CliContext): void {
  program
    .command('ls')
    .description('what is in a run, a file, a proposal')
    .argument('[path...]', 'run folders, files, proposal folders, or pNNNNNN/rNNNN (default: here)')
    .option(
      '-s, --source <pattern>',
      'only sources that match; text without *?[ matches anywhere; may be repeated',
      append,
    )
    .option('-d, --detail <pattern>', 'keys and counts of the sources that match; may be repeated', append)
    .option('-c, --counts', 'trains and entries of each source')
    .option('--no-group', 'each name on its own line, similar ones too')
    .option('-g, --aggregators', 'name the aggregator of each source')
    .option('-x, --auxiliary', 'reduction and errata sources, too')
    .option('--json', 'print JSON')
    .option('--data-root <dir>', DATA_ROOT_HELP)
    .option('--origin <which>', ORIGIN_HELP)
    .addHelpText(
      'after',
      `
Examples:
  hutch ls raw/r0004
  hutch ls p900001/r0034 --detail XGM --detail '*MOTOR/X1'`,
    )
    .action(async (given: readonly string[], options: LsOptions) => {
      const paths = given.length > 0 ? given : ['.'];
      const write = options.json ? () => undefined : context.write;
      const found: Readonly<Record<string, unknown>>[] = [];
      for (const path of paths) {
        const isShort = paths.length > 1 && !options.json;
        const { text, json, isUnrecognised } = await listPath(context, path, { ...options, isShort }, write);
        write(text);
        found.push(json);
        // Like lsxfel: a path that is no run, file or proposal is a wrong call.
        if (isUnrecognised) context.exitWith(2);
      }
      if (options.json) context.write(`${JSON.stringify(found.length > 1 ? found : found[0], null, 2)}\n`);
    });
}

function append(value: string, list: readonly string[] = []): readonly string[] {
  return [...list, value];
}
