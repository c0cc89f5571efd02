import type { ExportFormat, ParsedRunCallQuery, RunCallName, RunCallReply } from '../api/run-calls.ts';
import type { Proposal, RunRow } from '../api/run-contract.ts';
import type { FrameCorrector } from '../calib/frame-corrector.ts';
import type { RunSummary } from '../data/proposals.ts';
import type { Run } from '../data/run.ts';
import type { SnappedGeometry } from '../detector/snapped-geometry.ts';
import { answerRunCall } from '../explore/answer.ts';
import { type ExportedFile, exportKeys } from '../explore/export-keys.ts';

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
  /** Whether the proposal has a complete set of dark runs. */
  hasDarks(proposal: string): Promise<boolean>;
  /** Corrector from the proposal's dark runs, or null if it has none. */
  loadCorrector(proposal: string): Promise<FrameCorrector | null>;
  readonly snapped: SnappedGeometry;
}

/** Open runs that are kept for the next request. */
const KEPT_RUNS = 6;

/** Reads runs for the pages: keeps a few runs open, and each proposal's corrector. */
export class RunService implements RunsPort {
  readonly #parts: RunServiceParts;
  readonly #open = new Map<string, Promise<Run>>();
  readonly #correctors = new Map<string, Promise<FrameCorrector | null>>();

  constructor(parts: RunServiceParts) {
    this.#parts = parts;
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
    const run = await this.#run(address);
    const { proposal, run: number, data } = address;
    const { snapped, dataRoot } = this.#parts;
    // Looking for darks opens files: only the description of a run needs it.
    const hasDarks = name === 'info' && (await this.#parts.hasDarks(proposal));
    const correctable = hasDarks ? snapped.geometry.detector.name : null;
    const around = { proposal, run: number, data, dataRoot, correctable };
    const tools = { snapped, loadCorrector: () => this.#corrector(proposal) };
    return answerRunCall(name, { run, around, tools }, query, signal);
  }

  async export(address: RunAddress, choice: ExportChoice, signal: AbortSignal): Promise<ExportedFile> {
    return exportKeys(await this.#run(address), address, choice, signal);
  }

  async close(): Promise<void> {
    const runs = await Promise.allSettled(this.#open.values());
    this.#open.clear();
    await Promise.all(runs.map((run) => (run.status === 'fulfilled' ? run.value.close() : undefined)));
  }

  #run(address: RunAddress): Promise<Run> {
    const key = `${address.proposal}/${address.run}/${address.data}`;
    let opened = this.#open.get(key);
    if (opened) this.#open.delete(key);
    opened ??= this.#parts.openRun(address);
    // Insertion order is the order of use; the first one was not used for longest.
    this.#open.set(key, opened);
    opened.catch(() => this.#open.delete(key));
    for (const [oldest, run] of this.#open) {
      if (this.#open.size <= KEPT_RUNS) break;
      this.#open.delete(oldest);
      run.then((r) => r.close()).catch(() => undefined);
    }
    return opened;
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
