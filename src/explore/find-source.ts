import type { KeyData } from '../data/key-data.ts';
import type { Run } from '../data/run.ts';
import type { SourceData } from '../data/source-data.ts';

/** A source of a run by its name: of the experiment, an old name, or one about the recording. @throws SourceNotFound */
export function findSource(run: Run, name: string): SourceData {
  return !run.hasSource(name) && run.auxiliary.hasSource(name) ? run.auxiliary.source(name) : run.source(name);
}

/** A key by its names. @throws SourceNotFound, KeyNotFound */
export function findKey(run: Run, { source, key }: { readonly source: string; readonly key: string }): KeyData {
  return findSource(run, source).key(key);
}
