import { type ParsedRunCallQuery, type RunCallName, runCalls } from '../api/run-calls.ts';
import type { Proposal, RunRow } from '../api/run-contract.ts';
import { type ProgressCallback, sleep } from '../core/cancel.ts';
import { isXfelError, NoData, RunNotFound } from '../core/errors.ts';
import { createRunOpener } from '../data/open-run.ts';
import type { Run } from '../data/run.ts';
import { AGIPD_1M } from '../detector/agipd.ts';
import { exampleGeometry } from '../detector/geometry.ts';
import { type SnappedGeometry, snapGeometry } from '../detector/snapped-geometry.ts';
import { answerRunCall } from '../explore/answer.ts';
import { exportKeys } from '../explore/export-keys.ts';
import { type DroppedFile, droppedFilePorts } from '../platform/browser/dropped-files.ts';
import { DROPPED, type ExportChoice, type ReadyFile, type RunKey } from './run-source.ts';

/** Files that make one run. */
export interface DroppedRun {
  /** Folder of the files below what was dropped, or the name of a single file. */
  readonly label: string;
  readonly files: readonly DroppedFile[];
}

interface Held {
  readonly row: RunRow;
  readonly label: string;
  readonly run: Run | null;
}

/** Trains come ten a second. */
const TRAIN_RATE = 10;
/** 24 MB of text are more than a program likes in one piece. */
const PORTION_BYTES = 24 << 20;

/** What the worker can do: runs of files that were dropped on a page. Plain functions, so that tests call them without a worker. */
export function createDataCalls() {
  const held = new Map<number, Held>();
  let snapped: SnappedGeometry | null = null;
  let next = 1;

  const runOf = (number: number): Held & { readonly run: Run } => {
    const entry = held.get(number);
    if (!entry)
      throw new RunNotFound(
        'These files are not here any more: the page was loaded anew. Drop them again on the Runs page.',
        { run: number },
      );
    const { run } = entry;
    if (!run) throw new NoData(entry.row.problems.join(' '), { run: number });
    return { ...entry, run };
  };

  return {
    /** Opens dropped files as a run; one that cannot be opened is listed with the reason. */
    async add({ label, files }: DroppedRun): Promise<RunRow> {
      const number = next++;
      const paths = files.map((file) => file.path);
      const folder = paths.length === 1 ? paths[0] : folderOf(paths[0]);
      const size = files.reduce((sum, file) => sum + ('file' in file ? file.file.size : 0), 0);
      let run: Run | null = null;
      let problem: string | null = null;
      try {
        run = await createRunOpener(droppedFilePorts(files))({ path: folder });
      } catch (error) {
        if (!isXfelError(error)) throw error;
        problem = error.message;
      }
      const row = rowOf(number, run, files.length, size, problem);
      held.set(number, { row, label, run });
      return row;
    },

    proposals(): Proposal[] {
      if (held.size === 0) return [];
      return [
        {
          proposal: DROPPED,
          instrument: 'in this browser',
          cycle: 'not uploaded',
          path: 'files in this browser',
          runs: held.size,
        },
      ];
    },

    runs(): RunRow[] {
      return [...held.values()].map(({ row, label }) => ({ ...row, sample: row.sample || label })).reverse();
    },

    call<N extends RunCallName>(
      { name, run: key, query }: { readonly name: N; readonly run: RunKey; readonly query: object },
      { signal }: { readonly signal?: AbortSignal } = {},
    ) {
      const { run } = runOf(key.run);
      snapped ??= snapGeometry(exampleGeometry(AGIPD_1M));
      const around = { proposal: key.proposal, run: key.run, data: key.data, dataRoot: null, correctable: null };
      const tools = { snapped, geometryText: null, loadCorrector: async () => null };
      // The same defaults as on the server
      const parsed = runCalls[name].query.parse(query) as ParsedRunCallQuery<N>;
      return answerRunCall(name, { run, around, tools }, parsed, signal);
    },

    async export(
      { run: key, choice }: { readonly run: RunKey; readonly choice: ExportChoice },
      { signal, onProgress }: { readonly signal?: AbortSignal; readonly onProgress?: ProgressCallback } = {},
    ): Promise<ReadyFile> {
      const { name, size, parts } = exportKeys(runOf(key.run).run, key, choice, signal);
      const portions: Blob[] = [];
      let [portion, portionBytes, done, lines] = [[] as Uint8Array<ArrayBuffer>[], 0, 0, 0];
      for await (const part of parts) {
        // A worker hears of an abort only when it waits.
        await sleep(0, signal);
        portion.push(part as Uint8Array<ArrayBuffer>);
        portionBytes += part.length;
        done += part.length;
        if (size?.unit === 'lines') for (const byte of part) if (byte === 10) lines++;
        const share = size ? (size.unit === 'bytes' ? done : lines) / Math.max(1, size.count) : 0;
        onProgress?.(share, `${(done / 1e6).toFixed(1)} MB`);
        if (portionBytes < PORTION_BYTES) continue;
        portions.push(new Blob(portion));
        [portion, portionBytes] = [[], 0];
      }
      return { name, content: new Blob([...portions, ...portion]) };
    },

    /** Lets a run go. */
    async remove(number: number): Promise<void> {
      await held.get(number)?.run?.close();
      held.delete(number);
    },
  };
}

function folderOf(path: string): string {
  return path.includes('/') ? path.slice(0, path.lastIndexOf('/')) : '';
}

function rowOf(number: number, run: Run | null, files: number, sizeBytes: number, problem: string | null): RunRow {
  const metadata = run?.runMetadata();
  const ids = run?.trainIds ?? [];
  const started = run?.trainTimestamps().find((time) => time > 0n);
  const isProc = run?.files.some((file) => /(^|\/)CORR-/.test(file)) ?? false;
  return {
    run: number,
    hasRaw: run !== null && !isProc,
    hasProc: isProc,
    files,
    sizeBytes,
    trains: ids.length,
    firstTrainId: ids[0] ?? null,
    lastTrainId: ids.at(-1) ?? null,
    startedAt: started === undefined ? null : Number(started / 1_000_000n),
    durationS: ids.length === 0 ? 0 : ((ids.at(-1) as number) - ids[0] + 1) / TRAIN_RATE,
    sample: String(metadata?.get('sample') ?? ''),
    runType: String(metadata?.get('runType') ?? ''),
    detectors: [...new Set((run?.detectorSources ?? []).map((source) => source.split('/')[0]))],
    problems: [
      ...(problem === null ? [] : [problem]),
      ...(run?.skippedFiles.map(({ file, reason }) => `${file}: ${reason}`) ?? []),
    ],
  };
}
