import type { ExportFormat, ParsedRunCallQuery, RunCallName, RunCallReply } from '../api/run-calls.ts';
import type { Proposal, RunRow } from '../api/run-contract.ts';
import type { FrameCorrector } from '../calib/frame-corrector.ts';
import type { RunSummary } from '../data/proposals.ts';
import type { Run } from '../data/run.ts';
import { AGIPD_1M } from '../detector/agipd.ts';
import type { SnappedGeometry } from '../detector/snapped-geometry.ts';
import { answerRunCall } from '../explore/answer.ts';
import { type ExportedFile, exportKeys } from '../explore/export-keys.ts';
import { RunCache } from './run-cache.ts';

/** Which run: proposal folder name, run number, and `raw` or `proc`. */
export interface RunAddress {
  readonly proposal: string;
  readonly run: number;
  readonly data: string;
}

/** What to write into a file. */
interface ExportChoice {
  readonly format: ExportFormat;
  readonly keys: readonly (readonly [string, string])[];
}

/** What the run routes call. Arrays belong to the caller. */
export interface RunsPort {
  proposals(): Promise<Proposal[]>;
  runs(proposal: string, signal: AbortSignal): Promise<RunRow[]>;
  /** Answers a call of a page about one run. */
  answer<N extends RunCallName>(
    address: RunAddress,
    name: N,
    query: ParsedRunCallQuery<N>,
    signal: AbortSignal,
  ): Promise<RunCallReply<N>>;
  export(address: RunAddress, choice: ExportChoice, signal: AbortSignal): Promise<ExportedFile>;
  close(): Promise<void>;
}

/** What the run service is built on. */
export interface RunServiceParts {
  readonly dataRoot: string | null;
  listProposals(): Promise<Proposal[]>;
  listRuns(proposal: string, signal: AbortSignal): Promise<readonly RunSummary[]>;
  openRun(address: RunAddress): Promise<Run>;
  /** A text that is another one once the files of the run have changed. */
  stampRun(address: RunAddress): Promise<string>;
  /** Whether the proposal has a complete set of dark runs. */
  hasDarks(proposal: string): Promise<boolean>;
  /** Corrector from the proposal's dark runs, or null if it has none. */
  loadCorrector(proposal: string): Promise<FrameCorrector | null>;
  readonly snapped: SnappedGeometry;
  /** Text of the .geom file that it was read from; null for others. */
  readonly geometryText: string | null;
}

/** Reads runs for the pages: keeps a few runs open, and each proposal's corrector. */
export class RunService implements RunsPort {
  readonly #parts: RunServiceParts;
  readonly #open: RunCache<RunAddress>;
  readonly #correctors = new Map<string, Promise<FrameCorrector | null>>();

  constructor(parts: RunServiceParts) {
    this.#parts = parts;
    this.#open = new RunCache({
      nameOf: ({ proposal, run, data }) => `${proposal}/${run}/${data}`,
      open: (address) => parts.openRun(address),
      stamp: (address) => parts.stampRun(address),
    });
  }

  proposals(): Promise<Proposal[]> {
    return this.#parts.listProposals();
  }

  async runs(proposal: string, signal: AbortSignal): Promise<RunRow[]> {
    const rows = await this.#parts.listRuns(proposal, signal);
    return rows
      .map((row) => ({ ...row, detectors: [...row.detectors], problems: [...row.problems] }))
      .sort((a, b) => b.run - a.run);
  }

  async answer<N extends RunCallName>(
    address: RunAddress,
    name: N,
    query: ParsedRunCallQuery<N>,
    signal: AbortSignal,
  ): Promise<RunCallReply<N>> {
    // A page asks for this first, when somebody opens it.
    const isOpening = name === 'info';
    const { run, release } = await this.#open.borrow(address, isOpening);
    try {
      const { proposal, run: number, data } = address;
      const { snapped, geometryText, dataRoot } = this.#parts;
      // Looking for darks opens files: only the description of a run needs it.
      const hasDarks = isOpening && (await this.#parts.hasDarks(proposal));
      const correctable = hasDarks ? AGIPD_1M.name : null;
      const around = { proposal, run: number, data, dataRoot, correctable };
      const tools = { snapped, geometryText, loadCorrector: () => this.#corrector(proposal) };
      return await answerRunCall(name, { run, around, tools }, query, signal);
    } finally {
      release();
    }
  }

  /** The run stays open until the last part is taken, or the signal says that nobody wants more. */
  async export(address: RunAddress, choice: ExportChoice, signal: AbortSignal): Promise<ExportedFile> {
    const { run, release } = await this.#open.borrow(address);
    try {
      const file = exportKeys(run, address, choice, signal);
      signal.addEventListener('abort', release, { once: true });
      return { ...file, parts: releasedAtEnd(file.parts, release) };
    } catch (error) {
      release();
      throw error;
    }
  }

  close(): Promise<void> {
    return this.#open.close();
  }

  #corrector(proposal: string): Promise<FrameCorrector | null> {
    let corrector = this.#correctors.get(proposal);
    if (!corrector) {
      corrector = this.#parts.loadCorrector(proposal);
      this.#correctors.set(proposal, corrector);
      corrector.catch(() => this.#correctors.delete(proposal));
    }
    return corrector;
  }
}

/** Not a generator: one that is given up before its first part would never come to its end. */
function releasedAtEnd(parts: AsyncIterable<Uint8Array>, release: () => void): AsyncIterable<Uint8Array> {
  return {
    [Symbol.asyncIterator]() {
      const iterator = parts[Symbol.asyncIterator]();
      return {
        async next() {
          try {
            const result = await iterator.next();
            if (result.done) release();
            return result;
          } catch (error) {
            release();
            throw error;
          }
        },
        async return() {
          release();
          await iterator.return?.();
          return { done: true, value: undefined };
        },
      };
    },
  };
}
