import type { ParsedRunCallQuery, RunCallName, RunCallReply } from '../api/run-calls.ts';
import { openDetector } from '../data/detectors/open-detector.ts';
import type { Run } from '../data/run.ts';
import { geometryInfo } from '../detector/snapped-geometry.ts';
import { makeCurve } from './curve.ts';
import { makeDetectorFrame } from './detector-frame.ts';
import { layoutOf } from './detector-layout.ts';
import { makeDetectorStack, tellLayout } from './detector-stack.ts';
import type { FrameTools } from './frame-reader.ts';
import { makeHeatMap } from './heat-map.ts';
import { readPicture } from './key-picture.ts';
import { listKeyNames, listKeys, listRunValues } from './list-keys.ts';
import { tellPresence } from './presence.ts';
import { makeSeries } from './series.ts';
import { type RunSurroundings, tellRun } from './tell-run.ts';
import { listTextChanges } from './text-changes.ts';

/** A run that is open, and what its answers need beside it. */
export interface OpenedRun {
  readonly run: Run;
  readonly around: RunSurroundings;
  readonly tools: FrameTools;
}

type Answer<N extends RunCallName> = (
  opened: OpenedRun,
  query: ParsedRunCallQuery<N>,
  signal?: AbortSignal,
) => RunCallReply<N> | Promise<RunCallReply<N>>;

const ANSWERS: { readonly [N in RunCallName]: Answer<N> } = {
  info: ({ run, around }) => tellRun(run, around),
  geometry: ({ run, tools }, { detector }) =>
    geometryInfo(detector ? layoutOf(openDetector(run, { name: detector }), tools.snapped) : tools.snapped),
  keys: ({ run }, { source }) => listKeys(run, source),
  keynames: ({ run }) => listKeyNames(run),
  runvalues: ({ run }, { source }) => listRunValues(run, source),
  presence: ({ run }, query) => tellPresence(run, query),
  texts: ({ run }, query, signal) => listTextChanges(run, query, signal),
  series: ({ run }, query, signal) => makeSeries(run, query, signal),
  curve: ({ run }, query, signal) => makeCurve(run, query, signal),
  map: ({ run }, query, signal) => makeHeatMap(run, query, signal),
  picture: ({ run }, query, signal) => readPicture(run, query, signal),
  frame: ({ run, tools }, query, signal) => makeDetectorFrame(run, query, tools, signal),
  stack: ({ run, tools }, query, signal) => makeDetectorStack(run, query, tools, signal),
  layout: ({ run, tools }, { detector }) => tellLayout(run, detector, tools),
};

/** Answers one call of a page; the server and the browser's worker do it with the same code. @throws as each answer says */
export async function answerRunCall<N extends RunCallName>(
  name: N,
  opened: OpenedRun,
  query: ParsedRunCallQuery<N>,
  signal?: AbortSignal,
): Promise<RunCallReply<N>> {
  return ANSWERS[name](opened, query, signal);
}
