import type { Helper } from './geometry-document.ts';
import type { Place } from './picture-tool.ts';

/** Whether a place is near the line of a helper. @param room m */
export function isOnLine({ kind, centre, size, angleDeg }: Helper, [x, y]: Place, room: number): boolean {
  const [dx, dy] = [x - centre[0], y - centre[1]];
  if (kind === 'circle') return Math.abs(Math.hypot(dx, dy) - size[0] / 2) < room;
  const [c, s] = [Math.cos((angleDeg * Math.PI) / 180), Math.sin((angleDeg * Math.PI) / 180)];
  const [u, v] = [Math.abs(dx * c + dy * s) - size[0] / 2, Math.abs(dy * c - dx * s) - size[1] / 2];
  return Math.abs(Math.max(u, v)) < room;
}
