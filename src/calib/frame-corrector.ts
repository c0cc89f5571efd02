import { type NdArray, ndarray } from '../core/ndarray.ts';
import type { AgipdConstants } from './agipd-constants.ts';
import { type AgipdFrame, type CorrectedFrame, correctAgipdFrame } from './agipd-correction.ts';
import { type AgipdOptions, DEFAULT_AGIPD_OPTIONS } from './agipd-options.ts';
import { DEFAULT_MASK_BITS } from './pack-constants.ts';

/** Corrects single frames of a detector's modules, for looking at them. */
export interface FrameCorrector {
  /** Modules that have constants. */
  readonly modules: ReadonlySet<number>;
  /**
   * One frame of one module.
   * @returns (ss, fs) float32, keV, NaN = bad pixel; null if the module has no constants
   * @throws ShapeMismatch if the frame is not of the size of the constants
   */
  correct(module: number, frame: AgipdFrame): NdArray<'float32'> | null;
}

/**
 * The corrector of an AGIPD.
 * @param constants by module number @param options `commonMode` is null by default, as in the live correction
 * @param maskBits bits of {@link BadPixels} that make a pixel NaN
 */
export function createAgipdCorrector(
  constants: ReadonlyMap<number, AgipdConstants>,
  options: AgipdOptions = DEFAULT_AGIPD_OPTIONS,
  maskBits: number = DEFAULT_MASK_BITS,
): FrameCorrector {
  let out: CorrectedFrame | undefined;
  return {
    modules: new Set(constants.keys()),
    correct(module, frame) {
      const own = constants.get(module);
      if (!own) return null;
      const pixels = own.slowScan * own.fastScan;
      if (out?.data.length !== pixels) {
        out = { data: new Float32Array(pixels), stage: new Uint8Array(pixels), mask: new Uint32Array(pixels) };
      }
      correctAgipdFrame(frame, own, options, out);
      const masked = new Float32Array(pixels);
      for (let i = 0; i < pixels; i++) masked[i] = (out.mask[i] & maskBits) !== 0 ? Number.NaN : out.data[i];
      return ndarray('float32', [own.slowScan, own.fastScan], masked);
    },
  };
}
