// Outlines split over bins of radius and azimuth, in AssemblyScript: the twin of detector/integration/split-polygon.ts in two
// dimensions, and of cell-areas.ts.
import { addShare, countOne, RECORD_BYTES, recordOf } from './entries';
import { columnsOf, isCircleOf, perTurnOf, rowsOf, RUN_BYTES, turnOf, wrapRow } from './grid';
import {
  beamLow, firstRowAt, hasRowsAt, lastRowAt, leastOf, leastRadius, mostOf, mostRadius, takeOutline, takeSquare,
} from './outlines';
import { addStrips, areasBelow, quadArea, takeQuad, takeStored } from './quad-cuts';

/** Adds to each bin how many pixels may have a share in it; arguments as those of {@link fillCells}. */
export function countCells(
  runs: usize, count: i32, steps: usize, corners: i32, isSquare: i32, perPixel: usize, radii: usize,
  toAngles: usize, beam: usize, mask: usize, outline: usize, weights: usize, grid: usize, records: usize,
): void {
  const bins = columnsOf(grid);
  const rows = rowsOf(grid);
  // An outline beside the beam may reach both ends of a wide sector.
  const reach = isCircleOf(grid) ? 0 : 1;
  const far = <usize>load<u32>(steps + 4 * <usize>(corners - 1));
  const perTurn = perTurnOf(grid);
  const turn = turnOf(grid);
  for (let r = 0; r < count; r++) {
    const run = runs + <usize>r * RUN_BYTES;
    let pixel = load<u32>(run);
    const end = pixel + load<u32>(run, 4);
    let corner = radii + (<usize>load<u32>(run, 8) << 3);
    while (load<u32>(beam) < pixel) beam += 4;
    for (; pixel < end; pixel++, corner += perPixel) {
      if (!(load<f32>(weights + (<usize>pixel << 2)) > 0)) continue;
      if (mask && load<u8>(mask + <usize>pixel)) continue;
      let low = isSquare ? leastOf(v128.load(corner), v128.load(corner + far)) : leastRadius(corner, steps, corners);
      const high = isSquare ? mostOf(v128.load(corner), v128.load(corner + far)) : mostRadius(corner, steps, corners);
      if (!(high > 0 && low < <f64>bins)) continue;
      const isBeam = pixel == load<u32>(beam);
      if (isBeam) {
        low = beamLow(high, grid);
        beam += 4;
      }
      const firstBin = low > 0 ? <i32>low : 0;
      const lastBin = high < <f64>bins ? <i32>high : bins - 1;
      if (isSquare && !isBeam) takeSquare(corner, toAngles, far, perTurn, turn, grid, outline);
      else takeOutline(corner, toAngles, steps, corners, isBeam, true, low, high, grid, outline);
      for (let turns = -reach; turns <= reach; turns++) {
        if (!hasRowsAt(outline, turns, grid)) continue;
        const lastRow = lastRowAt(outline, turns, grid);
        for (let row = firstRowAt(outline, turns, grid); row <= lastRow; row++) {
          const line = recordOf(records, wrapRow(row, rows) * bins);
          for (let bin = firstBin; bin <= lastBin; bin++) countOne(recordOf(line, bin));
        }
      }
    }
  }
}

/**
 * Adds their shares.
 * @param runs uint32 (run, 3) @param steps uint32 (corner), bytes @param isSquare four corners, two and two side by side
 * @param toAngles bytes from the radius of a corner to its azimuth
 * @param beam uint32: pixels that the beam hits, rising, and a number that is none
 * @param mask uint8 (pixel), or 0 @param outline float64 (22), for one outline
 * @param areas float64 (cell of an outline), `toCover` bytes before as many for what lies above
 * @param toShares bytes from an entry's pixel to its share
 */
