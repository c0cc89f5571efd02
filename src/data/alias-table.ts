import { AliasConflict, SelectionInvalid } from '../core/errors.ts';

/** What an alias stands for: a source, or one key of it. */
export interface AliasTarget {
  readonly source: string;
  /** null for the whole source. */
  readonly key: string | null;
}

/** Short names for sources and keys, and the files that they came from. */
export interface AliasTable {
  /** Alias in its plain form (lower case, `-` for `_`) -> target, in the order of definition. */
  readonly targets: ReadonlyMap<string, AliasTarget>;
  readonly files: readonly string[];
}

/**
 * Aliases as users write them: `alias: source`, `alias: [source, key]`, or `source: { alias: key }` for several keys of one
 * source.
 */
export interface AliasDefinitions {
  readonly [name: string]: string | readonly [source: string, key: string] | Readonly<Record<string, string>>;
}

/** The table of runs without aliases. */
export const NO_ALIASES: AliasTable = { targets: new Map(), files: [] };

/** The plain form of an alias: case and `_` against `-` do not matter. */
export function plainAlias(name: string): string {
  return name.toLowerCase().replaceAll('_', '-');
}

/**
 * Reads definitions. The same alias may be defined twice if both mean the same.
 * @param where the file, for messages
 * @throws SelectionInvalid for a definition that is none of the three forms, AliasConflict for two targets of one alias
 */
export function parseAliases(definitions: unknown, where = 'the given aliases'): AliasTable {
  if (typeof definitions !== 'object' || definitions === null || Array.isArray(definitions))
    throw new SelectionInvalid(`${where}: aliases are a table of names, got ${describe(definitions)}.`, { where });
  const targets = new Map<string, AliasTarget>();
  for (const [name, value] of Object.entries(definitions)) {
    if (typeof value === 'string') add(targets, name, { source: value, key: null });
    else if (Array.isArray(value) && value.length === 2 && value.every((part) => typeof part === 'string'))
      add(targets, name, { source: value[0], key: value[1] });
    else if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      for (const [alias, key] of Object.entries(value)) {
        if (typeof key !== 'string') throw badAlias(where, `${name}: ${alias}`, key);
        add(targets, alias, { source: name, key });
      }
    } else throw badAlias(where, name, value);
  }
  return { targets, files: [] };
}

function badAlias(where: string, name: string, value: unknown): SelectionInvalid {
  return new SelectionInvalid(
    `${where}: "${name}" is ${describe(value)}. Write alias: source, alias: [source, key] or source: {alias: key}.`,
    { where, name },
  );
}

function describe(value: unknown): string {
  return value === null ? 'nothing' : Array.isArray(value) ? `a list of ${value.length}` : `a ${typeof value}`;
}

function add(targets: Map<string, AliasTarget>, name: string, target: AliasTarget): void {
  const alias = plainAlias(name);
  const known = targets.get(alias);
  if (known && (known.source !== target.source || known.key !== target.key)) {
    throw new AliasConflict(
      `Conflicting definition of alias ${alias} (or ${name}, ..): ${textOf(known)} and ${textOf(target)}. Rename one of them.`,
      { name: alias },
    );
  }
  targets.set(alias, target);
}

function textOf({ source, key }: AliasTarget): string {
  return key === null ? source : `${source} ${key}`;
}

/** All aliases of several tables. @throws AliasConflict */
export function joinAliases(...tables: readonly AliasTable[]): AliasTable {
  const targets = new Map<string, AliasTarget>();
  for (const table of tables) for (const [alias, target] of table.targets) add(targets, alias, target);
  return { targets, files: [...new Set(tables.flatMap((table) => table.files))] };
}
