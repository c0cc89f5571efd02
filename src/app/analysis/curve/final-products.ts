import { useCurves } from './curve-store.ts';

/**
 * Waits until curves or cakes are made as chosen. What is shown while something moves, or for a moment after a
 * change, is quicker and of before the change: it must not go into a file.
 * Ends where there is nothing (no picture, or an error), too.
 */
export function whenFinal(product: 'curves' | 'cakes'): Promise<void> {
  const isSettled = (state: ReturnType<typeof useCurves.getState>) =>
    !state.isBusy && (state[product] === null || state[product].isFinal);
  if (isSettled(useCurves.getState())) return Promise.resolve();
  return new Promise((resolve) => {
    const end = useCurves.subscribe((state) => {
      if (!isSettled(state)) return;
      end();
      resolve();
    });
  });
}
