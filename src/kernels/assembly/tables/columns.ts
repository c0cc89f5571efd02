// Outlines split over radial bins, in AssemblyScript: the twin of detector/integration/split-polygon.ts in one dimension.
import { addShare, countOne, RECORD_BYTES, recordOf } from './entries';
import { columnsOf, RUN_BYTES } from './grid';
import { beamLow, heightOver, leastOf, leastRadius, mostOf, mostRadius, takeOutline } from './outlines';
import { addStrips, takeQuad, takeStored } from './quad-cuts';

/**
 * Adds to each bin how many pixels may have a share in it.
 * @param runs uint32 (run, 3) @param steps uint32 (corner), bytes @param isSquare four corners, two and two side by side
 * @param beam uint32: pixels that the beam hits, rising, and a number that is none
 * @param mask uint8 (pixel), or 0
 */
export function countColumns(
  runs: usize, count: i32, steps: usize, corners: i32, isSquare: i32, perPixel: usize, radii: usize, toAngles: usize,
  beam: usize, mask: usize, outline: usize, weights: usize, grid: usize, records: usize,
): void {
  const bins = columnsOf(grid);
  const far = <usize>load<u32>(steps + 4 * <usize>(corners - 1));
  for (let r = 0; r < count; r++) {
    const run = runs + <usize>r * RUN_BYTES;
    let pixel = load<u32>(run);
    const end = pixel + load<u32>(run, 4);
    let corner = radii + (<usize>load<u32>(run, 8) << 3);
    while (load<u32>(beam) < pixel) beam += 4;
    for (; pixel < end; pixel++, corner += perPixel) {
      if (!(load<f32>(weights + (<usize>pixel << 2)) > 0)) continue;
      if (mask && load<u8>(mask + <usize>pixel)) continue;
      let low: f64;
      let high: f64;
      if (isSquare) {
        const row = v128.load(corner);
        const next = v128.load(corner + far);
        low = leastOf(row, next);
        high = mostOf(row, next);
      } else {
        low = leastRadius(corner, steps, corners);
        high = mostRadius(corner, steps, corners);
      }
      if (!(high > 0 && low < <f64>bins)) continue;
      if (pixel == load<u32>(beam)) {
        low = beamLow(high, grid);
        beam += 4;
      }
      const lastBin = high < <f64>bins ? <i32>high : bins - 1;
      for (let bin = low > 0 ? <i32>low : 0; bin <= lastBin; bin++) countOne(recordOf(records, bin));
    }
  }
}

/**
 * Adds their shares.
 * @param toAngles bytes from the radius of a corner to its azimuth @param outline float64 (22), for one outline
 * @param shares float64 (radial bin), for one outline @param toShares bytes from an entry's pixel to its share
 */
