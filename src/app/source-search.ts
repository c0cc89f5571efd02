import type { RunInfo } from '../api/run-contract.ts';

/** What a search found in one source: the source itself, or only these of its keys. */
export type SourceMatch = 'whole' | readonly string[];

/**
 * Sources whose name or alias has all words, or that have keys which together with the source's name do.
 * @param keyNames keys by source; null while they are not known
 */
export function searchSources(
  info: RunInfo,
  keyNames: Readonly<Record<string, readonly string[]>> | null,
  text: string,
): ReadonlyMap<string, SourceMatch> {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const found = new Map<string, SourceMatch>();
  const aliasesOf = new Map<string, string>();
  for (const { alias, source, key } of info.aliases) {
    const id = key === null ? source : `${source} ${key}`;
    aliasesOf.set(id, `${aliasesOf.get(id) ?? ''} ${alias}`);
  }
  const names = [...info.sources.map(({ name }) => name), ...info.otherSources.map(({ name }) => name)];
  for (const name of names) {
    const hay = `${name} ${aliasesOf.get(name) ?? ''}`.toLowerCase();
    if (words.every((word) => hay.includes(word))) {
      found.set(name, 'whole');
      continue;
    }
    const keys = (keyNames?.[name] ?? []).filter((key) => {
      const alias = aliasesOf.get(`${name} ${key}`) ?? aliasesOf.get(`${name} ${key.replace(/\.value$/, '')}`) ?? '';
      const whole = `${hay} ${key} ${alias}`.toLowerCase();
      return words.every((word) => whole.includes(word));
    });
    if (keys.length > 0) found.set(name, keys);
  }
  return found;
}
