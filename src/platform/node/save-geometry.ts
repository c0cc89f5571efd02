import { extname } from 'node:path';
import { GeometryInvalid } from '../../core/errors.ts';
import { type Geometry, quadPositions, TILE_NUMBERS, tileStart } from '../../detector/geometry.ts';
import { updateCrystfel } from '../../detector/geometry-crystfel-update.ts';
import { type CrystfelWriteOptions, crystfelFromGeometry, panelName } from '../../detector/geometry-crystfel-write.ts';
import { poniFromExperiment, poniFromFlatGeometry } from '../../detector/geometry-poni-file.ts';
import { snapGeometry } from '../../detector/snapped-geometry.ts';
import { tilePositionsOf } from '../../detector/tile-positions.ts';
import { writeGeometryHdf5 } from '../../formats/geometry-hdf5.ts';
import { createHdf5 } from '../../formats/hdf5-writer.ts';
import { writeNexusGeometry } from '../../formats/nexus-geometry.ts';
import { formatPoni, type PoniVersion } from '../../formats/poni.ts';
import { formatQuadPositions, type QuadPositionTable } from '../../formats/quad-positions-csv.ts';
import { nodeHdf5Creator } from './hdf5-create.ts';
import { readGeometryText } from './load-geometry.ts';
import { writeAside } from './write-aside.ts';

/** How a geometry is saved. The first options are for .geom files. */
export interface SaveGeometryOptions extends CrystfelWriteOptions {
  /** A .geom file of the same detector: everything of it but the positions is kept, comments and names included. */
  readonly template?: string;
  readonly poniVersion?: PoniVersion;
  /**
   * .poni: what is calibrated; the assembled picture (default), or positions in the geometry's own frame. A detector of one tile
   * keeps its tilt; a picture of several is flat, and leaves out how they are tilted and stand before one another.
   */
  readonly poniFrame?: 'image' | 'detector';
}

/**
 * Saves a geometry; the end of the name tells the format: `.geom`, `.h5` (LPD and DSSC: positions of quadrants, modules and
 * tiles), `.poni`, `.nxs` (NeXus), `.csv` (quadrant positions). The file appears when it is complete.
 * @throws GeometryInvalid if the format cannot hold the geometry, FileUnreadable if the place cannot be written
 */
export async function saveGeometry(geometry: Geometry, path: string, options: SaveGeometryOptions = {}): Promise<void> {
  const { template, poniVersion, poniFrame = 'image', ...crystfel } = options;
  const end = extname(path).toLowerCase();
  if (end === '.geom') {
    const text = template === undefined ? null : (await readGeometryText(template)).text;
    const saved =
      text === null ? crystfelFromGeometry(geometry, crystfel) : updateCrystfel(text, geometry, { path: template });
    return writeAside(path, [saved]);
  }
  if (end === '.h5' || end === '.hdf5') {
    const positions = tilePositionsOf(geometry);
    return createHdf5(nodeHdf5Creator, path, (writer) => writeGeometryHdf5(writer, positions));
  }
  if (end === '.csv') return writeAside(path, [formatQuadPositions(quadTable(geometry))]);
  const { distance = geometry.metadata.distance, photonEnergyKeV = geometry.metadata.photonEnergyKeV } = crystfel;
  if (end !== '.poni' && end !== '.nxs') {
    throw new GeometryInvalid(`${path}: save geometries as .geom, .h5, .poni, .nxs or .csv.`, { path });
  }
  if (distance === undefined) {
    throw new GeometryInvalid(
      `A ${end} file needs the distance from sample to detector, which is not known: give it.`,
      {
        path,
      },
    );
  }
  if (end === '.poni') {
    const isFlat = poniFrame === 'image' && geometry.tiles.length === TILE_NUMBERS;
    const image = poniFrame === 'image' && !isFlat ? snapGeometry(geometry) : undefined;
    const poni = isFlat
      ? poniFromFlatGeometry(geometry, { distance, photonEnergyKeV })
      : poniFromExperiment({ distance, photonEnergyKeV }, geometry, image);
    return writeAside(path, [formatPoni(poni, { version: poniVersion })]);
  }
  return saveNexus(geometry, path, distance, photonEnergyKeV ?? null);
}

function quadTable(geometry: Geometry): QuadPositionTable {
  const { positionUnit, pixelSize } = geometry.detector;
  const positions = quadPositions(geometry);
  if (positionUnit === 1e-3) return { unit: 'mm', positions };
  return positionUnit === pixelSize
    ? { unit: 'px', positions }
    : { unit: 'm', positions: positions.map(([x, y]) => [x * positionUnit, y * positionUnit]) };
}

function saveNexus(
  { detector, tiles }: Geometry,
  path: string,
  distance: number,
  photonEnergyKeV: number | null,
): Promise<void> {
  const nexusTiles = Array.from({ length: detector.dataShape[0] * detector.tiles.length }, (_, index) => {
    const module = Math.floor(index / detector.tiles.length);
    const tile = index % detector.tiles.length;
    const { ssStart, ssStop, fsStart, fsStop } = detector.tiles[tile];
    const at = tileStart(detector, module, tile);
    const [x, y, z, ssX, ssY, ssZ, fsX, fsY, fsZ] = tiles.subarray(at, at + TILE_NUMBERS);
    return {
      name: panelName(module, tile),
      origin: [module, ssStart, fsStart],
      size: [1, ssStop - ssStart, fsStop - fsStart],
      corner: [x, y, z],
      ss: [ssX, ssY, ssZ],
      fs: [fsX, fsY, fsZ],
    } as const;
  });
  const geometry = { detector: detector.name, distance, photonEnergyKeV, tiles: nexusTiles };
  return createHdf5(nodeHdf5Creator, path, (writer) => writeNexusGeometry(writer, geometry));
}
