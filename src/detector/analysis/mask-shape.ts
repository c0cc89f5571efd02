import { ShapeMismatch } from '../../core/errors.ts';
import type { Point } from '../geometry.ts';

/** A figure that is drawn on the detector. Lengths in m, in the geometry's frame (+x left, +y up); angles from +x towards +y. */
export type MaskShape =
  | { readonly kind: 'circle'; readonly centre: Point; readonly radius: number }
  /** Two opposite corners. */
  | { readonly kind: 'rectangle'; readonly corners: readonly [Point, Point] }
  /** At least three points; the last is joined to the first. */
  | { readonly kind: 'polygon'; readonly points: readonly Point[] }
  /** The pixel whose middle is nearest. */
  | { readonly kind: 'point'; readonly at: Point }
  /** A piece of a ring: radii about a centre, and from one angle on to another, degrees. */
  | {
      readonly kind: 'arc';
      readonly centre: Point;
      readonly radii: readonly [inner: number, outer: number];
      readonly anglesDeg: readonly [from: number, to: number];
    };

/**
 * The pixels whose middle lies in a figure.
 * @param positions float64 (pixel, 3), m: middles of all pixels @param pixelSize m: a point farther than this from any middle hits none
 * @returns uint8 (pixel), 1 = inside
 * @throws ShapeMismatch for a polygon of less than three points
 */
export function pixelsInShape(shape: MaskShape, positions: Float64Array, pixelSize: number): Uint8Array {
  const mask = new Uint8Array(positions.length / 3);
  if (shape.kind === 'point') {
    const nearest = nearestPixel(shape.at, positions, pixelSize);
    if (nearest >= 0) mask[nearest] = 1;
    return mask;
  }
  if (shape.kind === 'polygon' && shape.points.length < 3)
    throw new ShapeMismatch(`A polygon needs at least three corners, got ${shape.points.length}.`, {
      expected: 3,
      got: shape.points.length,
    });
  const [low, high] = boxOf(shape);
  const isInside = insideOf(shape);
  for (let i = 0; i < mask.length; i++) {
    const [x, y] = [positions[3 * i], positions[3 * i + 1]];
    if (x >= low[0] && x <= high[0] && y >= low[1] && y <= high[1] && isInside(x, y)) mask[i] = 1;
  }
  return mask;
}

function nearestPixel([x, y]: Point, positions: Float64Array, pixelSize: number): number {
  let [nearest, least] = [-1, pixelSize * pixelSize];
  for (let i = 0; i < positions.length / 3; i++) {
    const square = (positions[3 * i] - x) ** 2 + (positions[3 * i + 1] - y) ** 2;
    if (square < least) [nearest, least] = [i, square];
  }
  return nearest;
}

type Area = Exclude<MaskShape, { readonly kind: 'point' }>;

function boxOf(shape: Area): readonly [low: Point, high: Point] {
  if (shape.kind === 'circle' || shape.kind === 'arc') {
    const [x, y] = shape.centre;
    const radius = shape.kind === 'arc' ? Math.max(...shape.radii) : shape.radius;
    return [
      [x - radius, y - radius],
      [x + radius, y + radius],
    ];
  }
  const points = shape.kind === 'rectangle' ? shape.corners : shape.points;
  const [xs, ys] = [points.map(([x]) => x), points.map(([, y]) => y)];
  return [
    [Math.min(...xs), Math.min(...ys)],
    [Math.max(...xs), Math.max(...ys)],
  ];
}

function insideOf(shape: Area): (x: number, y: number) => boolean {
  switch (shape.kind) {
    case 'rectangle':
      return () => true;
    case 'circle':
      return (x, y) => (x - shape.centre[0]) ** 2 + (y - shape.centre[1]) ** 2 <= shape.radius ** 2;
    case 'arc': {
      const [inner, outer] = [Math.min(...shape.radii), Math.max(...shape.radii)];
      const [from, to] = shape.anglesDeg;
      // A whole turn, not none, when both ends are a turn apart.
      const turn = Math.abs(to - from) >= 360 ? 360 : (((to - from) % 360) + 360) % 360;
      return (x, y) => {
        const radius = Math.hypot(x - shape.centre[0], y - shape.centre[1]);
        if (radius < inner || radius > outer) return false;
        const angle = (Math.atan2(y - shape.centre[1], x - shape.centre[0]) * 180) / Math.PI;
        return (((angle - from) % 360) + 360) % 360 <= turn;
      };
    }
    case 'polygon': {
      const { points } = shape;
      return (x, y) => {
        let isInside = false;
        for (let i = 0, before = points.length - 1; i < points.length; before = i++) {
          const [ax, ay] = points[i];
          const [bx, by] = points[before];
          if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) isInside = !isInside;
        }
        return isInside;
      };
    }
  }
}
