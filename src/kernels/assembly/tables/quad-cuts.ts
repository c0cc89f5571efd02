// Cumulative areas of a convex quadrilateral, in AssemblyScript: the twin of detector/integration/quad-cuts.ts.
// Results are globals: a kernel instance works on one quadrilateral at a time.

let left0: f64 = 0;
let left1: f64 = 0;
let left2: f64 = 0;
let left3: f64 = 0;
let height1: f64 = 0;
let height2: f64 = 0;
let area1: f64 = 0;
let area2: f64 = 0;
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
  left3 = x3;
  height1 = first;
  height2 = second;
  area1 = 0.5 * first * (x1 - x0);
  area2 = area1 + 0.5 * (first + second) * (x2 - x1);
  quadArea = area2 + 0.5 * second * (x3 - x2);
  return quadArea > 0;
}

/** Takes an outline of four corners, see `takeOutline`. */
export function takeStored(outline: usize): bool {
  return takeQuad(
    load<f64>(outline, 16), load<f64>(outline, 24), load<f64>(outline, 32), load<f64>(outline, 40),
    load<f64>(outline, 96), load<f64>(outline, 104), load<f64>(outline, 112), load<f64>(outline, 120),
  );
}

/** Area left of a line. */
// @ts-ignore: decorator
@inline
export function areaBelow(x: f64): f64 {
  if (x <= left0) return 0;
  if (x >= left3) return quadArea;
  if (x < left1) {
    const into = x - left0;
    return (0.5 * height1 * into * into) / (left1 - left0);
  }
  if (x < left2) {
    const into = x - left1;
    return area1 + into * (height1 + (0.5 * (height2 - height1) * into) / (left2 - left1));
  }
  const rest = left3 - x;
  return quadArea - (0.5 * height2 * rest * rest) / (left3 - left2);
}
