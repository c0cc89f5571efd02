// Points of tiles as radius and azimuth, in AssemblyScript: the twin of detector/integration/pixel-map.ts, number by number.

import { RUN_BYTES } from './grid';

// @ts-ignore: decorator
@external("env", "atan2")
declare function atan2(y: f64, x: f64): f64;

/** How many points along a row take their azimuth from one that was computed in full. */
const ANCHOR_EVERY: i32 = 16;
/** Beyond this (tangent of the angle between them) the next anchor is taken. */
const LEAST_TANGENT: f64 = 1.0 / 16.0;
const PI: f64 = 3.141592653589793;

/** A step of the series of the arc tangent, from its end. */
// @ts-ignore: decorator
@inline
function lessProduct(a: f64, s: v128, rest: v128): v128 {
  return f64x2.sub(f64x2.splat(a), f64x2.mul(s, rest));
}

/** Arc tangents of |t| <= 1/16. */
// @ts-ignore: decorator
@inline
function smallArcTangents(t: v128): v128 {
  const s = f64x2.mul(t, t);
  let sum = f64x2.sub(f64x2.splat(1.0 / 11.0), f64x2.div(s, f64x2.splat(13)));
  sum = lessProduct(1.0 / 9.0, s, sum);
  sum = lessProduct(1.0 / 7.0, s, sum);
  sum = lessProduct(1.0 / 5.0, s, sum);
  sum = lessProduct(1.0 / 3.0, s, sum);
  return f64x2.mul(t, lessProduct(1, s, sum));
}

/**
 * Radius and azimuth of the points of a lattice.
 * @param plan float64: tile (9), shift (y, x, z), matrix (9), two factors of the radius, shift of odd rows along fs
 * @param ss float64 (row) @param fs float64 (column): places in pixels
 * @param base 0 = sine of half the scattering angle, 1 = distance from the beam, 2 = the angle
 * @param radial where the first goes; `rowStride` and `step` in bytes @param azimuth 0 = not wanted
 */
export function polar(
  plan: usize, ss: usize, rows: i32, fs: usize, columns: i32, isPlain: i32, base: i32,
  radial: usize, azimuth: usize, rowStride: usize, step: usize,
): void {
  const fsX = load<f64>(plan, 48);
  const fsY = load<f64>(plan, 56);
  const fsZ = load<f64>(plan, 64);
  const m11 = load<f64>(plan, 96);
  const m12 = load<f64>(plan, 104);
  const m13 = load<f64>(plan, 112);
  const m21 = load<f64>(plan, 120);
  const m22 = load<f64>(plan, 128);
  const m23 = load<f64>(plan, 136);
  const m31 = load<f64>(plan, 144);
  const m32 = load<f64>(plan, 152);
  const m33 = load<f64>(plan, 160);
  const factor = load<f64>(plan, 168);
  const scale = load<f64>(plan, 176);
  for (let i = 0; i < rows; i++) {
    const place = load<f64>(ss + (<usize>i << 3));
    const shift = i & 1 ? load<f64>(plan, 184) : 0;
    const rowX = load<f64>(plan) + place * load<f64>(plan, 24) + shift * fsX + load<f64>(plan, 80);
    const rowY = load<f64>(plan, 8) + place * load<f64>(plan, 32) + shift * fsY + load<f64>(plan, 72);
    const rowZ = load<f64>(plan, 16) + place * load<f64>(plan, 40) + shift * fsZ + load<f64>(plan, 88);
    let out = <usize>i * rowStride;
    let anchorUp: f64 = 0;
    let anchorLeft: f64 = 0;
    let anchor: f64 = 0;
    let next = 0;
    // Two points at a time; behind the last there is one that goes nowhere.
    for (let j = 0; j < columns; j += 2, out += 2 * step) {
      const isPair = j + 1 < columns;
      const along = v128.load(fs + (<usize>j << 3));
      let up = f64x2.add(f64x2.splat(rowY), f64x2.mul(along, f64x2.splat(fsY)));
      let left = f64x2.add(f64x2.splat(rowX), f64x2.mul(along, f64x2.splat(fsX)));
      let ahead = f64x2.add(f64x2.splat(rowZ), f64x2.mul(along, f64x2.splat(fsZ)));
      if (!isPlain) {
        const y = up;
        const x = left;
        const z = ahead;
        up = turned(m11, m12, m13, y, x, z);
        left = turned(m21, m22, m23, y, x, z);
        ahead = turned(m31, m32, m33, y, x, z);
      }
      const across = f64x2.add(f64x2.mul(up, up), f64x2.mul(left, left));
      let value: v128;
      if (base == 0) {
        const length = f64x2.sqrt(f64x2.add(across, f64x2.mul(ahead, ahead)));
        const twice = f64x2.mul(f64x2.splat(2), length);
        value = f64x2.sqrt(f64x2.div(across, f64x2.mul(twice, f64x2.add(length, ahead))));
      } else {
        value = f64x2.sqrt(across);
        if (base == 2) {
          const first = atan2(f64x2.extract_lane(value, 0), f64x2.extract_lane(ahead, 0));
          const second = atan2(f64x2.extract_lane(value, 1), f64x2.extract_lane(ahead, 1));
          value = f64x2.replace_lane(f64x2.splat(first), 1, second);
        }
      }
      value = f64x2.mul(f64x2.mul(value, f64x2.splat(factor)), f64x2.splat(scale));
      v128.store_lane<f64>(radial + out, value, 0);
      if (isPair) v128.store_lane<f64>(radial + out + step, value, 1);
      if (!azimuth) continue;
      const inLine = f64x2.add(f64x2.mul(left, f64x2.splat(anchorLeft)), f64x2.mul(up, f64x2.splat(anchorUp)));
      const aside = f64x2.sub(f64x2.mul(up, f64x2.splat(anchorLeft)), f64x2.mul(left, f64x2.splat(anchorUp)));
      const tangent = f64x2.div(aside, inLine);
      const isNear = v128.and(
        f64x2.gt(inLine, f64x2.splat(0)),
        f64x2.le(f64x2.abs(tangent), f64x2.splat(LEAST_TANGENT)),
      );
      if (j + 1 < next && i64x2.all_true(isNear)) {
        const angles = f64x2.add(f64x2.splat(anchor), smallArcTangents(tangent));
        if (v128.any_true(f64x2.gt(f64x2.abs(angles), f64x2.splat(PI)))) {
          store<f64>(azimuth + out, onTurn(f64x2.extract_lane(angles, 0)));
          if (isPair) store<f64>(azimuth + out + step, onTurn(f64x2.extract_lane(angles, 1)));
        } else {
          v128.store_lane<f64>(azimuth + out, angles, 0);
          if (isPair) v128.store_lane<f64>(azimuth + out + step, angles, 1);
        }
        continue;
      }
      const many = isPair ? 2 : 1;
      for (let k = 0; k < many; k++) {
        const pointUp = k ? f64x2.extract_lane(up, 1) : f64x2.extract_lane(up, 0);
        const pointLeft = k ? f64x2.extract_lane(left, 1) : f64x2.extract_lane(left, 0);
        const pointInLine = pointLeft * anchorLeft + pointUp * anchorUp;
        const pointTangent = (pointUp * anchorLeft - pointLeft * anchorUp) / pointInLine;
        const to = azimuth + out + <usize>k * step;
        if (j + k < next && pointInLine > 0 && abs(pointTangent) <= LEAST_TANGENT) {
          store<f64>(to, onTurn(anchor + f64x2.extract_lane(smallArcTangents(f64x2.splat(pointTangent)), 0)));
        } else {
          anchor = atan2(pointUp, pointLeft);
          store<f64>(to, anchor);
          anchorUp = pointUp;
          anchorLeft = pointLeft;
          next = j + k + ANCHOR_EVERY;
        }
      }
    }
  }
}

