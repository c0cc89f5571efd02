import { tileShapeOf } from '../detector.ts';
import { type Geometry, tileStart } from '../geometry.ts';
import type { Experiment } from './experiment.ts';
import {
  centreLattice,
  cornerLayout,
  fillLattice,
  type MapOptions,
  type PolarPoints,
  pixelRoom,
  polarMapping,
} from './pixel-map.ts';
import { tileLattice } from './tile-lattice.ts';

/** Difference of two azimuths on the shorter way round, rad. */
function turnBetween(a: number, b: number): number {
  const turn = a - b;
  if (turn <= Math.PI && turn >= -Math.PI) return turn;
  return turn - 2 * Math.PI * Math.round(turn / (2 * Math.PI));
}

/** Bounding boxes of all pixels round their centres. */
export interface PixelBoxes {
  readonly centres: PolarPoints;
  /** float64 (pixel): half the width of each box, in the radial unit. */
  readonly radial: Float64Array;
  /** float64 (pixel): half its height, rad; null where the azimuth does not count. pi for the pixel that the beam hits. */
  readonly azimuth: Float64Array | null;
}

/**
 * Boxes as far as the farthest corner. Corners are kept for one tile only: those of all pixels are slower to write and read
 * than to compute.
 * @param isScaled boxes are shrunk to the area of their pixels ("pseudo" splitting)
 * @throws StateInvalid for an impossible experiment, or a unit of q without photon energy
 * @source pyFAI, delta arrays of "bbox"
 */
export function pixelBoxes(
  geometry: Geometry,
  experiment: Experiment,
  options: MapOptions,
  isScaled: boolean,
): PixelBoxes {
  const { detector, tiles } = geometry;
  const { unit, hasAzimuth, hasSeams } = options;
  const mapping = polarMapping(experiment, unit);
  const { steps, perPixel, perRow, perTile, lattices } = cornerLayout(detector);
  const [modules, ssPixels, fsPixels] = detector.dataShape;
  const [rows, columns] = tileShapeOf(detector);
  const centres = pixelRoom(detector, hasAzimuth);
  const radial = new Float64Array(centres.radial.length);
  const azimuth = hasAzimuth ? new Float64Array(radial.length) : null;
  const corners = {
    radial: new Float64Array(perTile),
    azimuth: hasAzimuth ? new Float64Array(perTile) : null,
    steps,
  };
  for (const [index, { ssStart, fsStart }] of detector.tiles.entries()) {
    const lines = tileLattice(detector, index, hasSeams);
    const centrePlaces = centreLattice(detector, lines);
    const cornerPlaces = lattices(lines);
    for (let module = 0; module < modules; module++) {
      const t = tileStart(detector, module, index);
      const tile = tiles.subarray(t, t + 9);
      const start = (module * ssPixels + ssStart) * fsPixels + fsStart;
      const centrePoints = { ...centrePlaces, start, stride: fsPixels, step: 1 };
      fillLattice(tile, mapping, centrePoints, centres.radial, centres.azimuth);
      for (const { offset, ...places } of cornerPlaces) {
        const cornerPoints = { ...places, start: offset, stride: perRow, step: perPixel };
        fillLattice(tile, mapping, cornerPoints, corners.radial, corners.azimuth);
      }
      for (let i = 0; i < rows; i++) {
        const row = { pixel: start + i * fsPixels, columns, corner: i * perRow, perPixel };
        fillWidths(row, corners.radial, steps, centres.radial, radial);
        if (azimuth && centres.azimuth && corners.azimuth)
          fillHeights(row, { ...corners, azimuth: corners.azimuth }, centres.azimuth, isScaled, radial, azimuth);
      }
    }
  }
  return { centres, radial, azimuth };
}

/** Pixels of a row of a tile: the first of them and its first corner. */
interface TileRow {
  readonly pixel: number;
  readonly columns: number;
  readonly corner: number;
  readonly perPixel: number;
}

/** Corners of a tile. */
interface TileCorners {
  readonly radial: Float64Array;
  readonly azimuth: Float64Array;
  readonly steps: readonly number[];
}

function fillWidths(
  { pixel, columns, corner, perPixel }: TileRow,
  radii: Float64Array,
  steps: readonly number[],
  centres: Float64Array,
  halves: Float64Array,
): void {
  for (let j = 0; j < columns; j++) {
    const start = corner + j * perPixel;
    const centre = centres[pixel + j];
    let half = 0;
    for (let k = 0; k < steps.length; k++) {
      const distance = Math.abs(radii[start + steps[k]] - centre);
      // The logarithm of a corner on the beam is no place.
      if (distance > half && distance < Number.POSITIVE_INFINITY) half = distance;
    }
    halves[pixel + j] = half;
  }
}

function fillHeights(
  { pixel, columns, corner, perPixel }: TileRow,
  corners: TileCorners,
  centres: Float64Array,
  isScaled: boolean,
  widths: Float64Array,
  heights: Float64Array,
): void {
  const { azimuth: angles, steps } = corners;
  for (let j = 0; j < columns; j++) {
    const start = corner + j * perPixel;
    const middle = centres[pixel + j];
    let halfTurn = 0;
    for (let k = 0; k < steps.length; k++) {
      let turn = angles[start + steps[k]] - middle;
      if (turn > Math.PI || turn < -Math.PI) turn -= 2 * Math.PI * Math.round(turn / (2 * Math.PI));
      turn = Math.abs(turn);
      if (turn > halfTurn) halfTurn = turn;
    }
    // The beam in a pixel has a corner behind it, wherever the centre is.
    if (halfTurn > 0.5 * Math.PI && Math.abs(turnsAround(corners, start)) > 1) halfTurn = Math.PI;
    else if (isScaled && widths[pixel + j] > 0 && halfTurn > 0) {
      const area = Math.abs(areaOf(corners, start));
      const shrink = area >= 0 ? Math.min(1, Math.sqrt(area / (4 * widths[pixel + j] * halfTurn))) : 1;
      widths[pixel + j] *= shrink;
      halfTurn *= shrink;
    }
    heights[pixel + j] = halfTurn;
  }
}

/** How far an outline goes round the beam, rad. */
function turnsAround({ azimuth, steps }: TileCorners, start: number): number {
  let winding = 0;
  for (let k = 0; k < steps.length; k++)
    winding += turnBetween(azimuth[start + steps[k + 1 < steps.length ? k + 1 : 0]], azimuth[start + steps[k]]);
  return winding;
}

/** Signed area of an outline in (radius, azimuth). */
function areaOf({ radial, azimuth, steps }: TileCorners, start: number): number {
  let area = 0;
  for (let k = 0; k < steps.length; k++) {
    const a = start + steps[k];
    const b = start + steps[k + 1 < steps.length ? k + 1 : 0];
    let turn = azimuth[b] - azimuth[a];
    if (turn > Math.PI || turn < -Math.PI) turn -= 2 * Math.PI * Math.round(turn / (2 * Math.PI));
    area += 0.5 * (radial[a] + radial[b]) * turn;
  }
  return area;
}
