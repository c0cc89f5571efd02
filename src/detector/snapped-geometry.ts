import { allocate, type DType, isFloatDType } from '../core/dtype.ts';
import { DtypeMismatch, GeometryInvalid, ShapeMismatch } from '../core/errors.ts';
import { elementCount, isSameShape, type NdArray, ndarray } from '../core/ndarray.ts';
import type { TileTable } from '../kernels/kernels.ts';
import { type Geometry, tileStart } from './geometry.ts';

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
  /** (height, width). */
  readonly shape: readonly [number, number];
  /** Where the origin lies in the image, (y, x) in pixels from its first corner; may be outside or negative. */
  readonly centre: readonly [number, number];
  readonly tiles: readonly SnappedTile[];
  /** The same as copies of rectangles, for the `assemble` kernel. */
  readonly tileTable: TileTable;
}

/** The element types that can be assembled. */
export type AssembledDType = Exclude<DType, 'string' | 'complex64' | 'complex128'>;

/** Rounds halves to the even neighbour, as numpy does. @source IEEE 754-2019, roundTiesToEven */
export function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  if (rest < 0.5 || (rest === 0.5 && floor % 2 === 0)) return floor;
  return floor + 1;
}

/**
 * Rounds a geometry to the pixel grid.
 * @throws GeometryInvalid if a tile is turned so far that its rows are not along an axis (between about 30 and 60 degrees)
 * @source EXtra-geom, snapped.py
 */
export function snapGeometry(geometry: Geometry): SnappedGeometry {
  const { detector } = geometry;
  const placed: SnappedTile[] = [];
  for (let module = 0; module < detector.dataShape[0]; module++) {
    for (let tile = 0; tile < detector.tiles.length; tile++) placed.push(snapTile(geometry, module, tile));
  }
  const left = Math.min(...placed.map((t) => t.x));
  const low = Math.min(...placed.map((t) => t.y));
  const tiles = placed.map((t) => ({ ...t, x: t.x - left, y: t.y - low }));
  const width = Math.max(...tiles.map((t) => t.x + t.width));
  const height = Math.max(...tiles.map((t) => t.y + t.height));
  const tileTable = new Int32Array(tiles.length * 7);
  for (const [i, tile] of tiles.entries()) tileTable.set(copyOf(geometry, tile, width), i * 7);
  // 0 - n and not -n: a centre of -0 would not equal 0 everywhere.
  return { geometry, shape: [height, width], centre: [0 - low, 0 - left], tiles, tileTable };
}