export function fillCells(
  runs: usize, count: i32, steps: usize, corners: i32, isSquare: i32, perPixel: usize, radii: usize,
  toAngles: usize, beam: usize, mask: usize, outline: usize, areas: usize, toCover: usize, weights: usize, grid: usize,
  records: usize, pixels: usize, toShares: usize,
): void {
  const bins = columnsOf(grid);
  const rows = rowsOf(grid);
  const reach = isCircleOf(grid) ? 0 : 1;
  const far = <usize>load<u32>(steps + 4 * <usize>(corners - 1));
  const perTurn = perTurnOf(grid);
  const turn = turnOf(grid);
  for (let r = 0; r < count; r++) {
    const run = runs + <usize>r * RUN_BYTES;
    let pixel = load<u32>(run);
    const end = pixel + load<u32>(run, 4);
    let corner = radii + (<usize>load<u32>(run, 8) << 3);
    while (load<u32>(beam) < pixel) beam += 4;
    for (; pixel < end; pixel++, corner += perPixel) {
      const weight = <f64>load<f32>(weights + (<usize>pixel << 2));
      if (!(weight > 0)) continue;
      if (mask && load<u8>(mask + <usize>pixel)) continue;
      let low = isSquare ? leastOf(v128.load(corner), v128.load(corner + far)) : leastRadius(corner, steps, corners);
      const high = isSquare ? mostOf(v128.load(corner), v128.load(corner + far)) : mostRadius(corner, steps, corners);
      if (!(high > 0 && low < <f64>bins)) continue;
      const isBeam = pixel == load<u32>(beam);
      if (isBeam) {
        low = beamLow(high, grid);
        beam += 4;
      }
      const firstBin = low > 0 ? <i32>low : 0;
      const lastBin = high < <f64>bins ? <i32>high : bins - 1;
      const columns = lastBin - firstBin + 1;
      let many = corners;
      if (isSquare && !isBeam) takeSquare(corner, toAngles, far, perTurn, turn, grid, outline);
      else many = takeOutline(corner, toAngles, steps, corners, isBeam, true, low, high, grid, outline);
      for (let turns = -reach; turns <= reach; turns++) {
        if (!hasRowsAt(outline, turns, grid)) continue;
        const firstRow = firstRowAt(outline, turns, grid);
        const lastRow = lastRowAt(outline, turns, grid);
        const shift = <f64>turns * turnOf(grid);
        const isInside = low >= 0 && high <= <f64>bins
          && load<f64>(outline) + shift >= <f64>firstRow && load<f64>(outline, 8) + shift <= <f64>(lastRow + 1);
        if (isInside && (firstRow == lastRow || columns == 1)) {
          if (firstRow == lastRow && columns == 1) {
            addShare(
              recordOf(records, wrapRow(firstRow, rows) * bins + firstBin), pixel, 1, weight, pixels, toShares,
            );
            continue;
          }
          if (many == 4) {
            const isAcross = firstRow == lastRow;
            if (isAcross ? takeStored(outline) : takeUpright(outline)) {
              addQuad(
                isAcross ? <f64>firstBin : <f64>firstRow - shift, isAcross ? columns : lastRow - firstRow + 1,
                records, firstRow, firstBin, isAcross, rows, bins, pixel, weight, pixels, toShares,
              );
              continue;
            }
          }
        }
        const total = addOutline(outline, many, shift, firstBin, columns, firstRow, lastRow - firstRow + 1, areas, toCover);
        const height = lastRow - firstRow + 1;
        for (let row = 0; row < height; row++) {
          const line = recordOf(records, wrapRow(firstRow + row, rows) * bins + firstBin);
          for (let k = 0; k < columns; k++) {
            const share = load<f64>(areas + (<usize>(k * height + row) << 3)) / total;
            addShare(recordOf(line, k), pixel, share, weight, pixels, toShares);
          }
        }
      }
    }
  }
}

function takeUpright(outline: usize): bool {
  return takeQuad(
    load<f64>(outline, 96), load<f64>(outline, 104), load<f64>(outline, 112), load<f64>(outline, 120),
    load<f64>(outline, 16), load<f64>(outline, 24), load<f64>(outline, 32), load<f64>(outline, 40),
  );
}

/** Adds the shares of the quadrilateral in the columns of one row, or in the rows of one column. */
function addQuad(
  first: f64, strips: i32, records: usize, row: i32, column: i32, isAcross: bool, rows: i32, columns: i32, pixel: u32,
  weight: f64, pixels: usize, toShares: usize,
): void {
  const start = wrapRow(row, rows);
  // Rows of one column go on at the first behind the last.
  const together = isAcross ? strips : min(strips, rows - start);
  const stride = isAcross ? RECORD_BYTES : RECORD_BYTES * <usize>columns;
  const record = recordOf(records, start * columns + column);
  if (together == strips) {
    addStrips(first, strips, record, stride, pixel, weight, pixels, toShares);
    return;
  }
  const perArea = 1 / quadArea;
  let below = f64x2.extract_lane(areasBelow(f64x2.splat(first)), 0);
  for (let k = 0; k < strips; k++) {
    const next = f64x2.extract_lane(areasBelow(f64x2.splat(first + <f64>k + 1)), 0);
    const at = recordOf(records, wrapRow(row + k, rows) * columns + column);
    addShare(at, pixel, (next - below) * perArea, weight, pixels, toShares);
    below = next;
  }
}

