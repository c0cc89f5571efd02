import { IconPlayerPlay } from '@tabler/icons-react';
import { type MouseEvent, useEffect, useMemo, useRef, useState } from 'react';
import type { Levels } from '../../../display/levels.ts';
import { Plot } from '../../../display/plot.tsx';
import { BATCH_FORMATS, rowLabel, saveBatch } from '../../analysis/batch/batch-file.ts';
import { useBatchRun } from '../../analysis/batch/batch-run.ts';
import { BATCH_ROWS, type BatchResult, type BatchRows, useBatch } from '../../analysis/batch/batch-store.ts';
import { parsePulses, pulseText } from '../../analysis/batch/pulse-range.ts';
import { axisTicks, paintRows, rowLevels } from '../../analysis/cake/cake-picture.ts';
import { useCurves } from '../../analysis/curve/curve-store.ts';
import { PATTERN_UNITS } from '../../analysis/curve/pattern-unit.ts';
import { ringRange, useCalibrantRings } from '../../analysis/phases/calibrant-rings.ts';
import { useGeometryPage } from '../../geometry/geometry-address.ts';
import { useGeometry } from '../../geometry/geometry-store.ts';
import { numberText, valueText } from '../../number-text.ts';
import { useTheme } from '../../theme-choice.ts';
import { Choices } from '../choices.tsx';
import { Field } from '../field.tsx';
import { SaveMenu } from '../save-menu.tsx';
import { NumberField } from './number.tsx';
import { CurveStackPlot } from './stack.tsx';
import '../../style/analysis.css';

/** Curves that a waterfall shows, evenly over the run. */
const MOST_CURVES = 12;
const NEXT_START = 'holds for the next start';
const ROW_WORDS: Readonly<Record<BatchRows, string>> = {
  each: 'one pulse',
  mean: 'mean of the pulses',
  max: 'largest of the pulses',
  sum: 'sum of the pulses',
};
const LOOKS = { map: 'heat map', waterfall: 'waterfall', stack: '3-D' } as const;
type BatchLook = keyof typeof LOOKS;

/** A place on the heat map. */
interface Place {
  readonly row: number;
  readonly column: number;
}

const COLOURS = ['--c1', '--c2', '--c3', '--c4'];

/** The curve of every train of the run, made in the background: a heat map or a waterfall; a click shows the train. */
export function AnalysisBatch() {
  const { info, detector, set } = useGeometryPage();
  const { choice: frames, setChoice, job, result, error, start } = useBatch();
  const document = useGeometry((state) => state.document);
  const [look, setLook] = useState<BatchLook>('map');
  const [hovered, setHovered] = useState<Place | null>(null);
  const trains = detector?.trains ?? info?.trains ?? 0;
  const batchRun = useBatchRun();
  const show = (row: number) => {
    if (!result) return;
    const { train, pulses } = result.rows[row];
    set({ over: 'one', train: String(train), pulse: pulses[0] === 0 ? '' : String(pulses[0]) });
  };
  return (
    <section className="pn" aria-label="Batch" data-testid="analysis-batch">
      <div className="ptool" role="toolbar" aria-label="Batch">
        <Choices
          values={Object.keys(LOOKS) as BatchLook[]}
          value={look}
          wordOf={(each) => LOOKS[each]}
          testId="batch-as"
          onChoose={setLook}
        />
        <span className="sp" />
        {result && (
          <SaveMenu
            what="batch"
            formats={BATCH_FORMATS}
            onSave={(format) => saveBatch(format, result)}
            testId="save-batch"
          />
        )}
        {job ? (
          <button type="button" className="btn d" data-testid="batch-cancel" onClick={job.cancel}>
            Cancel
          </button>
        ) : (
          <button
            type="button"
            className="btn p"
            disabled={!batchRun || !document}
            data-testid="batch-start"
            onClick={() => batchRun && void start(batchRun)}
          >
            <IconPlayerPlay size={13} stroke={1.7} aria-hidden="true" />
            Integrate the run
          </button>
        )}
      </div>
      <div className="analysis-settings">
        <NumberField
          label="Every n-th train"
          value={frames.every}
          low={1}
          high={1e6}
          isWhole
          effect={NEXT_START}
          testId="batch-every"
          onChange={(every) => setChoice({ every: every ?? 1 })}
        />
        <Field
          label="Pulses"
          value={pulseText(frames)}
          isText
          effect={NEXT_START}
          testId="batch-pulses"
          check={(text) => {
            const range = parsePulses(text);
            return typeof range === 'string' ? range : null;
          }}
          onApply={async (text) => {
            const range = parsePulses(text);
            if (typeof range !== 'string') setChoice(range);
            return null;
          }}
        />
        <div className="fr">
          <label htmlFor="batch-rows">A row is</label>
          <select
            id="batch-rows"
            className="selct"
            data-testid="batch-rows"
            value={frames.rows}
            onChange={(event) => setChoice({ rows: event.target.value as BatchRows })}
          >
            {BATCH_ROWS.map((each) => (
              <option key={each} value={each}>
                {ROW_WORDS[each]}
              </option>
            ))}
          </select>
        </div>
      </div>
      {job && (
        <div className="analysis-job" role="status">
          <span className="t2">{job.text}</span>
          <div className="prog">
            <i style={{ width: `${100 * job.share}%` }} />
          </div>
          <span className="t2">{Math.round(100 * job.share)} %</span>
        </div>
      )}
      <div className="pbody">
        {result && look === 'map' && <RowMap result={result} onHover={setHovered} onPick={show} />}
        {result && look === 'waterfall' && <Waterfall result={result} />}
        {result && look === 'stack' && <CurveStackPlot result={result} onPick={show} />}
        {!result && (
          <div className="state">
            <h2>{error ? 'Nothing was integrated' : 'No batch yet'}</h2>
            <p>
              {error ??
                `Each pulse or each train of the run becomes a row, with the bins and corrections of I(q). ${numberText(trains)} trains have frames${detector ? `, of ${numberText(detector.maxPulses)} pulses at most` : ''}.`}
            </p>
          </div>
        )}
      </div>
      <div className="pfoot">
        <span className="grow el" data-testid="batch-readout">
          {result && hovered
            ? hoverWords(result, hovered)
            : result
              ? `${countWords(result)}${result.skipped > 0 ? `, ${result.skipped} frames left out: ${result.reason}` : ''}; a click shows the train`
              : ''}
        </span>
        <span className="prov">{result ? `${result.name} · geometry v${result.version}` : ''}</span>
      </div>
    </section>
  );
}

