import type { RunCallName, RunCallQuery, RunCallReply } from '../api/run-calls.ts';
import type { Proposal, RunRow } from '../api/run-contract.ts';
import type { TaskOptions } from '../core/cancel.ts';
import type { DroppedRun } from './data-calls.ts';
import { type ExportChoice, type ReadyFile, type RunKey, type RunSource, ServerError } from './run-source.ts';
import { CallClient, type Channel } from './worker-port.ts';

/** HTTP's number for what is not as it should be: the pages treat errors of the worker as those of the server. */
const REFUSED = 422;

/** Runs of files in this browser, read by a worker with the server's own code. */
export class WorkerSource implements RunSource {
  readonly #open: () => Channel;
  #client: CallClient | null = null;
  /** Where the files of a run are, for runs of files on web servers. */
  readonly #addresses = new Map<number, string>();

  /** @param open starts the worker; called when it is first needed */
  constructor(open: () => Channel) {
    this.#open = open;
  }

  /** Whether there is anything to ask for. */
  get isStarted(): boolean {
    return this.#client !== null;
  }

  get #calls(): CallClient {
    this.#client ??= new CallClient(this.#open(), ({ tag, message, isAbort }) =>
      isAbort
        ? new DOMException(message, 'AbortError')
        : new ServerError(REFUSED, { error: tag, message, details: {} }),
    );
    return this.#client;
  }

  async add(run: DroppedRun): Promise<RunRow> {
    const row = (await this.#calls.call('add', run)) as RunRow;
    const urls = run.files.flatMap((file) => ('url' in file ? [file.url] : []));
    if (urls.length === run.files.length) this.#addresses.set(row.run, urls.join(' '));
    return row;
  }

  /** The addresses of all files of a run, with spaces between; null where they are files of this computer. */
  addressesOf(run: number): string | null {
    return this.#addresses.get(run) ?? null;
  }

  remove(run: number): Promise<void> {
    this.#addresses.delete(run);
    return this.#calls.call('remove', run) as Promise<void>;
  }

  async proposals(signal?: AbortSignal): Promise<Proposal[]> {
    return (await this.#calls.call('proposals', null, { signal })) as Proposal[];
  }

  async runs(_proposal: string, signal?: AbortSignal): Promise<RunRow[]> {
    return (await this.#calls.call('runs', null, { signal })) as RunRow[];
  }

  async call<N extends RunCallName>(
    name: N,
    run: RunKey,
    query: RunCallQuery<N>,
    signal?: AbortSignal,
  ): Promise<RunCallReply<N>> {
    return (await this.#calls.call('call', { name, run, query }, { signal })) as RunCallReply<N>;
  }

  async export(run: RunKey, choice: ExportChoice, options: TaskOptions = {}): Promise<ReadyFile> {
    return (await this.#calls.call('export', { run, choice }, options)) as ReadyFile;
  }
}
