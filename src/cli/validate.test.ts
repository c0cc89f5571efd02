// `hutch validate` against every answer of extra-data-validate (EXtra-data 1.24.0) in the golden files.
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { GOLDEN, readExpected } from '../../test/conformance/hdf5-run-expected.ts';
import { runHere } from '../../test/server/hutch-in-process.ts';
import { addValidateCommand } from './commands/validate.ts';

const validate = (...args: string[]) => runHere(addValidateCommand, ['validate', ...args]);
const folder = mkdtempSync(join(tmpdir(), 'hutch-validate-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Told {
  readonly stdout: string;
  readonly exit: number;
}

interface Case {
  readonly run_problems: { readonly problems: readonly Record<string, unknown>[] };
  readonly run_cli: Told;
  readonly files: Readonly<Record<string, Told>>;
}

const expected = readExpected('validate');
const cases = Object.entries(expected.cases as Record<string, Case>);

/**
 * Head, and problems in the order of their kinds. The original visits sources and keys in the order of a hash, and says why
 * HDF5 cannot open a file in the words of its library; of a control source it names whichever key comes first.
 */
function comparable(text: string): { head: string; problems: string[]; kinds: string[] } {
  const [head, ...blocks] = text.replaceAll(GOLDEN, '<FIXTURE>/').split(/\n(?=\n[A-Z])/);
  const plain = blocks.map((block) =>
    block
      .replace(/ {2}error: (Unable to open file|<FIXTURE>|\/).*/, '  error: ..')
      .replace(/(dataset: CONTROL\/SPB_IRU_MOT\/MOTOR\/X1\/).*(?=\n)/, '$1..')
      .trimEnd(),
  );
  const kinds = plain.map((block) => block.trim().split(/[ (]/, 2).join(' '));
  return { head, problems: [...plain].sort(), kinds: kinds.filter((kind, i) => kind !== kinds[i - 1]) };
}

/** Runs whose problems the original told in the order in which its processes ended. */
const OTHER_ORDER = new Set(['mixed-run', 'index-outside-dataset-instrument']);

describe('hutch validate', () => {
  it.each(cases)('run %s', async (name, { run_cli, run_problems }) => {
    const { code, stdout, stderr } = await validate(`${GOLDEN}runs/validate/${name}`);
    const [ours, theirs] = [comparable(stdout), comparable(run_cli.stdout)];
    expect([code, stderr]).toEqual([run_cli.exit, '']);
    expect(ours.head).toBe(theirs.head);
    expect(ours.problems).toEqual(theirs.problems);
    if (!OTHER_ORDER.has(name)) expect(ours.kinds).toEqual(theirs.kinds);
    const { problems } = JSON.parse((await validate(`${GOLDEN}runs/validate/${name}`, '--json')).stdout);
    expect(problems).toHaveLength(run_problems.problems.length);
    for (const problem of run_problems.problems) {
      const { msg, index_shape, first_shape } = problem;
      const wanted = { msg, ...(index_shape ? { index_shape } : {}), ...(first_shape ? { first_shape } : {}) };
      expect(problems).toContainEqual(expect.objectContaining(wanted));
    }
  });

  it.each(
    cases.flatMap(([name, { files }]) => Object.entries(files).map(([file, told]) => [name, file, told] as const)),
  )('file %s/%s', async (name, file, told) => {
    const { code, stdout } = await validate(`${GOLDEN}runs/validate/${name}/${file}`);
    const [ours, theirs] = [comparable(stdout), comparable(told.stdout)];
    expect(code).toBe(told.exit);
    expect([ours.head, ours.problems]).toEqual([theirs.head, theirs.problems]);
  });

  it('lists and skips checks', async () => {
    expect(await validate('--list')).toEqual({ code: 0, stdout: expected.list_checks.stdout, stderr: '' });
    const file = `${GOLDEN}runs/validate/several-problems/RAW-R0017-DA01-S00000.h5`;
    const { code, stdout } = await validate(file, ...expected.skip.args);
    expect([code, comparable(stdout).problems]).toEqual([1, comparable(expected.skip.stdout).problems]);
  });

  it('refuses unknown checks as the wrong call that they are (the original ends with 1), and wants a path', async () => {
    const unknown = await validate('x', '--skip', 'nope');
    expect([unknown.code, unknown.stdout]).toEqual([2, '']);
    expect(unknown.stderr).toContain(expected.bad_skip.stdout.trim());
    expect((await validate()).code).toBe(2);
  });

  it('a file that is not there', async () => {
    const { code, stdout } = await validate(join(folder, 'no.h5'));
    expect([code, stdout]).toEqual([1, expect.stringMatching(/\nCould not access file\n {2}error: .*no such file/)]);
    mkdirSync(join(folder, 'empty'));
    expect((await validate(join(folder, 'empty'))).stdout).toContain('No usable files found');
  });

  it('finds entries of the run map that are said to be current but are wrong', async () => {
    const run = join(folder, 'mapped');
    mkdirSync(run);
    const source = `${GOLDEN}runs/fmt12`;
    const names = readdirSync(source).filter((name) => name.endsWith('.h5'));
    for (const name of names) {
      copyFileSync(join(source, name), join(run, name));
      utimesSync(join(run, name), 1_700_000_000, 1_700_000_000);
    }
    const entries = names.map((filename, i) => ({
      filename,
      mtime: 1_700_000_000,
      size: statSync(join(run, filename)).size + (i === 1 ? 1 : 0), // outdated, which is no problem
      train_ids: [1, 2, 3],
      control_sources: [],
      instrument_sources: [],
      legacy_sources: {},
      suspect_train_indices: [],
    }));
    const map = join(run, 'karabo_data_map.json');
    writeFileSync(map, JSON.stringify(entries));
    const { code, stdout } = await validate(run);
    expect(code).toBe(1);
    expect(stdout).toContain(
      `\nIncorrect data map cache entry\n  cache_file: ${map}\n  data_file: ${join(run, names[0])}\n`,
    );
    expect(stdout).not.toContain(`data_file: ${join(run, names[1])}`);
    expect((await validate(run, '--skip', 'run_json_cache')).code).toBe(0);
  });

  it('a run by its name: raw, and proc if there is any', async () => {
    const root = `${GOLDEN}root`;
    const both = await validate('p900001/r0034', '--data-root', root);
    const folders = ['raw', 'proc'].map((data) => `${root}/SPB/202301/p900001/${data}/r0034`);
    expect([both.code, both.stdout]).toEqual([
      0,
      folders.map((path) => `Checking run directory: ${path}\n\n\nNo problems found\n`).join('\n'),
    ]);
    const proc = await validate('900001/34', '--data-root', root, '--origin', 'proc', '--json');
    expect(JSON.parse(proc.stdout)).toEqual({ path: '900001/34', problems: [] });
    const [none, nowhere] = [await validate('p900001/r0099', '--data-root', root), await validate('p900001/r0034')];
    expect([none.code, none.stderr]).toEqual([1, expect.stringContaining('no run p900001/r0099: looked for')]);
    expect([nowhere.code, nowhere.stderr]).toEqual([1, expect.stringContaining('--data-root DIR or $EXTRA_DATA')]);
  });

  it.each([
    'root/SPB/202301/p900001/raw/r0034',
    'root/SPB/202301/p900001/proc/r0034',
    'runs/fmt10',
    'runs/fmt13',
    'runs/dssc',
  ])('has nothing to say of %s', async (run) => {
    expect((await validate(GOLDEN + run)).stdout).toContain('No problems found');
  });
});
