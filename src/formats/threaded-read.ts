import type { Target } from './hdf5-reader/box.ts';
import type { ReadPiece, ReadPlan } from './hdf5-reader/read-plan.ts';

/** Port: carries out read plans with the help of other threads. */
export interface ThreadedRead {
  /** Whether the threads have started; asking starts them. Until then the caller's own thread is quicker. */
  readonly isReady: boolean;
  /**
   * Reads all pieces of a plan into a target, together with the calling thread.
   * @param readHere reads one piece in the calling thread, straight into the target
   * @throws as reading in this thread would
   */
  run(
    path: string,
    plan: ReadPlan,
    target: Target,
    readHere: (piece: ReadPiece) => void,
    options?: { readonly signal?: AbortSignal },
  ): Promise<void>;
}
