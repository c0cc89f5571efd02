import { existsSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import type { AgipdConstants } from '../calib/agipd-constants.ts';
import { createAgipdCorrector } from '../calib/frame-corrector.ts';
import { isXfelError, NoData, Usage } from '../core/errors.ts';
import type { MultiModule } from '../data/detectors/multi-module.ts';
import { openDetector } from '../data/detectors/open-detector.ts';
import type { Run } from '../data/run.ts';
import type { ConstantsOrigin } from '../platform/node/proposal-constants.ts';
import type { CliContext } from './context.ts';

/** Text of `--raw` in the help. */
export const RAW_HELP = 'raw frames as they are (default: corrected data, else raw AGIPD frames are corrected here)';
/** Text of `--constants` in the help. */
export const CONSTANTS_HELP =
  'proposal folder whose dark runs and gain correct the raw frames (default: the one of the run)';

/** Options of the commands that take frames of a run. */
export interface FrameOptions {
  /** Raw frames as they are. */
  readonly raw?: boolean;
  /** A proposal folder: its constants correct the raw frames, corrected data of the run are not looked at. */
  readonly constants?: string;
}

/** Which frames of a detector, and how many modules of one at a time. */
export interface FrameWish extends FrameOptions {
  /** Only this frame of each train; all of them without it. */
  readonly pulse?: number;
  /** Constants in memory at a time. Default 2 GiB: those of 352 cells take 20 GB. Infinity: each frame comes whole, once. */
  readonly constantBytes?: number;
}

/** One frame of some modules. */
export interface CorrectedFrame {
  /** Position among all frames of the detector. Frames come once for each group of modules, in order. */
  readonly index: number;
  readonly trainId: number;
  readonly pulseId: number;
  /** By position of the module in the detector, from 0: float32 (ss * fs), keV; NaN: bad pixel. */
  readonly modules: ReadonlyMap<number, Float32Array>;
}

/** Whether frames were corrected, and what to tell of it. */
export interface FrameTreatment {
  /** Whether `visit` got corrected frames; if not, read the detector as it is. */
  readonly isVisited: boolean;
  /** For the user: what the frames are. */
  readonly text: string;
}

/** The detector that the options ask for. @throws Usage for --raw with --constants, and as `openDetector` */
export function openFrames(run: Run, { raw, constants, name }: FrameOptions & { readonly name?: string }): MultiModule {
  if (raw && constants !== undefined)
    throw new Usage('--raw takes frames as they are, --constants corrects them: give one of the two.');
  return openDetector(run, { name, isRaw: raw || constants !== undefined ? true : undefined });
}

/**
 * Corrects raw AGIPD frames with constants of the proposal that the run lies in, or of a named one, some modules after the
 * others: few constants are in memory at a time. All else is left to the caller, and said: corrected data of the run, other
 * detectors, no constants.
 * @param visit gets each frame with those of the modules that it has
 * @throws NoData if `wish.constants` has none for this detector; as `ModuleKey.read`
 */
export async function correctRawFrames(
  context: CliContext,
  run: Run,
  detector: MultiModule,
  wish: FrameWish,
  visit: (frame: CorrectedFrame) => void,
): Promise<FrameTreatment> {
  if (!detector.isRaw) return { isVisited: false, text: 'corrected data of the run' };
  if (wish.raw) return { isVisited: false, text: 'raw, uncorrected, as --raw asks' };
  const proc = await correctedFolder(context, run, detector);
  const untouched = (text: string, advice: string) => ({
    isVisited: false,
    text: `raw, uncorrected: ${text}. ${proc === null ? advice : `${proc} has corrected frames: give that`}`,
  });
  const { name: kind } = detector.kind;
  if (!kind.startsWith('AGIPD'))
    return untouched(`frames of ${kind} are not corrected here`, 'Give the proc run if there is one');
  const proposal = wish.constants === undefined ? proposalOf(run.files) : resolve(wish.constants);
  const advice = 'Give the proc run, or --constants PROPOSAL with dark runs';
  if (proposal === null)
    return untouched('no constants found, the run lies in no raw folder of a proposal with dark runs', advice);
  let isVisited = false;
  try {
    const text = await correctedFrames(context, run, detector, proposal, wish, (frame) => {
      isVisited = true;
      visit(frame);
    });
    const also = proc === null || wish.constants !== undefined ? '' : `; ${proc} has corrected frames, too`;
    if (isVisited) return { isVisited, text: `${text}${also}` };
    const none = `no module of ${detector.name} has constants in ${proposal}`;
    if (wish.constants !== undefined) throw new NoData(`${none}. Give another proposal, or --raw.`, { proposal });
    return untouched(none, advice);
  } catch (error) {
    if (isVisited || wish.constants !== undefined || !isXfelError(error, 'NoData')) throw error;
    return untouched(`no constants found. ${error.message.replace(/\.$/, '')}`, advice);
  }
}

const CONSTANT_BYTES = 2 ** 31;

async function correctedFrames(
  context: CliContext,
  run: Run,
  detector: MultiModule,
  proposal: string,
  wish: FrameWish,
  visit: (frame: CorrectedFrame) => void,
): Promise<string> {
  const { forEachModuleConstants } = await import('../platform/node/proposal-constants.ts');
  const { name, modules } = detector;
  const done = new Set<number>();
  let from: ConstantsOrigin | null = null;
  const onProgress = (_: number, text = '') => {
    if (context.isTerminal) context.note(`\r${text.padEnd(30)}`);
  };
  const group = new Map<number, AgipdConstants>();
  let bytes = 0;
  const correctGroup = async () => {
    if (group.size > 0) await visitGroup(context, run, detector, group, wish, visit);
    group.clear();
    bytes = 0;
  };
  await forEachModuleConstants(
    proposal,
    { modules, detector: name, signal: context.signal, onProgress },
    async (module, constants, origin) => {
      group.set(module, constants);
      done.add(module);
      from ??= origin;
      bytes += bytesOf(constants);
      if (bytes >= (wish.constantBytes ?? CONSTANT_BYTES)) await correctGroup();
    },
  );
  await correctGroup();
  if (context.isTerminal) context.note('\n');
  const lacking = modules.filter((module) => !done.has(module));
  return `raw frames corrected with ${describeOrigin(from, proposal)}${
    lacking.length > 0 ? `; modules ${lacking.join(', ')} have no constants and are left out` : ''
  }`;
}

function bytesOf({ offset, thresholds, badPixels, gain }: AgipdConstants): number {
  const arrays = gain.kind === 'slopes' ? [gain.pulsedCapacitor, gain.flatField] : [gain.aduPerKeV];
  return [offset, thresholds, badPixels, ...arrays].reduce((bytes, array) => bytes + (array?.data.byteLength ?? 0), 0);
}

/** Frames of all modules at once: those of a train of 352 would take 1.5 GB. */
const FRAMES_AT_ONCE = 16;

/** Corrects all frames of some modules. */
async function visitGroup(
  { signal }: CliContext,
  run: Run,
  detector: MultiModule,
  constants: ReadonlyMap<number, AgipdConstants>,
  { pulse }: FrameWish,
  visit: (frame: CorrectedFrame) => void,
): Promise<void> {
  const some = openModules(run, detector, [...constants.keys()]);
  if (!some) return;
  const corrector = createAgipdCorrector(constants);
  const pixels = some.moduleShape[0] * some.moduleShape[1];
  const counts = detector.frameCounts;
  const there = new Map(some.trainIds.map((trainId, i) => [trainId, some.frameCounts[i]]));
  let firstOfTrain = 0;
  for (const [position, trainId] of detector.trainIds.entries()) {
    const train = there.has(trainId) ? some.selectTrains({ by: 'id', ids: [trainId] }).key(some.kind.mainKey) : null;
    const count = there.get(trainId) ?? 0;
    const end = pulse === undefined ? count : Math.min(pulse + 1, count);
    for (let start = pulse ?? 0; train && start < end; start += FRAMES_AT_ONCE) {
      signal.throwIfAborted();
      const key = await train.selectPulses({ by: 'index', start, stop: Math.min(start + FRAMES_AT_ONCE, end) });
      const { data } = await key.read({ signal });
      const [cellIds, pulseIds] = [await key.cellIdCoordinates(), await key.pulseIdCoordinates()];
      const isThere = key.dataAvailability().data;
      for (const [frame, cellId] of cellIds.entries()) {
        const modules = new Map<number, Float32Array>();
        for (const [i, module] of key.modules.entries()) {
          const at = i * cellIds.length + frame;
          if (!isThere[at]) continue;
          // Both planes of a raw frame, one after the other.
          const planes = (data as Uint16Array).subarray(2 * at * pixels, 2 * (at + 1) * pixels);
          const [analogue, gain] = [planes.subarray(0, pixels), planes.subarray(pixels)];
          const corrected = corrector.correct(module, { analogue, gain, cellId });
          if (corrected) modules.set(module, corrected.data);
        }
        visit({ index: firstOfTrain + start + frame, trainId, pulseId: pulseIds[frame], modules });
      }
    }
    firstOfTrain += counts[position];
  }
}

/** Some modules over the trains of the detector in which any of them has frames; null if there is none. */
function openModules(run: Run, { name, trainIds }: MultiModule, modules: readonly number[]): MultiModule | null {
  try {
    const some = openDetector(run, { name, modules, isRaw: true });
    const there = new Set(some.trainIds);
    return some.selectTrains({ by: 'id', ids: trainIds.filter((id) => there.has(id)) });
  } catch (error) {
    if (isXfelError(error, 'NoData')) return null;
    throw error;
  }
}

/** The folder of a raw run's proposal with corrected frames of the detector; null if there is none. */
async function correctedFolder(context: CliContext, run: Run, { name }: MultiModule): Promise<string | null> {
  const raw = run.files.map((file) => dirname(file)).find((folder) => basename(dirname(folder)) === 'raw');
  if (raw === undefined) return null;
  const folder = join(dirname(dirname(raw)), 'proc', basename(raw));
  if (!existsSync(folder)) return null;
  try {
    const proc = await context.openRun(folder, { signal: context.signal });
    try {
      return openDetector(proc, { name, isRaw: false }).isRaw ? null : folder;
    } finally {
      await proc.close();
    }
  } catch (error) {
    if (isXfelError(error)) return null;
    throw error;
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
