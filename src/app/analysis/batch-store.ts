import { create } from 'zustand';
import { useGeometry } from '../geometry/geometry-store.ts';
import { type RunKey, session } from '../session.ts';
import { callAnalysis, geometryMessage, isAbort } from './analysis-client.ts';
import type { PatternResult } from './analysis-request.ts';
import { sendScene } from './curve-runner.ts';
import { useCurves } from './curve-store.ts';
import type { PatternUnit } from './pattern-unit.ts';
import type { Job } from './refine-store.ts';

/** The run that is on the page, for a batch. */
export interface BatchRun {
  readonly key: RunKey;
  readonly detector: string;
  readonly view: 'raw' | 'corrected';
  /** Trains with frames. */
  readonly trains: number;
}

/** Curves of many trains on the same bins. */
export interface BatchResult {
  readonly unit: PatternUnit;
  readonly x: Float64Array;
  /** One for each row. */
  readonly trainIds: readonly number[];
  /** Positions of the trains in the run. */
  readonly trains: readonly number[];
  /** float32 (row, bin); NaN = no pixels. */
  readonly rows: Float32Array;
  /** Of the geometry's document. */
  readonly version: number;
  readonly name: string;
  /** Trains that could not be read, with the first reason. */
  readonly skipped: number;
  readonly reason: string | null;
}

interface BatchStore {
  readonly every: number;
  readonly pulse: number;
  readonly job: Job | null;
  readonly result: BatchResult | null;
  readonly error: string | null;
  start(run: BatchRun): Promise<void>;
}

/** A result on screen is made anew after so many trains at most, ms between two. */
const SHOW_MS = 300;

/** Integration of a whole run, train after train, in the background. */
export const useBatch = create<BatchStore>((set, get) => ({
  every: 1,
  pulse: 0,
  job: null,
  result: null,
  error: null,
  async start(run) {
    const { every, pulse, job } = get();
    const { document, geometry, version } = useGeometry.getState();
    if (!document || !geometry || job) return;
    const controller = new AbortController();
    const { signal } = controller;
    const cancel = () => controller.abort();
    const trains = Array.from({ length: Math.ceil(run.trains / every) }, (_, i) => i * every);
    set({ job: { share: 0, text: `0 of ${trains.length} trains`, cancel }, error: null, result: null });
    sendScene();
    const made = { geometry: geometryMessage(geometry), experiment: document.experiment };
    let { settings } = useCurves.getState();
    // A heat map needs even steps, which spacings do not have.
    if (settings.unit === 'd_A') settings = { ...settings, unit: 'q_A^-1', radialRange: null };
    const rows: PatternResult[] = [];
    const [ids, places]: [number[], number[]] = [[], []];
    let [skipped, shownAt] = [0, 0];
    let reason: string | null = null;
    const show = () => {
      const result = joinRows(rows);
      if (!result) return;
      const name = `${run.key.proposal}-r${run.key.run}`;
      set({ result: { ...result, trainIds: [...ids], trains: [...places], version, name, skipped, reason } });
      shownAt = performance.now();
    };
    try {
      for (const [done, train] of trains.entries()) {
        signal.throwIfAborted();
        try {
          const frame = await session.call(
            'stack',
            run.key,
            { detector: run.detector, view: run.view, over: 'one', train, pulse },
            signal,
          );
          const picture = frame.arrays.get('stack')?.data as Float32Array;
          const row = await callAnalysis('row', { ...made, settings, picture }, { signal });
          // All rows have the bins of the first.
          if (rows.length === 0) settings = { ...settings, points: row.x.length, radialRange: rangeOf(row) };
          rows.push(row);
          ids.push(frame.meta.trainIds[0]);
          places.push(train);
        } catch (error) {
          if (isAbort(error) || signal.aborted) throw error;
          // A train without this pulse is no reason to lose the others.
          skipped++;
          reason ??= error instanceof Error ? error.message : String(error);
        }
        set({ job: { share: (done + 1) / trains.length, text: `${done + 1} of ${trains.length} trains`, cancel } });
        if (performance.now() - shownAt > SHOW_MS) show();
      }
      show();
      if (rows.length === 0) set({ error: reason ?? 'The run has no trains with frames.' });
    } catch (error) {
      show();
      if (!isAbort(error)) set({ error: error instanceof Error ? error.message : String(error) });
    } finally {
      set({ job: null });
    }
  },
}));

/** Edges of the bins whose middles a row has. */
function rangeOf({ x }: PatternResult): readonly [number, number] {
  const last = x.length - 1;
  const half = last > 0 ? (x[1] - x[0]) / 2 : 0.5;
  return [x[0] - half, x[last] + (last > 0 ? (x[last] - x[last - 1]) / 2 : 0.5)];
}

function joinRows(curves: readonly PatternResult[]): Pick<BatchResult, 'unit' | 'x' | 'rows'> | null {
  const [first] = curves;
  if (!first) return null;
  const bins = first.x.length;
  const rows = new Float32Array(curves.length * bins);
  for (const [row, { y }] of curves.entries()) for (let i = 0; i < bins; i++) rows[row * bins + i] = y[i] ?? Number.NaN;
  return { unit: first.unit, x: first.x, rows };
}
