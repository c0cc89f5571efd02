import { type BinGrid, relativeAzimuth } from './bin-grid.ts';
import type { PixelCorners } from './pixel-map.ts';
import { QuadCuts } from './quad-cuts.ts';
import { EntryList, type SplitEntries } from './split-entries.ts';

/** Most corners that a pixel can have. */
const MOST_CORNERS = 8;
/** Shares that rounding leaves are no entries. */
const LEAST_SHARE = 1e-7;

/**
 * Exact areas of a polygon in the cells of a grid, by adding up what lies below each of its edges: within a cell the edge's
 * own trapezium (`area`), in all cells below it the whole width (`cover`, summed from the top when the cells are read).
 * @source the accumulation of signed areas that scan converters of outline fonts use
 */
class CellAreas {
  #area = new Float64Array(64);
  #cover = new Float64Array(64);
  #column = 0;
  #columns = 0;
  #row = 0;
  #rows = 0;

  /** Starts with empty cells [column, column + columns) x [row, row + rows). */
  begin(column: number, columns: number, row: number, rows: number): void {
    const cells = columns * rows;
    if (cells > this.#area.length) {
      this.#area = new Float64Array(2 * cells);
      this.#cover = new Float64Array(2 * cells);
    } else {
      // A few cells: a loop is quicker than two calls.
      for (let i = 0; i < cells; i++) {
        this.#area[i] = 0;
        this.#cover[i] = 0;
      }
    }
    this.#column = column;
    this.#columns = columns;
    this.#row = row;
    this.#rows = rows;
  }

  /** Adds what is below the edge from (x0, y0) to (x1, y1), as far as it is inside of the cells. */
  addEdge(x0: number, y0: number, x1: number, y1: number): void {
    if (x0 === x1) return;
    const sign = x1 > x0 ? 1 : -1;
    const slope = (y1 - y0) / (x1 - x0);
    const firstColumn = this.#column;
    const endColumn = firstColumn + this.#columns;
    let x = Math.min(x1, x0);
    if (x < firstColumn) x = firstColumn;
    let stop = Math.max(x1, x0);
    if (stop > endColumn) stop = endColumn;
    while (x < stop) {
      const column = Math.floor(x);
      const end = Math.min(column + 1, stop);
      this.#addInColumn(column, sign, end - x, y0 + (x - x0) * slope, y0 + (end - x0) * slope);
      x = end;
    }
  }

