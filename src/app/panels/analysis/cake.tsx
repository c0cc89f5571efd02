import { IconAdjustments } from '@tabler/icons-react';
import { type MouseEvent, useEffect, useMemo, useRef, useState } from 'react';
import type { Levels } from '../../../display/levels.ts';
import type { CakeResult } from '../../analysis/analysis-request.ts';
import { CAKE_FORMATS, type CakeFormat, saveCake } from '../../analysis/cake/cake-file.ts';
import { angleTicks, axisTicks, paintRows, rowLevels } from '../../analysis/cake/cake-picture.ts';
import { cakeValueAt } from '../../analysis/cake/cake-value.ts';
import { useCakeView } from '../../analysis/cake/cake-view.ts';
import { useProduct } from '../../analysis/curve/curve-runner.ts';
import { useCurves } from '../../analysis/curve/curve-store.ts';
import { whenFinal } from '../../analysis/curve/final-products.ts';
import { angleAt, PATTERN_UNITS, ringPlace } from '../../analysis/curve/pattern-unit.ts';
import { placeWords, useLinkedMark, useLinkedPlace, useOtherPlace } from '../../analysis/linked-place.ts';
import { useCalibrantRings } from '../../analysis/phases/calibrant-rings.ts';
import { usePhaseMarks } from '../../analysis/phases/phase-marks.ts';
import { useGeometry } from '../../geometry/geometry-store.ts';
import { numberText, valueText } from '../../number-text.ts';
import { useStable } from '../../stable-callback.ts';
import { Choices } from '../choices.tsx';
import { SaveMenu } from '../save-menu.tsx';
import { CutPlot, type LineCut } from './cake-cut.tsx';
import { AnalysisConfigurationBar } from './configuration-bar.tsx';
import { NumberField, Tick } from './number.tsx';
import '../../style/analysis.css';

const VIEWS = { both: 'Before | after', before: 'Before', after: 'After' } as const;
type View = keyof typeof VIEWS;

/** A bin below the pointer. */
interface Hovered {
  readonly cake: CakeResult;
  readonly row: number;
  readonly column: number;
}

/** Intensity over azimuth and radius, before and after: rings are straight lines where the geometry is right. */
export function AnalysisCake() {
  useProduct('cakes');
  const cakes = useCurves((state) => state.cakes);
  const error = useCurves((state) => state.cakeError);
  const picture = useGeometry((state) => state.picture);
  const { view, isOpen } = useCakeView();
  const [cut, setCut] = useState<LineCut | null>(null);
  const [hovered, setHovered] = useState<Hovered | null>(null);
  const levels = useMemo(
    () =>
      cakes
        ? rowLevels({
            values: cakes.after.intensity,
            rows: cakes.after.azimuth.length,
            columns: cakes.after.x.length,
          })
        : { low: 0, high: 1 },
    [cakes],
  );
  const shown: readonly (readonly [string, CakeResult, boolean])[] = useMemo(() => {
    if (!cakes) return [];
    const { before, after, isProposal } = cakes;
    const [early, late] = isProposal ? ['now', 'proposed'] : ['before', 'after'];
    if (!before) return [['', after, true]];
    return [
      ...(view === 'after' ? [] : [[early, before, false] as const]),
      ...(view === 'before' ? [] : [[late, after, true] as const]),
    ];
  }, [cakes, view]);
  const experiment = useGeometry((state) => state.document?.experiment);
  const other = useOtherPlace('cake');
  useLinkedMark();
  const onHover = useStable((place: Hovered | null) => {
    setHovered(place);
    const twoTheta =
      place && experiment ? angleAt(place.cake.x[place.column], place.cake.unit, experiment) : Number.NaN;
    const azimuth = place?.cake.azimuth[place.row] ?? 0;
    useLinkedPlace
      .getState()
      .set(twoTheta > 0 ? { view: 'cake', twoTheta, azimuthDeg: ((((azimuth + 180) % 360) + 360) % 360) - 180 } : null);
  });
  const readout = () => {
    if (!experiment) return '';
    if (hovered) {
      const { cake, row, column } = hovered;
      const twoTheta = angleAt(cake.x[column], cake.unit, experiment);
      const value = valueText(cake.intensity[row * cake.x.length + column]);
      return `${placeWords({ twoTheta, azimuthDeg: cake.azimuth[row] }, experiment)}   ${value}`;
    }
    if (!other || !cakes) return 'straight lines = right geometry; a click cuts a line';
    const value =
      other.azimuthDeg === null ? null : cakeValueAt(cakes.after, other.twoTheta, other.azimuthDeg, experiment);
    return `${placeWords(other, experiment)}${value === null ? '' : `   ${valueText(value)}`}`;
  };
  return (
    <section className="pn" aria-label="Cake" data-testid="analysis-cake">
      {isOpen && <CakeSettings />}
      <AnalysisConfigurationBar testId="cake-configuration" />
      <div className="pbody analysis-cakes">
        {shown.map(([name, cake, isAfter]) => (
          <Cake
            key={name}
            name={name}
            cake={cake}
            isAfter={isAfter}
            levels={levels}
            cut={cut}
            onHover={onHover}
            onCut={(row, column) => setCut({ along: cut?.along ?? 'radius', row, column })}
          />
        ))}
        {!cakes && (
          <div className="state">
            <h2>{error ? 'No cake' : 'The cake comes with the picture'}</h2>
            <p>{error ?? 'Choose a run, and a train or a mean of trains.'}</p>
          </div>
        )}
      </div>
      {cut && cakes && <CutPlot cut={cut} shown={shown} unit={picture?.unit ?? ''} onChange={setCut} />}
      <div className={`pfoot ${hovered || other ? 'told' : ''}`}>
        <span className="grow el" data-testid="cake-readout">
          {readout()}
        </span>
        <span className="prov">{cakes ? `${cakes.made.picture} · geometry v${cakes.made.version}` : ''}</span>
      </div>
    </section>
  );
}

