import { IconDownload } from '@tabler/icons-react';
import { useEffect, useMemo, useState } from 'react';
import type { NdArray } from '../../../core/ndarray.ts';
import { Plot } from '../../../display/plot.tsx';
import { useLiveLook } from '../../live/live-look.ts';
import { provenanceOf } from '../../live/live-provenance.ts';
import { useLive } from '../../live/live-store.ts';
import { numberText, valueText } from '../../number-text.ts';
import { csvFile, saveFile } from '../../save-file.ts';
import { useStable } from '../../stable-callback.ts';
import { useTheme } from '../../theme-choice.ts';

type Values = ArrayLike<number>;

/** Lowest and highest of the pulses at each point; null where the train has no curves of single pulses. */
function spreadOfPulses(
  pulses: NdArray | undefined,
): { low: Float32Array; high: Float32Array; label: string } | undefined {
  if (pulses?.shape.length !== 2) return undefined;
  const [count, points] = pulses.shape;
  const values = pulses.data as Float32Array;
  const low = new Float32Array(points).fill(Number.NaN);
  const high = new Float32Array(points).fill(Number.NaN);
  for (let i = 0; i < values.length; i++) {
    const point = i % points;
    // Comparisons with NaN are false: the first value counts, too.
    if (!(low[point] <= values[i])) low[point] = Number.isNaN(values[i]) ? low[point] : values[i];
    if (!(high[point] >= values[i])) high[point] = Number.isNaN(values[i]) ? high[point] : values[i];
  }
  return { low, high, label: `lowest and highest of ${count} pulses` };
}

/** I(q) of the last train; the pointer on it draws its ring on the picture. */
export function LiveCurve() {
  const frame = useLive((live) => live.curveFrame);
  const meta = useLive((live) => live.counts.meta);
  const points = useLive((live) => live.state?.integration.points);
  const isLog = useLiveLook((look) => look.isLogCurve);
  const theme = useTheme((choice) => choice.theme);
  const [hovered, setHovered] = useState<number | null>(null);
  const curves = useMemo(
    () => [{ label: 'I(q)', colour: '--c1', y: (frame?.arrays.get('intensity')?.data ?? []) as Values }],
    [frame],
  );
  const band = useMemo(() => spreadOfPulses(frame?.arrays.get('pulseIntensity')), [frame]);
  const q = useMemo(() => (frame?.arrays.get('q')?.data ?? []) as Values, [frame]);
  const onHover = useStable((index: number | null) => {
    setHovered(index);
    const hoverQ = index === null ? null : (q[index] ?? null);
    if (useLive.getState().hoverQ !== hoverQ) useLive.setState({ hoverQ });
  });
  useEffect(() => () => useLive.setState({ hoverQ: null }), []);
  const unit = frame?.meta.unit ?? 'keV';
  return (
    <section className="pn" aria-label="I(q)">
      <div className="pbody">
        <Plot
          x={q}
          curves={curves}
          band={band}
          xTitle="q / Å⁻¹"
          yTitle={`I / ${unit}`}
          isLogY={isLog}
          theme={theme}
          testId="iq-plot"
          onHover={onHover}
        />
        {!frame && <div className="state">I(q) comes with the first train.</div>}
      </div>
      <div className="pfoot">
        <span className="grow el" data-testid="iq-readout">
          {hovered !== null && hovered < q.length
            ? `q ${numberText(q[hovered], 3)} Å⁻¹   ${valueText(curves[0].y[hovered])} ${unit}`
            : `${numberText(points)} points, mean of ${numberText(meta?.pulses)} pulses`}
        </span>
        <span className="prov">{provenanceOf(meta, true)}</span>
      </div>
    </section>
  );
}

/** Buttons of the I(q) panel. */
export function CurveActions() {
  const { isLogCurve, toggleLogCurve } = useLiveLook();
  const save = () => {
    const { curveFrame } = useLive.getState();
    const q = curveFrame?.arrays.get('q')?.data as Values | undefined;
    const intensity = curveFrame?.arrays.get('intensity')?.data as Values | undefined;
    if (!curveFrame || !q || !intensity) return;
    const columns = [
      ['q / 1/Angstrom', q],
      [`I / ${curveFrame.meta.unit}`, intensity],
    ] as const;
    saveFile(csvFile(columns), `iq-${curveFrame.meta.trainId}.csv`);
  };
  return (
    <>
      <button
        type="button"
        className={`ib word ${isLogCurve ? 'on' : ''}`}
        aria-pressed={isLogCurve}
        onClick={toggleLogCurve}
        title="Logarithmic axis"
      >
        log
      </button>
      <button type="button" className="ib" onClick={save} aria-label="Save I(q) as CSV" title="Save as CSV">
        <IconDownload size={15} stroke={1.7} aria-hidden="true" />
      </button>
    </>
  );
}
