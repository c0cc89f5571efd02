import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { RunInfo } from '../../api/run-contract.ts';
import { numberText } from '../number-text.ts';
import { type RunKey, session } from '../session.ts';

interface SourceTreeProps {
  readonly run: RunKey;
  readonly info: RunInfo;
  readonly source: string | null;
  readonly selected: string | null;
  readonly onSelect: (source: string, key: string) => void;
}

/** Headings in the order of the list. */
const GROUPS = ['Detector', 'XGM', 'Digitizers', 'Cameras', 'Motors', 'Laser and timing', 'Other'];

/** Sources of a run under their headings; an open source lists its keys. */
export function SourceTree({ run, info, source, selected, onSelect }: SourceTreeProps) {
  const [filter, setFilter] = useState('');
  const [open, setOpen] = useState<string | null>(source);
  const fitting = info.sources.filter((each) => each.name.toLowerCase().includes(filter.toLowerCase()));
  const groups = GROUPS.filter((group) => fitting.some((each) => each.group === group));
  return (
    <section className="panel" aria-label="Sources">
      <div className="phead">
        <span className="tab on">Sources</span>
        <span className="sp" />
        <span className="ttl">
          <small>{info.sources.length} sources</small>
        </span>
      </div>
      <div className="ptool">
        <span className="in text grow">
          <input
            aria-label="Filter sources"
            placeholder="Filter sources"
            value={filter}
            onChange={(event) => setFilter(event.target.value)}
          />
        </span>
      </div>
      <div className="scroll">
        {fitting.length === 0 && <div style={{ padding: 10 }}>No source fits “{filter}”.</div>}
        {groups.map((group) => (
          <div key={group}>
            <div className="row g">
              {group}
              <span className="meta">{fitting.filter((each) => each.group === group).length}</span>
            </div>
            {fitting
              .filter((each) => each.group === group)
              .map((each) => (
                <div key={each.name}>
                  <button
                    type="button"
                    className="row"
                    aria-expanded={open === each.name}
                    onClick={() => setOpen(open === each.name ? null : each.name)}
                    data-testid={`source-${each.name}`}
                    title={each.name}
                  >
                    <span className="t3" style={{ width: 10 }}>
                      {open === each.name ? '▾' : '▸'}
                    </span>
                    <span className={`pc ${each.kind === 'control' ? 'C' : 'P'}`}>
                      {each.kind === 'control' ? 'C' : 'P'}
                    </span>
                    <span className="el">{each.name}</span>
                    <span className={`meta ${each.trains < info.trains ? 'warn' : ''}`}>{numberText(each.trains)}</span>
                  </button>
                  {open === each.name && (
                    <Keys
                      run={run}
                      source={each.name}
                      selected={each.name === source ? selected : null}
                      onSelect={onSelect}
                    />
                  )}
                </div>
              ))}
          </div>
        ))}
      </div>
      <div className="pfoot">numbers: trains with data, of {numberText(info.trains)}</div>
    </section>
  );
}

function Keys({
  run,
  source,
  selected,
  onSelect,
}: Pick<SourceTreeProps, 'run' | 'onSelect'> & { readonly source: string; readonly selected: string | null }) {
  const keys = useQuery({
    queryKey: ['keys', run, source],
    queryFn: ({ signal }) => session.keys(run, source, signal),
  });
  if (keys.error) return <div className="note">{keys.error.message}</div>;
  return (
    <>
      {(keys.data ?? []).map((key) => (
        <button
          key={key.key}
          type="button"
          className={`row ${selected === key.key ? 'sel' : ''}`}
          onClick={() => onSelect(source, key.key)}
          data-testid={`key-${key.key}`}
        >
          <span className="ind" />
          <span className="ind" />
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
