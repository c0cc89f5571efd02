import { KeyNotFound, nearestNames, SelectionInvalid, SourceNotFound } from '../core/errors.ts';
import { isNamePattern, toNamePattern } from './name-pattern.ts';
import type { RunParts, SourceEntry, SourceTable } from './run-parts.ts';
import { SourceData } from './source-data.ts';

/** A pattern of source names, or of source and key names. */
export type SourcePattern = string | readonly [source: string, key: string];

/** Keys of one source: names (a control key may leave `.value` out); none or null for all. */
export type KeyChoice = Iterable<string> | null;

/** Anything that says which sources and keys it has: a run or a selection of one. */
export interface HasSelection {
  readonly selection: ReadonlyMap<string, ReadonlySet<string> | null>;
}

/**
 * Which sources and keys, by one of:
 * - a shell pattern of source names (with a pattern of keys beside it), or a list or set of patterns of sources or of
 *   [source, key];
 * - a map or plain record of exact source names to keys;
 * - a run, a source or a key, whose trains do not matter.
 */
export type SourceSelection =
  | string
  | readonly SourcePattern[]
  | ReadonlySet<string>
  | ReadonlyMap<string, KeyChoice>
  | Readonly<Record<string, KeyChoice>>
  | HasSelection
  | SourceData
  | { readonly source: string; readonly key: string };

/** Selected keys by source; null where all of what was selected before are. */
export type ChosenKeys = ReadonlyMap<string, ReadonlySet<string> | null>;

/** A source of the run by its name or legacy name. */
export function openSource(parts: RunParts, name: string): SourceData {
  const entry = parts.sources.get(name) ?? parts.legacy.get(name);
  if (entry) return new SourceData(originOf(parts, name, entry), entry.keys);
  const near = nearestNames(name, parts.sources.keys());
  throw new SourceNotFound(
    `No source "${name}" in ${parts.path}; nearest: ${near.join(', ') || 'none'}. List them with run.sources.`,
    {
      name,
      near,
    },
  );
}

function originOf(parts: RunParts, name: string, entry: SourceEntry) {
  return {
    section: entry.kind === 'control' ? ('CONTROL' as const) : ('INSTRUMENT' as const),
    source: name,
    canonicalSource: entry.canonicalName,
    files: entry.files,
    filesBehind: parts.filesBehind,
    trainIds: parts.trainIds,
    isSingleRun: parts.isSingleRun,
    warn: parts.warn,
  };
}

/**
 * Finds what a selection means in a run.
 * @throws SelectionInvalid if a pattern matches nothing, SourceNotFound or KeyNotFound for an exact name that is not there
 */
export function chooseSources(parts: RunParts, selection: SourceSelection, keyPattern = '*'): ChosenKeys {
  if (typeof selection === 'string') return matchPatterns(parts, [[selection, keyPattern]]);
  if (Array.isArray(selection) || selection instanceof Set)
    return matchPatterns(parts, [...(selection as Iterable<SourcePattern>)]);
  if (selection instanceof SourceData) return chooseExact(parts, [[selection.name, selection.selectedKeys]]);
  if (selection instanceof Map) return chooseExact(parts, selection as ReadonlyMap<string, KeyChoice>);
  if ('selection' in selection && selection.selection instanceof Map) return chooseExact(parts, selection.selection);
  if (isOneKey(selection)) return chooseExact(parts, [[selection.source, [selection.key]]]);
  return chooseExact(parts, Object.entries(selection as Readonly<Record<string, KeyChoice>>));
}

function isOneKey(selection: object): selection is { readonly source: string; readonly key: string } {
  const { source, key } = selection as { source?: unknown; key?: unknown };
  return typeof source === 'string' && typeof key === 'string';
}

function matchPatterns(parts: RunParts, patterns: readonly SourcePattern[]): ChosenKeys {
  const chosen = new Map<string, ReadonlySet<string> | null>();
  for (const pattern of patterns) {
    const [sourceGlob, keyGlob] = typeof pattern === 'string' ? [pattern, '*'] : pattern;
    let isFound = false;
    for (const name of matchNames(parts, sourceGlob)) {
      const keys = openSource(parts, name).matchKeys(keyGlob);
      if (keys === undefined) continue;
      isFound = true;
      chosen.set(name, joinKeys(chosen.get(name), keys));
    }
    if (!isFound)
      throw new SelectionInvalid(`No matches for pattern ("${sourceGlob}", "${keyGlob}") in ${parts.path}.`, {
        pattern,
      });
  }
  return chosen;
}

function matchNames({ sources, legacy }: RunParts, glob: string): string[] {
  if (!isNamePattern(glob)) return sources.has(glob) || legacy.has(glob) ? [glob] : [];
  const isMatch = toNamePattern(glob);
  return [...sources.keys(), ...legacy.keys()].filter((name) => isMatch.test(name)).sort();
}

function chooseExact(parts: RunParts, choice: Iterable<readonly [source: string, keys: KeyChoice]>): ChosenKeys {
  const chosen = new Map<string, ReadonlySet<string> | null>();
  for (const [name, keys] of choice) {
    const source = openSource(parts, name);
    if (keys !== null && (typeof keys === 'string' || typeof keys?.[Symbol.iterator] !== 'function')) {
      throw new SelectionInvalid(
        `Keys of ${name} must be a list or set of names, or null for all, got ${typeof keys}.`,
        {
          name,
        },
      );
    }
    const selected = source.selectKeys(keys ?? []).selectedKeys;
    // Both were checked to exist, so an empty set can only come from two selections without a common key.
    if (selected?.size === 0) throw new KeyNotFound(`None of the keys of ${name} is selected.`, { source: name });
    chosen.set(name, joinKeys(chosen.get(name), selected));
  }
  return chosen;
}

/** @param known undefined: nothing yet */
export function joinKeys(
  known: ReadonlySet<string> | null | undefined,
  keys: ReadonlySet<string> | null,
): ReadonlySet<string> | null {
  if (known === undefined) return keys;
  return known === null || keys === null ? null : new Set([...known, ...keys]);
}

/** Only the chosen sources with the chosen keys. */
export function keepSources(parts: RunParts, chosen: ChosenKeys): Pick<RunParts, 'sources' | 'legacy'> {
  const keep = (table: SourceTable) =>
    new Map(
      [...table].flatMap(([name, entry]): [string, SourceEntry][] => {
        const keys = chosen.get(name);
        return keys === undefined ? [] : [[name, { ...entry, keys }]];
      }),
    );
  return { sources: keep(parts.sources), legacy: keep(parts.legacy) };
}

/** Everything but the chosen keys; a source of which no key is left goes too. */
export function dropSources(parts: RunParts, chosen: ChosenKeys): Pick<RunParts, 'sources' | 'legacy'> {
  const drop = (table: SourceTable) =>
    new Map(
      [...table].flatMap(([name, entry]): [string, SourceEntry][] => {
        const dropped = chosen.get(name);
        if (dropped === undefined) return [[name, entry]];
        const keys =
          dropped &&
          openSource(parts, name)
            .keys()
            .filter((key) => !dropped.has(key));
        return keys && keys.length > 0 ? [[name, { ...entry, keys: new Set(keys) }]] : [];
      }),
    );
  return { sources: drop(parts.sources), legacy: drop(parts.legacy) };
}
