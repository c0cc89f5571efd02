import { GeometryInvalid, isXfelError } from '../core/errors.ts';
import type { GeomPanel } from '../formats/crystfel/geom-panel.ts';
import { type Detector, tileShapeOf } from './detector.ts';
import { DETECTOR_NAMES, detectorByName } from './detector-table.ts';

/** A panel of a .geom file and the tile that it is. */
export interface PlacedPanel {
  readonly panel: GeomPanel;
  readonly module: number;
  readonly tile: number;
}

/**
 * Finds each panel's tile by where it lies in the data; names mean nothing.
 * @returns one panel for every tile, in the order of the file
 * @throws GeometryInvalid with the line: a panel that is not one whole tile, two panels of one tile, tiles without a panel
 */
export function placePanels(panels: readonly GeomPanel[], detector: Detector, path: string): PlacedPanel[] {
  const placeOf = placement(panels, detector, path);
  const byTile = new Map<number, PlacedPanel>();
  for (const panel of panels) {
    const placed = placeOf(panel);
    const index = placed.module * detector.tiles.length + placed.tile;
    const other = byTile.get(index)?.panel;
    if (other) {
      throw new GeometryInvalid(
        `${path}, line ${panel.line}: panel ${panel.name} lies on the same data as panel ${other.name} of line ${other.line} (module ${placed.module}, ss from ${panel.minSs}, fs from ${panel.minFs}). Correct one of them.`,
        { path, line: panel.line, panels: [other.name, panel.name] },
      );
    }
    byTile.set(index, placed);
  }
  const [modules] = detector.dataShape;
  const missing: (readonly [module: number, tile: number])[] = [];
  for (let i = 0; i < modules * detector.tiles.length; i++)
    if (!byTile.has(i)) missing.push([Math.floor(i / detector.tiles.length), i % detector.tiles.length]);
  if (missing.length > 0) {
    const names = missing.slice(0, 8).map(([module, tile]) => `module ${module}, tile ${tile}`);
    const more = missing.length > names.length ? ` (and ${missing.length - names.length} more)` : '';
    throw new GeometryInvalid(
      `${path}: no panel for ${names.join('; ')}${more} of ${detector.name}. ${hintFor(panels, detector)}`,
      { path, missing },
    );
  }
  return [...byTile.values()];
}

function hintFor(panels: readonly GeomPanel[], wanted: Detector): string {
  const fitting = detectPanels(panels);
  return fitting && fitting.name !== wanted.name
    ? `Its panels are those of ${fitting.name} with ${fitting.dataShape[0]} modules.`
    : 'Is it the file of another detector, or cut off?';
}

/** How a file's panels become tiles. */
function placement(panels: readonly GeomPanel[], detector: Detector, path: string): (panel: GeomPanel) => PlacedPanel {
  const [modules, slowScan] = detector.dataShape;
  const axis = moduleAxisOf(panels, slowScan, path);
  return (panel) => {
    const index = axis === null ? undefined : panel.dims[axis];
    const module = axis === null ? Math.floor(panel.minSs / slowScan) : index;
    const firstSs = axis === null ? panel.minSs - Number(module) * slowScan : panel.minSs;
    const tile = detector.tiles.findIndex(
      ({ ssStart, ssStop, fsStart, fsStop }) =>
        ssStart === firstSs &&
        fsStart === panel.minFs &&
        ssStop - ssStart === panel.maxSs - panel.minSs + 1 &&
        fsStop - fsStart === panel.maxFs - panel.minFs + 1,
    );
    if (typeof module !== 'number' || module >= modules || tile < 0) {
      const [tileSs, tileFs] = tileShapeOf(detector);
      throw new GeometryInvalid(
        `${path}, line ${panel.line}: panel ${panel.name} (ss ${panel.minSs} to ${panel.maxSs}, fs ${panel.minFs} to ${panel.maxFs}, module ${module}) is not a tile of ${detector.name}, which has ${modules} modules with tiles of ${tileSs} x ${tileFs} pixels (ss x fs). ${hintFor(panels, detector)}`,
        { path, line: panel.line, panel: panel.name },
      );
    }
    return { panel, module, tile };
  };
}

/**
 * Which axis of the data is that of the modules: the one with a number that differs from panel to panel. Others, such as the
 * gain plane of raw files, have one number everywhere. null: there is none, modules follow each other along ss.
 */
function moduleAxisOf(panels: readonly GeomPanel[], slowScan: number, path: string): number | null {
  const first = panels[0].dims;
  const numbered = first.flatMap((dim, axis) => (typeof dim === 'number' ? [axis] : []));
  const differing = numbered.filter((axis) => panels.some((panel) => panel.dims[axis] !== first[axis]));
  if (differing.length > 1) {
    throw new GeometryInvalid(
      `${path}: ${differing.map((axis) => `dim${axis}`).join(' and ')} both differ between panels: one of them must be the module, the others the same everywhere.`,
      { path, axes: differing },
    );
  }
  if (differing.length === 1) return differing[0];
  const isStacked = panels.some((panel) => panel.minSs >= slowScan);
  return numbered.length > 0 && !isStacked ? numbered[0] : null;
}

/** The known detector whose tiles a file's panels are; undefined if there is none. */
export function detectPanels(panels: readonly GeomPanel[]): Detector | undefined {
  const numbers = panels.flatMap(({ dims }) => dims.filter((dim) => typeof dim === 'number'));
  const lastSs = panels.reduce((last, panel) => Math.max(last, panel.maxSs), 0);
  const modulesIndexed = numbers.reduce((most, index) => Math.max(most, index + 1), 1);
  for (const name of DETECTOR_NAMES) {
    const slowScan = detectorByName(name).dataShape[1];
    const stacked = Math.ceil((lastSs + 1) / slowScan);
    for (const modules of new Set([detectorByName(name).dataShape[0], modulesIndexed, stacked])) {
      const detector = attempt(() => detectorByName(name, modules));
      if (!detector || detector.dataShape[0] * detector.tiles.length !== panels.length) continue;
      if (isFitting(panels, detector)) return detector;
    }
  }
  return undefined;
}

function isFitting(panels: readonly GeomPanel[], detector: Detector): boolean {
  // The check that places them is not used here: it explains failures by calling this one.
  const [modules, slowScan, fastScan] = detector.dataShape;
  const starts = new Set(detector.tiles.map(({ ssStart, fsStart }) => ssStart * fastScan + fsStart));
  const [tile] = detector.tiles;
  const isInside = panels.every(
    ({ minSs, maxSs, minFs, maxFs }) =>
      maxSs - minSs === tile.ssStop - tile.ssStart - 1 &&
      maxFs - minFs === tile.fsStop - tile.fsStart - 1 &&
      starts.has((minSs % slowScan) * fastScan + minFs) &&
      minSs < modules * slowScan,
  );
  return isInside && !panels.some(({ dims }) => dims.some((dim) => typeof dim === 'number' && dim >= modules));
}

function attempt<T>(call: () => T): T | undefined {
  try {
    return call();
  } catch (error) {
    if (isXfelError(error, 'GeometryInvalid')) return undefined;
    throw error;
  }
}
