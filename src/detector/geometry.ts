import { GeometryInvalid, SelectionInvalid } from '../core/errors.ts';
import { type NdArray, ndarray } from '../core/ndarray.ts';
import { type Detector, type GapLength, pixelCountOf, tileShapeOf } from './detector.ts';
import type { BadRegion } from './geometry-bad-region.ts';

/** Numbers of one tile in `Geometry.tiles`: corner, ss vector, fs vector, each (x, y, z). */
export const TILE_NUMBERS = 9;

/** What is known beside the positions; kept by all operations. */
export interface GeometryMetadata {
  /** Where the geometry was read from. */
  readonly path?: string;
  /** Sample to detector, m. */
  readonly distance?: number;
  readonly photonEnergyKeV?: number;
  readonly aduPerEv?: number;
  /** HDF5 paths of data and mask, as CrystFEL wants them. */
  readonly dataPath?: string;
  readonly maskPath?: string;
  /** Bits that a good pixel of the mask must have, and must not have. */
  readonly maskGoodBits?: number;
  readonly maskBadBits?: number;
  /** Where the data files have distance and photon energy, as a path and a unit, when the file gives no number. */
  readonly distanceSource?: string;
  readonly photonEnergySource?: string;
  readonly badRegions?: readonly BadRegion[];
  /** (part, motor), mm: where the detector's motors were. */
  readonly motorPositions?: readonly (readonly number[])[];
}

/** Where every pixel of a detector is. Immutable: operations give a new geometry. */
export interface Geometry {
  readonly detector: Detector;
  /**
   * (module, tile, 3, 3): outer corner of the tile's first stored pixel, step of one pixel along ss, along fs; each (x, y, z), m.
   * Pixel n of an axis covers n..n+1, its centre is n + 0.5.
   */
  readonly tiles: Float64Array;
  readonly metadata: GeometryMetadata;
}

/** A point (x, y) in a plane across the beam. */
export type Point = readonly [number, number];

/** How group positions and gaps are written. */
export interface PositionOptions {
  /** Unit of positions and given gaps, m; the detector's own unit by default. */
  readonly unit?: number;
  /** Gap between ASICs in `unit`. */
  readonly asicGap?: number;
  /** Gap between modules in `unit`, one number or (x, y). */
  readonly panelGap?: number | Point;
  readonly metadata?: GeometryMetadata;
}

/**
 * Geometry from its tiles. Takes `tiles` over.
 * @param tiles float64 (module, tile, 3, 3), see {@link Geometry}
 * @throws GeometryInvalid if the size is wrong, a number is not finite, or the pixels of a tile have no area
 */
export function createGeometry(detector: Detector, tiles: Float64Array, metadata: GeometryMetadata = {}): Geometry {
  const expected = detector.dataShape[0] * detector.tiles.length * TILE_NUMBERS;
  if (tiles.length !== expected) {
    throw new GeometryInvalid(
      `${detector.name} has ${expected / TILE_NUMBERS} tiles of ${TILE_NUMBERS} numbers, got ${tiles.length} numbers.`,
      { expected, got: tiles.length },
    );
  }
  const fail = (index: number, what: (name: string) => string) => {
    const tile = index % detector.tiles.length;
    const module = (index - tile) / detector.tiles.length;
    return new GeometryInvalid(what(`${detector.name} module ${module}, tile ${tile}`), { module, tile });
  };
  const wrong = tiles.findIndex((n) => !Number.isFinite(n));
  if (wrong >= 0) {
    throw fail(
      Math.floor(wrong / TILE_NUMBERS),
      (name) => `Position of ${name} is ${tiles[wrong]}: every tile needs finite numbers.`,
    );
  }
  for (let at = 0; at < tiles.length; at += TILE_NUMBERS) {
    if (!hasArea(tiles.subarray(at + 3, at + TILE_NUMBERS))) {
      throw fail(
        at / TILE_NUMBERS,
        (name) => `Pixels of ${name} have no area: slow and fast scan must have a length and go different ways.`,
      );
    }
  }
  return { detector, tiles, metadata };
}

/** Whether two vectors, ss and fs, span an area. */
function hasArea([ssX, ssY, ssZ, fsX, fsY, fsZ]: Float64Array): boolean {
  const area = Math.hypot(ssY * fsZ - ssZ * fsY, ssZ * fsX - ssX * fsZ, ssX * fsY - ssY * fsX);
  return area > 1e-6 * Math.hypot(ssX, ssY, ssZ) * Math.hypot(fsX, fsY, fsZ);
}

