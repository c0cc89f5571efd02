import { IconDeviceFloppy, IconFolderOpen } from '@tabler/icons-react';
import { useRef, useState } from 'react';
import { useGeometryPage } from '../../geometry/geometry-address.ts';
import { geometryFileOf, readGeometryFile, type SaveFormat } from '../../geometry/geometry-files.ts';
import { ARROW_SCALES, useGeometryLook } from '../../geometry/geometry-look.ts';
import { encodeGeometryState } from '../../geometry/geometry-state.ts';
import { useGeometry } from '../../geometry/geometry-store.ts';
import { withExample, withGeometry } from '../../geometry/start-document.ts';
import { forgetDraft, readDraft } from '../../geometry/stored-draft.ts';
import { saveFile } from '../../save-file.ts';

/** The ending first: the list is narrow. */
const FORMATS: readonly (readonly [SaveFormat, string])[] = [
  ['geom', '.geom (CrystFEL)'],
  ['h5', '.h5, positions (LPD, DSSC)'],
  ['csv', '.csv, quadrant positions'],
  ['json', '.json, everything on this page'],
];

/** Loads and saves geometries; says whether there is something to lose. */
export function GeometryFiles() {
  const page = useGeometryPage();
  const document = useGeometry((store) => store.document);
  const geometry = useGeometry((store) => store.geometry);
  const isSaved = useGeometry((store) => store.version === store.savedVersion);
  const { load, edit, markSaved } = useGeometry.getState();
  const { arrows, isBefore, set } = useGeometryLook();
  const picker = useRef<HTMLInputElement>(null);
  const [format, setFormat] = useState<SaveFormat>('geom');
  const [said, setSaid] = useState<{ readonly text: string; readonly isFault: boolean } | null>(null);
  const attempt = (act: () => string) => {
    try {
      setSaid({ text: act(), isFault: false });
    } catch (error) {
      setSaid({ text: error instanceof Error ? error.message : String(error), isFault: true });
    }
  };
  const open = async (file: File) => {
    const bytes = new Uint8Array(await file.arrayBuffer());
    attempt(() => {
      const { document: now, geometry: shown } = useGeometry.getState();
      if (!now || !shown) return 'Choose a run first: it says which detector the geometry is of.';
      const read = readGeometryFile(file.name, bytes, shown);
      if (read.kind === 'state') load(read.document, `${file.name} opened`);
      else if (read.kind === 'geometry')
        load(withGeometry(now, read.geometry, file.name, read.text), `${file.name} opened`);
      else {
        const { photonEnergyKeV } = now.experiment;
        edit(
          { experiment: { photonEnergyKeV, ...read.experiment } },
          `${file.name}: how the detector stands in the beam`,
        );
      }
      return `${file.name} opened`;
    });
  };
  const save = () =>
    attempt(() => {
      if (!document || !geometry) return '';
      const run = page.run ? `${page.run.proposal}-r${page.run.run}-` : '';
      const name =
        document.text !== null && format === 'geom'
          ? newName(document.origin)
          : `${run}${geometry.detector.name}.${format}`;
      const content =
        format === 'json'
          ? new Blob([encodeGeometryState(document)], { type: 'application/json' })
          : geometryFileOf(document, geometry, format);
      saveFile(content, name);
      // A table of quadrants does not hold moves of modules: only the whole geometry counts as saved.
      if (format !== 'csv') markSaved();
      return `${name} saved`;
    });
  const draft = document && isSaved ? readDraft(document.start.detector.name) : null;
  const isHdf5 = geometry && ['LPD1M', 'DSSC1M'].includes(geometry.detector.name);
  return (
    <section className="pn" aria-label="Geometry files">
      <div className="scroll geoform">
        <div className="georow">
          <span className={`chip ${isSaved ? 'ok' : 'pend'}`} data-testid="saved-state">
            {isSaved ? 'saved' : 'not saved'}
          </span>
          <span className="el t2" title={document?.origin}>
            from {document?.origin ?? '–'}
          </span>
          <span className="sp" />
          <button
            type="button"
            className={`btn ${isBefore ? 'on' : ''}`}
            aria-pressed={isBefore}
            onClick={() => set({ isBefore: !isBefore })}
            title="The picture as the geometry was loaded (B)"
          >
            Before
          </button>
          <select
            className="selct"
            aria-label="Compare with arrows"
            title="Arrows from where modules were to where they are (A)"
            value={arrows ?? ''}
            onChange={(event) => set({ arrows: event.target.value === '' ? null : Number(event.target.value) })}
            data-testid="arrows"
          >
            <option value="">no arrows</option>
            {ARROW_SCALES.map((scale) => (
              <option key={scale} value={scale}>
                arrows × {scale}
              </option>
            ))}
          </select>
        </div>
        <div className="georow">
          <input
            ref={picker}
            type="file"
            hidden
            accept=".geom,.h5,.hdf5,.nxs,.poni,.csv,.json"
            aria-label="Geometry file"
            data-testid="geometry-picker"
            onChange={(event) => {
              const [file] = event.target.files ?? [];
              if (file) void open(file);
              event.target.value = '';
            }}
          />
          <button
            type="button"
            className="btn"
            onClick={() => picker.current?.click()}
            title=".geom, .h5, .nxs, .poni, .csv, or a saved state"
          >
            <IconFolderOpen size={15} stroke={1.7} aria-hidden="true" /> Load…
          </button>
          <button
            type="button"
            className="btn"
            disabled={!document}
            title="The example geometry of this detector"
            onClick={() => document && load(withExample(document), 'example opened')}
          >
            Example
          </button>
          <span className="sp" />
          <select
            className="selct short"
            aria-label="Format"
            value={format}
            onChange={(event) => setFormat(event.target.value as SaveFormat)}
            data-testid="save-format"
          >
            {FORMATS.map(([each, words]) => (
              <option key={each} value={each} disabled={each === 'h5' && !isHdf5}>
                {words}
              </option>
            ))}
          </select>
          <button type="button" className="btn p" disabled={!document} onClick={save} data-testid="save-geometry">
            <IconDeviceFloppy size={15} stroke={1.7} aria-hidden="true" /> Save
          </button>
        </div>
        {draft && (
          <div className="georow" data-testid="draft">
            <span className="t2 el">Unsaved moves of {new Date(draft.at).toLocaleString('en-GB')}</span>
            <span className="sp" />
            <button type="button" className="btn" onClick={() => takeDraft(draft.document)}>
              Take up
            </button>
            <button
              type="button"
              className="btn"
              onClick={() => {
                forgetDraft(draft.document.start.detector.name);
                setSaid({ text: 'forgotten', isFault: false });
              }}
            >
              Forget
            </button>
          </div>
        )}
        {said && (
          <p className={said.isFault ? 'fault' : 't2'} role="status" data-testid="files-said">
            {said.text}
          </p>
        )}
      </div>
    </section>
  );
}

/** Makes a draft the document; it stays unsaved. */
function takeDraft(document: Parameters<ReturnType<typeof useGeometry.getState>['load']>[0]): void {
  const { load, edit } = useGeometry.getState();
  load(
    { ...document, moves: { quadrant: new Map(), module: new Map(), tile: new Map() } },
    `${document.origin} opened`,
  );
  edit({ moves: document.moves }, 'unsaved moves taken up');
}

/** A file is not saved under the name that it was loaded by. */
function newName(origin: string): string {
  return origin.replace(/(\.geom)?$/, '-moved.geom');
}
