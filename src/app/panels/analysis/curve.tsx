import { IconStack2 } from '@tabler/icons-react';
import { useMemo, useState } from 'react';
import { curveAt } from '../../../detector/analysis/curve.ts';
import type { FittedPeak } from '../../../detector/analysis/peak-fit.ts';
import { Plot, type PlotMark } from '../../../display/plot.tsx';
import { useProduct } from '../../analysis/curve/curve-runner.ts';
import { useCurves } from '../../analysis/curve/curve-store.ts';
import { whenFinal } from '../../analysis/curve/final-products.ts';
import { PATTERN_FORMATS, type PatternFormat, savePattern } from '../../analysis/curve/pattern-file.ts';
import { angleAt, PATTERN_UNITS, type PatternUnit, ringPlace } from '../../analysis/curve/pattern-unit.ts';
import { ringMarks, ringPeak, showCurves } from '../../analysis/curve/shown-curves.ts';
import { placeWords, useLinkedMark, useLinkedPlace, useOtherPlace } from '../../analysis/linked-place.ts';
import { ringRange, useCalibrantRings } from '../../analysis/phases/calibrant-rings.ts';
import { usePhaseMarks } from '../../analysis/phases/phase-marks.ts';
import { useGeometry } from '../../geometry/geometry-store.ts';
import { numberText, valueText } from '../../number-text.ts';
import { useStable } from '../../stable-callback.ts';
import { useTheme } from '../../theme-choice.ts';
import { Choices } from '../choices.tsx';
import '../../style/analysis.css';
import { SaveMenu } from '../save-menu.tsx';
import { AnalysisConfigurationBar } from './configuration-bar.tsx';

/** Beyond this many times the smallest spacing there is little but the beam. */
const SPACING_RANGE = 8;

/** The curves of the present geometry as they are drawn; null while there are none. */
function useShownCurves() {
  const curves = useCurves((state) => state.curves);
  const overlays = useCurves((state) => state.overlays);
  const subtracted = useCurves((state) => state.subtracted);
  const waterfall = useCurves((state) => state.waterfall);
  const background = useCurves((state) => state.background);
  const experiment = useGeometry((state) => state.document?.experiment);
  return useMemo(
    () =>
      curves && experiment ? showCurves({ curves, overlays, subtracted, waterfall, background, experiment }) : null,
    [curves, overlays, subtracted, waterfall, background, experiment],
  );
}

const WHAT_TO_DO = 'drag to zoom, a double click shows all; a click takes the ring whose width is told';
const NOTHING_HERE = 'no pixel lies in these ranges, or all are masked';

