import { IconChevronDown, IconChevronRight } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { type KeyboardEvent, useMemo, useRef, useState } from 'react';
import type { RunInfo } from '../../api/run-contract.ts';
import { choiceName, useKeyChoice } from '../key-choice.ts';
import { useKeys } from '../keyboard.ts';
import { numberText } from '../number-text.ts';
import { useRunView } from '../run-view.ts';
import { session } from '../session.ts';
import { type SourceMatch, searchSources } from '../source-search.ts';
import { SourceKeys } from './source-keys.tsx';
import { SourceName } from './source-name.tsx';

type Group = RunInfo['groups'][number];
/** A search that opens more sources than this opens none: it is not narrow yet. */
const MOST_OPENED = 60;

interface TreeSource {
  readonly name: string;
  readonly kind: 'pipeline' | 'control' | 'legacy' | 'reduction' | 'errata';
  readonly trains: number;
  readonly entries: number;
  readonly aliases: readonly string[];
  readonly target?: string | null;
}

/** Sources of a run, grouped as `lsxfel` does; similar names are one row. `/` searches, arrows walk. */
export function SourceTree() {
  const { run, info, search } = useRunView();
  const [filter, setFilter] = useState('');
  const [open, setOpen] = useState<ReadonlySet<string>>(() => openAtFirst(info, search.get('source')));
  const input = useRef<HTMLInputElement>(null);
  const list = useRef<HTMLDivElement>(null);
  const chosen = useKeyChoice((choice) => (choice.run === choiceName(run) ? choice.keys.length : 0));
  const keyNames = useQuery({
    queryKey: ['keynames', run],
    queryFn: ({ signal }) => session.call('keynames', run, {}, signal),
    enabled: filter.trim().length > 1,
    staleTime: 60_000,
  });
  useKeys((event) => {
    if (event.key !== '/') return false;
    input.current?.focus();
    return true;
  });
  const sources = useMemo(
    () =>
      new Map<string, TreeSource>([
        ...info.sources.map((each) => [each.name, each] as const),
        ...info.otherSources.map((each) => [each.name, { ...each, aliases: [] }] as const),
      ]),
    [info],
  );
  const isSearching = filter.trim() !== '';
  const matches = useMemo(
    () => (isSearching ? searchSources(info, keyNames.data ?? null, filter) : null),
    [info, keyNames.data, filter, isSearching],
  );
  const toggle = (id: string) =>
    setOpen((now) => new Set(now.has(id) ? [...now].filter((each) => each !== id) : [...now, id]));
  const isFew = (matches?.size ?? 0) <= MOST_OPENED;
  const known = info.sources.length;
  const found = matches ? info.sources.filter(({ name }) => matches.has(name)).length : known;
  return (
    <section className="pn" aria-label="Sources">
      <div className="ptool">
        <span className="in text grow">
          <input
            ref={input}
            aria-label="Search sources"
            placeholder="Search sources, keys, aliases"
            value={filter}
            onChange={(event) => setFilter(event.target.value)}
            onKeyDown={(event) => {
              if (event.key === 'Escape') setFilter('');
              if (event.key === 'ArrowDown') moveFocus(list.current, null, 1);
            }}
          />
          <kbd>/</kbd>
        </span>
      </div>
      <div className="colhead">
        <span>source · key</span>
        <span className="sp" />
        <span className="c1">entries</span>
        <span className="c2">trains</span>
      </div>
      {/* biome-ignore lint/a11y/noStaticElementInteractions: arrow keys walk over the buttons inside */}
      <div className="scroll" ref={list} onKeyDown={(event) => walk(event, list.current)}>
        {found === 0 && sources.size === 0 && <div className="emptyline">The run has no source.</div>}
        {matches?.size === 0 && (
          <div className="emptyline">
            {keyNames.isLoading ? 'Looking through the keys …' : `No source or key fits “${filter}”.`}
          </div>
        )}
        {info.groups.map((group) => (
          <GroupRows
            key={group.title}
            group={group}
            sources={sources}
            matches={matches}
            isFew={isFew}
            trains={info.trains}
            open={open}
            onToggle={toggle}
          />
        ))}
      </div>
      <div className="pfoot">
        <span className="grow el">
          {found === known ? `${numberText(known)} sources` : `${numberText(found)} of ${numberText(known)} sources`}
          {chosen > 0 && <b className="acc"> · {numberText(chosen)} ticked for export</b>}
        </span>
        <span className="prov">{numberText(info.trains)} trains</span>
      </div>
    </section>
  );
}

interface GroupRowsProps {
  readonly group: Group;
  readonly sources: ReadonlyMap<string, TreeSource>;
  readonly matches: ReadonlyMap<string, SourceMatch> | null;
  readonly isFew: boolean;
  readonly trains: number;
  readonly open: ReadonlySet<string>;
  readonly onToggle: (id: string) => void;
}

