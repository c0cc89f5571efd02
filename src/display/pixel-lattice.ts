/** Bits of a picture's pixel in {@link PixelLattice.kinds}; 0: no pixel of the detector is there. */
export const PIXEL_KIND = {
  /** A pixel of the detector. */
  inside: 1,
  /** It lies `shift` further along its row than the grid says, or as much less far. */
  ahead: 2,
  behind: 4,
  /** Its hexagon's middle lies a sixth of a row above that of the grid, or below. */
  above: 8,
  below: 16,
} as const;

/** How the pixels of a picture really lie: rows of hexagons interlock, and steps of rows and columns may differ. */
export interface PixelLattice {
  /** (height, width) of the picture. */
  readonly shape: readonly [height: number, width: number];
  /** uint8 (height, width): bits of {@link PIXEL_KIND}. */
  readonly kinds: Uint8Array;
  /** Height of a pixel by its width. */
  readonly aspect: number;
  /** How far moved rows lie along themselves, in pixels; 0: all pixels lie on the grid. */
  readonly shift: number;
  readonly isHexagon: boolean;
  /** Whether those rows go up instead of to the right. */
  readonly isUpright: boolean;
}

/** Outlines of hexagons are drawn from this size on, device pixels; below them nobody can tell them from rectangles. */
export const SMALLEST_HEXAGON = 4;

/** Neighbours in the order in which they are likely. */
const NEAR = [0, -1, 1] as const;

/**
 * The pixel at a place of the picture: its flat index (y * width + x); -1 where there is none.
 * @param x,y in pixels of the grid from the low corner @param hasOutlines whether hexagons count as such, not as rectangles
 */
export function pixelAt(lattice: PixelLattice, x: number, y: number, hasOutlines = lattice.isHexagon): number {
  const { kinds, shift, isUpright } = lattice;
  const [height, width] = lattice.shape;
  const [along, across] = isUpright ? [y, x] : [x, y];
  const [columns, rows] = isUpright ? [height, width] : [width, height];
  const [stepAlong, stepAcross] = isUpright ? [width, 1] : [1, width];
  const [column, row] = [Math.floor(along), Math.floor(across)];
  const rowsAround = hasOutlines ? 3 : 1;
  const columnsAround = shift === 0 ? 1 : 3;
  for (let i = 0; i < rowsAround; i++) {
    const r = row + NEAR[i];
    if (r < 0 || r >= rows) continue;
    for (let k = 0; k < columnsAround; k++) {
      const c = column + NEAR[k];
      if (c < 0 || c >= columns) continue;
      const at = r * stepAcross + c * stepAlong;
      const kind = kinds[at];
      if (kind === 0) continue;
      const moved = (kind & PIXEL_KIND.ahead) !== 0 ? shift : (kind & PIXEL_KIND.behind) !== 0 ? -shift : 0;
      const aside = Math.abs(along - c - 0.5 - moved);
      if (aside > 0.5) continue;
      if (!hasOutlines) return at;
      const up = (kind & PIXEL_KIND.above) !== 0 ? 1 / 6 : (kind & PIXEL_KIND.below) !== 0 ? -1 / 6 : 0;
      // The outline falls from 2/3 of a row at its tip to 1/3 at its sides.
      if (Math.abs(across - r - 0.5 - up) <= (2 / 3) * (1 - aside)) return at;
    }
  }
  return -1;
}

/** Middle of a pixel in pixels of the grid, (x, y). @param x,y column and row of the picture */
export function pixelMiddle(lattice: PixelLattice | null, x: number, y: number): readonly [number, number] {
  if (!lattice) return [x + 0.5, y + 0.5];
  const kind = lattice.kinds[y * lattice.shape[1] + x] ?? 0;
  const sign = (plus: number, minus: number) => ((kind & plus) !== 0 ? 1 : (kind & minus) !== 0 ? -1 : 0);
  const along = lattice.shift * sign(PIXEL_KIND.ahead, PIXEL_KIND.behind);
  const across = sign(PIXEL_KIND.above, PIXEL_KIND.below) / 6;
  return lattice.isUpright ? [x + 0.5 + across, y + 0.5 + along] : [x + 0.5 + along, y + 0.5 + across];
}
