import type { LiveState, LiveStateReply } from '../api/live-contract.ts';
import type { RunCallName, RunCallQuery, RunCallReply } from '../api/run-calls.ts';
import type { GeometryInfo, Proposal, RunRow, ServerStatus } from '../api/run-contract.ts';
import type { TaskOptions } from '../core/cancel.ts';
import type { DroppedRun } from './data-calls.ts';
import { DROPPED, type ExportChoice, type RunKey, type RunSource } from './run-source.ts';
import { request, ServerSource } from './server-source.ts';
import { WorkerSource } from './worker-source.ts';

export { DROPPED, type RunKey, ServerError } from './run-source.ts';

const server = new ServerSource();
const browser = new WorkerSource(() => new Worker(new URL('./data.worker.ts', import.meta.url), { type: 'module' }));
const sourceOf = (proposal: string): RunSource => (proposal === DROPPED ? browser : server);
const json = async <T>(path: string, signal?: AbortSignal): Promise<T> =>
  (await request(path, { signal })).json() as Promise<T>;

/** The only place where pages get data from: the server, and for files in this browser a worker. @throws ServerError */
export const session = {
  status: (signal?: AbortSignal) => json<ServerStatus>('/api/status', signal),
  /** Those of this browser first: whoever dropped files wants to see them. */
  async proposals(signal?: AbortSignal): Promise<Proposal[]> {
    const own = browser.isStarted ? await browser.proposals(signal) : [];
    try {
      return [...own, ...(await server.proposals(signal))];
    } catch (error) {
      if (own.length === 0) throw error;
      return own;
    }
  },
  runs: (proposal: string, signal?: AbortSignal): Promise<RunRow[]> => sourceOf(proposal).runs(proposal, signal),
  /** Asks for something of one run. */
  call: <N extends RunCallName>(
    name: N,
    run: RunKey,
    query: RunCallQuery<N>,
    signal?: AbortSignal,
  ): Promise<RunCallReply<N>> => sourceOf(run.proposal).call(name, run, query, signal),
  export: (run: RunKey, choice: ExportChoice, options?: TaskOptions) =>
    sourceOf(run.proposal).export(run, choice, options),
  /** Opens files in this browser as a run. Nothing is sent anywhere. */
  addFiles: (run: DroppedRun) => browser.add(run),
  /** The addresses of a run's files on web servers, which open it again elsewhere; null for files of this computer. */
  addressesOf: (run: number) => browser.addressesOf(run),
  removeFiles: (run: number) => browser.remove(run),
  /** Tiles of the live picture. */
  liveGeometry: (signal?: AbortSignal) => json<GeometryInfo>('/api/live/geometry', signal),
  liveState: (signal?: AbortSignal) => json<LiveStateReply>('/api/live/state', signal),
  async putLiveState(state: LiveState): Promise<LiveStateReply> {
    const response = await request('/api/live/state', {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(state),
    });
    return response.json() as Promise<LiveStateReply>;
  },
};
