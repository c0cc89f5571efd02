import { GeometryInvalid } from '../core/errors.ts';
import type { GeometryHdf5, PositionMm } from '../formats/geometry-hdf5.ts';
import { type Detector, tileShapeOf } from './detector.ts';
import {
  createGeometry,
  type Geometry,
  type GeometryMetadata,
  type Point,
  quadPositions,
  TILE_NUMBERS,
  tileStart,
  unitOf,
} from './geometry.ts';

/** Unit of the positions in files, m. */
const MILLIMETRE = 1e-3;

/**
 * Geometry of LPD or DSSC from measured positions of modules and tiles and where the quadrants are. A position is that of the
 * corner `detector.reference` of its part: high-x, high-y for LPD, low-x, low-y for DSSC.
 * @param quads (x, y) of each quadrant; by default those in the file @param options `unit` of `quads` in m, mm by default
 * @throws GeometryInvalid if parts are missing, quadrant positions are given nowhere, or the detector is not placed like this
 * @source EXtra-geom, from_h5_file_and_quad_positions
 */
export function geometryFromTilePositions(
  detector: Detector,
  { quadrants }: GeometryHdf5,
  quads?: readonly Point[],
  options: { readonly unit?: number; readonly metadata?: GeometryMetadata } = {},
): Geometry {
  checkKind(detector);
  const groups = detector.groupModules.length;
  const perGroup = detector.dataShape[0] / groups;
  expectCount(detector, 'quadrants', quadrants.length, groups);
  const places = quads
    ? toMetres(quads, unitOf(detector, options.unit ?? MILLIMETRE))
    : quadrantsOf(detector, quadrants);
  expectCount(detector, 'quadrant positions', places.length, groups);
  const tiles = new Float64Array(detector.dataShape[0] * detector.tiles.length * TILE_NUMBERS);
  for (const [q, quadrant] of quadrants.entries())
    expectCount(detector, `modules in quadrant ${q + 1}`, quadrant.modules.length, perGroup);
  for (const [module, { group, ss, fs }] of detector.modules.entries()) {
    const measured = quadrants[group].modules[module - detector.groupModules[group]];
    expectCount(detector, `tiles in module ${module}`, measured.tiles.length, detector.tiles.length);
    const fromReference = firstPixelFrom(detector, module);
    for (let tile = 0; tile < detector.tiles.length; tile++) {
      const at = tileStart(detector, module, tile);
      for (let axis = 0; axis < 2; axis++) {
        const offset = (measured.position[axis] + measured.tiles[tile][axis]) * MILLIMETRE;
        tiles[at + axis] = places[group][axis] + offset + fromReference[axis];
        tiles[at + 3 + axis] = ss[axis] * detector.pitch[0];
        tiles[at + 6 + axis] = fs[axis] * detector.pitch[1];
      }
    }
  }
  return createGeometry(detector, tiles, options.metadata);
}

function toMetres(points: readonly Point[], unit: number): Point[] {
  return points.map(([x, y]) => [x * unit, y * unit]);
}

function quadrantsOf(detector: Detector, quadrants: GeometryHdf5['quadrants']): Point[] {
  const known = quadrants.flatMap(({ position }) => (position ? [position] : []));
  if (known.length < quadrants.length)
    throw new GeometryInvalid(
      `Where the ${quadrants.length} quadrants of ${detector.name} are is not in the file: give their positions (x, y) in mm.`,
      { detector: detector.name },
    );
  return toMetres(known, MILLIMETRE);
}

/**
 * The reverse of {@link geometryFromTilePositions}: quadrants at {@link quadPositions}, modules and tiles relative to them.
 * @throws GeometryInvalid if the geometry has turned tiles or z positions, which this form cannot hold
 * @source EXtra-geom, to_h5_file_and_quad_positions; there turns and z are left out without a word
 */
