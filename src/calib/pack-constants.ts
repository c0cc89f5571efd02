import { BadPixels } from '../core/bad-pixels.ts';
import { ShapeMismatch } from '../core/errors.ts';
import type { PackedConstants } from '../kernels/kernels.ts';
import type { AgipdConstants } from './agipd-constants.ts';
import type { AgipdOptions } from './agipd-options.ts';
import { pixelGain } from './pixel-gain.ts';

const MAX_UINT16 = 65_535;

/** Bits that make a pixel NaN: all but the one that only marks pixels of another size. */
export const DEFAULT_MASK_BITS = ~BadPixels.NON_STANDARD_SIZE >>> 0;

/** Where packed constants go, usually two arrays of a kernel arena. */
export interface PackTarget {
  /** uint16 (cell, 4, pixel) */
  readonly limits: Uint16Array;
  /** float32 (cell, 6, pixel) */
  readonly factors: Float32Array;
}

/** Elements of the packed arrays of one module. */
export function packedLengths(cells: number, pixels: number): { readonly limits: number; readonly factors: number } {
  return { limits: cells * 4 * pixels, factors: cells * 6 * pixels };
}

/**
 * Brings the constants of one module into the form that the `correct` kernels read: integer limits that give the same stage
 * as the comparison of floats, offsets with the medium-gain shift folded in, gains that are NaN where the pixel is bad.
 * Common mode is not part of it.
 * @param out exactly {@link packedLengths} long; written
 * @param maskBits bits of {@link BadPixels} that make a pixel NaN
 * @throws ShapeMismatch if `out` has another length
 */
export function packAgipdConstants(
  constants: AgipdConstants,
  options: AgipdOptions,
  out: PackTarget,
  maskBits: number = DEFAULT_MASK_BITS,
): PackedConstants {
  const pixels = constants.slowScan * constants.fastScan;
  const { cells } = constants;
  const expected = packedLengths(cells, pixels);
  if (out.limits.length !== expected.limits || out.factors.length !== expected.factors) {
    throw new ShapeMismatch(
      `Packed constants of ${cells} cells and ${pixels} pixels take ${expected.limits} limits and ${expected.factors} factors.`,
      { expected, got: { limits: out.limits.length, factors: out.factors.length } },
    );
  }
  const { limits, factors } = out;
  const offsets = constants.offset.data;
  const thresholds = constants.thresholds.data;
  const bad = constants.badPixels.data;
  const fixed = options.fixedStage;
  for (let cell = 0; cell < cells; cell++) {
    for (let i = 0; i < pixels; i++) {
      const limit = cell * 4 * pixels + i;
      const threshold = cell * 2 * pixels + i;
      const offset = cell * 3 * pixels + i;
      const toLow = fixed === null ? integerBelow(thresholds[threshold + pixels]) : MAX_UINT16;
      // above the second threshold is low gain, even where a faulty pixel has the first one higher still
      limits[limit] = fixed === null ? Math.min(integerBelow(thresholds[threshold]), toLow) : MAX_UINT16;
      limits[limit + pixels] = toLow;
      limits[limit + 2 * pixels] = firstNotBelow(offsets[offset + pixels], options.forceMediumBelow);
      limits[limit + 3 * pixels] = firstNotBelow(offsets[offset], options.forceHighBelow);
      for (let slot = 0; slot < 3; slot++) {
        // in fixed-gain mode every pixel takes the first slot
        const stage = fixed ?? slot;
        const { scale, shift } = pixelGain(constants, options, cell, stage, i);
        const isBad = (bad[offset + stage * pixels] & maskBits) !== 0;
        const factor = (cell * 6 + 2 * slot) * pixels + i;
        factors[factor] = offsets[offset + stage * pixels] - shift;
        factors[factor + pixels] = isBad ? Number.NaN : scale;
      }
    }
  }
  return { cells, pixels, limits, factors };
}

/** The integer that says the same as `threshold` to the question "is the integer e above it?"; never above for NaN. */
function integerBelow(threshold: number): number {
  return threshold < MAX_UINT16 ? Math.max(0, Math.floor(threshold)) : MAX_UINT16;
}

/** The smallest integer that is not less than `limit` above `offset`; 0 if nothing is ever taken back. */
function firstNotBelow(offset: number, limit: number | null): number {
  if (limit === null || Number.isNaN(offset)) return 0;
  let value = Math.ceil(offset + limit) - 1;
  // the rounding of the float32 difference decides, as it does in the plain correction
  while (Math.fround(value - offset) < limit) value++;
  return Math.min(MAX_UINT16, Math.max(0, value));
}