/**
 * Ideal geometry with each rigid group (quadrant, half, module) at a given place. For a detector of one block give one position.
 * @param positions (x, y) or (x, y, z) of each group's reference point, in `unit` (pixels for AGIPD, mm for LPD and DSSC): the
 * first pixel's corner of modules 0, 4, 8, 12 for AGIPD 1M, the high-x high-y corner of each quadrant for LPD 1M, the low-x
 * low-y corner for DSSC 1M; for other detectors see `detector.reference`. AGIPD 500K and ePix: minus EXtra-geom's `origin`.
 * @throws GeometryInvalid if the number of positions is not the number of groups, or the unit is no length
 * @source EXtra-geom, from_quad_positions, from_origin. There another `unit` also changes the size of AGIPD's pixels and
 * places turned JUNGFRAU modules wrongly, and gaps are in `unit` though their defaults are pixels; here a unit is only a unit.
 */
export function geometryFromQuadPositions(
  detector: Detector,
  positions: readonly (Point | readonly [number, number, number])[],
  options: PositionOptions = {},
): Geometry {
  const groups = detector.groupModules.length;
  if (positions.length !== groups) {
    throw new GeometryInvalid(`${detector.name} needs ${groups} positions (x, y), got ${positions.length}.`, {
      expected: groups,
      got: positions.length,
    });
  }
  // The order of the sums decides how half pixels snap; it is the original's, so that pictures agree to the pixel.
  const pixel = detector.pixelSize;
  const unit = unitOf(detector, options.unit);
  const { asicGapPx, panelGapsPx } = gapsInPixels(detector, options);
  const tiles = new Float64Array(detector.dataShape[0] * detector.tiles.length * TILE_NUMBERS);
  for (const [module, placement] of detector.modules.entries()) {
    const position = positions[placement.group];
    const lengthPx = (length: GapLength, axis: number) => {
      const pitch = placement.fs[axis] === 0 ? detector.pitch[0] : detector.pitch[1];
      return length.px * (pitch / pixel) + length.asicGaps * asicGapPx + length.panelGaps * panelGapsPx[axis];
    };
    const corner = [
      position[0] * unit + lengthPx(placement.x, 0) * pixel,
      position[1] * unit + lengthPx(placement.y, 1) * pixel,
      (position[2] ?? 0) * unit,
    ] as const;
    placeTiles(detector, module, corner, placement, asicGapPx, tiles);
  }
  return createGeometry(detector, tiles, options.metadata);
}

/**
 * The unit of positions, m.
 * @param unit the detector's own when not given
 * @throws GeometryInvalid if it is no length
 */
export function unitOf(detector: Detector, unit = detector.positionUnit): number {
  if (!(unit > 0 && Number.isFinite(unit)))
    throw new GeometryInvalid(`${detector.name}: unit = ${unit} is impossible, give metres, such as 1e-3 for mm.`, {
      unit,
    });
  return unit;
}

/** Given or usual gaps, in steps of `pixelSize`. */
function gapsInPixels(detector: Detector, { unit, asicGap, panelGap }: PositionOptions) {
  const pixel = detector.pixelSize;
  const pxPerUnit = (unit ?? detector.positionUnit) / pixel;
  const panelGapsPx = [0, 1].map((axis) => {
    if (panelGap === undefined) return roundOff(detector.panelGap[axis] / pixel);
    return roundOff((typeof panelGap === 'number' ? panelGap : panelGap[axis]) * pxPerUnit);
  });
  const asicGapPx = asicGap === undefined ? roundOff(detector.asicGap / pixel) : roundOff(asicGap * pxPerUnit);
  return { asicGapPx, panelGapsPx };
}

/**
 * Writes the ideal tiles of one module.
 * @param corner outer corner of the grid's first tile, (x, y, z) in m @param directions of ss and fs, unit vectors (x, y)
 * @param asicGapPx in steps of `pixelSize` @param tiles all tiles of the geometry, see {@link Geometry}
 */
