import { isXfelError } from '../core/errors.ts';
import {
  type EuxfelFileIndex,
  keyPath,
  listIndexGroups,
  listKeys,
  type SourceSection,
} from '../formats/euxfel-hdf5.ts';
import type { Hdf5File } from '../formats/hdf5.ts';
import type { DataProblem } from './data-problem.ts';

/** A file with its METADATA read. */
export interface FileToCheck {
  readonly hdf5: Hdf5File;
  readonly index: Pick<EuxfelFileIndex, 'trainIds' | 'controlSources' | 'instrumentSources'>;
}

type Found = Iterable<DataProblem>;

/** Checks of one file by name, in the order in which they run. */
const FILE_CHECKS: Readonly<Record<string, (file: FileToCheck) => Found>> = {
  train_ids_nonzero: checkTrainIdZeros,
  train_ids_order: checkTrainIdOrder,
  index_control: checkControlIndex,
  index_instrument: checkInstrumentIndex,
  control_timestamps_order: checkTimestamps,
};

/** Names of the checks of one file. */
export const FILE_CHECK_NAMES: readonly string[] = Object.keys(FILE_CHECKS);

/**
 * What is wrong with a file: its train ids, where its indices point, and when its control values were updated. Only INDEX,
 * timestamps and the shapes of the data are read.
 * @param skip names of checks to leave out
 * @source EXtra-data validation.py
 */
export function validateFile(file: FileToCheck, skip: ReadonlySet<string> = new Set()): DataProblem[] {
  const problems: DataProblem[] = [];
  for (const name of FILE_CHECK_NAMES) if (!skip.has(name)) problems.push(...FILE_CHECKS[name](file));
  return problems.map(({ msg, facts }) => ({ msg, facts: { ...facts, file: file.hdf5.path } }));
}

const TRAIN_IDS = 'INDEX/trainId';

function* checkTrainIdZeros({ hdf5 }: FileToCheck): Found {
  const ids = numbers(hdf5, TRAIN_IDS);
  const firstZero = ids.indexOf(0);
  if (firstZero >= 0 && ids.slice(firstZero).some((id) => id !== 0))
    yield { msg: 'Zeroes in trainId index before last train ID', facts: { dataset: TRAIN_IDS } };
}

function* checkTrainIdOrder({ hdf5 }: FileToCheck): Found {
  const ids = numbers(hdf5, TRAIN_IDS).filter((id) => id !== 0);
  const at = ids.findIndex((id, i) => i + 1 < ids.length && ids[i + 1] <= id);
  if (at < 0) return;
  const msg = `Train IDs are not strictly increasing, e.g. at ${at} (${ids[at]} >= ${ids[at + 1]})`;
  yield { msg, facts: { dataset: TRAIN_IDS } };
}

function* checkControlIndex(file: FileToCheck): Found {
  for (const source of [...file.index.controlSources].sort()) {
    yield* attempt(`INDEX/${source}`, function* () {
      // One key tells of all: problems of every key would hide the others.
      for (const problem of checkExtent(file, 'CONTROL', source, '')) {
        yield problem;
        break;
      }
      yield* checkIndex(file, source, '');
    });
  }
}

function* checkInstrumentIndex(file: FileToCheck): Found {
  for (const source of [...file.index.instrumentSources].sort()) {
    const groups = new Set(listKeys(file.hdf5, `/INSTRUMENT/${source}`).map((key) => key.split('.', 1)[0]));
    for (const group of [...groups, ...listIndexGroups(file.hdf5, source)].filter(isFirst).sort()) {
      yield* attempt(`INDEX/${source}/${group}`, function* () {
        yield* checkExtent(file, 'INSTRUMENT', source, group);
        yield* checkIndex(file, source, group);
      });
    }
  }
}

const isFirst = (item: string, i: number, all: readonly string[]) => all.indexOf(item) === i;

/** Damage that reading meets is a problem like others; the checks of other sources go on. */
function* attempt(dataset: string, check: () => Found): Found {
  try {
    yield* check();
  } catch (error) {
    if (!isXfelError(error)) throw error;
    yield { msg: 'Could not read dataset', facts: { dataset, error: error.message } };
  }
}

/** Keys whose data end before the last entry that the index points at. */
function* checkExtent({ hdf5, index }: FileToCheck, section: SourceSection, source: string, group: string): Found {
  const entries = readIndex(hdf5, indexPath(source, group));
  if (!entries) return;
  // Rows behind the last train are padding.
  const rows = Math.min(entries.first.length, entries.count.length, index.trainIds.length);
  let end = 0;
  for (let i = 0; i < rows; i++) end = Math.max(end, entries.first[i] + entries.count[i]);
  for (const key of listKeys(hdf5, `/${section}/${source}${group && `/${group}`}`)) {
    const path = keyPath(section, source, group ? `${group}.${key}` : key);
    const [length = 0] = hdf5.datasetInfo(path).shape;
    if (end > length) {
      const msg = `Index referring to data (${end}) outside dataset (${length})`;
      yield { msg, facts: { dataset: path.slice(1) } };
    }
  }
}

