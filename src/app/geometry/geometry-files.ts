import { FormatInvalid, GeometryInvalid } from '../../core/errors.ts';
import type { Detector } from '../../detector/detector.ts';
import { type Geometry, geometryFromQuadPositions, quadPositions } from '../../detector/geometry.ts';
import { geometryFromCrystfel } from '../../detector/geometry-crystfel.ts';
import { updateCrystfel } from '../../detector/geometry-crystfel-update.ts';
import { crystfelFromGeometry } from '../../detector/geometry-crystfel-write.ts';
import { geometryFromNexus } from '../../detector/geometry-nexus.ts';
import { experimentOfGeometry } from '../../detector/geometry-poni-file.ts';
import type { Experiment } from '../../detector/integration/experiment.ts';
import { geometryFromTilePositions, tilePositionsOf } from '../../detector/tile-positions.ts';
import { isGeometryHdf5, readGeometryHdf5, writeGeometryHdf5 } from '../../formats/geometry-hdf5.ts';
import { ReaderHdf5File } from '../../formats/hdf5-reader/reader-file.ts';
import { MemorySink } from '../../formats/hdf5-write/byte-sink.ts';
import { createHdf5Writer } from '../../formats/hdf5-write/writer.ts';
import { isNexusGeometry, readNexusGeometry } from '../../formats/nexus-geometry-read.ts';
import { decodeText } from '../../formats/plain-text.ts';
import { parsePoni } from '../../formats/poni.ts';
import { formatQuadPositions, parseQuadPositions } from '../../formats/quad-positions-csv.ts';
import { browserDecoders } from '../../platform/browser/inflate.ts';
import { checkExperiment } from './experiment-limits.ts';
import type { GeometryDocument } from './geometry-document.ts';
import { decodeGeometryState, isGeometryState } from './geometry-state.ts';
import { MemoryBytes } from './memory-bytes.ts';

/** What a file gives to the page. */
export type LoadedFile =
  | { readonly kind: 'geometry'; readonly geometry: Geometry; readonly text: string | null }
  /** A calibration: how the detector stands in the beam. */
  | { readonly kind: 'experiment'; readonly experiment: Experiment }
  | { readonly kind: 'state'; readonly document: GeometryDocument };

/** Formats that a geometry is saved in. */
export const SAVE_FORMATS = ['geom', 'h5', 'csv', 'json'] as const;
/** One of them. */
export type SaveFormat = (typeof SAVE_FORMATS)[number];

/** Larger files are no geometry. */
const MAX_BYTES = 64 << 20;
const HDF5_SIGNATURE = [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a];
const METRES = { m: 1, mm: 1e-3 };

/**
 * Reads a file that somebody chose; its content tells the format: CrystFEL .geom, HDF5 positions of LPD or DSSC, NeXus,
 * quadrant positions as CSV, .poni, or a saved state of this page.
 * @param now the geometry on screen: which detector it must be of, and where quadrants are whose positions a file leaves open
 * @throws FormatInvalid, GeometryInvalid with the place in the file and what to do
 */
