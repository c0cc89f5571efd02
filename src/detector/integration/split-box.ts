import { type BinAxis, type BinGrid, relativeAzimuth } from './bin-grid.ts';
import type { PixelCorners, PolarPoints } from './pixel-map.ts';
import { EntryList, type SplitEntries } from './split-entries.ts';

/** Difference of two azimuths on the shorter way round, rad. */
function turnBetween(a: number, b: number): number {
  const turn = a - b;
  if (turn <= Math.PI && turn >= -Math.PI) return turn;
  return turn - 2 * Math.PI * Math.round(turn / (2 * Math.PI));
}

/** Shares that rounding leaves are no entries. */
const LEAST_SHARE = 1e-7;

/** Bounding boxes of all pixels round their centres. */
export interface PixelBoxes {
  /** float64 (pixel): half the width of each box, in the radial unit. */
  readonly radial: Float64Array;
  /** float64 (pixel): half its height, rad; null where the azimuth does not count. pi for the pixel that the beam hits. */
  readonly azimuth: Float64Array | null;
}

/**
 * Half widths of the boxes: the farthest corner counts.
 * @param isScaled boxes are shrunk to the area of their pixels ("pseudo" splitting)
 * @source pyFAI, delta arrays of "bbox"
 */
export function pixelBoxes(centres: PolarPoints, corners: PixelCorners, isScaled: boolean): PixelBoxes {
  const { first, steps } = corners;
  const pixels = first.length;
  const count = steps.length;
  const radial = new Float64Array(pixels);
  const radii = corners.radial;
  for (let i = 0; i < pixels; i++) {
    const start = first[i];
    const centre = centres.radial[i];
    let half = 0;
    for (let k = 0; k < count; k++) {
      const distance = Math.abs(radii[start + steps[k]] - centre);
      if (distance > half) half = distance;
    }
    radial[i] = half;
  }
  if (!corners.azimuth || !centres.azimuth) return { radial, azimuth: null };
  const azimuth = new Float64Array(pixels);
  const angles = corners.azimuth;
  for (let i = 0; i < pixels; i++) {
    const start = first[i];
    const middle = centres.azimuth[i];
    let halfTurn = 0;
    for (let k = 0; k < count; k++) {
      const turn = Math.abs(turnBetween(angles[start + steps[k]], middle));
      if (turn > halfTurn) halfTurn = turn;
    }
    // The beam in a pixel has a corner behind it, wherever the centre is.
    if (halfTurn > 0.5 * Math.PI && Math.abs(turnsAround(angles, start, steps)) > 1) halfTurn = Math.PI;
    else if (isScaled && radial[i] > 0 && halfTurn > 0) {
      const area = Math.abs(areaOf(corners, angles, start));
      const shrink = Math.min(1, Math.sqrt(area / (4 * radial[i] * halfTurn)));
      radial[i] *= shrink;
      halfTurn *= shrink;
    }
    azimuth[i] = halfTurn;
  }
  return { radial, azimuth };
}

/** How far an outline goes round the beam, rad. */
function turnsAround(angles: Float64Array, start: number, steps: readonly number[]): number {
  let winding = 0;
  for (let k = 0; k < steps.length; k++)
    winding += turnBetween(angles[start + steps[k + 1 < steps.length ? k + 1 : 0]], angles[start + steps[k]]);
  return winding;
}

/** Signed area of an outline in (radius, azimuth). */
function areaOf({ radial, steps }: PixelCorners, angles: Float64Array, start: number): number {
  let area = 0;
  for (let k = 0; k < steps.length; k++) {
    const a = start + steps[k];
    const b = start + steps[k + 1 < steps.length ? k + 1 : 0];
    area += 0.5 * (radial[a] + radial[b]) * turnBetween(angles[b], angles[a]);
  }
  return area;
}

/**
 * Pixels spread evenly over their bounding boxes. What lies outside of the grid is left out.
 * @param floor smallest radial value there is (0), or -Infinity
 * @param mask uint8 (pixel), not 0 = in no bin
 * @source pyFAI, "bbox" splitting; there boxes across the cut at +-pi are clipped, here they go round
 */
export function splitBox(
  centres: PolarPoints,
  boxes: PixelBoxes,
  grid: BinGrid,
  floor: number,
  mask: Uint8Array | undefined,
): SplitEntries {
  return grid.azimuth && boxes.azimuth && centres.azimuth
    ? splitRectangles(centres.radial, centres.azimuth, boxes.radial, boxes.azimuth, grid, grid.azimuth, floor, mask)
    : splitIntervals(centres.radial, boxes.radial, grid.radial, floor, mask);
}