function snapTile(geometry: Geometry, module: number, tile: number): SnappedTile {
  const { detector, tiles } = geometry;
  const { ssStart, ssStop, fsStart, fsStop } = detector.tiles[tile];
  const at = tileStart(detector, module, tile);
  const inPixels = (i: number) => roundHalfEven(tiles[at + i] / detector.pixelSize) + 0;
  const [ssX, ssY, fsX, fsY] = [3, 4, 6, 7].map(inPixels);
  if (Math.abs(ssX) + Math.abs(ssY) !== 1 || Math.abs(fsX) + Math.abs(fsY) !== 1 || ssX * fsX + ssY * fsY !== 0) {
    throw new GeometryInvalid(
      `${detector.name} module ${module}, tile ${tile} does not lie along the axes (ss ~ (${ssX}, ${ssY}), fs ~ (${fsX}, ${fsY}) pixels), so it cannot be put on the pixel grid. Rotate the geometry to the nearest right angle for the picture.`,
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

/** How to assemble. */
export interface AssembleOptions {
  /** Which detector module each entry of the module axis is; 0, 1, .. when not given. Modules left out stay empty. */
  readonly modules?: readonly number[];
}

/**
 * Puts module data on the detector's pixel grid.
 * @param modules (..., module, ss, fs)
 * @param out (..., y, x) of the same dtype, whose pixels outside of the given modules keep their value; without it a new array,
 * NaN there for floats and 0 for integers
 * @returns (..., y, x), `out` if it was given. Where tiles overlap the later one is seen.
 * @throws ShapeMismatch if axes do not fit @throws DtypeMismatch if `out` has another dtype
 */
export function assembleModules<D extends AssembledDType>(
  snapped: SnappedGeometry,
  modules: NdArray<D>,
  out?: NdArray<D>,
  options: AssembleOptions = {},
): NdArray<D> {
  const { detector } = snapped.geometry;
  const [total, ssPixels, fsPixels] = detector.dataShape;
  const leading = modules.shape.slice(0, -3);
  const numbers = options.modules ?? Array.from({ length: total }, (_, i) => i);
  const expected = [...leading, numbers.length, ssPixels, fsPixels];
  if (modules.shape.length < 3 || !isSameShape(modules.shape, expected)) {
    throw new ShapeMismatch(
      `${detector.name} frames must have the shape (.., ${numbers.length}, ${ssPixels}, ${fsPixels}), got [${modules.shape}].`,
      { expected, got: modules.shape },
    );
  }
  const unknown = numbers.find((n, i) => !Number.isInteger(n) || n < 0 || n >= total || numbers.indexOf(n) !== i);
  if (unknown !== undefined) {
    throw new ShapeMismatch(
      `Module ${unknown} is given twice or is not one of the ${total} modules of ${detector.name}.`,
      { expected: total, got: unknown },
    );
  }
  const images = out ?? emptyImages(snapped, modules.dtype, leading);
  checkImages(images, modules.dtype, [...leading, ...snapped.shape]);

  const frameSize = numbers.length * ssPixels * fsPixels;
  const imageSize = elementCount(snapped.shape);
  const frames = elementCount(leading);
  const tilesPerModule = detector.tiles.length;
  // Tiles in the detector's order, not in the order of the entries: which one is on top must not depend on the input.
  const entryOfModule = new Map(numbers.map((module, entry) => [module, entry]));
  for (let frame = 0; frame < frames; frame++) {
    for (const [index, { module }] of snapped.tiles.entries()) {
      const entry = entryOfModule.get(module);
      if (entry === undefined) continue;
      const shift = frame * frameSize + (entry - module) * ssPixels * fsPixels;
      copyTile(
        modules.data,
        shift,
        snapped.tileTable,
        (module * tilesPerModule + (index % tilesPerModule)) * 7,
        images.data,
        frame * imageSize,
      );
    }
  }
  return images;
}

type Elements = { readonly length: number; [index: number]: unknown };

function copyTile(source: Elements, sourceShift: number, table: TileTable, at: number, image: Elements, base: number) {
  const start = table[at] + sourceShift;
  const rows = table[at + 1];
  const columns = table[at + 2];
  const sourceStride = table[at + 3];
  const target = table[at + 4] + base;
  const rowStride = table[at + 5];
  const columnStride = table[at + 6];
  for (let row = 0; row < rows; row++) {
    let from = start + row * sourceStride;
    let to = target + row * rowStride;
    for (let column = 0; column < columns; column++) {
      image[to] = source[from++];
      to += columnStride;
    }
  }
}

function emptyImages<D extends AssembledDType>(
  snapped: SnappedGeometry,
  dtype: D,
  leading: readonly number[],
): NdArray<D> {
  const shape = [...leading, ...snapped.shape];
  const data = allocate(dtype, elementCount(shape));
  // float16 is held as its bits: 0x7e00 is a NaN.
  if (dtype === 'float16') (data as Uint16Array).fill(0x7e00);
  else if (isFloatDType(dtype)) (data as Float32Array).fill(Number.NaN);
  return ndarray(dtype, shape, data);
}

function checkImages(out: NdArray, dtype: DType, shape: readonly number[]): void {
  if (out.dtype !== dtype) {
    throw new DtypeMismatch(`Argument out has dtype ${out.dtype}, the data has ${dtype}: give an array of ${dtype}.`, {
      expected: dtype,
      got: out.dtype,
    });
  }
  if (!isSameShape(out.shape, shape)) {
    throw new ShapeMismatch(`Argument out has shape [${out.shape}], the images need [${shape}].`, {
      expected: shape,
      got: out.shape,
    });
  }
}

/**
 * For each pixel of the assembled image the index of its data pixel in (module, ss, fs), flat; -1 in gaps.
 * @returns int32 (y, x)
 */
export function pixelMap(snapped: SnappedGeometry): NdArray<'int32'> {
  const { detector } = snapped.geometry;
  const indices = new Int32Array(elementCount(detector.dataShape));
  for (let i = 0; i < indices.length; i++) indices[i] = i;
  const image = new Int32Array(elementCount(snapped.shape)).fill(-1);
  assembleModules(snapped, ndarray('int32', detector.dataShape, indices), ndarray('int32', snapped.shape, image));
  return ndarray('int32', snapped.shape, image);
}

/** What a page needs to tell pixels of the image: the reply of `/api/geometry`. */
export function geometryInfo(snapped: SnappedGeometry) {
  const { geometry, shape, centre, tiles } = snapped;
  return {
    detector: geometry.detector.name,
    shape: [...shape] as [number, number],
    centre: [...centre] as [number, number],
    pixelSize: geometry.detector.pixelSize,
    tiles: tiles.map((t) => ({
      ...t,
      ssDirection: [...t.ssDirection] as [number, number],
      fsDirection: [...t.fsDirection] as [number, number],
    })),
  };
}
