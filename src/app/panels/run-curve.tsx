import { useQuery } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { Plot, type PlotMark } from '../../display/plot.tsx';
import { numberText, valueText } from '../number-text.ts';
import { useRunView, useShownTrain } from '../run-view.ts';
import { csvFile, saveFile } from '../save-file.ts';
import { session } from '../session.ts';
import { useStable } from '../stable-callback.ts';
import { useTheme } from '../theme-choice.ts';
import { QueryState } from './query-state.tsx';

type Column = Float64Array | undefined;
const AXES = [
  ['id', 'train id'],
  ['index', 'train index'],
] as const;

function meanAndSpread(values: Float64Array): { mean: number; sigma: number; count: number } {
  const known = values.filter((v) => !Number.isNaN(v));
  const mean = known.reduce((sum, v) => sum + v, 0) / known.length;
  const sigma = Math.sqrt(known.reduce((sum, v) => sum + (v - mean) ** 2, 0) / known.length);
  return { mean, sigma, count: known.length };
}

/** The chosen key against the trains of the run; a click on it shows that train's frame. */
export function RunCurve() {
  const { run, info, search, set } = useRunView();
  const theme = useTheme((choice) => choice.theme);
  const shownTrain = useShownTrain((shown) => shown.trainId);
  const [hovered, setHovered] = useState<number | null>(null);
  const source = search.get('source');
  const name = search.get('key');
  const axis = search.get('x') === 'index' ? 'index' : 'id';
  const series = useQuery({
    queryKey: ['series', run, source, name],
    queryFn: ({ signal }) => session.series(run, source ?? '', name ?? '', signal),
    enabled: source !== null && name !== null,
  });
  const frame = series.data;
  const plot = useMemo(() => {
    const column = (which: string) => frame?.arrays.get(which)?.data as Column;
    const [value, trainId, low, high] = [column('value'), column('trainId'), column('low'), column('high')];
    if (!frame || !value || !trainId) return null;
    return {
      trainId,
      index: Float64Array.from(value, (_, i) => i),
      value,
      curves: [{ label: low ? 'mean of the entry' : frame.meta.key, colour: '--c1', y: value, hasDots: true }],
      band: low && high ? { low, high, label: '16 – 84 %' } : undefined,
      ...meanAndSpread(value),
    };
  }, [frame]);
  const marks = useMemo<PlotMark[]>(() => {
    if (!plot || shownTrain === null) return [];
    const at = plot.trainId.indexOf(shownTrain);
    return at < 0 ? [] : [{ x: axis === 'id' ? shownTrain : at, label: 'shown frame', colour: '--t1' }];
  }, [plot, shownTrain, axis]);
  const detector = info.detectors.find((each) => each.name === search.get('detector')) ?? info.detectors[0];
  // Positions in the curve are positions in the detector's trains only if both have every train.
  const isSameTrains = plot !== null && detector?.trains === info.trains && plot.value.length === info.trains;
  const onPick = useStable((x: number) => {
    if (!plot || !isSameTrains) return;
    const wanted = axis === 'index' ? Math.round(x) : nearest(plot.trainId, x);
    set({ train: String(Math.min(plot.value.length - 1, Math.max(0, wanted))) });
  });
  const save = () => {
    if (!plot || !frame) return;
    const unit = frame.meta.units ? ` / ${frame.meta.units}` : '';
    const band = plot.band
      ? ([
          ['16 %', plot.band.low],
          ['84 %', plot.band.high],
        ] as const)
      : [];
    saveFile(
      csvFile([['train id', plot.trainId], [`${frame.meta.key}${unit}`, plot.value], ...band]),
      `${info.proposal}-r${info.run}-${frame.meta.key}.csv`,
    );
  };
  const unit = frame?.meta.units ?? '';
  const here = hovered !== null && plot && hovered < plot.value.length ? hovered : null;
  return (
    <section className="pn" aria-label="Curve">
      <div className="ptool">
        <span className="seg">
          {AXES.map(([each, words]) => (
            <button
              key={each}
              type="button"
              className={axis === each ? 'on' : ''}
              aria-pressed={axis === each}
              onClick={() => set({ x: each })}
            >
              {words}
            </button>
          ))}
        </span>
        <span className="sp" />
        <span className="t2 el" data-testid="series-mean">
          {plot
            ? `mean ${valueText(plot.mean)} ${unit} · σ ${valueText(plot.sigma)} ${unit} · n ${numberText(plot.count)}`
            : ''}
        </span>
        <button type="button" className="btn" onClick={save} disabled={!plot} title="Save the curve as CSV">
          CSV
        </button>
      </div>
      <div className="pbody">
        {plot && (
          <Plot
            x={axis === 'id' ? plot.trainId : plot.index}
            curves={plot.curves}
            band={plot.band}
            marks={marks}
            xTitle={axis === 'id' ? 'train id' : 'train index in the run'}
            yTitle={`${frame?.meta.key}${unit ? ` / ${unit}` : ''}`}
            note={source ?? ''}
            theme={theme}
            testId="series-plot"
            onPick={onPick}
            onHover={setHovered}
          />
        )}
        {!name && (
          <div className="state">
            <h2>Choose a key</h2>
            <p>Open a source and click one of its keys: it is plotted against the trains.</p>
          </div>
        )}
        <QueryState isLoading={series.isLoading} error={series.error} what={name ?? 'Curve'} />
      </div>
      <div className="pfoot">
        <span className="grow el">
          {here !== null && plot
            ? `train ${numberText(plot.trainId[here])}   ${valueText(plot.value[here])} ${unit}`
            : isSameTrains
              ? 'a click shows the frame of that train'
              : ''}
        </span>
        <span className="prov">
          {plot && plot.value.length > 0 ? `first train ${numberText(plot.trainId[0])}` : ''}
        </span>
      </div>
    </section>
  );
}

/** Index of the value next to `wanted` in ascending values. */
function nearest(values: Float64Array, wanted: number): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (Math.abs(values[i] - wanted) < Math.abs(values[best] - wanted)) best = i;
  return best;
}
