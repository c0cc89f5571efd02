import type { BinAxis, BinGrid } from './bin-grid.ts';
import { CellAreas } from './cell-areas.ts';
import type { PixelCorners } from './pixel-map.ts';
import { Outlines } from './pixel-outlines.ts';
import { QuadCuts } from './quad-cuts.ts';
import { type EntryRoom, eachPart, type SharedPixels } from './split-entries.ts';
import { goesRound } from './splitter.ts';

/**
 * Pixels that the beam hits, rising: their outlines go round the centre.
 * @param mask uint8 (pixel), not 0 = not looked at
 */
export function beamPixels(corners: PixelCorners, mask: Uint8Array | undefined): number[] {
  const found: number[] = [];
  eachPart(corners.first.length, (from, to) => findBeam(from, to, corners, mask, found));
  return found;
}

function findBeam(
  from: number,
  to: number,
  { first, steps, azimuth }: PixelCorners,
  mask: Uint8Array | undefined,
  found: number[],
): void {
  const angles = azimuth as Float64Array;
  for (let i = from; i < to; i++) {
    const start = first[i];
    if (start < 0 || (mask !== undefined && mask[i] !== 0)) continue;
    const begin = angles[start];
    let farthest = 0;
    for (let k = 1; k < steps.length; k++) {
      const apart = Math.abs(angles[start + steps[k]] - begin);
      if (apart > farthest) farthest = apart;
    }
    // All others have no corner that far from the first.
    if (farthest < 1.5) continue;
    if (goesRound({ steps, azimuth: angles }, start)) found.push(i);
  }
}

/**
 * Pixels split by their true outlines in (radius, azimuth); edges are straight there. What lies outside of the grid is left out.
 * @param corners their radial values are used up: those in bins take their place
 * @param beam pixels that the beam hits, see {@link beamPixels}
 * @param floor smallest radial value there is (0), or -Infinity
 * @param mask uint8 (pixel), not 0 = in no bin
 * @source pyFAI, "full" splitting; there only with four corners
 */
export function splitPolygon(
  corners: PixelCorners,
  beam: readonly number[],
  grid: BinGrid,
  floor: number,
  mask: Uint8Array | undefined,
): SharedPixels {
  eachPart(corners.radial.length, (from, to) => radiiInBins(from, to, corners.radial, grid.radial));
  const outlines = new Outlines(corners, new Set(beam), grid, floor);
  const { azimuth } = grid;
  const cuts = new QuadCuts();
  const cells = new CellAreas();
  if (!azimuth)
    return {
      count: (from, to, counts, weights) => countColumns(from, to, outlines, mask, counts, weights),
      fill: (from, to, room) => fillColumns(from, to, outlines, cuts, mask, room),
    };
  return {
    count: (from, to, counts, weights) => countCells(from, to, outlines, azimuth, mask, counts, weights),
    fill: (from, to, room) => fillCells(from, to, outlines, cuts, cells, azimuth, mask, room),
  };
}

function radiiInBins(from: number, to: number, radii: Float64Array, { low, step }: BinAxis): void {
  const perUnit = 1 / step;
  for (let i = from; i < to; i++) radii[i] = (radii[i] - low) * perUnit;
}

function countColumns(
  from: number,
  to: number,
  outlines: Outlines,
  mask: Uint8Array | undefined,
  counts: Uint32Array,
  weights: Float32Array,
): void {
  for (let i = from; i < to; i++) {
    if (!(weights[i] > 0) || (mask !== undefined && mask[i] !== 0) || !outlines.take(i)) continue;
    for (let bin = outlines.firstBin; bin <= outlines.lastBin; bin++) counts[bin]++;
  }
}

function fillColumns(
  from: number,
  to: number,
  outlines: Outlines,
  cuts: QuadCuts,
  mask: Uint8Array | undefined,
  room: EntryRoom,
): void {
  const { x, y, ends, radial } = outlines;
  const { weights, row: shares } = room;
  for (let i = from; i < to; i++) {
    if (!(weights[i] > 0) || (mask !== undefined && mask[i] !== 0) || !outlines.take(i)) continue;
    const { firstBin, lastBin } = outlines;
    const columns = lastBin - firstBin + 1;
    if (columns === 1 && ends[0] >= 0 && ends[1] <= radial.bins) {
      shares[0] = 1;
      room.addRow(i, firstBin, 1);
      continue;
    }
    outlines.takeHeights(i);
    if (outlines.corners === 4 && cuts.take(x, y)) {
      addCuts(cuts, firstBin, columns, shares);
    } else {
      outlines.takeAzimuths(i);
      splitColumns(outlines, shares);
    }
    room.addRow(i, firstBin, columns);
  }
}

/** Shares of a quadrilateral in strips of width 1. @param shares float64 (strip), written */
function addCuts(cuts: QuadCuts, first: number, strips: number, shares: Float64Array): void {
  const perArea = 1 / cuts.area;
  let below = cuts.areaBelow(first);
  for (let k = 0; k < strips; k++) {
    const next = cuts.areaBelow(first + k + 1);
    shares[k] = (next - below) * perArea;
    below = next;
  }
}

