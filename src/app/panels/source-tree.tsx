import { IconChevronDown, IconChevronRight } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useRef, useState } from 'react';
import { useKeys } from '../keyboard.ts';
import { numberText } from '../number-text.ts';
import { useRunView } from '../run-view.ts';
import { session } from '../session.ts';
import { QueryState } from './query-state.tsx';
import { SourceName } from './source-name.tsx';

/** Headings in the order of the list. */
const GROUPS = ['Detector', 'XGM', 'Digitizers', 'Cameras', 'Motors', 'Laser and timing', 'Other'];

/** Sources of a run under their headings; an open source lists its keys. `/` searches. */
export function SourceTree() {
  const { info, search } = useRunView();
  const [filter, setFilter] = useState('');
  const [open, setOpen] = useState<string | null>(search.get('source'));
  const input = useRef<HTMLInputElement>(null);
  useKeys((event) => {
    if (event.key !== '/') return false;
    input.current?.focus();
    return true;
  });
  const words = filter.toLowerCase().split(/\s+/).filter(Boolean);
  const fitting = info.sources.filter((each) => words.every((word) => each.name.toLowerCase().includes(word)));
  const groups = GROUPS.filter((group) => fitting.some((each) => each.group === group));
  return (
    <section className="pn" aria-label="Sources">
      <div className="ptool">
        <span className="in text grow">
          <input
            ref={input}
            aria-label="Search sources"
            placeholder="Search sources"
            value={filter}
            onChange={(event) => setFilter(event.target.value)}
            onKeyDown={(event) => event.key === 'Escape' && setFilter('')}
          />
          <kbd>/</kbd>
        </span>
      </div>
      <div className="colhead">
        <span>source · key</span>
        <span className="sp" />
        <span>type · shape · unit, trains</span>
      </div>
      <div className="scroll">
        {fitting.length === 0 && (
          <div className="emptyline">
            {info.sources.length === 0 ? 'The run has no source.' : `No source fits “${filter}”.`}
          </div>
        )}
        {groups.map((group) => (
          <div key={group}>
            <div className="row g">
              {group}
              <span className="meta">{fitting.filter((each) => each.group === group).length}</span>
            </div>
            {fitting
              .filter((each) => each.group === group)
              .map((each) => {
                const isOpen = open === each.name;
                const Chevron = isOpen ? IconChevronDown : IconChevronRight;
                return (
                  <div key={each.name}>
                    <button
                      type="button"
                      className="row"
                      aria-expanded={isOpen}
                      onClick={() => setOpen(isOpen ? null : each.name)}
                      data-testid={`source-${each.name}`}
                      title={each.name}
                    >
                      <Chevron size={14} stroke={1.7} className="t3 chevron" aria-hidden="true" />
                      <span
                        className={`pc ${each.kind === 'control' ? 'C' : 'P'}`}
                        title={each.kind === 'control' ? 'control source' : 'pipeline source'}
                      >
                        {each.kind === 'control' ? 'C' : 'P'}
                      </span>
                      <SourceName name={each.name} />
                      <span
                        className={`meta ${each.trains < info.trains ? 'warn' : ''}`}
                        title={
                          each.trains < info.trains ? `${info.trains - each.trains} trains are missing` : undefined
                        }
                      >
                        {numberText(each.trains)}
                      </span>
                    </button>
                    {isOpen && <Keys source={each.name} />}
                  </div>
                );
              })}
          </div>
        ))}
      </div>
      <div className="pfoot">
        <span className="grow el">
          {fitting.length === info.sources.length
            ? `${numberText(info.sources.length)} sources`
            : `${numberText(fitting.length)} of ${numberText(info.sources.length)} sources`}
        </span>
        <span className="prov">numbers: trains with data of {numberText(info.trains)}</span>
      </div>
    </section>
  );
}

function Keys({ source }: { readonly source: string }) {
  const { run, search, set } = useRunView();
  const keys = useQuery({
    queryKey: ['keys', run, source],
    queryFn: ({ signal }) => session.keys(run, source, signal),
  });
  if (keys.error || keys.isLoading)
    return (
      <div className="keystate">
        <QueryState isLoading={keys.isLoading} error={keys.error} what="Keys" />
      </div>
    );
  const selected = source === search.get('source') ? search.get('key') : null;
  return (
    <>
      {(keys.data ?? []).map((key) => (
        <button
          key={key.key}
          type="button"
          className={`row key ${selected === key.key ? 'sel' : ''}`}
          aria-pressed={selected === key.key}
          onClick={() => set({ source, key: key.key })}
          data-testid={`key-${key.key}`}
          title={key.key}
        >
          <span className="el">{key.key}</span>
          <span className="meta">
            {key.dtype}
            {key.entryShape.length > 0 ? ` · ${key.entryShape.join('×')}` : ''}
            {key.units ? ` · ${key.units}` : ''}
          </span>
        </button>
      ))}
    </>
  );
}
