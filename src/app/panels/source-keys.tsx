import { useQuery } from '@tanstack/react-query';
import { type MouseEvent, useState } from 'react';
import { choiceName, useKeyChoice } from '../key-choice.ts';
import { numberText } from '../number-text.ts';
import { useRunView } from '../run-view.ts';
import { session } from '../session.ts';
import { QueryState } from './query-state.tsx';

interface SourceKeysProps {
  readonly source: string;
  /** Only these, those that a search found; null for all. */
  readonly only: readonly string[] | null;
  readonly isInner: boolean;
}

/** The key without the word that every control key ends in. */
export const shortKey = (key: string) => key.replace(/\.value$/, '');

/** Keys of a source: a click plots one, with Shift it is compared with the one on screen; a tick chooses it for export. */
export function SourceKeys({ source, only, isInner }: SourceKeysProps) {
  const { run, search, set } = useRunView();
  const ticked = useKeyChoice((choice) => (choice.run === choiceName(run) ? choice.keys : null));
  const toggle = useKeyChoice((choice) => choice.toggle);
  const [hasTimes, setTimes] = useState(false);
  const keys = useQuery({
    queryKey: ['keys', run, source],
    queryFn: ({ signal }) => session.call('keys', run, { source }, signal),
  });
  if (keys.error || keys.isLoading)
    return (
      <div className="keystate">
        <QueryState isLoading={keys.isLoading} error={keys.error} what="Keys" />
      </div>
    );
  const first = source === search.get('source') ? search.get('key') : null;
  const second = source === search.get('source2') ? search.get('key2') : null;
  const choose = (key: string, isSecond: boolean) =>
    set(
      isSecond && search.get('key')
        ? { source2: source, key2: key, field2: '' }
        : { source, key, field: '', index: '' },
    );
  const fitting = (keys.data ?? []).filter(({ key }) => !only || only.includes(key));
  // When a property was set is of interest to few, and doubles the list.
  const isTime = (key: string) => key.endsWith('.timestamp') && key !== first && key !== second;
  const times = only || hasTimes ? 0 : fitting.filter(({ key }) => isTime(key)).length;
  const shown = times > 0 && times < fitting.length ? fitting.filter(({ key }) => !isTime(key)) : fitting;
  return (
    <>
      {shown.length === 0 && <div className="emptyline">This source has no key with values of trains.</div>}
      {shown.map(({ key, dtype, entryShape, units, entries, trains, aliases, fields }) => (
        <div
          key={key}
          className={`row key ${isInner ? 'inner' : ''} ${first === key ? 'sel' : second === key ? 'sel2' : ''}`}
        >
          <input
            type="checkbox"
            aria-label={`Export ${key}`}
            title="Tick to export with others"
            checked={ticked?.some(([a, b]) => a === source && b === key) ?? false}
            onChange={() => toggle(choiceName(run), [source, key])}
          />
          <button
            type="button"
            className="keyrow"
            aria-pressed={first === key}
            onClick={(event: MouseEvent) => choose(key, event.shiftKey)}
            data-testid={`key-${key}`}
            title={`${key}\n${dtype}${entryShape.length > 0 ? ` [${entryShape.join(' × ')}] an entry` : ''}, ${numberText(entries)} entries in ${numberText(trains)} trains\nShift + click: compare with the key on screen`}
          >
            <span className="el">{shortKey(key)}</span>
            {aliases.length > 0 && <span className="alias el">{aliases.join(', ')}</span>}
            <span className="meta">
              {dtype}
              {fields.length > 0 ? ` of ${fields.length}` : ''}
              {entryShape.length > 0 ? ` · ${entryShape.join('×')}` : ''}
              {units ? ` · ${units}` : ''}
            </span>
          </button>
        </div>
      ))}
      {shown.length < fitting.length && (
        <div className={`row key ${isInner ? 'inner' : ''}`}>
          <button type="button" className="keyrow t3" onClick={() => setTimes(true)}>
            and {numberText(times)} timestamps
          </button>
        </div>
      )}
    </>
  );
}
