import { type NdArray, ndarray } from '../core/ndarray.ts';
import { type Detector, pixelCountOf, type TileSlice } from './detector.ts';
import { type Geometry, tileStart } from './geometry.ts';

/** Which corners of wide pixels are meant. */
export interface CornerOptions {
  /**
   * true: pixels at the joints of ASICs have the length that they really have, into the gap. false (default): all pixels are of
   * one size, as EXtra-geom says.
   */
  readonly trueCorners?: boolean;
}

/** Where the pixels of a tile begin and end along one axis, in steps from the tile's corner. */
interface Edges {
  readonly low: Float64Array;
  readonly high: Float64Array;
}

/** Edges of the rows and columns of a tile; those on a joint with another tile of the module reach into the gap. */
function edgesOf(detector: Detector, tile: TileSlice, isTrue: boolean): { readonly ss: Edges; readonly fs: Edges } {
  const isJoint = (ss: number, fs: number) =>
    isTrue && detector.tiles.some((t) => t.ssIndex === tile.ssIndex + ss && t.fsIndex === tile.fsIndex + fs);
  const along = (count: number, stretch: number, isLow: boolean, isHigh: boolean): Edges => {
    const low = Float64Array.from({ length: count }, (_, i) => i);
    const high = Float64Array.from({ length: count }, (_, i) => i + 1);
    if (isLow) low[0] -= stretch;
    if (isHigh) high[count - 1] += stretch;
    return { low, high };
  };
  const [ssStretch, fsStretch] = [0, 1].map((axis) => detector.seamStretch[axis] / detector.pitch[axis]);
  return {
    ss: along(tile.ssStop - tile.ssStart, ssStretch, isJoint(-1, 0), isJoint(1, 0)),
    fs: along(tile.fsStop - tile.fsStart, fsStretch, isJoint(0, -1), isJoint(0, 1)),
  };
}

type VisitCorner = (index: number, x: number, y: number, z: number) => void;

/** @param visit gets the flat index of (module, ss, fs, corner) */
function forEachCorner(geometry: Geometry, options: CornerOptions, visit: VisitCorner): void {
  const { detector, tiles } = geometry;
  const { corners, oddRowShift } = detector.pixel;
  const cornerSs = corners.map(([ss]) => ss);
  const cornerFs = corners.map(([, fs]) => fs);
  const [modules, ssPixels, fsPixels] = detector.dataShape;
  for (const [index, tile] of detector.tiles.entries()) {
    const edges = edgesOf(detector, tile, options.trueCorners ?? false);
    for (let module = 0; module < modules; module++) {
      const t = tileStart(detector, module, index);
      const [cornerX, cornerY, cornerZ, ssX, ssY, ssZ, fsX, fsY, fsZ] = tiles.subarray(t, t + 9);
      for (let ss = tile.ssStart; ss < tile.ssStop; ss++) {
        const row = ss - tile.ssStart;
        const [ssLow, ssLength] = [edges.ss.low[row], edges.ss.high[row] - edges.ss.low[row]];
        const shift = (row % 2) * oddRowShift;
        let out = ((module * ssPixels + ss) * fsPixels + tile.fsStart) * corners.length;
        for (let column = 0; column < tile.fsStop - tile.fsStart; column++) {
          const fsLow = edges.fs.low[column];
          const fsLength = edges.fs.high[column] - fsLow;
          for (let corner = 0; corner < corners.length; corner++) {
            const s = ssLow + cornerSs[corner] * ssLength;
            const f = fsLow + cornerFs[corner] * fsLength + shift;
            visit(out++, cornerX + s * ssX + f * fsX, cornerY + s * ssY + f * fsY, cornerZ + s * ssZ + f * fsZ);
          }
        }
      }
    }
  }
}

/**
 * Goes through all pixels with their outlines across the beam.
 * @param options corners are multiplied by `scale`, then moved by `shift` (x, y)
 * @param visit gets the flat index in (module, ss, fs) and the corners' x and y, in arrays that are used again
 */
export function forEachPixel(
  geometry: Geometry,
  options: CornerOptions & { readonly scale: number; readonly shift: readonly [number, number] },
  visit: (pixel: number, xs: Float64Array, ys: Float64Array) => void,
): void {
  const corners = geometry.detector.pixel.corners.length;
  const [xs, ys] = [new Float64Array(corners), new Float64Array(corners)];
  const { scale, shift } = options;
  forEachCorner(geometry, options, (index, x, y) => {
    const corner = index % corners;
    xs[corner] = x * scale + shift[0];
    ys[corner] = y * scale + shift[1];
    if (corner === corners - 1) visit((index - corner) / corners, xs, ys);
  });
}

