import type { GeometryInfo } from '../api/run-contract.ts';
import { KEV_ANGSTROM } from '../core/physics.ts';

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

/** Which pixels of the image belong to a tile: uint8 (height, width), 1 inside. */
export function tileMask({ shape: [height, width], tiles }: GeometryInfo): Uint8Array {
  const mask = new Uint8Array(height * width);
  for (const tile of tiles)
    for (let y = Math.max(0, tile.y); y < Math.min(height, tile.y + tile.height); y++)
      mask.fill(1, y * width + Math.max(0, tile.x), y * width + Math.min(width, tile.x + tile.width));
  return mask;
}
