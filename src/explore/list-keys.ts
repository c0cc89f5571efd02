import type { RunCallReply } from '../api/run-calls.ts';
import type { KeyInfo } from '../api/run-contract.ts';
import { isNdArray } from '../core/ndarray.ts';
import type { KeyData } from '../data/key-data.ts';
import type { Run } from '../data/run.ts';
import type { RunValue } from '../data/run-values.ts';
import { findSource } from './find-source.ts';

/** Longest text of a run value. */
const LONGEST = 400;

/** The keys of a source, with what can be shown of each. @throws SourceNotFound */
export function listKeys(run: Run, name: string): KeyInfo[] {
  const source = findSource(run, name);
  const { canonicalName } = source;
  const aliases = [...run.aliases.table.targets].filter(([, to]) => to.source === canonicalName && to.key !== null);
  return source.keys().map((keyName) => {
    const key = source.key(keyName);
    const counts = key.dataCounts();
    return {
      key: keyName,
      dtype: key.isReadable ? key.dtype : 'unreadable',
      entryShape: [...key.entryShape],
      units: key.units,
      entries: key.shape[0],
      trains: counts.filter((count) => count > 0).length,
      most: counts.reduce((a, b) => Math.max(a, b), 0),
      kind: kindOf(key),
      fields: key.isReadable ? key.fields.map(({ name: field, dtype }) => ({ name: field, dtype })) : [],
      aliases: aliases.filter(([, to]) => to.key === keyName || `${to.key}.value` === keyName).map(([alias]) => alias),
    };
  });
}

function kindOf(key: KeyData): KeyInfo['kind'] {
  if (!key.isReadable) return 'unreadable';
  if (key.dtype === 'record') return 'record';
  return key.dtype === 'string' ? 'text' : 'number';
}

/** Names of the keys of every source, to search in. */
export function listKeyNames(run: Run): RunCallReply<'keynames'> {
  return Object.fromEntries(run.sources.map((name) => [name, run.source(name).keys()]));
}

/** What a control source stored once at the start of the run, as text. @throws SourceNotFound, SelectionInvalid, MultiRun */
export function listRunValues(run: Run, name: string): RunCallReply<'runvalues'> {
  const source = findSource(run, name);
  if (!source.isControl) return [];
  const types = source.runValueTypes();
  return [...source.runValues()]
    .filter(([key]) => !key.endsWith('.timestamp'))
    .map(([key, value]) => ({
      key: key.replace(/\.value$/, ''),
      text: textOf(value),
      dtype: types.get(key)?.dtype ?? '',
    }));
}

function textOf(value: RunValue): string {
  const text = isNdArray(value)
    ? `[${Array.from(value.data as ArrayLike<unknown>)
        .slice(0, 100)
        .join(', ')}]`
    : String(value);
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}
