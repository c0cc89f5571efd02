import { open } from 'node:fs/promises';
import { FileUnreadable, FormatInvalid, GeometryInvalid, isXfelError } from '../../core/errors.ts';
import type { Detector } from '../../detector/detector.ts';
import { DSSC_1M } from '../../detector/dssc.ts';
import { exampleGeometry, type Geometry, geometryFromQuadPositions, type Point } from '../../detector/geometry.ts';
import { geometryFromCrystfel } from '../../detector/geometry-crystfel.ts';
import { geometryFromNexus } from '../../detector/geometry-nexus.ts';
import { flatGeometryFromPoni } from '../../detector/geometry-poni-file.ts';
import { LPD_1M } from '../../detector/lpd.ts';
import { geometryFromTilePositions } from '../../detector/tile-positions.ts';
import { invertGeometryHdf5, isGeometryHdf5, readGeometryHdf5 } from '../../formats/geometry-hdf5.ts';
import { isNexusGeometry, readNexusGeometry } from '../../formats/nexus-geometry-read.ts';
import { decodeText } from '../../formats/plain-text.ts';
import { parsePoni } from '../../formats/poni.ts';
import { parseQuadPositions } from '../../formats/quad-positions-csv.ts';
import { nodeHdf5Opener } from './hdf5-open.ts';

/** What a geometry file does not say. */
export interface LoadGeometryOptions {
  /** Positions of the quadrants for HDF5 files, (x, y) in mm; over those in the file. */
  readonly quadPositionsMm?: readonly Point[];
  /** The HDF5 file has both axes the other way round, as the first files of LPD (lpd_mar_18.h5). */
  readonly isInverted?: boolean;
  /** .geom: refuse what CrystFEL refuses. Default false. */
  readonly isStrict?: boolean;
}

/** Kinds of geometry files. */
export type GeometryFormat = 'crystfel' | 'hdf5' | 'nexus' | 'poni' | 'csv';

/** Larger text files are no geometry. */
const MAX_TEXT_BYTES = 64 * 2 ** 20;
const HDF5_SIGNATURE = [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a];
const UNITS = { m: 1, mm: 1e-3 };

/**
 * A detector's geometry from a file, whose content tells the format: CrystFEL .geom; EuXFEL HDF5 positions of LPD or DSSC;
 * NeXus with NXdetector_module groups, as NXmx has them; quadrant positions as CSV; .poni, which describes one flat picture.
 * @param path null for the default positions of the detector
 * @param detector if it is not given, the one whose tiles the file has
 * @throws FileUnreadable if the file cannot be read; GeometryInvalid or FormatInvalid with line and reason if it does not fit
 */
export async function loadGeometry(
  path: string | null,
  detector?: Detector,
  options: LoadGeometryOptions = {},
): Promise<Geometry> {
  if (path === null) {
    if (!detector) throw new GeometryInvalid('Give a geometry file, or say which detector it is.', {});
    return exampleGeometry(detector);
  }
  const { format, text } = await readGeometryText(path);
  if (format === 'hdf5') return loadHdf5(path, detector, options);
  if (format === 'nexus') return loadNexus(path, detector, options);
  if (format === 'poni') {
    if (detector) {
      throw new GeometryInvalid(
        `${path}: a .poni file says how ${detector.name} stands in the beam, not where its modules are. Give its geometry file (.geom or .h5).`,
        { path },
      );
    }
    return flatGeometryFromPoni(parsePoni(text, { path }), { path });
  }
  if (format === 'csv') return loadCsv(text, path, detector);
  return geometryFromCrystfel(text, detector, { path, mode: options.isStrict ? 'strict' : 'lenient' });
}

/**
 * Which kind of geometry file it is, by what it holds, and its text (empty for HDF5 and NeXus).
 * @throws FileUnreadable; FormatInvalid for files that are far too large, empty, or no text
 */
