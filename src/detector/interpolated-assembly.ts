import type { DTypeStorage } from '../core/dtype.ts';
import { GeometryInvalid, ShapeMismatch } from '../core/errors.ts';
import { elementCount, isSameShape, type NdArray, ndarray } from '../core/ndarray.ts';
import { type CellCoverage, coverPolygon, createCellCoverage } from './cell-coverage.ts';
import { pixelCountOf } from './detector.ts';
import type { Geometry } from './geometry.ts';
import { toModuleStack } from './module-stack.ts';
import { forEachPixel } from './pixel-corners.ts';

/** Which grid the pixels are spread on. */
export interface InterpolationOptions {
  /** Edge of a square output pixel, m; by default the detector's step along fs. */
  readonly outputPixelSize?: number;
  /** Output pixels along the edge of one `outputPixelSize`. Default 1. */
  readonly oversample?: number;
  /** (height, width) of the image and where the origin lies in it (y, x), to keep one grid; by default what holds all pixels. */
  readonly grid?: { readonly shape: readonly [number, number]; readonly centre: readonly [number, number] };
  /** Wide pixels at the joints are spread over all that they cover. Default false, as EXtra-geom. */
  readonly trueCorners?: boolean;
}

/** How detector pixels are spread on an image, for any number of frames: a sparse matrix, rows = image pixels. */
export interface InterpolationTable {
  readonly geometry: Geometry;
  /** (height, width). */
  readonly shape: readonly [number, number];
  /** Where the origin lies in the image, (y, x) in pixels from its first corner. */
  readonly centre: readonly [number, number];
  /** m. */
  readonly pixelSize: number;
  /** uint32 (height * width + 1): where the entries of an image pixel begin. */
  readonly starts: Uint32Array;
  /** int32 (entry): flat index of the detector pixel in (module, ss, fs). */
  readonly sources: Int32Array;
  /** float32 (entry): which part of that pixel lies on this image pixel. */
  readonly weights: Float32Array;
}

/** Images are not larger than this. */
const MAX_PIXELS = 2 ** 28;
/** Parts of pixels smaller than this are rounding. */
const SMALLEST_PART = 1e-7;

/**
 * Makes the table that spreads every detector pixel on the image pixels under it, by area: for hexagons, turned and tilted tiles.
 * Make it once for a geometry; {@link interpolateModules} then costs about as much as a copy.
 * @throws GeometryInvalid for an impossible pixel size or grid
 * @source EXtra-geom, position_modules_interpolate; that makes the table anew for each call, and fails for JUNGFRAU
 */
export function interpolationTable(geometry: Geometry, options: InterpolationOptions = {}): InterpolationTable {
  const { oversample = 1, outputPixelSize = geometry.detector.pixelSize } = options;
  const pixelSize = outputPixelSize / oversample;
  if (!(pixelSize > 0 && Number.isFinite(pixelSize)))
    throw new GeometryInvalid(`Output pixels of ${pixelSize} m are impossible: give a size and oversampling above 0.`, {
      pixelSize,
    });
  const { shape, centre } = options.grid ?? gridOf(geometry, pixelSize, options.trueCorners ?? false);
  const [height, width] = shape;
  if (!(height >= 1 && width >= 1 && height * width <= MAX_PIXELS && [...shape].every(Number.isInteger)))
    throw new GeometryInvalid(
      `An image of ${height} x ${width} pixels is impossible (at most ${MAX_PIXELS} pixels): give a larger outputPixelSize.`,
      { shape },
    );

  const entries = new EntryList(4 * pixelCountOf(geometry.detector));
  const coverage = createCellCoverage();
  forEachPixel(
    geometry,
    { trueCorners: options.trueCorners, scale: 1 / pixelSize, shift: [centre[1], centre[0]] },
    (pixel, xs, ys) => {
      coverPolygon(xs, ys, xs.length, coverage);
      entries.add(pixel, coverage, height, width);
    },
  );
  const { starts, sources, weights } = entries.sorted(height * width);
  return { geometry, shape, centre, pixelSize, starts, sources, weights };
}

function gridOf(geometry: Geometry, pixelSize: number, trueCorners: boolean) {
  let [left, right, low, high] = [
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
  ];
  forEachPixel(geometry, { trueCorners, scale: 1 / pixelSize, shift: [0, 0] }, (_, xs, ys) => {
    for (let i = 0; i < xs.length; i++) {
      if (xs[i] < left) left = xs[i];
      if (xs[i] > right) right = xs[i];
      if (ys[i] < low) low = ys[i];
      if (ys[i] > high) high = ys[i];
    }
  });
  // Not one more row for the last bit of a sum.
  const lengthOf = (from: number, to: number) => Math.max(1, Math.ceil(to - from - 1e-6));
  return { shape: [lengthOf(low, high), lengthOf(left, right)] as const, centre: [-low, -left] as const };
}