function CakeSettings() {
  const { cake, setCake } = useCurves();
  return (
    <div className="analysis-settings">
      <NumberField
        label="Radial bins"
        value={cake.points}
        low={16}
        high={4000}
        isWhole
        testId="cake-bins"
        onChange={(points) => points !== null && setCake({ points })}
      />
      <NumberField
        label="Azimuth bins"
        value={cake.azimuthPoints}
        low={4}
        high={1440}
        isWhole
        onChange={(azimuthPoints) => azimuthPoints !== null && setCake({ azimuthPoints })}
      />
      <NumberField
        label="Azimuth begins at"
        unit="°"
        value={cake.azimuthStart}
        low={-360}
        high={180}
        onChange={(azimuthStart) => azimuthStart !== null && setCake({ azimuthStart })}
      />
      <Tick
        label="Only what holds the rings"
        title="Where no radial range is set in Integration"
        isOn={cake.isRingsOnly}
        onChange={(isRingsOnly) => setCake({ isRingsOnly })}
      />
    </div>
  );
}

interface CakeProps {
  readonly name: string;
  readonly cake: CakeResult;
  readonly isAfter: boolean;
  readonly levels: Levels;
  readonly cut: LineCut | null;
  readonly onHover: (place: Hovered | null) => void;
  readonly onCut: (row: number, column: number) => void;
}

