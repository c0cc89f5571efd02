import { IconAlertTriangle } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useRef, useState } from 'react';
import { useLocation, useSearch } from 'wouter';
import type { RunRow } from '../../api/run-contract.ts';
import '../style/runs.css';
import { useKeys } from '../keyboard.ts';
import { numberText } from '../number-text.ts';
import { DropFiles, PickFiles } from '../panels/drop-files.tsx';
import { QueryState } from '../panels/query-state.tsx';
import { RunDetails } from '../panels/run/details.tsx';
import { durationText, startText } from '../run-text.ts';
import { DROPPED, session } from '../session.ts';

/** New runs appear by themselves, ms. */
const LOOK_AGAIN_MS = 15_000;
const textOf = (row: RunRow) => `${row.run} ${row.sample} ${row.runType} ${row.detectors.join(' ')}`.toLowerCase();

/** Proposals and their runs. Proposal and run are in the address. */
export function RunsPage() {
  const [, navigate] = useLocation();
  const search = new URLSearchParams(useSearch());
  const [filter, setFilter] = useState('');
  const input = useRef<HTMLInputElement>(null);
  const proposals = useQuery({ queryKey: ['proposals'], queryFn: ({ signal }) => session.proposals(signal) });
  const chosen = search.get('proposal') ?? proposals.data?.[0]?.proposal ?? null;
  const isGone = chosen === DROPPED && proposals.data?.every((each) => each.proposal !== DROPPED) === true;
  const runs = useQuery({
    queryKey: ['runs', chosen],
    queryFn: ({ signal }) => session.runs(chosen ?? '', signal),
    enabled: chosen !== null,
    refetchInterval: LOOK_AGAIN_MS,
  });
  const proposal = proposals.data?.find((each) => each.proposal === chosen);
  const rows = (runs.data ?? []).filter((row) => textOf(row).includes(filter.toLowerCase()));
  const selected = rows.find((row) => String(row.run) === search.get('run')) ?? rows[0];
  const select = (row: RunRow | undefined) =>
    row && navigate(`/runs?proposal=${chosen}&run=${row.run}`, { replace: true });
  const open = (row: RunRow | undefined) => row && navigate(`/run/${chosen}/${row.run}`);
  useKeys((event) => {
    const at = rows.indexOf(selected as RunRow);
    if (event.key === '/') input.current?.focus();
    else if (event.key === 'ArrowDown') select(rows[Math.min(rows.length - 1, at + 1)]);
    else if (event.key === 'ArrowUp') select(rows[Math.max(0, at - 1)]);
    else if (event.key === 'Enter') open(selected);
    else return false;
    return true;
  });
  const error = proposals.error ?? runs.error;
  return (
    <DropFiles>
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
              {isGone && <option value={DROPPED}>files in this browser · none</option>}
              {proposals.data?.length === 0 && <option value="">no proposals</option>}
              {(proposals.data ?? []).map((each) => (
                <option key={each.proposal} value={each.proposal}>
                  {each.proposal === DROPPED
                    ? `files in this browser · ${each.runs}`
                    : `${each.proposal} · ${each.instrument} · ${each.cycle}`}
                </option>
              ))}
            </select>
            <span className="in text filter">
              <input
                ref={input}
                aria-label="Filter runs"
                placeholder="Filter: number, sample, type, detector"
                value={filter}
                onChange={(event) => setFilter(event.target.value)}
                onKeyDown={(event) => {
                  if (event.key === 'Escape') setFilter('');
                  if (event.key === 'Enter') event.currentTarget.blur();
                }}
              />
              <kbd>/</kbd>
            </span>
            <PickFiles />
            <span className="sp" />
            <span className="t2">{runs.data ? `${rows.length} of ${runs.data.length} runs` : ''}</span>
          </div>
          <div className="pbody">
            <div className="scroll fill">
              {rows.length > 0 && <RunTable rows={rows} selected={selected} onSelect={select} onOpen={open} />}
              <QueryState
                isLoading={proposals.isLoading || runs.isLoading}
                error={error}
                what="Runs"
                onRetry={() => void (proposals.error ? proposals : runs).refetch()}
              />
              {!error && proposals.data?.length === 0 && (
                <div className="state" data-testid="no-proposals">
                  <h2>No proposals</h2>
                  <p>Drop HDF5 files or a run folder here: they are read by this browser, nothing is uploaded.</p>
                  <p>
                    There is no INSTRUMENT/CYCLE/pNNNNNN folder below the data root. Start the server with --data-root
                    DIR, or with --demo for an example.
                  </p>
                </div>
              )}
              {isGone && (
                <div className="state">
                  <h2>No files are open in this browser</h2>
                  <p>
                    Drop HDF5 files or a run folder here. A page that is loaded anew forgets them; nothing is uploaded.
                  </p>
                </div>
              )}
              {!error && !isGone && runs.data && rows.length === 0 && (
                <div className="state">
                  <h2>{runs.data.length === 0 ? 'No runs yet' : 'No run fits the filter'}</h2>
                  <p>
                    {runs.data.length === 0
                      ? `${proposal?.path ?? chosen} has no raw/rNNNN or proc/rNNNN folder. The list looks again every 15 s.`
                      : 'Clear the filter with Esc to see all runs.'}
                  </p>
                </div>
              )}
            </div>
          </div>
          <div className="pfoot">
            <span className="grow el">
              {runs.data && !runs.error
                ? `${numberText(totalTrains(rows))} trains in ${numberText(rows.length)} runs`
                : ''}
            </span>
            <span className="prov">
              {chosen === DROPPED
                ? 'read by this browser, nothing is uploaded · '
                : 'drop HDF5 files or a run folder here to open them · '}
              {runs.dataUpdatedAt ? `updated ${new Date(runs.dataUpdatedAt).toLocaleTimeString('en-GB')}` : ''}
            </span>
          </div>
        </section>
        <RunDetails proposal={chosen} row={selected} onOpen={() => open(selected)} />
      </main>
    </DropFiles>
  );
}

