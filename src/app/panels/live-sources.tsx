import { useLive } from '../live-store.ts';
import { numberText } from '../number-text.ts';
import { SourceName } from './source-name.tsx';

/** Every source that the bridge sends: its kind, its keys, how often it comes. */
export function LiveSources() {
  const sources = useLive((live) => live.status?.sources);
  const here = sources ?? [];
  return (
    <section className="pn" aria-label="Sources">
      <div className="colhead">
        <span>source · keys</span>
        <span className="sp" />
        <span>Hz</span>
      </div>
      <div className="scroll">
        {here.length === 0 && (
          <div className="emptyline">{sources ? 'No source has sent a train yet.' : 'Waiting for the server.'}</div>
        )}
        {here.map((source) => (
          <div className="src" key={source.name} data-testid="live-source">
            <span
              className={`lamp ${source.hz > 0 ? '' : 'warn'}`}
              role="img"
              aria-label={source.hz > 0 ? 'receiving' : 'late'}
            />
            <span
              className={`pc ${source.kind === 'control' ? 'C' : 'P'}`}
              title={source.kind === 'control' ? 'control source' : 'pipeline source'}
            >
              {source.kind === 'control' ? 'C' : 'P'}
            </span>
            <span className="m" title={`${source.name}\n${source.keys.join('\n')}`}>
              <SourceName name={source.name} />
              <div className="s">{source.keys.join(' · ')}</div>
            </span>
            <span className="h">{source.hz > 0 ? numberText(source.hz, 1) : <span className="warn">late</span>}</span>
          </div>
        ))}
      </div>
      <div className="pfoot">
        <span className="grow el">{numberText(here.length)} sources received</span>
      </div>
    </section>
  );
}
