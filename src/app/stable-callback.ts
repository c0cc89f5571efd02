import { useCallback, useRef } from 'react';

/** A function whose identity never changes and that always does what the last render said: memoised children stay still. */
export function useStable<A extends unknown[], R>(call: (...args: A) => R): (...args: A) => R {
  const latest = useRef(call);
  latest.current = call;
  return useCallback((...args: A) => latest.current(...args), []);
}
