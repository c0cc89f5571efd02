import type { Frame } from '../api/frames.ts';
import type { DetectorFrameMeta } from '../api/run-contract.ts';
import type { FrameCorrector } from '../calib/frame-corrector.ts';
import { NoData } from '../core/errors.ts';
import { type NdArray, ndarray, reshape } from '../core/ndarray.ts';
import { openDetector } from '../data/detectors/open-detector.ts';
import type { Run } from '../data/run.ts';
import { assembleModules } from '../detector/assembly.ts';
import type { SnappedGeometry } from '../detector/snapped-geometry.ts';
import { layoutOf } from './detector-layout.ts';

/** Which frame: train and pulse are positions. */
interface FrameQuery {
  readonly detector: string;
  readonly train: number;
  readonly pulse: number;
  readonly view: 'raw' | 'corrected';
}

/** What a frame is made with. */
export interface FrameTools {
  /** The geometry that was given, of one kind of detector; others are drawn by their example geometries. */
  readonly snapped: SnappedGeometry;
  /** Corrector of that kind of detector from dark runs, or null where there are none. */
  readonly loadCorrector: () => Promise<FrameCorrector | null>;
}

/** One frame of a detector on its pixel grid. @throws SourceNotFound, NoData, SelectionInvalid */
export async function makeDetectorFrame(
  run: Run,
  { detector: name, train, pulse, view }: FrameQuery,
  { snapped, loadCorrector }: FrameTools,
  signal?: AbortSignal,
): Promise<Frame<DetectorFrameMeta>> {
  const detector = openDetector(run, { name });
  const trainId = detector.trainIds[train];
  if (trainId === undefined)
    throw new NoData(`${name} has frames in ${detector.trainIds.length} trains; there is no train number ${train}.`, {
      train,
    });
  const wantsCorrection = detector.isRaw && view === 'corrected';
  if (wantsCorrection && detector.kind.name !== snapped.geometry.detector.name)
    throw new NoData(
      `Raw frames of ${detector.kind.name} are not corrected here, only those of ${snapped.geometry.detector.name}. Look at them raw.`,
      { detector: name },
    );
  const frame = await detector.readFrame(trainId, pulse, { signal });
  const corrector = wantsCorrection ? await loadCorrector() : null;
  if (wantsCorrection && !corrector)
    throw new NoData(
      `There are no dark runs beside this run, so its raw frames cannot be corrected. Look at them raw, or record darks.`,
      { detector: name },
    );
  const stack = toFloatStack(frame.array, frame.cellId, frame.modulesPresent, corrector);
  const layout = layoutOf(detector, snapped);
  // Small modules that share a channel lie one below the other in it.
  const image = assembleModules(layout, reshape(stack, layout.geometry.detector.dataShape));
  const isCorrected = !detector.isRaw || corrector !== null;
  const meta: DetectorFrameMeta = {
    detector: name,
    trainId,
    pulseId: frame.pulseId,
    cellId: frame.cellId,
    pulses: frame.frames,
    modules: frame.modulesPresent.flatMap((isPresent, module) => (isPresent ? [module] : [])),
    unit: isCorrected ? 'keV' : 'ADU',
    view: isCorrected ? 'corrected' : 'raw',
  };
  return { kind: 'detector', meta, arrays: new Map([['image', image]]) };
}

/** (module, [2,] ss, fs) raw or corrected to (module, ss, fs) float32; modules without data or constants are NaN. */
function toFloatStack(
  array: NdArray,
  cellId: number,
  present: readonly boolean[],
  corrector: FrameCorrector | null,
): NdArray<'float32'> {
  const [modules] = array.shape;
  const [slowScan, fastScan] = array.shape.slice(-2);
  const pixels = slowScan * fastScan;
  const hasGain = array.shape.length === 4;
  const out = new Float32Array(modules * pixels).fill(Number.NaN);
  const values = array.data as Uint16Array;
  for (let module = 0; module < modules; module++) {
    if (!present[module]) continue;
    const at = module * pixels * (hasGain ? 2 : 1);
    const analogue = values.subarray(at, at + pixels);
    if (!corrector) {
      out.set(analogue, module * pixels);
      continue;
    }
    const corrected = hasGain
      ? corrector.correct(module, { analogue, gain: values.subarray(at + pixels, at + 2 * pixels), cellId })
      : null;
    if (corrected) out.set(corrected.data, module * pixels);
  }
  return ndarray('float32', [modules, slowScan, fastScan], out);
}
