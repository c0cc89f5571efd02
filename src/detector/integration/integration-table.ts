import { ShapeMismatch, StateInvalid } from '../../core/errors.ts';
import { pixelCountOf } from '../detector.ts';
import type { Geometry } from '../geometry.ts';
import { type BinGrid, binAxis, binCentres, binCountOf } from './bin-grid.ts';
import type { Experiment } from './experiment.ts';
import { pixelBoxes } from './pixel-boxes.ts';
import { type MapOptions, type PixelCorners, pixelCentres, pixelCorners } from './pixel-map.ts';
import { type PixelSums, type WeightInput, weighTable } from './pixel-sums.ts';
import { RADIAL_UNITS, type RadialUnit } from './radial-unit.ts';
import { splitBox } from './split-box.ts';
import { eachPart, type SharedPixels } from './split-entries.ts';
import { splitNone } from './split-none.ts';
import { beamPixels, splitPolygon } from './split-polygon.ts';

/**
 * How a pixel is shared among bins: `no` = whole, by its centre; `bbox` = evenly over its bounding box in (radius, azimuth);
 * `pseudo` = the same with a box of the pixel's area; `full` = by its true outline.
 */
export type SplitMethod = 'no' | 'bbox' | 'pseudo' | 'full';

/** All methods, as a user writes them. */
export const SPLIT_METHODS: readonly SplitMethod[] = ['no', 'bbox', 'pseudo', 'full'];

/** Which bins there are, and which pixels go where. */
export interface BinOptions {
  /** Number of radial bins. */
  readonly points: number;
  /** Number of azimuthal bins; without it the result has one axis. */
  readonly azimuthPoints?: number;
  /** Default `q_A^-1`. */
  readonly unit?: RadialUnit;
  /** Default `no`. */
  readonly method?: SplitMethod;
  /** [low, high] in `unit`; that of all unmasked pixels when not given. */
  readonly radialRange?: readonly [number, number];
  /**
   * [low, high] in degrees, 0 = +x, rising towards +y; high - low <= 360, and it may cross the cut at +-180. Without it all
   * azimuths, or in two dimensions the range of all unmasked pixels.
   */
  readonly azimuthRange?: readonly [number, number];
  /** uint8 (module * ss * fs), not 0 = the pixel is not used. */
  readonly mask?: Uint8Array;
}

/** Everything that azimuthal integration needs to know. */
export interface IntegrationOptions extends BinOptions, WeightInput {}

/** Every pixel's share in every bin, and its weight: made once, used for every frame. */
export interface IntegrationTable extends PixelSums {
  readonly unit: RadialUnit;
  readonly method: SplitMethod;
  readonly grid: BinGrid;
  /** float64 (radial bin), middle of each bin, in `unit`. */
  readonly radial: Float64Array;
  /** float64 (azimuthal bin), middle of each bin, degrees; null in one dimension. */
  readonly azimuth: Float64Array | null;
}

const DEGREE = Math.PI / 180;

/**
 * Makes the table of a geometry: from exact positions, never through a picture of snapped pixels.
 * @throws StateInvalid for impossible numbers, an empty range, or a unit without photon energy
 * @throws ShapeMismatch if mask, flat or dark have the wrong size
 * @source pyFAI 0.21, integrate1d and integrate2d; README.md lists the differences
 */
export function buildIntegrationTable(
  geometry: Geometry,
  experiment: Experiment,
  options: IntegrationOptions,
): IntegrationTable {
  const { unit = 'q_A^-1', method = 'no', azimuthPoints, azimuthRange, mask } = options;
  const pixels = pixelCountOf(geometry.detector);
  checkSize('mask', mask, pixels, geometry);
  checkSize('flat', options.flat, pixels, geometry);
  checkSize('dark', options.dark, pixels, geometry);
  if (!Object.hasOwn(RADIAL_UNITS, unit))
    throw new StateInvalid(`"${unit}" is no radial unit: choose one of ${Object.keys(RADIAL_UNITS).join(', ')}.`, {
      field: 'unit',
    });
  if (!SPLIT_METHODS.includes(method))
    throw new StateInvalid(`"${method}" is no splitting: choose one of ${SPLIT_METHODS.join(', ')}.`, {
      field: 'method',
    });
  const hasAzimuth = azimuthPoints !== undefined || azimuthRange !== undefined;
  const map = { unit, hasAzimuth, hasSeams: options.hasSeams ?? false };
  const split = splitter(geometry, experiment, method, map, mask);
  const grid = chooseGrid(split, options, hasAzimuth);
  const entries = split.split(grid);
  return {
    unit,
    method,
    grid,
    radial: binCentres(grid.radial),
    azimuth: azimuthPoints === undefined || !grid.azimuth ? null : binCentres(grid.azimuth, 1 / DEGREE),
    ...weighTable(geometry, experiment, options, entries, binCountOf(grid)),
  };
}

function checkSize(name: string, array: ArrayLike<unknown> | undefined, pixels: number, { detector }: Geometry): void {
  if (array && array.length !== pixels)
    throw new ShapeMismatch(`The ${name} has ${array.length} pixels, ${detector.name} has ${pixels}.`, {
      expected: pixels,
      got: array.length,
    });
}

/** What one method knows before the bins are chosen. */
interface Splitter {
  /** [low, high] of all unmasked pixels. */
  readonly radialRange: readonly [number, number];
  /** rad. */
  readonly azimuthRange: readonly [number, number];
  readonly split: (grid: BinGrid) => SharedPixels | Int32Array;
}

