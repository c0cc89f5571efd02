import type { Command } from 'commander';
import { decodeFloat16 } from '../../core/dtype.ts';
import { Unsupported, Usage } from '../../core/errors.ts';
import type { NdArray } from '../../core/ndarray.ts';
import type { EntryRoi } from '../../data/key-data.ts';
import { parseIndexRange } from '../../data/train-selection.ts';
import { encodeNpy } from '../../formats/npy.ts';
import { sha256Of, toJsonText, typeNameOf } from '../array-json.ts';
import type { CliContext } from '../context.ts';
import { chooseTrainIds, DATA_ROOT_HELP, ORIGIN_HELP, type RunOptions } from '../run-options.ts';

interface GetOptions extends RunOptions {
  readonly trains?: string;
  readonly trainIds?: string;
  readonly roi?: string;
  readonly format?: string;
  readonly output?: string;
}

const FORMATS = ['json', 'npy', 'csv'];

/** Adds `hutch get`. */
export function addGetCommand(program: Command, context: CliContext): void {
  program
    .command('get')
    .description("one key's data")
    .argument('<run>', 'run folder, file, or pNNNNNN/rNNNN')
    .argument('<source>', 'source name')
    .argument('<key>', 'key name; .value may be left out')
    .option('--trains <A:B:S>', 'trains by position')
    .option('--train-ids <ids>', 'trains by id, separated by commas')
    .option('--roi <ranges>', 'region of each entry, an axis each: 0:10,5:7 or 0,5:7')
    .option('--format <format>', `${FORMATS.join(', ')} (default: by the ending of the output file, else json)`)
    .option('-o, --output <file>', 'output file')
    .option('--json', 'same as --format json')
    .option('--no-data', 'leave the values out of json')
    .option('--data-root <dir>', DATA_ROOT_HELP)
    .option('--origin <which>', ORIGIN_HELP)
    .addHelpText(
      'after',
      `
Examples:
  hutch get raw/r0004 SA1_XTD2_XGM/XGM/DOOCS:output data.intensityTD --trains 0:10 -o xgm.npy
  hutch get p900001/r0034 SPB_IRU_MOT/MOTOR/X1 actualPosition --format csv`,
    )
    .action(
      async (run: string, source: string, key: string, options: GetOptions & { data: boolean; json?: boolean }) => {
        await get(context, run, source, key, options);
      },
    );
}

async function get(
  context: CliContext,
  runText: string,
  source: string,
  keyName: string,
  options: GetOptions & { readonly data: boolean; readonly json?: boolean },
): Promise<void> {
  const format = options.json ? 'json' : (options.format ?? endingOf(options.output) ?? 'json');
  if (format === 'parquet') throw new Unsupported('Parquet is not written yet; use --format csv or npy.');
  if (!FORMATS.includes(format)) throw new Usage(`--format ${format}: choose one of ${FORMATS.join(', ')}.`);
  if (format === 'npy' && !options.output) throw new Usage('--format npy needs an output file: -o FILE.npy');
  const run = await context.openRun(runText, {
    data: options.origin,
    dataRoot: options.dataRoot,
    signal: context.signal,
  });
  try {
    const key = run.key(source, keyName).selectTrains({ by: 'id', ids: chooseTrainIds(run.trainIds, options) });
    const array = await key.read({ roi: parseRoi(options.roi), signal: context.signal });
    const trainIds = key.trainIdCoordinates();
    if (format === 'npy') return await write(context, options.output, [...encodeNpy(array)]);
    if (format === 'csv') return await write(context, options.output, csvLines(array, trainIds, key.key));
    const head = JSON.stringify({ dtype: typeNameOf(array), shape: array.shape, trainIds, sha256: sha256Of(array) });
    const text = options.data ? `${head.slice(0, -1)},"data":${toJsonText(array)}}\n` : `${head}\n`;
    await write(context, options.output, [text]);
  } finally {
    await run.close();
  }
}

function endingOf(file: string | undefined): string | undefined {
  const ending = file?.match(/\.(\w+)$/)?.[1].toLowerCase();
  return ending && FORMATS.includes(ending) ? ending : undefined;
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
    const { start, stop = Number.MAX_SAFE_INTEGER, step = 1 } = parseIndexRange(part);
    if (step !== 1) throw new Usage(`--roi takes no steps, got "${part}".`);
    return part.includes(':') ? ([start ?? 0, stop] as const) : (start as number);
  });
}

function csvLines(array: NdArray, trainIds: readonly number[], name: string): string[] {
  const width = trainIds.length ? array.data.length / trainIds.length : 1;
  const columns = width === 1 ? [name] : Array.from({ length: width }, (_, i) => `${name}[${i}]`);
  const lines = [`trainId,${columns.map(quote).join(',')}\n`];
  for (const [entry, trainId] of trainIds.entries()) {
    const cells: string[] = [String(trainId)];
    for (let i = 0; i < width; i++) {
      const value = array.data[entry * width + i];
      cells.push(quote(String(array.dtype === 'float16' ? decodeFloat16(value as number) : value)));
    }
    lines.push(`${cells.join(',')}\n`);
  }
  return lines;
}

function quote(text: string): string {
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
