import { IconDownload, IconEraser } from '@tabler/icons-react';
import { useMemo } from 'react';
import { Plot, type PlotMark } from '../../../display/plot.tsx';
import { provenanceOf } from '../../live/live-provenance.ts';
import { type TrendPoint, useLive } from '../../live/live-store.ts';
import { numberText, valueText } from '../../number-text.ts';
import { csvFile, saveFile } from '../../save-file.ts';
import { useTheme } from '../../theme-choice.ts';

/** Trains in the running mean. */
const AVERAGE = 20;
/** Lines for changed parameters: the last few, so that their words do not cover each other. */
const MARKS = 3;

/** Mean of the last values up to each point; values that are missing do not count. */
function runningMean(values: readonly number[]): number[] {
  let sum = 0;
  let count = 0;
  return values.map((value, i) => {
    if (!Number.isNaN(value)) {
      sum += value;
      count++;
    }
    const old = values[i - AVERAGE];
    if (old !== undefined && !Number.isNaN(old)) {
      sum -= old;
      count--;
    }
    return count > 0 ? sum / count : Number.NaN;
  });
}

function versionMarks(trend: readonly TrendPoint[], now: number): PlotMark[] {
  return trend
    .filter((point, i) => i > 0 && point.version !== trend[i - 1].version)
    .slice(-MARKS)
    .map(({ time, version }) => ({ x: time - now, label: `v${version}`, colour: '--t2', isDashed: true }));
}

/** Mean of the region, train by train. */
export function LiveTrend() {
  const trend = useLive((live) => live.trend);
  const meta = useLive((live) => live.counts.meta);
  const theme = useTheme((choice) => choice.theme);
  const { x, curves, marks } = useMemo(() => {
    const now = trend.at(-1)?.time ?? 0;
    const mean = trend.map((point) => point.mean);
    return {
      x: trend.map((point) => point.time - now),
      curves: [
        { label: 'ROI 1 per train', colour: '--roi1', y: mean, isPoints: true },
        { label: `average ${AVERAGE}`, colour: '--c0', y: runningMean(mean) },
      ],
      marks: versionMarks(trend, now),
    };
  }, [trend]);
  const roi = meta?.roi;
  return (
    <section className="pn" aria-label="ROI trend">
      <div className="pbody">
        <Plot
          x={x}
          curves={curves}
          marks={marks}
          xTitle="time before the last train / s"
          yTitle={`mean / ${meta?.unit ?? 'keV'}`}
          theme={theme}
          testId="trend-plot"
        />
        {trend.length === 0 && <div className="state">The trend begins with the first train.</div>}
      </div>
      <div className="pfoot">
        <span className="grow el">
          {roi ? (
            <>
              <b className="roi1" data-testid="roi-mean">
                {valueText(roi.mean)} {meta?.unit}
              </b>{' '}
              mean of {numberText(roi.pixels)} pixels, sum {valueText(roi.sum)}
            </>
          ) : (
            <span data-testid="roi-mean">the region is off or holds no pixel</span>
          )}
        </span>
        <span className="prov">{provenanceOf(meta, true)}</span>
      </div>
    </section>
  );
}

/** Buttons of the trend panel. */
export function TrendActions() {
  const clear = useLive((live) => live.clearTrend);
  const save = () => {
    const { trend } = useLive.getState();
    const columns = [
      ['train id', trend.map((point) => point.trainId)],
      ['ROI 1 mean', trend.map((point) => point.mean)],
      ['parameter version', trend.map((point) => point.version)],
    ] as const;
    saveFile(csvFile(columns), `roi-${trend.at(-1)?.trainId ?? 0}.csv`);
  };
  return (
    <>
      <button type="button" className="ib" onClick={clear} aria-label="Clear the trend" title="Begin anew">
        <IconEraser size={15} stroke={1.7} aria-hidden="true" />
      </button>
      <button type="button" className="ib" onClick={save} aria-label="Save the trend as CSV" title="Save as CSV">
        <IconDownload size={15} stroke={1.7} aria-hidden="true" />
      </button>
    </>
  );
}
