import { useQuery } from '@tanstack/react-query';
import { useEffect, useMemo } from 'react';
import { Link, useLocation, useSearch } from 'wouter';
import '../style/runs.css';
import { groupAddresses } from '../dropped-items.ts';
import { ExportPanel } from '../panels/export-panel.tsx';
import { KeyPlot } from '../panels/keys/key-plot.tsx';
import { MissingData } from '../panels/missing-data.tsx';
import { QueryState } from '../panels/query-state.tsx';
import { RunCode } from '../panels/run/code.tsx';
import { RunFacts } from '../panels/run/facts.tsx';
import { RunFrame } from '../panels/run/frame.tsx';
import { SourceTree } from '../panels/source-tree.tsx';
import { type RunView, RunViewContext } from '../run-view.ts';
import { DROPPED, type RunKey, session } from '../session.ts';
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

/** Longer addresses of a page are refused on the way. */
const MOST_LINK_CHARACTERS = 6000;

/**
 * Makes the page of a run of files on web servers a link: their addresses are in that of the page (`from`), and a page that
 * is opened with them opens the files. @returns whether that is done, and what is wrong if it cannot be
 */
function useFilesOfLink(key: RunKey, from: string | null): { readonly isReady: boolean; readonly error: Error | null } {
  const [, navigate] = useLocation();
  const isDropped = key.proposal === DROPPED;
  const isMissing = isDropped && from !== null && session.addressesOf(key.run) !== from;
  const reopened = useQuery({
    queryKey: ['files of a link', from],
    queryFn: async () => {
      const files = groupAddresses(from ?? '');
      if (typeof files === 'string') throw new Error(`The link is damaged: ${files}.`);
      return (await session.addFiles(files)).run;
    },
    enabled: isMissing,
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
  });
  useEffect(() => {
    const search = new URLSearchParams(window.location.search);
    if (isMissing && reopened.data !== undefined)
      navigate(`/run/${DROPPED}/${reopened.data}?${search}`, { replace: true });
    const addresses = isDropped && from === null ? session.addressesOf(key.run) : null;
    if (addresses === null || addresses.length > MOST_LINK_CHARACTERS) return;
    search.set('from', addresses);
    navigate(`/run/${DROPPED}/${key.run}?${search}`, { replace: true });
  }, [isDropped, isMissing, reopened.data, from, key.run, navigate]);
  return { isReady: !isMissing, error: isMissing ? reopened.error : null };
}

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
  const link = useFilesOfLink(key, search.get('from'));
  const info = useQuery({
    queryKey: ['run', proposal, run, data],
    queryFn: ({ signal }) => session.call('info', key, {}, signal),
    enabled: link.isReady,
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
              isLoading={info.isLoading || (!link.isReady && !link.error)}
              error={link.error ?? info.error}
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
