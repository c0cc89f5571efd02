// Kernels for azimuthal integration of every frame, four at a time, in AssemblyScript: see ../pulse-sums.ts for the contract.

// @ts-ignore: decorator
@inline
function isValid(values: v128, limit: v128): v128 {
  // NaN compares false
  return f32x4.le(f32x4.abs(values), limit);
}

/** uint16 frames to float32 (frame, pixel). `frameStride` in bytes. */
export function floatFromRaw(raw: usize, frameStride: usize, frames: u32, pixels: usize, out: usize): void {
  for (let frame: u32 = 0; frame < frames; frame++) {
    const from = raw + <usize>frame * frameStride;
    const to = out + ((<usize>frame * pixels) << 2);
    for (let i: usize = 0; i < pixels; i += 8) {
      const eight = v128.load(from + (i << 1));
      v128.store(to + (i << 2), f32x4.convert_i32x4_u(i32x4.extend_low_i16x8_u(eight)));
      v128.store(to + (i << 2) + 16, f32x4.convert_i32x4_u(i32x4.extend_high_i16x8_u(eight)));
    }
  }
}

/** Up to four frames to (pixel, 4), NaN where there is no value; adds the valid ones to `sum` and `count`. */
export function fourFrames(values: usize, frameStride: usize, frames: u32, pixels: usize, range: f32, sum: usize, count: usize, out: usize): void {
  const limit = f32x4.splat(range);
  const nan = f32x4.splat(f32.NaN);
  const b = frames > 1 ? frameStride : 0;
  const c = frames > 2 ? 2 * frameStride : 0;
  const d = frames > 3 ? 3 * frameStride : 0;
  const hasB = i32x4.splat(frames > 1 ? -1 : 0);
  const hasC = i32x4.splat(frames > 2 ? -1 : 0);
  const hasD = i32x4.splat(frames > 3 ? -1 : 0);
  for (let i: usize = 0; i < pixels << 2; i += 16) {
    const va = v128.load(values + i);
    const vb = v128.load(values + b + i);
    const vc = v128.load(values + c + i);
    const vd = v128.load(values + d + i);
    const ma = isValid(va, limit);
    const mb = v128.and(isValid(vb, limit), hasB);
    const mc = v128.and(isValid(vc, limit), hasC);
    const md = v128.and(isValid(vd, limit), hasD);
    // one after the other, as the plain loop adds them
    let total = f32x4.add(v128.load(sum + i), v128.and(va, ma));
    total = f32x4.add(total, v128.and(vb, mb));
    total = f32x4.add(total, v128.and(vc, mc));
    total = f32x4.add(total, v128.and(vd, md));
    v128.store(sum + i, total);
    const valid = i32x4.add(i32x4.add(ma, mb), i32x4.add(mc, md));
    v128.store(count + i, i32x4.sub(v128.load(count + i), valid));
    // 4 x 4 numbers turned
    const fa = v128.bitselect(va, nan, ma);
    const fb = v128.bitselect(vb, nan, mb);
    const fc = v128.bitselect(vc, nan, mc);
    const fd = v128.bitselect(vd, nan, md);
    const ab = i32x4.shuffle(fa, fb, 0, 4, 1, 5);
    const ab2 = i32x4.shuffle(fa, fb, 2, 6, 3, 7);
    const cd = i32x4.shuffle(fc, fd, 0, 4, 1, 5);
    const cd2 = i32x4.shuffle(fc, fd, 2, 6, 3, 7);
    const to = out + (i << 2);
    v128.store(to, i64x2.shuffle(ab, cd, 0, 2));
    v128.store(to + 16, i64x2.shuffle(ab, cd, 1, 3));
    v128.store(to + 32, i64x2.shuffle(ab2, cd2, 0, 2));
    v128.store(to + 48, i64x2.shuffle(ab2, cd2, 1, 3));
  }
}

/** The same of frames in online order, where four frames of a pixel lie side by side. `pixelStride` in bytes. */
export function fourOnline(
  values: usize, pixelStride: usize, frames: u32, slowScan: u32, fastScan: u32, range: f32, sum: usize, count: usize, out: usize,
): void {
  const limit = f32x4.splat(range);
  const nan = f32x4.splat(f32.NaN);
  let from = values;
  for (let fs: u32 = 0; fs < fastScan; fs++) {
    for (let ss: u32 = 0; ss < slowScan; ss++) {
      const pixel = <usize>(ss * fastScan + fs);
      let four = nan;
      if (frames == 4) four = v128.load(from);
      else {
        // No read beyond the array's end.
        four = f32x4.replace_lane(four, 0, load<f32>(from));
        if (frames > 1) four = f32x4.replace_lane(four, 1, load<f32>(from + 4));
        if (frames > 2) four = f32x4.replace_lane(four, 2, load<f32>(from + 8));
      }
      const valid = isValid(four, limit);
      const kept = v128.and(four, valid);
      let total = load<f32>(sum + (pixel << 2));
      total += f32x4.extract_lane(kept, 0);
      total += f32x4.extract_lane(kept, 1);
      total += f32x4.extract_lane(kept, 2);
      total += f32x4.extract_lane(kept, 3);
      store<f32>(sum + (pixel << 2), total);
      store<i32>(count + (pixel << 2), load<i32>(count + (pixel << 2)) + popcnt<i32>(i32x4.bitmask(valid)));
      v128.store(out + (pixel << 4), v128.bitselect(four, nan, valid));
      from += pixelStride;
    }
  }
}