/** Entries as they come, then sorted by image pixel. */
class EntryList {
  #length = 0;
  #targets: Int32Array;
  #sources: Int32Array;
  #weights: Float32Array;

  constructor(capacity: number) {
    this.#targets = new Int32Array(capacity);
    this.#sources = new Int32Array(capacity);
    this.#weights = new Float32Array(capacity);
  }

  add(pixel: number, { column, row, columns, rows, area }: CellCoverage, height: number, width: number): void {
    const stride = columns + 2;
    let total = 0;
    for (let y = 0; y < rows; y++) for (let x = 0; x < columns; x++) total += area[y * stride + x];
    if (this.#length + rows * columns > this.#targets.length) this.#grow(rows * columns);
    for (let y = Math.max(0, -row); y < rows && row + y < height; y++) {
      for (let x = Math.max(0, -column); x < columns && column + x < width; x++) {
        const part = area[y * stride + x] / total;
        if (!(part > SMALLEST_PART)) continue;
        this.#targets[this.#length] = (row + y) * width + column + x;
        this.#sources[this.#length] = pixel;
        this.#weights[this.#length++] = part;
      }
    }
  }

  #grow(atLeast: number): void {
    const capacity = Math.ceil(1.5 * this.#targets.length) + atLeast;
    const larger = <A extends Int32Array | Float32Array>(old: A, fresh: A): A => {
      fresh.set(old);
      return fresh;
    };
    this.#targets = larger(this.#targets, new Int32Array(capacity));
    this.#sources = larger(this.#sources, new Int32Array(capacity));
    this.#weights = larger(this.#weights, new Float32Array(capacity));
  }

  sorted(targets: number): { starts: Uint32Array; sources: Int32Array; weights: Float32Array } {
    const starts = new Uint32Array(targets + 1);
    for (let i = 0; i < this.#length; i++) starts[this.#targets[i] + 1]++;
    for (let i = 0; i < targets; i++) starts[i + 1] += starts[i];
    const next = starts.slice(0, targets);
    const sources = new Int32Array(this.#length);
    const weights = new Float32Array(this.#length);
    for (let i = 0; i < this.#length; i++) {
      const to = next[this.#targets[i]]++;
      sources[to] = this.#sources[i];
      weights[to] = this.#weights[i];
    }
    return { starts, sources, weights };
  }
}

/** Number types that are interpolated. */
export type InterpolatedDType =
  | 'bool'
  | 'int8'
  | 'int16'
  | 'int32'
  | 'uint8'
  | 'uint16'
  | 'uint32'
  | 'float32'
  | 'float64';

/**
 * Spreads frames on the image.
 * @param modules (..., module, ss, fs), or whole frames as files hold them; NaN = missing
 * @param options `keep`: `total` (default), the image's sum is that of the frame; `level`, an image pixel is the mean of what
 * lies under it, so that an even frame gives an even picture. `out`: float32 (..., y, x), all of it is written
 * @returns float32 (..., y, x), NaN where there is no detector or nothing but missing pixels
 * @throws ShapeMismatch if axes do not fit
 */
export function interpolateModules(
  table: InterpolationTable,
  modules: NdArray<InterpolatedDType>,
  options: { readonly keep?: 'total' | 'level'; readonly out?: NdArray<'float32'> } = {},
): NdArray<'float32'> {
  const { detector } = table.geometry;
  const stack = toModuleStack(detector, modules);
  const shape = [...stack.shape.slice(0, -3), ...table.shape];
  const images = options.out ?? ndarray('float32', shape, new Float32Array(elementCount(shape)));
  if (!isSameShape(images.shape, shape))
    throw new ShapeMismatch(`Argument out has shape [${images.shape}], the images need [${shape}].`, {
      expected: shape,
      got: images.shape,
    });
  const frameSize = pixelCountOf(detector);
  const imageSize = table.shape[0] * table.shape[1];
  const data = stack.data as DTypeStorage['float32'];
  for (let frame = 0; frame < images.data.length / imageSize; frame++) {
    spread(
      table,
      data.subarray(frame * frameSize, (frame + 1) * frameSize),
      images.data.subarray(frame * imageSize, (frame + 1) * imageSize),
      options.keep === 'level',
    );
  }
  return images;
}

function spread(
  { starts, sources, weights }: InterpolationTable,
  values: Float32Array,
  image: Float32Array,
  isLevel: boolean,
): void {
  for (let pixel = 0; pixel < image.length; pixel++) {
    let sum = 0;
    let weight = 0;
    for (let i = starts[pixel]; i < starts[pixel + 1]; i++) {
      const value = values[sources[i]];
      if (Number.isNaN(value)) continue;
      sum += value * weights[i];
      weight += weights[i];
    }
    image[pixel] = weight === 0 ? Number.NaN : isLevel ? sum / weight : sum;
  }
}
