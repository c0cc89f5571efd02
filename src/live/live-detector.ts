import type { Geometry } from '../detector/geometry.ts';
import { moduleTables } from '../detector/integration/module-tables.ts';
import { TableCache } from '../detector/integration/table-cache.ts';
import { beamPosition, type SnappedGeometry, snapGeometry } from '../detector/snapped-geometry.ts';
import type { DetectorOrigin } from './detector-input.ts';
import type { LiveDetector } from './pipeline.ts';
import { streamLayout } from './recognise-detector.ts';

/** Detectors whose calibration gives energies; that of others gives detector units. @source European XFEL, offline calibration */
const IN_KEV: readonly string[] = ['AGIPD1M', 'AGIPD500K', 'JUNGFRAU', 'EPIX100', 'EPIX10K'];

/**
 * What the pipeline needs of a detector, from its geometry.
 * @param origin where its data are in a train; without it the first detector of each train is taken
 */
export function createLiveDetector(
  geometry: Geometry,
  origin: DetectorOrigin = {},
  snapped: SnappedGeometry = snapGeometry(geometry),
): LiveDetector {
  const { detector } = geometry;
  const layout = streamLayout(detector);
  const tables = new TableCache(2);
  return {
    layout,
    origin: { extraRows: detector.extraRows ?? 0, ...origin },
    correctedUnit: IN_KEV.includes(detector.name) ? 'keV' : 'ADU',
    imageShape: snapped.shape,
    tiles: snapped.tileTable,
    integration({ centreX, centreY, distance, photonEnergyKeV, points, qMin, qMax, method }) {
      const [x, y] = beamPosition(snapped, centreX, centreY);
      const table = tables.get(
        geometry,
        { distance, photonEnergyKeV, poni1: y, poni2: x },
        { points, radialRange: [qMin, qMax], method },
      );
      return { tables: moduleTables(table, layout.slowScan * layout.fastScan), q: Float32Array.from(table.radial) };
    },
  };
}
