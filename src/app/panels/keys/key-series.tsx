import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { Plot, type PlotMark } from '../../../display/plot.tsx';
import { numberText, valueText } from '../../number-text.ts';
import { reductionText } from '../../reduction-text.ts';
import { type ChosenKey, trainChange, useRunView, useShownTrain } from '../../run-view.ts';
import { csvFile, saveFile } from '../../save-file.ts';
import { session } from '../../session.ts';
import { useStable } from '../../stable-callback.ts';
import { useTheme } from '../../theme-choice.ts';
import { clockText, trainAxisOf } from '../../train-axis.ts';
import { trainIndexOf } from '../../train-ranges.ts';
import { QueryState } from '../query-state.tsx';
import { shortKey } from '../source-keys.tsx';

type Column = Float64Array | undefined;

function meanAndSpread(values: Float64Array): { mean: number; sigma: number; count: number } {
  const known = values.filter((v) => !Number.isNaN(v));
  const mean = known.reduce((sum, v) => sum + v, 0) / known.length;
  const sigma = Math.sqrt(known.reduce((sum, v) => sum + (v - mean) ** 2, 0) / known.length);
  return { mean, sigma, count: known.length };
}

/** A key against the trains of the run; a click shows that train. */
export function KeySeries({ chosen }: { readonly chosen: ChosenKey }) {
  const view = useRunView();
  const { run, info, search, set } = view;
  const theme = useTheme((choice) => choice.theme);
  const shownTrain = useShownTrain((shown) => shown.trainId);
  const [hovered, setHovered] = useState<number | null>(null);
  const { source, key, field } = chosen;
  const element = search.get('index') || undefined;
  const axis = trainAxisOf(search);
  const series = useQuery({
    queryKey: ['series', run, source, key, field, element],
    queryFn: ({ signal }) =>
      session.call('series', run, { source, key, field, ...(element ? { index: Number(element) } : {}) }, signal),
    placeholderData: (before, query) =>
      query?.queryKey[3] === key && query.queryKey[2] === source ? keepPreviousData(before) : undefined,
  });
  const frame = series.error ? undefined : series.data;
  const plot = useMemo(() => {
    const column = (which: string) => frame?.arrays.get(which)?.data as Column;
    const [value, trainId, time] = [column('value'), column('trainId'), column('time')];
    const [low, high] = [column('low'), column('high')];
    if (!frame || !value || !trainId || !time) return null;
    const label = element ? `value ${element}` : low ? 'mean of the train' : shortKey(frame.meta.key);
    return {
      trainId,
      time,
      index: trainId.map((id) => trainIndexOf(info.trainRanges, id)),
      value,
      curves: [{ label, colour: '--c1', y: value, hasDots: true }],
      band:
        low && high ? { low, high, label: frame.meta.reduction.trainsPerPoint > 1 ? 'range' : '16 – 84 %' } : undefined,
      hasTimes: time.some((t) => !Number.isNaN(t)),
      ...meanAndSpread(value),
    };
  }, [frame, info, element]);
  const x = plot && (axis === 'id' ? plot.trainId : axis === 'time' && plot.hasTimes ? plot.time : plot.index);
  const chosenId = Number(search.get('trainId') ?? Number.NaN);
  const markedTrain = shownTrain ?? chosenId;
  const marks = useMemo<PlotMark[]>(() => {
    if (!plot || !x) return [];
    const at = plot.trainId.indexOf(markedTrain);
    return at < 0 ? [] : [{ x: x[at], label: shownTrain === null ? 'train' : 'shown frame', colour: '--t1' }];
  }, [plot, x, markedTrain, shownTrain]);
  const onPick = useStable((at: number) => {
    if (!plot || !x) return;
    set(trainChange(view, plot.trainId[nearest(x, at)]));
  });
  const unit = frame?.meta.units ?? '';
  const save = () => {
    if (!plot) return;
    const title = `${name}${unit ? ` / ${unit}` : ''}`;
    const band = plot.band
      ? ([
          [`${title} low`, plot.band.low],
          [`${title} high`, plot.band.high],
        ] as const)
      : [];
    saveFile(
      csvFile([['train id', plot.trainId], [title, plot.value], ...band]),
      `${info.proposal}-r${info.run}-${name}-by-train.csv`,
    );
  };
  const name = `${shortKey(key)}${field ? `.${field}` : ''}`;
  const here = hovered !== null && plot && hovered < plot.value.length ? hovered : null;
  const clock = axis === 'time' && plot?.hasTimes;
  return (
    <>
      <div className="pbody">
        {plot && x && plot.value.length > 0 && (
          <Plot
            x={x}
            curves={plot.curves}
            band={plot.band}
            marks={marks}
            xTitle={clock ? 'time' : axis === 'id' ? 'train id' : 'train index in the run'}
            xText={clock ? clockText : undefined}
            yTitle={`${name}${unit ? ` / ${unit}` : ''}`}
            note={source}
            theme={theme}
            testId="series-plot"
            onPick={onPick}
            onHover={setHovered}
          />
        )}
        {plot?.value.length === 0 && (
          <div className="state" data-testid="no-values">
            <h2>No values</h2>
            <p>
              {source} {shortKey(key)} has no entry in any of the {numberText(info.trains)} trains.
            </p>
          </div>
        )}
        <QueryState isLoading={series.isLoading} error={series.error} what={name} />
      </div>
      <div className="pfoot">
        <span className="grow el">
          {here !== null && plot
            ? `train ${numberText(plot.trainId[here])}   ${Number.isNaN(plot.time[here]) ? '' : `${clockText(plot.time[here])}   `}${valueText(plot.value[here])} ${unit}`
            : axis === 'time' && plot && !plot.hasTimes
              ? 'the files do not tell when the trains were: shown against their index'
              : frame && reductionText(frame.meta.reduction)
                ? reductionText(frame.meta.reduction)
                : 'a click shows that train'}
        </span>
        <span className="prov" data-testid="series-mean">
          {plot && plot.count > 0
            ? `mean ${valueText(plot.mean)} ${unit} · σ ${valueText(plot.sigma)} ${unit} · n ${numberText(plot.count)}`
            : ''}
        </span>
        <button type="button" className="hintbtn" onClick={save} disabled={!plot} title="Save the curve as CSV">
          CSV
        </button>
      </div>
    </>
  );
}

/** Index of the value next to `wanted`. */
function nearest(values: Float64Array, wanted: number): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (Math.abs(values[i] - wanted) < Math.abs(values[best] - wanted)) best = i;
  return best;
}
