import { decodeFrame } from '../api/frames.ts';
import type { RunCallName, RunCallQuery, RunCallReply } from '../api/run-calls.ts';
import type { ErrorReply, Proposal, RunRow } from '../api/run-contract.ts';
import type { TaskOptions } from '../core/cancel.ts';
import { type ExportChoice, type ReadyFile, type RunKey, type RunSource, ServerError } from './run-source.ts';

/** Parts of a download are put together in portions of this size, so that the browser can keep them on disk. */
const PORTION_BYTES = 32 << 20;
const NEWLINE = 10;

/** Asks the server. @throws ServerError with the server's own words, or with status 0 if it does not answer */
export async function request(path: string, init?: RequestInit): Promise<Response> {
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

/** Runs that a Hutch server reads. */
export class ServerSource implements RunSource {
  readonly #base: string;

  /** @param base address of the server; '' for the one that sent the page */
  constructor(base = '') {
    this.#base = base;
  }

  async proposals(signal?: AbortSignal): Promise<Proposal[]> {
    return (await request(`${this.#base}/api/proposals`, { signal })).json();
  }

  async runs(proposal: string, signal?: AbortSignal): Promise<RunRow[]> {
    return (await request(`${this.#base}/api/proposals/${proposal}/runs`, { signal })).json();
  }

  async call<N extends RunCallName>(
    name: N,
    run: RunKey,
    query: RunCallQuery<N>,
    signal?: AbortSignal,
  ): Promise<RunCallReply<N>> {
    const response = await request(this.#path(run, name === 'info' ? '' : `/${name}`, query), { signal });
    const isFrame = response.headers.get('content-type')?.startsWith('application/octet-stream');
    return isFrame ? (decodeFrame(await response.arrayBuffer()) as never) : response.json();
  }

  async export(run: RunKey, { format, keys }: ExportChoice, options: TaskOptions = {}): Promise<ReadyFile> {
    const { signal, onProgress } = options;
    const response = await request(this.#path(run, '/export', { format, keys: JSON.stringify(keys) }), { signal });
    const [bytes, lines] = ['x-hutch-size', 'x-hutch-lines'].map((name) => Number(response.headers.get(name) ?? 0));
    const name = /filename="([^"]+)"/.exec(response.headers.get('content-disposition') ?? '')?.[1] ?? `keys.${format}`;
    const reader = response.body?.getReader();
    let [done, rows, portion, portionBytes] = [0, 0, [] as Uint8Array<ArrayBuffer>[], 0];
    const portions: Blob[] = [];
    for (;;) {
      const part = await reader?.read().catch((cause) => {
        if (signal?.aborted) throw cause;
        const message = `The server broke off after ${done} bytes; its terminal shows why. The file was not saved.`;
        throw new ServerError(500, { error: 'Fault', message, details: {} });
      });
      if (!part?.value) break;
      const { value } = part;
      portion.push(value);
      portionBytes += value.length;
      done += value.length;
      if (lines > 0) for (const byte of value) if (byte === NEWLINE) rows++;
      if (bytes > 0) onProgress?.(done / bytes, sizeText(done));
      else onProgress?.(lines > 0 ? rows / lines : 0, sizeText(done));
      if (portionBytes < PORTION_BYTES) continue;
      portions.push(new Blob(portion));
      [portion, portionBytes] = [[], 0];
    }
    return { name, content: new Blob([...portions, ...portion]) };
  }

  #path({ proposal, run, data }: RunKey, call: string, query: object): string {
    const text = new URLSearchParams({ data });
    for (const [name, value] of Object.entries(query)) if (value !== undefined) text.set(name, String(value));
    return `${this.#base}/api/runs/${proposal}/${run}${call}?${text}`;
  }
}

/** Bytes for people. */
function sizeText(bytes: number): string {
  return `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB`;
}
