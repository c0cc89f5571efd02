import { create } from 'zustand';
import { StateInvalid } from '../../../core/errors.ts';
import { FrameGatherer } from '../../../explore/frame-gatherer.ts';
import type { Helper } from '../../geometry/geometry-document.ts';
import { useGeometry } from '../../geometry/geometry-store.ts';
import { fileWords, rowStem } from '../../geometry/picture-stem.ts';
import { type RunKey, session } from '../../session.ts';
import { callAnalysis, geometryMessage, isAbort } from '../analysis-client.ts';
import type { CurveSettings, FullExperiment, GeometryMessage, PatternResult } from '../analysis-request.ts';
import { useAutosave } from '../autosave/autosave-store.ts';
import type { Job } from '../calibration/refine-store.ts';
import { useScenes } from '../configurations/scene-store.ts';
import { sendScene } from '../curve/curve-runner.ts';
import { useCurves } from '../curve/curve-store.ts';
import type { PatternUnit } from '../curve/pattern-unit.ts';
import { meanOfPixels, pixelsOfHelpers } from '../map/region-mean.ts';

/** The run that is on the page, for a batch. */
export interface BatchRun {
  readonly key: RunKey;
  readonly detector: string;
  readonly view: 'raw' | 'corrected';
  /** Trains with frames. */
  readonly trains: number;
  /** Most pulses of a train. */
  readonly maxPulses: number;
}

/** What becomes a row: each pulse, or the mean, the largest or the sum of the pulses of a train, pixel by pixel. */
export const BATCH_ROWS = ['each', 'mean', 'max', 'sum'] as const;
/** One of them. */
export type BatchRows = (typeof BATCH_ROWS)[number];

/** Which frames a batch takes. */
export interface BatchChoice {
  /** Every n-th train with frames. */
  readonly every: number;
  /** Positions of the first and the last pulse in a train; null = to the end. */
  readonly firstPulse: number;
  readonly lastPulse: number | null;
  /** Every n-th pulse between them. */
  readonly pulseStep: number;
  readonly rows: BatchRows;
}

/** A row of a batch. */
export interface BatchRow {
  readonly trainId: number;
  /** Position of the train in the run. */
  readonly train: number;
  /** Positions of its pulses in the train. */
  readonly pulses: readonly number[];
}

/** Curves of many frames on the same bins. */
export interface BatchResult {
  readonly unit: PatternUnit;
  readonly x: Float64Array;
  readonly made: BatchRows;
  readonly rows: readonly BatchRow[];
  /** float32 (row, bin); NaN = no pixels. */
  readonly intensity: Float32Array;
  /** As {@link intensity}: by counting statistics or the scatter within a bin. */
  readonly sigma: Float32Array;
  /** Helpers of the picture as they were at the start, and for each row the mean of the picture within each of them. */
  readonly regions: readonly Helper[];
  readonly regionMeans: readonly (readonly number[])[];
  /** Of the geometry's document. */
  readonly version: number;
  readonly name: string;
  /** Frames that could not be read, with the first reason. */
  readonly skipped: number;
  readonly reason: string | null;
}

interface BatchStore {
  readonly choice: BatchChoice;
  readonly job: Job | null;
  readonly result: BatchResult | null;
  readonly error: string | null;
  setChoice(change: Partial<BatchChoice>): void;
  start(run: BatchRun): Promise<void>;
  /** Goes on where the last batch ended: the run has more trains now. Nothing is done without one, or for another run. */
  extend(run: BatchRun): Promise<void>;
}

/** A batch that can go on. */
interface BatchSoFar {
  readonly run: BatchRun;
  readonly choice: BatchChoice;
  readonly made: { readonly geometry: GeometryMessage; readonly experiment: FullExperiment };
  readonly version: number;
  /** Whose mask and corrections it has; its name where there are several. */
  readonly scene: { readonly id: number; readonly name: string };
  settings: CurveSettings;
  readonly regions: readonly Helper[];
  readonly regionPixels: readonly Uint32Array[];
  readonly curves: PatternResult[];
  readonly rows: BatchRow[];
  readonly regionMeans: number[][];
  /** Frames or trains of the plan that were tried. */
  done: number;
  skipped: number;
  reason: string | null;
}

