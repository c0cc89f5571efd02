import {
  type AuxiliarySources,
  type EntryIndex,
  type EuxfelFileIndex,
  findKey,
  listIndexGroups,
  listKeys,
  readAuxiliarySources,
  readEntryIndex,
  readFileIndex,
} from '../formats/euxfel-hdf5.ts';
import type { Hdf5File } from '../formats/hdf5.ts';
import type { OpenFileLimit } from './open-file-limit.ts';

/** What a run map knows of a file, so that opening a run need not open it. */
export type KnownFileIndex = Pick<
  EuxfelFileIndex,
  'trainIds' | 'isSuspect' | 'controlSources' | 'instrumentSources' | 'legacySources'
>;

/** One file of a run with its index read; entry indices and key lists are read on demand and kept. */
export class RunFile {
  readonly path: string;
  /** File name without folder. */
  readonly name: string;
  readonly index: EuxfelFileIndex;
  readonly includesSuspectTrains: boolean;
  readonly #file: Hdf5File;
  readonly #limit: OpenFileLimit;
  readonly #entries = new Map<string, EntryIndex>();
  readonly #keys = new Map<string, readonly string[]>();
  readonly #oneKey = new Map<string, string | null>();
  readonly #groups = new Map<string, readonly string[]>();
  #auxiliary?: AuxiliarySources;
  #isOverview?: boolean;
  #isUsable?: readonly boolean[];
  #usable?: readonly number[];
  #range?: { readonly first: number; readonly last: number } | null;
  #positions?: ReadonlyMap<number, readonly number[]>;

  /**
   * Takes `file` over.
   * @param known what is known already, or `later` for nothing yet: the first use of anything else opens the file
   * @throws FormatInvalid if it is not a European XFEL file
   */
  constructor(file: Hdf5File, limit: OpenFileLimit, includeSuspectTrains: boolean, known?: KnownFileIndex | 'later') {
    this.#file = file;
    this.#limit = limit;
    this.path = file.path;
    this.name = file.path.slice(file.path.lastIndexOf('/') + 1);
    this.includesSuspectTrains = includeSuspectTrains;
    if (known) this.index = lazyIndex(known, () => readFileIndex(this.hdf5));
    else {
      limit.touch(file);
      this.index = readFileIndex(file);
    }
  }

  /** Which of the file's trains may be used: all, or those that are not suspect. */
  get isUsable(): readonly boolean[] {
    this.#isUsable ??= this.includesSuspectTrains
      ? new Array<boolean>(this.index.trainIds.length).fill(true)
      : this.index.isSuspect.map((isSuspect) => !isSuspect);
    return this.#isUsable;
  }

  /** The open file; it may be suspended and opened again between two uses. */
  get hdf5(): Hdf5File {
    this.#limit.touch(this.#file);
    return this.#file;
  }

  /** The aggregator that wrote the file (`DA01`, `AGIPD05`), from its name; '' if the name has none. */
  get aggregator(): string {
    return parseRunFileName(this.name)?.aggregator ?? '';
  }

  /** Whether the file only points at the data of a run's other files. @source EXtra-data voview */
  get isOverview(): boolean {
    this.#isOverview ??= this.hdf5.kindOf('/.source_files') === 'group';
    return this.#isOverview;
  }

  /** Reduction and errata sources; read on demand because most files have none. */
  get auxiliary(): AuxiliarySources {
    this.#auxiliary ??= readAuxiliarySources(this.hdf5);
    return this.#auxiliary;
  }

  /** Usable trains of the file, in file order. */
  usableTrainIds(): readonly number[] {
    this.#usable ??=
      this.includesSuspectTrains || !this.index.isSuspect.includes(true)
        ? this.index.trainIds
        : this.index.trainIds.filter((_, i) => this.isUsable[i]);
    return this.#usable;
  }

  /** First and last usable train where they only ever go up, as they should; null otherwise, or where there is none. */
  get ascendingRange(): { readonly first: number; readonly last: number } | null {
    if (this.#range === undefined) {
      const ids = this.usableTrainIds();
      let i = 1;
      while (i < ids.length && ids[i] > ids[i - 1]) i++;
      this.#range = ids.length > 0 && i === ids.length ? { first: ids[0], last: ids[i - 1] } : null;
    }
    return this.#range;
  }

