import { FormatInvalid } from '../core/errors.ts';
import type { NdArray } from '../core/ndarray.ts';
import { suspectByOrder } from './euxfel-suspect.ts';
import type { Hdf5File } from './hdf5.ts';

/** Sections of a file that hold a source's data; the last two are auxiliary: what the DAQ left out, and what went wrong. */
export type SourceSection = 'CONTROL' | 'INSTRUMENT' | 'REDUCTION' | 'ERRATA';

/** Names of the auxiliary sources of a file by section. */
export interface AuxiliarySources {
  readonly REDUCTION: ReadonlySet<string>;
  readonly ERRATA: ReadonlySet<string>;
}

/** What one EuXFEL file says about itself: who is in it and which trains. */
export interface EuxfelFileIndex {
  /** `0.5` where the file does not say. */
  readonly formatVersion: string;
  /** The scalars of METADATA (creationDate, runNumber, ..). */
  readonly metadata: ReadonlyMap<string, string | number>;
  /** Train ids in file order, padding removed. */
  readonly trainIds: readonly number[];
  /** Row in INDEX of each of `trainIds`: a zero in the middle moves nothing. */
  readonly rows: readonly number[];
  /** Which of `trainIds` the DAQ, or their order in format 0.5, says to distrust. */
  readonly isSuspect: readonly boolean[];
  /** ns since the epoch (UTC) per train; null where the file has none. */
  readonly timestamps: BigUint64Array | null;
  /**
   * Who told of each train first: '' is the time server, else an entry of the file's list of sources
   * (`INSTRUMENT/<source>/<group>`), undefined where the file names none of them; null where the file does not say (before 1.2).
   */
  readonly origins: readonly (string | undefined)[] | null;
  readonly controlSources: ReadonlySet<string>;
  readonly instrumentSources: ReadonlySet<string>;
  /** Old name -> name of the source that it links to. */
  readonly legacySources: ReadonlyMap<string, string>;
}

/** Where a source's entries lie: `count[i]` entries from row `first[i]` for the i-th of the file's trains. */
export interface EntryIndex {
  readonly first: readonly number[];
  readonly count: readonly number[];
}

/**
 * Reads METADATA and INDEX of a file of any format version.
 * @throws FormatInvalid if the file is HDF5 but not of the EuXFEL kind
 * @source EuXFEL data format 0.5 to 1.3
 */
export function readFileIndex(file: Hdf5File): EuxfelFileIndex {
  if (file.kindOf('/INDEX/trainId') !== 'dataset' || file.kindOf('/METADATA') !== 'group') {
    throw new FormatInvalid(
      `${file.path} is HDF5 but not a European XFEL file: it has no METADATA or INDEX/trainId. Give a file of a raw or proc run.`,
      { path: file.path },
    );
  }
  const isOld = file.kindOf('/METADATA/dataSourceId') === 'dataset';
  const allIds = integers(file, '/INDEX/trainId');
  let rows = rowsUpTo(allIds.length);
  let trainIds: readonly number[] = allIds;
  if (allIds.includes(0)) {
    rows = rows.filter((row) => allIds[row] !== 0);
    trainIds = rows.map((row) => allIds[row]);
  }
  let version: string | undefined;
  const formatVersion = () => {
    version ??= isOld ? '0.5' : readFormatVersion(file);
    return version;
  };
  let isSuspect: readonly boolean[] | undefined;
  let metadata: ReadonlyMap<string, string | number> | undefined;
  let timestamps: BigUint64Array | null | undefined;
  let origins: EuxfelFileIndex['origins'] | undefined;
  return {
    trainIds,
    rows,
    ...readSources(file, isOld ? '/METADATA' : '/METADATA/dataSources'),
    // Hundreds of files are opened for their trains and sources alone; these are read when they are asked for.
    get formatVersion() {
      return formatVersion();
    },
    get isSuspect() {
      isSuspect ??= readSuspects(file, formatVersion(), trainIds, rows);
      return isSuspect;
    },
    get metadata() {
      metadata ??= new Map([...(isOld ? [] : readMetadata(file)), ['dataFormatVersion', formatVersion()]]);
      return metadata;
    },
    get timestamps() {
      if (timestamps === undefined) timestamps = readTimestamps(file, rows);
      return timestamps;
    },
    get origins() {
      if (origins === undefined) origins = readOrigins(file, rows);
      return origins;
    },
  };
}

/** What INDEX/origin holds for a train that the time server told of. */
export const TIME_SERVER_ORIGIN = -1;

