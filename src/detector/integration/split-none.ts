import { type BinGrid, relativeAzimuth } from './bin-grid.ts';
import type { PolarPoints } from './pixel-map.ts';

/**
 * Whole pixels, by their centres.
 * @param mask uint8 (pixel), not 0 = in no bin
 * @returns int32 (pixel), -1 = in no bin
 * @source pyFAI, "no" splitting. There pixels up to one bin below a given range end in bin 0 with the histogram; here not.
 */
export function splitNone(centres: PolarPoints, grid: BinGrid, mask: Uint8Array | undefined): Int32Array {
  const { radial, azimuth, isCircle } = grid;
  const pixels = centres.radial.length;
  const perUnit = 1 / radial.step;
  const bins = new Int32Array(pixels);
  for (let i = 0; i < pixels; i++) {
    const at = (centres.radial[i] - radial.low) * perUnit;
    let bin = at >= 0 && at < radial.bins ? Math.floor(at) : -1;
    if (mask !== undefined && mask[i] !== 0) bin = -1;
    if (bin >= 0 && azimuth && centres.azimuth) {
      const turned = relativeAzimuth(centres.azimuth[i], azimuth) / azimuth.step;
      let row = Math.floor(turned);
      if (isCircle) row = (row + azimuth.bins) % azimuth.bins;
      bin = row >= 0 && row < azimuth.bins ? row * radial.bins + bin : -1;
    }
    bins[i] = bin;
  }
  return bins;
}
