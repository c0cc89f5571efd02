import { type BinAxis, type BinGrid, relativeAzimuth } from './bin-grid.ts';
import type { PixelCorners } from './pixel-map.ts';

/** Most corners that a pixel can have. */
const MOST_CORNERS = 8;

/** Outlines of pixels one after the other, in bins; azimuths in rows of the grid, or in rad where it has none. */
export class Outlines {
  readonly #corners: PixelCorners;
  readonly #beam: ReadonlySet<number>;
  readonly #azimuth: BinAxis | null;
  readonly #floor: number;
  readonly #perUnit: number;
  readonly #perTurn: number;
  /** Four corners, the most common: their steps are at hand, and no loop goes over them. */
  readonly #isSquare: boolean;
  readonly #step1: number;
  readonly #step2: number;
  readonly #step3: number;
  readonly radial: BinAxis;
  readonly isCircle: boolean;
  /** A whole turn; in rad where the azimuth does not count. */
  readonly turn: number;
  /** float64 (corner), with the first once more at the end. */
  readonly x = new Float64Array(MOST_CORNERS + 2);
  readonly y = new Float64Array(MOST_CORNERS + 2);
  /** float64: low and high, bottom and top. */
  readonly ends = new Float64Array(4);
  corners = 0;
  firstBin = 0;
  lastBin = 0;
  firstRow = 0;
  lastRow = 0;

  constructor(corners: PixelCorners, beam: ReadonlySet<number>, grid: BinGrid, floor: number) {
    this.#corners = corners;
    this.#beam = beam;
    this.#azimuth = grid.azimuth;
    this.#floor = floor;
    this.#perUnit = 1 / grid.radial.step;
    this.#perTurn = grid.azimuth ? 1 / grid.azimuth.step : 1;
    const [first, step1, step2, step3] = corners.steps;
    this.#isSquare = corners.steps.length === 4 && first === 0;
    this.#step1 = step1;
    this.#step2 = step2;
    this.#step3 = step3;
    this.radial = grid.radial;
    this.isCircle = grid.isCircle;
    this.turn = 2 * Math.PI * this.#perTurn;
  }

  /** Goes to a pixel. @returns whether it is within the radial range */
  take(pixel: number): boolean {
    const { first, steps, radial: radii } = this.#corners;
    const { low: begin, bins } = this.radial;
    const { x } = this;
    const start = first[pixel];
    if (start < 0) return false;
    let low = Number.POSITIVE_INFINITY;
    let high = Number.NEGATIVE_INFINITY;
    if (this.#isSquare) {
      const a = radii[start];
      const b = radii[start + this.#step1];
      const c = radii[start + this.#step2];
      const d = radii[start + this.#step3];
      x[0] = a;
      x[1] = b;
      x[2] = c;
      x[3] = d;
      if (a < low) low = a;
      if (b < low) low = b;
      if (c < low) low = c;
      if (d < low) low = d;
      if (a > high) high = a;
      if (b > high) high = b;
      if (c > high) high = c;
      if (d > high) high = d;
    } else {
      for (let k = 0; k < steps.length; k++) {
        const value = radii[start + steps[k]];
        x[k] = value;
        if (value < low) low = value;
        if (value > high) high = value;
      }
    }
    if (!(high > 0 && low < bins)) return false;
    if (this.#beam.size > 0 && this.#beam.has(pixel)) {
      // From the centre to the farthest corner.
      low = this.#floor > Number.NEGATIVE_INFINITY ? (this.#floor - begin) * this.#perUnit : high - 1;
    }
    this.ends[0] = low;
    this.ends[1] = high;
    this.firstBin = low > 0 ? low | 0 : 0;
    this.lastBin = high < bins ? high | 0 : bins - 1;
    return true;
  }

  /** Azimuths of the pixel that was taken, on one turn that begins near its first corner. */
  takeAzimuths(pixel: number): void {
    const { first, steps, azimuth: all } = this.#corners;
    const angles = all as Float64Array;
    const axis = this.#azimuth;
    const { x, y, ends, turn } = this;
    const start = first[pixel];
    const perTurn = this.#perTurn;
    const begin = angles[start];
    let previous = axis ? relativeAzimuth(begin, axis) * perTurn : 0;
    const y0 = previous;
    y[0] = y0;
    let bottom = previous;
    let top = previous;
    let corners = steps.length;
    for (let k = 1; k < corners; k++) {
      let step = (angles[start + steps[k]] - begin) * perTurn - (previous - y0);
      if (step > 0.5 * turn || step < -0.5 * turn) step -= turn * Math.round(step / turn); // across the cut
      previous += step;
      y[k] = previous;
      if (previous < bottom) bottom = previous;
      if (previous > top) top = previous;
    }
    if (this.#beam.size > 0 && this.#beam.has(pixel)) {
      // The outline goes round the beam: the pixel reaches all round.
      bottom = this.isCircle || !axis ? 0 : 0.5 * (axis.bins - turn);
      top = bottom + turn;
      corners = 4;
      x.set([ends[0], ends[1], ends[1], ends[0]]);
      y.set([bottom, bottom, top, top]);
    }
    x[corners] = x[0];
    y[corners] = y[0];
    ends[2] = bottom;
    ends[3] = top;
    this.corners = corners;
  }

  /** Heights of the corners over the first, rad, of the pixel that was taken: enough where no rows are asked for. */
  takeHeights(pixel: number): void {
    if (!this.#isSquare || (this.#beam.size > 0 && this.#beam.has(pixel))) {
      this.takeAzimuths(pixel);
      return;
    }
    const { first, azimuth } = this.#corners;
    const angles = azimuth as Float64Array;
    const { x, y } = this;
    const start = first[pixel];
    const begin = angles[start];
    y[0] = 0;
    y[1] = heightOver(begin, angles[start + this.#step1]);
    y[2] = heightOver(begin, angles[start + this.#step2]);
    y[3] = heightOver(begin, angles[start + this.#step3]);
    x[4] = x[0];
    y[4] = 0;
    this.corners = 4;
  }

  /** Its rows, moved by whole turns. @returns whether it has any */
  takeRows({ bins }: BinAxis, turns: number): boolean {
    const bottom = this.ends[2] + turns * this.turn;
    const top = this.ends[3] + turns * this.turn;
    if (!this.isCircle && (top <= 0 || bottom >= bins)) return false;
    this.firstRow = this.isCircle || bottom > 0 ? Math.floor(bottom) : 0;
    this.lastRow = this.isCircle || top < bins ? Math.floor(top) : bins - 1;
    return true;
  }
}

/** From one azimuth to another; corners of an outline that does not go round the beam are less than half a turn apart. */
function heightOver(begin: number, azimuth: number): number {
  const height = azimuth - begin;
  if (height > Math.PI) return height - 2 * Math.PI;
  return height < -Math.PI ? height + 2 * Math.PI : height;
}
