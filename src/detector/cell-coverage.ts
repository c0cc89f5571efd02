/** How much of the unit cells of a grid polygons cover, one polygon at a time; a work space that is used again and again. */
export interface CellCoverage {
  /** First column and row of the box of cells, and how many there are. */
  column: number;
  row: number;
  columns: number;
  rows: number;
  /** Area in each cell of the box, rows of `columns + 2`. */
  area: Float64Array;
}

/** A work space. */
export function createCellCoverage(): CellCoverage {
  return { column: 0, row: 0, columns: 0, rows: 0, area: new Float64Array(64) };
}

/**
 * Area of a polygon in each cell that it touches, exactly: each edge adds the area between itself and the right end of its rows,
 * so that a running sum along a row is what the polygon covers.
 * @param xs corners in grid units, going round, either way @param ys likewise @param count number of corners
 * @param out is filled; areas are positive or zero (rounding may leave -1e-17)
 */
export function coverPolygon(xs: Float64Array, ys: Float64Array, count: number, out: CellCoverage): void {
  let [left, right, low, high] = [xs[0], xs[0], ys[0], ys[0]];
  for (let i = 1; i < count; i++) {
    if (xs[i] < left) left = xs[i];
    if (xs[i] > right) right = xs[i];
    if (ys[i] < low) low = ys[i];
    if (ys[i] > high) high = ys[i];
  }
  out.column = Math.floor(left);
  out.row = Math.floor(low);
  out.columns = Math.max(1, Math.ceil(right) - out.column);
  out.rows = Math.max(1, Math.ceil(high) - out.row);
  const stride = out.columns + 2;
  const cells = stride * out.rows;
  if (out.area.length < cells) out.area = new Float64Array(2 * cells);
  const { area } = out;
  for (let i = 0; i < cells; i++) area[i] = 0;
  for (let i = 0; i < count; i++) {
    const next = i + 1 === count ? 0 : i + 1;
    addEdge(area, stride, xs[i] - out.column, ys[i] - out.row, xs[next] - out.column, ys[next] - out.row);
  }
  let total = 0;
  for (let row = 0; row < out.rows; row++) {
    let sum = 0;
    for (let column = 0; column < out.columns; column++) {
      sum += area[row * stride + column];
      area[row * stride + column] = sum;
      total += sum;
    }
  }
  if (total < 0) for (let i = 0; i < cells; i++) area[i] = 0 - area[i];
}

function addEdge(area: Float64Array, stride: number, xa: number, ya: number, xb: number, yb: number): void {
  if (ya === yb) return;
  const direction = ya < yb ? 1 : -1;
  const [x0, y0, x1, y1] = ya < yb ? [xa, ya, xb, yb] : [xb, yb, xa, ya];
  const slope = (x1 - x0) / (y1 - y0);
  const lastRow = Math.ceil(y1) - 1;
  for (let row = Math.floor(y0); row <= lastRow; row++) {
    const from = Math.max(y0, row);
    const to = Math.min(y1, row + 1);
    const height = (to - from) * direction;
    const entry = x0 + (from - y0) * slope;
    const exit = to === y1 ? x1 : x0 + (to - y0) * slope;
    addSpan(area, row * stride, height, Math.min(entry, exit), Math.max(entry, exit));
  }
}

/** The part of an edge in one row: from `left` to `right` while it goes up by `height`. */
function addSpan(area: Float64Array, at: number, height: number, left: number, right: number): void {
  const first = Math.floor(left);
  const last = Math.max(first + 1, Math.ceil(right));
  if (last === first + 1) {
    const middle = (left + right) / 2 - first;
    area[at + first] += height * (1 - middle);
    area[at + first + 1] += height * middle;
    return;
  }
  // Height per column; what is right of the edge in a column grows from a triangle to the whole.
  const perColumn = height / (right - left);
  let covered = 0;
  for (let column = first; column < last; column++) {
    const [a, b] = [Math.max(left, column), Math.min(right, column + 1)];
    const rise = (b - a) * perColumn;
    const cell = covered + rise * (1 - ((a + b) / 2 - column));
    area[at + column] += cell;
    // The running sum has `cell` from here on; the next column must begin with all that the edge rose so far.
    area[at + column + 1] -= cell;
    covered += rise;
  }
  area[at + last] += covered;
}
