import type { FrameCorrector } from '../calib/frame-corrector.ts';
import { NoData } from '../core/errors.ts';
import { type NdArray, ndarray, reshape } from '../core/ndarray.ts';
import type { MultiModule } from '../data/detectors/multi-module.ts';
import { openDetector } from '../data/detectors/open-detector.ts';
import type { Run } from '../data/run.ts';
import { AGIPD_1M } from '../detector/agipd.ts';
import type { SnappedGeometry } from '../detector/snapped-geometry.ts';
import { layoutOf } from './detector-layout.ts';

/** What frames are made with. */
export interface FrameTools {
  /** The geometry that was given, of one kind of detector; others are drawn by their example geometries. */
  readonly snapped: SnappedGeometry;
  /** Text of the .geom file that it was read from; null for others. */
  readonly geometryText: string | null;
  /** Corrector of that kind of detector from dark runs, or null where there are none. */
  readonly loadCorrector: () => Promise<FrameCorrector | null>;
}

/** Which frames of which detector. */
export interface FrameChoice {
  readonly detector: string;
  readonly view: 'raw' | 'corrected';
}

/** One frame before it is put together. */
export interface ReadFrame {
  /** float32 (module, ss, fs) as the geometry counts modules; NaN: missing module, masked pixel, no constants. */
  readonly stack: NdArray<'float32'>;
  readonly modules: readonly number[];
  readonly trainId: number;
  readonly pulseId: number;
  readonly cellId: number;
  /** Frames of the train. */
  readonly pulses: number;
}

/** Frames of a detector as floats, raw or corrected. */
export interface FrameReader {
  readonly detector: MultiModule;
  readonly layout: SnappedGeometry;
  readonly unit: 'keV' | 'ADU';
  readonly view: 'raw' | 'corrected';
  /** @param train,pulse are positions. @throws NoData, SelectionInvalid */
  read(train: number, pulse: number, signal?: AbortSignal): Promise<ReadFrame>;
}

/**
 * Makes ready to read frames of a detector.
 * @throws SourceNotFound; NoData if raw frames shall be corrected and there are no constants for them
 */
export async function openFrameReader(
  run: Run,
  { detector: name, view }: FrameChoice,
  { snapped, loadCorrector }: FrameTools,
): Promise<FrameReader> {
  const detector = openDetector(run, { name });
  const wantsCorrection = detector.isRaw && view === 'corrected';
  if (wantsCorrection && detector.kind.name !== AGIPD_1M.name)
    throw new NoData(
      `Raw frames of ${detector.kind.name} are not corrected here, only those of ${AGIPD_1M.name}. Look at them raw.`,
      { detector: name },
    );
  const corrector = wantsCorrection ? await loadCorrector() : null;
  if (wantsCorrection && !corrector)
    throw new NoData(
      `There are no dark runs beside this run, so its raw frames cannot be corrected. Look at them raw, or record darks.`,
      { detector: name },
    );
  const layout = layoutOf(detector, snapped);
  const isCorrected = !detector.isRaw || corrector !== null;
  return {
    detector,
    layout,
    unit: isCorrected ? 'keV' : 'ADU',
    view: isCorrected ? 'corrected' : 'raw',
    async read(train, pulse, signal) {
      const trainId = detector.trainIds[train];
      if (trainId === undefined)
        throw new NoData(
          `${name} has frames in ${detector.trainIds.length} trains; there is no train number ${train}.`,
          { train },
        );
      const frame = await detector.readFrame(trainId, pulse, { signal });
      const floats = toFloatStack(frame.array, frame.cellId, frame.modulesPresent, corrector);
      return {
        // Small modules that share a channel lie one below the other in it.
        stack: reshape(floats, layout.geometry.detector.dataShape),
        modules: frame.modulesPresent.flatMap((isPresent, module) => (isPresent ? [module] : [])),
        trainId,
        pulseId: frame.pulseId,
        cellId: frame.cellId,
        pulses: frame.frames,
      };
    },
  };
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
