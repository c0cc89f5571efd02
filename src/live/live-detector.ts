import type { Geometry } from '../detector/geometry.ts';
import { moduleTables } from '../detector/integration/module-tables.ts';
import { TableCache } from '../detector/integration/table-cache.ts';
import { beamPosition, snapGeometry } from '../detector/snapped-geometry.ts';
import type { LiveDetector } from './pipeline.ts';

/** What the pipeline needs of a detector, from its geometry. */
export function createLiveDetector(geometry: Geometry): LiveDetector {
  const snapped = snapGeometry(geometry);
  const [modules, slowScan, fastScan] = geometry.detector.dataShape;
  const tables = new TableCache(2);
  return {
    layout: { modules, slowScan, fastScan },
    imageShape: snapped.shape,
    tiles: snapped.tileTable,
    integration({ centreX, centreY, distance, photonEnergyKeV, points, qMin, qMax, method }) {
      const [x, y] = beamPosition(snapped, centreX, centreY);
      const table = tables.get(
        geometry,
        { distance, photonEnergyKeV, poni1: y, poni2: x },
        { points, radialRange: [qMin, qMax], method },
      );
      return { tables: moduleTables(table, slowScan * fastScan), q: Float32Array.from(table.radial) };
    },
  };
}
