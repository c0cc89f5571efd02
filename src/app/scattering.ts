import type { GeometryInfo } from '../api/run-contract.ts';
import { KEV_ANGSTROM } from '../core/physics.ts';
import { PIXEL_KIND, type PixelLattice } from '../display/pixel-lattice.ts';

/** Distance in m and photon energy in keV: what turns a radius into q. */
export interface Scattering {
  readonly distance: number;
  readonly photonEnergyKeV: number;
}

/** Scattering vector q = 4 pi sin(theta) / lambda in 1/Angstrom. @param radius from the beam centre on a flat detector, m */
export function qOfRadius(radius: number, { distance, photonEnergyKeV }: Scattering): number {
  return ((4 * Math.PI * photonEnergyKeV) / KEV_ANGSTROM) * Math.sin(Math.atan2(radius, distance) / 2);
}

/** Radius in m of a scattering vector; NaN where nothing is scattered forward that far. */
export function radiusOfQ(q: number, { distance, photonEnergyKeV }: Scattering): number {
  const twoTheta = 2 * Math.asin((q * KEV_ANGSTROM) / (4 * Math.PI * photonEnergyKeV));
  return twoTheta < Math.PI / 2 ? distance * Math.tan(twoTheta) : Number.NaN;
}

/** Place of an image pixel in the detector: `M3 · ss 297, fs 7`, or `gap`. */
export function describePlace(geometry: GeometryInfo, x: number, y: number): string {
  const tile = geometry.tiles.find((t) => x >= t.x && x < t.x + t.width && y >= t.y && y < t.y + t.height);
  if (!tile) return 'gap';
  const along = ([dy, dx]: readonly [number, number]) =>
    dx !== 0 ? (dx > 0 ? x - tile.x : tile.x + tile.width - 1 - x) : dy > 0 ? y - tile.y : tile.y + tile.height - 1 - y;
  return `M${tile.module} · ss ${tile.ssStart + along(tile.ssDirection)}, fs ${tile.fsStart + along(tile.fsDirection)}`;
}

/** Where the pixels of the detector really lie in its picture, see {@link PixelLattice}: hexagons interlock. */
export function latticeOf({ shape, pitch, pixel, tiles }: GeometryInfo): PixelLattice {
  const [height, width] = shape;
  const { inside, ahead, behind, above, below } = PIXEL_KIND;
  const kinds = new Uint8Array(height * width);
  const isUpright = tiles.length > 0 && tiles[0].fsDirection[0] !== 0;
  for (const tile of tiles) {
    const { ssDirection, fsDirection } = tile;
    const axis = fsDirection[0] !== 0 ? 1 : 0;
    const isAlong = axis === (isUpright ? 1 : 0);
    const rowsUp = ssDirection[axis] > 0;
    const lift = pixel.isHexagon && isAlong ? (rowsUp ? above : below) : 0;
    const moved = pixel.oddRowShift * fsDirection[1 - axis];
    const odd = !isAlong || moved === 0 ? 0 : moved > 0 ? ahead : behind;
    const rows = axis === 0 ? tile.height : tile.width;
    for (let y = Math.max(0, tile.y); y < Math.min(height, tile.y + tile.height); y++)
      for (let x = Math.max(0, tile.x); x < Math.min(width, tile.x + tile.width); x++) {
        const from = axis === 0 ? y - tile.y : x - tile.x;
        const row = rowsUp ? from : rows - 1 - from;
        kinds[y * width + x] = inside | lift | (row % 2 === 1 ? odd : 0);
      }
  }
  const shift = Math.abs(pixel.oddRowShift);
  return { shape, kinds, aspect: pitch[0] / pitch[1], shift, isHexagon: pixel.isHexagon, isUpright };
}
