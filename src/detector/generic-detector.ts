import { GeometryInvalid } from '../core/errors.ts';
import { type Detector, NO_LENGTH, SQUARE_PIXEL, type TileSlice } from './detector.ts';
import { createGeometry, type Geometry, TILE_NUMBERS, tileStart } from './geometry.ts';

/** As of detector records. */
const MAX_PIXELS = 2 ** 28;

type Vector = readonly [number, number, number];

/** A detector of equal tiles in equal modules, described by numbers. */
export interface SimpleDescription {
  readonly name?: string;
  /** m. */
  readonly pixelSize: number;
  /** Pixels of a tile. */
  readonly slowPixels: number;
  readonly fastPixels: number;
  /** First pixel's outer corner of each module, (x, y, z) in m. */
  readonly corners: readonly Vector[];
  /** Directions of slow and fast scan; their lengths are in pixels, so 1 for most. */
  readonly ss: Vector;
  readonly fs: Vector;
  /** Default 1. */
  readonly tilesPerModule?: number;
  /** Gap between tiles, m. Default: one pixel. */
  readonly tileGap?: number;
  /** Direction from one tile to the next: along `ss` or along `fs`. Default `ss`. The data are stacked in the same way. */
  readonly tileDirection?: Vector;
}

/**
 * Geometry of a detector that is not in the table. The detector itself, as a record, is `detector` of the result.
 * @throws GeometryInvalid if a number is impossible, slow and fast scan go the same way, or the tiles go neither along ss nor along fs
 * @source EXtra-geom, GenericGeometry.from_simple_description. There a gap of 0 becomes one pixel and a direction given as an
 * array is refused; moved geometries forget their pixel size.
 */
export function geometryFromDescription(description: SimpleDescription): Geometry {
  const { name = 'Generic', pixelSize, slowPixels, fastPixels, corners, ss, fs } = description;
  const { tilesPerModule = 1, tileGap = pixelSize, tileDirection = ss } = description;
  const wrong = (what: string, value: unknown, wanted: string) =>
    new GeometryInvalid(`${name}: ${what} = ${value} is impossible, give ${wanted}.`, { field: what });
  if (!(pixelSize > 0 && Number.isFinite(pixelSize))) throw wrong('pixelSize', pixelSize, 'metres above 0');
  for (const [what, value] of Object.entries({ slowPixels, fastPixels, tilesPerModule }))
    if (!Number.isInteger(value) || value < 1) throw wrong(what, value, 'a whole number above 0');
  if (!(tileGap >= 0 && Number.isFinite(tileGap))) throw wrong('tileGap', tileGap, 'metres, 0 or more');
  if (corners.length === 0) throw wrong('corners', '[]', 'one corner (x, y, z) for each module');
  if (corners.length * tilesPerModule * slowPixels * fastPixels > MAX_PIXELS)
    throw wrong('number of pixels', corners.length * tilesPerModule * slowPixels * fastPixels, `at most ${MAX_PIXELS}`);
  const isAlongSs = isParallel(tileDirection, ss);
  if (!isAlongSs && !isParallel(tileDirection, fs))
    throw wrong('tileDirection', `(${tileDirection})`, `ss (${ss}) or fs (${fs})`);

  const tileSlices = Array.from({ length: tilesPerModule }, (_, tile): TileSlice => {
    const [ssIndex, fsIndex] = isAlongSs ? [tile, 0] : [0, tile];
    return {
      ssStart: ssIndex * slowPixels,
      ssStop: (ssIndex + 1) * slowPixels,
      fsStart: fsIndex * fastPixels,
      fsStop: (fsIndex + 1) * fastPixels,
      ssIndex,
      fsIndex,
    };
  });
  const along = (isAlongSs ? [tilesPerModule, 1] : [1, tilesPerModule]) as [number, number];
  const detector: Detector = {
    name,
    dataShape: [corners.length, along[0] * slowPixels, along[1] * fastPixels],
    pixelSize,
    pitch: [Math.hypot(...ss) * pixelSize, Math.hypot(...fs) * pixelSize],
    pixel: SQUARE_PIXEL,
    seamStretch: [0, 0],
    tiles: tileSlices,
    modules: corners.map((_, group) => ({ group, ss: onAxis(ss), fs: onAxis(fs), x: NO_LENGTH, y: NO_LENGTH })),
    groupModules: corners.map((_, module) => module),
    reference: 'firstPixel',
    asicGap: tileGap,
    panelGap: [0, 0],
    positionUnit: 1,
    examplePositions: corners.map(([x, y]) => [x, y]),
  };

  const size = (isAlongSs ? slowPixels : fastPixels) * pixelSize + tileGap;
  const tiles = new Float64Array(corners.length * tilesPerModule * TILE_NUMBERS);
  for (const [module, corner] of corners.entries()) {
    for (let tile = 0; tile < tilesPerModule; tile++) {
      const at = tileStart(detector, module, tile);
      for (let axis = 0; axis < 3; axis++) {
        tiles[at + axis] = corner[axis] + tile * size * tileDirection[axis];
        tiles[at + 3 + axis] = ss[axis] * pixelSize;
        tiles[at + 6 + axis] = fs[axis] * pixelSize;
      }
    }
  }
  return createGeometry(detector, tiles);
}

function isParallel(a: Vector, b: Vector): boolean {
  const dot = a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
  return Math.abs(Math.abs(dot) - Math.hypot(...a) * Math.hypot(...b)) < 1e-9 && dot !== 0;
}

/** The nearest direction on an axis. */
function onAxis([x, y]: Vector): [number, number] {
  return Math.abs(x) >= Math.abs(y) ? [Math.sign(x), 0] : [0, Math.sign(y)];
}
