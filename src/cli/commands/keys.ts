import type { Command } from 'commander';
import { typeStringOf } from '../../core/dtype.ts';
import type { KeyData } from '../../data/key-data.ts';
import type { CliContext } from '../context.ts';
import { DATA_ROOT_HELP, findSource, ORIGIN_HELP, type RunOptions } from '../run-options.ts';

/** Adds `hutch keys`. */
export function addKeysCommand(program: Command, context: CliContext): void {
  program
    .command('keys')
    .description('keys of a source with dtype, entry shape, counts and units')
    .argument('<run>', 'run folder, file, or pNNNNNN/rNNNN')
    .argument('<source>', 'source name, or its alias')
    .option('--json', 'print JSON')
    .option('--data-root <dir>', DATA_ROOT_HELP)
    .option('--origin <which>', ORIGIN_HELP)
    .addHelpText(
      'after',
      `
Examples:
  hutch keys raw/r0004 SA1_XTD2_XGM/XGM/DOOCS:output
  hutch keys p900001/r0034 SPB_DET_AGIPD1M-1/DET/0CH0:xtdf --json`,
    )
    .action(async (runText: string, sourceName: string, options: RunOptions & { readonly json?: boolean }) => {
      const run = await context.openRun(runText, {
        data: options.origin,
        dataRoot: options.dataRoot,
        signal: context.signal,
      });
      try {
        const source = findSource(run, sourceName);
        const rows = source.keys().map((name) => describe(source.key(name)));
        if (options.json)
          context.write(`${JSON.stringify({ source: source.name, kind: source.kind, keys: rows }, null, 2)}\n`);
        else context.write(toTable(rows));
      } finally {
        await run.close();
      }
    });
}

interface KeyRow {
  readonly key: string;
  readonly dtype: string;
  /** Names and types of the fields of records. */
  readonly fields?: readonly (readonly [name: string, dtype: string])[];
  readonly entryShape: readonly number[];
  readonly shape: readonly number[];
  /** Entries over all trains, and trains that have any. */
  readonly entries: number;
  readonly trains: number;
  readonly units: string;
}

function describe(key: KeyData): KeyRow {
  const counts = key.dataCounts();
  return {
    key: key.key,
    dtype: key.isReadable
      ? key.dtype === 'record' || key.dtype === 'string'
        ? key.dtype
        : typeStringOf(key.dtype)
      : 'unknown',
    ...(key.fields.length > 0
      ? { fields: key.fields.map((field) => [field.name, typeStringOf(field.dtype)] as const) }
      : {}),
    entryShape: key.entryShape,
    shape: key.shape,
    entries: key.shape[0],
    trains: counts.filter((count) => count > 0).length,
    units: key.units,
  };
}

function toTable(rows: readonly KeyRow[]): string {
  const cells = [
    ['key', 'dtype', 'entry shape', 'entries', 'trains', 'units'],
    ...rows.map((row) => [
      row.key,
      row.dtype,
      `(${row.entryShape.join(', ')})`,
      `${row.entries}`,
      `${row.trains}`,
      row.units,
    ]),
  ];
  const widths = cells[0].map((_, column) => Math.max(...cells.map((row) => row[column].length)));
  return cells
    .map(
      (row) =>
        `${row
          .map((cell, column) => cell.padEnd(widths[column]))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('');
}