/** Boxes in one dimension. */
function splitIntervals(
  centres: Float64Array,
  halves: Float64Array,
  { low: start, step, bins }: BinAxis,
  floor: number,
  mask: Uint8Array | undefined,
): SplitEntries {
  const pixels = centres.length;
  const perUnit = 1 / step;
  const list = new EntryList(pixels, 2.75);
  for (let i = 0; i < pixels; i++) {
    const centre = centres[i];
    const half = halves[i];
    const left = centre - half;
    const low = (Math.max(left, floor) - start) * perUnit;
    const high = (centre + half - start) * perUnit;
    if (!(high > 0 && low < bins) || (mask !== undefined && mask[i] !== 0)) {
      list.endPixel(list.reserve(0));
      continue;
    }
    const firstBin = low > 0 ? Math.floor(low) : 0;
    const lastBin = high < bins ? Math.floor(high) : bins - 1;
    let at = list.reserve(lastBin - firstBin + 1);
    const entryBins = list.bins;
    const shares = list.shares;
    const perWidth = high > low ? 1 / (high - low) : 0;
    for (let bin = firstBin; bin <= lastBin; bin++) {
      const from = Math.max(low, bin);
      const to = Math.min(high, bin + 1);
      const share = perWidth === 0 ? 1 : (to - from) * perWidth;
      if (!(share > LEAST_SHARE)) continue;
      entryBins[at] = bin;
      shares[at++] = share;
    }
    list.endPixel(at);
  }
  return list.finish();
}

function wrapRow(row: number, rows: number): number {
  if (row >= 0 && row < rows) return row;
  return (row + 2 * rows) % rows;
}

/** Boxes in two dimensions, or in one within a range of azimuth. */
function splitRectangles(
  radii: Float64Array,
  azimuths: Float64Array,
  radialHalves: Float64Array,
  azimuthHalves: Float64Array,
  { radial, isCircle }: BinGrid,
  azimuth: BinAxis,
  floor: number,
  mask: Uint8Array | undefined,
): SplitEntries {
  const pixels = radii.length;
  const perUnit = 1 / radial.step;
  const perTurn = 1 / azimuth.step;
  const circle = 2 * Math.PI * perTurn;
  const list = new EntryList(pixels, 3.5);
  for (let i = 0; i < pixels; i++) {
    const centre = radii[i];
    const half = radialHalves[i];
    const low = (Math.max(centre - half, floor) - radial.low) * perUnit;
    const high = (centre + half - radial.low) * perUnit;
    if (!(high > 0 && low < radial.bins) || (mask !== undefined && mask[i] !== 0)) {
      list.endPixel(list.reserve(0));
      continue;
    }
    const firstBin = Math.max(0, Math.floor(low));
    const lastBin = Math.min(radial.bins - 1, Math.floor(high));
    const turned = relativeAzimuth(azimuths[i], azimuth) * perTurn;
    const halfTurn = azimuthHalves[i] * perTurn;
    const perWidth = high > low ? 1 / (high - low) : 0;
    const perHeight = halfTurn > 0 ? 0.5 / halfTurn : 0;
    let at = list.reserve(0);
    // A tall box may reach both ends of a wide sector.
    for (let turns = isCircle ? 0 : -1; turns <= (isCircle ? 0 : 1); turns++) {
      const bottom = turned + turns * circle - halfTurn;
      const top = turned + turns * circle + halfTurn;
      if (!isCircle && (top < 0 || bottom >= azimuth.bins)) continue;
      const firstRow = isCircle ? Math.floor(bottom) : Math.max(0, Math.floor(bottom));
      const lastRow = isCircle ? Math.floor(top) : Math.min(azimuth.bins - 1, Math.floor(top));
      list.endPart(at);
      at = list.reserve(Math.max(0, lastRow - firstRow + 1) * (lastBin - firstBin + 1));
      const entryBins = list.bins;
      const shares = list.shares;
      for (let row = firstRow; row <= lastRow; row++) {
        const vertical = perHeight === 0 ? 1 : (Math.min(top, row + 1) - Math.max(bottom, row)) * perHeight;
        const start = (isCircle ? wrapRow(row, azimuth.bins) : row) * radial.bins;
        for (let bin = firstBin; bin <= lastBin; bin++) {
          const horizontal = perWidth === 0 ? 1 : (Math.min(high, bin + 1) - Math.max(low, bin)) * perWidth;
          const share = horizontal * vertical;
          if (!(share > LEAST_SHARE)) continue;
          entryBins[at] = start + bin;
          shares[at++] = share;
        }
      }
    }
    list.endPixel(at);
  }
  return list.finish();
}
