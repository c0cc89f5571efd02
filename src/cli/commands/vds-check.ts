import type { Command } from 'commander';
import type { VdsFinding } from '../../data/vds-check.ts';
import type { CliContext } from '../context.ts';

/** Adds `hutch vds-check`. */
export function addVdsCheckCommand(program: Command, context: CliContext): void {
  program
    .command('vds-check')
    .description('check that the sources of virtual datasets can be read')
    .argument('<file>', 'HDF5 file with virtual datasets (virtual CXI, overview)')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
Relative names are looked up beside the file, as HDF5 does. Exit code 1 if something cannot be read.

Examples:
  hutch vds-check scratch/r0034_proc_detectors_virt.cxi
  hutch vds-check raw/r0034/overview.h5 --json`,
    )
    .action(async (path: string, options: { readonly json?: boolean }) => {
      const { checkVirtualDatasets } = await import('../../data/vds-check.ts');
      const { nodeHdf5Opener } = await import('../../platform/node/hdf5-open.ts');
      const { besideFile } = await import('../../platform/node/write-target.ts');
      const file = await nodeHdf5Opener.open(path);
      try {
        const findings = await checkVirtualDatasets(file, nodeHdf5Opener, (name) => besideFile(path, name), {
          signal: context.signal,
        });
        context.write(options.json ? `${JSON.stringify(findings, null, 2)}\n` : toText(path, findings));
        if (findings.some(({ problems }) => problems.length > 0)) context.exitWith(1);
      } finally {
        file.close();
      }
    });
}

function toText(path: string, findings: readonly VdsFinding[]): string {
  if (findings.length === 0) return `${path} has no virtual datasets.\n`;
  const lines = findings.flatMap(({ path: dataset, shape, mappings, sources, accessible, problems }) => [
    `${dataset} (${shape.join(' x ')}): ${mappings} mappings, ${accessible}/${sources} sources accessible`,
    ...problems.map(({ file, dataset: name, reason }) => `  ${file} ${name}: ${reason}`),
  ]);
  return `${lines.join('\n')}\n`;
}