/**
 * Corners of every pixel: 4, or 6 of hexagons, going round; along (ss, fs): (0,0), (1,0), (1,1), (0,1).
 * @returns float64 (module, ss, fs, corner, 3), (x, y, z) in m. 100 MB for a megapixel.
 */
export function pixelCorners(geometry: Geometry, options: CornerOptions = {}): NdArray<'float64'> {
  const { detector } = geometry;
  const corners = detector.pixel.corners.length;
  const data = new Float64Array(pixelCountOf(detector) * corners * 3);
  forEachCorner(geometry, options, (index, x, y, z) => {
    data[3 * index] = x;
    data[3 * index + 1] = y;
    data[3 * index + 2] = z;
  });
  return ndarray('float64', [...detector.dataShape, corners, 3], data);
}

/**
 * Corners of every pixel in the form that pyFAI takes, for data stacked as (module * ss, fs).
 * @param options `allowNegativeXy`: true, the origin stays where the beam should hit, so that poni1 = poni2 = 0 is the beam (as
 * of to_pyfai_detector); false (default), x and y are moved so that the smallest are 0
 * @returns float32 (module * ss, fs, corner, 3), (z, y, x) in m
 * @source EXtra-geom, to_distortion_array; that has none for generic detectors
 */
export function distortionArray(
  geometry: Geometry,
  options: CornerOptions & { readonly allowNegativeXy?: boolean } = {},
): NdArray<'float32'> {
  const { detector } = geometry;
  const [modules, ss, fs] = detector.dataShape;
  const corners = detector.pixel.corners.length;
  let [lowX, lowY] = [0, 0];
  if (!options.allowNegativeXy) {
    [lowX, lowY] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
    forEachCorner(geometry, options, (_, x, y) => {
      if (x < lowX) lowX = x;
      if (y < lowY) lowY = y;
    });
  }
  const data = new Float32Array(pixelCountOf(detector) * corners * 3);
  forEachCorner(geometry, options, (index, x, y, z) => {
    data[3 * index] = z;
    data[3 * index + 1] = y - lowY;
    data[3 * index + 2] = x - lowX;
  });
  return ndarray('float32', [modules * ss, fs, corners, 3], data);
}

/**
 * Area of each pixel of a module, wide ones at the joints included: a flat field for counts of a smooth pattern.
 * @returns float64 (ss, fs), m^2 @source EXtra-geom, Epix100Geometry.pixel_areas
 */
export function pixelAreas(detector: Detector): NdArray<'float64'> {
  const [, ssPixels, fsPixels] = detector.dataShape;
  const areas = new Float64Array(ssPixels * fsPixels);
  const stepArea = detector.pitch[0] * detector.pitch[1];
  for (const tile of detector.tiles) {
    const { ss, fs } = edgesOf(detector, tile, true);
    for (let row = 0; row < ss.low.length; row++) {
      const at = (tile.ssStart + row) * fsPixels + tile.fsStart;
      for (let column = 0; column < fs.low.length; column++)
        areas[at + column] = (ss.high[row] - ss.low[row]) * (fs.high[column] - fs.low[column]) * stepArea;
    }
  }
  return ndarray('float64', [ssPixels, fsPixels], areas);
}

/**
 * Wide pixels at the joints of ASICs, to mask them.
 * @returns bool (ss, fs) of a module; all false for detectors without @source EXtra-geom, agipd_asic_seams, asic_seams
 */
export function asicSeams(detector: Detector): NdArray<'bool'> {
  const [, ssPixels, fsPixels] = detector.dataShape;
  const areas = pixelAreas(detector).data;
  const limit = detector.pitch[0] * detector.pitch[1] * (1 + 1e-9);
  return ndarray(
    'bool',
    [ssPixels, fsPixels],
    Uint8Array.from(areas, (area) => (area > limit ? 1 : 0)),
  );
}

/**
 * Pixels at the outer edges of all tiles, which are often bad.
 * @param width how many pixels from the edge @returns bool (ss, fs) of a module @source EXtra-foam, ignore_tile_edge
 */
export function tileEdges(detector: Detector, width = 1): NdArray<'bool'> {
  const [, ssPixels, fsPixels] = detector.dataShape;
  const isEdge = new Uint8Array(ssPixels * fsPixels);
  for (const { ssStart, ssStop, fsStart, fsStop } of detector.tiles) {
    for (let ss = ssStart; ss < ssStop; ss++) {
      for (let fs = fsStart; fs < fsStop; fs++) {
        const fromEdge = Math.min(ss - ssStart, ssStop - 1 - ss, fs - fsStart, fsStop - 1 - fs);
        if (fromEdge < width) isEdge[ss * fsPixels + fs] = 1;
      }
    }
  }
  return ndarray('bool', [ssPixels, fsPixels], isEdge);
}
