import type { LiveKeys, RecordingStatus, ReplayStatus } from '../../api/live-contract.ts';
import type { ChangeReplay, RecordingsReply, StartRecording, StartReplay } from '../../api/recordings-contract.ts';
import { request } from '../server-source.ts';

async function call<T>(path: string, method: string, body?: unknown): Promise<T> {
  const headers = { 'content-type': 'application/json' };
  const response = await request(
    path,
    body === undefined ? { method } : { method, headers, body: JSON.stringify(body) },
  );
  return (response.status === 204 ? undefined : await response.json()) as T;
}

/** What the live page asks of the server beside its document and its frames. @throws ServerError */
export const liveSession = {
  /** Keys of a source as they are now. */
  async keys(source: string, endpoint: string, signal?: AbortSignal): Promise<LiveKeys> {
    return (await request(`/api/live/keys?${new URLSearchParams({ source, endpoint })}`, { signal })).json();
  },
  async recordings(signal?: AbortSignal): Promise<RecordingsReply> {
    return (await request('/api/recordings', { signal })).json();
  },
  /** Where the browser downloads a recording from. */
  archiveOf: (name: string) => `/api/recordings/${encodeURIComponent(name)}/archive`,
  deleteRecording: (name: string) => call<undefined>(`/api/recordings/${encodeURIComponent(name)}`, 'DELETE'),
  startRecording: (wanted: StartRecording) => call<RecordingStatus>('/api/recordings', 'POST', wanted),
  stopRecording: () => call<RecordingStatus>('/api/recordings/stop', 'POST'),
  startReplay: (wanted: StartReplay) => call<ReplayStatus>('/api/replay', 'POST', wanted),
  changeReplay: (change: ChangeReplay) => call<ReplayStatus>('/api/replay', 'PATCH', change),
  stopReplay: () => call<undefined>('/api/replay', 'DELETE'),
};
