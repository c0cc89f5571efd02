import { isXfelError } from '../core/errors.ts';
import { findDetectors } from './detectors/find-detectors.ts';
import type { FileStore } from './file-store.ts';
import { createRunOpener, findProposal, type RunPorts } from './open-run.ts';

/** A proposal folder below a data root. */
export interface ProposalSummary {
  /** `p900001` */
  readonly proposal: string;
  readonly instrument: string;
  readonly cycle: string;
  readonly path: string;
  readonly runs: number;
}

/** One run of a proposal, told from folder listings and a few of its files. */
export interface RunSummary {
  readonly run: number;
  readonly hasRaw: boolean;
  readonly hasProc: boolean;
  readonly files: number;
  readonly sizeBytes: number;
  readonly trains: number;
  readonly firstTrainId: number | null;
  readonly lastTrainId: number | null;
  /** ms since the epoch; null where the files do not say. */
  readonly startedAt: number | null;
  readonly durationS: number;
  readonly sample: string;
  readonly runType: string;
  readonly detectors: string[];
  /** Files left out or wrong, one line each. */
  readonly problems: string[];
}

/** Trains come ten a second. */
const TRAIN_RATE = 10;

/** All proposals below a data root (`<root>/<instrument>/<cycle>/p<6 digits>`), sorted by name. @throws RunNotFound */
export async function listProposals(files: FileStore, dataRoot: string): Promise<ProposalSummary[]> {
  const found: ProposalSummary[] = [];
  for (const instrument of await folders(files, dataRoot)) {
    for (const cycle of await folders(files, files.join(dataRoot, instrument))) {
      const parent = files.join(dataRoot, instrument, cycle);
      for (const proposal of (await folders(files, parent)).filter((name) => /^p\d{6}$/.test(name))) {
        const path = files.join(parent, proposal);
        found.push({ proposal, instrument, cycle, path, runs: (await runNumbers(files, path)).length });
      }
    }
  }
  return found.sort((a, b) => (a.proposal < b.proposal ? -1 : 1));
}

/**
 * Makes the call that lists the runs of a proposal, newest first. Runs whose folders have not changed are not read again.
 *
 * To stay quick only the first file of every aggregator (for sources) and all files of the smallest aggregator (for trains)
 * are opened. The call throws RunNotFound if there is no such proposal.
 */
export function createRunLister(
  ports: RunPorts,
): (dataRoot: string, proposal: string | number, signal?: AbortSignal) => Promise<RunSummary[]> {
  const known = new Map<string, { readonly signature: string; readonly summary: RunSummary }>();
  return async (dataRoot, proposal, signal) => {
    const path = await findProposal(ports.files, dataRoot, proposal);
    const summaries: RunSummary[] = [];
    for (const number of await runNumbers(ports.files, path)) {
      signal?.throwIfAborted();
      const name = `r${String(number).padStart(4, '0')}`;
      const [raw, proc] = await Promise.all(
        ['raw', 'proc'].map((kind) => listFiles(ports.files, ports.files.join(path, kind, name))),
      );
      const signature = JSON.stringify([raw, proc]);
      const runPath = ports.files.join(path, name);
      let entry = known.get(runPath);
      if (entry?.signature !== signature) {
        entry = { signature, summary: await summarize(ports, number, raw, proc) };
        known.set(runPath, entry);
      }
      summaries.push(entry.summary);
    }
    return summaries.sort((a, b) => b.run - a.run);
  };
}

interface ListedFile {
  readonly path: string;
  readonly name: string;
  readonly size: number;
  readonly modifiedAt: number;
}

