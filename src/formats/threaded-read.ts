import type { Target } from './hdf5-reader/box.ts';
import type { ReadPlan } from './hdf5-reader/read-plan.ts';

/** Port: carries out read plans in other threads. */
export interface ThreadedRead {
  /** Whether the threads have started; asking starts them. Until then the caller's own thread is quicker. */
  readonly isReady: boolean;
  /**
   * Reads all pieces of a plan into a target.
   * @throws as reading in this thread would
   */
  run(path: string, plan: ReadPlan, target: Target, options?: { readonly signal?: AbortSignal }): Promise<void>;
}
