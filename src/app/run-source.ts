import type { ExportFormat, RunCallName, RunCallQuery, RunCallReply } from '../api/run-calls.ts';
import type { ErrorReply, Proposal, RunRow } from '../api/run-contract.ts';
import type { TaskOptions } from '../core/cancel.ts';

/** The proposal under which runs of files in this browser are listed. */
export const DROPPED = 'dropped';

/** Which run and which of its data. */
export interface RunKey {
  readonly proposal: string;
  readonly run: number;
  readonly data: string;
}

/** A file that is ready to be saved. */
export interface ReadyFile {
  readonly name: string;
  readonly content: Blob;
}

/** Keys to write into one file. */
export interface ExportChoice {
  readonly format: ExportFormat;
  readonly keys: readonly (readonly [source: string, key: string])[];
}

/** Port: where a page gets runs from, a server or files in this browser. Everything it throws is a {@link ServerError}, or an abort. */
export interface RunSource {
  proposals(signal?: AbortSignal): Promise<Proposal[]>;
  runs(proposal: string, signal?: AbortSignal): Promise<RunRow[]>;
  call<N extends RunCallName>(
    name: N,
    run: RunKey,
    query: RunCallQuery<N>,
    signal?: AbortSignal,
  ): Promise<RunCallReply<N>>;
  export(run: RunKey, choice: ExportChoice, options?: TaskOptions): Promise<ReadyFile>;
}

/** A reply that says what is wrong, in the words of whoever read the data. `status` 0: nobody answers. */
export class ServerError extends Error {
  readonly status: number;
  readonly reply: ErrorReply;

  constructor(status: number, reply: ErrorReply) {
    super(reply.message);
    this.status = status;
    this.reply = reply;
  }
}
