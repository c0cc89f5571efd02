/**
 * Cumulative areas of a convex quadrilateral cut by lines x = constant. Its height over x is straight between corners, so the
 * area left of a line is a parabola in each of three pieces: no edge is followed bin by bin.
 */
export class QuadCuts {
  /** x of the corners, rising. */
  #x0 = 0;
  #x1 = 0;
  #x2 = 0;
  #x3 = 0;
  /** Height over the second and third corner. */
  #height1 = 0;
  #height2 = 0;
  /** Area left of these. */
  #area1 = 0;
  #area2 = 0;
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
    if (x2 >= x3) {
      // The largest is across: each of the others is on one side of the two.
      x3 = x2;
      y3 = y2;
      x2 = x[far];
      y2 = y[far];
      // With x2 = x0 the first edge stands upright: it is the height itself.
      this.#height1 = x2 > x0 ? Math.abs(y0 + ((y2 - y0) * (x1 - x0)) / (x2 - x0) - y1) : Math.abs(y2 - y0);
      this.#height2 = x3 > x1 ? Math.abs(y1 + ((y3 - y1) * (x2 - x1)) / (x3 - x1) - y2) : Math.abs(y3 - y1);
    } else {
      // The largest is a neighbour: the others are on the same side of the edge to it, and x rises along them.
      const slope = (y3 - y0) / (x3 - x0);
      this.#height1 = Math.abs(y1 - y0 - (x1 - x0) * slope);
      this.#height2 = Math.abs(y2 - y0 - (x2 - x0) * slope);
    }
    this.#x0 = x0;
    this.#x1 = x1;
    this.#x2 = x2;
    this.#x3 = x3;
    this.#area1 = 0.5 * this.#height1 * (x1 - x0);
    this.#area2 = this.#area1 + 0.5 * (this.#height1 + this.#height2) * (x2 - x1);
    this.area = this.#area2 + 0.5 * this.#height2 * (x3 - x2);
    return this.area > 0;
  }

  /** Area left of a line. */
  areaBelow(x: number): number {
    if (x <= this.#x0) return 0;
    if (x >= this.#x3) return this.area;
    if (x < this.#x1) {
      const into = x - this.#x0;
      return (0.5 * this.#height1 * into * into) / (this.#x1 - this.#x0);
    }
    if (x < this.#x2) {
      const into = x - this.#x1;
      const width = this.#x2 - this.#x1;
      return this.#area1 + into * (this.#height1 + (0.5 * (this.#height2 - this.#height1) * into) / width);
    }
    const left = this.#x3 - x;
    return this.area - (0.5 * this.#height2 * left * left) / (this.#x3 - this.#x2);
  }
}
