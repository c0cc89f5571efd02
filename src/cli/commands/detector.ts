import type { Command } from 'commander';
import { Usage } from '../../core/errors.ts';
import type { MultiModule } from '../../data/detectors/multi-module.ts';
import { openDetector } from '../../data/detectors/open-detector.ts';
import type { PulseSelection } from '../../data/detectors/pulse-selection.ts';
import { encodeNpy } from '../../formats/npy.ts';
import { sha256Of, typeNameOf } from '../array-json.ts';
import type { CliContext } from '../context.ts';
import { chooseTrainIds, DATA_ROOT_HELP, ORIGIN_HELP, parseRange, type RunOptions } from '../run-options.ts';

interface DetectorOptions extends RunOptions {
  readonly name?: string;
  readonly key?: string;
  readonly trains?: string;
  readonly trainIds?: string;
  readonly pulses?: string;
  readonly pulseIds?: string;
  readonly modules?: string;
  readonly minModules?: string;
  readonly raw?: boolean;
  readonly corrected?: boolean;
  readonly fill?: string;
  readonly moduleGaps?: boolean;
  readonly output?: string;
  readonly json?: boolean;
}

/** Adds `hutch detector`. */
export function addDetectorCommand(program: Command, context: CliContext): void {
  program
    .command('detector')
    .description('frames of all modules of a detector in one array')
    .argument('<run>', 'run folder, file, or pNNNNNN/rNNNN')
    .option('--name <detector>', 'which detector, where the run has several')
    .option('--key <key>', 'key to stack (default: the pixels)')
    .option('--trains <A:B:S>', 'trains by position')
    .option('--train-ids <ids>', 'trains by id, separated by commas')
    .option('--pulses <A:B:S>', 'frames of each train by position; also 0,7,9')
    .option('--pulse-ids <ids>', 'frames of each train by pulse id, separated by commas')
    .option('--modules <numbers>', 'only these modules, separated by commas')
    .option('--min-modules <n>', 'leave trains with fewer modules out')
    .option('--raw', 'raw data (default: corrected where there is any)')
    .option('--corrected', 'corrected data only')
    .option('--fill <value>', 'value of missing data (default: NaN for floats, else 0)')
    .option('--module-gaps', 'a place for every module of the detector')
    .option('-o, --output <file>', 'output file (.npy)')
    .option('--json', 'print shape, dims, sha256, trainIds, pulseIds and modules')
    .option('--data-root <dir>', DATA_ROOT_HELP)
    .option('--origin <which>', ORIGIN_HELP)
    .addHelpText(
      'after',
      `
Axes: (module, train_pulse, [data_gain,] slow_scan, fast_scan).

Examples:
  hutch detector proc/r0034 --trains 0:5 --pulses 0:10 -o frames.npy
  hutch detector p900001/r0034 --origin raw --raw --json`,
    )
    .action((run: string, options: DetectorOptions) => runDetector(context, run, options));
}

async function runDetector(context: CliContext, runText: string, options: DetectorOptions): Promise<void> {
  if (!options.output && !options.json)
    throw new Usage('Say where to write with -o FILE.npy, or --json for a description.');
  if (options.raw && options.corrected) throw new Usage('--raw and --corrected exclude each other.');
  const fill = options.fill === undefined ? undefined : toNumber(options.fill, '--fill');
  const run = await context.openRun(runText, {
    data: options.origin,
    dataRoot: options.dataRoot,
    signal: context.signal,
  });
  try {
    let detector: MultiModule = openDetector(run, {
      name: options.name,
      isRaw: options.raw ? true : options.corrected ? false : undefined,
      modules: options.modules?.split(',').map((text) => toNumber(text, '--modules')),
      minModules: options.minModules === undefined ? undefined : toNumber(options.minModules, '--min-modules'),
    });
    detector = detector.selectTrains({ by: 'id', ids: chooseTrainIds(detector.trainIds, options) });
    const stack = await detector.read({
      key: options.key,
      pulses: parsePulses(options),
      fillValue: fill,
      moduleGaps: options.moduleGaps,
      signal: context.signal,
    });
    if (options.output) {
      const { writeAside } = await import('../../platform/node/write-aside.ts');
      await writeAside(options.output, encodeNpy(stack.array));
    }
    if (options.json) {
      const { array, dims, modules, trainIds, pulseIds, cellIds } = stack;
      const summary = {
        detector: detector.name,
        isRaw: detector.isRaw,
        dtype: typeNameOf(array),
        shape: array.shape,
        dims,
        sha256: sha256Of(array),
        trainIds,
        pulseIds,
        cellIds,
        modules,
      };
      context.write(`${JSON.stringify(summary)}\n`);
    }
  } finally {
    await run.close();
  }
}

function parsePulses({ pulses, pulseIds }: DetectorOptions): PulseSelection | undefined {
  if (pulseIds !== undefined)
    return { by: 'id', ids: pulseIds.split(',').map((text) => toNumber(text, '--pulse-ids')) };
  if (pulses === undefined) return undefined;
  if (!pulses.includes(',')) return { by: 'index', ...parseRange('--pulses', pulses) };
  return { by: 'positions', positions: pulses.split(',').map((text) => toNumber(text, '--pulses')) };
}

function toNumber(text: string, option: string): number {
  const number = text.trim().toLowerCase() === 'nan' ? Number.NaN : Number(text);
  if (text.trim() === '' || (Number.isNaN(number) && text.trim().toLowerCase() !== 'nan')) {
    throw new Usage(`${option} needs a number, got "${text}".`);
  }
  return number;
}
