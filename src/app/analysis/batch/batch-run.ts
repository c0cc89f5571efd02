import { useMemo } from 'react';
import { useGeometryPage } from '../../geometry/geometry-address.ts';
import type { BatchRun } from './batch-store.ts';

/** The run that is on the page, for a batch; null while there is none. */
export function useBatchRun(): BatchRun | null {
  const { run, detector, choice } = useGeometryPage();
  const view = choice.view ?? 'raw';
  return useMemo(
    () =>
      run && detector
        ? { key: run, detector: detector.name, view, trains: detector.trains, maxPulses: detector.maxPulses }
        : null,
    [run, detector, view],
  );
}
