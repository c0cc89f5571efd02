import type { Frame } from '../api/frames.ts';
import type { DetectorFrameMeta } from '../api/run-contract.ts';
import type { Run } from '../data/run.ts';
import { assembleModules } from '../detector/assembly.ts';
import { type FrameChoice, type FrameTools, openFrameReader } from './frame-reader.ts';

/** Which frame: train and pulse are positions. */
interface FrameQuery extends FrameChoice {
  readonly train: number;
  readonly pulse: number;
}

/** One frame of a detector on its pixel grid. @throws SourceNotFound, NoData, SelectionInvalid */
export async function makeDetectorFrame(
  run: Run,
  query: FrameQuery,
  tools: FrameTools,
  signal?: AbortSignal,
): Promise<Frame<DetectorFrameMeta>> {
  const reader = await openFrameReader(run, query, tools);
  const { stack, ...facts } = await reader.read(query.train, query.pulse, signal);
  const image = assembleModules(reader.layout, stack);
  const meta: DetectorFrameMeta = { detector: query.detector, ...facts, unit: reader.unit, view: reader.view };
  return { kind: 'detector', meta, arrays: new Map([['image', image]]) };
}
