import { GeometryInvalid } from '../core/errors.ts';
import { KEV_ANGSTROM } from '../core/physics.ts';
import { type CrystfelGeom, parseGeom } from '../formats/crystfel/geom.ts';
import { readMotors } from '../formats/crystfel/geom-motors.ts';
import type { GeomPanel } from '../formats/crystfel/geom-panel.ts';
import type { Detector } from './detector.ts';
import { createGeometry, type Geometry, type GeometryMetadata, TILE_NUMBERS, tileStart } from './geometry.ts';
import type { BadRegion } from './geometry-bad-region.ts';
import { detectPanels, type PlacedPanel, placePanels } from './geometry-crystfel-panels.ts';

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
 * @throws GeometryInvalid with the line: text that is no geometry, a panel that is not one whole tile of this detector, two
 * panels of one tile, tiles missing
 */
export function geometryFromCrystfel(text: string, detector?: Detector, options: CrystfelReadOptions = {}): Geometry {
  const { path = 'geometry', mode = 'lenient' } = options;
  const geom = parseGeom(text, { mode, path });
  const found = detector ?? detectPanels(geom.panels);
  if (!found) {
    throw new GeometryInvalid(
      `${path}: its ${geom.panels.length} panels are those of no detector that is known here. Say which detector it is.`,
      { path },
    );
  }
  const tiles = new Float64Array(found.dataShape[0] * found.tiles.length * TILE_NUMBERS);
  const placed = placePanels(geom.panels, found, path);
  for (const { panel, module, tile } of placed) {
    const numbers = tileNumbers(panel, geom);
    if (!numbers.every(Number.isFinite))
      throw new GeometryInvalid(`${path}, line ${panel.line}: panel ${panel.name} has a position that is no number.`, {
        path,
        line: panel.line,
      });
    tiles.set(numbers, tileStart(found, module, tile));
  }
  const motorPositions = readMotors(text, path);
  return createGeometry(found, tiles, {
    path,
    ...experimentOf(geom),
    ...dataOf(placed),
    ...(geom.badRegions.length > 0 ? { badRegions: badRegionsOf(geom, placed, found) } : {}),
    ...(motorPositions ? { motorPositions } : {}),
  });
}

/** Corner, ss vector, fs vector of a panel, in m. */
export function tileNumbers(
  { cornerX, cornerY, coffset, ss, fs, res }: GeomPanel,
  { shiftX, shiftY }: Pick<CrystfelGeom, 'shiftX' | 'shiftY'>,
): number[] {
  const corner = [cornerX / res + (shiftX?.value ?? 0), cornerY / res + (shiftY?.value ?? 0), coffset];
  return [...corner, ...ss.map((component) => component / res), ...fs.map((component) => component / res)];
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
  return geom.badRegions.map((region): BadRegion => {
    const { name } = region;
    if (region.kind === 'lab') {
      const { res } = geom.panels[0];
      const [minX, maxX, minY, maxY] = [region.minX, region.maxX, region.minY, region.maxY].map((px) => px / res);
      return { kind: 'lab', name, minX, maxX, minY, maxY };
    }
    // The reader lets only regions of panels through that exist.
    const place = placed.find(({ panel }) => panel.name === region.panel) as PlacedPanel;
    const { ssStart, fsStart } = detector.tiles[place.tile];
    return {
      kind: 'tile',
      name,
      module: place.module,
      tile: place.tile,
      ssStart: ssStart + region.minSs,
      ssStop: ssStart + region.maxSs + 1,
      fsStart: fsStart + region.minFs,
      fsStop: fsStart + region.maxFs + 1,
    };
  });
}
