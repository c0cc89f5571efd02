import { AliasNotFound, nearestNames, SelectionInvalid } from '../core/errors.ts';
import { type AliasTable, type AliasTarget, plainAlias } from './alias-table.ts';
import type { KeyData } from './key-data.ts';
import type { RequireOptions } from './require-data.ts';
import type { SourceData } from './source-data.ts';
import type { KeyChoice, SourcePattern, SourceSelection } from './source-selection.ts';

/** What aliases need of the run that they belong to. */
interface AliasedRun<R> {
  readonly path: string;
  hasSource(name: string): boolean;
  source(name: string): SourceData;
  select(selection: SourceSelection, keyPattern?: string, options?: RequireOptions): R;
  deselect(selection: SourceSelection, keyPattern?: string): R;
}

/** By alias: one alias, aliases and [source alias, key pattern] pairs, or source aliases with exact keys. */
export type AliasSelection = string | readonly SourcePattern[] | ReadonlyMap<string, KeyChoice>;

/** The short names of a run's sources and keys. Case, and `_` against `-`, do not matter. */
export class RunAliases<R> {
  readonly table: AliasTable;
  readonly #run: AliasedRun<R>;

  /** Use `run.aliases`. */
  constructor(run: AliasedRun<R>, table: AliasTable) {
    this.#run = run;
    this.table = table;
  }

  /** All aliases in their plain form, in the order of definition; see {@link has} for which of them this run has. */
  get names(): readonly string[] {
    return [...this.table.targets.keys()];
  }

  /** What an alias stands for. @throws AliasNotFound */
  target(alias: string): AliasTarget {
    const target = this.table.targets.get(plainAlias(alias));
    if (target) return target;
    const near = nearestNames(plainAlias(alias), this.names);
    throw new AliasNotFound(
      `No alias "${alias}"; nearest: ${near.join(', ') || 'none'}. List them with aliases.names.`,
      {
        name: alias,
        near,
      },
    );
  }

  #sourceOf(alias: string): string {
    const { source, key } = this.target(alias);
    if (key === null) return source;
    throw new SelectionInvalid(`Alias ${alias} stands for a key (${source} ${key}), not for a source.`, { alias });
  }

  /** The source or key that an alias stands for. @throws AliasNotFound, SourceNotFound, KeyNotFound */
  get(alias: string): SourceData | KeyData {
    const { source, key } = this.target(alias);
    return key === null ? this.#run.source(source) : this.#run.source(source).key(key);
  }

  /** The source that an alias stands for. @throws AliasNotFound, SourceNotFound; SelectionInvalid for the alias of a key */
  source(alias: string): SourceData {
    return this.#run.source(this.#sourceOf(alias));
  }

  /**
   * The key that an alias stands for, or a key of the source that it stands for.
   * @throws AliasNotFound, SourceNotFound, KeyNotFound; SelectionInvalid if the alias is not of that kind
   */
  key(alias: string, key?: string): KeyData {
    if (key !== undefined) return this.source(alias).key(key);
    const target = this.target(alias);
    if (target.key !== null) return this.#run.source(target.source).key(target.key);
    throw new SelectionInvalid(`Alias ${alias} stands for the source ${target.source}: name a key, too.`, { alias });
  }

  /** Whether the run has what the alias stands for. */
  has(alias: string): boolean {
    const target = this.table.targets.get(plainAlias(alias));
    if (!target || !this.#run.hasSource(target.source)) return false;
    return target.key === null || this.#run.source(target.source).hasKey(target.key);
  }

  /**
   * Only what some aliases stand for. There are no patterns of aliases; keys beside a source's alias may be patterns.
   * @throws AliasNotFound; SelectionInvalid if the run lacks one of them
   */
  select(selection: AliasSelection, keyPattern = '*', options: RequireOptions = {}): R {
    return this.#run.select(this.#resolve(selection, keyPattern), '*', options);
  }

  /** Everything but what some aliases stand for. @throws as {@link select} */
  deselect(selection: AliasSelection, keyPattern = '*'): R {
    return this.#run.deselect(this.#resolve(selection, keyPattern));
  }

  #resolve(selection: AliasSelection, keyPattern: string): SourceSelection {
    if (selection instanceof Map)
      return new Map([...(selection as ReadonlyMap<string, KeyChoice>)].map(([a, keys]) => [this.#sourceOf(a), keys]));
    if (typeof selection === 'string' && keyPattern !== '*') return [[this.#sourceOf(selection), keyPattern]];
    const list = typeof selection === 'string' ? [selection] : (selection as readonly SourcePattern[]);
    return list.map((item): SourcePattern => {
      if (typeof item !== 'string') return [this.#sourceOf(item[0]), item[1]];
      const { source, key } = this.target(item);
      return key === null ? source : [source, key];
    });
  }

  /**
   * All aliases as text, by source: `✗` for what the run lacks, `~` for a source of which it lacks some aliased keys.
   * @param options.isColoured red `✗` for a terminal
   * @param options.linkOf address of an alias file, if people can open it in a browser. Default: the facility's notebook server
   */
  toText(options: { readonly isColoured?: boolean; readonly linkOf?: (file: string) => string | null } = {}): string {
    const { linkOf = notebookLink } = options;
    if (this.names.length === 0) return 'No aliases have been loaded.';
    const cross = options.isColoured ? '\u001b[91m✗\u001b[0m' : '✗';
    const mark = (isThere: boolean) => (isThere ? ' ' : cross);
    const sourceAliases = new Map<string, string>();
    for (const [alias, { source, key }] of this.table.targets)
      if (key === null && !sourceAliases.has(source)) sourceAliases.set(source, alias);
    const groups = new Map<string, { alias: string | undefined; source: string; keys: [string, string][] }>();
    for (const [alias, { source, key }] of this.table.targets) {
      const own = key === null ? alias : sourceAliases.get(source);
      const id = `${own ?? ''} ${source}`;
      const group = groups.get(id) ?? { alias: own, source, keys: [] };
      groups.set(id, group);
      if (key !== null) group.keys.push([alias, key]);
    }
    const lines = this.table.files.map((file) => {
      const link = linkOf(file);
      return `Alias file: ${file}${link ? ` (${link})` : ''}`;
    });
    const blocks = [...groups.values()].map(({ alias, source, keys }) => {
      if (keys.length === 0) return `${mark(this.has(alias as string))} ${alias}: ${source}\n`;
      const present = keys.map(([name]) => this.has(name));
      if (keys.length === 1) return `${mark(present[0])} ${keys[0][0]}: (${source}, ${keys[0][1]})\n`;
      const icon = present.every(Boolean) ? ' ' : present.some(Boolean) ? '~' : cross;
      const title = alias === undefined ? source : `${alias} (${source})`;
      const rows = keys.map(([name, key], i) => `  ${mark(present[i])} ${name}: ${key}`);
      return `${icon} ${title}:\n${rows.join('\n')}\n`;
    });
    return [...lines, ...(lines.length ? [''] : []), 'Loaded aliases:', ...blocks].join('\n');
  }
}

/** Files of the facility's disk in its notebook server. */
function notebookLink(file: string): string | null {
  if (!file.startsWith('/gpfs/')) return null;
  return `https://max-jhub.desy.de/hub/user-redirect/lab/tree/GPFS${file.slice('/gpfs'.length)}`;
}
