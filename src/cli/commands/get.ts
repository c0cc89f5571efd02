import type { Command } from 'commander';
import { Unsupported, Usage } from '../../core/errors.ts';
import type { NdArray } from '../../core/ndarray.ts';
import type { EntryRoi, KeyData } from '../../data/key-data.ts';
import { fieldTypesOf, recordsSha256Of, recordsToJsonText, sha256Of, toJsonText, typeNameOf } from '../array-json.ts';
import type { CliContext } from '../context.ts';
import {
  chooseTrainIds,
  DATA_ROOT_HELP,
  findSource,
  ORIGIN_HELP,
  parseRange,
  type RunOptions,
} from '../run-options.ts';

interface GetOptions extends RunOptions {
  readonly trains?: string;
  readonly trainIds?: string;
  readonly roi?: string;
  readonly format?: string;
  readonly output?: string;
  readonly json?: boolean;
  /** false: leave the values out of json. */
  readonly data: boolean;
}

const FORMATS = ['json', 'npy', 'csv', 'parquet'] as const;
type Format = (typeof FORMATS)[number];

/** Adds `hutch get`. */
export function addGetCommand(program: Command, context: CliContext): void {
  program
    .command('get')
    .description("one key's data")
    .argument('<run>', 'run folder, file, or pNNNNNN/rNNNN')
    .argument('<source>', 'source name, or its alias')
    .argument('<key>', 'key name; .value may be left out')
    .option('--trains <A:B:S>', 'trains by position')
    .option('--train-ids <ids>', 'trains by id, separated by commas')
    .option('--roi <ranges>', 'region of each entry, an axis each: 0:10,5:7 or 0,5:7 or ::2')
    .option('--format <format>', `${FORMATS.join(', ')} (default: by the ending of the output file, else json)`)
    .option('-o, --output <file>', 'output file')
    .option('--json', 'same as --format json')
    .option('--no-data', 'leave the values out of json')
    .option('--data-root <dir>', DATA_ROOT_HELP)
    .option('--origin <which>', ORIGIN_HELP)
    .addHelpText(
      'after',
      `
json is { dtype, shape, trainIds, sha256, data }: one train id an entry; sha256 is of the bytes, little-endian, in C order.
csv and parquet have a row an entry, with a column for each of its elements.

Examples:
  hutch get raw/r0004 SA1_XTD2_XGM/XGM/DOOCS:output data.intensityTD --trains 0:10 -o xgm.npy
  hutch get p900001/r0034 SPB_IRU_MOT/MOTOR/X1 actualPosition --format csv`,
    )
    .action((run: string, source: string, key: string, options: GetOptions) => get(context, run, source, key, options));
}

/** A key's data: an array, or the fields of records. */
interface Entries {
  readonly key: KeyData;
  readonly trainIds: readonly number[];
  readonly array: NdArray | null;
  readonly fields: ReadonlyMap<string, NdArray> | null;
}

async function get(
  context: CliContext,
  runText: string,
  source: string,
  keyName: string,
  options: GetOptions,
): Promise<void> {
  const format = chooseFormat(options);
  const roi = parseRoi(options.roi);
  const run = await context.openRun(runText, {
    data: options.origin,
    dataRoot: options.dataRoot,
    signal: context.signal,
  });
  try {
    const key = findSource(run, source)
      .key(keyName)
      .selectTrains({ by: 'id', ids: chooseTrainIds(run.trainIds, options) });
    const isRecord = key.dtype === 'record';
    if (isRecord && roi) throw new Unsupported('--roi is not for structured data.');
    const entries: Entries = {
      key,
      trainIds: key.trainIdCoordinates(),
      array: isRecord ? null : await key.read({ roi, signal: context.signal }),
      fields: isRecord ? await key.readFields() : null,
    };
    const parts = format === 'json' ? [jsonText(entries, options.data)] : await encode(entries, format);
    await write(context, options.output, parts);
  } finally {
    await run.close();
  }
}

function chooseFormat(options: GetOptions): Format {
  const ending = options.output?.match(/\.(\w+)$/)?.[1].toLowerCase();
  const wanted = options.json ? 'json' : (options.format ?? FORMATS.find((name) => name === ending) ?? 'json');
  const format = FORMATS.find((name) => name === wanted);
  if (!format) throw new Usage(`--format ${wanted}: choose one of ${FORMATS.join(', ')}.`);
  if ((format === 'npy' || format === 'parquet') && !options.output)
    throw new Usage(`--format ${format} needs an output file: -o FILE.${format}`);
  return format;
}

function jsonText({ key, trainIds, array, fields }: Entries, hasData: boolean): string {
  const head = JSON.stringify(
    array
      ? { dtype: typeNameOf(array), shape: array.shape, trainIds, sha256: sha256Of(array) }
      : fields && {
          dtype: fieldTypesOf(fields),
          shape: key.shape,
          trainIds,
          sha256: recordsSha256Of(fields, key.shape),
        },
  );
  if (!hasData) return `${head}\n`;
  const data = array ? toJsonText(array) : fields && recordsToJsonText(fields, key.shape);
  return `${head.slice(0, -1)},"data":${data}}\n`;
}

async function encode(
  { key, trainIds, array, fields }: Entries,
  format: Exclude<Format, 'json'>,
): Promise<readonly (Uint8Array | string)[]> {
  if (format === 'npy') {
    if (!array) throw new Unsupported(`${key.source} ${key.key} is structured: write json, csv or parquet.`);
    const { encodeNpy } = await import('../../formats/npy.ts');
    return [...encodeNpy(array)];
  }
  const arrays = array
    ? new Map([[key.key, array]])
    : new Map([...(fields ?? [])].map(([name, field]) => [`${key.key}.${name}`, field]));
  const { toEntryTable } = await import('../../data/entry-table.ts');
  const table = toEntryTable(arrays, trainIds);
  const { tableToCsv, tableToParquet } = await import('../../data/table-export.ts');
  return [format === 'csv' ? tableToCsv(table) : tableToParquet(table)];
}

async function write(
  context: CliContext,
  output: string | undefined,
  parts: readonly (Uint8Array | string)[],
): Promise<void> {
  if (output === undefined) {
    for (const part of parts) context.write(String(part));
    return;
  }
  const { writeAside } = await import('../../platform/node/write-aside.ts');
  await writeAside(output, parts);
}

/** `0:10,5:7` -> a range per axis; a single number takes one position and drops the axis. */
function parseRoi(text: string | undefined): EntryRoi | undefined {
  return text?.split(',').map((part) => {
    const { start, stop = Number.MAX_SAFE_INTEGER, step = 1 } = parseRange('--roi', part);
    if (!part.includes(':')) return start as number;
    return step === 1 ? ([start ?? 0, stop] as const) : ([start ?? 0, stop, step] as const);
  });
}
