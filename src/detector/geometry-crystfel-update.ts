import { parseGeom } from '../formats/crystfel/geom.ts';
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
import type { Vector } from '../formats/crystfel/geom-panel.ts';
import type { Detector } from './detector.ts';
import { type Geometry, TILE_NUMBERS, tileStart } from './geometry.ts';
import { tileNumbers } from './geometry-crystfel.ts';
import { placePanels } from './geometry-crystfel-panels.ts';
import { type CrystfelLayout, checkLayout, moduleShift, panelDimensions } from './geometry-crystfel-write.ts';

/**
 * A .geom file with the positions of another geometry of the same detector. Only the numbers of panels that moved are written
 * anew, and distance, photon energy and motors where they differ: comments, unknown keys, masks, groups and the names of
 * panels stay as they are.
 * @param text the file @param options `path` is for messages
 * @throws GeometryInvalid as geometryFromCrystfel
 */
export function updateCrystfel(text: string, geometry: Geometry, options: { readonly path?: string } = {}): string {
  const { path = 'geometry' } = options;
  const { detector, tiles, metadata } = geometry;
  const geom = parseGeom(text, { mode: 'lenient', path });
  const changes: GeomChange[] = [];
  for (const { panel, module, tile } of placePanels(geom.panels, detector, path)) {
    const { name, res } = panel;
    const at = tileStart(detector, module, tile);
    const wanted = [...tiles.subarray(at, at + TILE_NUMBERS)];
    const present = tileNumbers(panel, geom);
    const differs = (from: number, to: number) => wanted.slice(from, to).some((n, i) => n !== present[from + i]);
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
  for (const { panel, module, tile } of placePanels(geom.panels, detector, path)) {
    const moduleAxis = layout.indexOf('modno');
    if (moduleAxis >= 0) put(panel.name, `dim${moduleAxis}`, module);
    const { ssStart, ssStop } = detector.tiles[tile];
    const minSs = moduleShift(layout, detector, module) + ssStart;
    if (minSs === panel.minSs) continue;
    put(panel.name, 'min_ss', minSs);
    put(panel.name, 'max_ss', minSs + ssStop - ssStart - 1);
    for (const region of geom.badRegions) {
      if (region.kind !== 'panel' || region.panel !== panel.name) continue;
      put(region.name, 'min_ss', minSs + region.minSs);
      put(region.name, 'max_ss', minSs + region.maxSs);
    }
  }
  return geomDocumentText(editGeomDocument(document, changes));
}
