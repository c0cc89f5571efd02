import { IconTrash } from '@tabler/icons-react';
import { useState } from 'react';
import type { Configuration } from '../../analysis/configurations/configuration.ts';
import { MOST_NAME, nameOf, useConfigurations } from '../../analysis/configurations/configuration-store.ts';
import { addressOfDetector } from '../../analysis/configurations/same-train.ts';
import { useGeometryPage } from '../../geometry/geometry-address.ts';
import { useGeometry } from '../../geometry/geometry-store.ts';
import { startDocument } from '../../geometry/start-document.ts';
import { numberText } from '../../number-text.ts';
import { session } from '../../session.ts';
import { Field } from '../field.tsx';
import { NumberField, Tick } from './number.tsx';

/** Every configuration of the page: one for each detector or way to integrate; which are combined, and on what scale. */
export function AnalysisConfigurations() {
  const { configurations, view, removed, fault, add, copy, bringBack, setView } = useConfigurations();
  const page = useGeometryPage();
  const { run, info, set } = page;
  const document = useGeometry((state) => state.document);
  const [problem, setProblem] = useState<string | null>(null);
  const isSeveral = configurations.length > 1;
  const addDetector = async (detector: string) => {
    if (!run || !document) return;
    try {
      const layout = await session.call('layout', run, { detector });
      const { calibrant, rings, experiment } = document;
      // The light is the same for all detectors; where this one stands its file says.
      const told = { distance: null, photonEnergyKeV: experiment.photonEnergyKeV, calibrant, rings };
      if (add(startDocument(layout, told), detector)) set(addressOfDetector(page, detector));
      setProblem(null);
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error));
    }
  };
  const told = problem ?? fault;
  return (
    <div className="sec">
      <div className="sech">
        Configurations<small>detector, mask, integration</small>
      </div>
      {configurations.map((each) => (
        <Row key={each.id} configuration={each} isSeveral={isSeveral} />
      ))}
      <div className="analysis-row">
        <select
          className="selct short"
          aria-label="Add a configuration"
          data-testid="configuration-add"
          value=""
          disabled={!run || !document}
          onChange={({ target: { value } }) => {
            if (value === 'copy') copy();
            else void addDetector(value.slice(1));
          }}
        >
          <option value="" disabled>
            Add…
          </option>
          <option value="copy">a copy of this one</option>
          {info?.detectors.map(({ name }) => (
            <option key={name} value={`=${name}`}>
              {name}
            </option>
          ))}
        </select>
        {removed && (
          <button type="button" className="btn" data-testid="configuration-back" onClick={bringBack}>
            Bring back {removed.name}
          </button>
        )}
        <span className="sp" />
        {isSeveral && (
          <Tick
            label="Combined"
            title="I(q) and cake of the ticked configurations together, with the unit and the bins of this one"
            isOn={view === 'combined'}
            testId="configuration-combined"
            onChange={(isOn) => setView(isOn ? 'combined' : 'one')}
          />
        )}
      </div>
      {told && (
        <p className="fault" role="alert">
          {told}
        </p>
      )}
    </div>
  );
}

function Row({ configuration, isSeveral }: { readonly configuration: Configuration; readonly isSeveral: boolean }) {
  const { active, switchTo, include, rename, remove, setScale } = useConfigurations();
  const page = useGeometryPage();
  const shown = useGeometry((state) => state.document);
  const { id, detector, isIncluded, scale, parked } = configuration;
  const document = parked ? parked.history.document : shown;
  const isActive = id === active;
  const name = nameOf(configuration);
  const where = document
    ? `${numberText(document.experiment.distance * 1e3, 1)} mm, ${numberText(document.experiment.photonEnergyKeV, 3)} keV`
    : '';
  return (
    <div className="analysis-item" data-testid="configuration">
      <div className="analysis-row">
        {isSeveral && (
          <input
            type="checkbox"
            checked={isIncluded}
            aria-label={`${name} is combined`}
            title="In the combined pattern"
            onChange={(event) => include(id, event.target.checked)}
          />
        )}
        <button
          type="button"
          className={`btn ${isActive && isSeveral ? 'on' : ''}`}
          aria-pressed={isActive}
          title={detector ?? undefined}
          onClick={() => {
            if (switchTo(id)) page.set(addressOfDetector(page, detector));
          }}
        >
          {name}
        </button>
        <span className="t3 el grow" title={`${detector ?? ''} · ${where}`}>
          {where}
        </span>
        {isSeveral && (
          <button
            type="button"
            className="ib"
            aria-label={`Remove ${name}`}
            title="Remove"
            onClick={() => {
              remove(id);
              const now = useConfigurations.getState();
              const next = now.configurations.find((each) => each.id === now.active)?.detector;
              if (next) page.set(addressOfDetector(page, next));
            }}
          >
            <IconTrash size={14} stroke={1.7} aria-hidden="true" />
          </button>
        )}
      </div>
      {isActive && isSeveral && (
        <div className="stack">
          <Field
            label="Name"
            value={name}
            isText
            effect="names it"
            testId="configuration-name"
            check={(text) =>
              text.trim() === '' || text.trim().length > MOST_NAME ? `1 to ${MOST_NAME} letters` : null
            }
            onApply={async (text) => {
              rename(id, text);
              return null;
            }}
          />
          <NumberField
            label="Combined: divided by"
            value={scale}
            low={1e-12}
            effect="brings it to the scale of the others"
            testId="configuration-scale"
            onChange={(value) => value !== null && setScale(id, value)}
          />
        </div>
      )}
    </div>
  );
}
