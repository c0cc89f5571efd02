import { useQuery } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { Plot, type PlotMark } from '../../../display/plot.tsx';
import { correlation, matchSeries } from '../../compare.ts';
import { numberText, valueText } from '../../number-text.ts';
import { reductionText } from '../../reduction-text.ts';
import { type ChosenKey, trainChange, useRunView } from '../../run-view.ts';
import { csvFile, saveFile } from '../../save-file.ts';
import { session } from '../../session.ts';
import { useStable } from '../../stable-callback.ts';
import { useTheme } from '../../theme-choice.ts';
import { clockText, trainAxisOf } from '../../train-axis.ts';
import { trainIndexOf } from '../../train-ranges.ts';
import { QueryState } from '../query-state.tsx';
import { shortKey } from '../source-keys.tsx';

interface KeyCompareProps {
  readonly first: ChosenKey;
  readonly second: ChosenKey;
  readonly mode: 'axis' | 'scatter';
}

function useSeries({ source, key, field }: ChosenKey) {
  const { run } = useRunView();
  return useQuery({
    queryKey: ['series', run, source, key, field, undefined],
    queryFn: ({ signal }) => session.call('series', run, { source, key, field }, signal),
  });
}

/** Two keys, matched by train id: on two axes against the trains, or one against the other. What has no partner is counted. */
export function KeyCompare({ first, second, mode }: KeyCompareProps) {
  const view = useRunView();
  const { info, search, set } = view;
  const theme = useTheme((choice) => choice.theme);
  const [hovered, setHovered] = useState<number | null>(null);
  const [a, b] = [useSeries(first), useSeries(second)];
  const axis = trainAxisOf(search);
  const titleOf = ({ key, field }: ChosenKey, units: string | undefined) =>
    `${shortKey(key)}${field ? `.${field}` : ''}${units ? ` / ${units}` : ''}`;
  const [firstTitle, secondTitle] = [titleOf(first, a.data?.meta.units), titleOf(second, b.data?.meta.units)];
  const plot = useMemo(() => {
    if (!a.data || !b.data) return null;
    const columns = (frame: typeof a.data) => ({
      trainId: frame.arrays.get('trainId')?.data as Float64Array,
      value: frame.arrays.get('value')?.data as Float64Array,
    });
    const matched = matchSeries(columns(a.data), columns(b.data));
    const time = a.data.arrays.get('time')?.data;
    const times = new Map(Array.from(columns(a.data).trainId, (id, i) => [id, Number(time?.[i])] as const));
    return { matched, times, r: correlation(matched.first, matched.second) };
  }, [a.data, b.data]);
  const shown = useMemo(() => {
    if (!plot) return null;
    const { matched, times } = plot;
    if (mode === 'axis') {
      const x =
        axis === 'id'
          ? matched.trainId
          : axis === 'time'
            ? matched.trainId.map((id) => times.get(id) ?? Number.NaN)
            : matched.trainId.map((id) => trainIndexOf(info.trainRanges, id));
      return {
        order: Uint32Array.from(matched.trainId, (_, i) => i),
        x,
        curves: [
          { label: shortKey(first.key), colour: '--c1', y: matched.first, hasDots: true },
          { label: shortKey(second.key), colour: '--c2', y: matched.second, hasDots: true, isRight: true },
        ],
      };
    }
    // Curves are drawn from left to right
    const order = Uint32Array.from(matched.first, (_, i) => i).sort((i, j) => matched.second[i] - matched.second[j]);
    return {
      order,
      x: Float64Array.from(order, (i) => matched.second[i]),
      curves: [
        { label: 'a train', colour: '--c1', y: Float64Array.from(order, (i) => matched.first[i]), isPoints: true },
      ],
    };
  }, [plot, mode, axis, info, first, second]);
  const chosenId = Number(search.get('trainId') ?? Number.NaN);
  const marks = useMemo<PlotMark[]>(() => {
    if (!plot || !shown) return [];
    const at = shown.order.findIndex((i) => plot.matched.trainId[i] === chosenId);
    return at < 0 ? [] : [{ x: shown.x[at], label: 'train', colour: '--t1' }];
  }, [plot, shown, chosenId]);
  const onPick = useStable((at: number) => {
    if (!plot || !shown || shown.x.length === 0) return;
    let best = 0;
    for (let i = 1; i < shown.x.length; i++) if (Math.abs(shown.x[i] - at) < Math.abs(shown.x[best] - at)) best = i;
    set(trainChange(view, plot.matched.trainId[shown.order[best]]));
  });
  const save = () => {
    if (!plot) return;
    saveFile(
      csvFile([
        ['train id', plot.matched.trainId],
        [firstTitle, plot.matched.first],
        [secondTitle, plot.matched.second],
      ]),
      `${info.proposal}-r${info.run}-${shortKey(first.key)}-${shortKey(second.key)}.csv`,
    );
  };
  const isScatter = mode === 'scatter';
  const here = hovered !== null && shown && hovered < shown.order.length ? shown.order[hovered] : null;
  const { onlyFirst = 0, onlySecond = 0, notANumber = 0 } = plot?.matched ?? {};
  const reasons = [
    ...(onlyFirst > 0 ? [`${numberText(onlyFirst)} without ${shortKey(second.key)}`] : []),
    ...(onlySecond > 0 ? [`${numberText(onlySecond)} without ${shortKey(first.key)}`] : []),
    ...(notANumber > 0 ? [`${numberText(notANumber)} not a number`] : []),
  ];
  const reduced = [a, b].map(({ data }) => (data ? reductionText(data.meta.reduction) : '')).find(Boolean);
  return (
    <>
      <div className="pbody">
        {plot && shown && plot.matched.trainId.length > 0 && (
          <Plot
            x={shown.x}
            curves={shown.curves}
            marks={marks}
            xTitle={
              isScatter ? secondTitle : axis === 'id' ? 'train id' : axis === 'time' ? 'time' : 'train index in the run'
            }
            xText={!isScatter && axis === 'time' ? clockText : undefined}
            yTitle={firstTitle}
            rightTitle={isScatter ? undefined : secondTitle}
            note={`${first.source}  ·  ${second.source}`}
            theme={theme}
            testId="compare-plot"
            onPick={onPick}
            onHover={setHovered}
          />
        )}
        {plot && plot.matched.trainId.length === 0 && (
          <div className="state">
            <h2>No train has both</h2>
            <p>{reasons.join('; ')}. Choose another second key with Shift and a click.</p>
          </div>
        )}
        <QueryState
          isLoading={a.isLoading || b.isLoading}
          error={a.error ?? b.error}
          what={a.error ? shortKey(first.key) : shortKey(second.key)}
        />
      </div>
      <div className="pfoot">
        <span className="grow el" data-testid="compare-readout">
          {here !== null && plot
            ? `train ${numberText(plot.matched.trainId[here])}   ${valueText(plot.matched.first[here])}   ${valueText(plot.matched.second[here])}`
            : plot
              ? `${numberText(plot.matched.trainId.length)} trains have both${reasons.length > 0 ? `; left out: ${reasons.join(', ')}` : ''}${reduced ? ` · ${reduced}` : ''}`
              : ''}
        </span>
        <span className="prov" data-testid="correlation">
          {plot && Number.isFinite(plot.r) ? `r = ${valueText(plot.r)}` : ''}
        </span>
        <button type="button" className="hintbtn" onClick={save} disabled={!plot} title="Save both as CSV">
          CSV
        </button>
      </div>
    </>
  );
}
