import { useLive } from '../../live/live-store.ts';
import { numberText } from '../../number-text.ts';

/** ms between two trains: what the whole chain may take. */
const BUDGET_MS = 100;

/** The stages of the pipeline, each at its place in the 100 ms of a train. */
export function LiveChain() {
  const stages = useLive((live) => live.status?.stagesMs) ?? [];
  const total = stages.reduce((sum, { ms }) => sum + ms, 0);
  const starts = stages.map((_, i) => stages.slice(0, i).reduce((sum, { ms }) => sum + ms, 0));
  return (
    <section className="pn" aria-label="Processing chain">
      <div className="scroll" style={{ padding: '6px 0' }}>
        {stages.map(({ stage, ms }, i) => {
          const isLate = starts[i] + ms > BUDGET_MS;
          return (
            <div className="st" key={stage}>
              <span className={`lamp ${isLate ? 'warn' : ''}`} role="img" aria-label={isLate ? 'late' : 'in time'} />
              <span className="el" title={stage}>
                {stage}
              </span>
              <span className="bar" aria-hidden="true">
                <i
                  style={{
                    left: `${Math.min(99, starts[i])}%`,
                    width: `${Math.max(1, Math.min(100 - starts[i], ms))}%`,
                  }}
                />
              </span>
              <span className="r">
                {numberText(ms, 1)} <span className="t3">ms</span>
              </span>
            </div>
          );
        })}
        {stages.length === 0 && <div className="emptyline">It starts with the first train.</div>}
      </div>
      <div className="pfoot">
        <span className="grow el">last train</span>
        <span className={total > BUDGET_MS ? 'warn' : ''}>
          <b>{stages.length > 0 ? numberText(total, 1) : '–'}</b> ms of {BUDGET_MS}
        </span>
      </div>
    </section>
  );
}
