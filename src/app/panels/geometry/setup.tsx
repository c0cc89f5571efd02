import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { CALIBRANTS, calibrantByName, calibrantRings } from '../../../detector/powder/calibrant.ts';
import { DISTANCE_MM, ENERGY_KEV } from '../../geometry/experiment-limits.ts';
import { OVERS, useGeometryPage } from '../../geometry/geometry-address.ts';
import type { GeometryDocument } from '../../geometry/geometry-document.ts';
import { useGeometry } from '../../geometry/geometry-store.ts';
import { session } from '../../session.ts';
import { AnalysisLeft } from '../analysis/left.tsx';
import { Choices } from '../choices.tsx';
import { Field, numberBetween } from '../field.tsx';
import { Slider } from '../slider.tsx';
import { GeometryBrowse } from './browse.tsx';
import { PictureFile } from './picture-file.tsx';

const OVER_WORDS = { one: 'one', mean: 'mean', max: 'max', sum: 'sum' } as const;

/** Which picture is looked at, and which rings are drawn over it. */
export function GeometrySetup() {
  return (
    <section className="pn" aria-label="Picture and calibrant">
      <div className="scroll geoform">
        <AnalysisLeft />
        <PictureFields />
        <CalibrantFields />
      </div>
    </section>
  );
}

function PictureFields() {
  const { run, info, detector, choice, set } = useGeometryPage();
  const proposals =
    useQuery({ queryKey: ['proposals'], queryFn: ({ signal }) => session.proposals(signal) }).data ?? [];
  const proposal = run?.proposal ?? proposals[0]?.proposal;
  const runs =
    useQuery({
      queryKey: ['runs', proposal],
      queryFn: ({ signal }) => session.runs(proposal ?? '', signal),
      enabled: proposal !== undefined,
    }).data ?? [];
  const listed = runs.filter(({ detectors, run: number }) => detectors.length > 0 || number === run?.run);
  const canCorrect = detector ? !detector.isRaw || detector.isCorrectable : false;
  const show = (next: { proposal?: string; run?: number }) =>
    set({
      proposal: next.proposal ?? proposal ?? '',
      run: next.run === undefined ? '' : String(next.run),
      detector: '',
      train: '',
      pulse: '',
    });
  return (
    <>
      {proposals.length > 1 && (
        <Row label="Proposal">
          <select
            className="selct"
            aria-label="Proposal"
            value={proposal}
            onChange={(event) => show({ proposal: event.target.value })}
          >
            {proposals.map((each) => (
              <option key={each.proposal}>{each.proposal}</option>
            ))}
          </select>
        </Row>
      )}
      <Row label="Run">
        <select
          className="selct"
          aria-label="Run"
          data-testid="geometry-run"
          value={run?.run ?? ''}
          onChange={(event) => show({ run: Number(event.target.value) })}
        >
          {run === null && <option value="">choose a run</option>}
          {listed.map((each) => (
            <option key={each.run} value={each.run}>
              {each.run}
              {each.sample ? ` · ${each.sample}` : ''}
            </option>
          ))}
        </select>
      </Row>
      {info && info.detectors.length > 1 && (
        <Row label="Detector">
          <select
            className="selct"
            aria-label="Detector"
            value={detector?.name}
            data-testid="geometry-detector"
            onChange={(event) => set({ detector: event.target.value })}
          >
            {info.detectors.map(({ name }) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        </Row>
      )}
      <div className="georow">
        <Choices
          values={OVERS}
          value={choice.over}
          wordOf={(over) => OVER_WORDS[over]}
          testId="over"
          onChoose={(over) => set({ over })}
        />
        <Choices
          values={['raw', 'corrected'] as const}
          value={choice.view}
          wordOf={(view) => (view === 'raw' ? 'raw' : 'corr.')}
          titleOf={(view) => (view === 'corrected' && !canCorrect ? 'There are no dark runs beside this run' : view)}
          labelOf={(view) => view}
          isDisabled={(view) => (view === 'corrected' ? !canCorrect : !detector?.isRaw)}
          onChoose={(view) => set({ view })}
        />
      </div>
      {choice.over === 'one' ? (
        <div className="sliders flat">
          <Slider
            label="Train"
            name="train"
            value={choice.train}
            count={detector?.trains ?? 0}
            words=""
            onChange={(train) => set({ train: String(train) })}
          />
          <Slider
            label="Pulse"
            name="pulse"
            value={choice.pulse}
            count={detector?.maxPulses ?? 0}
            words=""
            onChange={(pulse) => set({ pulse: String(pulse) })}
          />
        </div>
      ) : (
        <Field
          label="Trains, at most"
          value={String(choice.trains)}
          check={numberBetween(1, 500, true)}
          effect="reads them, evenly spread"
          onApply={async (trains) => {
            set({ trains });
            return null;
          }}
          testId="field-trains"
        />
      )}
      <GeometryBrowse startedAt={runs.find((each) => each.run === run?.run)?.startedAt ?? null} />
      <PictureFile />
    </>
  );
}

function Row({ label, children }: { readonly label: string; readonly children: React.ReactNode }) {
  return (
    <div className="fr">
      <span className="t2">{label}</span>
      {children}
    </div>
  );
}

function CalibrantFields() {
  const document = useGeometry((store) => store.document);
  const edit = useGeometry((store) => store.edit);
  const fault = useMemo(() => (document ? ringFault(document) : null), [document]);
  if (!document) return null;
  const { calibrant, rings, experiment } = document;
  const apply = (change: Partial<GeometryDocument>, what: string) => {
    edit(change, what);
    return Promise.resolve(null);
  };
  const effect = 'applies';
  return (
    <>
      <Row label="Calibrant">
        <select
          className="selct"
          aria-label="Calibrant"
          title={CALIBRANTS.find(({ name }) => name === calibrant)?.about}
          value={calibrant}
          onChange={(event) => edit({ calibrant: event.target.value }, `calibrant ${event.target.value}`)}
        >
          {CALIBRANTS.map(({ name }) => (
            <option key={name}>{name}</option>
          ))}
          {CALIBRANTS.every(({ name }) => name !== calibrant) && <option>{calibrant}</option>}
        </select>
      </Row>
      <Field
        label="Sample distance"
        unit="mm"
        value={tidy(experiment.distance * 1e3)}
        check={numberBetween(...DISTANCE_MM)}
        effect={effect}
        onApply={(text) =>
          apply({ experiment: { ...experiment, distance: Number(text) / 1e3 } }, `distance ${text} mm`)
        }
        testId="field-geometry-distance"
      />
      <Field
        label="Photon energy"
        unit="keV"
        value={tidy(experiment.photonEnergyKeV)}
        check={numberBetween(...ENERGY_KEV)}
        effect={effect}
        onApply={(text) =>
          apply({ experiment: { ...experiment, photonEnergyKeV: Number(text) } }, `photon energy ${text} keV`)
        }
        testId="field-geometry-energy"
      />
      <Field
        label="Rings"
        value={String(rings)}
        check={numberBetween(0, 100, true)}
        effect={effect}
        onApply={(text) => apply({ rings: Number(text) }, `${text} rings`)}
        testId="field-geometry-rings"
      />
      {fault && <p className="fault">{fault}</p>}
    </>
  );
}

/** Up to nine digits: 151.8 mm is not 151.79999999999998. */
const tidy = (value: number) => String(Number(value.toPrecision(9)));

function ringFault({ calibrant, rings, experiment }: GeometryDocument): string | null {
  if (rings === 0) return null;
  try {
    calibrantRings(calibrantByName(calibrant), experiment.photonEnergyKeV, { count: rings });
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
