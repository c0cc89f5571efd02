import { IconCheck, IconPlayerPlay } from '@tabler/icons-react';
import { useMemo } from 'react';
import type { PartLevel } from '../../../detector/refinement/detector-part.ts';
import type { ExperimentParameter } from '../../../detector/refinement/refine-experiment.ts';
import type { RefinedGeometry, RefinedPart } from '../../../detector/refinement/refine-geometry.ts';
import { Plot } from '../../../display/plot.tsx';
import { useRefinement } from '../../analysis/calibration/refine-store.ts';
import { useCalibrantRings } from '../../analysis/phases/calibrant-rings.ts';
import { useGeometry } from '../../geometry/geometry-store.ts';
import { numberText } from '../../number-text.ts';
import { useTheme } from '../../theme-choice.ts';
import { Choices } from '../choices.tsx';
import { NumberField, Tick } from './number.tsx';
import '../../style/analysis.css';

const LEVELS: Readonly<Record<PartLevel, string>> = { quadrant: 'Quadrants', module: 'Modules', tile: 'Tiles' };
const FREE: readonly (readonly [ExperimentParameter, string])[] = [['distance', 'distance']];
/** A residual above this is worth a look, below the other it is as good as it gets, px. */
const BAD_PX = 1;
const GOOD_PX = 0.5;
/** Figures of an uncertainty. */
const MOST_DIGITS = 3;

/** `-6.38(4)`: a value with the uncertainty of its last figure. */
function measured(value: number, sigma: number): string {
  const digits = sigma > 0 ? Math.min(MOST_DIGITS, Math.max(0, Math.ceil(-Math.log10(sigma) - 1e-9))) : 2;
  const last = Math.max(1, Math.round(sigma * 10 ** digits));
  const sign = value > 0 ? '+' : '';
  return `${sign}${numberText(value, digits)}${sigma > 0 ? `(${last})` : ''}`;
}

/** Parts moved until the rings lie where they should: what is free, progress, what was found, Apply and Discard. */
export function AnalysisRefinement() {
  const { level, settings, skippedRings, job, result, error } = useRefinement();
  const { setLevel, setSettings, toggleRing, start, apply, discard } = useRefinement();
  const rings = useCalibrantRings();
  const document = useGeometry((state) => state.document);
  const picture = useGeometry((state) => state.picture);
  const proposal = useGeometry((state) => state.proposal);
  const canStart = document !== null && picture !== null && job === null;
  return (
    <section className="pn" aria-label="Refinement" data-testid="analysis-refinement">
      <div className="ptool" role="toolbar" aria-label="Refinement">
        <Choices
          values={Object.keys(LEVELS) as PartLevel[]}
          value={level}
          wordOf={(each) => LEVELS[each]}
          isDisabled={() => job !== null}
          testId="refine"
          onChoose={setLevel}
        />
        <span className="sp" />
        {result && !job && (
          <span className={`chip ${result.isConverged ? 'ok' : 'warn'}`} data-testid="refine-state">
            {result.isConverged && <IconCheck size={12} stroke={2} aria-hidden="true" />}
            {result.isConverged ? 'converged' : 'not settled: start again from here'}
          </span>
        )}
        {job ? (
          <button type="button" className="btn d" data-testid="refine-cancel" onClick={job.cancel}>
            Cancel
          </button>
        ) : (
          <button
            type="button"
            className={`btn ${proposal ? '' : 'p'}`}
            disabled={!canStart}
            data-testid="refine-start"
            onClick={() => void start()}
          >
            <IconPlayerPlay size={13} stroke={1.7} aria-hidden="true" />
            Refine
          </button>
        )}
      </div>
      <div className="scroll">
        {job && (
          <div className="analysis-job" role="status">
            <span className="t2">{job.text}</span>
            <div className="prog">
              <i style={{ width: `${100 * job.share}%` }} />
            </div>
            <span className="t2">{Math.round(100 * job.share)} %</span>
          </div>
        )}
        {error && (
          <p className="analysis-error err" role="alert" data-testid="refine-error">
            {error}
          </p>
        )}
        {result && <Found result={result} />}
        <details className="analysis-details" open={!result}>
          <summary>
            {rings.length - rings.filter((_, ring) => skippedRings.includes(ring)).length} rings, x and y
            {settings.priorAngleDeg === null ? '' : ' and angle'} of each {level}
            {settings.experimentParameters.length > 0 ? `, ${settings.experimentParameters.join(', ')}` : ''}
          </summary>
          <div className="stack">
            <fieldset className="analysis-chips" aria-label="Rings to refine with">
              {rings.map(({ label }, ring) => (
                <button
                  key={label}
                  type="button"
                  className={`btn ${skippedRings.includes(ring) ? '' : 'on'}`}
                  aria-pressed={!skippedRings.includes(ring)}
                  onClick={() => toggleRing(ring)}
                >
                  {label}
                </button>
              ))}
            </fieldset>
            <NumberField
              label="Looked for within"
              unit="px"
              value={settings.windowPx}
              low={3}
              high={100}
              effect="holds for the next start"
              testId="refine-window"
              onChange={(windowPx) => windowPx !== null && setSettings({ windowPx })}
            />
            <NumberField
              label="Parts are off by about"
              unit="px"
              value={settings.priorPx}
              low={0.01}
              high={200}
              effect="holds for the next start"
              onChange={(priorPx) => priorPx !== null && setSettings({ priorPx })}
            />
            <NumberField
              label="Parts are turned by about"
              unit="°"
              value={settings.priorAngleDeg}
              low={0.001}
              high={10}
              none="not at all"
              effect="holds for the next start"
              testId="refine-angle"
              onChange={(priorAngleDeg) => setSettings({ priorAngleDeg })}
            />
            {FREE.map(([name, word]) => (
              <Tick
                key={name}
                label={`with the ${word} of the sample`}
                isOn={settings.experimentParameters.includes(name)}
                onChange={(isOn) =>
                  setSettings({
                    experimentParameters: isOn
                      ? [...settings.experimentParameters, name]
                      : settings.experimentParameters.filter((each) => each !== name),
                  })
                }
              />
            ))}
            <PartsToFix />
          </div>
        </details>
        {!picture && <p className="emptyline">A refinement needs a picture of a powder: choose a run on the left.</p>}
      </div>
      <div className="pfoot analysis-foot">
        <span className="grow el" data-testid="refine-residual">
          {result ? (
            <>
              RMS ring residual <b className="warn">{numberText(result.beforePx, 2)}</b> →{' '}
              <b className="ok">{numberText(result.afterPx, 2)}</b> px
              {proposal ? '' : ', applied or put aside'}
            </>
          ) : (
            'nothing is changed before Apply'
          )}
        </span>
        <button type="button" className="btn" disabled={!proposal} data-testid="refine-discard" onClick={discard}>
          Discard
        </button>
        <button type="button" className="btn p" disabled={!proposal} data-testid="refine-apply" onClick={apply}>
          Apply to geometry
        </button>
      </div>
    </section>
  );
}

