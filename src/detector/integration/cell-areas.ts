/**
 * Exact areas of a polygon in the cells of a grid, by adding up what lies below each of its edges: within a cell the edge's
 * own trapezium (`area`), in all cells below it the whole width (`cover`, summed from the top when the cells are read).
 * @source the accumulation of signed areas that scan converters of outline fonts use
 */
export class CellAreas {
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
