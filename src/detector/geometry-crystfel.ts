import { GeometryInvalid } from '../core/errors.ts';
import { KEV_ANGSTROM } from '../core/physics.ts';
import { type CrystfelGeom, parseGeom } from '../formats/crystfel/geom.ts';
import { readMotors } from '../formats/crystfel/geom-motors.ts';
import { detectPanels } from './detect-panels.ts';
import type { Detector } from './detector.ts';
import { createGeometry, type Geometry, type GeometryMetadata } from './geometry.ts';
import type { BadRegion } from './geometry-bad-region.ts';
import { tileNumbers } from './geometry-crystfel-panels.ts';
import { joinPanels } from './joined-panels.ts';
import type { PlacedPanel } from './panel-tiles.ts';

/** How a .geom file is read. */
export interface CrystfelReadOptions {
  /** For messages. */
  readonly path?: string;
  /** `lenient` (default): also files that lack what only CrystFEL needs, as EXtra-geom reads them. `strict`: as CrystFEL. */
  readonly mode?: 'strict' | 'lenient';
}

/**
 * A detector's geometry from CrystFEL .geom text. Panels find their tile by where they lie in the data, never by name.
 * `detector_shift_x` and `_y` are part of the positions where they are numbers.
 * @param detector if it is not given, the known one whose tiles the panels are
 * A panel may be several tiles (each gets its part, without gaps between) or a part of one (its tile is continued; pixels that
 * no panel has become bad regions, as CrystFEL passes over them).
 * @throws GeometryInvalid with the line: text that is no geometry, a panel that is not of this detector, two panels of the same
 * data, parts of one tile that do not continue each other, tiles missing
 */
export function geometryFromCrystfel(text: string, detector?: Detector, options: CrystfelReadOptions = {}): Geometry {
  const { path = 'geometry', mode = 'lenient' } = options;
  const geom = parseGeom(text, { mode, path });
  const found = detector ?? detectPanels(geom.panels);
  if (!found) {
    throw new GeometryInvalid(
      `${path}: its ${geom.panels.length} panels are those of no detector that is known here. Is the file whole, and res right? If so, say which detector it is, by name or by its record in a JSON file.`,
      { path },
    );
  }
  const { tiles, placed, left } = joinPanels(geom.panels, found, path, (panel, offset) =>
    tileNumbers(panel, geom, offset),
  );
  const badRegions = [...badRegionsOf(geom, placed, found), ...left];
  const motorPositions = readMotors(text, path);
  return createGeometry(found, tiles, {
    path,
    ...experimentOf(geom),
    ...dataOf(placed),
    ...(badRegions.length > 0 ? { badRegions } : {}),
    ...(motorPositions ? { motorPositions } : {}),
  });
}

/** Camera length and photon energy: the numbers, or where the data files have them. */
function experimentOf({ beam, clen }: CrystfelGeom): GeometryMetadata {
  const energy = beam && photonEnergyOf(beam);
  return {
    ...(clen?.value ? { distance: clen.value } : {}),
    ...(clen && clen.value === null ? { distanceSource: `${clen.source} ${clen.unit}` } : {}),
    ...(energy ? { photonEnergyKeV: energy } : {}),
    ...(beam?.kind === 'photon_energy' && beam.value === null
      ? { photonEnergySource: `${beam.source} ${beam.unit}` }
      : {}),
  };
}

function photonEnergyOf({ kind, source, unit, value }: NonNullable<CrystfelGeom['beam']>): number | undefined {
  if (value === null) return undefined;
  // Not by way of the wavelength: the number is kept as it was written.
  if (kind === 'photon_energy') return Number(source) * (unit === 'keV' ? 1 : 1e-3);
  return kind === 'wavelength' ? KEV_ANGSTROM / (value * 1e10) : undefined;
}

/** What is said of the first module's first tile; panels hardly ever differ in it. */
function dataOf(placed: readonly PlacedPanel[]): GeometryMetadata {
  const panel = placed.find(({ module, tile }) => module === 0 && tile === 0)?.panel;
  if (!panel) return {};
  const mask = panel.masks.find(({ index }) => index === 0);
  return {
    dataPath: panel.data,
    ...(panel.gain?.unit === 'adu_per_eV' ? { aduPerEv: panel.gain.value } : {}),
    ...(mask?.data ? { maskPath: mask.data } : {}),
    ...(mask?.data && mask.goodBits !== 0 ? { maskGoodBits: mask.goodBits } : {}),
    ...(mask?.data && mask.badBits !== 0 ? { maskBadBits: mask.badBits } : {}),
  };
}

function badRegionsOf(geom: CrystfelGeom, placed: readonly PlacedPanel[], detector: Detector): BadRegion[] {
  return geom.badRegions.flatMap((region): BadRegion[] => {
    const { name } = region;
    if (region.kind === 'lab') {
      const { res } = geom.panels[0];
      const [minX, maxX, minY, maxY] = [region.minX, region.maxX, region.minY, region.maxY].map((px) => px / res);
      return [{ kind: 'lab', name, minX, maxX, minY, maxY }];
    }
    // The reader lets only regions of panels through that exist; one may go over several tiles.
    const pieces = placed.filter(({ panel }) => panel.name === region.panel);
    const parts = pieces.flatMap(({ module, tile, offset }) => {
      const slice = detector.tiles[tile];
      const [ss, fs] = [slice.ssStart - offset[0], slice.fsStart - offset[1]];
      const part = {
        ssStart: Math.max(slice.ssStart, ss + region.minSs),
        ssStop: Math.min(slice.ssStop, ss + region.maxSs + 1),
        fsStart: Math.max(slice.fsStart, fs + region.minFs),
        fsStop: Math.min(slice.fsStop, fs + region.maxFs + 1),
      };
      return part.ssStart < part.ssStop && part.fsStart < part.fsStop ? [{ module, tile, ...part }] : [];
    });
    return parts.map((part, index) => ({ kind: 'tile', name: parts.length > 1 ? `${name}_${index}` : name, ...part }));
  });
}
