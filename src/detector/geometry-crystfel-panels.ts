import { GeometryInvalid } from '../core/errors.ts';
import type { CrystfelGeom } from '../formats/crystfel/geom.ts';
import type { GeomPanel } from '../formats/crystfel/geom-panel.ts';
import { detectPanels } from './detect-panels.ts';
import { type Detector, tileShapeOf } from './detector.ts';
import { differingAxes, type PlacedPanel, panelOffset, panelPart, panelTiles, type TilePart } from './panel-tiles.ts';

/** How far the panels of one tile may be from continuing each other, px: files are written with few decimals. */
const TOLERANCE_PX = 0.01;
/** Each panel is held against all others of its tile. */
const MAX_PARTS = 512;

/**
 * Finds the tiles of each panel by where they lie in the data; names mean nothing. A panel may be a tile, several whole tiles
 * or parts of them (one panel a module), or a part of a tile (without its edges).
 * @returns a row for each tile of each panel, in the order of the file; every tile has one or more
 * @throws GeometryInvalid with the line: a panel outside of the data, two panels on the same data, tiles without a panel
 */
export function placePanels(panels: readonly GeomPanel[], detector: Detector, path: string): PlacedPanel[] {
  const [modules, slowScan, fastScan] = detector.dataShape;
  const axis = moduleAxisOf(panels, detector, path);
  const placed: PlacedPanel[] = [];
  const byTile = new Map<number, PlacedPanel[]>();
  for (const panel of panels) {
    const offset = panelOffset(panel, axis, slowScan);
    const isInside =
      offset !== null &&
      panel.minSs >= 0 &&
      panel.minFs >= 0 &&
      panel.maxFs < fastScan &&
      (axis === null || panel.maxSs < slowScan) &&
      offset + panel.maxSs < modules * slowScan;
    if (!isInside) throw noTile(panel, panels, detector, path);
    for (const piece of panelTiles(panel, offset, detector)) {
      const index = piece.module * detector.tiles.length + piece.tile;
      const others = byTile.get(index) ?? [];
      byTile.set(index, others);
      const mine = panelPart(piece, detector);
      const other = others.find((each) => overlaps(panelPart(each, detector), mine))?.panel;
      if (other) throw onSameData(panel, other, piece.module, path);
      if (others.length >= MAX_PARTS) throw tooMany(panel, piece, path);
      others.push(piece);
      placed.push(piece);
    }
  }
  checkComplete(placed, panels, detector, path);
  return placed;
}

/**
 * Corner, ss vector, fs vector of a tile, in m, as a panel has it.
 * @param offset from the panel's first pixel to the tile's, px
 */
export function tileNumbers(
  { cornerX, cornerY, coffset, ss, fs, res }: GeomPanel,
  { shiftX, shiftY }: Pick<CrystfelGeom, 'shiftX' | 'shiftY'>,
  [alongSs, alongFs]: PlacedPanel['offset'],
): number[] {
  const corner = [cornerX / res + (shiftX?.value ?? 0), cornerY / res + (shiftY?.value ?? 0), coffset];
  const vectors = [...ss, ...fs].map((component) => component / res);
  const moved = corner.map((start, axis) =>
    alongSs === 0 && alongFs === 0 ? start : start + alongSs * vectors[axis] + alongFs * vectors[3 + axis],
  );
  return [...moved, ...vectors];
}

/**
 * How far apart two places of a tile are, at that of its corners where they differ most, in pixels.
 * @param a @param b corner, ss vector, fs vector, m
 */
export function tileDistancePx(a: readonly number[], b: readonly number[], detector: Detector): number {
  const [rows, columns] = tileShapeOf(detector);
  let largest = 0;
  for (const ss of [0, rows])
    for (const fs of [0, columns]) {
      const along = [0, 1, 2].map((axis) => {
        const difference = (at: number) => a[at + axis] - b[at + axis];
        return difference(0) + ss * difference(3) + fs * difference(6);
      });
      largest = Math.max(largest, Math.hypot(...along) / detector.pixelSize);
    }
  return largest;
}

/** Whether two places of a tile are the same but for rounding in files. */
export function isSamePlace(a: readonly number[], b: readonly number[], detector: Detector): boolean {
  return tileDistancePx(a, b, detector) <= TOLERANCE_PX;
}

/** Where a panel is, for messages: its line, where the file has lines. */
export function panelPlace(path: string, { line }: Pick<GeomPanel, 'line'>): string {
  return line > 0 ? `${path}, line ${line}` : path;
}

