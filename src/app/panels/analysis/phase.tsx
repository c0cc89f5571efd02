import { IconDownload, IconTrash } from '@tabler/icons-react';
import { useMemo, useState } from 'react';
import type { EquationOfState } from '../../../detector/powder/equation-of-state.ts';
import { type ShownPhase, useCurves } from '../../analysis/curve/curve-store.ts';
import { PATTERN_UNITS } from '../../analysis/curve/pattern-unit.ts';
import { phaseOnScreen, phaseProblem, phaseSticks } from '../../analysis/curve/shown-curves.ts';
import { savePhase } from '../../analysis/phases/phase-file.ts';
import { lineReach } from '../../analysis/phases/phase-marks.ts';
import { useGeometry } from '../../geometry/geometry-store.ts';
import { numberText } from '../../number-text.ts';
import { NumberField, Tick } from './number.tsx';

/** How far the table of lines goes, rad. */
const TABLE_ANGLE = 1.2;
/** An equation of state of which only K0 is known: of second order, without heat. */
const PLAIN_EQUATION: EquationOfState = {
  k0: 0,
  k0Prime: 4,
  dK0dT: 0,
  dK0PrimedT: 0,
  alphaT: 0,
  dAlphaTdT: 0,
};
/** Fields of the equation of state beside K0. */
const EQUATION_FIELDS: readonly (readonly [keyof EquationOfState, label: string, unit?: string])[] = [
  ['k0Prime', 'K0′'],
  ['dK0dT', 'dK0/dT', 'GPa/K'],
  ['dK0PrimedT', 'dK0′/dT', '1/K'],
  ['alphaT', 'Thermal expansion α', '1/K'],
  ['dAlphaTdT', 'dα/dT', '1/K²'],
];

interface PhaseProps {
  readonly id: number;
  /** Whether its table of lines is shown. */
  readonly isOpen: boolean;
  readonly onOpen: (id: number | null) => void;
}