// @ts-ignore: decorator
@inline
function turned(a: f64, b: f64, c: f64, y: v128, x: v128, z: v128): v128 {
  const two = f64x2.add(f64x2.mul(f64x2.splat(a), y), f64x2.mul(f64x2.splat(b), x));
  return f64x2.add(two, f64x2.mul(f64x2.splat(c), z));
}

/** An azimuth just beyond +-pi on the turn from -pi to pi. */
// @ts-ignore: decorator
@inline
function onTurn(angle: f64): f64 {
  return angle > PI ? angle - 2 * PI : angle < -PI ? angle + 2 * PI : angle;
}

/** Widens a range to values. @param range float64 (2) */
export function widen(values: usize, count: i32, range: usize): void {
  let low = load<f64>(range);
  let high = load<f64>(range, 8);
  const end = values + (<usize>count << 3);
  for (; values < end; values += 8) {
    const value = load<f64>(values);
    if (value < low && value > -Infinity) low = value;
    if (value > high) high = value;
  }
  store<f64>(range, low);
  store<f64>(range, high, 8);
}

/**
 * Widens a range to values of pixels, without the mask's.
 * @param runs uint32 (run, 3): first pixel, pixels side by side, place of the first in `values`
 * @param halves how far each reaches, or 0 @param mask uint8 (pixel), or 0 @param range float64 (2)
 */
export function widenRuns(runs: usize, count: i32, values: usize, halves: usize, mask: usize, range: usize): void {
  let low = load<f64>(range);
  let high = load<f64>(range, 8);
  const toHalf = halves - values;
  for (let r = 0; r < count; r++) {
    const run = runs + <usize>r * RUN_BYTES;
    const pixel = load<u32>(run);
    const columns = load<u32>(run, 4);
    const start = values + (<usize>load<u32>(run, 8) << 3);
    for (let j: u32 = 0; j < columns; j++) {
      if (mask && load<u8>(mask + <usize>(pixel + j))) continue;
      const at = start + (<usize>j << 3);
      const value = load<f64>(at);
      const reach = halves ? load<f64>(at + toHalf) : 0;
      const least = value - reach;
      const most = value + reach;
      if (least < low && least > -Infinity) low = least;
      if (most > high) high = most;
    }
  }
  store<f64>(range, low);
  store<f64>(range, high, 8);
}
