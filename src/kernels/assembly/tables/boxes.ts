// Bounding boxes of pixels, and their shares in bins, in AssemblyScript: the twin of detector/integration/pixel-boxes.ts and
// split-box.ts, number by number.
import { addShare, countOne, RECORD_BYTES, recordOf } from './entries';
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
 * @param isSquare four corners, two and two side by side
 * @param radii float64 (corner), `toAngles` bytes before their azimuths; 0 = without azimuth
 */
export function boxTile(
  rows: i32, columns: i32, steps: usize, corners: i32, centres: usize, halves: usize, toAzimuth: usize, pixelStride: usize,
  radii: usize, toAngles: usize, cornerStride: usize, perPixel: usize, isSquare: i32, isScaled: i32,
): void {
  const far = isSquare ? <usize>load<u32>(steps, 12) : 0;
  for (let i = 0; i < rows; i++) {
    let centre = centres + <usize>i * pixelStride;
    let half = halves + <usize>i * pixelStride;
    let corner = radii + <usize>i * cornerStride;
    if (far && !toAngles) {
      for (let j = 0; j < columns; j++, centre += 8, half += 8, corner += 8) {
        const middle = load<f64>(centre);
        const width = farthest(v128.load(corner), v128.load(corner + far), middle);
        store<f64>(half, width < Infinity ? width : farthestPlace(corner, steps, corners, middle));
      }
      continue;
    }
    for (let j = 0; j < columns; j++, centre += 8, half += 8, corner += perPixel) {
      if (far) {
        const angles = corner + toAngles;
        const near = v128.load(angles);
        const other = v128.load(angles + far);
        const height = farthest(near, other, load<f64>(centre + toAzimuth));
        // Beside the beam, or across the cut, they are looked at one by one.
        if (height < 0.5) {
          const nearRadii = v128.load(corner);
          const otherRadii = v128.load(corner + far);
          let width = farthest(nearRadii, otherRadii, load<f64>(centre));
          if (!(width < Infinity)) width = farthestPlace(corner, steps, corners, load<f64>(centre));
          let shrink: f64 = 1;
          if (isScaled && width > 0 && height > 0) {
            const area = abs(squareArea(nearRadii, otherRadii, near, other));
            if (area >= 0) shrink = min(<f64>1, sqrt(area / (4 * width * height)));
          }
          store<f64>(half, width * shrink);
          store<f64>(half + toAzimuth, height * shrink);
          continue;
        }
      }
      const middle = load<f64>(centre);
      let width = farthestPlace(corner, steps, corners, middle);
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
          const shrink = area >= 0 ? min(<f64>1, sqrt(area / (4 * width * halfTurn))) : 1;
          width *= shrink;
          halfTurn *= shrink;
        }
        store<f64>(half + toAzimuth, halfTurn);
      }
      store<f64>(half, width);
    }
  }
}

/** How far the farthest of four values is from another. */
// @ts-ignore: decorator
@inline
function farthest(near: v128, far: v128, middle: f64): f64 {
  const both = f64x2.splat(middle);
  const two = f64x2.pmax(f64x2.abs(f64x2.sub(near, both)), f64x2.abs(f64x2.sub(far, both)));
  return f64x2.extract_lane(f64x2.pmax(two, v128.shuffle<f64>(two, two, 1, 0)), 0);
}

/** How far the farthest corner is; the logarithm of one on the beam is no place. */
function farthestPlace(corner: usize, steps: usize, corners: i32, middle: f64): f64 {
  let width: f64 = 0;
  for (let k = 0; k < corners; k++) {
    const distance = abs(load<f64>(corner + load<u32>(steps + (<usize>k << 2))) - middle);
    if (distance > width && distance < Infinity) width = distance;
  }
  return width;
}

/** Signed area of an outline of four corners, whose azimuths are on one turn. */
// @ts-ignore: decorator
@inline
function squareArea(nearRadii: v128, farRadii: v128, nearAngles: v128, farAngles: v128): f64 {
  const ra = f64x2.extract_lane(nearRadii, 0);
  const rb = f64x2.extract_lane(nearRadii, 1);
  const rc = f64x2.extract_lane(farRadii, 1);
  const rd = f64x2.extract_lane(farRadii, 0);
  const a = f64x2.extract_lane(nearAngles, 0);
  const b = f64x2.extract_lane(nearAngles, 1);
  const c = f64x2.extract_lane(farAngles, 1);
  const d = f64x2.extract_lane(farAngles, 0);
  return 0.5 * (ra + rb) * (b - a) + 0.5 * (rb + rc) * (c - b) + 0.5 * (rc + rd) * (d - c) + 0.5 * (rd + ra) * (a - d);
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
      addLine(records, firstBin, lastBin, low, high, perWidth, 1, pixel, weight, pixels, toShares);
    }
  }
}

/**
 * Adds the shares of an interval in neighbouring bins, times what it has of their row. Only the first and the last are not
 * covered as a whole: so many comparisons of numbers that are all but random would take longer than the rest.
 */
// @ts-ignore: decorator
@inline
function addLine(
  line: usize, firstBin: i32, lastBin: i32, low: f64, high: f64, perWidth: f64, vertical: f64, pixel: u32, weight: f64,
  pixels: usize, toShares: usize,
): void {
  let record = recordOf(line, firstBin);
  const from = low > 0 ? low : <f64>firstBin;
  const to = high < <f64>(lastBin + 1) ? high : <f64>(lastBin + 1);
  if (firstBin == lastBin) {
    const horizontal = perWidth == 0 ? 1 : (to - from) * perWidth;
    addShare(record, pixel, horizontal * vertical, weight, pixels, toShares);
    return;
  }
  addShare(record, pixel, (<f64>(firstBin + 1) - from) * perWidth * vertical, weight, pixels, toShares);
  record += RECORD_BYTES;
  const last = recordOf(line, lastBin);
  for (; record < last; record += RECORD_BYTES) addShare(record, pixel, perWidth * vertical, weight, pixels, toShares);
  addShare(last, pixel, (to - <f64>lastBin) * perWidth * vertical, weight, pixels, toShares);
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
          addLine(line, firstBin, lastBin, low, high, perWidth, vertical, pixel, weight, pixels, toShares);
        }
      }
    }
  }
}
