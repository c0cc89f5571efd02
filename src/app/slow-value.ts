import { useEffect, useRef, useState } from 'react';

/** Text that changes more often cannot be read, ms. */
const READABLE_MS = 250;

/** The value as it was at most `periodMs` ago: what follows it is made again a few times a second, not with every train. */
export function useSlow<T>(value: T, periodMs = READABLE_MS): T {
  const [shown, setShown] = useState(value);
  const latest = useRef(value);
  latest.current = value;
  const changedAt = useRef(0);
  useEffect(() => {
    if (Object.is(shown, value)) return;
    const timer = setTimeout(
      () => {
        changedAt.current = performance.now();
        setShown(latest.current);
      },
      Math.max(0, changedAt.current + periodMs - performance.now()),
    );
    return () => clearTimeout(timer);
  }, [value, shown, periodMs]);
  return shown;
}
