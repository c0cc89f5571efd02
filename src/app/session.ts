import { decodeFrame, type Frame } from '../api/frames.ts';
import type { LiveState, LiveStateReply } from '../api/live-contract.ts';
import type {
  DetectorFrameMeta,
  ErrorReply,
  GeometryInfo,
  KeyInfo,
  Proposal,
  RunInfo,
  RunRow,
  SeriesMeta,
  ServerStatus,
} from '../api/run-contract.ts';

/** A reply of the server that says what is wrong. */
export class ServerError extends Error {
  readonly status: number;
  readonly reply: ErrorReply;

  constructor(status: number, reply: ErrorReply) {
    super(reply.message);
    this.status = status;
    this.reply = reply;
  }
}

async function request(path: string, init?: RequestInit): Promise<Response> {
  const response = await fetch(path, init).catch((cause) => {
    if (init?.signal?.aborted) throw cause;
    throw new ServerError(0, {
      error: 'Unreachable',
      message: 'The server does not answer. Is Hutch still running?',
      details: {},
    });
  });
  if (response.ok) return response;
  const reply = await response
    .json()
    .catch(() => ({ error: 'Fault', message: `The server answered ${response.status}.`, details: {} }));
  throw new ServerError(response.status, reply as ErrorReply);
}

const json = async <T>(path: string, signal?: AbortSignal): Promise<T> =>
  (await request(path, { signal })).json() as Promise<T>;
const frame = async <Meta>(path: string, signal?: AbortSignal): Promise<Frame<Meta>> =>
  decodeFrame<Meta>(await (await request(path, { signal })).arrayBuffer());

/** Which run and which of its data. */
export interface RunKey {
  readonly proposal: string;
  readonly run: number;
  readonly data: string;
}

const runPath = ({ proposal, run, data }: RunKey, call: string, query: Record<string, string | number> = {}) =>
  `/api/runs/${proposal}/${run}${call}?${new URLSearchParams({ data, ...Object.fromEntries(Object.entries(query).map(([k, v]) => [k, String(v)])) })}`;

/** The only place where pages get data from. @throws ServerError with the server's own words */
export const session = {
  status: (signal?: AbortSignal) => json<ServerStatus>('/api/status', signal),
  proposals: (signal?: AbortSignal) => json<Proposal[]>('/api/proposals', signal),
  runs: (proposal: string, signal?: AbortSignal) => json<RunRow[]>(`/api/proposals/${proposal}/runs`, signal),
  runInfo: (run: RunKey, signal?: AbortSignal) => json<RunInfo>(runPath(run, ''), signal),
  keys: (run: RunKey, source: string, signal?: AbortSignal) =>
    json<KeyInfo[]>(runPath(run, '/keys', { source }), signal),
  series: (run: RunKey, source: string, key: string, signal?: AbortSignal) =>
    frame<SeriesMeta>(runPath(run, '/series', { source, key }), signal),
  detectorFrame: (run: RunKey, detector: string, train: number, pulse: number, view: string, signal?: AbortSignal) =>
    frame<DetectorFrameMeta>(runPath(run, '/frame', { detector, train, pulse, view }), signal),
  geometry: (signal?: AbortSignal) => json<GeometryInfo>('/api/geometry', signal),
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
