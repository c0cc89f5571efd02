import type { Command } from 'commander';
import { isXfelError } from '../../core/errors.ts';
import type { FileLocality, FilePlace } from '../../data/locality.ts';
import type { CliContext } from '../context.ts';
import { DATA_ROOT_HELP, FOLDER_ORIGIN_HELP, type RunOptions } from '../run-options.ts';

interface LocalityOptions extends RunOptions {
  readonly json?: boolean;
}

/** Adds `hutch locality`. */
export function addLocalityCommand(program: Command, context: CliContext): void {
  program
    .command('locality')
    .description('whether dCache has the files of a folder on disk, only on tape, or not at all')
    .argument('<run>', 'run folder, file, or pNNNNNN/rNNNN')
    .option('--data-root <dir>', DATA_ROOT_HELP)
    .option('--origin <which>', FOLDER_ORIGIN_HELP)
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
Ends with 0 if all files are on disk; else with the sum of 1 (some only on tape), 2 (some unavailable) and 4 (dCache says
something unknown); with 255 if there is no such path.

Examples:
  hutch locality p900001/r0034 --origin raw
  hutch locality raw/r0004/RAW-R0004-DA01-S00000.h5 --json`,
    )
    .action((run: string, options: LocalityOptions) => showLocality(context, run, options));
}

/** Bits of the exit code. */
const BITS = { disk: 0, tape: 1, unavailable: 2, unknown: 4 } as const satisfies Record<FilePlace, number>;

async function showLocality(context: CliContext, given: string, options: LocalityOptions): Promise<void> {
  const [{ readLocalities }, { nodeFileStore: files }] = await Promise.all([
    import('../../data/locality.ts'),
    import('../../platform/node/file-store.ts'),
  ]);
  const places = await findPlaces(context, given, options);
  const paths: string[] = [];
  for (const place of places) {
    const entry = await files.entry(place);
    if (!entry) {
      context.exitWith(255);
      context.write(
        options.json ? `${JSON.stringify({ path: given, files: null })}\n` : `Path '${given}' is not found\n`,
      );
      return;
    }
    if (!entry.isFolder) paths.push(place);
    for (const name of entry.isFolder ? await files.list(place) : []) {
      const file = files.join(place, name);
      if ((await files.entry(file))?.isFolder === false) paths.push(file);
    }
  }
  const write = options.json ? () => undefined : context.write;
  write(`Checking ${paths.length} files in ${places.join(' and ')}\n`);
  const so: FileLocality[] = [];
  const onFile = (file: FileLocality) => {
    so.push(file);
    context.note(`${countsText(so)}\r`);
  };
  const found = await readLocalities(files, paths, {
    signal: context.signal,
    onFile: context.isTerminal && !options.json ? onFile : undefined,
  });
  const bits = found.reduce((sum, { place }) => sum | BITS[place], 0);
  if (bits > 0) context.exitWith(bits);
  if (options.json) {
    context.write(`${JSON.stringify({ path: given, files: found }, null, 2)}\n`);
    return;
  }
  write(`${countsText(found)}\n`);
  for (const [place, title] of [
    ['tape', 'Only on tape:'],
    ['unavailable', 'Unavailable:'],
  ] as const) {
    const there = found.filter((file) => file.place === place).map((file) => `  ${file.path}\n`);
    if (there.length > 0) write(`${title}\n${there.sort().join('')}`);
  }
  const unknown = new Set(found.filter((file) => file.place === 'unknown').map((file) => file.locality));
  if (unknown.size > 0) write(`Unknown locality: ${[...unknown].sort().join(', ')}\n`);
}

/** A name of a run that is nowhere is a path that is not there: who asks by script looks for 255. */
async function findPlaces(context: CliContext, given: string, options: LocalityOptions): Promise<readonly string[]> {
  try {
    return await context.findRunPaths(given, options);
  } catch (error) {
    if (!isXfelError(error, 'RunNotFound')) throw error;
    context.note(`hutch: ${error.message}\n`);
    return [given];
  }
}

function countsText(found: readonly FileLocality[]): string {
  const count = (place: FilePlace) => found.filter((file) => file.place === place).length;
  return `${count('disk')} on disk, ${count('tape')} only on tape, ${count('unavailable')} unavailable`;
}
