// Gain stage, offset, gain and mask of one detector module, raw uint16 to keV. AssemblyScript; see ../kernels.ts for the contract.
//
// Constants of one module, cell by cell:
//   limits   uint16 [cell][4][pixel]  T0, T1 (gain stage: strictly above), L1, L0 (analogue values below fall one stage back)
//   factors  float32 [cell][6][pixel] offset and gain of stage 0, 1, 2; the gain of a masked pixel is NaN
// Blocks of pixels run over all frames before the next block, so that sums stay in the caches next to the core.

const BLOCK: usize = 4096;

// @ts-ignore: decorator
@inline
function stageOffset(base: usize, plane: usize, i: usize): v128 {
  return v128.load(base + plane * 4 + i * 4);
}

// @ts-ignore: decorator
@inline
function isValid(value: v128, range: v128): v128 {
  // false for NaN as well, so that one comparison finds masked and out-of-range pixels
  return f32x4.le(f32x4.abs(value), range);
}

// @ts-ignore: decorator
@inline
function lowHalf(a: v128): v128 {
  return f32x4.convert_i32x4_u(i32x4.extend_low_i16x8_u(a));
}

// @ts-ignore: decorator
@inline
function highHalf(a: v128): v128 {
  return f32x4.convert_i32x4_u(i32x4.extend_high_i16x8_u(a));
}

// @ts-ignore: decorator
@inline
function add(sum: usize, count: usize, i: usize, value: v128, range: v128): void {
  const valid = isValid(value, range);
  const s = sum + i * 4;
  const c = count + i * 4;
  v128.store(s, f32x4.add(v128.load(s), v128.and(value, valid)));
  v128.store(c, i32x4.sub(v128.load(c), valid));
}

// @ts-ignore: decorator
@inline
function pick(f: usize, pixels: usize, i: usize, half: v128, one: v128, two: v128): v128 {
  const o = v128.bitselect(stageOffset(f, 4 * pixels, i), v128.bitselect(stageOffset(f, 2 * pixels, i), stageOffset(f, 0, i), one), two);
  const g = v128.bitselect(stageOffset(f, 5 * pixels, i), v128.bitselect(stageOffset(f, 3 * pixels, i), stageOffset(f, pixels, i), one), two);
  return f32x4.mul(f32x4.sub(half, o), g);
}

/** Adds the corrected frames of one module to `sum` (float32) and `count` (int32). `pixels` is a multiple of 8. */
export function correctAccumulate(
  analogue: usize,
  gain: usize,
  frameStride: usize,
  frames: u32,
  cells: usize,
  cellCount: u32,
  pixels: usize,
  limits: usize,
  factors: usize,
  range: f32,
  sum: usize,
  count: usize,
): void {
  const limit = f32x4.splat(range);
  for (let start: usize = 0; start < pixels; start += BLOCK) {
    const stop = min(start + BLOCK, pixels);
    for (let frame: u32 = 0; frame < frames; frame++) {
      const cell = <u32>load<u16>(cells + (<usize>frame << 1));
      if (cell >= cellCount) continue;
      const a = analogue + <usize>frame * frameStride;
      const e = gain + <usize>frame * frameStride;
      const t = limits + <usize>cell * pixels * 8;
      const f = factors + <usize>cell * pixels * 24;
      for (let i = start; i < stop; i += 8) {
        const raw = v128.load(a + i * 2);
        const evaluated = v128.load(e + i * 2);
        const above0 = i16x8.gt_u(evaluated, v128.load(t + i * 2));
        const low = lowHalf(raw);
        const high = highHalf(raw);
        if (!v128.any_true(above0)) {
          add(sum, count, i, f32x4.mul(f32x4.sub(low, stageOffset(f, 0, i)), stageOffset(f, pixels, i)), limit);
          add(sum, count, i + 4, f32x4.mul(f32x4.sub(high, stageOffset(f, 0, i + 4)), stageOffset(f, pixels, i + 4)), limit);
        } else {
          const above1 = i16x8.gt_u(evaluated, v128.load(t + pixels * 2 + i * 2));
          const one = v128.andnot(above0, i16x8.lt_u(raw, v128.load(t + pixels * 6 + i * 2)));
          const two = v128.and(one, v128.andnot(above1, i16x8.lt_u(raw, v128.load(t + pixels * 4 + i * 2))));
          add(sum, count, i, pick(f, pixels, i, low, i32x4.extend_low_i16x8_s(one), i32x4.extend_low_i16x8_s(two)), limit);
          add(sum, count, i + 4, pick(f, pixels, i + 4, high, i32x4.extend_high_i16x8_s(one), i32x4.extend_high_i16x8_s(two)), limit);
        }
      }
    }
  }
}

