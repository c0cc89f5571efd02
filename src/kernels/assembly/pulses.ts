// Kernels for azimuthal integration of every frame, eight at a time, in AssemblyScript: see ../pulse-sums.ts for the contract.
//
// A block of pixels goes through the table while it is in the caches next to the core: eight frames are placed as float32
// (place, 8), with a gap of two places after 128 pixels, since rows of 128 would share a few sets of the cache. Missing values are
// 0 there and listed, so that the sums need not look at each: uint32 = pixel in the block, a bit of each frame from bit 16 on
// (four frames an item), and in bit 24 whether these are frames 4 to 7.

// @ts-ignore: decorator
@inline
function isValid(values: v128, limit: v128): v128 {
  // NaN compares false
  return f32x4.le(f32x4.abs(values), limit);
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
function placeOf(pixel: usize): usize {
  return (pixel << 5) + ((pixel >> 7) << 6);
}

/** Lists four pixels whose values are missing in some of four frames: `a` to `d` = valid or not, of each frame. */
function listMissing(list: usize, pixel: usize, half: u32, a: v128, b: v128, c: v128, d: v128): usize {
  const first = ~i32x4.bitmask(a);
  const second = ~i32x4.bitmask(b);
  const third = ~i32x4.bitmask(c);
  const fourth = ~i32x4.bitmask(d);
  for (let k = 0; k < 4; k++) {
    const bits = ((first >> k) & 1) | (((second >> k) & 1) << 1) | (((third >> k) & 1) << 2) | (((fourth >> k) & 1) << 3);
    if (bits == 0) continue;
    store<u32>(list, (<u32>pixel + k) | (bits << 16) | (half << 24));
    list += 4;
  }
  return list;
}

/** Up to four frames of `pixels` pixels from the block's start on; returns the end of the list. `half`: 1 = frames 4 to 7. */
function placeFour(
  values: usize, frameStride: usize, frames: u32, pixels: usize, range: f32, sum: usize, count: usize, out: usize, half: u32, list: usize,
): usize {
  const limit = f32x4.splat(range);
  const b = frames > 1 ? frameStride : 0;
  const c = frames > 2 ? 2 * frameStride : 0;
  const d = frames > 3 ? 3 * frameStride : 0;
  const hasB = i32x4.splat(frames > 1 ? -1 : 0);
  const hasC = i32x4.splat(frames > 2 ? -1 : 0);
  const hasD = i32x4.splat(frames > 3 ? -1 : 0);
  const base = out + (<usize>half << 4);
  for (let i: usize = 0; i < pixels; i += 4) {
    const at = i << 2;
    const va = v128.load(values + at);
    const vb = v128.load(values + b + at);
    const vc = v128.load(values + c + at);
    const vd = v128.load(values + d + at);
    const ma = isValid(va, limit);
    const mb = v128.and(isValid(vb, limit), hasB);
    const mc = v128.and(isValid(vc, limit), hasC);
    const md = v128.and(isValid(vd, limit), hasD);
    const fa = v128.and(va, ma);
    const fb = v128.and(vb, mb);
    const fc = v128.and(vc, mc);
    const fd = v128.and(vd, md);
    // one after the other, as the plain loop adds them
    let total = f32x4.add(v128.load(sum + at), fa);
    total = f32x4.add(total, fb);
    total = f32x4.add(total, fc);
    total = f32x4.add(total, fd);
    v128.store(sum + at, total);
    const valid = i32x4.add(i32x4.add(ma, mb), i32x4.add(mc, md));
    v128.store(count + at, i32x4.sub(v128.load(count + at), valid));
    // 4 x 4 numbers turned
    const to = base + placeOf(i);
    const ab = i32x4.shuffle(fa, fb, 0, 4, 1, 5);
    const ab2 = i32x4.shuffle(fa, fb, 2, 6, 3, 7);
    const cd = i32x4.shuffle(fc, fd, 0, 4, 1, 5);
    const cd2 = i32x4.shuffle(fc, fd, 2, 6, 3, 7);
    v128.store(to, i64x2.shuffle(ab, cd, 0, 2));
    v128.store(to, i64x2.shuffle(ab, cd, 1, 3), 32);
    v128.store(to, i64x2.shuffle(ab2, cd2, 0, 2), 64);
    v128.store(to, i64x2.shuffle(ab2, cd2, 1, 3), 96);
    // A frame that there is not misses nothing.
    const nb = v128.or(mb, v128.not(hasB));
    const nc = v128.or(mc, v128.not(hasC));
    const nd = v128.or(md, v128.not(hasD));
    if (!i32x4.all_true(v128.and(v128.and(ma, nb), v128.and(nc, nd)))) list = listMissing(list, i, half, ma, nb, nc, nd);
  }
  return list;
}

/** Places a block of up to eight float32 frames, and adds the valid values to `sum` and `count`; returns the end of the list. */
export function placeFloats(
  values: usize, frameStride: usize, frames: u32, pixels: usize, range: f32, sum: usize, count: usize, out: usize, list: usize,
): usize {
  const end = placeFour(values, frameStride, min(frames, 4), pixels, range, sum, count, out, 0, list);
  if (frames <= 4) return end;
  return placeFour(values + 4 * frameStride, frameStride, frames - 4, pixels, range, sum, count, out, 1, end);
}

/** Bytes between frames of the scratch memory: a block and a gap, so that the same pixel of all is not in the same set. */
const SCRATCH_STRIDE: usize = (4096 << 2) + 64;

/** The same of uint16 frames. `scratch`: float32, four blocks with gaps. */
export function placeRaw(
  raw: usize, frameStride: usize, frames: u32, pixels: usize, range: f32, sum: usize, count: usize, scratch: usize, out: usize, list: usize,
): usize {
  for (let first: u32 = 0; first < frames; first += 4) {
    const some = min(4, frames - first);
    for (let k: u32 = 0; k < some; k++) {
      const from = raw + <usize>(first + k) * frameStride;
      const to = scratch + <usize>k * SCRATCH_STRIDE;
      for (let i: usize = 0; i < pixels; i += 8) {
        const eight = v128.load(from + (i << 1));
        v128.store(to + (i << 2), lowHalf(eight));
        v128.store(to + (i << 2), highHalf(eight), 16);
      }
    }
    list = placeFour(scratch, SCRATCH_STRIDE, some, pixels, range, sum, count, out, first >> 2, list);
  }
  return list;
}

// @ts-ignore: decorator
@inline
function pick(factors: usize, plane: usize, raw: v128, one: v128, two: v128): v128 {
  const offset = v128.bitselect(v128.load(factors + 4 * plane), v128.bitselect(v128.load(factors + 2 * plane), v128.load(factors), one), two);
  const gain = v128.bitselect(v128.load(factors + 5 * plane), v128.bitselect(v128.load(factors + 3 * plane), v128.load(factors + plane), one), two);
  return f32x4.mul(f32x4.sub(raw, offset), gain);
}

/** One frame's block, corrected; `modulePixels`: of a plane of the constants. See correct.ts. */
function correctBlock(analogue: usize, gain: usize, limits: usize, factors: usize, modulePixels: usize, pixels: usize, out: usize): void {
  const plane = modulePixels << 2;
  for (let i: usize = 0; i < pixels; i += 8) {
    const raw = v128.load(analogue + (i << 1));
    const evaluated = v128.load(gain + (i << 1));
    const t = limits + (i << 1);
    const f = factors + (i << 2);
    const above0 = i16x8.gt_u(evaluated, v128.load(t));
    let first: v128;
    let second: v128;
    if (!v128.any_true(above0)) {
      first = f32x4.mul(f32x4.sub(lowHalf(raw), v128.load(f)), v128.load(f + plane));
      second = f32x4.mul(f32x4.sub(highHalf(raw), v128.load(f, 16)), v128.load(f + plane, 16));
    } else {
      const above1 = i16x8.gt_u(evaluated, v128.load(t + 2 * modulePixels));
      const one = v128.andnot(above0, i16x8.lt_u(raw, v128.load(t + 6 * modulePixels)));
      const two = v128.and(one, v128.andnot(above1, i16x8.lt_u(raw, v128.load(t + 4 * modulePixels))));
      first = pick(f, plane, lowHalf(raw), i32x4.extend_low_i16x8_s(one), i32x4.extend_low_i16x8_s(two));
      second = pick(f + 16, plane, highHalf(raw), i32x4.extend_high_i16x8_s(one), i32x4.extend_high_i16x8_s(two));
    }
    v128.store(out + (i << 2), first);
    v128.store(out + (i << 2), second, 16);
  }
}

/** The same of raw frames that are corrected on the way. `analogue`, `gain`: of the block; `start`: its first pixel in the module. */
export function placeCorrected(
  analogue: usize, gain: usize, frameStride: usize, frames: u32, cells: usize, cellCount: u32, modulePixels: usize, limits: usize, factors: usize,
  start: usize, pixels: usize, range: f32, sum: usize, count: usize, scratch: usize, out: usize, list: usize,
): usize {
  const nan = f32x4.splat(f32.NaN);
  for (let first: u32 = 0; first < frames; first += 4) {
    const some = min(4, frames - first);
    for (let k: u32 = 0; k < some; k++) {
      const frame = <usize>(first + k);
      const to = scratch + <usize>k * SCRATCH_STRIDE;
      const cell = <usize>load<u16>(cells + (frame << 1));
      if (cell >= <usize>cellCount) {
        for (let i: usize = 0; i < pixels; i += 4) v128.store(to + (i << 2), nan);
        continue;
      }
      const at = frame * frameStride;
      const ofCell = cell * modulePixels;
      correctBlock(analogue + at, gain + at, limits + 8 * ofCell + 2 * start, factors + 24 * ofCell + 4 * start, modulePixels, pixels, to);
    }
    list = placeFour(scratch, SCRATCH_STRIDE, some, pixels, range, sum, count, out, first >> 2, list);
  }
  return list;
}

/**
 * The same of up to sixteen float32 frames in online order, where the frames of a pixel lie side by side: a cache line of each is
 * read at once. Frames 8 to 15 are placed and listed like another eight, at `out2` and `list2`. Pixels [start, start + pixels) in
 * file order. `values`: the first wanted frame of the module's first pixel; `pixelStride` in bytes; `sum`, `count`: of the block.
 * Returns the lengths of the lists, that of the second from bit 16 on.
 */
export function placeOnline(
  values: usize, pixelStride: usize, frames: u32, slowScan: u32, fastScan: u32, start: u32, pixels: u32, range: f32,
  sum: usize, count: usize, out: usize, list: usize, out2: usize, list2: usize,
): u32 {
  const limit = f32x4.splat(range);
  const order = i32x4(0, 1, 2, 3);
  let end = list;
  let end2 = list2;
  for (let fs: u32 = 0; fs < fastScan; fs++) {
    const firstRow = start > fs ? (start - fs + fastScan - 1) / fastScan : 0;
    const stopRow = start + pixels > fs ? (start + pixels - fs + fastScan - 1) / fastScan : 0;
    for (let ss = firstRow; ss < stopRow; ss++) {
      const pixel = <usize>(ss * fastScan + fs - start);
      const place = placeOf(pixel);
      let total = load<f32>(sum + (pixel << 2));
      let number = load<i32>(count + (pixel << 2));
      for (let first: u32 = 0; first < frames; first += 4) {
        const some = <i32>min(4, frames - first);
        const from = values + <usize>(fs * slowScan + ss) * pixelStride + (<usize>first << 2);
        let four = f32x4.splat(0);
        if (some == 4) four = v128.load(from);
        else {
          // No read beyond the array's end.
          four = v128.load32_zero(from);
          if (some > 1) four = v128.load_lane<f32>(from + 4, four, 1);
          if (some > 2) four = v128.load_lane<f32>(from + 8, four, 2);
        }
        const has = i32x4.lt_s(order, i32x4.splat(some));
        const valid = v128.and(isValid(four, limit), has);
        const kept = v128.and(four, valid);
        total += f32x4.extract_lane(kept, 0);
        total += f32x4.extract_lane(kept, 1);
        total += f32x4.extract_lane(kept, 2);
        total += f32x4.extract_lane(kept, 3);
        number += popcnt<i32>(i32x4.bitmask(valid));
        const half = (first >> 2) & 1;
        v128.store((first < 8 ? out : out2) + place + (<usize>half << 4), kept);
        const missing = i32x4.bitmask(v128.andnot(has, valid));
        if (missing == 0) continue;
        const item = <u32>pixel | (missing << 16) | (half << 24);
        if (first < 8) {
          store<u32>(end, item);
          end += 4;
        } else {
          store<u32>(end2, item);
          end2 += 4;
        }
      }
      store<f32>(sum + (pixel << 2), total);
      store<i32>(count + (pixel << 2), number);
    }
  }
  return <u32>((end - list) >> 2) | (<u32>((end2 - list2) >> 2) << 16);
}

/** Bytes of what a slot lost of its norm and count: float64 (2, 8), and whether it lost anything. All 0 between calls. */
const LOSS: usize = 136;

/** Norm and count of listed values, taken from all slots that have a share in their pixels. */
function takeBack(list: usize, listEnd: usize, ownStarts: usize, ownSlots: usize, ownShares: usize, weights: usize, losses: usize): void {
  const bits = i32x4(1, 2, 4, 8);
  for (; list < listEnd; list += 4) {
    const item = load<u32>(list);
    const pixel = <usize>(item & 0xffff);
    const mask = i32x4.eq(v128.and(i32x4.splat(item >> 16), bits), bits);
    const low = i64x2.extend_low_i32x4_s(mask);
    const high = i64x2.extend_high_i32x4_s(mask);
    const weight = <f64>load<f32>(weights + (pixel << 2));
    const end = <usize>load<u32>(ownStarts + (pixel << 2), 4);
    for (let own = <usize>load<u32>(ownStarts + (pixel << 2)); own < end; own++) {
      const loss = losses + <usize>load<u16>(ownSlots + (own << 1)) * LOSS;
      const share: f64 = ownShares ? <f64>load<f32>(ownShares + (own << 2)) : 1;
      const norm = f64x2.splat(share * weight);
      const number = f64x2.splat(share);
      const at = loss + (<usize>(item >> 24) << 5);
      v128.store(at, f64x2.add(v128.load(at), v128.and(norm, low)));
      v128.store(at, f64x2.add(v128.load(at, 16), v128.and(norm, high)), 16);
      v128.store(at, f64x2.add(v128.load(at, 64), v128.and(number, low)), 64);
      v128.store(at, f64x2.add(v128.load(at, 80), v128.and(number, high)), 80);
      store<u32>(loss, 1, 128);
    }
  }
}

// @ts-ignore: decorator
@inline
function addTwo(to: usize, frameStride: usize, signal: v128, norm: v128): void {
  v128.store(to, f64x2.add(v128.load(to), i64x2.shuffle(signal, norm, 0, 2)));
  v128.store(to + frameStride, f64x2.add(v128.load(to + frameStride), i64x2.shuffle(signal, norm, 1, 3)));
}

/** Adds a slot of which values are missing. Where all were taken back, only rounding is left: it adds nothing. */
function addLossy(to: usize, frameStride: usize, frames: u32, signals: usize, norm: f64, number: f64, loss: usize): void {
  for (let frame: u32 = 0; frame < frames; frame++) {
    const at = loss + (<usize>frame << 3);
    if (!(number - load<f64>(at, 64) > 1e-6)) continue;
    const sum = to + <usize>frame * frameStride;
    store<f64>(sum, load<f64>(sum) + load<f64>(signals + (<usize>frame << 3)));
    store<f64>(sum, load<f64>(sum, 8) + (norm - load<f64>(at)), 8);
  }
  memory.fill(loss, 0, LOSS);
}

/**
 * Adds the sums of up to eight placed frames by one block of a table. `slots`, `totals`: of the block; `entry`: its first;
 * `ownStarts`, `weights`: of its first pixel. `sums`: float64 (frame, bin, 2). `signals`: scratch, float64 (8).
 */
export function eightSums(
  values: usize, list: usize, listEnd: usize, slots: usize, slotCount: u32, entry: usize, entries: usize, shares: usize, totals: usize,
  ownStarts: usize, ownSlots: usize, ownShares: usize, weights: usize, losses: usize, signals: usize, bins: u32, frames: u32, sums: usize,
): void {
  const frameStride = <usize>bins << 4;
  takeBack(list, listEnd, ownStarts, ownSlots, ownShares, weights, losses);
  for (let slot: usize = 0; slot < <usize>slotCount; slot++) {
    const bin = <usize>load<u32>(slots + (slot << 3));
    const end = <usize>load<u32>(slots + (slot << 3), 4);
    let s0 = f64x2.splat(0);
    let s1 = s0;
    let s2 = s0;
    let s3 = s0;
    // Two entries are added in float32, where each was rounded already; longer sums are float64.
    while (entry < end) {
      const a = values + (<usize>load<u16>(entries + (entry << 1)) << 5);
      let low = v128.load(a);
      let high = v128.load(a, 16);
      if (shares) {
        const share = v128.load32_splat(shares + (entry << 2));
        low = f32x4.mul(low, share);
        high = f32x4.mul(high, share);
      }
      entry++;
      if (entry < end) {
        const b = values + (<usize>load<u16>(entries + (entry << 1)) << 5);
        let low2 = v128.load(b);
        let high2 = v128.load(b, 16);
        if (shares) {
          const share = v128.load32_splat(shares + (entry << 2));
          low2 = f32x4.mul(low2, share);
          high2 = f32x4.mul(high2, share);
        }
        low = f32x4.add(low, low2);
        high = f32x4.add(high, high2);
        entry++;
      }
      s0 = f64x2.add(s0, f64x2.promote_low_f32x4(low));
      s1 = f64x2.add(s1, f64x2.promote_low_f32x4(i32x4.shuffle(low, low, 2, 3, 2, 3)));
      s2 = f64x2.add(s2, f64x2.promote_low_f32x4(high));
      s3 = f64x2.add(s3, f64x2.promote_low_f32x4(i32x4.shuffle(high, high, 2, 3, 2, 3)));
    }
    const to = sums + (bin << 4);
    const norm = v128.load64_splat(totals + (slot << 4));
    const number = load<f64>(totals + (slot << 4), 8);
    const loss = losses + slot * LOSS;
    if (frames == 8 && load<u32>(loss, 128) == 0) {
      if (!(number > 1e-6)) continue;
      addTwo(to, frameStride, s0, norm);
      addTwo(to + 2 * frameStride, frameStride, s1, norm);
      addTwo(to + 4 * frameStride, frameStride, s2, norm);
      addTwo(to + 6 * frameStride, frameStride, s3, norm);
    } else {
      v128.store(signals, s0);
      v128.store(signals, s1, 16);
      v128.store(signals, s2, 32);
      v128.store(signals, s3, 48);
      addLossy(to, frameStride, frames, signals, f64x2.extract_lane(norm, 0), number, loss);
    }
  }
}
