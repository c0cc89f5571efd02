import { IconTrash } from '@tabler/icons-react';
import { useState } from 'react';
import type { ExperimentParameter } from '../../../detector/refinement/refine-experiment.ts';
import type { FullExperiment } from '../../analysis/analysis-request.ts';
import { PONI_VERSIONS, readPoniFile, savePoniFile } from '../../analysis/calibration/poni-file.ts';
import { useRefinement } from '../../analysis/calibration/refine-store.ts';
import { DISTANCE_MM, ENERGY_KEV, OFFSET_MM, TURN_DEG } from '../../geometry/experiment-limits.ts';
import { useGeometry } from '../../geometry/geometry-store.ts';
import { numberText } from '../../number-text.ts';
import { FileButton, NumberField, RangeField } from './number.tsx';
import { ParameterSets } from './parameter-sets.tsx';
import { RingPicks } from './picks.tsx';
import '../../style/analysis.css';

interface Row {
  readonly name: ExperimentParameter;
  readonly word: string;
  readonly unit: string;
  /** From the experiment's unit to that on screen. */
  readonly scale: number;
  readonly digits: number;
  /** In the unit on screen. */
  readonly limits: readonly [low: number, high: number];
}
const DEGREES = 180 / Math.PI;
const OFFSETS = [-OFFSET_MM, OFFSET_MM] as const;
const TURNS = [-TURN_DEG, TURN_DEG] as const;
const ROWS: readonly Row[] = [
  { name: 'distance', word: 'Distance', unit: 'mm', scale: 1e3, digits: 3, limits: DISTANCE_MM },
  { name: 'poni1', word: 'PONI 1 (y)', unit: 'mm', scale: 1e3, digits: 3, limits: OFFSETS },
  { name: 'poni2', word: 'PONI 2 (x)', unit: 'mm', scale: 1e3, digits: 3, limits: OFFSETS },
  { name: 'rot1', word: 'Rotation 1', unit: '°', scale: DEGREES, digits: 4, limits: TURNS },
  { name: 'rot2', word: 'Rotation 2', unit: '°', scale: DEGREES, digits: 4, limits: TURNS },
  { name: 'rot3', word: 'Rotation 3', unit: '°', scale: DEGREES, digits: 4, limits: TURNS },
  { name: 'photonEnergyKeV', word: 'Energy', unit: 'keV', scale: 1, digits: 4, limits: ENERGY_KEV },
];

