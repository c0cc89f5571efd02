import { create } from 'zustand';
import { type ExportChoice, type RunKey, ServerError } from './run-source.ts';
import { saveFile } from './save-file.ts';
import { session } from './session.ts';

/** One file that is being made, or how that ended. */
export interface ExportJob {
  readonly id: number;
  readonly label: string;
  /** 0 to 1; 0 where it is not known. */
  readonly progress: number;
  readonly text: string;
  readonly state: 'running' | 'saved' | 'failed' | 'cancelled';
  /** When it began, ms. */
  readonly startedAt: number;
}

interface ExportJobs {
  readonly jobs: readonly ExportJob[];
}

/** Exports of this page, newest first. */
export const useExportJobs = create<ExportJobs>(() => ({ jobs: [] }));
const running = new Map<number, AbortController>();
/** Jobs that are remembered. */
const KEPT = 20;
let next = 1;

function change(id: number, changes: Partial<ExportJob>): void {
  useExportJobs.setState(({ jobs }) => ({ jobs: jobs.map((job) => (job.id === id ? { ...job, ...changes } : job)) }));
}

/** Makes a file of keys and saves it; every outcome is in {@link useExportJobs}. */
export async function startExport(run: RunKey, choice: ExportChoice, label: string): Promise<void> {
  const id = next++;
  const controller = new AbortController();
  running.set(id, controller);
  const job = { id, label, progress: 0, text: 'reading', state: 'running', startedAt: Date.now() } as const;
  useExportJobs.setState(({ jobs }) => ({ jobs: [job, ...jobs].slice(0, KEPT) }));
  try {
    const { name, content } = await session.export(run, choice, {
      signal: controller.signal,
      onProgress: (progress, text = '') => change(id, { progress: Math.min(1, progress), text }),
    });
    saveFile(content, name);
    change(id, {
      state: 'saved',
      progress: 1,
      label: name,
      text: `${(content.size / 1e6).toFixed(content.size < 1e6 ? 3 : 1)} MB`,
    });
  } catch (error) {
    if (controller.signal.aborted) change(id, { state: 'cancelled', text: 'cancelled, nothing was saved' });
    else
      change(id, {
        state: 'failed',
        text: error instanceof ServerError || error instanceof Error ? error.message : String(error),
      });
  } finally {
    running.delete(id);
  }
}

/** Ends a running export. */
export function cancelExport(id: number): void {
  running.get(id)?.abort(new DOMException('The export was cancelled.', 'AbortError'));
}
