import { GeometryInvalid, isXfelError } from '../core/errors.ts';
import type { GeomPanel } from '../formats/crystfel/geom-panel.ts';
import type { NexusGeometry, NexusTile } from '../formats/nexus-geometry.ts';
import { detectPanels } from './detect-panels.ts';
import type { Detector } from './detector.ts';
import { parseDetector } from './detector-record.ts';
import { detectorByName } from './detector-table.ts';
import { createGeometry, type Geometry } from './geometry.ts';
import { placePanels } from './geometry-crystfel-panels.ts';
import { joinPanels } from './joined-panels.ts';

/** How far the pixels of a file may be from those of a known detector, as a part of their size. */
const SAME_PITCH = 0.02;

/**
 * A detector's geometry from the NXdetector_module groups of a NeXus file, which find their tiles by where they lie in the data.
 * A module may be a tile, several tiles or a part of one, as panels of a .geom file.
 * @param detector if it is not given: the known one of that name or with such tiles; else one is made of the modules themselves,
 * where they are of one size and fill the data
 * @throws GeometryInvalid for modules that are not of this detector or do not fill the data, and for two of the same data
 */
export function geometryFromNexus(
  nexus: NexusGeometry,
  detector?: Detector,
  { path = 'NeXus geometry' }: { readonly path?: string } = {},
): Geometry {
  const panels = nexus.tiles.map(panelOf);
  const found = detector ?? knownDetector(nexus, panels, path) ?? detectorOfTiles(nexus, path);
  const byPanel = new Map(panels.map((panel, index) => [panel, nexus.tiles[index]]));
  const { tiles, left } = joinPanels(panels, found, path, (panel, [alongSs, alongFs]) => {
    const { corner, ss, fs } = byPanel.get(panel) as NexusTile;
    const start = corner.map((n, axis) => n + alongSs * ss[axis] + alongFs * fs[axis]);
    return [...start, ...ss, ...fs];
  });
  return createGeometry(found, tiles, {
    path,
    ...(nexus.distance === null ? {} : { distance: nexus.distance }),
    ...(nexus.photonEnergyKeV === null ? {} : { photonEnergyKeV: nexus.photonEnergyKeV }),
    ...(left.length > 0 ? { badRegions: left } : {}),
  });
}

/** A module as a panel without a line; positions are taken from the file's own numbers. */
function panelOf({ name, origin, size, ss, fs }: NexusTile): GeomPanel {
  const [firstSs, firstFs] = origin.slice(-2);
  const [rows, columns] = size.slice(-2);
  const res = 1 / Math.hypot(...fs);
  return {
    name,
    line: 0,
    minSs: firstSs,
    maxSs: firstSs + rows - 1,
    minFs: firstFs,
    maxFs: firstFs + columns - 1,
    dims: origin.length === 3 ? [origin[0], 'ss', 'fs'] : ['ss', 'fs'],
    res,
    ss: [ss[0] * res, ss[1] * res, ss[2] * res],
    fs: [fs[0] * res, fs[1] * res, fs[2] * res],
    cornerX: Number.NaN,
    cornerY: Number.NaN,
    coffset: Number.NaN,
    gain: null,
    maxAdu: Number.POSITIVE_INFINITY,
    isNotIndexed: false,
    edgePixels: 0,
    flags: [],
    saturationMap: null,
    saturationMapFile: null,
    data: '',
    masks: [],
  };
}

/** By its name where its modules fit, else by its tiles; the pixels must be of the right size. */
function knownDetector(nexus: NexusGeometry, panels: readonly GeomPanel[], path: string): Detector | undefined {
  const modules = 1 + nexus.tiles.reduce((last, { origin }) => Math.max(last, origin.length === 3 ? origin[0] : 0), 0);
  const named = [modules, undefined]
    .flatMap((count) => attempt(() => detectorByName(nexus.detector, count)))
    .find((each) => attempt(() => placePanels(panels, each, path)).length > 0 && hasPitch(nexus, each));
  if (named) return named;
  const detected = detectPanels(panels);
  return detected && hasPitch(nexus, detected) ? detected : undefined;
}

function hasPitch({ tiles }: NexusGeometry, { pitch }: Detector): boolean {
  return tiles.every(
    ({ ss, fs }) =>
      Math.abs(Math.hypot(...ss) / pitch[0] - 1) < SAME_PITCH &&
      Math.abs(Math.hypot(...fs) / pitch[1] - 1) < SAME_PITCH,
  );
}

function attempt<T>(call: () => T): T[] {
  try {
    return [call()];
  } catch (error) {
    if (isXfelError(error, 'GeometryInvalid')) return [];
    throw error;
  }
}

/** A detector whose tiles are the modules of the file. */
function detectorOfTiles(nexus: NexusGeometry, path: string): Detector {
  const [first] = nexus.tiles;
  const [rows, columns] = first.size.slice(-2);
  const pitch = [Math.hypot(...first.ss), Math.hypot(...first.fs)];
  const ends = nexus.tiles.map(({ origin, size }) => {
    const [ss, fs] = origin.slice(-2);
    return [origin.length === 3 ? origin[0] + 1 : 1, ss + size[size.length - 2], fs + size[size.length - 1]];
  });
  const [modules, slowScan, fastScan] = [0, 1, 2].map((axis) =>
    ends.reduce((most, end) => Math.max(most, end[axis]), 0),
  );
  const isEven = nexus.tiles.every(({ origin, size, ss, fs }) => {
    const [firstSs, firstFs] = origin.slice(-2);
    return (
      origin.length === first.origin.length &&
      size[size.length - 2] === rows &&
      size[size.length - 1] === columns &&
      firstSs % rows === 0 &&
      firstFs % columns === 0 &&
      Math.abs(Math.hypot(...ss) / pitch[0] - 1) < SAME_PITCH &&
      Math.abs(Math.hypot(...fs) / pitch[1] - 1) < SAME_PITCH
    );
  });
  const isFull = nexus.tiles.length * rows * columns === modules * slowScan * fastScan;
  if (!isEven || !isFull)
    throw new GeometryInvalid(
      `${path}: its ${nexus.tiles.length} modules are those of no detector that is known here, and not equal parts of [${modules}, ${slowScan}, ${fastScan}] pixels without gaps. Say which detector it is, by name or by its record in JSON.`,
      { path, tiles: nexus.tiles.length },
    );
  const record = {
    name: nexus.detector.replace(/[^\w .+-]/g, '_').slice(0, 100) || 'NeXus',
    dataShape: [modules, slowScan, fastScan],
    pixelSize: pitch[1],
    pitch,
    tiles: { shape: [rows, columns], counts: [slowScan / rows, fastScan / columns] },
    modules: Array.from({ length: modules }, (_, group) => {
      const tile = nexus.tiles.find(({ origin }) => origin.length === 2 || origin[0] === group) ?? first;
      return { group, ...directionsOf(tile) };
    }),
  };
  return parseDetector(JSON.stringify(record), { path });
}

/** The nearest directions on axes, across each other. */
function directionsOf({ ss, fs }: NexusTile) {
  const along: [number, number] =
    Math.abs(fs[0]) >= Math.abs(fs[1]) ? [Math.sign(fs[0]) || 1, 0] : [0, Math.sign(fs[1])];
  const isAlongX = along[0] !== 0;
  return { fs: along, ss: isAlongX ? [0, Math.sign(ss[1]) || 1] : [Math.sign(ss[0]) || 1, 0] };
}
