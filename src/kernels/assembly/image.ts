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

/** Bytes of a record of the tile table. */
const TILE_BYTES: usize = 28;
/** Columns that are turned together: one cache line of each row of the tile, read once. */
const BAND = 16;

/** {@link BAND} columns of a tile, in the order of the image's addresses, whichever way its rows run. `rows`: a multiple of 4. */
// @ts-ignore: decorator
@inline
function turnBand(source: usize, rows: i32, sourceStride: usize, target: i32, rowStride: i32, columnStride: i32): void {
  const isReversed = rowStride < 0;
  for (let step = 0; step < rows; step += 4) {
    const row = isReversed ? rows - 4 - step : step;
    const from = source + <usize>row * sourceStride;
    const to = target + row * rowStride;
    turnBlock(from, sourceStride, <usize>to, columnStride, isReversed);
    turnBlock(from + 16, sourceStride, <usize>(to + 4 * columnStride), columnStride, isReversed);
    turnBlock(from + 32, sourceStride, <usize>(to + 8 * columnStride), columnStride, isReversed);
    turnBlock(from + 48, sourceStride, <usize>(to + 12 * columnStride), columnStride, isReversed);
  }
}

/** What {@link turnBand} leaves of a tile: columns beyond the last whole band, and rows beyond the last multiple of 4. */
function turnRest(source: usize, rows: i32, columns: i32, sourceStride: usize, target: i32, rowStride: i32, columnStride: i32): void {
  const wholeRows = rows & ~3;
  for (let c = columns & ~(BAND - 1); c < columns; c++) {
    for (let r = 0; r < wholeRows; r += 4) {
      const four = gather(source + <usize>r * sourceStride + (<usize>c << 2), sourceStride);
      storeRun(<usize>(target + r * rowStride + c * columnStride), four, rowStride < 0);
    }
  }
  for (let r = wholeRows; r < rows; r++) {
    for (let c = 0; c < columns; c++)
      store<f32>(<usize>(target + r * rowStride + c * columnStride), load<f32>(source + <usize>r * sourceStride + (<usize>c << 2)));
  }
}

/**
 * Tiles of one shape and direction whose rows run along rows of the image, such as those of an AGIPD module. They are side by
 * side in the image: the same columns of all of them are turned one after the other, so that long runs of the image are written.
 */
function turnTiles(tiles: usize, count: i32, modules: usize, image: usize): void {
  const rows = load<i32>(tiles + 4);
  const columns = load<i32>(tiles + 8);
  const sourceStride = <usize>load<i32>(tiles + 12) << 2;
  const rowStride = load<i32>(tiles + 20) << 2;
  const columnStride = load<i32>(tiles + 24) << 2;
  for (let c = 0; c + BAND <= columns; c += BAND) {
    for (let step = 0; step < count; step++) {
      const t = tiles + <usize>(rowStride < 0 ? count - 1 - step : step) * TILE_BYTES;
      const source = modules + (<usize>(load<i32>(t) + c) << 2);
      const target = <i32>image + (load<i32>(t + 16) << 2) + c * columnStride;
      turnBand(source, rows & ~3, sourceStride, target, rowStride, columnStride);
    }
  }
  if ((rows & 3) == 0 && (columns & (BAND - 1)) == 0) return;
  for (let tile = 0; tile < count; tile++) {
    const t = tiles + <usize>tile * TILE_BYTES;
    const source = modules + (<usize>load<i32>(t) << 2);
    turnRest(source, rows, columns, sourceStride, <i32>image + (load<i32>(t + 16) << 2), rowStride, columnStride);
  }
}

/** A module has at most so many tiles; the next columns of more would have left the cache. */
const MOST_TOGETHER: u32 = 8;

/**
 * How many tiles from `first` on differ in their places only and lie one beside the other, nowhere one over another: where tiles
 * overlap, the later one is seen, so they are not turned together.
 */
function tilesTogether(tiles: usize, first: u32, tileCount: u32): i32 {
  const t = tiles + <usize>first * TILE_BYTES;
  const rows = load<i32>(t + 4);
  const width = abs(load<i32>(t + 24));
  let span = 0;
  let next: u32 = 1;
  for (; next < MOST_TOGETHER && first + next < tileCount; next++) {
    const last = t + <usize>(next - 1) * TILE_BYTES;
    const other = last + TILE_BYTES;
    const isAlike = load<u64>(other + 4) == load<u64>(t + 4) && load<i32>(other + 12) == load<i32>(t + 12) && load<u64>(other + 20) == load<u64>(t + 20);
    if (!isAlike) break;
    // Places along a row, on a circle of one row: those that are apart there are apart in the image, whatever their rows.
    const distance = load<i32>(other + 16) - load<i32>(last + 16);
    const step = distance - ((distance + (distance < 0 ? -(width >> 1) : width >> 1)) / width) * width;
    const isOnward = abs(step) >= rows && (span == 0 || step > 0 == span > 0);
    if (!isOnward || abs(span + step) + rows > width) break;
    span += step;
  }
  return <i32>next;
}

/** Copies tiles into an image. `tiles`: int32 [tile][7] = source, rows, columns, source row stride, target, target row and column stride. */
export function assemble(modules: usize, tiles: usize, tileCount: u32, image: usize): void {
  for (let tile: u32 = 0; tile < tileCount; ) {
    const t = tiles + <usize>tile * TILE_BYTES;
    const rowStride = load<i32>(t + 20) << 2;
    if (rowStride == 4 || rowStride == -4) {
      const count = tilesTogether(tiles, tile, tileCount);
      turnTiles(t, count, modules, image);
      tile += count;
      continue;
    }
    const source = modules + (<usize>load<i32>(t) << 2);
    const rows = load<i32>(t + 4);
    const columns = load<i32>(t + 8);
    const sourceStride = load<i32>(t + 12) << 2;
    const target = <i32>image + (load<i32>(t + 16) << 2);
    const columnStride = load<i32>(t + 24) << 2;
    for (let r = 0; r < rows; r++) {
      const from = source + <usize>(r * sourceStride);
      const to = target + r * rowStride;
      if (columnStride == 4) memory.copy(<usize>to, from, <usize>columns << 2);
      else for (let c = 0; c < columns; c++) store<f32>(<usize>(to + c * columnStride), load<f32>(from + (<usize>c << 2)));
    }
    tile++;
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
