import { useSyncExternalStore } from 'react';

/** Below this width, px, pages leave out what can be missed; as in the style sheets. */
const NARROW = window.matchMedia('(max-width: 1500px)');

function watch(onChange: () => void): () => void {
  NARROW.addEventListener('change', onChange);
  return () => NARROW.removeEventListener('change', onChange);
}

/** Whether the window is wide enough for everything. */
export function useIsWide(): boolean {
  return useSyncExternalStore(watch, () => !NARROW.matches);
}
