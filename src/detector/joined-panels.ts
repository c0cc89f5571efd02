import { GeometryInvalid } from '../core/errors.ts';
import type { GeomPanel } from '../formats/crystfel/geom-panel.ts';
import type { Detector } from './detector.ts';
import { TILE_NUMBERS, tileStart } from './geometry.ts';
import type { BadRegion } from './geometry-bad-region.ts';
import { isSamePlace, panelPlace, placePanels, tileDistancePx } from './geometry-crystfel-panels.ts';
import { type PlacedPanel, panelPart, partsLeft } from './panel-tiles.ts';

/** Tiles made of the panels of a file. */
export interface JoinedPanels {
  /** float64 (module, tile, 3, 3), m, as `Geometry.tiles`. */
  readonly tiles: Float64Array;
  /** A row for each tile of each panel. */
  readonly placed: readonly PlacedPanel[];
  /** Pixels that no panel has: placed with their tile, but not to be used. */
  readonly left: readonly BadRegion[];
}

/**
 * Tiles of a detector from panels that lie in its data; a panel may be a tile, several of them or a part of one.
 * @param numbersOf corner, ss vector, fs vector in m of a tile that begins so many pixels (ss, fs) from the panel's first one
 * @throws GeometryInvalid with the panel: not of this detector, a position that is no number, two panels of the same data, parts
 * of one tile that do not continue each other, tiles without a panel
 */
export function joinPanels(
  panels: readonly GeomPanel[],
  detector: Detector,
  path: string,
  numbersOf: (panel: GeomPanel, offset: PlacedPanel['offset']) => readonly number[],
): JoinedPanels {
  const tiles = new Float64Array(detector.dataShape[0] * detector.tiles.length * TILE_NUMBERS);
  const placed = placePanels(panels, detector, path);
  const byTile = new Map<number, PlacedPanel[]>();
  for (const piece of placed) {
    const { panel, module, tile, offset } = piece;
    const numbers = numbersOf(panel, offset);
    if (!numbers.every(Number.isFinite))
      throw new GeometryInvalid(`${panelPlace(path, panel)}: panel ${panel.name} has a position that is no number.`, {
        path,
        line: panel.line,
      });
    const at = tileStart(detector, module, tile);
    const others = byTile.get(at);
    if (!others) {
      tiles.set(numbers, at);
      byTile.set(at, [piece]);
      continue;
    }
    const present = [...tiles.subarray(at, at + TILE_NUMBERS)];
    if (!isSamePlace(present, numbers, detector))
      throw broken(others[0], piece, tileDistancePx(present, numbers, detector), detector, path);
    others.push(piece);
  }
  return { tiles, placed, left: regionsLeft(byTile, detector) };
}

function broken(a: PlacedPanel, b: PlacedPanel, apartPx: number, detector: Detector, path: string): GeometryInvalid {
  return new GeometryInvalid(
    `${panelPlace(path, b.panel)}: panels ${a.panel.name} and ${b.panel.name} are parts of one tile of ${detector.name} (module ${b.module}, tile ${b.tile}), but ${apartPx.toFixed(2)} px apart. Correct one of them, or describe the detector with smaller tiles in a JSON file.`,
    { path, line: b.panel.line, panels: [a.panel.name, b.panel.name], module: b.module, tile: b.tile },
  );
}

function regionsLeft(byTile: ReadonlyMap<number, readonly PlacedPanel[]>, detector: Detector): BadRegion[] {
  const regions: BadRegion[] = [];
  for (const pieces of byTile.values()) {
    const [{ module, tile }] = pieces;
    const { ssStart, ssStop, fsStart, fsStop } = detector.tiles[tile];
    const left = partsLeft(
      { ssStart, ssStop, fsStart, fsStop },
      pieces.map((piece) => panelPart(piece, detector)),
    );
    for (const [index, part] of left.entries())
      regions.push({ kind: 'tile', name: `bad_no_panel_p${module}a${tile}_${index}`, module, tile, ...part });
  }
  return regions;
}
