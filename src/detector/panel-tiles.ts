import type { GeomPanel } from '../formats/crystfel/geom-panel.ts';
import type { Detector } from './detector.ts';

/** A panel of a .geom file and a tile that has pixels of it. Most panels are one tile; others are several, or a part of one. */
export interface PlacedPanel {
  readonly panel: GeomPanel;
  readonly module: number;
  readonly tile: number;
  /** From the panel's first pixel to the tile's, in pixels along (ss, fs); negative where the panel begins inside of the tile. */
  readonly offset: readonly [ss: number, fs: number];
}

/** Axes of the data with a number that is not the same in all panels. There is one at most, that of the modules, in a good file. */
export function differingAxes(panels: readonly GeomPanel[]): number[] {
  const [first] = panels;
  return first.dims.flatMap((dim, axis) =>
    typeof dim === 'number' && panels.some(({ dims }) => dims[axis] !== dim) ? [axis] : [],
  );
}

/** A rectangle of pixels, half-open, in the data of a module. */
export interface TilePart {
  readonly ssStart: number;
  readonly ssStop: number;
  readonly fsStart: number;
  readonly fsStop: number;
}

/**
 * Rows before a panel's module when modules are counted one below the other.
 * @param axis of the data that is the module's; null: `min_ss` counts all modules already
 * @returns null if the panel has no module there
 */
export function panelOffset(panel: GeomPanel, axis: number | null, slowScan: number): number | null {
  if (axis === null) return 0;
  const module = panel.dims[axis];
  return typeof module === 'number' ? module * slowScan : null;
}

/**
 * All tiles with pixels of a panel that lies inside of the detector's data.
 * @param offset rows before the panel's module, see {@link panelOffset}
 */
export function panelTiles(panel: GeomPanel, offset: number, detector: Detector): PlacedPanel[] {
  const [, slowScan] = detector.dataShape;
  const [first, last] = [offset + panel.minSs, offset + panel.maxSs];
  const found: PlacedPanel[] = [];
  for (let module = Math.floor(first / slowScan); module <= Math.floor(last / slowScan); module++) {
    const top = module * slowScan;
    for (const [tile, { ssStart, ssStop, fsStart, fsStop }] of detector.tiles.entries()) {
      if (top + ssStart > last || top + ssStop <= first || fsStart > panel.maxFs || fsStop <= panel.minFs) continue;
      found.push({ panel, module, tile, offset: [top + ssStart - first, fsStart - panel.minFs] });
    }
  }
  return found;
}

/** The pixels of a tile that a panel has, in the data of the module. */
export function panelPart({ panel, tile, offset }: PlacedPanel, detector: Detector): TilePart {
  const slice = detector.tiles[tile];
  const [ss, fs] = [slice.ssStart - offset[0], slice.fsStart - offset[1]];
  return {
    ssStart: Math.max(slice.ssStart, ss),
    ssStop: Math.min(slice.ssStop, ss + panel.maxSs - panel.minSs + 1),
    fsStart: Math.max(slice.fsStart, fs),
    fsStop: Math.min(slice.fsStop, fs + panel.maxFs - panel.minFs + 1),
  };
}

/** What is left of a rectangle without some parts of it, which do not overlap: rectangles, from low ss to high. */
export function partsLeft(whole: TilePart, parts: readonly TilePart[]): TilePart[] {
  const edges = new Set([whole.ssStart, whole.ssStop, ...parts.flatMap(({ ssStart, ssStop }) => [ssStart, ssStop])]);
  const rows = [...edges].sort((a, b) => a - b);
  const left: TilePart[] = [];
  for (let i = 0; i + 1 < rows.length; i++) {
    const [ssStart, ssStop] = [rows[i], rows[i + 1]];
    const inBand = parts.filter((part) => part.ssStart <= ssStart && part.ssStop >= ssStop);
    inBand.sort((a, b) => a.fsStart - b.fsStart);
    let fsStart = whole.fsStart;
    for (const { fsStart: taken, fsStop: next } of [...inBand, { fsStart: whole.fsStop, fsStop: whole.fsStop }]) {
      if (taken > fsStart) left.push({ ssStart, ssStop, fsStart, fsStop: taken });
      fsStart = next;
    }
  }
  return left;
}
