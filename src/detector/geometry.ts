import { GeometryInvalid, SelectionInvalid } from '../core/errors.ts';
import { type NdArray, ndarray } from '../core/ndarray.ts';
import { type Detector, type GapLength, pixelCountOf, tileShapeOf } from './detector.ts';

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
 * @throws GeometryInvalid if the size is wrong or a number is not finite
 */
export function createGeometry(detector: Detector, tiles: Float64Array, metadata: GeometryMetadata = {}): Geometry {
  const expected = detector.dataShape[0] * detector.tiles.length * TILE_NUMBERS;
  if (tiles.length !== expected) {
    throw new GeometryInvalid(
      `${detector.name} has ${expected / TILE_NUMBERS} tiles of ${TILE_NUMBERS} numbers, got ${tiles.length} numbers.`,
      { expected, got: tiles.length },
    );
  }
  const wrong = tiles.findIndex((n) => !Number.isFinite(n));
  if (wrong >= 0) {
    const tile = Math.floor(wrong / TILE_NUMBERS);
    const module = Math.floor(tile / detector.tiles.length);
    throw new GeometryInvalid(
      `Position of ${detector.name} module ${module}, tile ${tile % detector.tiles.length} is ${tiles[wrong]}: every tile needs finite numbers.`,
      { module, tile: tile % detector.tiles.length },
    );
  }
  return { detector, tiles, metadata };
}

/**
 * Ideal geometry with each rigid group (quadrant) at a given place. For a detector of one block give one position.
 * @param positions (x, y) of each group's reference point, in `unit` (pixels for AGIPD): for AGIPD 1M the first pixel's corner
 * of modules 0, 4, 8, 12; for AGIPD 500K the low corner of the block (minus EXtra-geom's `origin`).
 * @throws GeometryInvalid if the number of positions is not the number of groups
 * @source EXtra-geom, from_quad_positions. There another `unit` also changes the size of the pixels; here it does not.
 */
export function geometryFromQuadPositions(
  detector: Detector,
  positions: readonly Point[],
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
  const unit = options.unit ?? detector.positionUnit;
  const pxPerUnit = unit / pixel;
  const asicGap =
    options.asicGap === undefined ? roundOff(detector.asicGap / pixel) : roundOff(options.asicGap * pxPerUnit);
  const { panelGap } = options;
  const panelGaps = [0, 1].map((axis) => {
    if (panelGap === undefined) return roundOff(detector.panelGap[axis] / pixel);
    return roundOff((typeof panelGap === 'number' ? panelGap : panelGap[axis]) * pxPerUnit);
  });
  const lengthPx = (length: GapLength, axis: number) =>
    length.px + length.asicGaps * asicGap + length.panelGaps * panelGaps[axis];

  const tiles = new Float64Array(detector.dataShape[0] * detector.tiles.length * TILE_NUMBERS);
  let at = 0;
  const [ssPixels, fsPixels] = tileShapeOf(detector);
  const ssPitch = (ssPixels + asicGap) * pixel;
  const fsPitch = (fsPixels + asicGap) * pixel;
  for (const { group, ss, fs, x, y } of detector.modules) {
    const cornerX = positions[group][0] * unit + lengthPx(x, 0) * pixel;
    const cornerY = positions[group][1] * unit + lengthPx(y, 1) * pixel;
    for (const { ssIndex, fsIndex } of detector.tiles) {
      tiles[at] = cornerX + ss[0] * ssIndex * ssPitch + fs[0] * fsIndex * fsPitch;
      tiles[at + 1] = cornerY + ss[1] * ssIndex * ssPitch + fs[1] * fsIndex * fsPitch;
      tiles[at + 3] = ss[0] * pixel;
      tiles[at + 4] = ss[1] * pixel;
      tiles[at + 6] = fs[0] * pixel;
      tiles[at + 7] = fs[1] * pixel;
      at += TILE_NUMBERS;
    }
  }
  return createGeometry(detector, tiles, options.metadata);
}

/** 0.4 mm / 0.2 mm is not 2 in binary; gaps are meant to the nanometre at best. */
function roundOff(px: number): number {
  return Math.round(px * 1e6) / 1e6;
}

/** The detector's example geometry: plausible, but no beamtime's truth. */
export function exampleGeometry(detector: Detector): Geometry {
  return geometryFromQuadPositions(detector, detector.examplePositions);
}

/** First pixel's corner of each group's first module as (x, y) in the detector's position unit (pixels for AGIPD). */
export function quadPositions(geometry: Geometry): Point[] {
  const { detector, tiles } = geometry;
  return detector.groupModules.map((module) => {
    const at = tileStart(detector, module, 0);
    return [tiles[at] / detector.positionUnit, tiles[at + 1] / detector.positionUnit];
  });
}

/** Index in `Geometry.tiles` of the first number of a tile. */
export function tileStart(detector: Detector, module: number, tile: number): number {
  return (module * detector.tiles.length + tile) * TILE_NUMBERS;
}

/**
 * Position of every pixel.
 * @param centre true: the pixel's centre; false: the outer corner where it starts
 * @returns float64 (module, ss, fs, 3), (x, y, z) in m
 */
export function pixelPositions(geometry: Geometry, centre = true): NdArray<'float64'> {
  const { detector, tiles } = geometry;
  const [modules, ssPixels, fsPixels] = detector.dataShape;
  const positions = new Float64Array(pixelCountOf(detector) * 3);
  const shift = centre ? 0.5 : 0;
  for (let module = 0; module < modules; module++) {
    for (const [index, tile] of detector.tiles.entries()) {
      const t = tileStart(detector, module, index);
      for (let ss = tile.ssStart; ss < tile.ssStop; ss++) {
        const alongSs = ss - tile.ssStart + shift;
        const rowX = tiles[t] + alongSs * tiles[t + 3];
        const rowY = tiles[t + 1] + alongSs * tiles[t + 4];
        const rowZ = tiles[t + 2] + alongSs * tiles[t + 5];
        let out = ((module * ssPixels + ss) * fsPixels + tile.fsStart) * 3;
        for (let fs = tile.fsStart; fs < tile.fsStop; fs++) {
          const alongFs = fs - tile.fsStart + shift;
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
 * 0.5 is the centre of the first pixel.
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
    const alongSs = ss - detector.tiles[index].ssStart;
    const alongFs = fs - detector.tiles[index].fsStart;
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
