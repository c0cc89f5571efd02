import { useMemo } from 'react';
import { Plot } from '../../../display/plot.tsx';
import type { CakeResult } from '../../analysis/analysis-request.ts';
import { PATTERN_UNITS } from '../../analysis/curve/pattern-unit.ts';
import { ringMarks } from '../../analysis/curve/shown-curves.ts';
import { useCalibrantRings } from '../../analysis/phases/calibrant-rings.ts';
import { usePhaseMarks } from '../../analysis/phases/phase-marks.ts';
import { useGeometry } from '../../geometry/geometry-store.ts';
import { numberText } from '../../number-text.ts';
import { useTheme } from '../../theme-choice.ts';
import '../../style/analysis.css';

/** A line cut: which way, and where. */
export interface LineCut {
  readonly along: 'radius' | 'azimuth';
  readonly row: number;
  readonly column: number;
}

interface CutProps {
  readonly cut: LineCut;
  readonly shown: readonly (readonly [string, CakeResult, boolean])[];
  readonly unit: string;
  readonly onChange: (cut: LineCut | null) => void;
}

/** The cake along one line. */
export function CutPlot({ cut, shown, unit, onChange }: CutProps) {
  const theme = useTheme((choice) => choice.theme);
  const rings = useCalibrantRings();
  const experiment = useGeometry((state) => state.document?.experiment);
  const isRadius = cut.along === 'radius';
  const { x, curves } = useMemo(() => {
    const line = ({ x: radial, azimuth, intensity }: CakeResult) =>
      isRadius
        ? intensity.subarray(cut.row * radial.length, (cut.row + 1) * radial.length)
        : azimuth.map((_, row) => intensity[row * radial.length + cut.column] ?? Number.NaN);
    const last = shown[shown.length - 1]?.[1];
    return {
      x: last ? (isRadius ? last.x : last.azimuth) : new Float64Array(0),
      curves: shown.map(([name, cake, isAfter]) => ({
        label: name || 'cut',
        colour: isAfter ? '--c1' : '--t2',
        isDashed: !isAfter,
        y: line(cake) as ArrayLike<number>,
      })),
    };
  }, [shown, cut, isRadius]);
  const cake = shown[shown.length - 1]?.[1];
  const phaseMarks = usePhaseMarks(cake?.x, cake?.unit ?? 'q_A^-1', experiment);
  const marks = useMemo(
    () => (isRadius && cake && experiment ? [...ringMarks(rings, cake.unit, experiment), ...phaseMarks] : []),
    [isRadius, cake, experiment, rings, phaseMarks],
  );
  if (!cake) return null;
  return (
    <div className="analysis-cutplot" data-testid="cake-cut">
      <div className="analysis-row">
        <span className="t2">
          {isRadius
            ? `at azimuth ${numberText(cake.azimuth[cut.row], 1)}°`
            : `at ${PATTERN_UNITS[cake.unit].title.replace(' / ', ' ')} ${numberText(cake.x[cut.column], 3)}`}
        </span>
        <span className="sp" />
        <button
          type="button"
          className="btn"
          onClick={() => onChange({ ...cut, along: isRadius ? 'azimuth' : 'radius' })}
        >
          {isRadius ? 'along the azimuth' : 'along the radius'}
        </button>
        <button type="button" className="btn" onClick={() => onChange(null)}>
          close
        </button>
      </div>
      <div className="analysis-cutarea">
        <Plot
          x={x}
          curves={curves}
          xTitle={isRadius ? PATTERN_UNITS[cake.unit].title : 'azimuth / °'}
          yTitle={`I / ${unit}`}
          marks={marks}
          theme={theme}
          testId="cake-cut-plot"
        />
      </div>
    </div>
  );
}
