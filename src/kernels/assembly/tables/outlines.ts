// Outlines of pixels in bins, in AssemblyScript: the twin of detector/integration/pixel-outlines.ts.
// Corners: float64 radii in bins, and `toAngles` bytes behind each its azimuth in rad.
import { floorOf, isCircleOf, perTurnOf, perUnitOf, radialLow, relativeAzimuth, rowsOf, RUN_BYTES, turnOf } from './grid';

const PI: f64 = 3.141592653589793;

/** Moves radii into bins. */
export function radiiInBins(radii: usize, count: i32, grid: usize): void {
  const low = radialLow(grid);
  const perUnit = perUnitOf(grid);
  for (let i: usize = 0; i < <usize>count; i++) {
    const at = radii + (i << 3);
    store<f64>(at, (load<f64>(at) - low) * perUnit);
  }
}

/**
 * Looks for pixels whose azimuths are far apart: those at the beam, and those across the cut at +-pi.
 * @param runs uint32 (run, 3) @param steps uint32 (corner), bytes @param mask uint8 (pixel), or 0
 * @param range, @param turns float64 (2): widened to radii and azimuths of unmasked pixels, where they are not 0
 * @param found uint32 (pixel, 2): pixel, first corner @returns how many
 */
export function scanCorners(
  runs: usize, count: i32, steps: usize, corners: i32, perPixel: usize, radii: usize, toAngles: usize,
  mask: usize, range: usize, turns: usize, found: usize,
): i32 {
  let many = 0;
  for (let r = 0; r < count; r++) {
    const run = runs + <usize>r * RUN_BYTES;
    const pixel = load<u32>(run);
    const columns = load<u32>(run, 4);
    let corner = radii + (<usize>load<u32>(run, 8) << 3);
    for (let j: u32 = 0; j < columns; j++, corner += perPixel) {
      if (mask && load<u8>(mask + <usize>(pixel + j))) continue;
      const angles = corner + toAngles;
      const begin = load<f64>(angles);
      let farthest: f64 = 0;
      for (let k = 1; k < corners; k++) {
        const apart = abs(load<f64>(angles + load<u32>(steps + (<usize>k << 2))) - begin);
        if (apart > farthest) farthest = apart;
      }
      if (range) {
        for (let k = 0; k < corners; k++) {
          const at = corner + load<u32>(steps + (<usize>k << 2));
          widenTo(range, load<f64>(at));
          widenTo(turns, load<f64>(at + toAngles));
        }
      }
      // All others have no corner that far from the first.
      if (farthest < 1.5) continue;
      const place = found + (<usize>many << 3);
      store<u32>(place, pixel + j);
      store<u32>(place, <u32>((corner - radii) >> 3), 4);
      many++;
    }
  }
  return many;
}

// @ts-ignore: decorator
@inline
function widenTo(range: usize, value: f64): void {
  if (value < load<f64>(range) && value > -Infinity) store<f64>(range, value);
  if (value > load<f64>(range, 8)) store<f64>(range, value, 8);
}

/**
 * An outline in rows of the grid (in rad without rows), on one turn that begins near its first corner.
 * @param outline float64: bottom, top, 10 of x, 10 of y: the first corner once more at the end
 * @param low, @param high its radii @returns its corners
 */
export function takeOutline(
  corner: usize, toAngles: usize, steps: usize, corners: i32, isBeam: bool, hasRows: bool, low: f64, high: f64,
  grid: usize, outline: usize,
): i32 {
  const xs = outline + 16;
  const ys = outline + 96;
  const perTurn = hasRows ? perTurnOf(grid) : 1;
  const turn = 2 * PI * perTurn;
  if (isBeam) {
    // The outline goes round the beam: the pixel reaches all round.
    const bottom = isCircleOf(grid) || !hasRows ? 0 : 0.5 * (<f64>rowsOf(grid) - turn);
    const top = bottom + turn;
    for (let k: usize = 0; k <= 4; k++) {
      store<f64>(xs + (k << 3), k == 1 || k == 2 ? high : low);
      store<f64>(ys + (k << 3), k == 2 || k == 3 ? top : bottom);
    }
    store<f64>(outline, bottom);
    store<f64>(outline, top, 8);
    return 4;
  }
  const angles = corner + toAngles;
  const begin = load<f64>(angles);
  const y0 = hasRows ? relativeAzimuth(begin, grid) * perTurn : 0;
  let previous = y0;
  let bottom = y0;
  let top = y0;
  store<f64>(xs, load<f64>(corner));
  store<f64>(ys, y0);
  for (let k: usize = 1; k < <usize>corners; k++) {
    const at = <usize>load<u32>(steps + (k << 2));
    let step = (load<f64>(angles + at) - begin) * perTurn - (previous - y0);
    if (step > 0.5 * turn || step < -0.5 * turn) step -= turn * floor(step / turn + 0.5); // across the cut
    previous += step;
    store<f64>(xs + (k << 3), load<f64>(corner + at));
    store<f64>(ys + (k << 3), previous);
    if (previous < bottom) bottom = previous;
    if (previous > top) top = previous;
  }
  store<f64>(xs + (<usize>corners << 3), load<f64>(xs));
  store<f64>(ys + (<usize>corners << 3), y0);
  store<f64>(outline, bottom);
  store<f64>(outline, top, 8);
  return corners;
}

