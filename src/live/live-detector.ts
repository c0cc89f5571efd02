import type { Geometry } from '../detector/geometry.ts';
import { beamPosition, radialBins } from '../detector/radial-bins.ts';
import { snapGeometry } from '../detector/snapped-geometry.ts';
import type { LiveDetector } from './pipeline.ts';

/** What the pipeline needs of a detector, from its geometry. */
export function createLiveDetector(geometry: Geometry): LiveDetector {
  const snapped = snapGeometry(geometry);
  const [modules, slowScan, fastScan] = geometry.detector.dataShape;
  return {
    layout: { modules, slowScan, fastScan },
    imageShape: snapped.shape,
    tiles: snapped.tileTable,
    radial({ centreX, centreY, distance, photonEnergyKeV, points, qMin, qMax }) {
      const { bins, weights, centres } = radialBins(geometry, {
        distance,
        photonEnergyKeV,
        points,
        range: [qMin, qMax],
        beam: beamPosition(snapped, centreX, centreY),
      });
      return { bins, weights, q: Float32Array.from(centres) };
    },
  };
}
