import { basename, dirname, join, resolve } from 'node:path';
import { createAgipdCorrector } from '../calib/frame-corrector.ts';
import { isXfelError } from '../core/errors.ts';
import type { MultiModule } from '../data/detectors/multi-module.ts';
import { openDetector } from '../data/detectors/open-detector.ts';
import type { Run } from '../data/run.ts';
import type { ConstantsOrigin } from '../platform/node/proposal-constants.ts';
import type { CliContext } from './context.ts';

/** Text of `--raw` in the help. */
export const RAW_HELP = 'raw frames as they are (default: corrected data, else raw AGIPD frames are corrected here)';

/** One frame of one module. */
export interface ModuleFrame {
  /** Position of the module in the detector, from 0. */
  readonly module: number;
  /** float32 (ss * fs), keV; NaN: bad pixel. */
  readonly values: Float32Array;
}

/** Whether frames were corrected, and what to tell of it. */
export interface FrameTreatment {
  /** Whether `visit` got corrected frames; if not, read the detector as it is. */
  readonly isVisited: boolean;
  /** For the user: what the frames are. */
  readonly text: string;
}

/** Which frames of a detector. */
export interface FrameWish {
  /** `--raw`: raw frames as they are. */
  readonly raw?: boolean;
  /** Only this frame of each train; all of them without it. */
  readonly pulse?: number;
}

/**
 * Corrects raw AGIPD frames with constants of the proposal that the run lies in, module by module: the constants of one are in
 * memory at a time. All else is left to the caller, and said: corrected data of the run, other detectors, no constants.
 * @param visit gets each frame of each module; of a module that is missing in a train there is none
 * @throws as `ModuleKey.read`
 */
export async function correctRawFrames(
  context: CliContext,
  run: Run,
  detector: MultiModule,
  wish: FrameWish,
  visit: (frame: ModuleFrame) => void,
): Promise<FrameTreatment> {
  const untouched = (text: string) => ({ isVisited: false, text });
  if (!detector.isRaw) return untouched('corrected data of the run');
  if (wish.raw) return untouched('raw, uncorrected, as --raw asks');
  if (!detector.kind.name.startsWith('AGIPD'))
    return untouched(`raw, uncorrected: frames of ${detector.kind.name} are not corrected here, give the proc run`);
  const proposal = proposalOf(run.files);
  if (proposal === null)
    return untouched(
      'raw, uncorrected: no constants found, the run lies in no raw folder of a proposal with dark runs',
    );
  let isVisited = false;
  try {
    const text = await correctedFrames(context, run, detector, proposal, wish, (frame) => {
      isVisited = true;
      visit(frame);
    });
    return isVisited ? { isVisited, text } : untouched(`raw, uncorrected: no module of ${proposal} has constants`);
  } catch (error) {
    if (isVisited || !isXfelError(error, 'NoData')) throw error;
    return untouched(`raw, uncorrected: no constants found. ${error.message}`);
  }
}

async function correctedFrames(
  context: CliContext,
  run: Run,
  detector: MultiModule,
  proposal: string,
  wish: FrameWish,
  visit: (frame: ModuleFrame) => void,
): Promise<string> {
  const { forEachModuleConstants } = await import('../platform/node/proposal-constants.ts');
  const { name, modules } = detector;
  const pixels = detector.moduleShape[0] * detector.moduleShape[1];
  const done = new Set<number>();
  let from: ConstantsOrigin | null = null;
  const onProgress = (_: number, text = '') => {
    if (context.isTerminal) context.note(`\r${text.padEnd(30)}`);
  };
  await forEachModuleConstants(
    proposal,
    { modules, detector: name, signal: context.signal, onProgress },
    async (module, constants, origin) => {
      const corrector = createAgipdCorrector(new Map([[module, constants]]));
      const one = openModule(run, detector, module);
      if (one)
        for await (const { planes, cellId } of rawFrames(one, context.signal, wish.pulse)) {
          const [analogue, gain] = [planes.subarray(0, pixels), planes.subarray(pixels)];
          const corrected = corrector.correct(module, { analogue, gain, cellId });
          if (corrected) visit({ module, values: corrected.data });
        }
      done.add(module);
      from ??= origin;
    },
  );
  if (context.isTerminal) context.note('\n');
  const lacking = modules.filter((module) => !done.has(module));
  return `raw frames corrected with ${describeOrigin(from, proposal)}${
    lacking.length > 0 ? `; modules ${lacking.join(', ')} have no constants and are left out` : ''
  }`;
}

/** One module over the trains of the detector that it has; null if it has none. */
function openModule(run: Run, { name, trainIds }: MultiModule, module: number): MultiModule | null {
  try {
    const one = openDetector(run, { name, modules: [module], isRaw: true });
    return one.selectTrains({ by: 'id', ids: trainIds.filter((id) => one.trainIds.includes(id)) });
  } catch (error) {
    if (isXfelError(error, 'NoData')) return null;
    throw error;
  }
}

/** Frames at once: those of a train of 352 would take 90 MB. */
const FRAMES_AT_ONCE = 64;

/** Both planes of each raw frame of a single module: uint16 (2 * ss * fs). */
async function* rawFrames(one: MultiModule, signal: AbortSignal, pulse: number | undefined) {
  const size = 2 * one.moduleShape[0] * one.moduleShape[1];
  for (const [index, trainId] of one.trainIds.entries()) {
    const train = one.selectTrains({ by: 'id', ids: [trainId] }).key(one.kind.mainKey);
    const first = pulse ?? 0;
    const end = pulse === undefined ? one.frameCounts[index] : Math.min(pulse + 1, one.frameCounts[index]);
    for (let start = first; start < end; start += FRAMES_AT_ONCE) {
      signal.throwIfAborted();
      const key = await train.selectPulses({ by: 'index', start, stop: Math.min(start + FRAMES_AT_ONCE, end) });
      const [array, cellIds] = [await key.read({ signal }), await key.cellIdCoordinates()];
      const data = array.data as Uint16Array;
      for (let frame = 0; frame < cellIds.length; frame++)
        yield { planes: data.subarray(frame * size, (frame + 1) * size), cellId: cellIds[frame] };
    }
  }
}

function describeOrigin(origin: ConstantsOrigin | null, proposal: string): string {
  const runs = origin?.darkPaths.map((path) => basename(path)).join(', ');
  const gain = origin?.gainPath
    ? `the gain of ${join('usr', 'constants', basename(origin.gainPath))}`
    : 'typical gains (usr/constants has none)';
  return `dark runs ${runs} and ${gain} of ${basename(proposal)}`;
}

/** The proposal that files lie in: the folder above `raw`, as the path says; links are not followed, `raw` often is one. */
function proposalOf(files: readonly string[]): string | null {
  for (const file of files) {
    const folder = dirname(dirname(resolve(file)));
    if (basename(folder) === 'raw') return dirname(folder);
  }
  return null;
}
