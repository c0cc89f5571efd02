// Image kernels in AssemblyScript: assembly of tiles, azimuthal sums, ROI sums. See ../kernels.ts for the contract.

// @ts-ignore: decorator
@inline
function gather(from: usize, step: usize): v128 {
  let four = v128.load32_zero(from);
  four = v128.load_lane<f32>(from + step, four, 1);
  four = v128.load_lane<f32>(from + 2 * step, four, 2);
  return v128.load_lane<f32>(from + 3 * step, four, 3);
}

// @ts-ignore: decorator
@inline
function storeRun(to: usize, four: v128, isReversed: bool): void {
  if (isReversed) v128.store(to - 12, i32x4.shuffle(four, four, 3, 2, 1, 0));
  else v128.store(to, four);
}

/**
 * Four rows and four columns of a tile whose rows run along rows of the image.
 * @param from first element, `sourceStride` bytes from row to row @param to where it goes, `columnStride` bytes from column to column
 */
// @ts-ignore: decorator
@inline
function turnBlock(from: usize, sourceStride: usize, to: usize, columnStride: i32, isReversed: bool): void {
  const row0 = v128.load(from);
  const row1 = v128.load(from + sourceStride);
  const row2 = v128.load(from + 2 * sourceStride);
  const row3 = v128.load(from + 3 * sourceStride);
  const low01 = i32x4.shuffle(row0, row1, 0, 4, 1, 5);
  const low23 = i32x4.shuffle(row2, row3, 0, 4, 1, 5);
  const high01 = i32x4.shuffle(row0, row1, 2, 6, 3, 7);
  const high23 = i32x4.shuffle(row2, row3, 2, 6, 3, 7);
  storeRun(to, i32x4.shuffle(low01, low23, 0, 1, 4, 5), isReversed);
  storeRun(to + <usize>columnStride, i32x4.shuffle(low01, low23, 2, 3, 6, 7), isReversed);
  storeRun(to + <usize>(2 * columnStride), i32x4.shuffle(high01, high23, 0, 1, 4, 5), isReversed);
  storeRun(to + <usize>(3 * columnStride), i32x4.shuffle(high01, high23, 2, 3, 6, 7), isReversed);
}

/** Rows that are turned together: read almost in order, and whole cache lines of the image are written. */
const ROWS_TOGETHER = 32;

/** A tile whose rows run along rows of the image. */
function copyTurned(source: usize, rows: i32, columns: i32, sourceStride: i32, target: i32, rowStride: i32, columnStride: i32): void {
  const isReversed = rowStride < 0;
  const wholeRows = rows & ~3;
  const wholeColumns = columns & ~3;
  for (let first = 0; first < wholeRows; first += ROWS_TOGETHER) {
    const last = min(first + ROWS_TOGETHER, wholeRows);
    for (let c = 0; c < wholeColumns; c += 4) {
      for (let r = first; r < last; r += 4) {
        const from = source + <usize>(r * sourceStride) + (<usize>c << 2);
        turnBlock(from, <usize>sourceStride, <usize>(target + r * rowStride + c * columnStride), columnStride, isReversed);
      }
    }
    for (let c = wholeColumns; c < columns; c++) {
      for (let r = first; r < last; r += 4) {
        const four = gather(source + <usize>(r * sourceStride) + (<usize>c << 2), <usize>sourceStride);
        storeRun(<usize>(target + r * rowStride + c * columnStride), four, isReversed);
      }
    }
  }
  for (let r = wholeRows; r < rows; r++) {
    for (let c = 0; c < columns; c++)
      store<f32>(<usize>(target + r * rowStride + c * columnStride), load<f32>(source + <usize>(r * sourceStride) + (<usize>c << 2)));
  }
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
      copyTurned(source, rows, columns, sourceStride, target, rowStride, columnStride);
      continue;
    }
    for (let r = 0; r < rows; r++) {
      const from = source + <usize>(r * sourceStride);
      const to = target + r * rowStride;
      if (columnStride == 4) memory.copy(<usize>to, from, <usize>columns << 2);
      else for (let c = 0; c < columns; c++) store<f32>(<usize>(to + c * columnStride), load<f32>(from + (<usize>c << 2)));
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
