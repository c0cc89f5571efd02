// Azimuthal integration in AssemblyScript: sums over tables of pixels in bin order. See ../kernels.ts for the contract.

// @ts-ignore: decorator
@inline
function gather4(values: usize, list: usize): v128 {
  let four = v128.load32_zero(values + (<usize>load<u32>(list) << 2));
  four = v128.load_lane<f32>(values + (<usize>load<u32>(list + 4) << 2), four, 1);
  four = v128.load_lane<f32>(values + (<usize>load<u32>(list + 8) << 2), four, 2);
  return v128.load_lane<f32>(values + (<usize>load<u32>(list + 12) << 2), four, 3);
}

/** Norm, count and dark of one entry without a value, taken back from the bin's sums at `out`. */
function takeBack(out: usize, pixel: u32, share: f64, weights: usize, dark: usize): void {
  const at = <usize>pixel << 2;
  if (dark) store<f64>(out, load<f64>(out) + share * <f64>load<f32>(dark + at));
  store<f64>(out + 8, load<f64>(out + 8) - share * <f64>load<f32>(weights + at));
  store<f64>(out + 16, load<f64>(out + 16) - share);
}

/** Sums of whole pixels. `sums` and `totals`: float64 [bin][3] = signal, norm, count. */
export function wholeSums(
  values: usize, starts: usize, pixels: usize, weights: usize, dark: usize, totals: usize, bins: u32, sums: usize,
): void {
  for (let bin: u32 = 0; bin < bins; bin++) {
    const out = sums + <usize>bin * 24;
    v128.store(out, v128.load(totals + <usize>bin * 24));
    store<f64>(out + 16, load<f64>(totals + <usize>bin * 24 + 16));
    let at = pixels + (<usize>load<u32>(starts + (<usize>bin << 2)) << 2);
    const end = pixels + (<usize>load<u32>(starts + (<usize>bin << 2) + 4) << 2);
    let low = f64x2.splat(0);
    let high = f64x2.splat(0);
    for (; at + 16 <= end; at += 16) {
      let four = gather4(values, at);
      const valid = f32x4.eq(four, four);
      four = v128.and(four, valid);
      low = f64x2.add(low, f64x2.promote_low_f32x4(four));
      high = f64x2.add(high, f64x2.promote_low_f32x4(i32x4.shuffle(four, four, 2, 3, 2, 3)));
      if (!i32x4.all_true(valid)) {
        const bits = i32x4.bitmask(valid);
        if (!(bits & 1)) takeBack(out, load<u32>(at), 1, weights, dark);
        if (!(bits & 2)) takeBack(out, load<u32>(at + 4), 1, weights, dark);
        if (!(bits & 4)) takeBack(out, load<u32>(at + 8), 1, weights, dark);
        if (!(bits & 8)) takeBack(out, load<u32>(at + 12), 1, weights, dark);
      }
    }
    const both = f64x2.add(low, high);
    let signal = f64x2.extract_lane(both, 0) + f64x2.extract_lane(both, 1);
    for (; at < end; at += 4) {
      const pixel = load<u32>(at);
      const value = load<f32>(values + (<usize>pixel << 2));
      if (value == value) signal += <f64>value;
      else takeBack(out, pixel, 1, weights, dark);
    }
    store<f64>(out, load<f64>(out) + signal);
  }
}

/** The same with the share of each entry, float32. */
export function sharedSums(
  values: usize, starts: usize, pixels: usize, shares: usize, weights: usize, dark: usize, totals: usize, bins: u32, sums: usize,
): void {
  const toShare = shares - pixels;
  for (let bin: u32 = 0; bin < bins; bin++) {
    const out = sums + <usize>bin * 24;
    v128.store(out, v128.load(totals + <usize>bin * 24));
    store<f64>(out + 16, load<f64>(totals + <usize>bin * 24 + 16));
    let at = pixels + (<usize>load<u32>(starts + (<usize>bin << 2)) << 2);
    const end = pixels + (<usize>load<u32>(starts + (<usize>bin << 2) + 4) << 2);
    let low = f64x2.splat(0);
    let high = f64x2.splat(0);
    for (; at + 16 <= end; at += 16) {
      const four = gather4(values, at);
      const valid = f32x4.eq(four, four);
      const part = f32x4.mul(v128.and(four, valid), v128.load(at + toShare));
      low = f64x2.add(low, f64x2.promote_low_f32x4(part));
      high = f64x2.add(high, f64x2.promote_low_f32x4(i32x4.shuffle(part, part, 2, 3, 2, 3)));
      if (!i32x4.all_true(valid)) {
        const bits = i32x4.bitmask(valid);
        if (!(bits & 1)) takeBack(out, load<u32>(at), load<f32>(at + toShare), weights, dark);
        if (!(bits & 2)) takeBack(out, load<u32>(at + 4), load<f32>(at + toShare + 4), weights, dark);
        if (!(bits & 4)) takeBack(out, load<u32>(at + 8), load<f32>(at + toShare + 8), weights, dark);
        if (!(bits & 8)) takeBack(out, load<u32>(at + 12), load<f32>(at + toShare + 12), weights, dark);
      }
    }
    const both = f64x2.add(low, high);
    let signal = f64x2.extract_lane(both, 0) + f64x2.extract_lane(both, 1);
    for (; at < end; at += 4) {
      const pixel = load<u32>(at);
      const value = load<f32>(values + (<usize>pixel << 2));
      if (value == value) signal += <f64>(value * load<f32>(at + toShare));
      else takeBack(out, pixel, load<f32>(at + toShare), weights, dark);
    }
    store<f64>(out, load<f64>(out) + signal);
  }
}
