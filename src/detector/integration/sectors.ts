import { StateInvalid } from '../../core/errors.ts';
import type { Geometry } from '../geometry.ts';
import type { Experiment } from './experiment.ts';
import { type FrameOptions, integrateFrame, type Pattern } from './integrate.ts';
import { buildIntegrationTable, type IntegrationOptions, type IntegrationTable } from './integration-table.ts';

/** One table for each range of azimuth, all with the same radial bins. Ranges may overlap and cross +-180 degrees. */
export interface SectorTables {
  /** [low, high] in degrees. */
  readonly ranges: readonly (readonly [number, number])[];
  readonly tables: readonly IntegrationTable[];
}

/**
 * Tables of several sectors, such as the four quarters.
 * @param ranges [low, high] in degrees
 * @throws StateInvalid as {@link buildIntegrationTable}, or without ranges
 */
export function buildSectors(
  geometry: Geometry,
  experiment: Experiment,
  ranges: readonly (readonly [number, number])[],
  options: Omit<IntegrationOptions, 'azimuthRange' | 'azimuthPoints'>,
): SectorTables {
  if (ranges.length === 0) throw new StateInvalid('Sectors: give at least one range of azimuth.', { field: 'ranges' });
  let { radialRange } = options;
  if (!radialRange) {
    // The bins of all azimuths, so that the curves of all sectors can be drawn over each other.
    const { radial } = buildIntegrationTable(geometry, experiment, { ...options, points: 1 }).grid;
    radialRange = [radial.low, radial.low + radial.step];
  }
  const tables = ranges.map((azimuthRange) =>
    buildIntegrationTable(geometry, experiment, { ...options, radialRange, azimuthRange }),
  );
  return { ranges, tables };
}

/** The radial profile of each sector. @param values float32 (module * ss * fs) @throws ShapeMismatch if it does not fit */
export function integrateSectors(values: Float32Array, { tables }: SectorTables, options?: FrameOptions): Pattern[] {
  return tables.map((table) => integrateFrame(values, table, options));
}

/** An intensity along the azimuth. */
export interface AzimuthalProfile {
  /** (azimuthal), degrees. */
  readonly azimuth: Float64Array;
  readonly intensity: Float64Array;
  readonly count: Float64Array;
}

/**
 * Intensity along the azimuth, integrated over the radius, of a pattern with two axes.
 * @param radialRange [low, high] in the table's unit: bins whose middle lies inside; all by default
 * @throws StateInvalid if the pattern has no azimuth
 * @source pyFAI, integrate_radial
 */
export function profileOverAzimuth(
  cake: Pattern,
  radialRange: readonly [number, number] = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY],
  empty = Number.NaN,
): AzimuthalProfile {
  const { azimuth, radial } = cake;
  if (!azimuth)
    throw new StateInvalid('A profile over the azimuth needs a pattern with two axes: give azimuthPoints.', {
      field: 'azimuthPoints',
    });
  const intensity = new Float64Array(azimuth.length);
  const count = new Float64Array(azimuth.length);
  for (let row = 0; row < azimuth.length; row++) {
    let [signal, norm] = [0, 0];
    for (let bin = 0; bin < radial.length; bin++) {
      if (!(radial[bin] >= radialRange[0] && radial[bin] <= radialRange[1])) continue;
      signal += cake.signal[row * radial.length + bin];
      norm += cake.normalization[row * radial.length + bin];
      count[row] += cake.count[row * radial.length + bin];
    }
    intensity[row] = norm > 0 ? signal / norm : empty;
  }
  return { azimuth, intensity, count };
}
