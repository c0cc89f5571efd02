import type { Frame } from '../api/frames.ts';
import type { DetectorLayout, DetectorStackMeta } from '../api/run-calls.ts';
import { pause } from '../core/cancel.ts';
import { NoData } from '../core/errors.ts';
import { ndarray } from '../core/ndarray.ts';
import { openDetector } from '../data/detectors/open-detector.ts';
import type { Run } from '../data/run.ts';
import { layoutOf } from './detector-layout.ts';
import { FrameGatherer } from './frame-gatherer.ts';
import { type FrameChoice, type FrameTools, openFrameReader } from './frame-reader.ts';

/** Which frames, and what is made of them: train and pulse are positions. */
interface StackQuery extends FrameChoice {
  readonly train: number;
  readonly pulse: number;
  readonly over: DetectorStackMeta['over'];
  readonly trains: number;
  readonly frames: number;
}

/**
 * The modules of one frame one after the other, or the mean, the largest or the sum of many frames, pixel by pixel; see
 * {@link DetectorStackMeta}. Values that are missing in a frame do not count: a sum is that of the frames that have the pixel.
 * @throws SourceNotFound, NoData, SelectionInvalid
 */
export async function makeDetectorStack(
  run: Run,
  query: StackQuery,
  tools: FrameTools,
  signal?: AbortSignal,
): Promise<Frame<DetectorStackMeta>> {
  const reader = await openFrameReader(run, query, tools);
  const { over } = query;
  const chosen =
    over === 'one' ? [[query.train, query.pulse] as const] : spreadFrames(reader.detector.frameCounts, query);
  if (chosen.length === 0)
    throw new NoData(`${query.detector} has no frames in this run.`, { detector: query.detector });
  const pixels = reader.layout.geometry.detector.dataShape.reduce((product, length) => product * length, 1);
  const gather = over === 'one' ? null : new FrameGatherer(pixels, over);
  const trains = new Set<number>();
  const modules = new Set<number>();
  let result: Float32Array = new Float32Array(0);
  let [pulseId, cellId] = [-1, -1];
  for (const [train, pulse] of chosen) {
    signal?.throwIfAborted();
    const frame = await reader.read(train, pulse, signal);
    trains.add(frame.trainId);
    for (const module of frame.modules) modules.add(module);
    if (gather) gather.add(frame.stack.data);
    else [result, pulseId, cellId] = [frame.stack.data, frame.pulseId, frame.cellId];
    // Others are answered between two frames, and an abort is heard.
    await pause();
  }
  if (gather) result = gather.finish();
  const meta: DetectorStackMeta = {
    detector: query.detector,
    unit: reader.unit,
    view: reader.view,
    over,
    frames: chosen.length,
    trainIds: [...trains],
    pulseId,
    cellId,
    modules: [...modules].sort((a, b) => a - b),
  };
  const stack = ndarray('float32', [...reader.layout.geometry.detector.dataShape], result);
  return { kind: 'stack', meta, arrays: new Map([['stack', stack]]) };
}

/** Frames (train, pulse) evenly over the run, in the order of the files: at most `trains` trains and `frames` frames. */
function spreadFrames(
  counts: readonly number[],
  { trains, frames }: Pick<StackQuery, 'trains' | 'frames'>,
): (readonly [train: number, pulse: number])[] {
  const filled = counts.flatMap((count, train) => (count > 0 ? [train] : []));
  const chosen = spread(filled.length, Math.min(trains, frames)).map((i) => filled[i]);
  const perTrain = Math.max(1, Math.floor(frames / Math.max(1, chosen.length)));
  return chosen.flatMap((train) => spread(counts[train], perTrain).map((pulse) => [train, pulse] as const));
}

/** At most `most` of the numbers below `count`, evenly spread. */
function spread(count: number, most: number): number[] {
  const taken = Math.min(count, most);
  return Array.from({ length: taken }, (_, i) => Math.floor(((i + 0.5) * count) / taken));
}

/** The exact positions of a detector's tiles, with which its pictures are drawn; see {@link DetectorLayout}. @throws SourceNotFound */
export function tellLayout(run: Run, detector: string, { snapped, geometryText }: FrameTools): DetectorLayout {
  const opened = openDetector(run, { name: detector });
  const layout = layoutOf(opened, snapped);
  const { geometry } = layout;
  const { path, distance, photonEnergyKeV } = geometry.metadata;
  return {
    detector: geometry.detector.name,
    modules: geometry.detector.dataShape[0],
    tiles: [...geometry.tiles],
    // The text is that of the given geometry; a detector of another kind has its example.
    text: layout === snapped ? geometryText : null,
    origin: path === undefined ? 'example' : path.slice(path.lastIndexOf('/') + 1),
    distance: distance ?? null,
    photonEnergyKeV: photonEnergyKeV ?? null,
  };
}
