import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { numberText } from '../number-text.ts';
import { chosenTrain, trainChange, useRunView } from '../run-view.ts';
import { session } from '../session.ts';
import { trainIdAt, trainIndexOf } from '../train-ranges.ts';
import { QueryState } from './query-state.tsx';
import { SourceName } from './source-name.tsx';

/** Sources with data in more trains than this are left out. */
const LIMITS = [95, 99, 99.9, 100] as const;

/** Where sources lack data: a bar over all trains for each source, gaps in red. A click shows that train. */
export function MissingData() {
  const view = useRunView();
  const { run, info, set } = view;
  const [percent, setPercent] = useState<number>(LIMITS[0]);
  const [hovered, setHovered] = useState<{ label: string; index: number; isMissing: boolean } | null>(null);
  const query = useQuery({
    queryKey: ['presence', run, percent],
    queryFn: ({ signal }) => session.call('presence', run, { percent }, signal),
  });
  const { rows = [], sources = 0, completeTrains = 0 } = query.data ?? {};
  const marked = trainIndexOf(info.trainRanges, chosenTrain(view));
  const indexOf = (event: React.MouseEvent) => {
    const box = event.currentTarget.getBoundingClientRect();
    const place = Math.floor(((event.clientX - box.left) / box.width) * info.trains);
    return Math.min(info.trains - 1, Math.max(0, place));
  };
  return (
    <section className="pn" aria-label="Missing data">
      <div className="ptool">
        <span className="t2">sources with data in at most</span>
        <select
          className="selct"
          aria-label="Most trains with data"
          value={percent}
          onChange={(event) => setPercent(Number(event.target.value))}
          data-testid="missing-limit"
        >
          {LIMITS.map((each) => (
            <option key={each} value={each}>
              {each} %
            </option>
          ))}
        </select>
        <span className="t2">of the trains</span>
      </div>
      <div className="pbody">
        <div className="scroll fill">
          {rows.map(({ source, label, trains, percent: saved, missing }) => (
            <div className="gaps" key={source}>
              {label === source ? (
                <SourceName name={source} />
              ) : (
                <span className="el" title={source}>
                  {label}
                </span>
              )}
              <button
                type="button"
                aria-label={`${label}: data in ${numberText(trains)} of ${numberText(info.trains)} trains`}
                data-testid={`missing-${source}`}
                onClick={(event) => set(trainChange(view, trainIdAt(info.trainRanges, indexOf(event)) ?? 0))}
                onMouseMove={(event) => {
                  const index = indexOf(event);
                  const isMissing = missing.some(([start, stop]) => index >= start && index < stop);
                  setHovered({ label, index, isMissing });
                }}
                onMouseLeave={() => setHovered(null)}
              >
                <svg viewBox={`0 0 ${info.trains} 1`} preserveAspectRatio="none" aria-hidden="true">
                  <rect width={info.trains} height="1" className="there" />
                  {missing.map(([start, stop]) => (
                    <rect key={start} x={start} width={stop - start} height="1" className="gone" />
                  ))}
                </svg>
                {marked >= 0 && <i style={{ left: `${(100 * (marked + 0.5)) / info.trains}%` }} />}
              </button>
              <span className="r err" title={`${saved.toFixed(2)} % of the trains have data`}>
                {trains < info.trains ? `−${numberText(info.trains - trains)}` : '0'}
              </span>
            </div>
          ))}
          {rows.length > 0 && (
            <div className="gaps axis">
              <span className="t3">train index</span>
              <span>
                <span>0</span>
                <span>{numberText(info.trains - 1)}</span>
              </span>
              <span className="r t3">missing</span>
            </div>
          )}
          {query.data && rows.length === 0 && info.trains > 0 && (
            <div className="state" data-testid="none-missing">
              <h2>Nothing is missing</h2>
              <p>
                Each of {numberText(sources)} sources has data in more than {percent} % of the {numberText(info.trains)}{' '}
                trains.
              </p>
            </div>
          )}
          <QueryState isLoading={query.isLoading} error={query.error} what="Missing data" />
        </div>
      </div>
      <div className="pfoot">
        <span className="grow el">
          {hovered
            ? `${hovered.label}: ${hovered.isMissing ? 'no data' : 'data'} at train ${numberText(trainIdAt(info.trainRanges, hovered.index))} (index ${numberText(hovered.index)})`
            : query.data
              ? `${numberText(completeTrains)} of ${numberText(info.trains)} trains have every source`
              : ''}
        </span>
        <span className="prov">
          <span className="legend">
            <i className="there" /> data
          </span>
          <span className="legend">
            <i className="gone" /> none
          </span>
        </span>
      </div>
    </section>
  );
}
