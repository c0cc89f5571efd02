import { GeometryInvalid } from '../core/errors.ts';
import { type CrystfelGeom, parseGeom } from '../formats/crystfel/geom.ts';
import {
  dimensionRemovals,
  editGeomDocument,
  type GeomChange,
  geomDocumentText,
  openGeomDocument,
  withGeomMotors,
} from '../formats/crystfel/geom-document.ts';
import { readMotors } from '../formats/crystfel/geom-motors.ts';
import { decimal, inUnits, vectorText } from '../formats/crystfel/geom-number.ts';
import type { GeomPanel, Vector } from '../formats/crystfel/geom-panel.ts';
import type { Detector } from './detector.ts';
import { type Geometry, TILE_NUMBERS, tileStart } from './geometry.ts';
import { isSamePlace, placePanels, tileDistancePx, tileNumbers } from './geometry-crystfel-panels.ts';
import { type CrystfelLayout, checkLayout, moduleShift, panelDimensions } from './geometry-crystfel-write.ts';
import type { PlacedPanel } from './panel-tiles.ts';

/**
 * A .geom file with the positions of another geometry of the same detector. Only the numbers of panels that moved are written
 * anew, and distance, photon energy and motors where they differ: comments, unknown keys, masks, groups and the names of
 * panels stay as they are.
 * @param text the file @param options `path` is for messages
 * @throws GeometryInvalid as geometryFromCrystfel, and if tiles of one panel moved apart
 */
export function updateCrystfel(text: string, geometry: Geometry, options: { readonly path?: string } = {}): string {
  const { path = 'geometry' } = options;
  const { detector, metadata } = geometry;
  const geom = parseGeom(text, { mode: 'lenient', path });
  const changes: GeomChange[] = [];
  for (const pieces of movedPanels(placePanels(geom.panels, detector, path), geom, geometry)) {
    const [{ panel, offset }] = pieces;
    const { name, res } = panel;
    const [wanted, present] = [panelNumbers(pieces[0], geometry), tileNumbers(panel, geom, [0, 0])];
    checkWhole(pieces, wanted, geometry, path);
    // Counted back from inside of the panel, a corner that did not move comes out with the last digits changed.
    const rounding = offset[0] === 0 && offset[1] === 0 ? 0 : 1e-13;
    const differs = (from: number, to: number) =>
      wanted.slice(from, to).some((n, i) => Math.abs(n - present[from + i]) > rounding);
    const put = (key: string, value: string) => changes.push({ owner: name, key, value });
    const pixels = (from: number) => wanted.slice(from, from + 3).map((n) => inUnits(n, res)) as unknown as Vector;
    if (differs(0, 1)) put('corner_x', decimal(inUnits(wanted[0] - (geom.shiftX?.value ?? 0), res)));
    if (differs(1, 2)) put('corner_y', decimal(inUnits(wanted[1] - (geom.shiftY?.value ?? 0), res)));
    if (differs(2, 3)) put('coffset', decimal(wanted[2]));
    if (differs(3, 6)) put('ss', vectorText(pixels(3)));
    if (differs(6, 9)) put('fs', vectorText(pixels(6)));
  }
  const { distance, photonEnergyKeV, motorPositions } = metadata;
  if (distance !== undefined && distance !== geom.clen?.value)
    changes.push({ owner: '', key: 'clen', value: `${decimal(distance)} m` });
  if (photonEnergyKeV !== undefined && !isSameEnergy(geom.beam, photonEnergyKeV)) {
    for (const key of ['wavelength', 'electron_voltage']) changes.push({ owner: '', key, value: null });
    changes.push({ owner: '', key: 'photon_energy', value: `${decimal(inUnits(photonEnergyKeV, 1e3))} eV` });
  }
  const document = editGeomDocument(openGeomDocument(text), changes);
  const isMoved = motorPositions && JSON.stringify(readMotors(text, path)) !== JSON.stringify(motorPositions);
  return geomDocumentText(isMoved ? withGeomMotors(document, motorPositions) : document);
}

/** Panels with a tile that is no longer where the file has it: all their pieces, the one at the panel's first pixel first. */
function movedPanels(placed: readonly PlacedPanel[], geom: CrystfelGeom, geometry: Geometry): PlacedPanel[][] {
  const byPanel = new Map<GeomPanel, PlacedPanel[]>();
  const asRead = new Map<number, readonly number[]>();
  const isAtStart = ({ offset }: PlacedPanel) => offset[0] === 0 && offset[1] === 0;
  for (const piece of placed) {
    const pieces = byPanel.get(piece.panel);
    if (!pieces) byPanel.set(piece.panel, [piece]);
    else if (isAtStart(piece)) pieces.unshift(piece);
    else pieces.push(piece);
    const at = tileStart(geometry.detector, piece.module, piece.tile);
    // Of several parts of a tile the first one placed it.
    if (!asRead.has(at)) asRead.set(at, tileNumbers(piece.panel, geom, piece.offset));
  }
  const hasMoved = ({ module, tile }: PlacedPanel) => {
    const at = tileStart(geometry.detector, module, tile);
    return asRead.get(at)?.some((n, i) => n !== geometry.tiles[at + i]);
  };
  return [...byPanel.values()].filter((pieces) => pieces.some(hasMoved));
}

