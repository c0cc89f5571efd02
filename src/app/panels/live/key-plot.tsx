import { IconDownload } from '@tabler/icons-react';
import { useEffect, useMemo, useState } from 'react';
import { Plot } from '../../../display/plot.tsx';
import { receiveKey, usePlottedKey } from '../../live/live-key-series.ts';
import { numberText, valueText } from '../../number-text.ts';
import { csvFile, saveFile } from '../../save-file.ts';
import { useTheme } from '../../theme-choice.ts';

/** A chosen key of a source as it comes: a number against trains, a one-dimensional array as a curve. */
export function LiveKeyPlot() {
  const plotted = usePlottedKey((state) => state.plotted);
  const series = usePlottedKey((state) => state.series);
  const error = usePlottedKey((state) => state.error);
  const theme = useTheme((choice) => choice.theme);
  const [hovered, setHovered] = useState<number | null>(null);
  useEffect(() => {
    if (!plotted) return;
    const stop = new AbortController();
    void receiveKey(plotted, stop.signal);
    return () => stop.abort();
  }, [plotted]);
  const plot = useMemo(() => {
    if (!plotted || !series || series.kind === 'other') return null;
    const y = series.values;
    const x = series.kind === 'scalar' ? series.trainIds : Array.from({ length: y.length }, (_, i) => i);
    return { x, y, curves: [{ label: plotted.key, colour: '--c1', y, hasDots: true }] };
  }, [plotted, series]);
  if (!plotted)
    return (
      <section className="pn" aria-label="Key">
        <div className="pbody">
          <div className="state">Open a source in Sources and choose a key: it is plotted here as it comes.</div>
        </div>
      </section>
    );
  const here = hovered !== null && plot && hovered < plot.y.length ? hovered : null;
  const isScalar = series?.kind === 'scalar';
  const last = isScalar ? series.values[series.values.length - 1] : null;
  return (
    <section className="pn" aria-label="Key">
      <div className="pbody">
        {plot && (
          <Plot
            x={plot.x}
            curves={plot.curves}
            xTitle={isScalar ? 'train id' : 'element'}
            yTitle={plotted.key}
            note={plotted.source}
            theme={theme}
            testId="live-key-plot"
            onHover={setHovered}
          />
        )}
        {!plot && (
          <div className="state" data-testid="live-key-state">
            <h2>{plotted.key}</h2>
            <p>{error ?? (series?.kind === 'other' ? series.text : `No train of ${plotted.source} has come yet.`)}</p>
          </div>
        )}
      </div>
      <div className="pfoot">
        <span className="grow el" data-testid="live-key-readout">
          {here !== null && plot
            ? `${isScalar ? 'train' : 'element'} ${numberText(plot.x[here])}   ${valueText(plot.y[here])}`
            : isScalar
              ? `${valueText(last)} now, ${numberText(series.values.length)} trains`
              : series?.kind === 'curve'
                ? `${numberText(series.values.length)} elements`
                : ''}
        </span>
        <span className="prov">
          {series && `train …${String(isScalar ? series.trainIds.at(-1) : series.trainId).slice(-5)}`}
        </span>
      </div>
    </section>
  );
}

/** Buttons of the key panel. */
export function KeyPlotActions() {
  const save = () => {
    const { plotted, series } = usePlottedKey.getState();
    if (!plotted || !series || series.kind === 'other') return;
    const x =
      series.kind === 'scalar'
        ? (['train id', series.trainIds] as const)
        : (['element', Array.from({ length: series.values.length }, (_, i) => i)] as const);
    saveFile(
      csvFile([x, [`${plotted.source} ${plotted.key}`, series.values]]),
      `${plotted.key.replaceAll('/', '-')}.csv`,
    );
  };
  return (
    <button type="button" className="ib" onClick={save} aria-label="Save the key as CSV" title="Save as CSV">
      <IconDownload size={15} stroke={1.7} aria-hidden="true" />
    </button>
  );
}
