import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useLocation, useSearch } from 'wouter';
import type { RunRow } from '../../api/run-contract.ts';
import '../style/runs.css';
import { numberText } from '../number-text.ts';
import { QueryState } from '../panels/query-state.tsx';
import { session } from '../session.ts';

/** Proposals and their runs. */
export function RunsPage() {
  const [, navigate] = useLocation();
  const search = new URLSearchParams(useSearch());
  const [filter, setFilter] = useState('');
  const proposals = useQuery({ queryKey: ['proposals'], queryFn: ({ signal }) => session.proposals(signal) });
  const chosen = search.get('proposal') ?? proposals.data?.[0]?.proposal ?? null;
  const runs = useQuery({
    queryKey: ['runs', chosen],
    queryFn: ({ signal }) => session.runs(chosen ?? '', signal),
    enabled: chosen !== null,
    refetchInterval: 15_000,
  });
  const proposal = proposals.data?.find((each) => each.proposal === chosen);
  const rows = (runs.data ?? []).filter((row) =>
    `${row.run} ${row.sample} ${row.runType} ${row.detectors.join(' ')}`.toLowerCase().includes(filter.toLowerCase()),
  );
  return (
    <main className="runs">
      <section className="panel focus" aria-label="Runs">
        <div className="phead">
          <span className="tab on">Runs</span>
          <span className="sp" />
          <span className="ttl">
            <small>{proposal ? `${proposal.path} · ${proposal.instrument}` : ''}</small>
          </span>
        </div>
        <div className="ptool">
          <select
            className="selct"
            aria-label="Proposal"
            value={chosen ?? ''}
            onChange={(event) => navigate(`/runs?proposal=${event.target.value}`)}
          >
            {(proposals.data ?? []).map((each) => (
              <option key={each.proposal} value={each.proposal}>
                {each.proposal} · {each.instrument} · {each.cycle}
              </option>
            ))}
          </select>
          <span className="in text" style={{ width: 260 }}>
            <input
              aria-label="Filter runs"
              placeholder="Filter: number, sample, type, detector"
              value={filter}
              onChange={(event) => setFilter(event.target.value)}
            />
          </span>
          <span className="sp" />
          <span className="t2">{runs.data ? `${rows.length} of ${runs.data.length} runs` : ''}</span>
        </div>
        <div className="pbody">
          <div className="scroll" style={{ position: 'absolute', inset: 0 }}>
            {rows.length > 0 && (
              <table className="runtable">
                <thead>
                  <tr>
                    <th className="n">Run</th>
                    <th>Start</th>
                    <th className="n">Length</th>
                    <th>Raw</th>
                    <th>Proc</th>
                    <th>Type</th>
                    <th>Sample</th>
                    <th className="n">Trains</th>
                    <th>First train</th>
                    <th>Detectors</th>
                    <th className="n">Files</th>
                    <th className="n">Size / MB</th>
                    <th>Problems</th>
                  </tr>
                </thead>
                <tbody>
                  {rows.map((row) => (
                    <RunTableRow key={row.run} row={row} onOpen={() => navigate(`/run/${chosen}/${row.run}`)} />
                  ))}
                </tbody>
              </table>
            )}
            <QueryState
              isLoading={proposals.isLoading || runs.isLoading}
              error={proposals.error ?? runs.error}
              what="Runs"
              onRetry={() => void (proposals.error ? proposals : runs).refetch()}
            />
            {proposals.data?.length === 0 && (
              <div className="state">
                <h2>No proposals</h2>
                <p>
                  There is no INSTRUMENT/CYCLE/pNNNNNN folder below the data root. Start the server with --data-root
                  DIR, or with --demo for an example.
                </p>
              </div>
            )}
            {runs.data && rows.length === 0 && chosen && (
              <div className="state">
                <h2>{runs.data.length === 0 ? 'No runs yet' : 'No run fits the filter'}</h2>
                <p>
                  {runs.data.length === 0
                    ? `${proposal?.path ?? chosen} has no raw/rNNNN or proc/rNNNN folder. The list looks again every 15 s.`
                    : 'Clear the filter to see all runs.'}
                </p>
              </div>
            )}
          </div>
        </div>
      </section>
    </main>
  );
}

function RunTableRow({ row, onOpen }: { readonly row: RunRow; readonly onOpen: () => void }) {
  const minutes = `${Math.floor(row.durationS / 60)}:${String(Math.floor(row.durationS % 60)).padStart(2, '0')}`;
  return (
    <tr
      data-testid={`run-row-${row.run}`}
      tabIndex={0}
      onClick={onOpen}
      onKeyDown={(event) => event.key === 'Enter' && onOpen()}
    >
      <td className="n b">{row.run}</td>
      <td>
        {row.startedAt === null
          ? '–'
          : new Date(row.startedAt).toLocaleString('en-GB', { dateStyle: 'short', timeStyle: 'medium' })}
      </td>
      <td className="n">{minutes}</td>
      <td>
        <span className={`lamp ${row.hasRaw ? '' : 'off'}`} title={row.hasRaw ? 'there' : 'none'} />
      </td>
      <td>
        <span className={`lamp ${row.hasProc ? '' : 'off'}`} title={row.hasProc ? 'there' : 'none'} />
      </td>
      <td>{row.runType || '–'}</td>
      <td>{row.sample || '–'}</td>
      <td className="n">{numberText(row.trains)}</td>
      <td className="t2">{numberText(row.firstTrainId)}</td>
      <td>{row.detectors.join(', ') || '–'}</td>
      <td className="n">{numberText(row.files)}</td>
      <td className="n">{numberText(row.sizeBytes / 1e6)}</td>
      <td className="late el" style={{ maxWidth: 320 }} title={row.problems.join('\n')}>
        {row.problems[0] ?? ''}
      </td>
    </tr>
  );
}
