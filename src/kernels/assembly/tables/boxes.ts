// Bounding boxes of pixels, and their shares in bins, in AssemblyScript: the twin of detector/integration/pixel-boxes.ts and
// split-box.ts, number by number.
import { addShare, countOne, recordOf } from './entries';
import {
  columnsOf, floorOf, isCircleOf, perTurnOf, perUnitOf, radialLow, relativeAzimuth, rowsOf, RUN_BYTES, turnOf,
  wrapRow,
} from './grid';

const PI: f64 = 3.141592653589793;

/** The nearest whole number, as JavaScript rounds. */
// @ts-ignore: decorator
@inline
function nearest(value: f64): f64 {
  return floor(value + 0.5);
}

/**
 * Boxes of the pixels of a tile, as far as the farthest corner.
 * @param steps uint32 (corner), bytes from the first corner of a pixel to each of its corners
 * @param centres, @param halves float64 (pixel), `toAzimuth` bytes before their azimuths, `pixelStride` bytes from row to row
 * @param radii float64 (corner), `toAngles` bytes before their azimuths; 0 = without azimuth
 */
export function boxTile(
  rows: i32, columns: i32, steps: usize, corners: i32, centres: usize, halves: usize, toAzimuth: usize, pixelStride: usize,
  radii: usize, toAngles: usize, cornerStride: usize, perPixel: usize, isScaled: i32,
): void {
  for (let i = 0; i < rows; i++) {
    let centre = centres + <usize>i * pixelStride;
    let half = halves + <usize>i * pixelStride;
    let corner = radii + <usize>i * cornerStride;
    for (let j = 0; j < columns; j++, centre += 8, half += 8, corner += perPixel) {
      const middle = load<f64>(centre);
      let width: f64 = 0;
      for (let k = 0; k < corners; k++) {
        const distance = abs(load<f64>(corner + load<u32>(steps + (<usize>k << 2))) - middle);
        if (distance > width) width = distance;
      }
      if (toAngles) {
        const angles = corner + toAngles;
        const angle = load<f64>(centre + toAzimuth);
        let halfTurn: f64 = 0;
        for (let k = 0; k < corners; k++) {
          let turn = load<f64>(angles + load<u32>(steps + (<usize>k << 2))) - angle;
          if (turn > PI || turn < -PI) turn -= 2 * PI * nearest(turn / (2 * PI));
          turn = abs(turn);
          if (turn > halfTurn) halfTurn = turn;
        }
        if (halfTurn > 0.5 * PI && abs(turnsAround(angles, steps, corners)) > 1) halfTurn = PI;
        else if (isScaled && width > 0 && halfTurn > 0) {
          const area = abs(areaOf(corner, toAngles, steps, corners));
          const shrink = min(<f64>1, sqrt(area / (4 * width * halfTurn)));
          width *= shrink;
          halfTurn *= shrink;
        }
        store<f64>(half + toAzimuth, halfTurn);
      }
      store<f64>(half, width);
    }
  }
}

function turnsAround(angles: usize, steps: usize, corners: i32): f64 {
  let winding: f64 = 0;
  for (let k = 0; k < corners; k++) {
    const after = k + 1 < corners ? k + 1 : 0;
    const turn =
      load<f64>(angles + load<u32>(steps + (<usize>after << 2))) - load<f64>(angles + load<u32>(steps + (<usize>k << 2)));
    winding += turn <= PI && turn >= -PI ? turn : turn - 2 * PI * nearest(turn / (2 * PI));
  }
  return winding;
}

// @ts-ignore: decorator
@inline
function areaOf(first: usize, toAngles: usize, steps: usize, corners: i32): f64 {
  let area: f64 = 0;
  for (let k = 0; k < corners; k++) {
    const a = first + load<u32>(steps + (<usize>k << 2));
    const b = first + load<u32>(steps + (<usize>(k + 1 < corners ? k + 1 : 0) << 2));
    let turn = load<f64>(b + toAngles) - load<f64>(a + toAngles);
    if (turn > PI || turn < -PI) turn -= 2 * PI * nearest(turn / (2 * PI));
    area += 0.5 * (load<f64>(a) + load<f64>(b)) * turn;
  }
  return area;
}

/** Boxes in one dimension: adds to each bin how many may have a share in it; arguments as those of {@link fillIntervals}. */
export function countIntervals(
  runs: usize, count: i32, centres: usize, halves: usize, mask: usize, weights: usize, grid: usize, records: usize,
): void {
  intervals(runs, count, centres, halves, mask, weights, grid, records, 0, 0);
}

/**
 * Adds their shares.
 * @param runs uint32 (run, 3): first pixel, pixels side by side, place of the first in `centres` and `halves`
 * @param centres, @param halves float64 (place) @param mask uint8 (pixel), or 0
 * @param toShares bytes from an entry's pixel to its share
 */
export function fillIntervals(
  runs: usize, count: i32, centres: usize, halves: usize, mask: usize, weights: usize, grid: usize, records: usize,
  pixels: usize, toShares: usize,
): void {
  intervals(runs, count, centres, halves, mask, weights, grid, records, pixels, toShares);
}

