import { GeometryInvalid } from '../../core/errors.ts';
import { geometryFromDescription } from '../generic-detector.ts';
import type { Geometry } from '../geometry.ts';
import { createGeometry } from '../geometry.ts';

/**
 * A flat picture as a detector of one tile, as pyFAI sees it: rows go along +y, columns along +x, the first pixel's outer
 * corner is the origin, so that poni1 and poni2 are where they are in its .poni files.
 * @param shape (row, column) @param pixel size along (row, column) axis, m
 * @throws GeometryInvalid for impossible numbers
 */
export function pictureGeometry(shape: readonly [number, number], pixel: readonly [number, number]): Geometry {
  if (!pixel.every((size) => size > 0 && Number.isFinite(size)))
    throw new GeometryInvalid(`Pixels of ${pixel[0]} x ${pixel[1]} m are impossible, give metres above 0.`, { pixel });
  const { detector } = geometryFromDescription({
    name: 'Picture',
    pixelSize: pixel[1],
    slowPixels: shape[0],
    fastPixels: shape[1],
    corners: [[0, 0, 0]],
    ss: [0, 1, 0],
    fs: [1, 0, 0],
  });
  const tiles = Float64Array.of(0, 0, 0, 0, pixel[0], 0, pixel[1], 0, 0);
  return createGeometry({ ...detector, pitch: pixel }, tiles);
}