function Cake({ name, cake, isAfter, levels, cut, onHover, onCut }: CakeProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const rings = useCalibrantRings();
  const experiment = useGeometry((state) => state.proposal?.experiment ?? state.document?.experiment);
  const other = useOtherPlace('cake');
  const { x, azimuth, intensity, unit } = cake;
  const phaseMarks = usePhaseMarks(x, unit, experiment);
  const [rows, columns] = [azimuth.length, x.length];
  useEffect(() => {
    if (canvas.current) paintRows(canvas.current, { values: intensity, rows, columns }, 'magma', levels, 'sqrt');
  }, [intensity, rows, columns, levels]);
  const stepX = columns > 1 ? (x[columns - 1] - x[0]) / (columns - 1) : 1;
  const stepY = rows > 1 ? (azimuth[rows - 1] - azimuth[0]) / (rows - 1) : 1;
  const [low, high] = [x[0] - stepX / 2, x[columns - 1] + stepX / 2];
  const [bottom, top] = [azimuth[0] - stepY / 2, azimuth[rows - 1] + stepY / 2];
  const percent = (value: number, from: number, to: number) => `${(100 * (value - from)) / (to - from)}%`;
  const linked = other && experiment ? ringPlace(other.twoTheta, unit, experiment) : null;
  // On the turn that the cake shows.
  const linkedAzimuth =
    other && other.azimuthDeg !== null ? bottom + ((((other.azimuthDeg - bottom) % 360) + 360) % 360) : null;
  const placeOf = (event: MouseEvent) => {
    const box = canvas.current?.getBoundingClientRect();
    if (!box) return null;
    const column = Math.floor(((event.clientX - box.left) / box.width) * columns);
    const row = Math.floor(((box.bottom - event.clientY) / box.height) * rows);
    return row < 0 || column < 0 || row >= rows || column >= columns ? null : { row, column };
  };
  return (
    <div className="analysis-cake">
      <div className="plot-line">
        <span className="el">azimuth / °</span>
        <span className="sp" />
        <span className={isAfter ? 'acc' : 't2'}>{name}</span>
      </div>
      <div className="analysis-cake-y">
        {angleTicks(bottom, top).map((angle) => (
          <span key={angle} style={{ bottom: percent(angle, bottom, top) }}>
            {numberText(angle)}
          </span>
        ))}
      </div>
      <div className="analysis-cake-box">
        <canvas
          ref={canvas}
          data-testid={isAfter ? 'cake-after' : 'cake-before'}
          aria-label={`Cake ${name}`}
          onMouseMove={(event) => {
            const place = placeOf(event);
            onHover(place && { cake, ...place });
          }}
          onMouseLeave={() => onHover(null)}
          onClick={(event) => {
            const place = placeOf(event);
            if (place) onCut(place.row, place.column);
          }}
        />
        {experiment &&
          rings.map((ring) => {
            const place = ringPlace(ring.twoTheta, unit, experiment);
            return place > low && place < high ? (
              <i
                key={ring.label}
                className="analysis-ring"
                style={{ left: percent(place, low, high) }}
                title={ring.label}
              />
            ) : null;
          })}
        {phaseMarks.map(({ x: place, title, colour, intensity: strength }) =>
          place > low && place < high ? (
            <i
              key={title}
              className="analysis-phase"
              data-testid="cake-phase"
              style={{
                left: percent(place, low, high),
                borderColor: `var(${colour})`,
                opacity: 0.35 + 0.65 * strength,
              }}
              title={title}
            />
          ) : null,
        )}
        {linked !== null && linked > low && linked < high && (
          <i
            className="analysis-cut azimuth linked"
            data-testid="cake-linked"
            style={{ left: percent(linked, low, high) }}
          />
        )}
        {linkedAzimuth !== null && linkedAzimuth < top && (
          <i className="analysis-cut radius linked" style={{ bottom: percent(linkedAzimuth, bottom, top) }} />
        )}
        {cut && (
          <i
            className={`analysis-cut ${cut.along}`}
            style={
              cut.along === 'radius'
                ? { bottom: percent(cut.row + 0.5, 0, rows) }
                : { left: percent(cut.column + 0.5, 0, columns) }
            }
          />
        )}
      </div>
      <div className="analysis-cake-x">
        {axisTicks(low, high, 6).map((value) => (
          <span key={value} style={{ left: percent(value, low, high) }}>
            {Number(value.toFixed(6))}
          </span>
        ))}
      </div>
      <div className="plot-line">
        <span className="sp" />
        <span className="nw">{PATTERN_UNITS[unit].title}</span>
      </div>
    </div>
  );
}

/** Buttons of the cake panel: what is shown, settings, files. */
export function AnalysisCakeActions() {
  const { view, isOpen, set } = useCakeView();
  const cakes = useCurves((state) => state.cakes);
  const save = async (format: CakeFormat) => {
    await whenFinal('cakes');
    const { cakes: now } = useCurves.getState();
    if (now) saveCake(format, now);
  };
  return (
    <>
      {cakes?.before && (
        <Choices
          values={Object.keys(VIEWS) as View[]}
          value={view}
          wordOf={(each) => VIEWS[each]}
          testId="cake"
          onChoose={(each) => set({ view: each })}
        />
      )}
      <button
        type="button"
        className={`ib ${isOpen ? 'on' : ''}`}
        aria-label="Bins and range of the cake"
        aria-pressed={isOpen}
        title="Bins and range"
        onClick={() => set({ isOpen: !isOpen })}
      >
        <IconAdjustments size={15} stroke={1.7} aria-hidden="true" />
      </button>
      <SaveMenu what="cake" formats={CAKE_FORMATS} onSave={(format) => void save(format)} testId="save-cake" />
    </>
  );
}