// @ts-ignore: decorator
@inline
function intervals(
  runs: usize, count: i32, centres: usize, halves: usize, mask: usize, weights: usize, grid: usize, records: usize,
  pixels: usize, toShares: usize,
): void {
  const start = radialLow(grid);
  const perUnit = perUnitOf(grid);
  const bins = columnsOf(grid);
  const least = floorOf(grid);
  const toHalf = halves - centres;
  for (let r = 0; r < count; r++) {
    const run = runs + <usize>r * RUN_BYTES;
    let pixel = load<u32>(run);
    const end = pixel + load<u32>(run, 4);
    let place = centres + (<usize>load<u32>(run, 8) << 3);
    for (; pixel < end; pixel++, place += 8) {
      const centre = load<f64>(place);
      const half = load<f64>(place + toHalf);
      const low = (max(centre - half, least) - start) * perUnit;
      const high = (centre + half - start) * perUnit;
      const weight = <f64>load<f32>(weights + (<usize>pixel << 2));
      if (!(high > 0 && low < <f64>bins && weight > 0)) continue;
      if (mask && load<u8>(mask + <usize>pixel)) continue;
      const firstBin = low > 0 ? <i32>low : 0;
      const lastBin = high < <f64>bins ? <i32>high : bins - 1;
      if (!pixels) {
        for (let bin = firstBin; bin <= lastBin; bin++) countOne(recordOf(records, bin));
        continue;
      }
      const perWidth = high > low ? 1 / (high - low) : 0;
      for (let bin = firstBin; bin <= lastBin; bin++) {
        const exact = perWidth == 0 ? 1 : (min(high, <f64>(bin + 1)) - max(low, <f64>bin)) * perWidth;
        addShare(recordOf(records, bin), pixel, exact, weight, pixels, toShares);
      }
    }
  }
}

/** Boxes in two dimensions: adds to each bin how many may have a share in it; arguments as those of {@link fillRectangles}. */
export function countRectangles(
  runs: usize, count: i32, centres: usize, halves: usize, toAzimuth: usize, mask: usize, weights: usize, grid: usize,
  records: usize,
): void {
  rectangles(runs, count, centres, halves, toAzimuth, mask, weights, grid, records, 0, 0);
}

/** Adds their shares: as {@link fillIntervals}, and azimuths lie `toAzimuth` bytes behind. */
export function fillRectangles(
  runs: usize, count: i32, centres: usize, halves: usize, toAzimuth: usize, mask: usize, weights: usize, grid: usize,
  records: usize, pixels: usize, toShares: usize,
): void {
  rectangles(runs, count, centres, halves, toAzimuth, mask, weights, grid, records, pixels, toShares);
}

// @ts-ignore: decorator
@inline
function rectangles(
  runs: usize, count: i32, centres: usize, halves: usize, toAzimuth: usize, mask: usize, weights: usize, grid: usize,
  records: usize, pixels: usize, toShares: usize,
): void {
  const start = radialLow(grid);
  const perUnit = perUnitOf(grid);
  const perTurn = perTurnOf(grid);
  const circle = turnOf(grid);
  const bins = columnsOf(grid);
  const rows = rowsOf(grid);
  const least = floorOf(grid);
  const isCircle = isCircleOf(grid);
  const toHalf = halves - centres;
  // A tall box may reach both ends of a wide sector.
  const reach = isCircle ? 0 : 1;
  for (let r = 0; r < count; r++) {
    const run = runs + <usize>r * RUN_BYTES;
    let pixel = load<u32>(run);
    const end = pixel + load<u32>(run, 4);
    let place = centres + (<usize>load<u32>(run, 8) << 3);
    for (; pixel < end; pixel++, place += 8) {
      const centre = load<f64>(place);
      const halfWidth = load<f64>(place + toHalf);
      const low = (max(centre - halfWidth, least) - start) * perUnit;
      const high = (centre + halfWidth - start) * perUnit;
      const weight = <f64>load<f32>(weights + (<usize>pixel << 2));
      if (!(high > 0 && low < <f64>bins && weight > 0)) continue;
      if (mask && load<u8>(mask + <usize>pixel)) continue;
      const firstBin = low > 0 ? <i32>low : 0;
      const lastBin = high < <f64>bins ? <i32>high : bins - 1;
      const middle = relativeAzimuth(load<f64>(place + toAzimuth), grid) * perTurn;
      const half = load<f64>(place + toHalf + toAzimuth) * perTurn;
      const perWidth = high > low ? 1 / (high - low) : 0;
      const perHeight = half > 0 ? 0.5 / half : 0;
      for (let turns = -reach; turns <= reach; turns++) {
        const bottom = middle + <f64>turns * circle - half;
        const top = middle + <f64>turns * circle + half;
        if (!isCircle && (top < 0 || bottom >= <f64>rows)) continue;
        const lastRow = isCircle || top < <f64>rows ? <i32>floor(top) : rows - 1;
        for (let row = isCircle || bottom > 0 ? <i32>floor(bottom) : 0; row <= lastRow; row++) {
          const line = recordOf(records, wrapRow(row, rows) * bins);
          if (!pixels) {
            for (let bin = firstBin; bin <= lastBin; bin++) countOne(recordOf(line, bin));
            continue;
          }
          const vertical = perHeight == 0 ? 1 : (min(top, <f64>(row + 1)) - max(bottom, <f64>row)) * perHeight;
          for (let bin = firstBin; bin <= lastBin; bin++) {
            const horizontal = perWidth == 0 ? 1 : (min(high, <f64>(bin + 1)) - max(low, <f64>bin)) * perWidth;
            addShare(recordOf(line, bin), pixel, horizontal * vertical, weight, pixels, toShares);
          }
        }
      }
    }
  }
}
