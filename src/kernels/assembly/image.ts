// Image kernels in AssemblyScript: assembly of tiles, azimuthal sums, ROI sums. See ../kernels.ts for the contract.

// @ts-ignore: decorator
@inline
function gather(from: usize, step: usize): v128 {
  let four = v128.load32_zero(from);
  four = v128.load_lane<f32>(from + step, four, 1);
  four = v128.load_lane<f32>(from + 2 * step, four, 2);
  return v128.load_lane<f32>(from + 3 * step, four, 3);
}

/** Copies tiles into an image. `tiles`: int32 [tile][7] = source, rows, columns, source row stride, target, target row and column stride. */
export function assemble(modules: usize, tiles: usize, tileCount: u32, image: usize): void {
  for (let tile: u32 = 0; tile < tileCount; tile++) {
    const t = tiles + <usize>tile * 28;
    const source = modules + (<usize>load<i32>(t) << 2);
    const rows = load<i32>(t + 4);
    const columns = load<i32>(t + 8);
    const sourceStride = load<i32>(t + 12) << 2;
    const target = <i32>image + (load<i32>(t + 16) << 2);
    const rowStride = load<i32>(t + 20) << 2;
    const columnStride = load<i32>(t + 24) << 2;
    if (rowStride == 4 || rowStride == -4) {
      // Rows of the tile run along rows of the image: take four of them at once, so that the image is written in order.
      for (let c = 0; c < columns; c++) {
        const from = source + (<usize>c << 2);
        const to = target + c * columnStride;
        let r = 0;
        for (; r + 4 <= rows; r += 4) {
          const four = gather(from + <usize>(r * sourceStride), <usize>sourceStride);
          if (rowStride == 4) v128.store(<usize>(to + r * 4), four);
          else v128.store(<usize>(to - r * 4 - 12), i32x4.shuffle(four, four, 3, 2, 1, 0));
        }
        for (; r < rows; r++) store<f32>(<usize>(to + r * rowStride), load<f32>(from + <usize>(r * sourceStride)));
      }
    } else {
      for (let r = 0; r < rows; r++) {
        const from = source + <usize>(r * sourceStride);
        const to = target + r * rowStride;
        for (let c = 0; c < columns; c++) store<f32>(<usize>(to + c * columnStride), load<f32>(from + (<usize>c << 2)));
      }
    }
  }
}

/** Adds value and weight of each finite pixel to its bin. `bins`: int32, -1 = none. `sums`: float64 [bin][2] = signal, norm. */
export function radialAccumulate(values: usize, bins: usize, weights: usize, pixels: u32, sums: usize, binCount: u32): void {
  for (let i: usize = 0; i < <usize>pixels; i++) {
    // -1 (no bin) is the largest number without a sign
    const bin = load<u32>(bins + (i << 2));
    const value = load<f32>(values + (i << 2));
    if (bin < binCount && value == value) {
      const at = sums + (<usize>bin << 4);
      const pair = f64x2.replace_lane(f64x2.splat(<f64>value), 1, <f64>load<f32>(weights + (i << 2)));
      v128.store(at, f64x2.add(v128.load(at), pair));
    }
  }
}

/** Sum and number of the finite pixels of a rectangle; `result`: float64 [2]. */
export function roiSum(image: usize, width: u32, x: u32, y: u32, w: u32, h: u32, result: usize): void {
  let sum: f64 = 0;
  let count: u32 = 0;
  for (let row = y; row < y + h; row++) {
    const from = image + ((<usize>row * width + x) << 2);
    for (let i: usize = 0; i < <usize>w; i++) {
      const value = load<f32>(from + (i << 2));
      if (value == value) {
        sum += <f64>value;
        count++;
      }
    }
  }
  store<f64>(result, sum);
  store<f64>(result + 8, <f64>count);
}
