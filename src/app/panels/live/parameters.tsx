import { useRef, useState } from 'react';
import type { LiveState } from '../../../api/live-contract.ts';
import { SPLIT_METHODS, type SplitMethod } from '../../../detector/integration/split-method.ts';
import { useKeys } from '../../keyboard.ts';
import { useLive } from '../../live/live-store.ts';
import { numberText } from '../../number-text.ts';
import { usePendingFields } from '../../pending-fields.ts';
import { METHOD_WORDS } from '../../split-words.ts';
import { Field, numberBetween } from '../field.tsx';
import { LiveEndpoints } from './endpoints.tsx';

type Change = (state: LiveState) => LiveState;

/** One number of the state document: where it is shown, what it may be, how it is set. */
interface NumberField {
  readonly label: string;
  readonly unit?: string;
  readonly isWhole?: boolean;
  readonly limits: readonly [number, number];
  readonly get: (state: LiveState) => number;
  readonly set: (state: LiveState, value: number) => LiveState;
  readonly testId?: string;
}

/** Fields of the integration that are numbers. */
type IntegrationNumber = Exclude<keyof LiveState['integration'], 'method' | 'isPerPulse'>;

const inIntegration =
  (name: IntegrationNumber) =>
  (state: LiveState, value: number): LiveState => ({ ...state, integration: { ...state.integration, [name]: value } });
const inRoi =
  (name: 'x' | 'y' | 'width' | 'height') =>
  (state: LiveState, value: number): LiveState => ({ ...state, roi: { ...state.roi, [name]: value } });

function integrationField(
  label: string,
  name: IntegrationNumber,
  limits: readonly [number, number],
  rest: Partial<NumberField>,
): NumberField {
  return { label, limits, get: (state) => state.integration[name], set: inIntegration(name), ...rest };
}

function roiField(label: string, name: 'x' | 'y' | 'width' | 'height', testId: string): NumberField {
  const lowest = name === 'x' || name === 'y' ? -10_000 : 1;
  return {
    label,
    limits: [lowest, 10_000],
    unit: 'px',
    isWhole: true,
    get: (state) => state.roi[name],
    set: inRoi(name),
    testId,
  };
}

const INTEGRATION: readonly NumberField[] = [
  integrationField('Centre x', 'centreX', [-10_000, 10_000], { unit: 'px', testId: 'field-centre-x' }),
  integrationField('Centre y', 'centreY', [-10_000, 10_000], { unit: 'px', testId: 'field-centre-y' }),
  integrationField('Sample distance', 'distance', [0.001, 100], { unit: 'm', testId: 'field-distance' }),
  integrationField('Photon energy', 'photonEnergyKeV', [0.1, 200], { unit: 'keV', testId: 'field-energy' }),
  integrationField('Points', 'points', [2, 8192], { isWhole: true, testId: 'field-points' }),
  integrationField('From q', 'qMin', [0, 100], { unit: 'Å⁻¹', testId: 'field-q-min' }),
  integrationField('To q', 'qMax', [0.001, 100], { unit: 'Å⁻¹', testId: 'field-q-max' }),
];
const REGION: readonly NumberField[] = [
  roiField('x', 'x', 'field-roi-x'),
  roiField('y', 'y', 'field-roi-y'),
  roiField('Width', 'width', 'field-roi-width'),
  roiField('Height', 'height', 'field-roi-height'),
];
const IMAGE: readonly NumberField[] = [
  {
    label: 'Moving average',
    unit: 'trains',
    isWhole: true,
    limits: [1, 1000],
    get: (state) => state.movingAverage,
    set: (state, movingAverage) => ({ ...state, movingAverage }),
    testId: 'field-average',
  },
];

/** Every change starts from the newest document: two fields applied at once must both count. */
function change(how: Change): Promise<string | null> {
  const { state, apply } = useLive.getState();
  return state ? apply(how(state)) : Promise.resolve('The server has not answered yet.');
}

