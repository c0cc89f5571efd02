// Whole pixels in bins, in AssemblyScript: the twin of detector/integration/split-none.ts.
import { addWhole, countOne, recordOf } from './entries';
import { columnsOf, isCircleOf, perUnitOf, radialLow, relativeAzimuth, rowsOf, RUN_BYTES, stepOf } from './grid';

/** Counts the pixels of each bin; arguments as those of {@link fillWhole}. */
export function countWhole(
  runs: usize, count: i32, centres: usize, toAzimuth: usize, mask: usize, weights: usize, grid: usize, records: usize,
): void {
  whole(runs, count, centres, toAzimuth, mask, weights, grid, records, 0);
}

/**
 * Adds pixels to the table.
 * @param runs uint32 (run, 3): first pixel, pixels side by side, place of the first in `centres`
 * @param centres float64 (place), `toAzimuth` bytes before their azimuths; 0 = without azimuth @param mask uint8 (pixel), or 0
 */
export function fillWhole(
  runs: usize, count: i32, centres: usize, toAzimuth: usize, mask: usize, weights: usize, grid: usize, records: usize,
  pixels: usize, toShares: usize,
): void {
  whole(runs, count, centres, toAzimuth, mask, weights, grid, records, pixels);
}

// @ts-ignore: decorator
@inline
function whole(
  runs: usize, count: i32, centres: usize, toAzimuth: usize, mask: usize, weights: usize, grid: usize, records: usize,
  pixels: usize,
): void {
  const low = radialLow(grid);
  const perUnit = perUnitOf(grid);
  const columns = columnsOf(grid);
  const rows = rowsOf(grid);
  const step = stepOf(grid);
  const isCircle = isCircleOf(grid);
  for (let r = 0; r < count; r++) {
    const run = runs + <usize>r * RUN_BYTES;
    let pixel = load<u32>(run);
    const end = pixel + load<u32>(run, 4);
    let place = centres + (<usize>load<u32>(run, 8) << 3);
    for (; pixel < end; pixel++, place += 8) {
      const at = (load<f64>(place) - low) * perUnit;
      const weight = load<f32>(weights + (<usize>pixel << 2));
      if (!(at >= 0 && at < <f64>columns && weight > 0)) continue;
      if (mask && load<u8>(mask + <usize>pixel)) continue;
      let bin = <i32>at;
      if (toAzimuth) {
        let row = <i32>floor(relativeAzimuth(load<f64>(place + toAzimuth), grid) / step);
        if (isCircle) row = (row + rows) % rows;
        if (row < 0 || row >= rows) continue;
        bin += row * columns;
      }
      const record = recordOf(records, bin);
      if (pixels) addWhole(record, pixel, <f64>weight, pixels);
      else countOne(record);
    }
  }
}