/** I(q) before and after with the rings of the calibrant and lines of phases; the width of a ring tells how good a geometry is. */
export function AnalysisCurve() {
  useProduct('curves');
  const shown = useShownCurves();
  const curves = useCurves((state) => state.curves);
  const { isLogX, isLogY, zoom, ring, curveError, saveError, isBusy, settings } = useCurves();
  const document = useGeometry((state) => state.document);
  const theme = useTheme((choice) => choice.theme);
  const rings = useCalibrantRings();
  const [hovered, setHovered] = useState<number | null>(null);
  const experiment = document?.experiment;
  const { unit } = settings;
  const phaseMarks = usePhaseMarks(shown?.x, shown?.unit ?? unit, experiment);
  const other = useOtherPlace('curve');
  useLinkedMark();
  const otherX = other && shown && experiment ? ringPlace(other.twoTheta, shown.unit, experiment) : null;
  const marks = useMemo((): PlotMark[] => {
    if (!shown || !experiment) return [];
    const pointer = otherX === null ? [] : [{ x: otherX, label: '', colour: '--t1', isDashed: true }];
    return [...ringMarks(rings, shown.unit, experiment), ...phaseMarks, ...pointer];
  }, [shown, experiment, rings, phaseMarks, otherX]);
  const isPointed = hovered !== null || other !== null;
  const isEmpty = shown?.main.y.every(Number.isNaN) === true;
  const widths = useMemo(() => {
    if (!shown || !experiment) return null;
    const { x, main, before } = shown;
    const of = (y: Float64Array | null) => y && ringPeak({ x, y }, rings, ring, shown.unit, experiment);
    return { before: of(before) ?? null, after: of(main.y) ?? null };
  }, [shown, experiment, rings, ring]);
  const onPick = useStable((place: number) => {
    if (!experiment || rings.length === 0) return;
    const places = ringMarks(rings, unit, experiment).map(({ x }) => Math.abs(x - place));
    useCurves.setState({ ring: places.indexOf(Math.min(...places)) });
  });
  const onHover = useStable((index: number | null) => {
    setHovered(index);
    const place = index === null ? undefined : shown?.x[index];
    const twoTheta = place === undefined || !shown || !experiment ? Number.NaN : angleAt(place, shown.unit, experiment);
    useLinkedPlace.getState().set(twoTheta > 0 ? { view: 'curve', twoTheta, azimuthDeg: null } : null);
  });
  const onZoom = useStable((range: readonly [number, number] | null) => useCurves.setState({ zoom: range ?? 'all' }));
  const hoverWords = (at: number) => {
    if (!shown || !experiment) return '';
    const twoTheta = angleAt(shown.x[at], shown.unit, experiment);
    const radius = shown.unit === 'r_mm' ? `r ${numberText(shown.x[at], info.digits)} mm   ` : '';
    const place = Number.isNaN(twoTheta) ? '' : placeWords({ twoTheta, azimuthDeg: null }, experiment);
    return `${radius}${place}   I ${valueText(shown.main.y[at])} ± ${valueText(shown.main.sigma[at])}`;
  };
  const info = PATTERN_UNITS[shown?.unit ?? unit];
  const whole = shown?.unit === 'd_A' ? ([shown.x[0], SPACING_RANGE * shown.x[0]] as const) : null;
  const ringsOnly = shown && experiment ? ringRange(rings, shown.unit, experiment) : null;
  const xRange = zoom === 'all' ? whole : zoom === 'rings' ? (ringsOnly ?? whole) : zoom;
  return (
    <section className="pn" aria-label="I(q)" data-testid="analysis-curve">
      <div className="ptool" role="toolbar" aria-label="I(q)">
        <Choices
          values={Object.keys(PATTERN_UNITS) as PatternUnit[]}
          value={unit}
          wordOf={(each) => PATTERN_UNITS[each].word}
          testId="unit"
          onChoose={(each) => useCurves.getState().setSettings({ unit: each })}
        />
        <span className="seg">
          <button
            type="button"
            className={isLogX ? 'on' : ''}
            aria-pressed={isLogX}
            title="Logarithmic axis below"
            onClick={() => useCurves.setState({ isLogX: !isLogX })}
          >
            log x
          </button>
          <button
            type="button"
            className={isLogY ? 'on' : ''}
            aria-pressed={isLogY}
            title="Logarithmic intensity"
            onClick={() => useCurves.setState({ isLogY: !isLogY })}
          >
            log y
          </button>
        </span>
        <span className="sp" />
        <Choices
          values={['rings', 'all'] as const}
          value={typeof zoom === 'string' ? zoom : null}
          titleOf={(each) => (each === 'rings' ? 'Only what holds the rings of the calibrant' : 'Everything')}
          onChoose={(each) => useCurves.setState({ zoom: each })}
        />
      </div>
      <AnalysisConfigurationBar testId="curve-configuration" />
      {shown && rings[ring] && (
        <div className="analysis-widths" data-testid="analysis-fwhm">
          <Width word={`FWHM of ${rings[ring].label}`} widths={widths} of="fwhm" digits={info.digits} />
          <Width word="breadth" widths={widths} of="integralBreadth" digits={info.digits} />
        </div>
      )}
      <div className="pbody">
        {shown && (
          <Plot
            x={shown.x}
            curves={shown.curves}
            xTitle={info.title}
            yTitle={`I / ${curves?.made.unit ?? ''}`}
            isLogX={isLogX}
            isLogY={isLogY}
            xRange={xRange}
            marks={marks}
            theme={theme}
            testId="analysis-iq"
            onHover={onHover}
            onPick={onPick}
            onZoom={onZoom}
          />
        )}
        {!shown && (
          <div className="state">
            <h2>{curveError ? 'No curve' : 'I(q) comes with the picture'}</h2>
            <p>{curveError ?? 'Choose a run, and a train or a mean of trains.'}</p>
          </div>
        )}
      </div>
      <div className={`pfoot ${isPointed ? 'told' : ''}`}>
        <span className={`grow el ${saveError && !isPointed ? 'err' : ''}`} data-testid="analysis-readout">
          {shown && hovered !== null && hovered < shown.x.length
            ? hoverWords(hovered)
            : other && otherX !== null && experiment && shown
              ? `${placeWords(other, experiment)}   I ${valueText(curveAt({ x: shown.x, y: shown.main.y }, [otherX])[0])}`
              : (saveError ?? (isBusy ? 'calculating' : isEmpty ? NOTHING_HERE : WHAT_TO_DO))}
        </span>
        <span className="prov">{curves ? `${curves.made.picture} · geometry v${curves.made.version}` : ''}</span>
      </div>
    </section>
  );
}

interface WidthProps {
  readonly word: string;
  readonly widths: { readonly before: FittedPeak | null; readonly after: FittedPeak | null } | null;
  readonly of: 'fwhm' | 'integralBreadth';
  readonly digits: number;
}

/** A width before and after. */
function Width({ word, widths, of, digits }: WidthProps) {
  const text = (peak: FittedPeak | null | undefined) => (peak ? numberText(peak[of], digits) : 'no peak');
  return (
    <span className="nw" title={of === 'fwhm' ? 'of the fitted peak' : 'area over height: shoulders widen it'}>
      <span className="t2">{word}</span> {widths?.before && <span className="t2">{text(widths.before)} → </span>}
      <b className="acc">{text(widths?.after)}</b>
    </span>
  );
}

/** Buttons of the I(q) panel: keep as overlay, save. */
export function AnalysisCurveActions() {
  const shown = useShownCurves();
  const curves = useCurves((state) => state.curves);
  const addOverlay = useCurves((state) => state.addOverlay);
  const keep = () => {
    if (!shown || !curves) return;
    addOverlay({
      name: `v${curves.made.version}`,
      unit: shown.unit,
      x: Float64Array.from(shown.x),
      y: Float64Array.from(shown.main.y),
    });
  };
  const save = async (format: PatternFormat) => {
    await whenFinal('curves');
    const { curves: now, ...look } = useCurves.getState();
    const experiment = useGeometry.getState().document?.experiment;
    if (!now || !experiment) return;
    const { x, main, unit } = showCurves({ ...look, curves: now, experiment });
    const problem = savePattern(format, { x, ...main }, unit, now.made);
    useCurves.setState({ saveError: problem && `not saved: ${problem}` });
  };
  return (
    <>
      <button
        type="button"
        className="ib"
        onClick={keep}
        aria-label="Keep the curve as an overlay"
        title="Keep as overlay"
      >
        <IconStack2 size={15} stroke={1.7} aria-hidden="true" />
      </button>
      <SaveMenu what="curve" formats={PATTERN_FORMATS} onSave={(format) => void save(format)} testId="save-pattern" />
    </>
  );
}
