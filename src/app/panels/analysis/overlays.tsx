import { IconTrash } from '@tabler/icons-react';
import { useState } from 'react';
import { useCurves } from '../../analysis/curve/curve-store.ts';
import { readPattern } from '../../analysis/curve/pattern-file.ts';
import { PATTERN_UNITS } from '../../analysis/curve/pattern-unit.ts';
import { phaseOfCell, readPhase } from '../../analysis/phases/phase-file.ts';
import { Field } from '../field.tsx';
import { FileButton, NumberField, Tick } from './number.tsx';
import { AnalysisPhase } from './phase.tsx';

/** Curves kept beside the present one, and phases with their lines. */
export function AnalysisOverlays() {
  const { overlays, phases, waterfall, subtracted, saveError, settings } = useCurves();
  const { addOverlay, changeOverlay, removeOverlay, addPhase } = useCurves();
  const [open, setOpen] = useState<number | null>(null);
  const tell = (error: unknown) =>
    useCurves.setState({ saveError: error instanceof Error ? error.message : String(error) });
  const take = async (work: () => Promise<void>) => {
    try {
      await work();
      useCurves.setState({ saveError: null });
    } catch (error) {
      tell(error);
    }
  };
  return (
    <section className="pn" aria-label="Overlays and phases">
      <div className="scroll">
        <div className="sec">
          <div className="sech">
            Overlays<small>the stack button over I(q) keeps the curve</small>
          </div>
          <div className="stack">
            {overlays.map((overlay) => (
              <div key={overlay.id} className="analysis-item" data-testid="overlay">
                <div className="analysis-row">
                  <i className="analysis-colour" style={{ background: `var(${overlay.colour})` }} />
                  <Tick
                    label={overlay.name}
                    isOn={overlay.isShown}
                    onChange={(isShown) => changeOverlay(overlay.id, { isShown })}
                  />
                  <span className="sp" />
                  <button
                    type="button"
                    className={`btn ${subtracted === overlay.id ? 'on' : ''}`}
                    aria-pressed={subtracted === overlay.id}
                    title="Take this curve off the present one"
                    onClick={() => useCurves.setState({ subtracted: subtracted === overlay.id ? null : overlay.id })}
                  >
                    as background
                  </button>
                  <button
                    type="button"
                    className="ib"
                    aria-label={`Remove ${overlay.name}`}
                    onClick={() => removeOverlay(overlay.id)}
                  >
                    <IconTrash size={14} stroke={1.7} aria-hidden="true" />
                  </button>
                </div>
                <NumberField
                  label="times"
                  value={overlay.scale}
                  effect="draws anew"
                  onChange={(scale) => changeOverlay(overlay.id, { scale: scale ?? 1 })}
                />
                <NumberField
                  label="plus"
                  value={overlay.offset}
                  effect="draws anew"
                  onChange={(offset) => changeOverlay(overlay.id, { offset: offset ?? 0 })}
                />
              </div>
            ))}
            {overlays.length > 1 && (
              <NumberField
                label="Waterfall: each higher by"
                value={waterfall}
                effect="draws anew"
                onChange={(value) => useCurves.setState({ waterfall: value ?? 0 })}
              />
            )}
            <div className="analysis-row">
              <FileButton
                label="Load .xy .chi .dat .fxye"
                accept=".xy,.chi,.dat,.fxye,.txt"
                testId="load-overlay"
                title={`Files that do not name their unit are read in ${PATTERN_UNITS[settings.unit].title}`}
                onFile={(file) => void take(async () => addOverlay(await readPattern(file, settings.unit)))}
              />
            </div>
          </div>
        </div>
        <div className="sec">
          <div className="sech">Phases</div>
          <div className="stack">
            {phases.map((each) => (
              <AnalysisPhase key={each.id} id={each.id} isOpen={open === each.id} onOpen={setOpen} />
            ))}
            <div className="analysis-row">
              <FileButton
                label="Load .cif .jcpds"
                accept=".cif,.jcpds"
                testId="load-phase"
                onFile={(file) =>
                  void take(async () => {
                    const text = await file.text();
                    addPhase(readPhase(text, file.name), { kind: 'file', name: file.name, text });
                  })
                }
              />
            </div>
            <CellField
              onPhase={(text) => {
                const { phase } = phaseOfCell(text);
                if (phase) addPhase(phase, { kind: 'cell', text });
              }}
            />
          </div>
        </div>
      </div>
      <div className="pfoot">
        <span className={`grow el ${saveError ? 'err' : ''}`}>
          {saveError ?? `${overlays.length} overlays, ${phases.length} phases`}
        </span>
      </div>
    </section>
  );
}

/** A phase that is only a cell: typed as a name, edges and angles, and a centring. */
function CellField({ onPhase }: { readonly onPhase: (text: string) => void }) {
  return (
    <Field
      label="Cell: name a b c α β γ centring"
      value=""
      isText
      effect="adds its lines"
      testId="cell"
      check={(text) => (text.trim() === '' ? null : phaseOfCell(text).problem)}
      onApply={async (text) => {
        if (text.trim() !== '') onPhase(text);
        return null;
      }}
    />
  );
}
