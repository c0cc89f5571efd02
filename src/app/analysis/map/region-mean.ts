import { type MaskShape, pixelsInShape } from '../../../detector/analysis/mask-shape.ts';
import { type Geometry, pixelPositions } from '../../../detector/geometry.ts';
import type { Helper } from '../../geometry/geometry-document.ts';

/** The figure of a helper of the picture. */
function shapeOf({ kind, centre: [x, y], size: [width, height], angleDeg }: Helper): MaskShape {
  if (kind === 'circle') return { kind, centre: [x, y], radius: width / 2 };
  const [c, s] = [Math.cos((angleDeg * Math.PI) / 180), Math.sin((angleDeg * Math.PI) / 180)];
  const corners = [
    [-1, -1],
    [1, -1],
    [1, 1],
    [-1, 1],
  ].map(([across, up]) => [(across * width) / 2, (up * height) / 2]);
  return { kind: 'polygon', points: corners.map(([u, v]) => [x + u * c - v * s, y + u * s + v * c]) };
}

/**
 * Pixels within each helper whose middle is inside of its line. @param mask uint8 (module * ss * fs), not 0 = left out; null = none
 * @returns for each helper the places of its pixels in (module * ss * fs)
 */
export function pixelsOfHelpers(
  helpers: readonly Helper[],
  geometry: Geometry,
  mask: Uint8Array | null,
): readonly Uint32Array[] {
  if (helpers.length === 0) return [];
  const positions = pixelPositions(geometry).data as Float64Array;
  return helpers.map((helper) => {
    const inside = pixelsInShape(shapeOf(helper), positions, geometry.detector.pixelSize);
    const found: number[] = [];
    for (let i = 0; i < inside.length; i++) if (inside[i] && !mask?.[i]) found.push(i);
    return Uint32Array.from(found);
  });
}

/** Mean of some pixels. @param picture float32 (pixel); NaN counts nowhere @returns NaN where none has a value */
export function meanOfPixels(picture: Float32Array, pixels: Uint32Array): number {
  let [sum, count] = [0, 0];
  for (const pixel of pixels) {
    const value = picture[pixel];
    if (Number.isNaN(value)) continue;
    sum += value;
    count++;
  }
  return sum / count;
}