export function fillColumns(
  runs: usize, count: i32, steps: usize, corners: i32, isSquare: i32, perPixel: usize, radii: usize,
  toAngles: usize, beam: usize, mask: usize, outline: usize, shares: usize, weights: usize, grid: usize, records: usize,
  pixels: usize, toShares: usize,
): void {
  const bins = columnsOf(grid);
  const far = <usize>load<u32>(steps + 4 * <usize>(corners - 1));
  for (let r = 0; r < count; r++) {
    const run = runs + <usize>r * RUN_BYTES;
    let pixel = load<u32>(run);
    const end = pixel + load<u32>(run, 4);
    let corner = radii + (<usize>load<u32>(run, 8) << 3);
    while (load<u32>(beam) < pixel) beam += 4;
    for (; pixel < end; pixel++, corner += perPixel) {
      const weight = <f64>load<f32>(weights + (<usize>pixel << 2));
      if (!(weight > 0)) continue;
      if (mask && load<u8>(mask + <usize>pixel)) continue;
      let low: f64;
      let high: f64;
      let isQuad = isSquare != 0;
      if (isSquare) {
        const row = v128.load(corner);
        const next = v128.load(corner + far);
        low = leastOf(row, next);
        high = mostOf(row, next);
      } else {
        low = leastRadius(corner, steps, corners);
        high = mostRadius(corner, steps, corners);
      }
      if (!(high > 0 && low < <f64>bins)) continue;
      const isBeam = pixel == load<u32>(beam);
      if (isBeam) {
        low = beamLow(high, grid);
        beam += 4;
        isQuad = false;
      }
      const firstBin = low > 0 ? <i32>low : 0;
      const lastBin = high < <f64>bins ? <i32>high : bins - 1;
      if (firstBin == lastBin && low >= 0 && high <= <f64>bins) {
        addShare(recordOf(records, firstBin), pixel, 1, weight, pixels, toShares);
        continue;
      }
      if (isQuad) {
        const angles = corner + toAngles;
        const begin = load<f64>(angles);
        isQuad = takeQuad(
          load<f64>(corner), load<f64>(corner, 8), load<f64>(corner + far, 8), load<f64>(corner + far), 0,
          heightOver(begin, load<f64>(angles, 8)), heightOver(begin, load<f64>(angles + far, 8)),
          heightOver(begin, load<f64>(angles + far)),
        );
      } else if (isBeam || corners == 4) {
        takeOutline(corner, toAngles, steps, corners, isBeam, false, low, high, grid, outline);
        isQuad = takeStored(outline);
      }
      if (isQuad) {
        addStrips(
          <f64>firstBin, lastBin - firstBin + 1, recordOf(records, firstBin), RECORD_BYTES, pixel, weight, pixels, toShares,
        );
        continue;
      }
      const many = takeOutline(corner, toAngles, steps, corners, isBeam, false, low, high, grid, outline);
      splitColumns(outline, many, firstBin, lastBin, shares);
      for (let bin = firstBin; bin <= lastBin; bin++)
        addShare(
          recordOf(records, bin), pixel, load<f64>(shares + (<usize>(bin - firstBin) << 3)), weight, pixels, toShares,
        );
    }
  }
}

/** Shares of any outline in its columns. */
function splitColumns(outline: usize, corners: i32, firstBin: i32, lastBin: i32, shares: usize): void {
  const columns = lastBin - firstBin + 1;
  memory.fill(shares, 0, <usize>columns << 3);
  const lowest = load<f64>(outline, 96);
  let total: f64 = 0;
  for (let k: usize = 0; k < <usize>corners; k++) {
    const corner = outline + (k << 3);
    const x0 = load<f64>(corner, 16);
    const x1 = load<f64>(corner, 24);
    // Heights from the first corner, so that differences stay exact.
    const y0 = load<f64>(corner, 96) - lowest;
    const y1 = load<f64>(corner, 104) - lowest;
    total += 0.5 * (x1 - x0) * (y0 + y1);
    if (x0 != x1) addColumns(shares, x0, y0, x1, y1, firstBin, lastBin);
  }
  for (let k: usize = 0; k < <usize>columns; k++) {
    const at = shares + (k << 3);
    store<f64>(at, load<f64>(at) / total);
  }
}

/** Adds the area below an edge to each column that it crosses. */
function addColumns(areas: usize, x0: f64, y0: f64, x1: f64, y1: f64, firstBin: i32, lastBin: i32): void {
  const slope = (y1 - y0) / (x1 - x0);
  const sign: f64 = x1 > x0 ? 1 : -1;
  let x = min(x1, x0);
  if (x < <f64>firstBin) x = <f64>firstBin;
  let right = max(x1, x0);
  if (right > <f64>(lastBin + 1)) right = <f64>(lastBin + 1);
  while (x < right) {
    const bin = floor(x);
    const end = min(bin + 1, right);
    const at = areas + (<usize>(<i32>bin - firstBin) << 3);
    store<f64>(at, load<f64>(at) + sign * (end - x) * (y0 + (0.5 * (x + end) - x0) * slope));
    x = end;
  }
}
