import type { Command } from 'commander';
import { Usage } from '../../core/errors.ts';
import { type DataProblem, problemRecord, problemsText } from '../../data/data-problem.ts';
import type { ValidationOptions, ValidationProgress } from '../../data/validate-run.ts';
import type { CliContext } from '../context.ts';

interface ValidateOptions {
  readonly skip?: readonly string[];
  readonly list?: boolean;
  readonly json?: boolean;
}

/** Adds `hutch validate`. */
export function addValidateCommand(program: Command, context: CliContext): void {
  program
    .command('validate')
    .description('check a run folder or a file: train ids, indices, timestamps, run map')
    .argument('[path]', 'run folder or HDF5 file')
    .option('--skip <check>', 'leave a check out; may be repeated', (value, list: readonly string[] = []) => [
      ...list,
      value,
    ])
    .option('-l, --list', 'list the names of all checks')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
Ends with 1 if there are problems. Only INDEX, timestamps and shapes are read, so that it is quick.

Examples:
  hutch validate raw/r0004
  hutch validate raw/r0004 --skip control_timestamps_order --json`,
    )
    .action(async (path: string | undefined, options: ValidateOptions) => {
      await validate(context, path, options);
    });
}

async function validate(context: CliContext, path: string | undefined, options: ValidateOptions): Promise<void> {
  const { CHECK_NAMES, validateDataFile, validateRun } = await import('../../data/validate-run.ts');
  if (options.list) {
    context.write(
      options.json
        ? `${JSON.stringify(CHECK_NAMES)}\n`
        : `Available checks:\n${CHECK_NAMES.map((name) => `  ${name}\n`).join('')}`,
    );
    return;
  }
  if (path === undefined) throw new Usage('Say what to check: hutch validate PATH. --list names the checks.');
  const skip = new Set(options.skip ?? []);
  const unknown = [...skip].filter((name) => !CHECK_NAMES.includes(name)).sort();
  if (unknown.length > 0)
    throw new Usage(`Unknown names passed to --skip: ${unknown.join(', ')}. --list names all checks.`);

  const { nodeRunPorts } = await import('../../platform/node/open-run.ts');
  const isFolder = (await nodeRunPorts.files.entry(path))?.isFolder ?? false;
  const write = options.json ? () => undefined : context.write;
  write(isFolder ? `Checking run directory: ${path}\n\n` : `Checking file: ${path}\n`);
  const settings: ValidationOptions = {
    skip,
    signal: context.signal,
    onProgress: context.isTerminal ? (progress) => showProgress(context, progress) : undefined,
  };
  let problems: readonly DataProblem[];
  let isUsable = true;
  if (isFolder) problems = await validateRun(nodeRunPorts, path, settings);
  else ({ problems, isUsable } = await validateDataFile(nodeRunPorts, path, settings));

  if (problems.length > 0) context.exitWith(1);
  if (options.json) context.write(`${JSON.stringify({ path, problems: problems.map(problemRecord) }, null, 2)}\n`);
  else if (problems.length === 0) context.write('\nNo problems found\n');
  else {
    if (isUsable) context.write(`\nValidation failed! ${problems.length} problems:\n`);
    context.write(`${problemsText(problems)}\n`);
  }
}

function showProgress(context: CliContext, { done, files, problems, badFiles }: ValidationProgress): void {
  const last = badFiles.length > 0 ? ` in ${badFiles.length} files (last: ${badFiles.at(-1)})` : '';
  context.note(`\r\u001b[2K${done}/${files} files, ${problems} problems${last}${done === files ? '\n' : ''}`);
}
