import { useEffect, useRef } from 'react';

/** Elements that need the key themselves. */
function isTaken(event: KeyboardEvent): boolean {
  const target = event.target;
  if (target instanceof Element && target.matches('[role="slider"], [role="menu"] *'))
    return event.key.startsWith('Arrow') || event.key === ' ';
  if (!(target instanceof HTMLElement)) return false;
  if (target instanceof HTMLInputElement) return target.type !== 'range' || event.key.startsWith('Arrow');
  if (target instanceof HTMLSelectElement || target instanceof HTMLTextAreaElement) return true;
  return (event.key === ' ' || event.key === 'Enter') && target.matches('button, a, [tabindex="0"]');
}

/**
 * Listens for keys of the page, wherever the focus is, unless a control needs them.
 * @param onKey returns true if it used the key
 * @param withControl only keys that are pressed with Ctrl (or the command key), instead of only those without
 */
export function useKeys(onKey: (event: KeyboardEvent) => boolean, withControl = false): void {
  const latest = useRef(onKey);
  latest.current = onKey;
  useEffect(() => {
    const listener = (event: KeyboardEvent) => {
      const hasControl = event.ctrlKey || event.metaKey;
      if (hasControl !== withControl || event.defaultPrevented || isTaken(event)) return;
      if (latest.current(event)) event.preventDefault();
    };
    window.addEventListener('keydown', listener);
    return () => window.removeEventListener('keydown', listener);
  }, [withControl]);
}

/**
 * A button clicked with the mouse gives the focus back, so that Space pauses and does not press the button again.
 * Whoever walks with Tab keeps the focus.
 */
export function releaseFocusAfterClicks(): void {
  document.addEventListener('click', (event) => {
    const focused = document.activeElement;
    if (event.detail > 0 && focused instanceof HTMLButtonElement) focused.blur();
  });
}
