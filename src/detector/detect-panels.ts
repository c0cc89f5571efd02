import { isXfelError } from '../core/errors.ts';
import type { GeomPanel } from '../formats/crystfel/geom-panel.ts';
import type { Detector } from './detector.ts';
import { DETECTOR_NAMES, detectorByName } from './detector-table.ts';
import { differingAxes, panelTiles } from './panel-tiles.ts';

/** Panels may leave out edges and dead corners, but not more of a detector that they are said to be. */
const LEAST_SHARE = 0.9;
/** How far pixels may be from the size of a detector's, as a part of it. */
const SAME_PITCH = 0.02;

/**
 * The known detector with pixels of that size whose tiles a file's panels are; else the one that panels of several tiles, or
 * parts of tiles, cover. undefined if there is none, or several.
 */
export function detectPanels(panels: readonly GeomPanel[]): Detector | undefined {
  const axes = differingAxes(panels);
  const candidates = candidatesFor(panels, axes).filter((detector) => hasPitch(panels, detector));
  const exact = candidates.find(
    (detector) => detector.dataShape[0] * detector.tiles.length === panels.length && isFitting(panels, axes, detector),
  );
  if (exact) return exact;
  const covered = candidates.filter((detector) => isCovered(panels, axes, detector));
  return covered.length === 1 ? covered[0] : undefined;
}

/** Numbers of a panel that may be that of its module: a gain plane is the same everywhere. */
function numbersOf({ dims }: GeomPanel, axes: readonly number[]): number[] {
  return axes.map((axis) => dims[axis]).filter((dim) => typeof dim === 'number');
}

function hasPitch(panels: readonly GeomPanel[], { pitch }: Detector): boolean {
  return panels.every(({ fs, res }) => Math.abs(Math.hypot(...fs) / res / pitch[1] - 1) <= SAME_PITCH);
}

function candidatesFor(panels: readonly GeomPanel[], axes: readonly number[]): Detector[] {
  const numbers = panels.flatMap((panel) => numbersOf(panel, axes));
  const lastSs = panels.reduce((last, panel) => Math.max(last, panel.maxSs), 0);
  const modulesIndexed = numbers.reduce((most, index) => Math.max(most, index + 1), 1);
  return DETECTOR_NAMES.flatMap((name) => {
    const [usual, slowScan] = detectorByName(name).dataShape;
    const stacked = Math.ceil((lastSs + 1) / slowScan);
    return [...new Set([usual, modulesIndexed, stacked])].flatMap((modules) =>
      attempt(() => detectorByName(name, modules)),
    );
  });
}

function isFitting(panels: readonly GeomPanel[], axes: readonly number[], detector: Detector): boolean {
  // The check that places them is not used here: it explains failures by calling this one.
  const [modules, slowScan, fastScan] = detector.dataShape;
  const starts = new Set(detector.tiles.map(({ ssStart, fsStart }) => ssStart * fastScan + fsStart));
  const [tile] = detector.tiles;
  // Where the data have an axis of modules, rows are not counted through.
  const isInside = panels.every(
    ({ minSs, maxSs, minFs, maxFs }) =>
      maxSs - minSs === tile.ssStop - tile.ssStart - 1 &&
      maxFs - minFs === tile.fsStop - tile.fsStart - 1 &&
      starts.has((minSs % slowScan) * fastScan + minFs) &&
      minSs < (axes.length > 0 ? 1 : modules) * slowScan,
  );
  return isInside && panels.every((panel) => numbersOf(panel, axes).every((module) => module < modules));
}

/** Whether the panels are a detector's data but for edges, and all tiles have some of it. */
function isCovered(panels: readonly GeomPanel[], axes: readonly number[], detector: Detector): boolean {
  const [modules, slowScan, fastScan] = detector.dataShape;
  const isStacked = panels.some(({ maxSs }) => maxSs >= slowScan);
  const found = new Set<number>();
  let pixels = 0;
  for (const panel of panels) {
    const { minSs, maxSs, minFs, maxFs } = panel;
    // Which of several numbers is the module is not known yet; the largest is as good as any for a guess.
    const offset = isStacked ? 0 : Math.max(0, ...numbersOf(panel, axes)) * slowScan;
    const isInside = minSs >= 0 && minFs >= 0 && maxFs < fastScan && offset + maxSs < modules * slowScan;
    if (!isInside) return false;
    for (const { module, tile } of panelTiles(panel, offset, detector))
      found.add(module * detector.tiles.length + tile);
    pixels += (maxSs - minSs + 1) * (maxFs - minFs + 1);
  }
  const all = modules * slowScan * fastScan;
  return found.size === modules * detector.tiles.length && pixels >= LEAST_SHARE * all && pixels <= all;
}

function attempt<T>(call: () => T): T[] {
  try {
    return [call()];
  } catch (error) {
    if (isXfelError(error, 'GeometryInvalid')) return [];
    throw error;
  }
}