/** The same of a pixel with four corners beside the beam, two and two side by side. @param far bytes to the second two */
// @ts-ignore: decorator
@inline
export function takeSquare(
  corner: usize, toAngles: usize, far: usize, perTurn: f64, turn: f64, grid: usize, outline: usize,
): void {
  const near = v128.load(corner);
  const other = v128.load(corner + far);
  v128.store(outline, near, 16);
  v128.store(outline, v128.shuffle<f64>(other, other, 1, 0), 32);
  v128.store_lane<f64>(outline, near, 0, 48);
  const angles = corner + toAngles;
  const begin = load<f64>(angles);
  const y0 = relativeAzimuth(begin, grid) * perTurn;
  const y1 = y0 + stepOnTurn((load<f64>(angles, 8) - begin) * perTurn, turn);
  const y2 = y1 + stepOnTurn((load<f64>(angles + far, 8) - begin) * perTurn - (y1 - y0), turn);
  const y3 = y2 + stepOnTurn((load<f64>(angles + far) - begin) * perTurn - (y2 - y0), turn);
  store<f64>(outline, y0, 96);
  store<f64>(outline, y1, 104);
  store<f64>(outline, y2, 112);
  store<f64>(outline, y3, 120);
  store<f64>(outline, y0, 128);
  const first = f64x2.replace_lane(f64x2.splat(y0), 1, y1);
  const second = f64x2.replace_lane(f64x2.splat(y3), 1, y2);
  store<f64>(outline, leastOf(first, second));
  store<f64>(outline, mostOf(first, second), 8);
}

// @ts-ignore: decorator
@inline
function stepOnTurn(step: f64, turn: f64): f64 {
  return abs(step) > 0.5 * turn ? step - turn * floor(step / turn + 0.5) : step;
}

/** Smallest radius of the pixel that the beam hits. */
export function beamLow(high: f64, grid: usize): f64 {
  const least = floorOf(grid);
  return least > -Infinity ? (least - radialLow(grid)) * perUnitOf(grid) : high - 1;
}

/** From one azimuth to another; corners of an outline that does not go round the beam are less than half a turn apart. */
// @ts-ignore: decorator
@inline
export function heightOver(begin: f64, azimuth: f64): f64 {
  const height = azimuth - begin;
  if (height > PI) return height - 2 * PI;
  return height < -PI ? height + 2 * PI : height;
}

/** The smallest of four: radii of the corners of a square pixel, two and two side by side. */
// @ts-ignore: decorator
@inline
export function leastOf(near: v128, far: v128): f64 {
  const two = f64x2.pmin(near, far);
  return f64x2.extract_lane(f64x2.pmin(two, v128.shuffle<f64>(two, two, 1, 0)), 0);
}

// @ts-ignore: decorator
@inline
export function mostOf(near: v128, far: v128): f64 {
  const two = f64x2.pmax(near, far);
  return f64x2.extract_lane(f64x2.pmax(two, v128.shuffle<f64>(two, two, 1, 0)), 0);
}

/** The smallest radius of an outline of any number of corners. */
export function leastRadius(corner: usize, steps: usize, corners: i32): f64 {
  let low = f64.POSITIVE_INFINITY;
  for (let k: usize = 0; k < <usize>corners; k++) {
    const value = load<f64>(corner + load<u32>(steps + (k << 2)));
    if (value < low) low = value;
  }
  return low;
}

/** The largest. */
export function mostRadius(corner: usize, steps: usize, corners: i32): f64 {
  let high = f64.NEGATIVE_INFINITY;
  for (let k: usize = 0; k < <usize>corners; k++) {
    const value = load<f64>(corner + load<u32>(steps + (k << 2)));
    if (value > high) high = value;
  }
  return high;
}

/** Rows of an outline that was moved by turns; whether it has any. */
// @ts-ignore: decorator
@inline
export function hasRowsAt(outline: usize, turns: i32, grid: usize): bool {
  if (isCircleOf(grid)) return true;
  const shift = <f64>turns * turnOf(grid);
  return load<f64>(outline, 8) + shift > 0 && load<f64>(outline) + shift < <f64>rowsOf(grid);
}

// @ts-ignore: decorator
@inline
export function firstRowAt(outline: usize, turns: i32, grid: usize): i32 {
  const bottom = load<f64>(outline) + <f64>turns * turnOf(grid);
  return isCircleOf(grid) || bottom > 0 ? <i32>floor(bottom) : 0;
}

// @ts-ignore: decorator
@inline
export function lastRowAt(outline: usize, turns: i32, grid: usize): i32 {
  const top = load<f64>(outline, 8) + <f64>turns * turnOf(grid);
  return isCircleOf(grid) || top < <f64>rowsOf(grid) ? <i32>floor(top) : rowsOf(grid) - 1;
}