/** The state document of the live pipeline as fields: edits act on Enter. `/` searches. */
export function LiveParameters() {
  const state = useLive((live) => live.state);
  const version = useLive((live) => live.version);
  const error = useLive((live) => live.error);
  const [wanted, setWanted] = useState('');
  const search = useRef<HTMLInputElement>(null);
  useKeys((event) => {
    if (event.key !== '/' || !search.current) return false;
    search.current.focus();
    search.current.select();
    return true;
  });
  if (!state) {
    return (
      <section className="pn" aria-label="Parameters">
        <div className="emptyline">{error ?? 'Waiting for the server.'}</div>
      </section>
    );
  }
  const fits = (section: string, label: string) => `${section} ${label}`.toLowerCase().includes(wanted.toLowerCase());
  const numbers = (section: string, fields: readonly NumberField[]) =>
    fields.map(({ label, unit, isWhole, limits, get, set, testId }) => (
      <Field
        key={label}
        label={label}
        unit={unit}
        value={String(get(state))}
        check={numberBetween(limits[0], limits[1], isWhole)}
        onApply={(text) => change((latest) => set(latest, Number(text)))}
        isHidden={!fits(section, label)}
        testId={testId}
      />
    ));
  const toggle = (section: string, label: string, id: string, isOn: boolean, set: Change) => (
    <div className="fr" hidden={!fits(section, label)}>
      <label htmlFor={id}>{label}</label>
      <button
        id={id}
        data-testid={id}
        type="button"
        className={`sw ${isOn ? 'on' : ''}`}
        role="switch"
        aria-checked={isOn}
        aria-label={label}
        onClick={() => void change(set)}
      />
    </div>
  );
  return (
    <section className="pn" aria-label="Parameters">
      <div className="ptool">
        <span className="in text grow">
          <input
            ref={search}
            aria-label="Find a parameter"
            placeholder="Find a parameter"
            value={wanted}
            onChange={(event) => setWanted(event.target.value)}
            onKeyDown={(event) => event.key === 'Escape' && setWanted('')}
          />
          <kbd>/</kbd>
        </span>
        <span className="t3" title="Version of the parameters: every train carries it">
          v{version}
        </span>
      </div>
      <div className="scroll">
        <LiveEndpoints isHidden={!fits('Bridges', 'Source Bridge Socket endpoint')} />
        <div className="sec stack">
          <div className="sech">Azimuthal integration</div>
          {numbers('Azimuthal integration', INTEGRATION)}
          <div className="fr" hidden={!fits('Azimuthal integration', 'Pixels are split by')}>
            <label htmlFor="live-method">Pixels are split by</label>
            <select
              id="live-method"
              data-testid="live-method"
              className="selct"
              value={state.integration.method ?? 'no'}
              onChange={(event) => {
                const method = event.target.value as SplitMethod;
                void change((latest) => ({ ...latest, integration: { ...latest.integration, method } }));
              }}
            >
              {SPLIT_METHODS.map((method) => (
                <option key={method} value={method}>
                  {METHOD_WORDS[method]}
                </option>
              ))}
            </select>
          </div>
          {toggle(
            'Azimuthal integration',
            'Every pulse',
            'per-pulse',
            state.integration.isPerPulse === true,
            (latest) => ({
              ...latest,
              integration: { ...latest.integration, isPerPulse: !latest.integration.isPerPulse },
            }),
          )}
        </div>
        <div className="sec stack">
          <div className="sech">
            Region <small>image pixels</small>
          </div>
          {toggle('Region', 'ROI 1', 'roi-on', state.roi.isOn, (latest) => ({
            ...latest,
            roi: { ...latest.roi, isOn: !latest.roi.isOn },
          }))}
          {numbers('Region', REGION)}
        </div>
        <div className="sec stack">
          <div className="sech">Image</div>
          {numbers('Image', IMAGE)}
          {toggle('Image', 'Corrected', 'corrected', state.isCorrected, (latest) => ({
            ...latest,
            isCorrected: !latest.isCorrected,
          }))}
        </div>
      </div>
      <PendingFoot />
    </section>
  );
}

/** Counts the edited fields, applies or discards them all. */
function PendingFoot() {
  const fields = usePendingFields((pending) => pending.fields);
  const all = [...fields.values()];
  const hasFault = all.some((field) => field.hasFault);
  return (
    <div className="pendfoot" data-testid="pending-foot">
      <span className={`chip ${all.length > 0 ? 'pend' : ''}`} data-testid="pending-count">
        {all.length > 0 ? `${numberText(all.length)} pending` : 'all applied'}
      </span>
      <span className="sp" />
      <button
        type="button"
        className="btn"
        disabled={all.length === 0}
        onClick={() => {
          for (const field of all) field.discard();
        }}
      >
        Discard <kbd>Esc</kbd>
      </button>
      <button
        type="button"
        className={`btn ${all.length > 0 && !hasFault ? 'p' : ''}`}
        disabled={all.length === 0 || hasFault}
        title={hasFault ? 'A field holds what cannot be applied' : undefined}
        onClick={async () => {
          // One after the other: each change is a version of its own.
          for (const field of all) await field.apply();
        }}
      >
        Apply <kbd>↵</kbd>
      </button>
    </div>
  );
}
