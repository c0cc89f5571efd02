// Kernels for frames in online order, (fs, ss, frame): see ../online-order.ts for the contract.

/** Adds the valid frames of each pixel. `pixelStride` in bytes; `sum`, `count`: (ss, fs). */
export function floatAccumulateOnline(values: usize, pixelStride: usize, frames: u32, slowScan: u32, fastScan: u32, range: f32, sum: usize, count: usize): void {
  const limit = f32x4.splat(range);
  const whole = frames & ~3;
  let pixel = values;
  for (let fs: u32 = 0; fs < fastScan; fs++) {
    for (let ss: u32 = 0; ss < slowScan; ss++) {
      let total = f32x4.splat(0);
      let valid = i32x4.splat(0);
      let at = pixel;
      for (let frame: u32 = 0; frame < whole; frame += 4) {
        const four = v128.load(at);
        // NaN compares false
        const mask = f32x4.le(f32x4.abs(four), limit);
        total = f32x4.add(total, v128.and(four, mask));
        valid = i32x4.sub(valid, mask);
        at += 16;
      }
      let all = (f32x4.extract_lane(total, 0) + f32x4.extract_lane(total, 1)) + (f32x4.extract_lane(total, 2) + f32x4.extract_lane(total, 3));
      let number = i32x4.extract_lane(valid, 0) + i32x4.extract_lane(valid, 1) + i32x4.extract_lane(valid, 2) + i32x4.extract_lane(valid, 3);
      for (let frame = whole; frame < frames; frame++) {
        const value = load<f32>(at);
        if (abs<f32>(value) <= range) {
          all += value;
          number++;
        }
        at += 4;
      }
      const target = <usize>(ss * fastScan + fs) << 2;
      store<f32>(sum + target, load<f32>(sum + target) + all);
      store<i32>(count + target, load<i32>(count + target) + number);
      pixel += pixelStride;
    }
  }
}

/** Adds all frames of each pixel as they are. */
export function rawAccumulateOnline(raw: usize, pixelStride: usize, frames: u32, slowScan: u32, fastScan: u32, sum: usize, count: usize): void {
  const whole = frames & ~7;
  let pixel = raw;
  for (let fs: u32 = 0; fs < fastScan; fs++) {
    for (let ss: u32 = 0; ss < slowScan; ss++) {
      let total = i32x4.splat(0);
      let at = pixel;
      for (let frame: u32 = 0; frame < whole; frame += 8) {
        total = i32x4.add(total, i32x4.extadd_pairwise_i16x8_u(v128.load(at)));
        at += 16;
      }
      let all = <u32>i32x4.extract_lane(total, 0) + <u32>i32x4.extract_lane(total, 1) + <u32>i32x4.extract_lane(total, 2) + <u32>i32x4.extract_lane(total, 3);
      for (let frame = whole; frame < frames; frame++) {
        all += <u32>load<u16>(at);
        at += 2;
      }
      const target = <usize>(ss * fastScan + fs) << 2;
      store<f32>(sum + target, load<f32>(sum + target) + <f32>all);
      store<i32>(count + target, load<i32>(count + target) + <i32>frames);
      pixel += pixelStride;
    }
  }
}

/** Frames to file order, `out`: (frame, ss, fs), with `frameStride` bytes from one to the next. `raw` is at the first frame wanted. */
export function framesFromOnline(raw: usize, pixelStride: usize, frames: u32, slowScan: u32, fastScan: u32, out: usize, frameStride: usize): void {
  const rowStride = <usize>slowScan * pixelStride;
  const whole = frames & ~7;
  // 32 numbers along fs fill a cache line of each frame.
  for (let start: u32 = 0; start < fastScan; start += 32) {
    const stop = min(start + 32, fastScan);
    for (let ss: u32 = 0; ss < slowScan; ss++) for (let fs = start; fs < stop; fs += 8) {
      const from = raw + <usize>fs * rowStride + <usize>ss * pixelStride;
      const to = out + (<usize>(ss * fastScan + fs) << 1);
      for (let frame: u32 = 0; frame < whole; frame += 8) {
        let at = from + (<usize>frame << 1);
        const a = v128.load(at);
        const b = v128.load((at += rowStride));
        const c = v128.load((at += rowStride));
        const d = v128.load((at += rowStride));
        const e = v128.load((at += rowStride));
        const f = v128.load((at += rowStride));
        const g = v128.load((at += rowStride));
        const h = v128.load(at + rowStride);
        // 8 x 8 numbers turned: pairs, then pairs of pairs, then halves
        const ab = i16x8.shuffle(a, b, 0, 8, 1, 9, 2, 10, 3, 11);
        const ab2 = i16x8.shuffle(a, b, 4, 12, 5, 13, 6, 14, 7, 15);
        const cd = i16x8.shuffle(c, d, 0, 8, 1, 9, 2, 10, 3, 11);
        const cd2 = i16x8.shuffle(c, d, 4, 12, 5, 13, 6, 14, 7, 15);
        const ef = i16x8.shuffle(e, f, 0, 8, 1, 9, 2, 10, 3, 11);
        const ef2 = i16x8.shuffle(e, f, 4, 12, 5, 13, 6, 14, 7, 15);
        const gh = i16x8.shuffle(g, h, 0, 8, 1, 9, 2, 10, 3, 11);
        const gh2 = i16x8.shuffle(g, h, 4, 12, 5, 13, 6, 14, 7, 15);
        const abcd0 = i32x4.shuffle(ab, cd, 0, 4, 1, 5);
        const abcd1 = i32x4.shuffle(ab, cd, 2, 6, 3, 7);
        const abcd2 = i32x4.shuffle(ab2, cd2, 0, 4, 1, 5);
        const abcd3 = i32x4.shuffle(ab2, cd2, 2, 6, 3, 7);
        const efgh0 = i32x4.shuffle(ef, gh, 0, 4, 1, 5);
        const efgh1 = i32x4.shuffle(ef, gh, 2, 6, 3, 7);
        const efgh2 = i32x4.shuffle(ef2, gh2, 0, 4, 1, 5);
        const efgh3 = i32x4.shuffle(ef2, gh2, 2, 6, 3, 7);
        let target = to + <usize>frame * frameStride;
        v128.store(target, i64x2.shuffle(abcd0, efgh0, 0, 2));
        v128.store((target += frameStride), i64x2.shuffle(abcd0, efgh0, 1, 3));
        v128.store((target += frameStride), i64x2.shuffle(abcd1, efgh1, 0, 2));
        v128.store((target += frameStride), i64x2.shuffle(abcd1, efgh1, 1, 3));
        v128.store((target += frameStride), i64x2.shuffle(abcd2, efgh2, 0, 2));
        v128.store((target += frameStride), i64x2.shuffle(abcd2, efgh2, 1, 3));
        v128.store((target += frameStride), i64x2.shuffle(abcd3, efgh3, 0, 2));
        v128.store(target + frameStride, i64x2.shuffle(abcd3, efgh3, 1, 3));
      }
      for (let frame = whole; frame < frames; frame++) {
        const target = to + <usize>frame * frameStride;
        for (let i: u32 = 0; i < 8; i++)
          store<u16>(target + (<usize>i << 1), load<u16>(from + <usize>i * rowStride + (<usize>frame << 1)));
      }
    }
  }
}
