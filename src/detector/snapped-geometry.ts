import { GeometryInvalid } from '../core/errors.ts';
import { TILE_FIELDS, type TileTable } from '../kernels/kernels.ts';
import { HEXAGON_PIXEL } from './detector.ts';
import { type Geometry, type Point, TILE_NUMBERS, tileStart } from './geometry.ts';

/** A tile as a rectangle of the assembled image; directions are the step (y, x) of the next pixel along ss and fs. */
export interface SnappedTile {
  readonly module: number;
  readonly tile: number;
  /** First column and row. */
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  /** First data pixel of the tile in its module. */
  readonly ssStart: number;
  readonly fsStart: number;
  readonly ssDirection: readonly [number, number];
  readonly fsDirection: readonly [number, number];
}

/**
 * A geometry rounded to whole pixels, for pictures: image rows go up with y, columns with x. Tilts are left out.
 * Numbers must come from the exact positions instead.
 */
export interface SnappedGeometry {
  readonly geometry: Geometry;
  /** Size of an image pixel, (y, x) in m: not square for hexagons and strips. */
  readonly pitch: readonly [number, number];
  /** (height, width). */
  readonly shape: readonly [number, number];
  /** Where the origin lies in the image, (y, x) in pixels from its first corner; may be outside or negative. */
  readonly centre: readonly [number, number];
  readonly tiles: readonly SnappedTile[];
  /** The same as copies of rectangles, for the `assemble` kernel. */
  readonly tileTable: TileTable;
}

/** More pixels are no picture of a detector but one with a tile at a wrong place; as float32 they would take 1 GiB. */
const MAX_PIXELS = 2 ** 28;

/** Rounds halves to the even neighbour, as numpy does. @source IEEE 754-2019, roundTiesToEven */
export function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  if (rest < 0.5 || (rest === 0.5 && floor % 2 === 0)) return floor;
  return floor + 1;
}

/**
 * Rounds a geometry to the pixel grid.
 * @throws GeometryInvalid if a tile is turned so far that its rows are not along an axis (between about 30 and 60 degrees), or
 * lies so far away that the picture would have more than 2^28 pixels
 * @source EXtra-geom, snapped.py
 */
export function snapGeometry(geometry: Geometry): SnappedGeometry {
  const { detector } = geometry;
  const pitch = pitchOf(geometry);
  const placed: SnappedTile[] = [];
  for (let module = 0; module < detector.dataShape[0]; module++) {
    for (let tile = 0; tile < detector.tiles.length; tile++) placed.push(snapTile(geometry, module, tile, pitch));
  }
  const left = Math.min(...placed.map((t) => t.x));
  const low = Math.min(...placed.map((t) => t.y));
  const tiles = placed.map((t) => ({ ...t, x: t.x - left, y: t.y - low }));
  const width = Math.max(...tiles.map((t) => t.x + t.width));
  const height = Math.max(...tiles.map((t) => t.y + t.height));
  if (!(width * height <= MAX_PIXELS)) {
    const far = tiles.reduce((a, b) =>
      Math.abs(b.x - tiles[0].x) + Math.abs(b.y - tiles[0].y) > Math.abs(a.x - tiles[0].x) + Math.abs(a.y - tiles[0].y)
        ? b
        : a,
    );
    throw new GeometryInvalid(
      `The picture of ${detector.name} would have ${width} x ${height} pixels: module ${far.module}, tile ${far.tile} lies far from module 0, tile 0. Correct the position of one of them in ${geometry.metadata.path ?? 'the geometry'}.`,
      { module: far.module, tile: far.tile },
    );
  }
  // 0 - n and not -n: a centre of -0 would not equal 0 everywhere.
  return imageOf(geometry, pitch, [height, width], [0 - low, 0 - left], tiles);
}

/**
 * The same on the smallest larger image with the origin in its middle, floor(height / 2) and floor(width / 2), wherever the
 * detector lies.
 * @source EXtra-geom, position_modules_symmetric; that fails where the origin is in the lower half of the picture or outside
 */
export function symmetricSnap({ geometry, pitch, shape, centre, tiles }: SnappedGeometry): SnappedGeometry {
  const [height, width] = [0, 1].map((axis) => Math.max(2 * centre[axis], 2 * (shape[axis] - centre[axis]) - 1));
  const middle = [height >> 1, width >> 1] as const;
  const moved = tiles.map((t) => ({ ...t, x: t.x + middle[1] - centre[1], y: t.y + middle[0] - centre[0] }));
  return imageOf(geometry, pitch, [height, width], middle, moved);
}

function imageOf(
  geometry: Geometry,
  pitch: readonly [number, number],
  shape: readonly [number, number],
  centre: readonly [number, number],
  tiles: readonly SnappedTile[],
): SnappedGeometry {
  const tileTable = new Int32Array(tiles.length * TILE_FIELDS);
  for (const [i, tile] of tiles.entries()) tileTable.set(copyOf(geometry, tile, shape[1]), i * TILE_FIELDS);
  return { geometry, pitch, shape, centre, tiles, tileTable };
}