/** Which parts stay: all of a quadrant or module level; tiles are too many for buttons. */
function PartsToFix() {
  const level = useRefinement((state) => state.level);
  const fixed = useRefinement((state) => state.settings.fixed);
  const toggleFixed = useRefinement((state) => state.toggleFixed);
  const detector = useGeometry((state) => state.geometry?.detector);
  if (!detector || level === 'tile') return null;
  const count = level === 'quadrant' ? detector.groupModules.length : detector.dataShape[0];
  return (
    <fieldset className="analysis-chips" aria-label="Parts that stay where they are">
      <span className="t2">stay:</span>
      {Array.from({ length: count }, (_, part) => (
        <button
          // The parts of a detector do not change their places.
          key={part}
          type="button"
          className={`btn ${fixed.includes(part) ? 'on' : ''}`}
          aria-pressed={fixed.includes(part)}
          onClick={() => toggleFixed(part)}
        >
          {level === 'quadrant' ? `Q${part + 1}` : `M${part}`}
        </button>
      ))}
    </fieldset>
  );
}

function Found({ result }: { readonly result: RefinedGeometry }) {
  const theme = useTheme((choice) => choice.theme);
  const { level, part } = useGeometry((state) => state.selection);
  const select = useGeometry((state) => state.select);
  const resultLevel = useRefinement((state) => state.resultLevel);
  const { history, parts, experiment, experimentUncertainties } = result;
  const iterations = useMemo(() => Float64Array.from(history, (_, i) => i), [history]);
  const curves = useMemo(
    () => [{ label: 'RMS', colour: '--c1', y: history as ArrayLike<number>, hasDots: true }],
    [history],
  );
  const hasDistance = experimentUncertainties.distance !== undefined;
  return (
    <div className="analysis-found">
      <div className="analysis-table">
        <table className="dt">
          <thead>
            <tr>
              <th />
              <th className="n">Δx / px</th>
              <th className="n">Δy / px</th>
              <th className="n">angle / °</th>
              <th className="n">before</th>
              <th className="n">after</th>
            </tr>
          </thead>
          <tbody>
            {parts.map((each, i) => (
              <tr
                key={each.label}
                className={level === resultLevel && part === i ? 'sel' : ''}
                data-testid={`refined-${each.label}`}
                title={`${each.points} points on rings`}
                onClick={() => select({ level: resultLevel, part: i })}
              >
                <PartCells part={each} />
              </tr>
            ))}
            {hasDistance && (
              <tr>
                <td className="t2">distance</td>
                <td className="n" colSpan={5}>
                  {measured(experiment.distance * 1e3, (experimentUncertainties.distance ?? 0) * 1e3)} mm
                </td>
              </tr>
            )}
          </tbody>
        </table>
      </div>
      <div className="analysis-rms">
        <Plot
          x={iterations}
          curves={curves}
          xTitle="iteration"
          yTitle="RMS / px"
          isLogY
          theme={theme}
          testId="refine-rms"
        />
      </div>
    </div>
  );
}

function PartCells({ part }: { readonly part: RefinedPart }) {
  const { label, isFixed, points, shiftPx, shiftUncertaintyPx, angleDeg, angleUncertaintyDeg, beforePx, afterPx } =
    part;
  return (
    <>
      <td className="b">{label}</td>
      {isFixed ? (
        <td className="n t3" colSpan={2}>
          {points < 4 ? 'too few points' : 'fixed'}
        </td>
      ) : (
        <>
          <td className="n">{measured(shiftPx[0], shiftUncertaintyPx[0])}</td>
          <td className="n">{measured(shiftPx[1], shiftUncertaintyPx[1])}</td>
        </>
      )}
      <td className="n">{angleUncertaintyDeg > 0 ? measured(angleDeg, angleUncertaintyDeg) : '–'}</td>
      <td className={`n ${beforePx > BAD_PX ? 'warn b' : ''}`}>
        {Number.isNaN(beforePx) ? '–' : numberText(beforePx, 2)}
      </td>
      <td className={`n b ${afterPx < GOOD_PX ? 'ok' : afterPx > BAD_PX ? 'warn' : ''}`}>
        {Number.isNaN(afterPx) ? '–' : numberText(afterPx, 2)}
      </td>
    </>
  );
}