/** Distance, centre, tilt and energy from the rings of one or several exposures; parameters of pyFAI and Fit2D side by side. */
export function AnalysisCalibration() {
  const { exposures, free, bounds, calibration, calibrationError, isCalibrating } = useRefinement();
  const { addExposure, removeExposure, calibrate, applyCalibration } = useRefinement();
  const document = useGeometry((state) => state.document);
  const geometry = useGeometry((state) => state.geometry);
  const edit = useGeometry((state) => state.edit);
  const [more, setMore] = useState(0);
  const [problem, setProblem] = useState<string | null>(null);
  if (!document || !geometry) return <div className="state">A calibration needs a geometry.</div>;
  const { experiment } = document;
  const change = (next: FullExperiment, what: string) => edit({ experiment: next }, what);
  const set = (name: ExperimentParameter, value: number) => change({ ...experiment, [name]: value }, `${name} changed`);
  const setFree = (name: ExperimentParameter) =>
    useRefinement.setState({ free: free.includes(name) ? free.filter((each) => each !== name) : [...free, name] });
  return (
    <section className="pn" aria-label="Calibration" data-testid="analysis-calibration">
      <div className="scroll">
        <table className="dt analysis-calibration">
          <thead>
            <tr>
              <th>free</th>
              <th>now</th>
              <th>bounds</th>
              <th className="n">found</th>
            </tr>
          </thead>
          <tbody>
            {ROWS.map(({ name, word, unit, scale, digits, limits }) => {
              const bound = bounds[name];
              const sigma = calibration?.uncertainties[name] ?? 0;
              return (
                <tr key={name}>
                  <td>
                    <input
                      type="checkbox"
                      aria-label={`${word} is free`}
                      checked={free.includes(name)}
                      data-testid={`free-${name}`}
                      onChange={() => setFree(name)}
                    />
                  </td>
                  <td>
                    <NumberField
                      label={word}
                      unit={unit}
                      value={(experiment[name] ?? 0) * scale}
                      low={limits[0]}
                      high={limits[1]}
                      testId={`now-${name}`}
                      onChange={(value) => value !== null && set(name, value / scale)}
                    />
                  </td>
                  <td className="analysis-bounds">
                    <RangeField
                      label=""
                      unit={unit}
                      value={bound ? [bound[0] * scale, bound[1] * scale] : null}
                      none="free"
                      onChange={(range) =>
                        useRefinement.setState({
                          bounds: { ...bounds, [name]: range ? [range[0] / scale, range[1] / scale] : undefined },
                        })
                      }
                    />
                  </td>
                  <td className="n" data-testid={`found-${name}`}>
                    {calibration
                      ? `${numberText(calibration.experiment[name] * scale, digits)}${sigma > 0 ? ` ± ${(sigma * scale).toPrecision(1)}` : ''}`
                      : '–'}
                  </td>
                </tr>
              );
            })}
          </tbody>
        </table>
        <ParameterSets />
        <div className="sec">
          <div className="sech">
            Exposures<small>of the same calibrant, at one or more distances</small>
          </div>
          <div className="stack">
            {exposures.map(({ id, name, moreDistance = 0 }) => (
              <div key={id} className="analysis-row" data-testid="exposure">
                <span className="grow el" title={name}>
                  {name}
                  {moreDistance !== 0 && `, ${numberText(moreDistance * 1e3, 2)} mm farther`}
                </span>
                <button
                  type="button"
                  className="ib"
                  aria-label="Remove the exposure"
                  onClick={() => removeExposure(id)}
                >
                  <IconTrash size={14} stroke={1.7} aria-hidden="true" />
                </button>
              </div>
            ))}
            <NumberField
              label="The picture was taken farther by"
              unit="mm"
              value={more * 1e3}
              effect="holds for the next exposure"
              onChange={(value) => setMore((value ?? 0) / 1e3)}
            />
            <RingPicks moreDistance={more} />
            <div className="analysis-row">
              <button
                type="button"
                className="btn"
                disabled={isCalibrating}
                data-testid="add-exposure"
                onClick={() => void addExposure(more)}
              >
                Add this picture
              </button>
              <span className="sp" />
              <FileButton
                label="Load .poni"
                accept=".poni"
                testId="load-poni"
                onFile={(file) => {
                  readPoniFile(file, experiment, geometry)
                    .then((next) => {
                      change(next, `experiment of ${file.name}`);
                      setProblem(null);
                    })
                    .catch((error: Error) => setProblem(error.message));
                }}
              />
              <label className="btn analysis-save">
                Save .poni
                <select
                  aria-label="Version of the .poni file"
                  data-testid="save-poni"
                  value=""
                  onChange={(event) => {
                    try {
                      savePoniFile(experiment, geometry, event.target.value as (typeof PONI_VERSIONS)[number]);
                      setProblem(null);
                    } catch (error) {
                      setProblem(error instanceof Error ? error.message : String(error));
                    }
                  }}
                >
                  <option value="" disabled>
                    version
                  </option>
                  {PONI_VERSIONS.map((version) => (
                    <option key={version} value={version}>
                      version {version}
                    </option>
                  ))}
                </select>
              </label>
            </div>
          </div>
        </div>
        {(calibrationError ?? problem) && (
          <p className="analysis-error err" role="alert">
            {calibrationError ?? problem}
          </p>
        )}
      </div>
      <div className="pfoot analysis-foot">
        <span className="grow el">
          {calibration
            ? `residual ${numberText(calibration.before * DEGREES, 4)} → ${numberText(calibration.after * DEGREES, 4)}°${calibration.atBound.length > 0 ? `, at its bound: ${calibration.atBound.join(', ')}` : ''}`
            : 'nothing is changed before Apply'}
        </span>
        <button
          type="button"
          className={`btn ${calibration ? '' : 'p'}`}
          disabled={isCalibrating}
          data-testid="calibrate"
          onClick={() => void calibrate()}
        >
          {isCalibrating ? 'Looking for rings' : 'Calibrate'}
        </button>
        <button
          type="button"
          className="btn p"
          disabled={!calibration}
          data-testid="calibration-apply"
          onClick={applyCalibration}
        >
          Apply
        </button>
      </div>
    </section>
  );
}
