import type { Command } from 'commander';
import { Usage } from '../../core/errors.ts';
import type { SourcePattern } from '../../data/source-selection.ts';
import type { Compression } from '../../data/write-storage.ts';
import type { CliContext } from '../context.ts';
import { chooseTrainIds, DATA_ROOT_HELP, ORIGIN_HELP, type RunOptions } from '../run-options.ts';

interface WriteOptions extends RunOptions {
  readonly output?: string;
  readonly select?: readonly string[];
  readonly trains?: string;
  readonly trainIds?: string;
  readonly virtual?: boolean;
  readonly compress?: string;
}

/** Adds `hutch write`. */
export function addWriteCommand(program: Command, context: CliContext): void {
  program
    .command('write')
    .description('selected data of a run in one file, which opens as a run')
    .argument('<run>', 'run folder, file, or pNNNNNN/rNNNN')
    .option('-o, --output <file>', 'output file (.h5)')
    .option(
      '--select <patterns...>',
      'sources or SOURCE[KEY], such as "*XGM*" or "*XGM*[data.*]" (default: everything)',
    )
    .option('--trains <A:B:S>', 'trains by position')
    .option('--train-ids <ids>', 'trains by id, separated by commas')
    .option('--virtual', 'leave the values in the run: the file points at them')
    .option('--compress <how>', 'source (as it was), none, or a level 1 to 9 of gzip with shuffle', 'source')
    .option('--data-root <dir>', DATA_ROOT_HELP)
    .option('--origin <which>', ORIGIN_HELP)
    .addHelpText(
      'after',
      `
Examples:
  hutch write raw/r0034 --select "*XGM*" "*MOTOR/X1[actualPosition]" --trains 0:100 -o small.h5
  hutch write p900001/r0034 --compress 4 -o all.h5`,
    )
    .action((run: string, options: WriteOptions) => write(context, run, options));
}

async function write(context: CliContext, runText: string, options: WriteOptions): Promise<void> {
  if (!options.output) throw new Usage('Say where to write with -o FILE.h5.');
  const compression = parseCompression(options.compress ?? 'source');
  const { nodeWriteTarget } = await import('../../platform/node/write-target.ts');
  const run = await context.openRun(runText, {
    data: options.origin,
    dataRoot: options.dataRoot,
    useOverview: false,
    signal: context.signal,
  });
  try {
    let selected = options.select ? run.select(options.select.map(parsePattern)) : run;
    selected = selected.selectTrains({ by: 'id', ids: chooseTrainIds(selected.trainIds, options) });
    const target = nodeWriteTarget(options.output, run.files);
    let shown = -1;
    const onProgress = (fraction: number, text = '') => {
      const percent = Math.floor(fraction * 100);
      if (!context.isTerminal || percent === shown) return;
      shown = percent;
      context.note(`\r${String(percent).padStart(3)} % ${text.padEnd(60).slice(0, 60)}`);
    };
    const task = { signal: context.signal, onProgress };
    const { skipped, trains, sources } = options.virtual
      ? await (await import('../../data/write-virtual.ts')).writeVirtual(selected, target, task)
      : await (await import('../../data/write-run.ts')).writeRun(selected, target, { ...task, compression });
    if (context.isTerminal) context.note('\n');
    for (const { path, reason } of skipped) context.note(`left out ${path}: ${reason}\n`);
    context.note(`${sources} sources, ${trains} trains\n`);
    context.write(`${target.path}\n`);
  } finally {
    await run.close();
  }
}

/** `SOURCE` or `SOURCE[KEY]`, both with `*` and `?`. */
function parsePattern(text: string): SourcePattern {
  const match = /^(.+?)\[([^\]]+)\]$/.exec(text);
  return match ? [match[1], match[2]] : text;
}

function parseCompression(text: string): Compression {
  if (text === 'source' || text === 'none') return text;
  if (/^[1-9]$/.test(text)) return { deflate: Number(text) };
  throw new Usage(`--compress ${text}: give source, none or a level from 1 to 9.`);
}
