import type { Command } from 'commander';
import { Usage } from '../../core/errors.ts';
import type { CliContext } from '../context.ts';

interface ExampleCommandOptions {
  readonly detector: string;
  readonly trains?: string;
  readonly darkTrains?: string;
  readonly pulses?: string;
  readonly modules?: string;
  readonly seed?: string;
  readonly force?: boolean;
}

/** Adds `hutch example`. */
export function addExampleCommand(program: Command, context: CliContext): void {
  program
    .command('example')
    .description('make an example proposal: three dark runs and a data run of AGIPD1M, with known truth')
    .argument('<out>', 'data root; the proposal becomes OUT/XMPL/202601/p700000')
    .option('--detector <name>', 'AGIPD1M', 'AGIPD1M')
    .option('--trains <n>', 'trains of the data run')
    .option('--dark-trains <n>', 'trains of each dark run')
    .option('--pulses <n>', 'pulses of each train')
    .option('--modules <list>', 'modules to write, such as 0,3,15')
    .option('--seed <n>', 'another seed gives another example')
    .option('--force', 'replace whatever is in its place')
    .addHelpText(
      'after',
      `
Examples:
  hutch example /tmp/example
  hutch example /tmp/example --trains 20 --pulses 64 --modules 0,1`,
    )
    .action(async (out: string, options: ExampleCommandOptions) => {
      const { generateExample } = await import('../../platform/node/example-files.ts');
      let shown = -1;
      const onProgress = (fraction: number, text = '') => {
        const percent = Math.floor(fraction * 100);
        if (!context.isTerminal || percent === shown) return;
        shown = percent;
        context.note(`\r${String(percent).padStart(3)} % ${text.padEnd(24)}`);
      };
      const proposal = await generateExample(
        out,
        {
          detector: options.detector,
          trains: whole('--trains', options.trains),
          darkTrains: whole('--dark-trains', options.darkTrains),
          pulses: whole('--pulses', options.pulses),
          modules: options.modules?.split(',').map((text) => whole('--modules', text) as number),
          seed: whole('--seed', options.seed),
          isForced: options.force,
        },
        { signal: context.signal, onProgress },
      );
      if (context.isTerminal) context.note('\n');
      context.write(`${proposal}\n`);
    });
}

function whole(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^\d+$/.test(text.trim())) throw new Usage(`${option} ${text} must be a whole number.`);
  return Number(text);
}
