import type { GeometryInfo } from '../api/run-contract.ts';

const KEV_ANGSTROM = 12.398419843320026;

/** Scattering vector and place in the detector of a pixel of the assembled image: `q 2.141 Å⁻¹  M3 · ss 297, fs 7`. */
export function describePixel(
  geometry: GeometryInfo | null,
  integration: {
    readonly centreX: number;
    readonly centreY: number;
    readonly distance: number;
    readonly photonEnergyKeV: number;
  },
  x: number,
  y: number,
): string {
  if (!geometry) return '';
  const radius = Math.hypot(x + 0.5 - integration.centreX, y + 0.5 - integration.centreY) * geometry.pixelSize;
  const q =
    ((4 * Math.PI * integration.photonEnergyKeV) / KEV_ANGSTROM) *
    Math.sin(Math.atan2(radius, integration.distance) / 2);
  const tile = geometry.tiles.find((t) => x >= t.x && x < t.x + t.width && y >= t.y && y < t.y + t.height);
  if (!tile) return `q ${q.toFixed(3)} Å⁻¹  gap`;
  const along = ([dy, dx]: readonly [number, number]) =>
    dx !== 0 ? (dx > 0 ? x - tile.x : tile.x + tile.width - 1 - x) : dy > 0 ? y - tile.y : tile.y + tile.height - 1 - y;
  return `q ${q.toFixed(3)} Å⁻¹  M${tile.module} · ss ${tile.ssStart + along(tile.ssDirection)}, fs ${tile.fsStart + along(tile.fsDirection)}`;
}