export function tilePositionsOf(geometry: Geometry): GeometryHdf5 {
  const { detector } = geometry;
  checkKind(detector);
  const outermost = detector.reference === 'low' ? Math.min : Math.max;
  const quadrants = quadPositions(geometry).map((quad, group) => {
    const position: PositionMm = [0, 1].map((axis) => (quad[axis] * detector.positionUnit) / MILLIMETRE) as [
      number,
      number,
    ];
    const modules = [...detector.modules.keys()].filter((module) => detector.modules[module].group === group);
    return {
      position,
      modules: modules.map((module) => {
        const corners = detector.tiles.map((_, tile) => referenceCorner(geometry, module, tile));
        const [x, y] = [0, 1].map((axis) => outermost(...corners.map((corner) => corner[axis])));
        return {
          position: [x - position[0], y - position[1]] as const,
          tiles: corners.map((corner): PositionMm => [corner[0] - x, corner[1] - y]),
        };
      }),
    };
  });
  return { quadrants };
}

/**
 * Where the quadrants are if modules and tiles lie in them as a file says: what to give with that file to get this geometry.
 * @returns (x, y) of each quadrant, mm @source EXtra-geom, quad_positions(h5_file): the first tile of each quadrant decides
 */
export function quadPositionsWith(geometry: Geometry, { quadrants }: GeometryHdf5): Point[] {
  const { detector } = geometry;
  checkKind(detector);
  expectCount(detector, 'quadrants', quadrants.length, detector.groupModules.length);
  return detector.groupModules.map((module, group) => {
    const corner = referenceCorner(geometry, module, 0, true);
    const [first] = quadrants[group].modules;
    return [corner[0] - first.tiles[0][0] - first.position[0], corner[1] - first.tiles[0][1] - first.position[1]];
  });
}

/** Corner of a tile that its position is, (x, y) in mm. */
function referenceCorner({ detector, tiles }: Geometry, module: number, tile: number, mayBeTurned = false): Point {
  const at = tileStart(detector, module, tile);
  const { ss, fs } = detector.modules[module];
  const ideal = [
    ss[0] * detector.pitch[0],
    ss[1] * detector.pitch[0],
    0,
    fs[0] * detector.pitch[1],
    fs[1] * detector.pitch[1],
    0,
  ];
  // A nanometre over the length of a tile.
  const isStraight = ideal.every((n, i) => Math.abs(n - tiles[at + 3 + i]) < 1e-11) && Math.abs(tiles[at + 2]) < 1e-9;
  if (!isStraight && !mayBeTurned)
    throw new GeometryInvalid(
      `${detector.name} module ${module}, tile ${tile} is turned or moved along z; HDF5 positions hold only x and y. Save the geometry as .geom.`,
      { module, tile },
    );
  const [x, y] = firstPixelFrom(detector, module);
  return [(tiles[at] - x) / MILLIMETRE, (tiles[at + 1] - y) / MILLIMETRE];
}

/** From a tile's reference corner to the corner of its first pixel, (x, y) in m. */
function firstPixelFrom(detector: Detector, module: number): Point {
  const { ss, fs } = detector.modules[module];
  const [ssPixels, fsPixels] = tileShapeOf(detector);
  const [x, y] = [0, 1].map((axis) => {
    const extent = ss[axis] * ssPixels * detector.pitch[0] + fs[axis] * fsPixels * detector.pitch[1];
    // The first pixel is at the low end where the data run upwards.
    return detector.reference === 'low' ? Math.max(0, -extent) : -Math.max(0, extent);
  });
  return [x, y];
}

function checkKind(detector: Detector): void {
  if ((detector.reference !== 'low' && detector.reference !== 'high') || detector.tiles.some((tile) => tile.isTurned)) {
    throw new GeometryInvalid(
      `${detector.name} has no HDF5 geometry: only detectors whose parts are placed by an outer corner (LPD 1M, DSSC 1M) have.`,
      { detector: detector.name },
    );
  }
}

function expectCount(detector: Detector, what: string, got: number, expected: number): void {
  if (got !== expected)
    throw new GeometryInvalid(`${detector.name} has ${expected} ${what}, got ${got}.`, { expected, got });
}
