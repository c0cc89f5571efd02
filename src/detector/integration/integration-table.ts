import { ShapeMismatch, StateInvalid } from '../../core/errors.ts';
import { pixelCountOf } from '../detector.ts';
import type { Geometry } from '../geometry.ts';
import { type BinGrid, binAxis, binCentres } from './bin-grid.ts';
import type { Experiment } from './experiment.ts';
import { openKernelSplitter } from './kernel-splitter.ts';
import type { MapOptions } from './pixel-map.ts';
import { checkNormalization, type PixelSums, type WeightInput } from './pixel-sums.ts';
import { openPlainSplitter } from './plain-splitter.ts';
import { RADIAL_UNITS, type RadialUnit } from './radial-unit.ts';
import { SPLIT_METHODS, type SplitMethod } from './split-method.ts';
import type { SplitSettings, Splitter } from './splitter.ts';

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

/**
 * Every pixel's share in every bin, and its weight: made once, used for every frame. Its arrays may be views of one buffer, which
 * `postMessage` can copy but not transfer.
 */
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
  return buildTable(geometry, experiment, options, false);
}

/** The same in plain TypeScript, which the kernels are compared with. @throws as {@link buildIntegrationTable} */
export function buildPlainTable(
  geometry: Geometry,
  experiment: Experiment,
  options: IntegrationOptions,
): IntegrationTable {
  return buildTable(geometry, experiment, options, true);
}

function buildTable(
  geometry: Geometry,
  experiment: Experiment,
  options: IntegrationOptions,
  isPlain: boolean,
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
  checkNormalization(options);
  const hasAzimuth = azimuthPoints !== undefined || azimuthRange !== undefined;
  const map = { unit, hasAzimuth, hasSeams: options.hasSeams ?? false };
  const settings = { geometry, experiment, method, map, mask, weights: options };
  const { grid, sums } =
    (isPlain ? null : sumInRoom(settings, options)) ?? sumBins(openPlainSplitter(settings), map, options);
  return {
    unit,
    method,
    grid,
    radial: binCentres(grid.radial),
    azimuth: azimuthPoints === undefined || !grid.azimuth ? null : binCentres(grid.azimuth, 1 / DEGREE),
    ...sums,
  };
}

/** The bins, and what is in them. */
interface FilledBins {
  readonly grid: BinGrid;
  readonly sums: PixelSums;
}

function sumBins(splitter: Splitter, { hasAzimuth }: MapOptions, options: BinOptions): FilledBins {
  const grid = chooseGrid(splitter, options, hasAzimuth);
  return { grid, sums: splitter.sum(grid) };
}

/** By the kernels; null where there are none, or no room for so many pixels or bins. */
function sumInRoom(settings: SplitSettings, options: BinOptions): FilledBins | null {
  try {
    const splitter = openKernelSplitter(settings);
    return splitter && sumBins(splitter, settings.map, options);
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

function checkSize(name: string, array: ArrayLike<unknown> | undefined, pixels: number, { detector }: Geometry): void {
  if (array && array.length !== pixels)
    throw new ShapeMismatch(`The ${name} has ${array.length} pixels, ${detector.name} has ${pixels}.`, {
      expected: pixels,
      got: array.length,
    });
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