  /** Positions in the file of its usable trains among `wanted`, ascending; quick where few are wanted. */
  positionsOf(wanted: ReadonlySet<number>): number[] {
    this.#positions ??= this.#findPositions();
    const found: number[] = [];
    if (wanted.size < this.index.trainIds.length) {
      for (const trainId of wanted) found.push(...(this.#positions.get(trainId) ?? []));
      return found.sort((a, b) => a - b);
    }
    for (const [i, trainId] of this.index.trainIds.entries())
      if (this.isUsable[i] && wanted.has(trainId)) found.push(i);
    return found;
  }

  #findPositions(): ReadonlyMap<number, readonly number[]> {
    const positions = new Map<number, number[]>();
    for (const [i, trainId] of this.index.trainIds.entries()) {
      if (!this.isUsable[i]) continue;
      const known = positions.get(trainId);
      if (known) known.push(i);
      else positions.set(trainId, [i]);
    }
    return positions;
  }

  entryIndex(source: string, group: string): EntryIndex {
    const name = `${source}/${group}`;
    let found = this.#entries.get(name);
    if (!found) {
      found = readEntryIndex(this.hdf5, this.index, source, group);
      this.#entries.set(name, found);
    }
    return found;
  }

  /** Keys below a group such as `/CONTROL/<device>`, with dots. */
  keysBelow(groupPath: string): readonly string[] {
    let found = this.#keys.get(groupPath);
    if (!found) {
      found = listKeys(this.hdf5, groupPath);
      this.#keys.set(groupPath, found);
    }
    return found;
  }

  /** One key below a group, or null if there is none: quicker than listing them where one is enough. */
  oneKeyBelow(groupPath: string): string | null {
    const known = this.#keys.get(groupPath);
    if (known) return known[0] ?? null;
    let found = this.#oneKey.get(groupPath);
    if (found === undefined) {
      found = findKey(this.hdf5, groupPath);
      this.#oneKey.set(groupPath, found);
    }
    return found;
  }

  /** Index groups of a source, sorted. */
  indexGroups(source: string): readonly string[] {
    let found = this.#groups.get(source);
    if (!found) {
      found = listIndexGroups(this.hdf5, source);
      this.#groups.set(source, found);
    }
    return found;
  }

  close(): void {
    this.#limit.forget(this.#file);
    this.#file.close();
  }
}

/** Parts of a file name `<category>-R<run>-<aggregator>-S<sequence>.h5`. */
export interface RunFileName {
  /** `RAW`, `CORR`, .. */
  readonly category: string;
  readonly run: number;
  readonly aggregator: string;
  readonly sequence: number | null;
}

/** The parts of a run file's name, or null for another name. */
export function parseRunFileName(name: string): RunFileName | null {
  const match = /^([A-Z]+)-R(\d{4})-(\w+?)(?:-S(\d{5}))?\.h5$/.exec(name);
  if (!match) return null;
  const [, category, run, aggregator, sequence] = match;
  return { category, run: Number(run), aggregator, sequence: sequence === undefined ? null : Number(sequence) };
}

/**
 * Where in a proposal a file lies (`raw`, `proc`, `scratch/test`), from its path; '' if the path does not say.
 * Both forms of the file system are known: `p<n>/<class>/r<n>/` and `<class>/<instrument>/<cycle>/p<n>/r<n>/`.
 */
export function storageClassOf(path: string): string {
  const below = /\/p\d{6}\/(.+)\/r\d{4}\/[^/]*$/.exec(path);
  if (below) return below[1];
  return /\/(raw|proc)\/\w+\/\w+\/p\d{6}\/r\d{4}\/[^/]*$/.exec(path)?.[1] ?? '';
}

/** An index of which the known parts cost nothing and the others are read from the file when asked for. */
function lazyIndex(known: KnownFileIndex | 'later', read: () => EuxfelFileIndex): EuxfelFileIndex {
  let whole: EuxfelFileIndex | undefined;
  const handler = {
    get(_: object, name: keyof EuxfelFileIndex) {
      if (known !== 'later' && Object.hasOwn(known, name)) return known[name as keyof KnownFileIndex];
      whole ??= read();
      return whole[name];
    },
  };
  return new Proxy({}, handler) as EuxfelFileIndex;
}