function* checkIndex({ hdf5, index }: FileToCheck, source: string, group: string): Found {
  const dataset = indexPath(source, group);
  const entries = readIndex(hdf5, dataset);
  if (!entries) {
    yield { msg: 'Index first / count not found', facts: { dataset } };
    return;
  }
  const { first, count, firstShape, countShape } = entries;
  if (firstShape.length !== 1 || countShape.length !== 1) {
    const facts = { dataset, first_shape: firstShape, count_shape: countShape };
    yield { msg: 'Index first / count are not 1D', facts };
    return;
  }
  if (first.length !== count.length) {
    const facts = { dataset, first_shape: firstShape, count_shape: countShape };
    yield { msg: 'Index first & count have different number of entries', facts };
    return;
  }
  if (first.length !== index.trainIds.length) {
    const facts = { dataset, index_shape: firstShape, trainids_shape: [index.trainIds.length] };
    yield { msg: 'Index has wrong number of entries', facts };
  }
  yield* checkContiguous(first, count, dataset);
}

function* checkContiguous(first: readonly number[], count: readonly number[], dataset: string): Found {
  if (first.length === 0) return;
  if (first[0] !== 0) yield { msg: "Index doesn't start at 0", facts: { dataset } };
  const steps = first.slice(1).map((next, i) => next - (first[i] + count[i]));
  for (const [what, sign, isWrong] of [
    ['Gaps', '<', (step: number) => step > 0],
    ['Overlaps', '>', (step: number) => step < 0],
  ] as const) {
    const at = steps.findIndex(isWrong);
    if (at < 0) continue;
    const example = `${at} (${first[at]} + ${count[at]} ${sign} ${first[at + 1]})`;
    yield { msg: `${what} (${steps.filter(isWrong).length}) in index, e.g. at ${example}`, facts: { dataset } };
  }
}

function* checkTimestamps({ hdf5, index }: FileToCheck): Found {
  for (const source of [...index.controlSources].sort()) {
    for (const key of listKeys(hdf5, `/CONTROL/${source}`)) {
      if (!key.endsWith('.timestamp')) continue;
      const path = keyPath('CONTROL', source, key);
      const dataset = path.slice(1);
      yield* attempt(dataset, function* () {
        const times = hdf5.read(path).data as ArrayLike<number | bigint>;
        yield* checkTimes(times, dataset);
      });
    }
  }
}

function* checkTimes(times: ArrayLike<number | bigint>, dataset: string): Found {
  let end = 0;
  while (end < times.length && Number(times[end]) !== 0) end++;
  for (let i = end; i < times.length; i++) {
    if (Number(times[i]) === 0) continue;
    yield { msg: 'Zeroes in Timestamp before last train ID', facts: { dataset } };
    break;
  }
  for (let i = 1; i < end; i++) {
    if (times[i] >= times[i - 1]) continue;
    yield { msg: `Timestamp is decreasing, e.g. at ${i} (${times[i]} < ${times[i - 1]})`, facts: { dataset } };
    return;
  }
}

interface StoredIndex {
  readonly first: readonly number[];
  readonly count: readonly number[];
  readonly firstShape: readonly number[];
  readonly countShape: readonly number[];
}

function indexPath(source: string, group: string): string {
  return `INDEX/${source}${group && `/${group}`}`;
}

/** An index as it is stored, padding and all; null if there is none. */
function readIndex(hdf5: Hdf5File, path: string): StoredIndex | null {
  const has = (name: string) => hdf5.kindOf(`/${path}/${name}`) === 'dataset';
  const shape = (name: string) => hdf5.datasetInfo(`/${path}/${name}`).shape;
  if (!has('first')) return null;
  const first = numbers(hdf5, `${path}/first`);
  const firstShape = shape('first');
  if (has('count')) return { first, count: numbers(hdf5, `${path}/count`), firstShape, countShape: shape('count') };
  if (!has('last') || !has('status')) return null;
  // The oldest files have the last entry and whether there is one.
  const last = numbers(hdf5, `${path}/last`);
  const status = numbers(hdf5, `${path}/status`);
  const count = last.map((entry, i) => (status[i] ? entry - first[i] + 1 : 0));
  return { first, count, firstShape, countShape: shape('last') };
}

function numbers(hdf5: Hdf5File, path: string): number[] {
  return Array.from(hdf5.read(`/${path}`).data as ArrayLike<number | bigint>, Number);
}
