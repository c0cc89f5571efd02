import { elementCount, type NdArray, ndarray } from '../core/ndarray.ts';
import { type Geometry, pixelPositions } from './geometry.ts';

/**
 * The pixels in bad regions of the file that a geometry was read from, to leave them out. Of a rectangle across the beam those whose
 * centre is in it. @returns bool (module, ss, fs), true = bad @source CrystFEL 0.12, manual page crystfel_geometry
 */
export function badRegionMask(geometry: Geometry): NdArray<'bool'> {
  const { detector, metadata } = geometry;
  const [, ssPixels, fsPixels] = detector.dataShape;
  const isBad = new Uint8Array(elementCount(detector.dataShape));
  const regions = metadata.badRegions ?? [];
  const positions = regions.some(({ kind }) => kind === 'lab') ? pixelPositions(geometry).data : null;
  for (const region of regions) {
    if (region.kind === 'tile') {
      for (let ss = region.ssStart; ss < region.ssStop; ss++) {
        const row = (region.module * ssPixels + ss) * fsPixels;
        isBad.fill(1, row + region.fsStart, row + region.fsStop);
      }
    } else if (positions) {
      const { minX, maxX, minY, maxY } = region;
      for (let pixel = 0; pixel < isBad.length; pixel++) {
        const [x, y] = [positions[3 * pixel], positions[3 * pixel + 1]];
        if (x >= minX && x <= maxX && y >= minY && y <= maxY) isBad[pixel] = 1;
      }
    }
  }
  return ndarray('bool', detector.dataShape, isBad);
}