export function placeTiles(
  detector: Detector,
  module: number,
  corner: readonly [number, number, number],
  directions: { readonly ss: readonly [number, number]; readonly fs: readonly [number, number] },
  asicGapPx: number,
  tiles: Float64Array,
): void {
  const { ss, fs } = directions;
  const pixel = detector.pixelSize;
  const [ssStep, fsStep] = detector.pitch;
  const [ssPixels, fsPixels] = tileShapeOf(detector);
  const ssPitch = ssPixels * ssStep + asicGapPx * pixel;
  const fsPitch = fsPixels * fsStep + asicGapPx * pixel;
  for (const [index, { ssIndex, fsIndex, isTurned }] of detector.tiles.entries()) {
    const at = tileStart(detector, module, index);
    const sign = isTurned ? -1 : 1;
    for (let axis = 0; axis < 2; axis++) {
      tiles[at + axis] = corner[axis] + ss[axis] * ssIndex * ssPitch + fs[axis] * fsIndex * fsPitch;
      // A turned tile begins at the other end of its place.
      if (isTurned) tiles[at + axis] += ss[axis] * ssPixels * ssStep + fs[axis] * fsPixels * fsStep;
      tiles[at + 3 + axis] = sign * ss[axis] * ssStep;
      tiles[at + 6 + axis] = sign * fs[axis] * fsStep;
    }
    tiles[at + 2] = corner[2];
  }
}

/** 0.4 mm / 0.2 mm is not 2 in binary: whole and half pixels are meant where they almost are. */
function roundOff(px: number): number {
  const rounded = Math.round(px * 1e6) / 1e6;
  return Math.abs(px - rounded) < 1e-9 ? rounded : px;
}

/**
 * The detector's example geometry: plausible, but no beamtime's truth.
 * @throws GeometryInvalid if its record has no example positions
 */
export function exampleGeometry(detector: Detector): Geometry {
  if (detector.examplePositions.length === 0)
    throw new GeometryInvalid(`${detector.name} has no example positions: give a geometry file.`, {
      detector: detector.name,
    });
  return geometryFromQuadPositions(detector, detector.examplePositions);
}

/**
 * Where each rigid group is: (x, y) of the point that {@link geometryFromQuadPositions} places, in the detector's position
 * unit (pixels for AGIPD, mm for LPD and DSSC).
 */
export function quadPositions(geometry: Geometry): Point[] {
  const { detector, tiles } = geometry;
  const { data } = tileCorners(geometry);
  return detector.groupModules.map((first, group) => {
    if (detector.reference === 'firstPixel') {
      const at = tileStart(detector, first, 0);
      const { ss, fs, x, y } = detector.modules[first];
      // The tile need not begin at the reference point, and the module may lie turned.
      const alongSs = (ss[0] * x.px + ss[1] * y.px) / detector.positionUnit;
      const alongFs = (fs[0] * x.px + fs[1] * y.px) / detector.positionUnit;
      const [px, py] = [0, 1].map(
        (axis) =>
          tiles[at + axis] / detector.positionUnit - alongSs * tiles[at + 3 + axis] - alongFs * tiles[at + 6 + axis],
      );
      return [px, py];
    }
    const low = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
    const high = [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY];
    const numbers = detector.tiles.length * 12;
    for (const [module, placement] of detector.modules.entries()) {
      if (placement.group !== group) continue;
      for (let i = module * numbers; i < (module + 1) * numbers; i++) {
        const axis = i % 3;
        if (axis === 2) continue;
        low[axis] = Math.min(low[axis], data[i]);
        high[axis] = Math.max(high[axis], data[i]);
      }
    }
    const [x, y] = [0, 1].map((axis) => {
      if (detector.reference === 'low') return low[axis];
      return detector.reference === 'high' ? high[axis] : (low[axis] + high[axis]) / 2;
    });
    return [x / detector.positionUnit, y / detector.positionUnit];
  });
}

/** Index in `Geometry.tiles` of the first number of a tile. */
export function tileStart(detector: Detector, module: number, tile: number): number {
  return (module * detector.tiles.length + tile) * TILE_NUMBERS;
}

/**
 * Position of every pixel.
 * @param centre true: the pixel's centre; false: the outer corner where it starts (of the box round a hexagon)
 * @returns float64 (module, ss, fs, 3), (x, y, z) in m
 */