function GroupRows({ group, sources, matches, isFew, trains, open, onToggle }: GroupRowsProps) {
  const rows = group.rows
    .map(({ text, names }) => ({ text, names: names.filter((name) => !matches || matches.has(name)), all: names }))
    .filter(({ names }) => names.length > 0);
  if (rows.length === 0) return null;
  const count = rows.reduce((sum, { names }) => sum + names.length, 0);
  const sourceRow = (name: string, isInner: boolean) => {
    const match = matches?.get(name);
    const source = sources.get(name);
    if (!source) return null;
    return (
      <SourceRow
        key={name}
        source={source}
        match={match}
        trains={trains}
        isInner={isInner}
        isOpen={open.has(name) || (isFew && match !== undefined && match !== 'whole')}
        onToggle={() => onToggle(name)}
      />
    );
  };
  return (
    <div>
      <div className="row g" title={group.detail || undefined}>
        <span className="nw">{group.title}</span>
        {group.detail && <span className="t3 el gd">{group.detail}</span>}
        <span className="meta">{numberText(count)}</span>
      </div>
      {rows.map(({ text, names, all }) => {
        if (all.length === 1) return sourceRow(names[0], false);
        const isOpen = open.has(text) || matches !== null;
        const Chevron = isOpen ? IconChevronDown : IconChevronRight;
        const members = names.map((name) => sources.get(name)).filter((each) => each !== undefined);
        const least = members.reduce((a, each) => Math.min(a, each.trains), trains);
        return (
          <div key={text}>
            <button
              type="button"
              className="row"
              aria-expanded={isOpen}
              onClick={() => onToggle(text)}
              data-testid={`similar-${text}`}
              title={`${all.length} sources with similar names`}
            >
              <Chevron size={14} stroke={1.7} className="t3 chevron" aria-hidden="true" />
              <span className="pc S" title={`${all.length} similar sources`}>
                {all.length}
              </span>
              <SourceName name={text} />
              <span className={`c2 ${least < trains ? 'warn' : ''}`} title="fewest trains of one of them">
                {least < trains ? '≥ ' : ''}
                {numberText(least)}
              </span>
            </button>
            {isOpen && names.map((name) => sourceRow(name, true))}
          </div>
        );
      })}
    </div>
  );
}

interface SourceRowProps {
  readonly source: TreeSource;
  readonly match: SourceMatch | undefined;
  readonly trains: number;
  readonly isInner: boolean;
  readonly isOpen: boolean;
  readonly onToggle: () => void;
}

const LETTERS = { pipeline: 'P', control: 'C', legacy: 'L', reduction: 'R', errata: 'E' } as const;
const WORDS = {
  pipeline: 'pipeline source',
  control: 'control source',
  legacy: 'old name',
  reduction: 'what data reduction left out',
  errata: 'what went wrong while recording',
} as const;

function SourceRow({ source, match, trains, isInner, isOpen, onToggle }: SourceRowProps) {
  const Chevron = isOpen ? IconChevronDown : IconChevronRight;
  const { name, kind, aliases, target } = source;
  const isShort = source.trains < trains && (kind === 'pipeline' || kind === 'control');
  return (
    <div>
      <button
        type="button"
        className={`row ${isInner ? 'inner' : ''}`}
        aria-expanded={isOpen}
        onClick={onToggle}
        data-testid={`source-${name}`}
        title={target ? `${name}: old name of ${target}` : name}
      >
        <Chevron size={14} stroke={1.7} className="t3 chevron" aria-hidden="true" />
        <span className={`pc ${kind === 'control' ? 'C' : 'P'}`} title={WORDS[kind]}>
          {LETTERS[kind]}
        </span>
        <SourceName name={name} />
        {aliases.length > 0 && <span className="alias el">{aliases.join(', ')}</span>}
        {source.entries !== source.trains && <span className="c1">{numberText(source.entries)}</span>}
        <span
          className={`c2 ${isShort ? 'warn' : ''}`}
          title={isShort ? `${numberText(trains - source.trains)} trains are missing` : undefined}
        >
          {numberText(source.trains)}
        </span>
      </button>
      {isOpen && <SourceKeys source={name} only={match && match !== 'whole' ? match : null} isInner={isInner} />}
    </div>
  );
}

/** The chosen source and the row of similar names around it. */
function openAtFirst(info: RunInfo, source: string | null): ReadonlySet<string> {
  if (!source) return new Set();
  const row = info.groups.flatMap((group) => group.rows).find(({ names }) => names.includes(source));
  return new Set(row && row.names.length > 1 ? [row.text, source] : [source]);
}

/** Up and down walk over the rows, left and right close and open them. */
function walk(event: KeyboardEvent, list: HTMLElement | null): void {
  const row = event.target;
  if (!(row instanceof HTMLButtonElement)) return;
  const isOpen = row.getAttribute('aria-expanded');
  if (event.key === 'ArrowDown' || event.key === 'ArrowUp') moveFocus(list, row, event.key === 'ArrowDown' ? 1 : -1);
  else if (event.key === 'ArrowRight' && isOpen === 'false') row.click();
  else if (event.key === 'ArrowLeft' && isOpen === 'true') row.click();
  else if (event.key !== 'ArrowLeft' && event.key !== 'ArrowRight') return;
  event.preventDefault();
}

function moveFocus(list: HTMLElement | null, from: HTMLElement | null, step: number): void {
  const rows = [...(list?.querySelectorAll<HTMLElement>('button.row, button.keyrow') ?? [])];
  rows[from ? rows.indexOf(from) + step : 0]?.focus();
}
