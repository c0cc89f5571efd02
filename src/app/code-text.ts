import type { RunInfo } from '../api/run-contract.ts';
import type { KeyView } from './key-views.ts';
import { DROPPED } from './run-source.ts';
import type { ChosenKey } from './run-view.ts';

/** Languages of the code panel. */
export const LANGUAGES = ['Hutch (TypeScript)', 'EXtra-data (Python)'] as const;
/** Name of a language. */
export type Language = (typeof LANGUAGES)[number];

/** What is on screen, as far as code shows it. */
export interface CodeSubject {
  readonly info: Pick<RunInfo, 'proposal' | 'run' | 'data' | 'path' | 'dataRoot'>;
  readonly first: ChosenKey | null;
  readonly second: ChosenKey | null;
  readonly view: KeyView;
  readonly trainId: number;
  /** Value of a train that is plotted instead of the mean; null for none. */
  readonly index: number | null;
  /** Text in the plots' kind: numbers have a mean. */
  readonly isText: boolean;
  /** Values of a train; 1 for a scalar. */
  readonly length: number;
  /** Single values, several a train: a train has entries, and they no axes. */
  readonly isPerEntry: boolean;
}

/** The facility's own data root, which both libraries know. */
const FACILITY_ROOT = '/gpfs/exfel/exp';

/** A program that reads what is on screen; runs as it is printed. */
export function codeText(language: Language, subject: CodeSubject): string {
  return language === 'EXtra-data (Python)' ? pythonText(subject) : typeScriptText(subject);
}

const single = (text: string) => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
const double = (text: string) => JSON.stringify(text);

function typeScriptText({
  info,
  first,
  second,
  view,
  trainId,
  index,
  isText,
  length,
  isPerEntry,
}: CodeSubject): string {
  const isHere = info.proposal === DROPPED;
  const open = isHere
    ? [
        '// the folder or file that was dropped on the page: put its path here',
        `const run = await openRun({ path: ${single(info.path || '.')} });`,
      ]
    : [
        'const run = await openRun(',
        `  { proposal: ${single(info.proposal)}, run: ${info.run}${info.dataRoot && info.dataRoot !== FACILITY_ROOT ? `, dataRoot: ${single(info.dataRoot)}` : ''} },`,
        ...(info.data === 'default' ? [] : [`  { data: ${single(info.data)} },`]),
        ');',
      ];
  const key = ({ source, key: name }: ChosenKey) => `run.key(${single(source)}, ${single(name)})`;
  const names = [
    'openRun',
    ...(first &&
    !second &&
    (isText || length === 1 || isPerEntry) &&
    view !== 'picture' &&
    view !== 'train' &&
    !first.field
      ? ['readSeries']
      : []),
    ...(second ? ['readTable'] : []),
  ];
  const body: string[] = [];
  if (first && second)
    body.push(
      '// both keys, a row for each train',
      `const table = await readTable(run.select([`,
      `  [${single(first.source)}, ${single(first.key)}],`,
      `  [${single(second.source)}, ${single(second.key)}],`,
      `]));`,
      'console.log(table.trainIds.length, table.columns.map((column) => column.name));',
    );
  else if (first?.field)
    body.push(`const fields = await ${key(first)}.readFields();`, `console.log(fields.get(${single(first.field)}));`);
  else if (first && (view === 'train' || view === 'picture'))
    body.push(
      `// train ${trainId}: (entries, ..axes of an entry)`,
      `const values = await ${key(first)}.readTrain(${trainId});`,
      'console.log(values.shape, values.dtype);',
    );
  else if (first && (isText || length === 1 || isPerEntry))
    body.push(
      '// one row an entry',
      `const table = await readSeries(${key(first)});`,
      'console.log(table.trainIds.length, table.columns[0].values.data);',
    );
  else if (first)
    body.push(
      '// (trainId, ..axes of an entry), with names and coordinates',
      `const values = await ${key(first)}.readLabelled(${index !== null ? `{ roi: [${index}] }` : ''});`,
      'console.log(values.dims, values.shape);',
    );
  return [
    `import { ${names.sort().join(', ')} } from 'hutch';`,
    '',
    ...open,
    ...(body.length ? ['', ...body] : []),
    'await run.close();',
    '',
  ].join('\n');
}

function pythonText({ info, first, second, view, trainId, index, isText, length, isPerEntry }: CodeSubject): string {
  const isHere = info.proposal === DROPPED;
  const isFile = /\.h5$/.test(info.path);
  const opener = isHere ? (isFile ? 'H5File' : 'RunDirectory') : 'open_run';
  const needsId = first && (view === 'train' || view === 'picture') && !second;
  const isElsewhere = !isHere && info.dataRoot !== null && info.dataRoot !== FACILITY_ROOT;
  const number = info.proposal.replace(/^p0*/, '');
  const open = isHere
    ? [
        '# the folder or file that was dropped on the page: put its path here',
        `run = ${opener}(${double(info.path || '.')})`,
      ]
    : [`run = open_run(${number}, ${info.run}${info.data === 'default' ? '' : `, data=${double(info.data)}`})`];
  const body: string[] = [];
  const put = (name: string, { source, key }: ChosenKey, call: string) =>
    body.push(`${name} = run[`, `    ${double(source)},`, `    ${double(key.replace(/\.value$/, ''))},`, `]${call}`);
  if (first && second) {
    put('first', first, '.xarray()');
    put('second', second, '.xarray()');
    body.push('', 'import xarray as xr', 'first, second = xr.align(first, second)  # trains that both have');
  } else if (first?.field) {
    put('records', first, '.ndarray()');
    body.push(`values = records[${double(first.field)}]`);
  } else if (first && needsId) put('values', first, `.select_trains(by_id[[${trainId}]]).ndarray()`);
  else if (first && (isText || length === 1)) put('values', first, isText ? '.ndarray()' : '.series()');
  else if (first && isPerEntry)
    put('values', first, view === 'trains' ? '.xarray().groupby("trainId").mean()' : '.xarray()');
  else if (first && view === 'mean') put('values', first, '.xarray().mean("trainId")');
  else if (first && view === 'map') put('values', first, '.xarray()');
  else if (first) put('values', first, index !== null ? `.xarray()[:, ${index}]` : '.xarray().mean("dim_0")');
  return [
    ...(isElsewhere ? ['import os', `os.environ["EXTRA_DATA_DATA_ROOT"] = ${double(info.dataRoot ?? '')}`] : []),
    `from extra_data import ${[...(needsId ? ['by_id'] : []), opener].join(', ')}`,
    '',
    ...open,
    ...(body.length ? ['', ...body] : []),
    '',
  ].join('\n');
}
