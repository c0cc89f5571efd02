import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { Plot } from '../../../display/plot.tsx';
import { numberText, valueText } from '../../number-text.ts';
import { reductionText } from '../../reduction-text.ts';
import { type ChosenKey, chosenTrain, useRunView } from '../../run-view.ts';
import { session } from '../../session.ts';
import { useTheme } from '../../theme-choice.ts';
import { QueryState } from '../query-state.tsx';
import { shortKey } from '../source-keys.tsx';
import { TrainSlider } from '../train-slider.tsx';

interface KeyCurveProps {
  readonly chosen: ChosenKey;
  readonly isMean: boolean;
  /** What the x axis counts. */
  readonly word: string;
}

/** The values of one train, or their mean over all trains with one standard deviation beside it. */
export function KeyCurve({ chosen, isMean, word }: KeyCurveProps) {
  const view = useRunView();
  const { run } = view;
  const theme = useTheme((choice) => choice.theme);
  const [hovered, setHovered] = useState<number | null>(null);
  const { source, key, field } = chosen;
  const train = isMean ? undefined : chosenTrain(view);
  const curve = useQuery({
    queryKey: ['curve', run, source, key, field, train],
    queryFn: ({ signal }) => session.call('curve', run, { source, key, field, train }, signal),
    placeholderData: (before, query) =>
      query?.queryKey[3] === key && query.queryKey[2] === source ? keepPreviousData(before) : undefined,
  });
  const frame = curve.error ? undefined : curve.data;
  const plot = useMemo(() => {
    const column = (which: string) => frame?.arrays.get(which)?.data as Float64Array | undefined;
    const [index, value, low, high] = ['index', 'value', 'low', 'high'].map(column);
    if (!frame || !index || !value) return null;
    const isJoined = frame.meta.reduction.elementsPerPoint > 1;
    const label = frame.meta.trainId === null ? 'mean over trains' : `train ${numberText(frame.meta.trainId)}`;
    return {
      index,
      value,
      curves: [{ label, colour: '--c1', y: value, hasDots: true }],
      band: low && high ? { low, high, label: isJoined ? 'smallest – largest' : '± 1 σ' } : undefined,
    };
  }, [frame]);
  const unit = frame?.meta.units ?? '';
  const name = `${shortKey(key)}${field ? `.${field}` : ''}`;
  const here = hovered !== null && plot && hovered < plot.value.length ? hovered : null;
  return (
    <>
      <div className="pbody">
        {plot && (
          <Plot
            x={plot.index}
            curves={plot.curves}
            band={plot.band}
            xTitle={word}
            yTitle={`${name}${unit ? ` / ${unit}` : ''}`}
            note={source}
            theme={theme}
            testId="curve-plot"
            onHover={setHovered}
          />
        )}
        <QueryState isLoading={curve.isLoading} error={curve.error} what={name} />
      </div>
      {!isMean && <TrainSlider name="curve-train" />}
      <div className="pfoot">
        <span className="grow el">
          {here !== null && plot
            ? `${word} ${numberText(plot.index[here])}   ${valueText(plot.value[here])} ${unit}`
            : frame
              ? reductionText(frame.meta.reduction)
              : ''}
        </span>
        <span className="prov">
          {frame &&
            (frame.meta.trainId === null
              ? `mean over ${numberText(frame.meta.reduction.trainsRead)} trains`
              : `train ${numberText(frame.meta.trainId)}`)}
        </span>
      </div>
    </>
  );
}
