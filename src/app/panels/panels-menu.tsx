import { IconLayoutGrid } from '@tabler/icons-react';
import { useEffect, useRef, useState } from 'react';
import { useWorkspace } from '../workspace-store.ts';

/** Brings closed panels back and resets the layout; in the bar at the bottom, open to the top. */
export function PanelsMenu() {
  const { panels, toggle, reset } = useWorkspace();
  const [isOpen, setOpen] = useState(false);
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!isOpen) return;
    const onDown = (event: PointerEvent) => {
      if (event.target instanceof Node && !box.current?.contains(event.target)) setOpen(false);
    };
    const onKey = (event: KeyboardEvent) => event.key === 'Escape' && setOpen(false);
    window.addEventListener('pointerdown', onDown, true);
    window.addEventListener('keydown', onKey);
    return () => {
      window.removeEventListener('pointerdown', onDown, true);
      window.removeEventListener('keydown', onKey);
    };
  }, [isOpen]);
  if (panels.length === 0) return null;
  const closed = panels.filter((panel) => !panel.isOpen).length;
  return (
    <div ref={box} className="menubox">
      <button
        type="button"
        className="hintbtn"
        aria-haspopup="menu"
        aria-expanded={isOpen}
        onClick={() => setOpen(!isOpen)}
        data-testid="panels-menu"
      >
        <IconLayoutGrid size={13} stroke={1.7} aria-hidden="true" /> Panels{closed > 0 && ` · ${closed} closed`}
      </button>
      {isOpen && (
        <div className="menu" role="menu" aria-label="Panels">
          {panels.map((panel) => (
            <button
              key={panel.id}
              type="button"
              role="menuitemcheckbox"
              aria-checked={panel.isOpen}
              onClick={() => toggle(panel.id)}
              data-testid={`panel-${panel.id}`}
            >
              <span className={`cb ${panel.isOpen ? 'on' : ''}`} aria-hidden="true" /> {panel.title}
            </button>
          ))}
          <button
            type="button"
            role="menuitem"
            className="last"
            onClick={() => {
              reset();
              setOpen(false);
            }}
            data-testid="reset-layout"
          >
            Reset layout
          </button>
        </div>
      )}
    </div>
  );
}
