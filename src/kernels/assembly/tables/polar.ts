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

// @ts-ignore: decorator
@inline
function smallArcTangent(t: f64): f64 {
  const s = t * t;
  return t * (1 - s * (1.0 / 3.0 - s * (1.0 / 5.0 - s * (1.0 / 7.0 - s * (1.0 / 9.0 - s * (1.0 / 11.0 - s / 13.0))))));
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
    for (let j = 0; j < columns; j++, out += step) {
      const along = load<f64>(fs + (<usize>j << 3));
      let up = rowY + along * fsY;
      let left = rowX + along * fsX;
      let ahead = rowZ + along * fsZ;
      if (!isPlain) {
        const y = up;
        const x = left;
        const z = ahead;
        up = m11 * y + m12 * x + m13 * z;
        left = m21 * y + m22 * x + m23 * z;
        ahead = m31 * y + m32 * x + m33 * z;
      }
      const across = up * up + left * left;
      let value: f64;
      if (base == 0) {
        const length = sqrt(across + ahead * ahead);
        value = sqrt(across / (2 * length * (length + ahead)));
      } else if (base == 1) value = sqrt(across);
      else value = atan2(sqrt(across), ahead);
      store<f64>(radial + out, value * factor * scale);
      if (!azimuth) continue;
      const inLine = left * anchorLeft + up * anchorUp;
      const tangent = (up * anchorLeft - left * anchorUp) / inLine;
      if (j < next && inLine > 0 && tangent <= LEAST_TANGENT && tangent >= -LEAST_TANGENT) {
        const angle = anchor + smallArcTangent(tangent);
        store<f64>(azimuth + out, angle > PI ? angle - 2 * PI : angle < -PI ? angle + 2 * PI : angle);
      } else {
        anchor = atan2(up, left);
        store<f64>(azimuth + out, anchor);
        anchorUp = up;
        anchorLeft = left;
        next = j + ANCHOR_EVERY;
      }
    }
  }
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