/** A result on screen is made anew after so many trains at most, ms between two. */
const SHOW_MS = 300;
/** More rows than this fill the memory of a browser. */
const MOST_ROWS = 20_000;

/** Frames of every row: trains outside, pulses inside. @throws StateInvalid if there are none, or more than 20000 rows */
export function planBatch(
  { every, firstPulse, lastPulse, pulseStep, rows }: BatchChoice,
  { trains, maxPulses }: Pick<BatchRun, 'trains' | 'maxPulses'>,
): readonly { readonly train: number; readonly pulses: readonly number[] }[] {
  const stop = Math.min(maxPulses, lastPulse === null ? maxPulses : lastPulse + 1);
  const pulses = Array.from({ length: Math.max(0, Math.ceil((stop - firstPulse) / pulseStep)) }, (_, i) => {
    return firstPulse + i * pulseStep;
  });
  if (pulses.length === 0)
    throw new StateInvalid(
      `There are no pulses from ${firstPulse} to ${lastPulse ?? 'the end'}: trains have at most ${maxPulses}, counted from 0.`,
      { field: 'firstPulse' },
    );
  const count = Math.ceil(trains / every);
  const total = rows === 'each' ? count * pulses.length : count;
  if (total > MOST_ROWS)
    throw new StateInvalid(
      `${total} rows are more than ${MOST_ROWS}: take fewer pulses or every n-th train, or gather the pulses of a train.`,
      { field: 'every' },
    );
  return Array.from({ length: count }, (_, i) => i * every).flatMap((train) =>
    rows === 'each' ? pulses.map((pulse) => ({ train, pulses: [pulse] })) : [{ train, pulses }],
  );
}

/** What the last batch has; it goes on when the run grows. */
let soFar: BatchSoFar | null = null;

