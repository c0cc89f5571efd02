import { IconArrowsDiff, IconBookmark, IconTrash } from '@tabler/icons-react';
import { type FormEvent, useEffect, useState } from 'react';
import { ARROW_SCALES, useGeometryLook } from '../../geometry/geometry-look.ts';
import { useGeometry } from '../../geometry/geometry-store.ts';
import { type Snapshot, useSnapshots } from '../../geometry/snapshot-store.ts';

/** Geometries that were given a name: to go back to, and to compare with by arrows. */
export function GeometrySnapshots() {
  const detector = useGeometry((store) => store.document?.start.detector.name ?? null);
  const { snapshots, against, fault, open, keep, forget, compareWith } = useSnapshots();
  const [name, setName] = useState('');
  useEffect(() => {
    if (detector !== null) open(detector);
  }, [detector, open]);
  const onKeep = (event: FormEvent) => {
    event.preventDefault();
    const { settle } = useGeometry.getState();
    settle();
    const { document } = useGeometry.getState();
    if (!document || name.trim() === '') return;
    keep(name, document);
    setName('');
  };
  const compare = ({ id }: Snapshot) => {
    const { arrows, set } = useGeometryLook.getState();
    const isOff = against?.id === id;
    compareWith(isOff ? null : id);
    if (!isOff && arrows === null) set({ arrows: ARROW_SCALES[1] });
  };
  return (
    <section className="snapshots" aria-label="Named geometries">
      <form className="georow" onSubmit={onKeep}>
        <input
          className="grow"
          aria-label="Name of the geometry"
          placeholder="before beamtime"
          value={name}
          maxLength={80}
          onChange={(event) => setName(event.target.value)}
          data-testid="snapshot-name"
        />
        <button
          type="submit"
          className="btn"
          disabled={detector === null || name.trim() === ''}
          title="Keeps the geometry as it is now by this name, in this browser"
          data-testid="snapshot-keep"
        >
          <IconBookmark size={15} stroke={1.7} aria-hidden="true" /> Keep
        </button>
      </form>
      {snapshots.map((snapshot) => (
        <div key={snapshot.id} className="georow" data-testid={`snapshot-${snapshot.name}`}>
          <span className="el grow" title={`${snapshot.name}, ${new Date(snapshot.at).toLocaleString('en-GB')}`}>
            {snapshot.name}
          </span>
          <span className="t3 nw">{new Date(snapshot.at).toLocaleDateString('en-GB')}</span>
          <button type="button" className="btn" onClick={() => goBack(snapshot)} title="A step of the history: Ctrl Z">
            Go back
          </button>
          <button
            type="button"
            className={`ib ${against?.id === snapshot.id ? 'on' : ''}`}
            aria-pressed={against?.id === snapshot.id}
            aria-label={`Compare with ${snapshot.name}`}
            title="Arrows begin where parts were then"
            onClick={() => compare(snapshot)}
          >
            <IconArrowsDiff size={15} stroke={1.7} aria-hidden="true" />
          </button>
          <button
            type="button"
            className="ib"
            aria-label={`Forget ${snapshot.name}`}
            title="Forget"
            onClick={() => forget(snapshot.id)}
          >
            <IconTrash size={15} stroke={1.7} aria-hidden="true" />
          </button>
        </div>
      ))}
      {fault && (
        <p className="fault" role="status">
          {fault}
        </p>
      )}
    </section>
  );
}

/** The geometry as it was, and how it stands in the beam; rings and helpers stay as they are. */
function goBack({ name, document }: Snapshot): void {
  const { start, origin, text, moves, experiment } = document;
  useGeometry.getState().edit({ start, origin, text, moves, experiment }, `back to ${name}`);
}
