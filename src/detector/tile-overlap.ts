import { type Geometry, tileCorners } from './geometry.ts';

/** Two tiles that lie on one another. */
export interface TileOverlap {
  /** [module, tile]. */
  readonly first: readonly [module: number, tile: number];
  readonly second: readonly [module: number, tile: number];
  /** How deep one lies in the other, in pixels: the shortest way that parts them. */
  readonly depthPx: number;
}

/** Modules of real detectors stand in layers and may hide a little of one another; that much is no mistake. */
const TOLERATED_PX = 2;

/**
 * Tiles that lie on one another as seen along the beam, which real tiles cannot: a mistake in a geometry file.
 * @param toleratedPx overlaps that are less deep are left out
 * @returns the deepest first
 */
export function overlappingTiles(geometry: Geometry, toleratedPx = TOLERATED_PX): TileOverlap[] {
  const { detector } = geometry;
  const corners = tileCorners(geometry).data;
  const perModule = detector.tiles.length;
  const tiles = Array.from({ length: corners.length / 12 }, (_, i) => outlineOf(corners, 12 * i));
  const found: TileOverlap[] = [];
  for (let a = 0; a < tiles.length; a++)
    for (let b = a + 1; b < tiles.length; b++) {
      const depthPx = overlapDepth(tiles[a], tiles[b]) / detector.pixelSize;
      if (depthPx <= toleratedPx) continue;
      const [first, second] = [a, b].map((i) => [Math.floor(i / perModule), i % perModule] as const);
      found.push({ first, second, depthPx });
    }
  return found.sort((a, b) => b.depthPx - a.depthPx);
}

/** A tile seen along the beam: its corners (x, y), and unit normals of its edges. */
interface Outline {
  readonly points: readonly (readonly [x: number, y: number])[];
  readonly normals: readonly (readonly [x: number, y: number])[];
}

function outlineOf(corners: Float64Array, at: number): Outline {
  const points = [0, 3, 6, 9].map((offset) => [corners[at + offset], corners[at + offset + 1]] as const);
  // Opposite edges of a tile are parallel.
  const normals = [0, 1].map((i) => {
    const [dx, dy] = [points[i + 1][0] - points[i][0], points[i + 1][1] - points[i][1]];
    const length = Math.hypot(dx, dy);
    return [-dy / length, dx / length] as const;
  });
  return { points, normals };
}

/** The least overlap of the shadows on all normals, m; 0 or less if a line parts the two. @source separating axis theorem */
function overlapDepth(a: Outline, b: Outline): number {
  let least = Number.POSITIVE_INFINITY;
  for (const [nx, ny] of [...a.normals, ...b.normals]) {
    const shadow = ({ points }: Outline) => {
      const along = points.map(([x, y]) => x * nx + y * ny);
      return [Math.min(...along), Math.max(...along)] as const;
    };
    const [[lowA, highA], [lowB, highB]] = [shadow(a), shadow(b)];
    least = Math.min(least, highA - lowB, highB - lowA);
    if (least <= 0) return least;
  }
  return least;
}
