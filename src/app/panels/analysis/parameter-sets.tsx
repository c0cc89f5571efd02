import { IconCopy } from '@tabler/icons-react';
import { useState } from 'react';
import { isXfelError } from '../../../core/errors.ts';
import type { FullExperiment } from '../../analysis/analysis-request.ts';
import {
  fit2dOf,
  type ParameterSet,
  parameterText,
  readParameters,
  wavelengthOf,
  withFit2d,
} from '../../analysis/calibration/parameter-sets.ts';
import { useRefinement } from '../../analysis/calibration/refine-store.ts';
import { DISTANCE_MM, TURN_DEG } from '../../geometry/experiment-limits.ts';
import { useGeometry } from '../../geometry/geometry-store.ts';
import { numberText } from '../../number-text.ts';
import { Field } from '../field.tsx';
import { NumberField } from './number.tsx';

const COPIED_MS = 2000;
const FIT2D_FIELDS: readonly (readonly [keyof ReturnType<typeof fit2dOf>, label: string, unit: string])[] = [
  ['directDistMm', 'Distance', 'mm'],
  ['centerX', 'Centre x', 'px'],
  ['centerY', 'Centre y', 'px'],
  ['tiltDeg', 'Tilt', '°'],
  ['tiltPlanRotationDeg', 'Tilt plane', '°'],
];

/** What can be typed; any number else. */
const FIT2D_LIMITS: Partial<Record<string, readonly [low: number, high: number]>> = {
  directDistMm: DISTANCE_MM,
  tiltDeg: [0, 89],
  tiltPlanRotationDeg: [-TURN_DEG, TURN_DEG],
};

/** The same experiment as pyFAI and Fit2D have it, beside each other, and as ImageD11 and SPD; each to be copied, and taken over. */
export function ParameterSets() {
  const calibration = useRefinement((state) => state.calibration);
  const document = useGeometry((state) => state.document);
  const geometry = useGeometry((state) => state.geometry);
  const edit = useGeometry((state) => state.edit);
  if (!document || !geometry) return null;
  const now = document.experiment;
  // What was found is shown until it is applied or thrown away; only what holds can be edited.
  const experiment: FullExperiment = calibration?.experiment ?? now;
  const fit2d = fit2dOf(experiment, geometry);
  const { distance, poni1 = 0, poni2 = 0, rot1 = 0, rot2 = 0, rot3 = 0 } = experiment;
  const change = (next: FullExperiment, what: string) => edit({ experiment: next }, what);
  const poni = [
    ['Distance', distance, 'm'],
    ['Poni1', poni1, 'm'],
    ['Poni2', poni2, 'm'],
    ['Rot1', rot1, 'rad'],
    ['Rot2', rot2, 'rad'],
    ['Rot3', rot3, 'rad'],
    ['Wavelength', wavelengthOf(experiment) * 1e-10, 'm'],
  ] as const;
  const shown = calibration ? 'as found, not applied' : 'as it is now';
  return (
    <div className="sec" data-testid="parameter-sets">
      <div className="sech">
        Parameter sets<small>{shown}; pixels from the geometry's origin</small>
      </div>
      <div className="analysis-sets">
        <div>
          <SetTitle set="pyFAI" experiment={experiment} />
          <div className="kv">
            {poni.flatMap(([name, value, unit]) => [
              <span key={name}>{name}</span>,
              <span key={`${name} value`} data-testid={`pyfai-${name}`}>
                {name === 'Wavelength' ? value.toExponential(5) : numberText(value, 6)} {unit}
              </span>,
            ])}
          </div>
        </div>
        <div>
          <SetTitle set="Fit2D" experiment={experiment} />
          {calibration ? (
            <div className="kv">
              {FIT2D_FIELDS.flatMap(([key, label, unit]) => [
                <span key={key}>{label}</span>,
                <span key={`${key} value`}>
                  {numberText(fit2d[key], 4)} {unit}
                </span>,
              ])}
            </div>
          ) : (
            FIT2D_FIELDS.map(([key, label, unit]) => (
              <NumberField
                key={key}
                label={label}
                unit={unit}
                value={Number(fit2d[key].toFixed(6))}
                low={FIT2D_LIMITS[key]?.[0] ?? -1e9}
                high={FIT2D_LIMITS[key]?.[1] ?? 1e9}
                testId={`fit2d-${key}`}
                onChange={(value) =>
                  value !== null &&
                  change(withFit2d(now, geometry, { [key]: value }), `${label.toLowerCase()} of Fit2D changed`)
                }
              />
            ))
          )}
          <div className="kv">
            <span>Wavelength</span>
            <span>{numberText(wavelengthOf(experiment), 5)} Å</span>
          </div>
        </div>
      </div>
      <details className="analysis-details">
        <summary>ImageD11, SPD</summary>
        <div className="analysis-sets">
          {(['ImageD11', 'SPD'] as const).map((set) => (
            <div key={set}>
              <SetTitle set={set} experiment={experiment} />
              <pre className="t2">{parameterText(set, experiment, geometry) ?? 'not written of a tilted detector'}</pre>
            </div>
          ))}
        </div>
      </details>
      <div className="stack">
        <Field
          label="Paste"
          value=""
          placeholder="paste parameters of pyFAI, Fit2D or ImageD11"
          isText
          effect="takes them over"
          testId="paste-parameters"
          check={(text) => (text.trim() === '' ? null : problemOf(() => readParameters(text, now, geometry)))}
          onApply={async (text) => {
            if (text.trim() !== '') change(readParameters(text, now, geometry), 'parameters pasted');
            return null;
          }}
        />
      </div>
    </div>
  );
}

function problemOf(read: () => unknown): string | null {
  try {
    read();
    return null;
  } catch (error) {
    if (isXfelError(error)) return error.message;
    throw error;
  }
}

/** The name of a program, and a button that copies its parameters. */
function SetTitle({ set, experiment }: { readonly set: ParameterSet; readonly experiment: FullExperiment }) {
  const geometry = useGeometry((state) => state.geometry);
  const [told, setTold] = useState('');
  const text = geometry && parameterText(set, experiment, geometry);
  const copy = async () => {
    // Pages that did not come over https or from this machine may not write to the clipboard.
    const isDone = await navigator.clipboard?.writeText(text ?? '').then(
      () => true,
      () => false,
    );
    setTold(isDone ? 'copied' : 'this browser does not let pages copy');
    setTimeout(() => setTold(''), COPIED_MS);
  };
  return (
    <div className="analysis-row">
      <b>{set}</b>
      <span className="t3" role="status">
        {told}
      </span>
      <span className="sp" />
      <button
        type="button"
        className="ib"
        aria-label={`Copy the parameters of ${set}`}
        title={`Copy the parameters of ${set}`}
        disabled={!text}
        data-testid={`copy-${set}`}
        onClick={() => void copy()}
      >
        <IconCopy size={14} stroke={1.7} aria-hidden="true" />
      </button>
    </div>
  );
}