/** Areas of an outline in its cells (column, row); all of its area is the result. */
function addOutline(
  outline: usize, corners: i32, shift: f64, column: i32, columns: i32, row: i32, rows: i32, areas: usize, toCover: usize,
): f64 {
  const bytes = <usize>(columns * rows) << 3;
  memory.fill(areas, 0, bytes);
  memory.fill(areas + toCover, 0, bytes);
  const lowest = load<f64>(outline, 96);
  let total: f64 = 0;
  for (let k: usize = 0; k < <usize>corners; k++) {
    const corner = outline + (k << 3);
    const x0 = load<f64>(corner, 16);
    const x1 = load<f64>(corner, 24);
    const y0 = load<f64>(corner, 96);
    const y1 = load<f64>(corner, 104);
    total += 0.5 * (x1 - x0) * (y0 + y1 - 2 * lowest);
    addEdge(x0, y0 + shift, x1, y1 + shift, column, columns, row, rows, areas, toCover);
  }
  for (let c = 0; c < columns; c++) {
    let above: f64 = 0;
    for (let cell = (c + 1) * rows - 1; cell >= c * rows; cell--) {
      const at = areas + (<usize>cell << 3);
      store<f64>(at, load<f64>(at) + above);
      above += load<f64>(at + toCover);
    }
  }
  return total;
}

/** Adds what is below an edge, as far as it is inside of the cells. */
// @ts-ignore: decorator
@inline
function addEdge(
  x0: f64, y0: f64, x1: f64, y1: f64, firstColumn: i32, columns: i32, row: i32, rows: i32, areas: usize, toCover: usize,
): void {
  if (x0 == x1) return;
  const sign: f64 = x1 > x0 ? 1 : -1;
  const slope = (y1 - y0) / (x1 - x0);
  let x = min(x1, x0);
  if (x < <f64>firstColumn) x = <f64>firstColumn;
  let stop = max(x1, x0);
  if (stop > <f64>(firstColumn + columns)) stop = <f64>(firstColumn + columns);
  while (x < stop) {
    const column = floor(x);
    const end = min(column + 1, stop);
    const at = areas + (<usize>((<i32>column - firstColumn) * rows) << 3);
    addInColumn(at, sign, end - x, y0 + (x - x0) * slope, y0 + (end - x0) * slope, row, rows, toCover);
    x = end;
  }
}

/** A piece of an edge within one column. */
// @ts-ignore: decorator
@inline
function addInColumn(
  at: usize, sign: f64, width: f64, y0: f64, y1: f64, firstRow: i32, rows: i32, toCover: usize,
): void {
  const low = min(y0, y1);
  const high = max(y0, y1);
  if (high - low < 1e-12) {
    addPiece(at, sign * width, low, low, firstRow, rows, toCover);
    return;
  }
  const perHeight = width / (high - low);
  let y = low;
  while (y < high) {
    // Below the first row nothing is covered, above the last one everything: neither needs cutting row by row.
    let end = floor(y) + 1;
    if (y < <f64>firstRow) end = <f64>firstRow;
    if (y >= <f64>(firstRow + rows) || end > high) end = high;
    addPiece(at, sign * (end - y) * perHeight, y, end, firstRow, rows, toCover);
    y = end;
  }
}

// @ts-ignore: decorator
@inline
function addPiece(at: usize, width: f64, y0: f64, y1: f64, firstRow: i32, rows: i32, toCover: usize): void {
  const middle = 0.5 * (y0 + y1);
  if (middle <= <f64>firstRow) return;
  if (middle >= <f64>(firstRow + rows)) {
    const last = at + (<usize>(rows - 1) << 3);
    store<f64>(last, load<f64>(last) + width);
    if (rows > 1) store<f64>(last + toCover, load<f64>(last + toCover) + width);
    return;
  }
  const row = <i32>floor(middle) - firstRow;
  const cell = at + (<usize>row << 3);
  store<f64>(cell, load<f64>(cell) + width * (middle - <f64>row - <f64>firstRow));
  store<f64>(cell + toCover, load<f64>(cell + toCover) + width);
}