export async function readGeometryText(path: string): Promise<{ format: GeometryFormat; text: string }> {
  const fail = (cause: unknown) =>
    new FileUnreadable(
      `The geometry file ${path} cannot be read (${(cause as NodeJS.ErrnoException).code}). Check the path.`,
      { path },
      { cause },
    );
  const file = await open(path, 'r').catch((cause) => {
    throw fail(cause);
  });
  try {
    const { size } = await file.stat();
    const start = new Uint8Array(8);
    await file.read(start, 0, 8, 0);
    if (HDF5_SIGNATURE.every((byte, i) => start[i] === byte)) return { format: await hdf5FormatOf(path), text: '' };
    if (size > MAX_TEXT_BYTES) {
      throw new FormatInvalid(`${path} has ${size} bytes: it is no geometry file.`, { path });
    }
    const bytes = new Uint8Array(size);
    await file.read(bytes, 0, size, 0);
    if (size === 0) throw new FormatInvalid(`${path} is empty: nothing was stored in it. Copy it again.`, { path });
    if (bytes.includes(0)) {
      throw new FormatInvalid(
        `${path} is neither text nor HDF5, so it is no geometry file. Give a .geom, .h5, .poni or .csv file.`,
        { path },
      );
    }
    const text = decodeText(bytes);
    return { format: formatOf(text), text };
  } catch (error) {
    throw isXfelError(error) ? error : fail(error);
  } finally {
    await file.close();
  }
}

function formatOf(text: string): GeometryFormat {
  const lines = text.split(/\r\n|\n|\r/, 2000).filter((line) => !/^\s*([;#]|$)/.test(line));
  if (lines.some((line) => /^\s*(poni1|poni_version)\s*:/i.test(line))) return 'poni';
  const isTable = lines.length > 0 && lines.every((line) => !line.includes('=') && /[,;\t]/.test(line));
  return isTable ? 'csv' : 'crystfel';
}

async function hdf5FormatOf(path: string): Promise<GeometryFormat> {
  const file = await nodeHdf5Opener.open(path);
  try {
    return isNexusGeometry(file) ? 'nexus' : 'hdf5';
  } finally {
    file.close();
  }
}

async function loadNexus(
  path: string,
  detector: Detector | undefined,
  { quadPositionsMm, isInverted }: LoadGeometryOptions,
): Promise<Geometry> {
  if (quadPositionsMm || isInverted)
    throw new GeometryInvalid(`${path} is NeXus, which says where every module is: give no positions of quadrants.`, {
      path,
    });
  const file = await nodeHdf5Opener.open(path);
  try {
    return geometryFromNexus(readNexusGeometry(file), detector, { path });
  } finally {
    file.close();
  }
}

async function loadHdf5(path: string, detector: Detector | undefined, options: LoadGeometryOptions): Promise<Geometry> {
  const file = await nodeHdf5Opener.open(path);
  try {
    if (!isGeometryHdf5(file)) {
      throw new FormatInvalid(
        `${path} holds no geometry: positions of LPD and DSSC are at /Q1/M1/Position, /Q1/M1/T01/Position and so on, those of NeXus in NXdetector_module groups.`,
        { path },
      );
    }
    const read = readGeometryHdf5(file);
    const positions = options.isInverted ? invertGeometryHdf5(read) : read;
    const tiles = positions.quadrants[0].modules[0].tiles.length;
    const found = detector ?? [LPD_1M, DSSC_1M].find((known) => known.tiles.length === tiles);
    if (!found) {
      throw new GeometryInvalid(`${path} has modules of ${tiles} tiles: neither LPD (16) nor DSSC (2).`, {
        path,
        tiles,
      });
    }
    return geometryFromTilePositions(found, positions, options.quadPositionsMm, { metadata: { path } });
  } finally {
    file.close();
  }
}

function loadCsv(text: string, path: string, detector: Detector | undefined): Geometry {
  if (!detector) throw new GeometryInvalid(`${path}: say which detector these quadrant positions are of.`, { path });
  const { unit, positions } = parseQuadPositions(text, { path });
  const metres = unit === 'px' ? detector.pixelSize : unit === null ? detector.positionUnit : UNITS[unit];
  return geometryFromQuadPositions(detector, positions, { unit: metres, metadata: { path } });
}