/** Writes the corrected frames (frame, pixel) float32, NaN where masked, and the gain stage (uint8) unless `stage` is 0. */
export function correct(
  analogue: usize,
  gain: usize,
  frameStride: usize,
  frames: u32,
  cells: usize,
  cellCount: u32,
  pixels: usize,
  limits: usize,
  factors: usize,
  range: f32,
  out: usize,
  stage: usize,
): void {
  const limit = f32x4.splat(range);
  const nan = f32x4.splat(NaN);
  for (let frame: u32 = 0; frame < frames; frame++) {
    const o = out + <usize>frame * pixels * 4;
    const s = stage + <usize>frame * pixels;
    const cell = <u32>load<u16>(cells + (<usize>frame << 1));
    if (cell >= cellCount) {
      for (let i: usize = 0; i < pixels; i += 4) v128.store(o + i * 4, nan);
      if (stage) memory.fill(s, 0, pixels);
      continue;
    }
    const a = analogue + <usize>frame * frameStride;
    const e = gain + <usize>frame * frameStride;
    const t = limits + <usize>cell * pixels * 8;
    const f = factors + <usize>cell * pixels * 24;
    for (let i: usize = 0; i < pixels; i += 8) {
      const raw = v128.load(a + i * 2);
      const evaluated = v128.load(e + i * 2);
      const above0 = i16x8.gt_u(evaluated, v128.load(t + i * 2));
      let first: v128;
      let second: v128;
      if (!v128.any_true(above0)) {
        first = f32x4.mul(f32x4.sub(lowHalf(raw), stageOffset(f, 0, i)), stageOffset(f, pixels, i));
        second = f32x4.mul(f32x4.sub(highHalf(raw), stageOffset(f, 0, i + 4)), stageOffset(f, pixels, i + 4));
        if (stage) store<u64>(s + i, 0);
      } else {
        const above1 = i16x8.gt_u(evaluated, v128.load(t + pixels * 2 + i * 2));
        const one = v128.andnot(above0, i16x8.lt_u(raw, v128.load(t + pixels * 6 + i * 2)));
        const two = v128.and(one, v128.andnot(above1, i16x8.lt_u(raw, v128.load(t + pixels * 4 + i * 2))));
        first = pick(f, pixels, i, lowHalf(raw), i32x4.extend_low_i16x8_s(one), i32x4.extend_low_i16x8_s(two));
        second = pick(f, pixels, i + 4, highHalf(raw), i32x4.extend_high_i16x8_s(one), i32x4.extend_high_i16x8_s(two));
        if (stage) {
          const stages = i16x8.neg(i16x8.add(one, two));
          store<u64>(s + i, i64x2.extract_lane(i8x16.narrow_i16x8_u(stages, stages), 0));
        }
      }
      v128.store(o + i * 4, v128.bitselect(first, nan, isValid(first, limit)));
      v128.store(o + i * 4 + 16, v128.bitselect(second, nan, isValid(second, limit)));
    }
  }
}

/** Adds uncorrected frames (uint16) of one module to `sum` and `count`. */
export function rawAccumulate(analogue: usize, frameStride: usize, frames: u32, pixels: usize, sum: usize, count: usize): void {
  const each = i32x4.splat(<i32>frames);
  for (let start: usize = 0; start < pixels; start += BLOCK) {
    const stop = min(start + BLOCK, pixels);
    for (let frame: u32 = 0; frame < frames; frame++) {
      const a = analogue + <usize>frame * frameStride;
      for (let i = start; i < stop; i += 8) {
        const raw = v128.load(a + i * 2);
        const s = sum + i * 4;
        v128.store(s, f32x4.add(v128.load(s), lowHalf(raw)));
        v128.store(s + 16, f32x4.add(v128.load(s + 16), highHalf(raw)));
      }
    }
    for (let i = start; i < stop; i += 4) v128.store(count + i * 4, i32x4.add(v128.load(count + i * 4), each));
  }
}

/** Adds float32 frames to `sum` and `count`; NaN and values beyond `range` are left out. */
export function floatAccumulate(values: usize, frameStride: usize, frames: u32, pixels: usize, range: f32, sum: usize, count: usize): void {
  const limit = f32x4.splat(range);
  for (let start: usize = 0; start < pixels; start += BLOCK) {
    const stop = min(start + BLOCK, pixels);
    let frame: u32 = 0;
    // Four frames at a time: sum and count are then loaded and stored once for four values.
    for (; frame + 4 <= frames; frame += 4) {
      const a = values + <usize>frame * frameStride;
      const b = a + frameStride;
      const c = b + frameStride;
      const d = c + frameStride;
      for (let i = start << 2; i < stop << 2; i += 16) {
        const va = v128.load(a + i);
        const vb = v128.load(b + i);
        const vc = v128.load(c + i);
        const vd = v128.load(d + i);
        const ma = isValid(va, limit);
        const mb = isValid(vb, limit);
        const mc = isValid(vc, limit);
        const md = isValid(vd, limit);
        // one after the other, as the plain loop adds them
        let total = f32x4.add(v128.load(sum + i), v128.and(va, ma));
        total = f32x4.add(total, v128.and(vb, mb));
        total = f32x4.add(total, v128.and(vc, mc));
        total = f32x4.add(total, v128.and(vd, md));
        v128.store(sum + i, total);
        const valid = i32x4.add(i32x4.add(ma, mb), i32x4.add(mc, md));
        v128.store(count + i, i32x4.sub(v128.load(count + i), valid));
      }
    }
    for (; frame < frames; frame++) {
      const a = values + <usize>frame * frameStride;
      for (let i = start; i < stop; i += 4) add(sum, count, i, v128.load(a + i * 4), limit);
    }
  }
}

/** out = sum / count, NaN where nothing was counted (0 / 0). `out` may be `sum`. */
export function finishMean(sum: usize, count: usize, pixels: usize, out: usize): void {
  for (let i: usize = 0; i < pixels; i += 4) {
    v128.store(out + i * 4, f32x4.div(v128.load(sum + i * 4), f32x4.convert_i32x4_s(v128.load(count + i * 4))));
  }
}
