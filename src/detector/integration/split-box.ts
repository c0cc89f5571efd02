import { type BinAxis, type BinGrid, relativeAzimuth } from './bin-grid.ts';
import type { PixelBoxes } from './pixel-boxes.ts';
import { type EntryRoom, eachPart, LEAST_SHARE, type SharedPixels } from './split-entries.ts';

/** Boxes in bins. */
interface BinBoxes {
  /** float64 (pixel). */
  readonly low: Float64Array;
  readonly high: Float64Array;
  /** float64 (pixel): middle and half the height, in rows; none in one dimension. */
  readonly middle: Float64Array;
  readonly half: Float64Array;
}

/**
 * Pixels spread evenly over their bounding boxes. What lies outside of the grid is left out.
 * @param boxes their arrays are used up: boxes in bins take their place
 * @param floor smallest radial value there is (0), or -Infinity
 * @param mask uint8 (pixel), not 0 = in no bin
 * @source pyFAI, "bbox" splitting; there boxes across the cut at +-pi are clipped, here they go round
 */
export function splitBox(
  { centres, radial: halves, azimuth: heights }: PixelBoxes,
  { radial, azimuth, isCircle }: BinGrid,
  floor: number,
  mask: Uint8Array | undefined,
): SharedPixels {
  const none = new Float64Array(0);
  const boxes = { low: centres.radial, high: halves, middle: centres.azimuth ?? none, half: heights ?? none };
  eachPart(boxes.low.length, (from, to) => widthsInBins(from, to, boxes, radial, floor));
  if (!azimuth)
    return {
      count: (from, to, counts, weights) => countIntervals(from, to, boxes, radial, mask, counts, weights),
      fill: (from, to, room) => fillIntervals(from, to, boxes, radial, mask, room),
    };
  eachPart(boxes.low.length, (from, to) => heightsInBins(from, to, boxes, azimuth));
  const grid = { radial, azimuth, isCircle };
  return {
    count: (from, to, counts, weights) => countRectangles(from, to, boxes, grid, mask, counts, weights),
    fill: (from, to, room) => fillRectangles(from, to, boxes, grid, mask, room),
  };
}

function widthsInBins(
  from: number,
  to: number,
  { low, high }: BinBoxes,
  { low: start, step }: BinAxis,
  floor: number,
): void {
  const perUnit = 1 / step;
  for (let i = from; i < to; i++) {
    const centre = low[i];
    const half = high[i];
    low[i] = (Math.max(centre - half, floor) - start) * perUnit;
    high[i] = (centre + half - start) * perUnit;
  }
}

function heightsInBins(from: number, to: number, { middle, half }: BinBoxes, axis: BinAxis): void {
  const perTurn = 1 / axis.step;
  for (let i = from; i < to; i++) {
    middle[i] = relativeAzimuth(middle[i], axis) * perTurn;
    half[i] *= perTurn;
  }
}

/** Boxes in one dimension. */
function countIntervals(
  from: number,
  to: number,
  boxes: BinBoxes,
  { bins }: BinAxis,
  mask: Uint8Array | undefined,
  counts: Uint32Array,
  weights: Float32Array,
): void {
  for (let i = from; i < to; i++) {
    const low = boxes.low[i];
    const high = boxes.high[i];
    if (!(high > 0 && low < bins && weights[i] > 0) || (mask !== undefined && mask[i] !== 0)) continue;
    const lastBin = high < bins ? high | 0 : bins - 1;
    for (let bin = low > 0 ? low | 0 : 0; bin <= lastBin; bin++) counts[bin]++;
  }
}

function fillIntervals(
  from: number,
  to: number,
  boxes: BinBoxes,
  { bins }: BinAxis,
  mask: Uint8Array | undefined,
  { weights, next, pixels, shares }: EntryRoom,
): void {
  for (let i = from; i < to; i++) {
    const low = boxes.low[i];
    const high = boxes.high[i];
    if (!(high > 0 && low < bins && weights[i] > 0) || (mask !== undefined && mask[i] !== 0)) continue;
    const firstBin = low > 0 ? low | 0 : 0;
    const lastBin = high < bins ? high | 0 : bins - 1;
    const perWidth = high > low ? 1 / (high - low) : 0;
    for (let bin = firstBin; bin <= lastBin; bin++) {
      const exact = perWidth === 0 ? 1 : (Math.min(high, bin + 1) - Math.max(low, bin)) * perWidth;
      if (!(exact > LEAST_SHARE)) continue;
      // As `addRow` does it, without its row.
      const at = next[bin];
      next[bin] = at + 1;
      pixels[at] = i;
      shares[at] = exact;
    }
  }
}