/** One phase: pressure and temperature that move its lines, its equation of state, the table of its lines, its card. */
export function AnalysisPhase({ id, isOpen, onOpen }: PhaseProps) {
  const shown = useCurves((state) => state.phases.find((each) => each.id === id));
  const { changePhase, removePhase } = useCurves();
  const [isEquationOpen, setEquationOpen] = useState(false);
  const curve = useCurves((state) => state.curves?.after[0]);
  const experiment = useGeometry((state) => state.document?.experiment);
  const problem = useMemo(() => {
    if (!shown || !experiment) return null;
    const maxTwoTheta = isOpen ? TABLE_ANGLE : lineReach(curve?.x, curve?.unit ?? 'q_A^-1', experiment);
    return phaseProblem(shown, { photonEnergyKeV: experiment.photonEnergyKeV, maxTwoTheta });
  }, [shown, isOpen, curve, experiment]);
  if (!shown) return null;
  const { phase, colour, isShown, stretch, state } = shown;
  const { a, b, c } = phaseProblem(shown) ? phase.cell : phaseOnScreen(shown).cell;
  const { equation = PLAIN_EQUATION } = phase;
  const setEquation = (change: Partial<EquationOfState>) => {
    const { equation: _before, ...rest } = phase;
    const next = { ...equation, ...change };
    changePhase(id, { phase: next.k0 > 0 ? { ...rest, equation: next } : rest });
  };
  return (
    <div className="analysis-item" data-testid="phase">
      <div className="analysis-row">
        <i className="analysis-colour" style={{ background: `var(${colour})` }} />
        <Tick label={phase.name} isOn={isShown} onChange={(next) => changePhase(id, { isShown: next })} />
        <span className="t3 el" data-testid="phase-cell">
          {[a, b, c].map((edge) => numberText(edge, 4)).join(' ')} Å
        </span>
        <span className="sp" />
        <button
          type="button"
          className={`btn ${isEquationOpen ? 'on' : ''}`}
          aria-pressed={isEquationOpen}
          title="Bulk modulus and thermal expansion"
          onClick={() => setEquationOpen(!isEquationOpen)}
        >
          EOS
        </button>
        <button
          type="button"
          className={`btn ${isOpen ? 'on' : ''}`}
          aria-pressed={isOpen}
          onClick={() => onOpen(isOpen ? null : id)}
        >
          lines
        </button>
        <button
          type="button"
          className="ib"
          aria-label={`Save ${phase.name} as .jcpds`}
          title="Save as .jcpds, without pressure"
          onClick={() => savePhase(phase)}
        >
          <IconDownload size={14} stroke={1.7} aria-hidden="true" />
        </button>
        <button type="button" className="ib" aria-label={`Remove ${phase.name}`} onClick={() => removePhase(id)}>
          <IconTrash size={14} stroke={1.7} aria-hidden="true" />
        </button>
      </div>
      {phase.equation && (
        <>
          <NumberField
            label="Pressure"
            unit="GPa"
            value={state.pressureGPa}
            low={-1000}
            high={10_000}
            effect="moves the lines"
            testId="phase-pressure"
            onChange={(next) => changePhase(id, { state: { ...state, pressureGPa: next ?? 0 } })}
          />
          <NumberField
            label="Temperature"
            unit="K"
            value={state.temperatureK}
            low={0}
            high={100_000}
            effect="moves the lines"
            testId="phase-temperature"
            onChange={(next) => next !== null && changePhase(id, { state: { ...state, temperatureK: next } })}
          />
        </>
      )}
      {(problem || phase.remark) && (
        <p className={`analysis-error ${problem ? 'err' : 't3'}`}>{problem ?? phase.remark}</p>
      )}
      {(isEquationOpen || !phase.equation) && (
        <NumberField
          label="Bulk modulus K0"
          unit="GPa"
          value={phase.equation ? equation.k0 : null}
          low={1e-6}
          high={1e5}
          none="not known"
          effect="lets pressure move the lines"
          testId="phase-k0"
          onChange={(k0) => setEquation({ k0: k0 ?? 0 })}
        />
      )}
      {isEquationOpen &&
        phase.equation &&
        EQUATION_FIELDS.map(([key, label, unit]) => (
          <NumberField
            key={key}
            label={label}
            unit={unit}
            value={equation[key]}
            effect="moves the lines"
            testId={`phase-${key}`}
            onChange={(next) => setEquation({ [key]: next ?? 0 })}
          />
        ))}
      <NumberField
        label="Edges times"
        value={stretch}
        low={0.5}
        high={2}
        effect="moves the lines"
        onChange={(next) => changePhase(id, { stretch: next ?? 1 })}
      />
      {isOpen && <LineTable shown={shown} />}
    </div>
  );
}

/** Every line that is strong enough to be looked for. */
function LineTable({ shown }: { readonly shown: ShownPhase }) {
  const unit = useCurves((state) => state.settings.unit);
  const experiment = useGeometry((state) => state.document?.experiment);
  const lines = useMemo(
    () => (experiment ? phaseSticks(shown, unit, experiment, TABLE_ANGLE) : []),
    [shown, unit, experiment],
  );
  const hasStrengths = shown.phase.atoms.length > 0 || shown.phase.listed !== undefined;
  return (
    <div className="analysis-lines">
      <table className="dt">
        <thead>
          <tr>
            <th>h k l</th>
            <th className="n" title="without pressure and heat">
              d0 / Å
            </th>
            <th className="n">d / Å</th>
            <th className="n">2θ / °</th>
            <th className="n">q / Å⁻¹</th>
            {unit === 'r_mm' && <th className="n">{PATTERN_UNITS[unit].title}</th>}
            <th className="n">I</th>
          </tr>
        </thead>
        <tbody>
          {lines.map(({ hkl, spacingAtRest, spacing, twoThetaDeg, q, place, intensity }) => (
            <tr key={`${hkl} ${spacing}`}>
              <td>{hkl}</td>
              <td className="n">{numberText(spacingAtRest, 4)}</td>
              <td className="n">{numberText(spacing, 4)}</td>
              <td className="n">{numberText(twoThetaDeg, 3)}</td>
              <td className="n">{numberText(q, 4)}</td>
              {unit === 'r_mm' && <td className="n">{numberText(place, PATTERN_UNITS[unit].digits)}</td>}
              <td className="n">{hasStrengths ? numberText(100 * intensity, 1) : '–'}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