/** Steps of the image along (y, x), m. @throws GeometryInvalid if modules lie crosswise though their pixels are not square */
function pitchOf({ detector, tiles }: Geometry): readonly [number, number] {
  const [ssStep, fsStep] = detector.pitch;
  if (ssStep === fsStep) return [ssStep, fsStep];
  const isUpright = (at: number) => Math.abs(tiles[at + 6]) >= Math.abs(tiles[at + 7]);
  for (let at = 0; at < tiles.length; at += TILE_NUMBERS) {
    if (isUpright(at) !== isUpright(0))
      throw new GeometryInvalid(
        `Modules of ${detector.name} lie crosswise, and its pixels are ${ssStep * 1e6} um by ${fsStep * 1e6} um: there is no pixel grid for all. Assemble with interpolation.`,
        { tile: at / TILE_NUMBERS },
      );
  }
  return isUpright(0) ? [ssStep, fsStep] : [fsStep, ssStep];
}

function snapTile(geometry: Geometry, module: number, tile: number, pitch: readonly [number, number]): SnappedTile {
  const { detector, tiles } = geometry;
  const { ssStart, ssStop, fsStart, fsStop } = detector.tiles[tile];
  const at = tileStart(detector, module, tile);
  const inPixels = (i: number) => roundHalfEven(tiles[at + i] / pitch[1 - (i % 3)]) + 0;
  const [ssX, ssY, fsX, fsY] = [3, 4, 6, 7].map(inPixels);
  if (Math.abs(ssX) + Math.abs(ssY) !== 1 || Math.abs(fsX) + Math.abs(fsY) !== 1 || ssX * fsX + ssY * fsY !== 0) {
    throw new GeometryInvalid(
      `${detector.name} module ${module}, tile ${tile} does not lie along the axes (ss ~ (${ssX}, ${ssY}), fs ~ (${fsX}, ${fsY}) pixels), so it cannot be put on the pixel grid. Assemble with interpolation, or rotate the geometry to the nearest right angle for the picture.`,
      { module, tile },
    );
  }
  const ss = ssStop - ssStart;
  const fs = fsStop - fsStart;
  return {
    module,
    tile,
    x: inPixels(0) + Math.min(ssX, 0) * ss + Math.min(fsX, 0) * fs,
    y: inPixels(1) + Math.min(ssY, 0) * ss + Math.min(fsY, 0) * fs,
    width: Math.abs(ssX) * ss + Math.abs(fsX) * fs,
    height: Math.abs(ssY) * ss + Math.abs(fsY) * fs,
    ssStart,
    fsStart,
    ssDirection: [ssY, ssX],
    fsDirection: [fsY, fsX],
  };
}

/** One record of the tile table: see {@link TileTable}. */
function copyOf(geometry: Geometry, tile: SnappedTile, imageWidth: number): number[] {
  const [, ssPixels, fsPixels] = geometry.detector.dataShape;
  const slice = geometry.detector.tiles[tile.tile];
  const [ssY, ssX] = tile.ssDirection;
  const [fsY, fsX] = tile.fsDirection;
  const row = ssY < 0 || fsY < 0 ? tile.y + tile.height - 1 : tile.y;
  const column = ssX < 0 || fsX < 0 ? tile.x + tile.width - 1 : tile.x;
  return [
    (tile.module * ssPixels + tile.ssStart) * fsPixels + tile.fsStart,
    slice.ssStop - slice.ssStart,
    slice.fsStop - slice.fsStart,
    fsPixels,
    row * imageWidth + column,
    ssY * imageWidth + ssX,
    fsY * imageWidth + fsX,
  ];
}

/**
 * Position of a point of the assembled image, such as the beam centre: (x, y) in m.
 * @param x column and @param y row, in pixels from the image's first corner (0.5 is the centre of the first pixel), so that
 * `snapped.centre` is the origin
 */
export function beamPosition(snapped: SnappedGeometry, x: number, y: number): Point {
  const { pitch, centre } = snapped;
  return [(x - centre[1]) * pitch[1], (y - centre[0]) * pitch[0]];
}

/** What a page needs to tell pixels of the image: the reply of `/api/geometry`. */
export function geometryInfo(snapped: SnappedGeometry) {
  const { geometry, pitch, shape, centre, tiles } = snapped;
  const { pixel } = geometry.detector;
  return {
    detector: geometry.detector.name,
    shape: [...shape] as [number, number],
    centre: [...centre] as [number, number],
    pixelSize: geometry.detector.pixelSize,
    pitch: [...pitch] as [number, number],
    pixel: { oddRowShift: pixel.oddRowShift, isHexagon: String(pixel.corners) === String(HEXAGON_PIXEL.corners) },
    tiles: tiles.map((t) => ({
      ...t,
      ssDirection: [...t.ssDirection] as [number, number],
      fsDirection: [...t.fsDirection] as [number, number],
    })),
  };
}
