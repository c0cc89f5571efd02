import { useQuery } from '@tanstack/react-query';
import { numberText } from '../number-text.ts';
import { type ChosenKey, trainChange, useRunView } from '../run-view.ts';
import { session } from '../session.ts';
import { QueryState } from './query-state.tsx';
import { shortKey } from './source-keys.tsx';

/** A text key as a table: a row for each train at which the text changed. */
export function TextChanges({ chosen }: { readonly chosen: ChosenKey }) {
  const view = useRunView();
  const { run, set, search } = view;
  const { source, key } = chosen;
  const query = useQuery({
    queryKey: ['texts', run, source, key],
    queryFn: ({ signal }) => session.call('texts', run, { source, key }, signal),
  });
  const { rows = [], entries = 0, changes = 0 } = query.data ?? {};
  const shown = search.get('trainId');
  return (
    <>
      <div className="pbody">
        <div className="scroll fill">
          {rows.length > 0 && (
            <table className="dt" data-testid="text-changes">
              <thead>
                <tr>
                  <th className="n">Train index</th>
                  <th className="n">Train id</th>
                  <th className="n">Entries</th>
                  <th>Text</th>
                </tr>
              </thead>
              <tbody>
                {rows.map((row) => (
                  <tr
                    key={`${row.trainId} ${row.index}`}
                    className={String(row.trainId) === shown ? 'sel' : ''}
                    onClick={() => set(trainChange(view, row.trainId))}
                  >
                    <td className="n">{numberText(row.index)}</td>
                    <td className="n t2">{numberText(row.trainId)}</td>
                    <td className="n">{numberText(row.entries)}</td>
                    <td className="mono txt">{row.text || <span className="t3">empty</span>}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          )}
          {query.data && rows.length === 0 && (
            <div className="state">
              <h2>No entries</h2>
              <p>{shortKey(key)} has no text in any train.</p>
            </div>
          )}
          <QueryState isLoading={query.isLoading} error={query.error} what={shortKey(key)} />
        </div>
      </div>
      <div className="pfoot">
        <span className="grow el">
          {query.data
            ? changes > rows.length
              ? `the first ${numberText(rows.length)} of ${numberText(changes)} changes`
              : changes === 1
                ? 'the same text throughout'
                : `${numberText(changes - 1)} changes`
            : ''}
        </span>
        <span className="prov">{numberText(entries)} entries</span>
      </div>
    </>
  );
}
