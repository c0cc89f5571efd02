import { IconAlertTriangle } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link } from 'wouter';
import { numberText } from '../../number-text.ts';
import { useRunView } from '../../run-view.ts';
import { DROPPED, session } from '../../session.ts';
import { QueryState } from '../query-state.tsx';

/** What the run is: its trains, its files' metadata, what is wrong with it; run values of the chosen device; aliases. */
export function RunFacts() {
  const { info, search, set } = useRunView();
  const source = info.sources.find((each) => each.name === search.get('source') && each.kind === 'control');
  const rows: readonly (readonly [string, string])[] = [
    ...(info.proposal === DROPPED
      ? [['Files', 'in this browser; nothing was uploaded'] as const]
      : [['Proposal', info.proposal] as const]),
    ['Run', numberText(info.run)],
    ['Trains', numberText(info.trains)],
    ['First train', numberText(info.firstTrainId)],
    ['Last train', numberText(info.lastTrainId)],
    ['Sources', numberText(info.sources.length)],
    ...info.detectors.map(
      (each) =>
        [
          each.type,
          `${each.modules.length} modules · ${each.isRaw ? 'raw' : 'corrected'} · ≤ ${each.maxPulses} pulses`,
        ] as const,
    ),
    ...Object.entries(info.metadata).map(([label, value]) => [label, String(value)] as const),
  ];
  return (
    <section className="pn" aria-label="Run">
      <div className="scroll">
        {info.skippedFiles.map(({ file, reason }) => (
          <div className="note" key={file} data-testid="skipped-file">
            <IconAlertTriangle size={15} stroke={1.8} aria-hidden="true" />
            <span>
              <b>{file}</b> is left out: {reason}
            </span>
          </div>
        ))}
        <Facts rows={rows} testId="run-facts" />
        {source && <RunValues source={source.name} />}
        {info.aliases.length > 0 && (
          <>
            <div className="sech pad">Aliases</div>
            <div className="facts" data-testid="aliases">
              {info.aliases.map(({ alias, source: target, key, isThere }) => (
                <div key={alias}>
                  <span title={alias}>{alias}</span>
                  {isThere ? (
                    <button
                      type="button"
                      className="linkbtn"
                      onClick={() => set({ source: target, key: key ?? '', field: '', index: '' })}
                    >
                      {target}
                      {key ? ` · ${key}` : ''}
                    </button>
                  ) : (
                    <span className="t3">
                      {target}
                      {key ? ` · ${key}` : ''} (not in this run)
                    </span>
                  )}
                </div>
              ))}
            </div>
          </>
        )}
      </div>
      <div className="pfoot">
        <span className="grow el mono" title={info.path}>
          {info.path}
        </span>
        <Link href={`/runs?proposal=${info.proposal}&run=${info.run}`} className="acc">
          all runs
        </Link>
      </div>
    </section>
  );
}

function RunValues({ source }: { readonly source: string }) {
  const { run } = useRunView();
  const query = useQuery({
    queryKey: ['runvalues', run, source],
    queryFn: ({ signal }) => session.call('runvalues', run, { source }, signal),
  });
  if (query.error || query.isLoading)
    return (
      <div className="keystate">
        <QueryState isLoading={query.isLoading} error={query.error} what="Run values" />
      </div>
    );
  const rows = (query.data ?? []).map(({ key, text }) => [key, text || '–'] as const);
  return (
    <>
      <div className="sech pad" title={`Stored once, at the start of the run, by ${source}`}>
        Run values of {source}
      </div>
      {rows.length === 0 ? (
        <div className="emptyline">This device stored none.</div>
      ) : (
        <Facts rows={rows} testId="run-values" />
      )}
    </>
  );
}

function Facts({ rows, testId }: { readonly rows: readonly (readonly [string, string])[]; readonly testId: string }) {
  return (
    <div className="facts" data-testid={testId}>
      {rows.map(([label, value]) => (
        <div key={label}>
          <span title={label}>{label}</span>
          <span title={value}>{value}</span>
        </div>
      ))}
    </div>
  );
}