/** Parts of one tile may not overlap. */
function overlaps(a: TilePart, b: TilePart): boolean {
  return a.ssStart < b.ssStop && b.ssStart < a.ssStop && a.fsStart < b.fsStop && b.fsStart < a.fsStop;
}

function tooMany(panel: GeomPanel, { module, tile }: PlacedPanel, path: string): GeometryInvalid {
  return new GeometryInvalid(
    `${panelPlace(path, panel)}: module ${module}, tile ${tile} has more than ${MAX_PARTS} panels. Is it the file of another detector?`,
    { path, line: panel.line },
  );
}

function checkComplete(
  placed: readonly PlacedPanel[],
  panels: readonly GeomPanel[],
  detector: Detector,
  path: string,
): void {
  const [modules] = detector.dataShape;
  const found = new Set(placed.map(({ module, tile }) => module * detector.tiles.length + tile));
  const missing: (readonly [module: number, tile: number])[] = [];
  for (let i = 0; i < modules * detector.tiles.length; i++)
    if (!found.has(i)) missing.push([Math.floor(i / detector.tiles.length), i % detector.tiles.length]);
  if (missing.length === 0) return;
  const names = missing.slice(0, 8).map(([module, tile]) => `module ${module}, tile ${tile}`);
  const more = missing.length > names.length ? ` (and ${missing.length - names.length} more)` : '';
  throw new GeometryInvalid(
    `${path}: no panel for ${names.join('; ')}${more} of ${detector.name}. ${hintFor(panels, detector)}`,
    { path, missing },
  );
}

function onSameData(panel: GeomPanel, other: GeomPanel, module: number, path: string): GeometryInvalid {
  return new GeometryInvalid(
    `${panelPlace(path, panel)}: panel ${panel.name} lies on the same data as panel ${other.name}${other.line > 0 ? ` of line ${other.line}` : ''} (module ${module}, ss from ${panel.minSs}, fs from ${panel.minFs}). Correct one of them.`,
    { path, line: panel.line, panels: [other.name, panel.name] },
  );
}

function noTile(panel: GeomPanel, panels: readonly GeomPanel[], detector: Detector, path: string): GeometryInvalid {
  const [modules, slowScan, fastScan] = detector.dataShape;
  const [tileSs, tileFs] = tileShapeOf(detector);
  return new GeometryInvalid(
    `${panelPlace(path, panel)}: panel ${panel.name} (ss ${panel.minSs} to ${panel.maxSs}, fs ${panel.minFs} to ${panel.maxFs}, axes ${panel.dims.join(', ')}) is not a tile of ${detector.name}, which has ${modules} modules of ${slowScan} x ${fastScan} pixels with tiles of ${tileSs} x ${tileFs} (ss x fs). ${hintFor(panels, detector)}`,
    { path, line: panel.line, panel: panel.name },
  );
}

function hintFor(panels: readonly GeomPanel[], wanted: Detector): string {
  const fitting = detectPanels(panels);
  return fitting && (fitting.name !== wanted.name || fitting.dataShape[0] !== wanted.dataShape[0])
    ? `Its panels are those of ${fitting.name} with ${fitting.dataShape[0]} modules.`
    : 'Is it the file of another detector, or cut off?';
}

/**
 * Which axis of the data is that of the modules: the one with a number that differs from panel to panel. Others, such as the
 * gain plane of raw files, have one number everywhere. null: there is none, modules follow each other along ss, or there is one.
 */
function moduleAxisOf(panels: readonly GeomPanel[], { dataShape }: Detector, path: string): number | null {
  const [modules, slowScan] = dataShape;
  const numbered = panels[0].dims.flatMap((dim, axis) => (typeof dim === 'number' ? [axis] : []));
  const differing = differingAxes(panels);
  if (differing.length > 1) {
    throw new GeometryInvalid(
      `${path}: ${differing.map((axis) => `dim${axis}`).join(' and ')} both differ between panels: one of them must be the module, the others the same everywhere.`,
      { path, axes: differing },
    );
  }
  if (differing.length === 1) return differing[0];
  const isStacked = panels.some((panel) => panel.maxSs >= slowScan);
  // Of a single module the number may be any: that of the module in a larger array, or of a gain plane.
  return numbered.length > 0 && !isStacked && modules > 1 ? numbered[0] : null;
}
