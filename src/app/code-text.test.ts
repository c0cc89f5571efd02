import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, it } from 'vitest';
import { type CodeSubject, codeText } from './code-text.ts';

const root = resolve(import.meta.dirname, '../..');
const XGM = { source: 'SA1_XTD2_XGM/XGM/DOOCS:output', key: 'data.intensityTD', field: '' };
const MOTOR = { source: 'SPB_IRU_MOT/MOTOR/X1', key: 'actualPosition.value', field: '' };
const OTHER = { source: 'SPB_IRU_MOT/MOTOR/X2', key: 'actualPosition.value', field: '' };
const base: CodeSubject = {
  info: { proposal: 'p900001', run: 34, data: 'raw', path: '', dataRoot: join(root, 'test/golden/extra-data/root') },
  first: null,
  second: null,
  view: 'trains',
  trainId: 1000000002,
  index: null,
  isText: false,
  length: 1,
  isPerEntry: false,
};
const SUBJECTS: readonly (readonly [string, CodeSubject, RegExp])[] = [
  ['nothing', base, /^$/],
  ['a scalar', { ...base, first: MOTOR }, /^6 Float64Array\(6\)/],
  ['a vector', { ...base, first: XGM, length: 40 }, /\[ 6, 40 \]/],
  ['one value of a vector', { ...base, first: XGM, length: 40, index: 3 }, /\[ 6 \]/],
  ['one train', { ...base, first: XGM, length: 40, view: 'train' }, /\[ 1, 40 \] float32/],
  ['two keys', { ...base, first: MOTOR, second: OTHER }, /^6 \[/],
  [
    'a record',
    { ...base, first: { source: 'SPB_REMI_DLD6/DET/TOP:output', key: 'rec.hits', field: 'x' }, length: 5 },
    /dtype: 'float64'/,
  ],
];

it.each(SUBJECTS)('TypeScript of %s runs as it is printed', (_, subject, expected) => {
  const folder = mkdtempSync(join(tmpdir(), 'hutch-code-'));
  try {
    const file = join(folder, 'code.mts');
    writeFileSync(file, codeText('Hutch (TypeScript)', subject));
    // The package under its own name, without building it
    const library = pathToFileURL(join(root, 'src/index.ts')).href;
    const hook = `import { registerHooks } from 'node:module'; registerHooks({ resolve: (name, context, next) => name === 'hutch' ? { url: '${library}', shortCircuit: true } : next(name, context) });`;
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      ['--disable-warning=ExperimentalWarning', '--import', `data:text/javascript,${encodeURIComponent(hook)}`, file],
      { encoding: 'utf8' },
    );
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout.trim()).toMatch(expected);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

it('Python is that of EXtra-data', () => {
  const python = (changes: Partial<CodeSubject>) => codeText('EXtra-data (Python)', { ...base, ...changes });
  expect(python({ first: MOTOR })).toContain(
    'run = open_run(900001, 34, data="raw")\n\nvalues = run[\n    "SPB_IRU_MOT/MOTOR/X1",\n    "actualPosition",\n].series()\n',
  );
  expect(python({ first: XGM, length: 40, view: 'train' })).toContain('].select_trains(by_id[[1000000002]]).ndarray()');
  expect(python({ first: XGM, length: 40, view: 'mean' })).toContain('].xarray().mean("trainId")');
  expect(python({ info: { ...base.info, dataRoot: '/gpfs/exfel/exp', data: 'default' } })).toBe(
    'from extra_data import open_run\n\nrun = open_run(900001, 34)\n',
  );
});
