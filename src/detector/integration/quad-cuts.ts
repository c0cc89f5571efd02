/**
 * Cumulative areas of a convex quadrilateral cut by lines x = constant. Its height over x is straight between corners, so the
 * area left of a line is a parabola in each of three pieces: no edge is followed bin by bin.
 */
export class QuadCuts {
  /** x of the corners but the last, rising; widths of the pieces between them. */
  #x0 = 0;
  #x1 = 0;
  #x2 = 0;
  #width1 = 0;
  #width2 = 0;
  #width3 = 0;
  /** Height over the second and third corner. */
  #height1 = 0;
  #height2 = 0;
  /** Half of how much the height rises or falls with x in each piece. */
  #slope1 = 0;
  #slope2 = 0;
  #slope3 = 0;
  /** All of it. */
  area = 0;

  /**
   * Takes four corners, going round. @returns false if they are not those of a convex quadrilateral with an area
   * @param x and @param y (4 or more): the first four count
   */
  take(x: Float64Array, y: Float64Array): boolean {
    const xa = x[0];
    const xb = x[1];
    const xc = x[2];
    const xd = x[3];
    const ya = y[0];
    const yb = y[1];
    const yc = y[2];
    const yd = y[3];
    const turnB = (xb - xa) * (yc - yb) - (yb - ya) * (xc - xb);
    const turnC = (xc - xb) * (yd - yc) - (yc - yb) * (xd - xc);
    const turnD = (xd - xc) * (ya - yd) - (yd - yc) * (xa - xd);
    const turnA = (xa - xd) * (yb - ya) - (ya - yd) * (xb - xa);
    const isLeft = turnA >= 0 && turnB >= 0 && turnC >= 0 && turnD >= 0;
    const isRight = turnA <= 0 && turnB <= 0 && turnC <= 0 && turnD <= 0;
    if (!isLeft && !isRight) return false;
    // From the smallest corner: its neighbours, and the one across. All in one function: numbers handed on are slow.
    let least = 0;
    if (xb < xa) least = 1;
    if (xc < x[least]) least = 2;
    if (xd < x[least]) least = 3;
    const before = (least + 3) & 3;
    const across = (least + 2) & 3;
    const after = (least + 1) & 3;
    const isSwapped = x[after] > x[before];
    const near = isSwapped ? before : after;
    const far = isSwapped ? after : before;
    const x0 = x[least];
    const y0 = y[least];
    const x1 = x[near];
    const y1 = y[near];
    let x2 = x[across];
    let y2 = y[across];
    let x3 = x[far];
    let y3 = y[far];
    let height1: number;
    let height2: number;
    if (x2 >= x3) {
      // The largest is across: each of the others is on one side of the two.
      x3 = x2;
      y3 = y2;
      x2 = x[far];
      y2 = y[far];
      // With x2 = x0 the first edge stands upright: it is the height itself.
      height1 = x2 > x0 ? Math.abs(y0 + ((y2 - y0) * (x1 - x0)) / (x2 - x0) - y1) : Math.abs(y2 - y0);
      height2 = x3 > x1 ? Math.abs(y1 + ((y3 - y1) * (x2 - x1)) / (x3 - x1) - y2) : Math.abs(y3 - y1);
    } else {
      // The largest is a neighbour: the others are on the same side of the edge to it, and x rises along them.
      const slope = (y3 - y0) / (x3 - x0);
      height1 = Math.abs(y1 - y0 - (x1 - x0) * slope);
      height2 = Math.abs(y2 - y0 - (x2 - x0) * slope);
    }
    const width1 = x1 - x0;
    const width2 = x2 - x1;
    const width3 = x3 - x2;
    this.#x0 = x0;
    this.#x1 = x1;
    this.#x2 = x2;
    this.#width1 = width1;
    this.#width2 = width2;
    this.#width3 = width3;
    this.#height1 = height1;
    this.#height2 = height2;
    this.#slope1 = width1 > 0 ? (0.5 * height1) / width1 : 0;
    this.#slope2 = width2 > 0 ? (0.5 * (height2 - height1)) / width2 : 0;
    this.#slope3 = width3 > 0 ? (0.5 * height2) / width3 : 0;
    this.area = this.areaBelow(Number.POSITIVE_INFINITY);
    return this.area > 0;
  }

  /** Area left of a line: what of each piece is left of it, without a branch. */
  areaBelow(x: number): number {
    const first = Math.min(Math.max(x - this.#x0, 0), this.#width1);
    const second = Math.min(Math.max(x - this.#x1, 0), this.#width2);
    const third = Math.min(Math.max(x - this.#x2, 0), this.#width3);
    return (
      this.#slope1 * first * first +
      second * (this.#height1 + this.#slope2 * second) +
      third * (this.#height2 - this.#slope3 * third)
    );
  }
}