export function pixelPositions(geometry: Geometry, centre = true): NdArray<'float64'> {
  const { detector, tiles } = geometry;
  const [modules, ssPixels, fsPixels] = detector.dataShape;
  const positions = new Float64Array(pixelCountOf(detector) * 3);
  const { oddRowShift } = detector.pixel;
  const [ssShift, fsShift] = centre ? detector.pixel.centre : [0, 0];
  for (let module = 0; module < modules; module++) {
    for (const [index, tile] of detector.tiles.entries()) {
      const t = tileStart(detector, module, index);
      for (let ss = tile.ssStart; ss < tile.ssStop; ss++) {
        const alongSs = ss - tile.ssStart + ssShift;
        const rowShift = fsShift + ((ss - tile.ssStart) % 2) * oddRowShift;
        const rowX = tiles[t] + alongSs * tiles[t + 3];
        const rowY = tiles[t + 1] + alongSs * tiles[t + 4];
        const rowZ = tiles[t + 2] + alongSs * tiles[t + 5];
        let out = ((module * ssPixels + ss) * fsPixels + tile.fsStart) * 3;
        for (let fs = tile.fsStart; fs < tile.fsStop; fs++) {
          const alongFs = fs - tile.fsStart + rowShift;
          positions[out++] = rowX + alongFs * tiles[t + 6];
          positions[out++] = rowY + alongFs * tiles[t + 7];
          positions[out++] = rowZ + alongFs * tiles[t + 8];
        }
      }
    }
  }
  return ndarray('float64', [modules, ssPixels, fsPixels, 3], positions);
}

/**
 * Positions of points given in data coordinates, such as peaks: ss and fs in pixels from the module's first corner, so that
 * 0.5 is the centre of the first pixel. For hexagons the whole part is the pixel, the rest the place in the box round it.
 * @param coordinates (n) of (module, ss, fs)
 * @returns float64 (n, 3), m
 * @throws SelectionInvalid if a point is outside of the detector
 */
export function dataCoordsToPositions(
  geometry: Geometry,
  coordinates: readonly (readonly [number, number, number])[],
): NdArray<'float64'> {
  const { detector, tiles } = geometry;
  const [modules, ssPixels, fsPixels] = detector.dataShape;
  const positions = new Float64Array(coordinates.length * 3);
  // A hexagon reaches into the next row: its box is higher than the step from row to row.
  const height = 2 * detector.pixel.centre[0];
  for (const [i, [module, ss, fs]] of coordinates.entries()) {
    const isInside =
      Number.isInteger(module) &&
      module >= 0 &&
      module < modules &&
      ss >= 0 &&
      ss <= ssPixels &&
      fs >= 0 &&
      fs <= fsPixels;
    // A point on the last edge belongs to the last tile.
    const index = detector.tiles.findIndex(
      (t) =>
        ss >= t.ssStart &&
        fs >= t.fsStart &&
        (ss < t.ssStop || (ss === ssPixels && t.ssStop === ssPixels)) &&
        (fs < t.fsStop || (fs === fsPixels && t.fsStop === fsPixels)),
    );
    if (!isInside || index < 0) {
      throw new SelectionInvalid(
        `Point ${i} (module ${module}, ss ${ss}, fs ${fs}) is outside of ${detector.name} [${detector.dataShape}].`,
        { index: i, module, ss, fs },
      );
    }
    const t = tileStart(detector, module, index);
    const { ssStart, ssStop, fsStart } = detector.tiles[index];
    const row = Math.min(Math.floor(ss), ssStop - 1);
    const alongSs = row - ssStart + (ss - row) * height;
    const alongFs = fs - fsStart + ((row - ssStart) % 2) * detector.pixel.oddRowShift;
    for (let axis = 0; axis < 3; axis++) {
      positions[3 * i + axis] = tiles[t + axis] + alongSs * tiles[t + 3 + axis] + alongFs * tiles[t + 6 + axis];
    }
  }
  return ndarray('float64', [coordinates.length, 3], positions);
}

/** Corners of every tile: float64 (module, tile, 4, 3) = first corner, + fs, + fs + ss, + ss; m. */
export function tileCorners(geometry: Geometry): NdArray<'float64'> {
  const { detector, tiles } = geometry;
  const count = detector.dataShape[0] * detector.tiles.length;
  const corners = new Float64Array(count * 12);
  for (let i = 0; i < count; i++) {
    const slice = detector.tiles[i % detector.tiles.length];
    const ss = slice.ssStop - slice.ssStart;
    const fs = slice.fsStop - slice.fsStart;
    const t = i * TILE_NUMBERS;
    for (let axis = 0; axis < 3; axis++) {
      const corner = tiles[t + axis];
      const alongSs = ss * tiles[t + 3 + axis];
      const alongFs = fs * tiles[t + 6 + axis];
      corners[i * 12 + axis] = corner;
      corners[i * 12 + 3 + axis] = corner + alongFs;
      corners[i * 12 + 6 + axis] = corner + alongFs + alongSs;
      corners[i * 12 + 9 + axis] = corner + alongSs;
    }
  }
  return ndarray('float64', [detector.dataShape[0], detector.tiles.length, 4, 3], corners);
}