export function readGeometryFile(name: string, bytes: Uint8Array, now: Geometry): LoadedFile {
  const { detector } = now;
  if (bytes.length > MAX_BYTES)
    throw new FormatInvalid(`${name} has ${bytes.length} bytes: it is no geometry file.`, { path: name });
  if (HDF5_SIGNATURE.every((byte, i) => bytes[i] === byte))
    return { kind: 'geometry', geometry: readHdf5(name, bytes, now), text: null };
  const text = decodeText(bytes);
  if (isGeometryState(text)) return { kind: 'state', document: decodeGeometryState(text, name) };
  const lines = text.split(/\r\n|\n|\r/, 2000).filter((line) => !/^\s*([;#]|$)/.test(line));
  if (lines.some((line) => /^\s*(poni1|poni_version)\s*:/i.test(line))) {
    const poni = parsePoni(text, { path: name });
    return { kind: 'experiment', experiment: checkExperiment(experimentOfGeometry(poni, now).experiment, name) };
  }
  const isTable = lines.length > 0 && lines.every((line) => !line.includes('=') && /[,;\t]/.test(line));
  if (isTable) return { kind: 'geometry', geometry: geometryFromTable(text, detector, name), text: null };
  return {
    kind: 'geometry',
    geometry: geometryFromCrystfel(text, detector, { path: name, mode: 'lenient' }),
    text,
  };
}

/** Ideal quadrants at the positions of a table. @throws FormatInvalid, GeometryInvalid if it has other parts */
export function geometryFromTable(text: string, detector: Detector, name: string): Geometry {
  const { unit, positions } = parseQuadPositions(text, { path: name });
  const metres = unit === 'px' ? detector.pixelSize : unit === null ? detector.positionUnit : METRES[unit];
  return geometryFromQuadPositions(detector, positions, { unit: metres, metadata: { path: name } });
}

function readHdf5(name: string, bytes: Uint8Array, now: Geometry): Geometry {
  const file = new ReaderHdf5File(new MemoryBytes(name, bytes), browserDecoders);
  try {
    if (isNexusGeometry(file)) return geometryFromNexus(readNexusGeometry(file), now.detector, { path: name });
    if (!isGeometryHdf5(file))
      throw new FormatInvalid(
        `${name} holds no geometry: positions of LPD and DSSC are at /Q1/M1/Position, /Q1/M1/T01/Position and so on, those of NeXus in NXdetector_module groups.`,
        { path: name },
      );
    const positions = readGeometryHdf5(file);
    const { detector } = now;
    const hasQuadrants = positions.quadrants.every(({ position }) => position !== null);
    const toMm = detector.positionUnit / 1e-3;
    const quadrants = quadPositions(now).map(([x, y]) => [x * toMm, y * toMm] as const);
    return geometryFromTilePositions(detector, positions, hasQuadrants ? undefined : quadrants, {
      metadata: { path: name },
    });
  } finally {
    file.close();
  }
}

/** Quadrant positions as text, in the unit of the detector. */
export function quadTableText(geometry: Geometry, unit: 'px' | 'mm' | 'm'): string {
  const { positionUnit, pixelSize } = geometry.detector;
  const metres = unit === 'px' ? pixelSize : METRES[unit];
  const positions = quadPositions(geometry).map(([x, y]): readonly [number, number] => [
    tidy((x * positionUnit) / metres),
    tidy((y * positionUnit) / metres),
  ]);
  return formatQuadPositions({ unit, positions });
}

/** 0.1 + 0.2 is not 0.30000000000000004 to a person. */
const tidy = (value: number) => Number(value.toPrecision(12));

/**
 * What is saved of a document. A .geom that was loaded keeps its comments, names and everything else but the positions.
 * @throws GeometryInvalid if the format cannot hold the geometry: HDF5 has no turned tiles
 */
export function geometryFileOf(
  document: GeometryDocument,
  geometry: Geometry,
  format: Exclude<SaveFormat, 'json'>,
): Blob {
  const { distance, photonEnergyKeV } = document.experiment;
  const told = { ...geometry, metadata: { ...geometry.metadata, distance, photonEnergyKeV } };
  if (format === 'csv') {
    const isMm = geometry.detector.positionUnit === 1e-3;
    return new Blob([quadTableText(geometry, isMm ? 'mm' : 'px')], { type: 'text/csv' });
  }
  if (format === 'h5') {
    if (!['LPD1M', 'DSSC1M'].includes(geometry.detector.name))
      throw new GeometryInvalid(
        `HDF5 files of positions are for LPD and DSSC; save the geometry of ${geometry.detector.name} as .geom.`,
        { detector: geometry.detector.name },
      );
    const positions = tilePositionsOf(geometry);
    const sink = new MemorySink('geometry.h5');
    const writer = createHdf5Writer(sink, { deflate: (bytes) => bytes });
    writeGeometryHdf5(writer, positions);
    writer.close();
    return new Blob([sink.bytes], { type: 'application/x-hdf5' });
  }
  const text =
    document.text === null
      ? crystfelFromGeometry(told)
      : updateCrystfel(document.text, told, { path: document.origin });
  return new Blob([text], { type: 'text/plain' });
}
