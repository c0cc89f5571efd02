import { useEffect, useRef } from 'react';
import type { DocumentStep } from '../../geometry/geometry-document.ts';
import { useGeometry } from '../../geometry/geometry-store.ts';
import { GeometrySnapshots } from './snapshots.tsx';

/** All steps, the newest at the bottom; a click goes back or forward to one. Below them the geometries with a name. */
export function GeometryHistory() {
  const past = useGeometry((store) => store.past);
  const future = useGeometry((store) => store.future);
  const { undo, redo } = useGeometry.getState();
  const now = useRef<HTMLButtonElement>(null);
  const count = past.length;
  useEffect(() => {
    // Every step comes into view. Newer browsers answer with a promise, which is no clean-up.
    if (count > 0) void now.current?.scrollIntoView({ block: 'nearest' });
  }, [count]);
  const goTo = (index: number) => {
    for (let i = count - 1; i > index; i--) undo();
    for (let i = count - 1; i < index; i++) redo();
  };
  const line = ({ what, at }: DocumentStep, index: number) => (
    <button
      key={`${index} ${at}`}
      type="button"
      ref={index === count - 1 ? now : undefined}
      className={`row step ${index === count - 1 ? 'sel' : ''} ${index >= count ? 't3' : ''}`}
      aria-current={index === count - 1 ? 'step' : undefined}
      onClick={() => goTo(index)}
      data-testid={`step-${index}`}
    >
      <span className="el grow">{what}</span>
      <span className="t3">{new Date(at).toLocaleTimeString('en-GB')}</span>
    </button>
  );
  return (
    <section className="pn" aria-label="History">
      <div className="scroll">
        {count === 0 && <p className="emptyline">No geometry yet.</p>}
        {past.map(line)}
        {future.map((step, i) => line(step, count + i))}
      </div>
      <GeometrySnapshots />
      <div className="pendfoot">
        <button type="button" className="btn" disabled={count < 2} onClick={undo} data-testid="undo">
          Undo <kbd>Ctrl Z</kbd>
        </button>
        <button type="button" className="btn" disabled={future.length === 0} onClick={redo} data-testid="redo">
          Redo <kbd>Ctrl Y</kbd>
        </button>
      </div>
    </section>
  );
}
