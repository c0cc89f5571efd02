import type { Command } from 'commander';
import { Usage } from '../../core/errors.ts';
import type { Readability } from '../../platform/node/check-readable.ts';
import type { CliContext } from '../context.ts';
import { DATA_ROOT_HELP, FOLDER_ORIGIN_HELP, type RunOptions } from '../run-options.ts';

interface ReadableOptions extends RunOptions {
  readonly all?: boolean;
  readonly recursive?: boolean;
  readonly timeout: string;
  readonly json?: boolean;
}

/** Adds `hutch readable`. */
export function addReadableCommand(program: Command, context: CliContext): void {
  program
    .command('readable')
    .description('whether files can be opened in time: finds file systems that hang')
    .argument('<run...>', 'run folders, files, or pNNNNNN/rNNNN')
    .option('-a, --all', 'name all files, not only those that cannot be read')
    .option('-r, --recursive', 'look into folders below, too')
    .option('--timeout <secs>', 'seconds to wait for each file', '5')
    .option('--data-root <dir>', DATA_ROOT_HELP)
    .option('--origin <which>', FOLDER_ORIGIN_HELP)
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
Each file is opened in a process of its own: . readable, T timed out, E failed, X away (dCache says on tape or unavailable).
Ends with 1 if any file cannot be read.

Examples:
  hutch readable p900001/r0034
  hutch readable --recursive --timeout 20 raw proc`,
    )
    .action((paths: readonly string[], options: ReadableOptions) => checkPaths(context, paths, options));
}

const SIGNS = { readable: '.', timeout: 'T', error: 'E', away: 'X' } as const satisfies Record<
  Readability['state'],
  string
>;

async function checkPaths(context: CliContext, given: readonly string[], options: ReadableOptions): Promise<void> {
  const timeout = Number(options.timeout);
  if (!(timeout > 0)) throw new Usage(`--timeout ${options.timeout} must be a number of seconds above 0.`);
  const paths: string[] = [];
  for (const run of given) {
    for (const path of await context.findRunPaths(run, options))
      paths.push(...(await findFiles(path, options.recursive ?? false)));
  }
  const write = options.json ? () => undefined : context.write;
  if (paths.length === 0) {
    context.write(options.json ? '[]\n' : 'No HDF5 files to check\n');
    return;
  }
  const { checkReadable } = await import('../../platform/node/check-readable.ts');
  const onFile = (file: Readability) => write(SIGNS[file.state]);
  const found = await checkReadable(paths, { timeout, signal: context.signal, onFile });
  const times = found.flatMap((file) => file.accessTime ?? []);
  if (times.length < found.length) context.exitWith(1);
  if (options.json) {
    context.write(`${JSON.stringify(found, null, 2)}\n`);
    return;
  }
  const mean = times.reduce((a, b) => a + b, 0) / times.length;
  const seconds = (time: number) => `${Number(time.toPrecision(3))}s`;
  write('\n');
  write(
    times.length === 0
      ? 'no files are readable\n'
      : `average access time: ${seconds(mean)}, max access time: ${seconds(Math.max(...times))}\n`,
  );
  const shown = found.filter((file) => options.all || file.state !== 'readable');
  if (shown.length === 0) write('all files readable\n');
  const width = Math.max(0, ...shown.map((file) => file.path.length)) + 3;
  for (const { path, reason } of [...shown].sort((a, b) => (a.path < b.path ? -1 : 1)))
    write(`${path.padEnd(width)} ${reason}\n`);
}

/** HDF5 files of a folder, or the file; nothing where there is neither. */
async function findFiles(path: string, isRecursive: boolean): Promise<string[]> {
  const { nodeFileStore: files } = await import('../../platform/node/file-store.ts');
  const entry = await files.entry(path);
  if (!entry) return [];
  if (!entry.isFolder) return [path];
  const found: string[] = [];
  for (const name of await files.list(path)) {
    const child = files.join(path, name);
    if (name.endsWith('.h5')) found.push(child);
    else if (isRecursive && (await files.entry(child))?.isFolder) found.push(...(await findFiles(child, true)));
  }
  return found;
}
