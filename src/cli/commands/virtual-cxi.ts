import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { Usage } from '../../core/errors.ts';
import type { CxiFillValues } from '../../data/cxi-plan.ts';
import type { Run } from '../../data/run.ts';
import type { CliContext } from '../context.ts';
import { DATA_ROOT_HELP, ORIGIN_HELP, type RunOptions } from '../run-options.ts';

interface VirtualCxiOptions extends RunOptions {
  readonly output?: string;
  readonly minModules?: string;
  readonly nModules?: string;
  readonly firstModule?: string;
  readonly name?: string;
  readonly fillValue?: readonly string[];
  readonly parallelGain?: boolean;
  readonly excSuspectTrains?: boolean;
}

/** Adds `hutch virtual-cxi`. */
export function addVirtualCxiCommand(program: Command, context: CliContext): void {
  program
    .command('virtual-cxi')
    .description('a CXI file with all frames of a detector, whose pixels stay in the run')
    .argument('<run>', 'run folder, file, or pNNNNNN/rNNNN; or a proposal, followed by the run')
    .argument('[number]', 'run of the proposal')
    .option('-o, --output <file>', 'output file (default: PROPOSAL/scratch/rNNNN_proc_detectors_virt.cxi)')
    .option('--min-modules <n>', 'leave out trains with fewer modules (default: more than half)')
    .option('--n-modules <n>', 'modules of a JUNGFRAU (default: up to the highest number found)')
    .option('--first-module <n>', 'number of the first module of a JUNGFRAU', '1')
    .option('--name <detector>', 'which detector, where the run has several')
    .option('--fill-value <dataset value...>', 'what frames of absent modules hold: data -1 mask 0 gain 0')
    .option('--parallel-gain', 'LPD: each train holds its frames three times, at three gains')
    .option('--exc-suspect-trains', 'leave out trains that the DAQ marks as doubtful')
    .option('--data-root <dir>', DATA_ROOT_HELP)
    .option('--origin <which>', ORIGIN_HELP)
    .addHelpText(
      'after',
      `
The CXI file names the run's files relative to itself: move both together.

Examples:
  hutch virtual-cxi proc/r0034 -o run34.cxi
  hutch virtual-cxi p900001/r0034 --min-modules 12 --fill-value data 0 mask 1`,
    )
    .action((run: string, number: string | undefined, options: VirtualCxiOptions) =>
      virtualCxi(context, run, number, options),
    );
}

async function virtualCxi(
  context: CliContext,
  runText: string,
  number: string | undefined,
  options: VirtualCxiOptions,
): Promise<void> {
  const fillValues = parseFillValues(options.fillValue);
  const moduleCount = whole('--n-modules', options.nModules);
  const firstModuleNumber = whole('--first-module', options.firstModule);
  const minModules = whole('--min-modules', options.minModules);
  const { openDetector } = await import('../../data/detectors/open-detector.ts');
  const { findDetectors } = await import('../../data/detectors/find-detectors.ts');
  const { defaultMinModules } = await import('../../data/cxi-plan.ts');
  const { writeVirtualCxi } = await import('../../data/write-cxi.ts');
  const { nodeWriteTarget } = await import('../../platform/node/write-target.ts');
  const run = await context.openRun(number === undefined ? runText : `${runText}/${number}`, {
    data: options.origin,
    dataRoot: options.dataRoot,
    includeSuspectTrains: !options.excSuspectTrains,
    useOverview: false,
    signal: context.signal,
  });
  try {
    const found = findDetectors(run).find(({ name }) => options.name === undefined || name === options.name);
    const isNumbered = found?.kind.name === 'JUNGFRAU';
    const detector = openDetector(run, {
      name: options.name,
      isParallelGain: options.parallelGain,
      moduleCount,
      ...(isNumbered ? { firstModuleNumber } : {}),
      minModules: minModules ?? (found ? defaultMinModules(found.kind, moduleCount) : undefined),
    });
    const target = nodeWriteTarget(options.output ?? defaultOutput(run, number !== undefined), run.files);
    await writeVirtualCxi(run, detector, target, { fillValues, signal: context.signal });
    const frames = detector.trainIdsPerFrame.length;
    context.note(`${detector.trainIds.length} trains, ${frames} frames of ${detector.name}\n`);
    context.write(`${target.path}\n`);
  } finally {
    await run.close();
  }
}

/** Where the original puts the file, too. @throws Usage if the run is not in a proposal's folder */
function defaultOutput(run: Run, isOldForm: boolean): string {
  const match = /^(.*)[\\/]([^\\/]+)[\\/](r\d{4})$/.exec(resolve(run.path));
  if (!match) throw new Usage(`${run.path} is in no proposal folder: say where to write with -o FILE.cxi.`);
  const [, proposal, origin, name] = match;
  return join(proposal, 'scratch', isOldForm ? `${name}_detectors_virt.cxi` : `${name}_${origin}_detectors_virt.cxi`);
}

function parseFillValues(words: readonly string[] = []): CxiFillValues {
  const values: Record<string, number> = {};
  for (let i = 0; i < words.length; i += 2) {
    const [name, text] = [words[i], words[i + 1]];
    if (!['data', 'gain', 'mask'].includes(name))
      throw new Usage(`--fill-value ${name}: name a dataset (data, gain or mask), then its value.`);
    const value = text?.trim().toLowerCase() === 'nan' ? Number.NaN : Number(text);
    if (text === undefined || text.trim() === '' || (Number.isNaN(value) && text.trim().toLowerCase() !== 'nan'))
      throw new Usage(`--fill-value ${name} needs a number, got "${text ?? ''}".`);
    values[name] = value;
  }
  return values;
}

function whole(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^\d+$/.test(text.trim())) throw new Usage(`${option} ${text} must be a whole number.`);
  return Number(text);
}