/** Adds a bin's sums of one frame, if it has pixels. Bins whose pixels were all taken back are left with rounding. */
function addBin(to: usize, signal: f64, norm: f64, number: f64): void {
  if (!(number > 1e-6)) return;
  store<f64>(to, load<f64>(to) + signal);
  store<f64>(to + 8, load<f64>(to + 8) + norm);
}

/** Sums of up to four frames (pixel, 4) by a table; `shares` 0 = whole pixels. `sums`: float64 (frame, bin, 2), added to. */
export function fourSums(
  values: usize, starts: usize, pixels: usize, shares: usize, weights: usize, dark: usize, totals: usize, bins: u32, frames: u32, sums: usize,
): void {
  const frameStride = <usize>bins << 4;
  for (let bin: u32 = 0; bin < bins; bin++) {
    const first = <usize>load<u32>(starts + (<usize>bin << 2));
    const end = <usize>load<u32>(starts + (<usize>bin << 2) + 4);
    if (first == end) continue;
    const total = totals + <usize>bin * 24;
    let low = f64x2.splat(load<f64>(total));
    let high = low;
    let normLow = f64x2.splat(load<f64>(total + 8));
    let normHigh = normLow;
    let countLow = f64x2.splat(load<f64>(total + 16));
    let countHigh = countLow;
    let low2 = f64x2.splat(0);
    let high2 = low2;
    let entry = first << 2;
    const stop = end << 2;
    while (entry < stop) {
      // Two entries at a time, each with sums of its own: one addition need not wait for the other.
      for (; entry + 4 < stop; entry += 8) {
        const a = v128.load(values + (<usize>load<u32>(pixels + entry) << 4));
        const b = v128.load(values + (<usize>load<u32>(pixels + entry + 4) << 4));
        if (!i32x4.all_true(v128.and(f32x4.eq(a, a), f32x4.eq(b, b)))) break;
        const partA = shares ? f32x4.mul(a, v128.load32_splat(shares + entry)) : a;
        const partB = shares ? f32x4.mul(b, v128.load32_splat(shares + entry + 4)) : b;
        low = f64x2.add(low, f64x2.promote_low_f32x4(partA));
        high = f64x2.add(high, f64x2.promote_low_f32x4(i32x4.shuffle(partA, partA, 2, 3, 2, 3)));
        low2 = f64x2.add(low2, f64x2.promote_low_f32x4(partB));
        high2 = f64x2.add(high2, f64x2.promote_low_f32x4(i32x4.shuffle(partB, partB, 2, 3, 2, 3)));
      }
      // Two entries of which one has no value in some frame, or the last one.
      const pair = min(entry + 8, stop);
      for (; entry < pair; entry += 4) {
        const pixel = <usize>load<u32>(pixels + entry);
        const four = v128.load(values + (pixel << 4));
        const valid = f32x4.eq(four, four);
        let part = v128.and(four, valid);
        if (shares) part = f32x4.mul(part, v128.load32_splat(shares + entry));
        low = f64x2.add(low, f64x2.promote_low_f32x4(part));
        high = f64x2.add(high, f64x2.promote_low_f32x4(i32x4.shuffle(part, part, 2, 3, 2, 3)));
        if (i32x4.all_true(valid)) continue;
        const share: f64 = shares ? <f64>load<f32>(shares + entry) : 1;
        const noLow = v128.not(i64x2.extend_low_i32x4_s(valid));
        const noHigh = v128.not(i64x2.extend_high_i32x4_s(valid));
        const norm = f64x2.splat(share * <f64>load<f32>(weights + (pixel << 2)));
        normLow = f64x2.sub(normLow, v128.and(norm, noLow));
        normHigh = f64x2.sub(normHigh, v128.and(norm, noHigh));
        countLow = f64x2.sub(countLow, v128.and(f64x2.splat(share), noLow));
        countHigh = f64x2.sub(countHigh, v128.and(f64x2.splat(share), noHigh));
        if (!dark) continue;
        const zero = f64x2.splat(share * <f64>load<f32>(dark + (pixel << 2)));
        low = f64x2.add(low, v128.and(zero, noLow));
        high = f64x2.add(high, v128.and(zero, noHigh));
      }
    }
    low = f64x2.add(low, low2);
    high = f64x2.add(high, high2);
    const to = sums + (<usize>bin << 4);
    addBin(to, f64x2.extract_lane(low, 0), f64x2.extract_lane(normLow, 0), f64x2.extract_lane(countLow, 0));
    if (frames > 1) addBin(to + frameStride, f64x2.extract_lane(low, 1), f64x2.extract_lane(normLow, 1), f64x2.extract_lane(countLow, 1));
    if (frames > 2) addBin(to + 2 * frameStride, f64x2.extract_lane(high, 0), f64x2.extract_lane(normHigh, 0), f64x2.extract_lane(countHigh, 0));
    if (frames > 3) addBin(to + 3 * frameStride, f64x2.extract_lane(high, 1), f64x2.extract_lane(normHigh, 1), f64x2.extract_lane(countHigh, 1));
  }
}