const totalTrains = (rows: readonly RunRow[]) => rows.reduce((sum, row) => sum + row.trains, 0);

interface RunTableProps {
  readonly rows: readonly RunRow[];
  readonly selected: RunRow | undefined;
  readonly onSelect: (row: RunRow) => void;
  readonly onOpen: (row: RunRow) => void;
}

function RunTable({ rows, selected, onSelect, onOpen }: RunTableProps) {
  return (
    <table className="runtable" aria-label="Runs">
      <thead>
        <tr className="groups">
          <th colSpan={3} />
          <th colSpan={2}>Status</th>
          <th colSpan={2}>Notes</th>
          <th colSpan={2}>Trains</th>
          <th>Detector</th>
          <th colSpan={2} className="w">
            Files
          </th>
          <th />
        </tr>
        <tr>
          <th className="n">Run ↓</th>
          <th>Start</th>
          <th className="n">
            Length
            <small>min</small>
          </th>
          <th>raw</th>
          <th>proc</th>
          <th>Type</th>
          <th>Sample</th>
          <th className="n">Count</th>
          <th className="n">First id</th>
          <th>Name</th>
          <th className="n w">Count</th>
          <th className="n w">
            Size
            <small>MB</small>
          </th>
          <th>Problems</th>
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr
            key={row.run}
            data-testid={`run-row-${row.run}`}
            className={row === selected ? 'sel' : ''}
            aria-selected={row === selected}
            onClick={() => onSelect(row)}
            onDoubleClick={() => onOpen(row)}
          >
            <td className="n b">{row.run}</td>
            <td>{startText(row)}</td>
            <td className="n">{durationText(row)}</td>
            <td>
              <Lamp isOn={row.hasRaw} />
            </td>
            <td>
              <Lamp isOn={row.hasProc} />
            </td>
            <td>{row.runType || '–'}</td>
            <td className="el cap">{row.sample || '–'}</td>
            <td className="n">{numberText(row.trains)}</td>
            <td className="n t2">{numberText(row.firstTrainId)}</td>
            <td className="el cap">{row.detectors.join(', ') || <span className="t3">none</span>}</td>
            <td className="n w">{numberText(row.files)}</td>
            <td className="n w">{numberText(row.sizeBytes / 1e6)}</td>
            <td className="late" title={row.problems.join('\n')}>
              {row.problems.length > 0 && (
                <>
                  <IconAlertTriangle size={14} stroke={1.8} aria-hidden="true" /> {row.problems.length}
                  <span className="w el">{row.problems[0]}</span>
                </>
              )}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

const Lamp = ({ isOn }: { readonly isOn: boolean }) => (
  <span className={`lamp ${isOn ? '' : 'off'}`} role="img" aria-label={isOn ? 'there' : 'none'} />
);