/** `4 trains`, or `40 pulses of 4 trains`. */
function countWords({ rows, made }: BatchResult): string {
  const trains = new Set(rows.map(({ train }) => train)).size;
  const words = `${numberText(trains)} trains`;
  return made !== 'each' || rows.length === trains ? words : `${numberText(rows.length)} pulses of ${words}`;
}

function hoverWords({ rows, x, unit, intensity, made }: BatchResult, { row, column }: Place): string {
  const { trainId, pulses } = rows[row];
  const frames = made === 'each' ? `pulse ${pulses[0]}` : `${ROW_WORDS[made]}, ${pulses.length}`;
  const place = `${PATTERN_UNITS[unit].title.replace(' / ', ' ')} ${numberText(x[column], 3)}`;
  return `train ${trainId}   ${frames}   ${place}   ${valueText(intensity[row * x.length + column])}`;
}

interface MapProps {
  readonly result: BatchResult;
  readonly onHover: (place: Place | null) => void;
  readonly onPick: (row: number) => void;
}

/** Trains upwards, radius to the right. */
function RowMap({ result, onHover, onPick }: MapProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const { intensity: values, x, unit } = result;
  const [rows, columns] = [result.rows.length, x.length];
  const rings = useCalibrantRings();
  const experiment = useGeometry((state) => state.document?.experiment);
  useEffect(() => {
    const picture = { values, rows, columns };
    // Levels of what holds the rings: the light within them would darken everything else.
    const range = experiment ? ringRange(rings, unit, experiment) : null;
    const inside = range ? values.filter((_, i) => x[i % columns] >= range[0] && x[i % columns] <= range[1]) : values;
    const levels: Levels = rowLevels({ ...picture, values: inside.length > 0 ? inside : values });
    if (canvas.current) paintRows(canvas.current, picture, 'viridis', levels, 'sqrt');
  }, [values, rows, columns, x, unit, rings, experiment]);
  const placeOf = (event: MouseEvent) => {
    const box = canvas.current?.getBoundingClientRect();
    if (!box) return null;
    const column = Math.floor(((event.clientX - box.left) / box.width) * columns);
    const row = Math.floor(((box.bottom - event.clientY) / box.height) * rows);
    return row < 0 || column < 0 || row >= rows || column >= columns ? null : { row, column };
  };
  const [low, high] = [x[0], x[columns - 1]];
  return (
    <div className="analysis-cake">
      <div className="plot-line">
        <span className="el">train</span>
      </div>
      <div className="analysis-cake-y">
        {axisTicks(0, rows - 1, 6)
          .filter(Number.isInteger)
          .map((row) => (
            <span key={row} style={{ bottom: `${(100 * (row + 0.5)) / rows}%` }}>
              {result.rows[row].train}
            </span>
          ))}
      </div>
      <div className="analysis-cake-box">
        <canvas
          ref={canvas}
          data-testid="batch-map"
          aria-label="Curves of all trains"
          onMouseMove={(event) => onHover(placeOf(event))}
          onMouseLeave={() => onHover(null)}
          onClick={(event) => {
            const place = placeOf(event);
            if (place) onPick(place.row);
          }}
        />
      </div>
      <div className="analysis-cake-x">
        {axisTicks(low, high, 6).map((value) => (
          <span key={value} style={{ left: `${(100 * (value - low)) / (high - low)}%` }}>
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

/** Some curves above each other. */
function Waterfall({ result }: { readonly result: BatchResult }) {
  const theme = useTheme((choice) => choice.theme);
  const isLogY = useCurves((state) => state.isLogY);
  const curves = useMemo(() => {
    const { rows, x, intensity, made } = result;
    const shown = Math.min(MOST_CURVES, rows.length);
    const picked = Array.from({ length: shown }, (_, i) => Math.floor((i * rows.length) / shown));
    const { high, low } = rowLevels({ values: intensity, rows: rows.length, columns: x.length });
    const step = (high - low) / 4;
    return picked.map((row, i) => ({
      label: rowLabel(rows[row], made === 'each'),
      colour: COLOURS[i % COLOURS.length],
      y: Float64Array.from(intensity.subarray(row * x.length, (row + 1) * x.length), (value) => value + i * step),
    }));
  }, [result]);
  return (
    <Plot
      x={result.x}
      curves={curves}
      xTitle={PATTERN_UNITS[result.unit].title}
      yTitle="I, each higher by a step"
      isLogY={isLogY}
      theme={theme}
      testId="batch-waterfall"
    />
  );
}