/** @source EuXFEL data format 1.2: INDEX/origin is -1 for the time server, else a position in METADATA/dataSources */
function readOrigins(file: Hdf5File, rows: readonly number[]): EuxfelFileIndex['origins'] {
  const [path, list] = ['/INDEX/origin', '/METADATA/dataSources/dataSourceId'];
  if (file.kindOf(path) !== 'dataset' || file.kindOf(list) !== 'dataset') return null;
  const origins = integers(file, path);
  const ids = file.read(list).data as readonly string[];
  return rows.map((row) => (origins[row] === TIME_SERVER_ORIGIN ? '' : ids[origins[row]] || undefined));
}

let lastRows: readonly number[] = [];

/** 0, 1, .. below `count`. The files of a run mostly have equally many: they share one list. */
function rowsUpTo(count: number): readonly number[] {
  if (lastRows.length !== count) lastRows = Array.from({ length: count }, (_, row) => row);
  return lastRows;
}

function readSuspects(
  file: Hdf5File,
  formatVersion: string,
  trainIds: readonly number[],
  rows: readonly number[],
): readonly boolean[] {
  if (formatVersion === '0.5' || file.kindOf('/INDEX/flag') !== 'dataset') return suspectByOrder(trainIds);
  const flags = integers(file, '/INDEX/flag');
  // Only in format 1.1 is the flag an index of what is wrong, so that 0 is good there.
  const isGood = (flag: number) => (formatVersion === '1.1' ? flag === 0 : flag !== 0);
  return rows.map((row) => row < flags.length && !isGood(flags[row]));
}

function readFormatVersion(file: Hdf5File): string {
  const path = '/METADATA/dataFormatVersion';
  return file.kindOf(path) === 'dataset' ? String(file.read(path).data[0] ?? '0.5') : '0.5';
}

/**
 * Reads the entry index of a source in a file.
 * @param group first part of an instrument key (`image`), or '' for control sources
 * @throws FormatInvalid if the index is absent or its parts disagree
 */
export function readEntryIndex(file: Hdf5File, index: EuxfelFileIndex, source: string, group: string): EntryIndex {
  const path = `/INDEX/${source}${group ? `/${group}` : ''}`;
  if (file.kindOf(`${path}/first`) !== 'dataset') {
    throw new FormatInvalid(`${file.path} lists source ${source} but has no ${path}/first.`, {
      path: file.path,
      dataset: path,
    });
  }
  const first = integers(file, `${path}/first`);
  let count: readonly number[];
  if (file.kindOf(`${path}/count`) === 'dataset') {
    count = integers(file, `${path}/count`);
  } else {
    // The oldest files have the last entry and whether there is one.
    const last = integers(file, `${path}/last`);
    const status = integers(file, `${path}/status`);
    count = first.map((start, i) => (status[i] ? last[i] - start + 1 : 0));
  }
  if (count.length !== first.length) {
    throw new FormatInvalid(`${file.path}: ${path} has ${first.length} first but ${count.length} count entries.`, {
      path: file.path,
      dataset: path,
    });
  }
  return { first: index.rows.map((row) => first[row] ?? 0), count: index.rows.map((row) => count[row] ?? 0) };
}

/** Auxiliary sources that a file lists as `<section>/<name>/<index group>`; most files have none. */
export function readAuxiliarySources(file: Hdf5File): AuxiliarySources {
  const namesIn = (section: 'REDUCTION' | 'ERRATA') => {
    const path = `/METADATA/auxiliarySources/${section}`;
    if (file.kindOf(path) !== 'dataset') return new Set<string>();
    const ids = file.read(path).data as readonly string[];
    return new Set(ids.filter((id) => id !== '').map((id) => id.slice(section.length + 1, id.lastIndexOf('/'))));
  };
  return { REDUCTION: namesIn('REDUCTION'), ERRATA: namesIn('ERRATA') };
}

/** Index groups of an instrument or auxiliary source that INDEX lists, sorted. */
export function listIndexGroups(file: Hdf5File, source: string): string[] {
  const path = `/INDEX/${source}`;
  if (file.kindOf(path) !== 'group') return [];
  return file
    .children(path)
    .filter((child) => child.kind === 'group')
    .map((child) => child.name)
    .sort();
}

/** HDF5 path of a key: dots and slashes are the same there. */
export function keyPath(section: SourceSection, source: string, key: string): string {
  return `/${section}/${source}/${key.replaceAll('.', '/')}`;
}

/** Index group of a key: '' for control sources, else its first part. */
export function indexGroupOf(section: SourceSection, key: string): string {
  return section === 'CONTROL' ? '' : key.split('.', 1)[0];
}

/**
 * Names of all datasets below a group, with dots, in the order of a depth-first walk.
 * @throws FormatInvalid if groups contain each other
 */
export function listKeys(file: Hdf5File, groupPath: string): string[] {
  return [...keysBelow(file, groupPath)];
}

/** The first dataset below a group, as {@link listKeys} names it, without walking further; null if there is none. */
export function findKey(file: Hdf5File, groupPath: string): string | null {
  for (const key of keysBelow(file, groupPath)) return key;
  return null;
}