/** Shares of any outline in its columns. */
function splitColumns({ x, y, corners, firstBin, lastBin }: Outlines, shares: Float64Array): void {
  const columns = lastBin - firstBin + 1;
  shares.fill(0, 0, columns);
  let total = 0;
  for (let k = 0; k < corners; k++) {
    const x0 = x[k];
    const x1 = x[k + 1];
    // Heights from the first corner, so that differences stay exact.
    const y0 = y[k] - y[0];
    const y1 = y[k + 1] - y[0];
    total += 0.5 * (x1 - x0) * (y0 + y1);
    if (x0 !== x1) addColumns(shares, x0, y0, x1, y1, firstBin, lastBin);
  }
  for (let k = 0; k < columns; k++) shares[k] /= total;
}

function countCells(
  from: number,
  to: number,
  outlines: Outlines,
  azimuth: BinAxis,
  mask: Uint8Array | undefined,
  counts: Uint32Array,
  weights: Float32Array,
): void {
  const { radial, isCircle } = outlines;
  // An outline beside the beam may reach both ends of a wide sector.
  const reach = isCircle ? 0 : 1;
  for (let i = from; i < to; i++) {
    if (!(weights[i] > 0) || (mask !== undefined && mask[i] !== 0) || !outlines.take(i)) continue;
    outlines.takeAzimuths(i);
    for (let turns = -reach; turns <= reach; turns++) {
      if (!outlines.takeRows(azimuth, turns)) continue;
      for (let row = outlines.firstRow; row <= outlines.lastRow; row++) {
        const start = wrapRow(row, azimuth.bins) * radial.bins;
        for (let bin = outlines.firstBin; bin <= outlines.lastBin; bin++) counts[start + bin]++;
      }
    }
  }
}

function fillCells(
  from: number,
  to: number,
  outlines: Outlines,
  cuts: QuadCuts,
  cells: CellAreas,
  azimuth: BinAxis,
  mask: Uint8Array | undefined,
  room: EntryRoom,
): void {
  const { radial, isCircle, x, y, ends } = outlines;
  const { weights, row: shares } = room;
  const heights = new Float64Array(azimuth.bins + 2);
  const reach = isCircle ? 0 : 1;
  for (let i = from; i < to; i++) {
    if (!(weights[i] > 0) || (mask !== undefined && mask[i] !== 0) || !outlines.take(i)) continue;
    outlines.takeAzimuths(i);
    const { firstBin, lastBin, corners } = outlines;
    const columns = lastBin - firstBin + 1;
    for (let turns = -reach; turns <= reach; turns++) {
      if (!outlines.takeRows(azimuth, turns)) continue;
      const { firstRow, lastRow } = outlines;
      const rows = lastRow - firstRow + 1;
      const shift = turns * outlines.turn;
      const isInside =
        ends[0] >= 0 && ends[1] <= radial.bins && ends[2] + shift >= firstRow && ends[3] + shift <= lastRow + 1;
      if (rows === 1 && columns === 1 && isInside) {
        shares[0] = 1;
        room.addRow(i, wrapRow(firstRow, azimuth.bins) * radial.bins + firstBin, 1);
        continue;
      }
      // In one row or one column, which most are, nothing is followed cell by cell.
      if (rows === 1 && isInside && corners === 4 && cuts.take(x, y)) {
        addCuts(cuts, firstBin, columns, shares);
        room.addRow(i, wrapRow(firstRow, azimuth.bins) * radial.bins + firstBin, columns);
        continue;
      }
      if (columns === 1 && isInside && corners === 4 && cuts.take(y, x)) {
        addCuts(cuts, firstRow - shift, rows, heights);
        for (let row = 0; row < rows; row++) {
          shares[0] = heights[row];
          room.addRow(i, wrapRow(firstRow + row, azimuth.bins) * radial.bins + firstBin, 1);
        }
        continue;
      }
      cells.begin(firstBin, columns, firstRow, rows);
      let total = 0;
      for (let k = 0; k < corners; k++) {
        total += 0.5 * (x[k + 1] - x[k]) * (y[k] + y[k + 1] - 2 * y[0]);
        cells.addEdge(x[k], y[k] + shift, x[k + 1], y[k + 1] + shift);
      }
      const areas = cells.finish();
      for (let row = 0; row < rows; row++) {
        for (let k = 0; k < columns; k++) shares[k] = areas[k * rows + row] / total;
        room.addRow(i, wrapRow(firstRow + row, azimuth.bins) * radial.bins + firstBin, columns);
      }
    }
  }
}

function wrapRow(row: number, rows: number): number {
  if (row >= 0 && row < rows) return row;
  return row < 0 ? row + rows * Math.ceil(-row / rows) : row % rows;
}

/** Adds the area below an edge to each column that it crosses. @param areas float64 (column from `firstBin`) */
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
    areas[bin - firstBin] += sign * (end - x) * (y0 + (0.5 * (x + end) - x0) * slope);
    x = end;
  }
}
