import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { Link, useLocation, useSearch } from 'wouter';
import '../style/runs.css';
import { ExportPanel } from '../panels/export-panel.tsx';
import { KeyPlot } from '../panels/key-plot.tsx';
import { MissingData } from '../panels/missing-data.tsx';
import { QueryState } from '../panels/query-state.tsx';
import { RunCode } from '../panels/run-code.tsx';
import { RunFacts } from '../panels/run-facts.tsx';
import { RunFrame } from '../panels/run-frame.tsx';
import { SourceTree } from '../panels/source-tree.tsx';
import { type RunView, RunViewContext } from '../run-view.ts';
import { type RunKey, session } from '../session.ts';
import { useStable } from '../stable-callback.ts';
import { Workspace, type WorkspaceDefinition } from '../workspace.tsx';

const RUN: WorkspaceDefinition = {
  page: 'run',
  panels: {
    frame: { title: 'Detector frame', Body: RunFrame },
    curve: { title: 'Plot', Body: KeyPlot },
    sources: { title: 'Sources', Body: SourceTree },
    missing: { title: 'Missing data', Body: MissingData },
    facts: { title: 'Run', Body: RunFacts },
    code: { title: 'Code', Body: RunCode },
    export: { title: 'Export', Body: ExportPanel },
  },
  layouts: {
    wide: [
      { id: 'curve' },
      { id: 'sources', beside: 'curve', side: 'left', width: 356 },
      { id: 'facts', beside: 'curve', side: 'right', width: 392, height: 330 },
      { id: 'frame', beside: 'curve', side: 'below', height: 600 },
      { id: 'missing', beside: 'frame', side: 'right' },
      { id: 'code', beside: 'facts', side: 'below' },
      { id: 'export', beside: 'code', side: 'below', height: 190 },
    ],
    narrow: [
      { id: 'frame' },
      { id: 'sources', beside: 'frame', side: 'left', width: 280 },
      { id: 'curve', beside: 'frame', side: 'right', width: 400 },
      { id: 'facts', beside: 'curve', side: 'below', height: 320 },
      { id: 'missing', beside: 'facts', side: 'within', isBehind: true },
      { id: 'code', beside: 'facts', side: 'within', isBehind: true },
      { id: 'export', beside: 'facts', side: 'within', isBehind: true },
    ],
  },
};

/** One run: its sources and keys, a curve, detector frames. Everything chosen is in the address. */
export function RunPage({ proposal, run }: { readonly proposal: string; readonly run: number }) {
  const [, navigate] = useLocation();
  const text = useSearch();
  const search = useMemo(() => new URLSearchParams(text), [text]);
  const data = search.get('data') ?? 'default';
  const key = useMemo<RunKey>(() => ({ proposal, run, data }), [proposal, run, data]);
  const set = useStable((changes: Readonly<Record<string, string>>) => {
    const next = new URLSearchParams(window.location.search);
    for (const [name, value] of Object.entries(changes)) {
      if (value === '') next.delete(name);
      else next.set(name, value);
    }
    navigate(`/run/${proposal}/${run}?${next}`, { replace: true });
  });
  const info = useQuery({
    queryKey: ['run', proposal, run, data],
    queryFn: ({ signal }) => session.call('info', key, {}, signal),
  });
  const view = useMemo<RunView | null>(
    () => (info.data ? { run: key, info: info.data, search, set } : null),
    [key, info.data, search, set],
  );
  return (
    <main className="dock">
      {view ? (
        <RunViewContext.Provider value={view}>
          <Workspace definition={RUN} />
        </RunViewContext.Provider>
      ) : (
        <section className="pn" aria-label={`Run ${run}`} data-testid="run-state">
          <div className="pbody">
            <QueryState
              isLoading={info.isLoading}
              error={info.error}
              what={`${proposal}, run ${run}`}
              onRetry={() => void info.refetch()}
            />
          </div>
          <div className="pfoot">
            <Link href={`/runs?proposal=${proposal}`} className="acc">
              all runs of {proposal}
            </Link>
          </div>
        </section>
      )}
    </main>
  );
}
