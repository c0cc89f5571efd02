import { GeometryInvalid } from '../core/errors.ts';
import { type CrystfelGeom, parseGeom } from '../formats/crystfel/geom.ts';
import type { GeomPanel } from '../formats/crystfel/geom-panel.ts';
import type { Detector } from './detector.ts';
import { createGeometry, type Geometry, TILE_NUMBERS, tileStart } from './geometry.ts';

/**
 * A detector's geometry from CrystFEL .geom text. Panels find their tile by where they lie in the data, never by name; the
 * text is read leniently, as files made for EXtra-geom lack what only CrystFEL needs.
 * @param options `path` is for messages
 * @throws GeometryInvalid with the line: text that is no geometry, a panel that is not a tile of this detector, tiles missing
 */
export function geometryFromCrystfel(
  text: string,
  detector: Detector,
  options: { readonly path?: string } = {},
): Geometry {
  const { path = 'geometry' } = options;
  const geom = parseGeom(text, { mode: 'lenient', path });
  const tiles = new Float64Array(detector.dataShape[0] * detector.tiles.length * TILE_NUMBERS).fill(Number.NaN);
  for (const panel of geom.panels) {
    const { module, tile } = placeOf(panel, detector, path);
    const { cornerX, cornerY, coffset, ss, fs, res } = panel;
    const steps = [...ss, ...fs].map((component) => component / res);
    const numbers = [cornerX / res, cornerY / res, coffset, ...steps];
    if (!numbers.every(Number.isFinite))
      throw new GeometryInvalid(`${path}, line ${panel.line}: panel ${panel.name} has a position that is no number.`, {
        path,
        line: panel.line,
      });
    tiles.set(numbers, tileStart(detector, module, tile));
  }
  const missing = tiles.findIndex(Number.isNaN);
  if (missing >= 0) {
    const index = Math.floor(missing / TILE_NUMBERS);
    const [module, tile] = [Math.floor(index / detector.tiles.length), index % detector.tiles.length];
    throw new GeometryInvalid(
      `${path}: no panel for module ${module}, tile ${tile} of ${detector.name}. Is it the file of another detector, or cut off?`,
      { path, module, tile },
    );
  }
  return createGeometry(detector, tiles, { path, ...experimentOf(geom) });
}

function placeOf(panel: GeomPanel, detector: Detector, path: string): { module: number; tile: number } {
  const [modules, slowScan] = detector.dataShape;
  const numbered = panel.dims.filter((dim) => typeof dim === 'number');
  // Raw files have one more number, the gain plane: the module is the first of them.
  const module = numbered.length > 0 ? Number(numbered[0]) : Math.floor(panel.minSs / slowScan);
  const firstSs = numbered.length > 0 ? panel.minSs : panel.minSs - module * slowScan;
  const tile = detector.tiles.findIndex(
    ({ ssStart, ssStop, fsStart, fsStop }) =>
      ssStart === firstSs &&
      fsStart === panel.minFs &&
      ssStop - ssStart === panel.maxSs - panel.minSs + 1 &&
      fsStop - fsStart === panel.maxFs - panel.minFs + 1,
  );
  if (module < 0 || module >= modules || tile < 0) {
    throw new GeometryInvalid(
      `${path}, line ${panel.line}: panel ${panel.name} (ss ${panel.minSs} to ${panel.maxSs}, fs ${panel.minFs} to ${panel.maxFs}, module ${module}) is not a tile of ${detector.name}.`,
      { path, line: panel.line, panel: panel.name },
    );
  }
  return { module, tile };
}

/** Camera length and photon energy where the file gives them as numbers. */
function experimentOf(geom: CrystfelGeom): { distance?: number; photonEnergyKeV?: number } {
  const energy =
    geom.beam?.kind === 'photon_energy' && Number.isFinite(Number(geom.beam.source))
      ? Number(geom.beam.source) * (geom.beam.unit === 'keV' ? 1 : 1e-3)
      : undefined;
  return { ...(geom.clen?.value ? { distance: geom.clen.value } : {}), ...(energy ? { photonEnergyKeV: energy } : {}) };
}