/** Corner and vectors of a panel by one of its tiles. */
function panelNumbers({ module, tile, offset }: PlacedPanel, { detector, tiles }: Geometry): number[] {
  const at = tileStart(detector, module, tile);
  const numbers = [...tiles.subarray(at, at + TILE_NUMBERS)];
  if (offset[0] === 0 && offset[1] === 0) return numbers;
  return numbers.map((n, i) => (i < 3 ? n - offset[0] * numbers[3 + i] - offset[1] * numbers[6 + i] : n));
}

/** @throws GeometryInvalid if the tiles of a panel no longer form one piece */
function checkWhole(
  pieces: readonly PlacedPanel[],
  panel: readonly number[],
  { detector, tiles }: Geometry,
  path: string,
): void {
  for (const { panel: whole, module, tile, offset } of pieces) {
    const at = tileStart(detector, module, tile);
    const place = [...tiles.subarray(at, at + TILE_NUMBERS)];
    const inPanel = panel.map((n, i) => (i < 3 ? n + offset[0] * panel[3 + i] + offset[1] * panel[6 + i] : n));
    if (isSamePlace(place, inPanel, detector)) continue;
    throw new GeometryInvalid(
      `${path}, line ${whole.line}: panel ${whole.name} has several tiles of ${detector.name}, and the moves tear it: module ${module}, tile ${tile} would be ${tileDistancePx(place, inPanel, detector).toFixed(2)} px out of its place in the panel. Move all tiles of a panel together, or write the .geom anew with a panel for each tile (hutch geometry convert --rewrite).`,
      { path, line: whole.line, panel: whole.name, module, tile },
    );
  }
}

function isSameEnergy(beam: ReturnType<typeof parseGeom>['beam'], energyKeV: number): boolean {
  if (!beam || beam.value === null) return false;
  if (beam.kind === 'photon_energy') return Number(beam.source) * (beam.unit === 'keV' ? 1 : 1e-3) === energyKeV;
  // A wavelength as it was read back and forth.
  return beam.kind === 'wavelength' && Math.abs((beam.value * energyKeV) / 12.398419843320026e-10 - 1) < 1e-12;
}

/**
 * The same .geom file for data of other axes, such as one long picture (frame, ss, fs) instead of one for each module
 * (frame, modno, ss, fs). All else stays as it is; paths of data and mask are those of the old file.
 * @throws GeometryInvalid as geometryFromCrystfel, and for an impossible layout
 */
export function convertCrystfelLayout(
  text: string,
  detector: Detector,
  layout: CrystfelLayout,
  options: { readonly path?: string } = {},
): string {
  const { path = 'geometry' } = options;
  checkLayout(layout);
  const geom = parseGeom(text, { mode: 'lenient', path });
  const document = openGeomDocument(text);
  const changes: GeomChange[] = dimensionRemovals(document);
  const put = (owner: string, key: string, value: string | number) =>
    changes.push({ owner, key, value: String(value) });
  // Axes that are the same for all modules stand before the panels, for new panels, too.
  const general = panelDimensions(layout, 0);
  for (const [axis, dim] of general.entries()) if (layout[axis] !== 'modno') put('', `dim${axis}`, dim);
  const first = new Map<GeomPanel, PlacedPanel>();
  for (const piece of placePanels(geom.panels, detector, path)) {
    const other = first.get(piece.panel);
    if (!other) first.set(piece.panel, piece);
    else if (other.module !== piece.module && layout.includes('modno')) throw spansModules(piece, detector, path);
  }
  for (const { panel, module, tile, offset } of first.values()) {
    const moduleAxis = layout.indexOf('modno');
    if (moduleAxis >= 0) put(panel.name, `dim${moduleAxis}`, module);
    const minSs = moduleShift(layout, detector, module) + detector.tiles[tile].ssStart - offset[0];
    if (minSs === panel.minSs) continue;
    put(panel.name, 'min_ss', minSs);
    put(panel.name, 'max_ss', minSs + panel.maxSs - panel.minSs);
    for (const region of geom.badRegions) {
      if (region.kind !== 'panel' || region.panel !== panel.name) continue;
      put(region.name, 'min_ss', minSs + region.minSs);
      put(region.name, 'max_ss', minSs + region.maxSs);
    }
  }
  return geomDocumentText(editGeomDocument(document, changes));
}

function spansModules({ panel, module }: PlacedPanel, detector: Detector, path: string): GeometryInvalid {
  return new GeometryInvalid(
    `${path}, line ${panel.line}: panel ${panel.name} goes over to module ${module} of ${detector.name}, so its data have no axis of modules. Write the .geom anew with a panel for each tile (--rewrite).`,
    { path, line: panel.line, panel: panel.name },
  );
}