async function summarize(
  ports: RunPorts,
  run: number,
  raw: readonly ListedFile[] | null,
  proc: readonly ListedFile[] | null,
): Promise<RunSummary> {
  const all = [...(raw ?? []), ...(proc ?? [])];
  const base = {
    run,
    hasRaw: raw !== null,
    hasProc: proc !== null,
    files: all.length,
    sizeBytes: all.reduce((sum, file) => sum + file.size, 0),
  };
  const problems: string[] = [];
  const trainIds = new Set<number>();
  const detectors = new Set<string>();
  let metadata: ReadonlyMap<string, string | number> = new Map();
  let startedAt: number | null = null;
  const openRun = createRunOpener(ports);
  for (const file of chooseFiles(raw?.length ? raw : (proc ?? []))) {
    try {
      const opened = await openRun({ path: file.path });
      for (const id of opened.trainIds) trainIds.add(id);
      for (const detector of findDetectors(opened)) detectors.add(detector.name);
      if (metadata.size === 0) metadata = opened.runMetadata();
      const first = opened.trainTimestamps().find((timestamp) => timestamp > 0n);
      if (first !== undefined) startedAt = Math.min(startedAt ?? Number.POSITIVE_INFINITY, Number(first / 1_000_000n));
      await opened.close();
    } catch (error) {
      if (!isXfelError(error)) throw error;
      problems.push(error.message);
    }
  }
  if (all.length === 0) problems.push('The run has no files.');
  const ids = [...trainIds].sort((a, b) => a - b);
  const [first = null, last = null] = [ids[0], ids.at(-1)];
  return {
    ...base,
    trains: ids.length,
    firstTrainId: first,
    lastTrainId: last,
    startedAt: startedAt ?? parseCreationDate(metadata.get('creationDate')),
    durationS: first === null || last === null ? 0 : (last - first + 1) / TRAIN_RATE,
    sample: String(metadata.get('sample') ?? ''),
    runType: String(metadata.get('runType') ?? ''),
    detectors: [...detectors].sort(),
    problems,
  };
}

/** All files of the aggregator with the fewest bytes, and the first file of each other. */
function chooseFiles(files: readonly ListedFile[]): ListedFile[] {
  const groups = new Map<string, ListedFile[]>();
  for (const file of files) {
    const aggregator = file.name.match(/-R\d+-(\w+?)(?:-S\d+)?\.h5$/)?.[1] ?? file.name;
    groups.set(aggregator, [...(groups.get(aggregator) ?? []), file]);
  }
  const bytes = (group: readonly ListedFile[]) => group.reduce((sum, file) => sum + file.size, 0);
  const ordered = [...groups.values()].sort((a, b) => bytes(a) - bytes(b));
  return ordered.flatMap((group, i) => (i === 0 ? group : group.slice(0, 1)));
}

/** `20230722T101010Z` in ms since the epoch. */
function parseCreationDate(text: string | number | undefined): number | null {
  const match = String(text ?? '').match(/^(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})Z?$/);
  if (!match) return null;
  const [year, month, day, hour, minute, second] = match.slice(1).map(Number);
  return Date.UTC(year, month - 1, day, hour, minute, second);
}

async function folders(files: FileStore, path: string): Promise<string[]> {
  const found: string[] = [];
  for (const name of await files.list(path)) {
    if (!name.startsWith('.') && (await files.entry(files.join(path, name)))?.isFolder) found.push(name);
  }
  return found;
}

async function runNumbers(files: FileStore, proposalPath: string): Promise<number[]> {
  const numbers = new Set<number>();
  for (const kind of ['raw', 'proc']) {
    const folder = files.join(proposalPath, kind);
    if (!(await files.entry(folder))?.isFolder) continue;
    for (const name of await files.list(folder)) {
      if (/^r\d{4,}$/.test(name)) numbers.add(Number(name.slice(1)));
    }
  }
  return [...numbers];
}

/** HDF5 files of a run folder with sizes; null if there is no such folder. */
async function listFiles(files: FileStore, folder: string): Promise<ListedFile[] | null> {
  if (!(await files.entry(folder))?.isFolder) return null;
  const found: ListedFile[] = [];
  for (const name of await files.list(folder)) {
    if (!name.endsWith('.h5') || name.toLowerCase() === 'overview.h5') continue;
    const path = files.join(folder, name);
    const entry = await files.entry(path);
    if (entry && !entry.isFolder) found.push({ path, name, size: entry.size, modifiedAt: entry.modifiedAt });
  }
  return found;
}
