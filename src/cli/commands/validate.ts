import type { Command } from 'commander';
import { Usage } from '../../core/errors.ts';
import { type DataProblem, problemRecord, problemsText } from '../../data/data-problem.ts';
import type { ValidationOptions, ValidationProgress } from '../../data/validate-run.ts';
import type { CliContext } from '../context.ts';
import { DATA_ROOT_HELP, FOLDER_ORIGIN_HELP, type RunOptions } from '../run-options.ts';

interface ValidateOptions extends RunOptions {
  readonly skip?: readonly string[];
  readonly list?: boolean;
  readonly json?: boolean;
}

/** Adds `hutch validate`. */
export function addValidateCommand(program: Command, context: CliContext): void {
  program
    .command('validate')
    .description('check a run folder or a file: train ids, indices, timestamps, run map')
    .argument('[run]', 'run folder, HDF5 file, or pNNNNNN/rNNNN')
    .option('--skip <check>', 'leave a check out; may be repeated', (value, list: readonly string[] = []) => [
      ...list,
      value,
    ])
    .option('-l, --list', 'list the names of all checks')
    .option('--data-root <dir>', DATA_ROOT_HELP)
    .option('--origin <which>', FOLDER_ORIGIN_HELP)
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
Ends with 1 if there are problems. Only INDEX, timestamps and shapes are read, so that it is quick.

Examples:
  hutch validate raw/r0004
  hutch validate p900001/r0034 --skip control_timestamps_order --json`,
    )
    .action(async (path: string | undefined, options: ValidateOptions) => {
      await validate(context, path, options);
    });
}

async function validate(context: CliContext, given: string | undefined, options: ValidateOptions): Promise<void> {
  const { CHECK_NAMES, validateDataFile, validateRun } = await import('../../data/validate-run.ts');
  if (options.list) {
    context.write(
      options.json
        ? `${JSON.stringify(CHECK_NAMES)}\n`
        : `Available checks:\n${CHECK_NAMES.map((name) => `  ${name}\n`).join('')}`,
    );
    return;
  }
  if (given === undefined) throw new Usage('Say what to check: hutch validate RUN. --list names the checks.');
  const skip = new Set(options.skip ?? []);
  const unknown = [...skip].filter((name) => !CHECK_NAMES.includes(name)).sort();
  if (unknown.length > 0)
    throw new Usage(`Unknown names passed to --skip: ${unknown.join(', ')}. --list names all checks.`);

  const { nodeRunPorts } = await import('../../platform/node/open-run.ts');
  const settings: ValidationOptions = {
    skip,
    signal: context.signal,
    onProgress: context.isTerminal ? (progress) => showProgress(context, progress) : undefined,
  };
  const write = options.json ? () => undefined : context.write;
  const all: DataProblem[] = [];
  for (const [i, path] of (await context.findRunPaths(given, options)).entries()) {
    const isFolder = (await nodeRunPorts.files.entry(path))?.isFolder ?? false;
    write(`${i > 0 ? '\n' : ''}Checking ${isFolder ? `run directory: ${path}\n` : `file: ${path}`}\n`);
    let problems: readonly DataProblem[];
    let isUsable = true;
    if (isFolder) problems = await validateRun(nodeRunPorts, path, settings);
    else ({ problems, isUsable } = await validateDataFile(nodeRunPorts, path, settings));
    all.push(...problems);
    if (problems.length === 0) write('\nNo problems found\n');
    else {
      if (isUsable) write(`\nValidation failed! ${problems.length} problems:\n`);
      write(`${problemsText(problems)}\n`);
    }
  }
  if (all.length > 0) context.exitWith(1);
  if (options.json) context.write(`${JSON.stringify({ path: given, problems: all.map(problemRecord) }, null, 2)}\n`);
}

function showProgress(context: CliContext, { done, files, problems, badFiles }: ValidationProgress): void {
  const last = badFiles.length > 0 ? ` in ${badFiles.length} files (last: ${badFiles.at(-1)})` : '';
  context.note(`\r\u001b[2K${done}/${files} files, ${problems} problems${last}${done === files ? '\n' : ''}`);
}
