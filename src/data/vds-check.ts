import { isXfelError } from '../core/errors.ts';
import { elementCount } from '../core/ndarray.ts';
import type { Hdf5Block, Hdf5File, Hdf5Opener } from '../formats/hdf5.ts';

/** A source of a virtual dataset that cannot be read. */
export interface VdsProblem {
  /** As written in the virtual file. */
  readonly file: string;
  readonly dataset: string;
  readonly reason: string;
}

/** What a check found of one virtual dataset. */
export interface VdsFinding {
  readonly path: string;
  readonly shape: readonly number[];
  readonly mappings: number;
  /** Different datasets that it is made of, and those that can be read. */
  readonly sources: number;
  readonly accessible: number;
  readonly problems: readonly VdsProblem[];
}

const DEEPEST = 64;

/**
 * Checks all virtual datasets of a file: that each source file opens, has the dataset, and that the dataset is long enough.
 * @param resolveBeside the path of a source file from its name: relative names start at the folder of the virtual file, as
 * HDF5 has it (the original looks in the working directory)
 */
export async function checkVirtualDatasets(
  file: Hdf5File,
  opener: Hdf5Opener,
  resolveBeside: (name: string) => string,
  options: { readonly signal?: AbortSignal } = {},
): Promise<VdsFinding[]> {
  const sources = new SourceFiles(file, opener, resolveBeside);
  const findings: VdsFinding[] = [];
  try {
    for (const path of datasetsBelow(file, '', 0)) {
      options.signal?.throwIfAborted();
      const { shape, virtualSources } = file.datasetInfo(path);
      if (!virtualSources) continue;
      const problems = new Map<string, VdsProblem>();
      const seen = new Set<string>();
      for (const { file: name, dataset, source } of virtualSources) {
        const id = `${name}\0${dataset}`;
        seen.add(id);
        if (problems.has(id)) continue;
        const reason = await sources.problemOf(name, dataset, source ?? null);
        if (reason) problems.set(id, { file: name, dataset, reason });
      }
      findings.push({
        path,
        shape,
        mappings: virtualSources.length,
        sources: seen.size,
        accessible: seen.size - problems.size,
        problems: [...problems.values()],
      });
    }
  } finally {
    sources.close();
  }
  return findings;
}

/** The source files of a virtual file, each opened once. */
class SourceFiles {
  readonly #file: Hdf5File;
  readonly #opener: Hdf5Opener;
  readonly #resolve: (name: string) => string;
  readonly #opened = new Map<string, Hdf5File | string>();

  constructor(file: Hdf5File, opener: Hdf5Opener, resolve: (name: string) => string) {
    this.#file = file;
    this.#opener = opener;
    this.#resolve = resolve;
  }

  async problemOf(name: string, dataset: string, blocks: readonly Hdf5Block[] | null): Promise<string | null> {
    const opened = await this.#open(name);
    if (typeof opened === 'string') return opened;
    if (opened.kindOf(dataset) !== 'dataset') return 'the file has no such dataset';
    const { shape } = opened.datasetInfo(dataset);
    const outside = blocks?.find(
      ({ start, count }) =>
        elementCount(count) > 0 &&
        (start.length !== shape.length || start.some((first, axis) => first + count[axis] > shape[axis])),
    );
    if (!outside) return null;
    const end = outside.start.map((first, axis) => first + outside.count[axis]);
    return `the dataset has shape [${shape}], elements up to [${end}] are wanted`;
  }

  async #open(name: string): Promise<Hdf5File | string> {
    if (name === '.') return this.#file;
    let found = this.#opened.get(name);
    if (found === undefined) {
      try {
        found = await this.#opener.open(this.#resolve(name));
      } catch (error) {
        if (!isXfelError(error)) throw error;
        found = error.message;
      }
      this.#opened.set(name, found);
    }
    return found;
  }

  close(): void {
    for (const file of this.#opened.values()) if (typeof file !== 'string') file.close();
  }
}

function* datasetsBelow(file: Hdf5File, group: string, depth: number): Iterable<string> {
  for (const { name, kind, link } of file.children(group || '/')) {
    // What a soft link leads to is met in its own place, or is another file's.
    if (link !== 'hard') continue;
    const path = `${group}/${name}`;
    if (kind === 'dataset') yield path;
    else if (kind === 'group' && depth < DEEPEST) yield* datasetsBelow(file, path, depth + 1);
  }
}