function splitter(
  geometry: Geometry,
  experiment: Experiment,
  method: SplitMethod,
  map: MapOptions,
  mask: Uint8Array | undefined,
): Splitter {
  const { unit, hasAzimuth } = map;
  // Logarithms of q may be negative; all others begin at the beam.
  const floor = unit.startsWith('log') && !unit.startsWith('log(1+') ? Number.NEGATIVE_INFINITY : 0;
  const noRange = [-Math.PI, Math.PI] as const;
  if (method === 'no') {
    const centres = pixelCentres(geometry, experiment, map);
    return {
      radialRange: rangeOf(centres.radial, null, mask),
      azimuthRange: centres.azimuth ? rangeOf(centres.azimuth, null, mask) : noRange,
      split: (grid) => splitNone(centres, grid, mask),
    };
  }
  if (method === 'full') {
    const corners = pixelCorners(geometry, experiment, { ...map, hasAzimuth: true });
    const beam = beamPixels(corners, mask);
    const [low, high] = cornerRange(corners.radial, corners, mask);
    return {
      radialRange: [beam.length > 0 ? Math.max(floor, -Number.MAX_VALUE) : low, high],
      azimuthRange: hasAzimuth ? cornerTurns(corners.azimuth as Float64Array, corners, mask) : noRange,
      split: (grid) => splitPolygon(corners, beam, grid, floor, mask),
    };
  }
  const isScaled = method === 'pseudo';
  const withAzimuth = { ...map, hasAzimuth: hasAzimuth || isScaled };
  const boxes = pixelBoxes(geometry, experiment, withAzimuth, isScaled);
  const { centres } = boxes;
  const [low, high] = rangeOf(centres.radial, boxes.radial, mask);
  const [bottom, top] = centres.azimuth ? rangeOf(centres.azimuth, boxes.azimuth, mask) : noRange;
  return {
    radialRange: [Math.max(floor, low), high],
    // One box across the cut, and the range is all round.
    azimuthRange: bottom < -Math.PI || top > Math.PI ? noRange : [bottom, top],
    split: (grid) => splitBox(boxes, grid, floor, mask),
  };
}

type Range = readonly [number, number];

function rangeOf(centres: Float64Array, half: Float64Array | null, mask: Uint8Array | undefined): Range {
  const range = Float64Array.of(Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY);
  eachPart(centres.length, (from, to) => widen(range, from, to, centres, half, mask));
  return [range[0], range[1]];
}

function widen(
  range: Float64Array,
  from: number,
  to: number,
  centres: Float64Array,
  half: Float64Array | null,
  mask: Uint8Array | undefined,
): void {
  let [low, high] = range;
  for (let i = from; i < to; i++) {
    if (mask !== undefined && mask[i] !== 0) continue;
    const reach = half === null ? 0 : half[i];
    const value = centres[i];
    if (value - reach < low && value - reach > Number.NEGATIVE_INFINITY) low = value - reach;
    if (value + reach > high) high = value + reach;
  }
  range[0] = low;
  range[1] = high;
}

function cornerRange(values: Float64Array, corners: PixelCorners, mask: Uint8Array | undefined): Range {
  // Every corner is one of a pixel.
  if (mask === undefined) return rangeOf(values, null, undefined);
  const range = Float64Array.of(Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY);
  eachPart(corners.first.length, (from, to) => widenByCorners(range, from, to, values, corners, mask));
  return [range[0], range[1]];
}

function widenByCorners(
  range: Float64Array,
  from: number,
  to: number,
  values: Float64Array,
  { first, steps }: PixelCorners,
  mask: Uint8Array,
): void {
  let [low, high] = range;
  for (let i = from; i < to; i++) {
    if (first[i] < 0 || mask[i] !== 0) continue;
    for (let k = 0; k < steps.length; k++) {
      const value = values[first[i] + steps[k]];
      if (value < low && value > Number.NEGATIVE_INFINITY) low = value;
      if (value > high) high = value;
    }
  }
  range[0] = low;
  range[1] = high;
}

/** Range of azimuths; all round as soon as one pixel lies across the cut. */
function cornerTurns(values: Float64Array, corners: PixelCorners, mask: Uint8Array | undefined): Range {
  const { first, steps } = corners;
  for (let i = 0; i < first.length; i++) {
    if (first[i] < 0 || (mask !== undefined && mask[i] !== 0)) continue;
    const begin = values[first[i]];
    for (const step of steps) if (Math.abs(values[first[i] + step] - begin) > Math.PI) return [-Math.PI, Math.PI];
  }
  return cornerRange(values, corners, mask);
}

function chooseGrid(split: Splitter, options: BinOptions, hasAzimuth: boolean): BinGrid {
  const { points, azimuthPoints, radialRange = split.radialRange, azimuthRange } = options;
  const radial = binAxis('radial', radialRange[0], radialRange[1], points);
  if (!hasAzimuth) return { radial, azimuth: null, isCircle: false };
  if (azimuthRange && !(azimuthRange[1] - azimuthRange[0] <= 360 + 1e-9))
    throw new StateInvalid(
      `Azimuthal integration: the azimuth range [${azimuthRange}] is more than once round: high - low <= 360.`,
      { field: 'azimuthRange' },
    );
  const [low, high] = azimuthRange ? azimuthRange.map((angle) => angle * DEGREE) : split.azimuthRange;
  const isCircle = high - low >= 2 * Math.PI - 1e-6;
  if (!isCircle) return { radial, azimuth: binAxis('azimuth', low, high, azimuthPoints ?? 1), isCircle };
  // All the way round is exactly once round: the last bin ends where the first begins.
  const azimuth = binAxis('azimuth', low, low + 2 * Math.PI, azimuthPoints ?? 1);
  return { radial, azimuth: { ...azimuth, step: (2 * Math.PI) / azimuth.bins }, isCircle };
}