/** A device's properties are nested a few levels deep, and there are hundreds of them. */
const DEEPEST_KEY = 32;
const MOST_GROUPS = 100_000;

function* keysBelow(file: Hdf5File, groupPath: string): Generator<string> {
  let groups = 0;
  function* visit(path: string, prefix: string, depth: number): Generator<string> {
    if (depth > DEEPEST_KEY || ++groups > MOST_GROUPS) {
      throw new FormatInvalid(
        `${file.path} is damaged: groups below ${groupPath} contain each other. Copy the file again, or leave it out.`,
        { path: file.path, object: groupPath },
      );
    }
    for (const child of file.children(path)) {
      const name = prefix ? `${prefix}.${child.name}` : child.name;
      if (child.kind === 'dataset') yield name;
      else if (child.kind === 'group') yield* visit(`${path}/${child.name}`, name, depth + 1);
    }
  }
  if (file.kindOf(groupPath) === 'group') yield* visit(groupPath, '', 0);
}

function readMetadata(file: Hdf5File): Map<string, string | number> {
  const found = new Map<string, string | number>();
  for (const child of file.children('/METADATA')) {
    if (child.kind !== 'dataset') continue;
    const { data } = file.read(`/METADATA/${child.name}`);
    const value = data[0];
    if (data.length === 1 && value !== undefined)
      found.set(child.name, typeof value === 'bigint' ? Number(value) : value);
  }
  return found;
}

function readTimestamps(file: Hdf5File, rows: readonly number[]): BigUint64Array | null {
  if (file.kindOf('/INDEX/timestamp') !== 'dataset') return null;
  const { dtype, data } = file.read('/INDEX/timestamp');
  if (dtype !== 'uint64') return null;
  return BigUint64Array.from(rows, (row) => (data as BigUint64Array)[row] ?? 0n);
}

function readSources(
  file: Hdf5File,
  group: string,
): Pick<EuxfelFileIndex, 'controlSources' | 'instrumentSources' | 'legacySources'> {
  const controlSources = new Set<string>();
  const instrumentSources = new Set<string>();
  const legacySources = new Map<string, string>();
  if (file.kindOf(`${group}/dataSourceId`) !== 'dataset') {
    throw new FormatInvalid(
      `${file.path} is HDF5 but not a European XFEL file: METADATA has no list of data sources.`,
      {
        path: file.path,
      },
    );
  }
  const ids = file.read(`${group}/dataSourceId`).data as readonly string[];
  for (const id of ids) {
    if (id === '' || id.endsWith('Karabo_TimerServer')) continue;
    if (id.startsWith('CONTROL/')) controlSources.add(id.slice('CONTROL/'.length));
    else if (id.startsWith('INSTRUMENT/'))
      addInstrumentSource(file, id.slice('INSTRUMENT/'.length), instrumentSources, legacySources);
    else {
      throw new FormatInvalid(`${file.path}: data source "${id}" is neither CONTROL nor INSTRUMENT.`, {
        path: file.path,
        id,
      });
    }
  }
  return { controlSources, instrumentSources, legacySources };
}

/** `<device>:<channel>/<group>` names one index group of a source; a soft link makes it another source's old name. */
function addInstrumentSource(
  file: Hdf5File,
  id: string,
  instrumentSources: Set<string>,
  legacySources: Map<string, string>,
): void {
  const group = id.indexOf('/', id.indexOf(':'));
  const name = id.includes(':') && group >= 0 ? id.slice(0, group) : id;
  if (instrumentSources.has(name) || legacySources.has(name)) return;
  const target = file.softTarget(`/INSTRUMENT/${name}`)?.match(/^\/INSTRUMENT\/([^/]+\/[^/]+\/[^/]+)/)?.[1];
  if (target) legacySources.set(name, target);
  else instrumentSources.add(name);
}

/** Integers as numbers; those beyond 2^53 are a broken file. */
function integers(file: Hdf5File, path: string): number[] {
  const { data, dtype }: NdArray = file.read(path);
  const numbers = new Array<number>(data.length);
  // Two halves instead of a bigint each: these are read for every file of a run.
  const halves =
    dtype === 'uint64' ? new Uint32Array((data as BigUint64Array).buffer, (data as BigUint64Array).byteOffset) : null;
  for (let i = 0; i < data.length; i++) {
    const number = halves ? halves[2 * i] + halves[2 * i + 1] * 2 ** 32 : Number(data[i]);
    if (!Number.isSafeInteger(number)) {
      throw new FormatInvalid(`${file.path}: ${path} holds ${data[i]}, which is no possible train id or row.`, {
        path: file.path,
        dataset: path,
      });
    }
    numbers[i] = number;
  }
  return numbers;
}
