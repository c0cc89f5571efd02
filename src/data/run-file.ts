import {
  type EntryIndex,
  type EuxfelFileIndex,
  listKeys,
  readEntryIndex,
  readFileIndex,
} from '../formats/euxfel-hdf5.ts';
import type { Hdf5File } from '../formats/hdf5.ts';
import type { OpenFileLimit } from './open-file-limit.ts';

/** One file of a run with its index read; entry indices and key lists are read on demand and kept. */
export class RunFile {
  readonly path: string;
  /** File name without folder. */
  readonly name: string;
  readonly index: EuxfelFileIndex;
  /** Which of the file's trains may be used: all, or those that are not suspect. */
  readonly isUsable: readonly boolean[];
  readonly #file: Hdf5File;
  readonly #limit: OpenFileLimit;
  readonly #entries = new Map<string, EntryIndex>();
  readonly #keys = new Map<string, readonly string[]>();
  #positions?: ReadonlyMap<number, readonly number[]>;

  /** Takes `file` over. @throws FormatInvalid if it is not a European XFEL file */
  constructor(file: Hdf5File, limit: OpenFileLimit, includeSuspectTrains: boolean) {
    this.#file = file;
    this.#limit = limit;
    limit.touch(file);
    this.path = file.path;
    this.name = file.path.slice(file.path.lastIndexOf('/') + 1);
    this.index = readFileIndex(file);
    this.isUsable = this.index.isSuspect.map((isSuspect) => includeSuspectTrains || !isSuspect);
  }

  /** The open file; it may be suspended and opened again between two uses. */
  get hdf5(): Hdf5File {
    this.#limit.touch(this.#file);
    return this.#file;
  }

  /** The aggregator that wrote the file (`DA01`, `AGIPD05`), from its name; '' if the name has none. */
  get aggregator(): string {
    return this.name.match(/^[A-Z]+-R\d{4}-(\w+?)(?:-S\d+)?\.h5$/)?.[1] ?? '';
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

  close(): void {
    this.#limit.forget(this.#file);
    this.#file.close();
  }
}