/** Integration of a whole run, frame after frame, in the background. */
export const useBatch = create<BatchStore>((set, get) => {
  const run = async (batch: BatchSoFar) => {
    const { key, detector, view } = batch.run;
    const { choice, made, regions, regionPixels, curves, rows, regionMeans, version } = batch;
    const controller = new AbortController();
    const { signal } = controller;
    const cancel = () => controller.abort();
    let shownAt = 0;
    const show = () => {
      const result = joinRows(curves);
      if (!result) return;
      const { skipped, reason } = batch;
      const told = {
        made: choice.rows,
        rows: [...rows],
        regions,
        regionMeans: [...regionMeans],
        version,
        skipped,
        reason,
      };
      set({ result: { ...result, ...told, name: `${key.proposal}-r${key.run}` } });
      shownAt = performance.now();
    };
    const readFrame = async (train: number, pulse: number) => {
      const query = { detector, view, over: 'one', train, pulse } as const;
      const { arrays, meta } = await session.call('stack', key, query, signal);
      return { picture: arrays.get('stack')?.data as Float32Array, trainId: meta.trainIds[0] };
    };
    try {
      const plan = planBatch(choice, batch.run);
      const words = (done: number) => `${done} of ${plan.length} ${choice.rows === 'each' ? 'frames' : 'trains'}`;
      set({ job: { share: batch.done / plan.length, text: words(batch.done), cancel }, error: null });
      sendScene();
      for (const { train, pulses } of plan.slice(batch.done)) {
        signal.throwIfAborted();
        const found: number[] = [];
        let trainId = -1;
        let picture: Float32Array | null = null;
        let gather: FrameGatherer | null = null;
        for (const pulse of pulses) {
          try {
            const frame = await readFrame(train, pulse);
            trainId = frame.trainId;
            found.push(pulse);
            if (choice.rows === 'each') picture = frame.picture;
            else {
              gather ??= new FrameGatherer(frame.picture.length, choice.rows);
              gather.add(frame.picture);
            }
          } catch (error) {
            if (isAbort(error) || signal.aborted) throw error;
            // A train without this pulse is no reason to lose the others.
            batch.skipped++;
            batch.reason ??= error instanceof Error ? error.message : String(error);
          }
        }
        picture = gather?.finish() ?? picture;
        if (picture) {
          const request = { ...made, settings: batch.settings, picture, scene: batch.scene.id };
          const curve = await callAnalysis('row', request, { signal });
          // All rows have the bins of the first.
          if (curves.length === 0)
            batch.settings = { ...batch.settings, points: curve.x.length, radialRange: rangeOf(curve) };
          const frame = picture;
          curves.push(curve);
          rows.push({ trainId, train, pulses: found });
          await saveRow(batch, curve);
          regionMeans.push(regionPixels.map((pixels) => meanOfPixels(frame, pixels)));
        }
        batch.done++;
        set({ job: { share: batch.done / plan.length, text: words(batch.done), cancel } });
        if (performance.now() - shownAt > SHOW_MS) show();
      }
      show();
      if (curves.length === 0) set({ error: batch.reason ?? 'The run has no trains with frames.' });
    } catch (error) {
      show();
      if (!isAbort(error)) set({ error: error instanceof Error ? error.message : String(error) });
      // What a person stopped does not begin again by itself.
      else soFar = null;
    } finally {
      set({ job: null });
    }
  };
  return {
    choice: { every: 1, firstPulse: 0, lastPulse: 0, pulseStep: 1, rows: 'each' },
    job: null,
    result: null,
    error: null,
    setChoice: (change) => set({ choice: { ...get().choice, ...change } }),
    async start(batchRun) {
      const { document, geometry, version, mask } = useGeometry.getState();
      if (!document || !geometry || get().job) return;
      let { settings } = useCurves.getState();
      // A heat map needs even steps, which spacings do not have.
      if (settings.unit === 'd_A') settings = { ...settings, unit: 'q_A^-1', radialRange: null };
      soFar = {
        run: batchRun,
        choice: get().choice,
        made: { geometry: geometryMessage(geometry), experiment: document.experiment },
        version,
        scene: useScenes.getState().current,
        settings,
        regions: document.helpers,
        regionPixels: pixelsOfHelpers(document.helpers, geometry, mask),
        ...{ curves: [], rows: [], regionMeans: [], done: 0, skipped: 0, reason: null },
      };
      set({ result: null });
      await run(soFar);
    },
    async extend(batchRun) {
      if (!soFar || get().job) return;
      const { key, detector, view } = soFar.run;
      const isSame =
        key.proposal === batchRun.key.proposal &&
        key.run === batchRun.key.run &&
        key.data === batchRun.key.data &&
        detector === batchRun.detector &&
        view === batchRun.view;
      if (!isSame || batchRun.trains <= soFar.run.trains) return;
      // Ranges of pulses that end with the last one must not change in between.
      soFar = { ...soFar, run: { ...batchRun, maxPulses: soFar.run.maxPulses } };
      await run(soFar);
    },
  };
});

/** The newest row as files, where patterns are saved by themselves. */
async function saveRow({ run, choice, rows, scene, version }: BatchSoFar, curve: PatternResult): Promise<void> {
  const row = rows[rows.length - 1];
  const stem = [rowStem(run.key, row, choice.rows), fileWords(scene.name)].filter((part) => part !== '').join('-');
  const frames = choice.rows === 'each' ? `pulse ${row.pulses[0]}` : `${choice.rows} of ${row.pulses.length} pulses`;
  const lines = [`run ${run.key.run} · train ${row.trainId} · ${frames}`, `geometry v${version}`];
  await useAutosave.getState().save({ stem, unit: curve.unit, curve, lines });
}

/** Edges of the bins whose middles a row has. */
function rangeOf({ x }: PatternResult): readonly [number, number] {
  const last = x.length - 1;
  const half = last > 0 ? (x[1] - x[0]) / 2 : 0.5;
  return [x[0] - half, x[last] + (last > 0 ? (x[last] - x[last - 1]) / 2 : 0.5)];
}

function joinRows(curves: readonly PatternResult[]): Pick<BatchResult, 'unit' | 'x' | 'intensity' | 'sigma'> | null {
  const [first] = curves;
  if (!first) return null;
  const bins = first.x.length;
  const intensity = new Float32Array(curves.length * bins).fill(Number.NaN);
  const sigma = intensity.slice();
  for (const [row, curve] of curves.entries()) {
    intensity.set(curve.y.subarray(0, bins), row * bins);
    sigma.set(curve.sigma.subarray(0, bins), row * bins);
  }
  return { unit: first.unit, x: first.x, intensity, sigma };
}
