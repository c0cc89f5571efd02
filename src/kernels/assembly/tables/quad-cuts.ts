// Cumulative areas of a convex quadrilateral, in AssemblyScript: the twin of detector/integration/quad-cuts.ts.
// Results are globals: a kernel instance works on one quadrilateral at a time.
import { addShare } from './entries';

let left0: f64 = 0;
let left1: f64 = 0;
let left2: f64 = 0;
let width1: f64 = 0;
let width2: f64 = 0;
let width3: f64 = 0;
let height1: f64 = 0;
let height2: f64 = 0;
let slope1: f64 = 0;
let slope2: f64 = 0;
let slope3: f64 = 0;
/** All of it. */
export let quadArea: f64 = 0;

/** Takes four corners, going round; whether they are those of a convex quadrilateral with an area. */
// @ts-ignore: decorator
@inline
export function takeQuad(xa: f64, xb: f64, xc: f64, xd: f64, ya: f64, yb: f64, yc: f64, yd: f64): bool {
  const turnB = (xb - xa) * (yc - yb) - (yb - ya) * (xc - xb);
  const turnC = (xc - xb) * (yd - yc) - (yc - yb) * (xd - xc);
  const turnD = (xd - xc) * (ya - yd) - (yd - yc) * (xa - xd);
  const turnA = (xa - xd) * (yb - ya) - (ya - yd) * (xb - xa);
  const isLeft = (turnA >= 0) & (turnB >= 0) & (turnC >= 0) & (turnD >= 0);
  const isRight = (turnA <= 0) & (turnB <= 0) & (turnC <= 0) & (turnD <= 0);
  if (!(isLeft | isRight)) return false;
  // From the smallest corner: its neighbours, and the one across.
  let x0 = xa;
  let y0 = ya;
  let beforeX = xd;
  let beforeY = yd;
  let acrossX = xc;
  let acrossY = yc;
  let afterX = xb;
  let afterY = yb;
  if (xb < x0) {
    x0 = xb;
    y0 = yb;
    beforeX = xa;
    beforeY = ya;
    acrossX = xd;
    acrossY = yd;
    afterX = xc;
    afterY = yc;
  }
  if (xc < x0) {
    x0 = xc;
    y0 = yc;
    beforeX = xb;
    beforeY = yb;
    acrossX = xa;
    acrossY = ya;
    afterX = xd;
    afterY = yd;
  }
  if (xd < x0) {
    x0 = xd;
    y0 = yd;
    beforeX = xc;
    beforeY = yc;
    acrossX = xb;
    acrossY = yb;
    afterX = xa;
    afterY = ya;
  }
  const isSwapped = afterX > beforeX;
  const x1 = isSwapped ? beforeX : afterX;
  const y1 = isSwapped ? beforeY : afterY;
  let x2 = acrossX;
  let x3 = isSwapped ? afterX : beforeX;
  const y3 = isSwapped ? afterY : beforeY;
  let first: f64;
  let second: f64;
  if (x2 >= x3) {
    // The largest is across: each of the others is on one side of the two.
    const farX = x3;
    x3 = x2;
    x2 = farX;
    // With x2 = x0 the first edge stands upright: it is the height itself.
    first = x2 > x0 ? abs(y0 + ((y3 - y0) * (x1 - x0)) / (x2 - x0) - y1) : abs(y3 - y0);
    second = x3 > x1 ? abs(y1 + ((acrossY - y1) * (x2 - x1)) / (x3 - x1) - y3) : abs(acrossY - y1);
  } else {
    // The largest is a neighbour: the others are on the same side of the edge to it, and x rises along them.
    const slope = (y3 - y0) / (x3 - x0);
    first = abs(y1 - y0 - (x1 - x0) * slope);
    second = abs(acrossY - y0 - (x2 - x0) * slope);
  }
  left0 = x0;
  left1 = x1;
  left2 = x2;
  width1 = x1 - x0;
  width2 = x2 - x1;
  width3 = x3 - x2;
  height1 = first;
  height2 = second;
  slope1 = width1 > 0 ? (0.5 * first) / width1 : 0;
  slope2 = width2 > 0 ? (0.5 * (second - first)) / width2 : 0;
  slope3 = width3 > 0 ? (0.5 * second) / width3 : 0;
  quadArea = slope1 * width1 * width1 + width2 * (first + slope2 * width2) + width3 * (second - slope3 * width3);
  return quadArea > 0;
}

/** Takes an outline of four corners, see `takeOutline`. */
export function takeStored(outline: usize): bool {
  return takeQuad(
    load<f64>(outline, 16), load<f64>(outline, 24), load<f64>(outline, 32), load<f64>(outline, 40),
    load<f64>(outline, 96), load<f64>(outline, 104), load<f64>(outline, 112), load<f64>(outline, 120),
  );
}

/** Areas left of two lines: what of each piece is left of them, without a branch. */
// @ts-ignore: decorator
@inline
export function areasBelow(x: v128): v128 {
  const none = f64x2.splat(0);
  const first = f64x2.pmin(f64x2.pmax(f64x2.sub(x, f64x2.splat(left0)), none), f64x2.splat(width1));
  const second = f64x2.pmin(f64x2.pmax(f64x2.sub(x, f64x2.splat(left1)), none), f64x2.splat(width2));
  const third = f64x2.pmin(f64x2.pmax(f64x2.sub(x, f64x2.splat(left2)), none), f64x2.splat(width3));
  const a = f64x2.mul(f64x2.mul(f64x2.splat(slope1), first), first);
  const b = f64x2.mul(second, f64x2.add(f64x2.splat(height1), f64x2.mul(f64x2.splat(slope2), second)));
  const c = f64x2.mul(third, f64x2.sub(f64x2.splat(height2), f64x2.mul(f64x2.splat(slope3), third)));
  return f64x2.add(f64x2.add(a, b), c);
}

/** Adds the shares of the quadrilateral in strips of width 1, whose records are `stride` bytes apart. */
// @ts-ignore: decorator
@inline
export function addStrips(
  first: f64, strips: i32, record: usize, stride: usize, pixel: u32, weight: f64, pixels: usize, toShares: usize,
): void {
  const perArea = 1 / quadArea;
  // Most begin where their first strip does.
  let below = first <= left0 ? 0 : f64x2.extract_lane(areasBelow(f64x2.splat(first)), 0);
  for (let k = 0; k < strips; k += 2) {
    const line = first + <f64>k + 1;
    const next = areasBelow(f64x2.replace_lane(f64x2.splat(line), 1, first + <f64>(k + 1) + 1));
    const middle = f64x2.extract_lane(next, 0);
    addShare(record, pixel, (middle - below) * perArea, weight, pixels, toShares);
    record += stride;
    if (k + 1 == strips) break;
    below = f64x2.extract_lane(next, 1);
    addShare(record, pixel, (below - middle) * perArea, weight, pixels, toShares);
    record += stride;
  }
}