  /** A piece of an edge within one column. */
  #addInColumn(column: number, sign: number, width: number, y0: number, y1: number): void {
    const at = (column - this.#column) * this.#rows;
    const low = Math.min(y0, y1);
    const high = Math.max(y0, y1);
    const topRow = this.#row + this.#rows;
    if (high - low < 1e-12) {
      this.#addPiece(at, sign * width, low, low, topRow);
      return;
    }
    const perHeight = width / (high - low);
    let y = low;
    while (y < high) {
      // Below the first row nothing is covered, above the last one everything: neither needs cutting row by row.
      let end = Math.floor(y) + 1;
      if (y < this.#row) end = this.#row;
      if (y >= topRow || end > high) end = high;
      this.#addPiece(at, sign * (end - y) * perHeight, y, end, topRow);
      y = end;
    }
  }

  #addPiece(at: number, width: number, y0: number, y1: number, topRow: number): void {
    const middle = 0.5 * (y0 + y1);
    if (middle <= this.#row) return;
    if (middle >= topRow) {
      this.#area[at + this.#rows - 1] += width;
      if (this.#rows > 1) this.#cover[at + this.#rows - 1] += width;
      return;
    }
    const row = Math.floor(middle) - this.#row;
    this.#area[at + row] += width * (middle - row - this.#row);
    this.#cover[at + row] += width;
  }

  /** Signed areas (column, row). Valid until the next {@link begin}. */
  finish(): Float64Array {
    const rows = this.#rows;
    for (let c = 0; c < this.#columns; c++) {
      let above = 0;
      for (let cell = (c + 1) * rows - 1; cell >= c * rows; cell--) {
        this.#area[cell] += above;
        above += this.#cover[cell];
      }
    }
    return this.#area;
  }
}

/**
 * Pixels split by their true outlines in (radius, azimuth); edges are straight there. What lies outside of the grid is left out.
 * @param floor smallest radial value there is (0), or -Infinity
 * @param mask uint8 (pixel), not 0 = in no bin
 * @source pyFAI, "full" splitting; there only with four corners
 */
export function splitPolygon(
  corners: PixelCorners,
  grid: BinGrid,
  floor: number,
  mask: Uint8Array | undefined,
): SplitEntries {
  const { radial, azimuth, isCircle } = grid;
  const { first, steps } = corners;
  const angles = corners.azimuth as Float64Array;
  const pixels = first.length;
  const count = steps.length;
  const perUnit = 1 / radial.step;
  const perTurn = azimuth ? 1 / azimuth.step : 1;
  const turn = 2 * Math.PI * perTurn;
  const list = new EntryList(pixels, azimuth ? 3 : 2.2);
  const cells = new CellAreas();
  const cuts = new QuadCuts();
  const x = new Float64Array(MOST_CORNERS + 2);
  const y = new Float64Array(MOST_CORNERS + 2);
  const columnAreas = new Float64Array(Math.max(radial.bins, 1));

  for (let i = 0; i < pixels; i++) {
    const start = first[i];
    if (start < 0 || (mask !== undefined && mask[i] !== 0)) {
      list.endPixel(list.reserve(0));
      continue;
    }
    let low = Number.POSITIVE_INFINITY;
    let high = Number.NEGATIVE_INFINITY;
    for (let k = 0; k < count; k++) {
      const value = (corners.radial[start + steps[k]] - radial.low) * perUnit;
      x[k] = value;
      if (value < low) low = value;
      if (value > high) high = value;
    }
    if (!(high > 0 && low < radial.bins)) {
      list.endPixel(list.reserve(0));
      continue;
    }
    // Azimuths on one turn, beginning near the first corner; in bins where these count.
    const begin = angles[start];
    let previous = azimuth ? relativeAzimuth(begin, azimuth) * perTurn : 0;
    y[0] = previous;
    let bottom = previous;
    let top = previous;
    for (let k = 1; k < count; k++) {
      let step = (angles[start + steps[k]] - begin) * perTurn - (previous - y[0]);
      if (step > 0.5 * turn || step < -0.5 * turn) step -= turn * Math.round(step / turn); // across the cut
      previous += step;
      y[k] = previous;
      if (previous < bottom) bottom = previous;
      if (previous > top) top = previous;
    }
    let corner = count;
    if (Math.abs(previous - y[0]) > 0.5 * turn) {
      // The outline goes round the beam: the pixel that it hits reaches from the centre to its farthest corner, all round.
      low = (Math.max(floor, -Number.MAX_VALUE) - radial.low) * perUnit;
      if (!Number.isFinite(low)) low = high - 1;
      bottom = isCircle || !azimuth ? 0 : 0.5 * (azimuth.bins - turn);
      top = bottom + turn;
      corner = 4;
      x.set([low, high, high, low]);
      y.set([bottom, bottom, top, top]);
    }
    x[corner] = x[0];
    y[corner] = y[0];

    const firstBin = Math.max(0, Math.floor(low));
    const lastBin = Math.min(radial.bins - 1, Math.floor(high));
    if (!azimuth) {
      if (firstBin === lastBin && low >= 0 && high <= radial.bins) {
        const at = list.reserve(1);
        list.bins[at] = firstBin;
        list.shares[at] = 1;
        list.endPixel(at + 1);
        continue;
      }
      if (corner === 4 && cuts.take(x, y)) {
        let at = list.reserve(lastBin - firstBin + 1);
        const { bins, shares } = list;
        const perArea = 1 / cuts.area;
        let below = cuts.areaBelow(firstBin);
        for (let bin = firstBin; bin <= lastBin; bin++) {
          const next = cuts.areaBelow(bin + 1);
          const share = (next - below) * perArea;
          below = next;
          if (!(share > LEAST_SHARE)) continue;
          bins[at] = bin;
          shares[at++] = share;
        }
        list.endPixel(at);
        continue;
      }
      let total = 0;
      for (let k = 0; k < corner; k++) {
        const x0 = x[k];
        const x1 = x[k + 1];
        // Heights from the first corner, so that differences stay exact.
        const y0 = y[k] - y[0];
        const y1 = y[k + 1] - y[0];
        total += 0.5 * (x1 - x0) * (y0 + y1);
        if (x0 !== x1) addColumns(columnAreas, x0, y0, x1, y1, firstBin, lastBin);
      }
      let at = list.reserve(lastBin - firstBin + 1);
      for (let bin = firstBin; bin <= lastBin; bin++) {
        const share = columnAreas[bin] / total;
        columnAreas[bin] = 0;
        if (!(share > LEAST_SHARE)) continue;
        list.bins[at] = bin;
        list.shares[at++] = share;
      }
      list.endPixel(at);
      continue;
    }

    let at = list.reserve(0);
    // An outline beside the beam may reach both ends of a wide sector.
    for (let turns = isCircle ? 0 : -1; turns <= (isCircle ? 0 : 1); turns++) {
      const shift = turns * turn;
      const from = bottom + shift;
      const to = top + shift;
      if (!isCircle && (to <= 0 || from >= azimuth.bins)) continue;
      const firstRow = isCircle ? Math.floor(from) : Math.max(0, Math.floor(from));
      const lastRow = isCircle ? Math.floor(to) : Math.min(azimuth.bins - 1, Math.floor(to));
      const rows = lastRow - firstRow + 1;
      list.endPart(at);
      at = list.reserve(rows * (lastBin - firstBin + 1));
      const isInside = low >= 0 && high <= radial.bins && from >= firstRow && to <= lastRow + 1;
      if (rows === 1 && firstBin === lastBin && isInside) {
        list.bins[at] = wrapRow(firstRow, azimuth.bins) * radial.bins + firstBin;
        list.shares[at++] = 1;
        continue;
      }
      cells.begin(firstBin, lastBin - firstBin + 1, firstRow, rows);
      let total = 0;
      for (let k = 0; k < corner; k++) {
        total += 0.5 * (x[k + 1] - x[k]) * (y[k] + y[k + 1] - 2 * y[0]);
        cells.addEdge(x[k], y[k] + shift, x[k + 1], y[k + 1] + shift);
      }
      const areas = cells.finish();
      for (let row = firstRow; row <= lastRow; row++) {
        const rowStart = wrapRow(row, azimuth.bins) * radial.bins;
        for (let bin = firstBin; bin <= lastBin; bin++) {
          const share = areas[(bin - firstBin) * rows + row - firstRow] / total;
          if (!(share > LEAST_SHARE)) continue;
          list.bins[at] = rowStart + bin;
          list.shares[at++] = share;
        }
      }
    }
    list.endPixel(at);
  }
  return list.finish();
}

function wrapRow(row: number, rows: number): number {
  if (row >= 0 && row < rows) return row;
  return row < 0 ? row + rows * Math.ceil(-row / rows) : row % rows;
}

/** Adds the area below an edge to each column that it crosses. */
function addColumns(
  areas: Float64Array,
  x0: number,
  y0: number,
  x1: number,
  y1: number,
  firstBin: number,
  lastBin: number,
): void {
  const slope = (y1 - y0) / (x1 - x0);
  const sign = x1 > x0 ? 1 : -1;
  let x = Math.min(x1, x0);
  if (x < firstBin) x = firstBin;
  let right = Math.max(x1, x0);
  if (right > lastBin + 1) right = lastBin + 1;
  while (x < right) {
    const bin = Math.floor(x);
    const end = Math.min(bin + 1, right);
    areas[bin] += sign * (end - x) * (y0 + (0.5 * (x + end) - x0) * slope);
    x = end;
  }
}
