import { GeometryInvalid } from '../core/errors.ts';
import { type NdArray, ndarray } from '../core/ndarray.ts';
import { type Geometry, tileCorners } from './geometry.ts';

/**
 * How two geometries of a detector differ, as arrows at the first corner and the one across from it of every tile.
 * @param scale how much longer than the way from `before` to `after` the arrows are
 * @returns float64 (module, tile, 2, 4): start x, y and arrow x, y, in pixels; the corners are 0 and 2 of {@link tileCorners}
 * @throws GeometryInvalid if they are of different detectors @source EXtra-geom, compare
 */
export function compareGeometries(before: Geometry, after: Geometry, scale = 10): NdArray<'float64'> {
  const { detector } = before;
  const sameShape = String(after.detector.dataShape) === String(detector.dataShape);
  if (after.detector.name !== detector.name || !sameShape) {
    const describe = ({ detector: { name, dataShape } }: Geometry) => `${name} [${dataShape}]`;
    throw new GeometryInvalid(
      `Geometries of ${describe(before)} and ${describe(after)} cannot be compared: give two of one detector.`,
      { before: detector.name, after: after.detector.name },
    );
  }
  const [from, to] = [tileCorners(before).data, tileCorners(after).data];
  const count = detector.dataShape[0] * detector.tiles.length;
  const arrows = new Float64Array(count * 8);
  for (let tile = 0; tile < count; tile++) {
    for (const [i, corner] of [0, 2].entries()) {
      const at = (tile * 4 + corner) * 3;
      for (let axis = 0; axis < 2; axis++) {
        arrows[tile * 8 + i * 4 + axis] = from[at + axis] / detector.pixelSize;
        arrows[tile * 8 + i * 4 + 2 + axis] = ((to[at + axis] - from[at + axis]) / detector.pixelSize) * scale;
      }
    }
  }
  return ndarray('float64', [detector.dataShape[0], detector.tiles.length, 2, 4], arrows);
}
