import { GeometryInvalid } from '../core/errors.ts';
import { type Detector, tileShapeOf } from './detector.ts';
import {
  createGeometry,
  type Geometry,
  type GeometryMetadata,
  type Point,
  placeTiles,
  TILE_NUMBERS,
  unitOf,
} from './geometry.ts';

/** How modules that are placed one by one lie. */
export interface ModulePositionOptions {
  /** Unit of positions and gap, m; the detector's own by default. */
  readonly unit?: number;
  /** Gap between ASICs or tiles, in `unit`. */
  readonly asicGap?: number;
  /**
   * Signs (x, y) for each module: -1 = its fast scan runs towards -x, its slow scan towards -y. The position stays that of
   * the low corner. For detectors whose modules are placed by that corner (JUNGFRAU).
   */
  readonly orientations?: readonly (readonly [1 | -1, 1 | -1])[];
  /** Turn of each module about its position, degrees, clockwise as seen from the front (along the beam). */
  readonly rotationsDeg?: readonly number[];
  readonly metadata?: GeometryMetadata;
}

/**
 * Geometry from the position of each module.
 * @param positions (x, y) or (x, y, z) of each module, in `unit`: low-x, low-y corner for JUNGFRAU (px), high-x, low-y corner
 * for LPD Mini (mm)
 * @throws GeometryInvalid for a detector whose modules are not placed one by one (AGIPD, LPD, DSSC 1M), if positions, orientations
 * or rotations are not one for each module, an orientation is not +-1, or the unit is no length
 * @source EXtra-geom, from_module_positions. There turned JUNGFRAU modules are misplaced when `unit` is not the pixel, and lie
 * one gap too far; here neither.
 */
export function geometryFromModulePositions(
  detector: Detector,
  positions: readonly (Point | readonly [number, number, number])[],
  options: ModulePositionOptions = {},
): Geometry {
  const { asicGap, orientations, rotationsDeg } = options;
  const unit = unitOf(detector, options.unit);
  const count = detector.dataShape[0];
  const groups = detector.groupModules.length;
  if (groups !== count)
    throw new GeometryInvalid(
      `${detector.name} is placed by ${groups} ${groups === 1 ? 'position' : 'parts'} of several modules, not by its ${count} modules: take geometryFromQuadPositions.`,
      { detector: detector.name, groups },
    );
  for (const [what, list] of Object.entries({ positions, orientations, rotations: rotationsDeg })) {
    if (list && list.length !== count)
      throw new GeometryInvalid(`${detector.name} of ${count} modules needs ${count} ${what}, got ${list.length}.`, {
        expected: count,
        got: list.length,
      });
  }
  const gap = asicGap === undefined ? detector.asicGap : asicGap * unit;
  // Whole pixels are meant where the binary number almost is one.
  const gapPx = Math.round((gap / detector.pixelSize) * 1e9) / 1e9;
  const tiles = new Float64Array(count * detector.tiles.length * TILE_NUMBERS);
  for (let module = 0; module < count; module++) {
    const [x, y, z = 0] = positions[module];
    const placement = orientations
      ? orientedPlacement(detector, module, orientations[module], gapPx)
      : turnedPlacement(detector, module, rotationsDeg?.[module] ?? 0, gapPx);
    const corner = [
      x * unit + placement.offsetPx[0] * detector.pixelSize,
      y * unit + placement.offsetPx[1] * detector.pixelSize,
      z * unit,
    ] as const;
    placeTiles(detector, module, corner, placement, gapPx, tiles);
  }
  return createGeometry(detector, tiles, options.metadata);
}

interface TurnedPlacement {
  readonly ss: Point;
  readonly fs: Point;
  readonly offsetPx: Point;
}

/** A module along the axes whose low corner is given. */
function orientedPlacement(
  detector: Detector,
  module: number,
  [alongX, alongY]: readonly [number, number],
  gapPx: number,
): TurnedPlacement {
  if (detector.reference !== 'low' || ![alongX, alongY].every((sign) => Math.abs(sign) === 1)) {
    throw new GeometryInvalid(
      `Orientation (${alongX}, ${alongY}) of module ${module}: give 1 or -1 for x and y, for detectors that are placed by the modules' low corners (${detector.name} is placed by: ${detector.reference}).`,
      { module },
    );
  }
  const [ssPixels, fsPixels] = tileShapeOf(detector);
  const rows = Math.max(...detector.tiles.map((tile) => tile.ssIndex)) + 1;
  const columns = Math.max(...detector.tiles.map((tile) => tile.fsIndex)) + 1;
  const width = columns * fsPixels + (columns - 1) * gapPx;
  const height = rows * ssPixels + (rows - 1) * gapPx;
  return {
    ss: [0, alongY],
    fs: [alongX, 0],
    offsetPx: [alongX < 0 ? width : 0, alongY < 0 ? height : 0],
  };
}

/** A module as the detector's record has it, turned about its position. */
function turnedPlacement(detector: Detector, module: number, rotationDeg: number, gapPx: number): TurnedPlacement {
  const { ss, fs, x, y } = detector.modules[module];
  const [cos, sin] = cosineAndSine(rotationDeg);
  // Clockwise from the front, where x goes to the left, is counter-clockwise in (x, y).
  const turn = ([a, b]: Point): Point => [cos * a - sin * b, sin * a + cos * b];
  const offset: Point = [x.px + x.asicGaps * gapPx, y.px + y.asicGaps * gapPx];
  return { ss: turn(ss), fs: turn(fs), offsetPx: turn(offset) };
}

/** Exact at right angles, so that modules stay on the pixel grid. */
function cosineAndSine(deg: number): Point {
  const quarter = (((deg / 90) % 4) + 4) % 4;
  if (Number.isInteger(quarter))
    return (
      [
        [1, 0],
        [0, 1],
        [-1, 0],
        [0, -1],
      ] as const
    )[quarter];
  const angle = (deg * Math.PI) / 180;
  return [Math.cos(angle), Math.sin(angle)];
}
