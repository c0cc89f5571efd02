import type { TaskOptions } from '../../core/cancel.ts';
import type { Geometry } from '../../detector/geometry.ts';
import { CallClient } from '../worker-port.ts';
import type { createAnalysisCalls } from './analysis-calls.ts';
import type { GeometryMessage } from './analysis-request.ts';

type Calls = ReturnType<typeof createAnalysisCalls>;

let client: CallClient | null = null;

/** Calls the worker of the analysis, which starts with the first call. @throws Error in the worker's words, or an abort */
export async function callAnalysis<N extends keyof Calls>(
  name: N,
  argument: Parameters<Calls[N]>[0],
  options: TaskOptions = {},
): Promise<Awaited<ReturnType<Calls[N]>>> {
  client ??= new CallClient(
    new Worker(new URL('../analysis.worker.ts', import.meta.url), { type: 'module' }),
    ({ message, isAbort }) => (isAbort ? new DOMException(message, 'AbortError') : new Error(message)),
  );
  return (await client.call(name, argument, options)) as Awaited<ReturnType<Calls[N]>>;
}

const keys = new WeakMap<Geometry, number>();
let nextKey = 1;

/** A geometry for the worker; the same one has the same key, so that its tables are found again. */
export function geometryMessage(geometry: Geometry): GeometryMessage {
  let key = keys.get(geometry);
  if (key === undefined) {
    key = nextKey++;
    keys.set(geometry, key);
  }
  return { key, detector: geometry.detector, tiles: geometry.tiles };
}

/** Whether something was stopped by whoever started it, which is no error. */
export function isAbort(error: unknown): boolean {
  return error instanceof DOMException && error.name === 'AbortError';
}