interface PolarGrid extends BinGrid {
  readonly azimuth: BinAxis;
}

/** Boxes in two dimensions, or in one within a range of azimuth. */
function countRectangles(
  from: number,
  to: number,
  boxes: BinBoxes,
  { radial, azimuth, isCircle }: PolarGrid,
  mask: Uint8Array | undefined,
  counts: Uint32Array,
  weights: Float32Array,
): void {
  const bins = radial.bins;
  const rows = azimuth.bins;
  const circle = 2 * Math.PI * (1 / azimuth.step);
  // A tall box may reach both ends of a wide sector.
  const reach = isCircle ? 0 : 1;
  for (let i = from; i < to; i++) {
    const low = boxes.low[i];
    const high = boxes.high[i];
    if (!(high > 0 && low < bins && weights[i] > 0) || (mask !== undefined && mask[i] !== 0)) continue;
    const firstBin = low > 0 ? low | 0 : 0;
    const lastBin = high < bins ? high | 0 : bins - 1;
    for (let turns = -reach; turns <= reach; turns++) {
      const bottom = boxes.middle[i] + turns * circle - boxes.half[i];
      const top = boxes.middle[i] + turns * circle + boxes.half[i];
      if (!isCircle && (top < 0 || bottom >= rows)) continue;
      const lastRow = isCircle || top < rows ? Math.floor(top) : rows - 1;
      for (let row = isCircle || bottom > 0 ? Math.floor(bottom) : 0; row <= lastRow; row++) {
        const start = wrapRow(row, rows) * bins;
        for (let bin = firstBin; bin <= lastBin; bin++) counts[start + bin]++;
      }
    }
  }
}

function fillRectangles(
  from: number,
  to: number,
  boxes: BinBoxes,
  { radial, azimuth, isCircle }: PolarGrid,
  mask: Uint8Array | undefined,
  { weights, next, pixels, shares }: EntryRoom,
): void {
  const bins = radial.bins;
  const rows = azimuth.bins;
  const circle = 2 * Math.PI * (1 / azimuth.step);
  const reach = isCircle ? 0 : 1;
  for (let i = from; i < to; i++) {
    const low = boxes.low[i];
    const high = boxes.high[i];
    if (!(high > 0 && low < bins && weights[i] > 0) || (mask !== undefined && mask[i] !== 0)) continue;
    const firstBin = low > 0 ? low | 0 : 0;
    const lastBin = high < bins ? high | 0 : bins - 1;
    const perWidth = high > low ? 1 / (high - low) : 0;
    const half = boxes.half[i];
    const perHeight = half > 0 ? 0.5 / half : 0;
    for (let turns = -reach; turns <= reach; turns++) {
      const bottom = boxes.middle[i] + turns * circle - half;
      const top = boxes.middle[i] + turns * circle + half;
      if (!isCircle && (top < 0 || bottom >= rows)) continue;
      const lastRow = isCircle || top < rows ? Math.floor(top) : rows - 1;
      for (let row = isCircle || bottom > 0 ? Math.floor(bottom) : 0; row <= lastRow; row++) {
        const vertical = perHeight === 0 ? 1 : (Math.min(top, row + 1) - Math.max(bottom, row)) * perHeight;
        const start = wrapRow(row, rows) * bins;
        for (let bin = firstBin; bin <= lastBin; bin++) {
          const horizontal = perWidth === 0 ? 1 : (Math.min(high, bin + 1) - Math.max(low, bin)) * perWidth;
          const exact = horizontal * vertical;
          if (!(exact > LEAST_SHARE)) continue;
          const at = next[start + bin];
          next[start + bin] = at + 1;
          pixels[at] = i;
          shares[at] = exact;
        }
      }
    }
  }
}

function wrapRow(row: number, rows: number): number {
  if (row >= 0 && row < rows) return row;
  return (row + 2 * rows) % rows;
}
