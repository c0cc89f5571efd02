// `hutch ls` against every output of `lsxfel` (EXtra-data 1.24.0) in the golden files, byte for byte.
import { describe, expect, it } from 'vitest';
import { GOLDEN, readExpected } from '../../test/conformance/hdf5-run-expected.ts';
import { runHere } from '../../test/server/hutch-in-process.ts';
import { addLsCommand } from './commands/ls.ts';

const RAW = `${GOLDEN}root/SPB/202301/p900001/raw/r0034`;
const ls = (...args: string[]) => runHere(addLsCommand, ['ls', ...args], `${GOLDEN}root`);

interface Case {
  readonly args: readonly string[];
  readonly stdout: string;
  /** Exit status; a text is what the original says on standard error before it ends with 1. */
  readonly exit: number | string;
}

describe('hutch ls', () => {
  it.each(readExpected('lsxfel').cases as Case[])('prints like lsxfel: $args', async ({ args, stdout, exit }) => {
    const ours = await ls(...args.map((argument) => argument.replace('<FIXTURE>/', GOLDEN)));
    expect(ours.stdout.replaceAll(GOLDEN, '<FIXTURE>/')).toBe(stdout);
    expect(ours.code).toBe(typeof exit === 'string' ? 1 : exit);
    // Our patterns stand between double quotes, as in JSON.
    if (typeof exit === 'string') expect(ours.stderr).toContain(exit.replaceAll("'", '"'));
  });

  it('takes names of runs, and says when there is none', async () => {
    expect((await ls('p900001/r0034', '--origin', 'raw')).stdout).toMatch(
      /^r0034 : Run directory\n(.|\n)*5 XTDF detector modules/,
    );
    expect(await ls('p900001/r0099')).toEqual({
      code: 2,
      stdout: 'p900001/r0099 : File/folder not found\n',
      stderr: '',
    });
  });

  it('shows aliases of a proposal beside their sources and keys', async () => {
    const { stdout } = await ls('p900001/r0034', '--detail', 'XGM');
    expect(stdout).toMatch(/^ {2}- SA1_XTD2_XGM\/XGM\/DOOCS <xgm>$/m);
    expect(stdout).toMatch(/ - beamPosition\.ixPos <beam-x>\t\[float32/);
  });

  it('names the fields of structured keys as numpy does', async () => {
    const { stdout } = await ls(RAW, '-d', '*REMI*:output');
    expect(stdout).toContain("\t[[('x', '<f8'), ('y', '<f8'), ('t', '<f8'), ('m', '<i4')], entry shape (5,)]\n");
    const { sources } = JSON.parse((await ls(RAW, '-d', '*REMI*:output', '--json')).stdout);
    expect(sources[0].keys[0].dtype).toContainEqual(['m', '<i4']);
  });

  it('prints JSON, with counts, keys, run values and auxiliary sources where asked for', async () => {
    const listing = JSON.parse((await ls(RAW, '--json', '-c', '-x', '-d', 'MOTOR/X1', '-d', 'DET/2CH0')).stdout);
    const [module, motor] = listing.sources;
    expect(listing).toMatchObject({ kind: 'run', trains: 6, durationS: 0.6 });
    expect(module.groups.image).toEqual({ trains: 5, entries: 15, fewest: 3, most: 3 });
    expect(module.keys.map((each: { key: string }) => each.key)).toContain('image.pulseId');
    expect(motor).toMatchObject({ kind: 'control', aggregator: 'DA01', trains: 6 });
    expect(motor.keys).toContainEqual({ key: 'actualPosition.value', dtype: '<f8', entryShape: [], units: 'mm' });
    expect(motor.runKeys).toContainEqual({ key: 'softLimits.value', dtype: 'float64', shape: [2] });
    expect(listing.auxiliarySources).toMatchObject([{ name: 'DA01@TRAINS_OUTSIDE_BUFFER_RANGE', kind: 'errata' }]);
    const several = JSON.parse((await ls(RAW, `${GOLDEN}root/SPB/202301/p900001`, '--json')).stdout);
    expect(several.map((each: { kind: string }) => each.kind)).toEqual(['run', 'proposal']);
  });
});
