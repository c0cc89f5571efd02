import { GeometryInvalid, isXfelError } from '../core/errors.ts';
import { KEV_ANGSTROM } from '../core/physics.ts';
import { nativePoni, type Poni } from '../formats/poni.ts';
import { geometryFromDescription } from './generic-detector.ts';
import { createGeometry, type Geometry, TILE_NUMBERS } from './geometry.ts';
import { beamFrame, type Experiment } from './integration/experiment.ts';
import { type SnappedGeometry, snapGeometry } from './snapped-geometry.ts';

/**
 * What a .poni file says of a geometry.
 * @param image the assembled picture that was calibrated; without it the file is about positions in the geometry's own frame,
 * as EXtra-geom's `to_pyfai_detector` gives them to pyFAI
 * @throws GeometryInvalid if the picture has another size than the calibrated one, or a distortion spline belongs to it
 */
export function experimentFromPoni(poni: Poni, image?: SnappedGeometry): Experiment {
  if (poni.splineFile !== null) {
    throw new GeometryInvalid(
      `The calibration needs the distortion file ${poni.splineFile}, which cannot be used here: calibrate without it.`,
      { splineFile: poni.splineFile },
    );
  }
  if (image && poni.shape && (poni.shape[0] !== image.shape[0] || poni.shape[1] !== image.shape[1])) {
    throw new GeometryInvalid(
      `The calibrated picture has ${poni.shape.join(' x ')} pixels, the geometry makes one of ${image.shape.join(' x ')}: it belongs to another geometry.`,
      { expected: [...image.shape], got: [...poni.shape] },
    );
  }
  const { distance, poni1, poni2, rot1, rot2, rot3, wavelength } = nativePoni(
    image ? { ...poni, shape: image.shape, pixel: poni.pixel ?? image.pitch } : poni,
  );
  return {
    distance,
    // The origin lies somewhere in the picture.
    poni1: image ? poni1 - image.centre[0] * image.pitch[0] : poni1,
    poni2: image ? poni2 - image.centre[1] * image.pitch[1] : poni2,
    rot1,
    rot2,
    rot3,
    ...(wavelength === null ? {} : { photonEnergyKeV: KEV_ANGSTROM / (wavelength * 1e10) }),
  };
}

/** A calibration in the frame of a geometry. */
export interface CalibratedGeometry {
  readonly experiment: Experiment;
  /** What was calibrated: the assembled picture, or exact positions in the geometry's own frame. */
  readonly frame: 'picture' | 'positions';
  /** The file does not tell, so it was taken to be what has the beam nearer to the geometry's origin. */
  readonly isGuess: boolean;
}

/**
 * What a .poni file says of a geometry, whether its picture was calibrated or its positions: the size of the calibrated array
 * tells (picture, or modules below each other); without it, or if both have that size, the one whose beam is nearer to the
 * origin.
 * @throws GeometryInvalid if the calibrated array has another size, or a distortion spline belongs to it
 */
export function experimentOfGeometry(poni: Poni, geometry: Geometry): CalibratedGeometry {
  const [modules, ss, fs] = geometry.detector.dataShape;
  const image = snapOrNone(geometry);
  const isOf = (shape: readonly number[]) => poni.shape === null || String(poni.shape) === String(shape);
  const readings: CalibratedGeometry[] = [];
  const isGuess = poni.shape === null;
  if (isOf([modules * ss, fs])) readings.push({ experiment: experimentFromPoni(poni), frame: 'positions', isGuess });
  if (image && isOf(image.shape))
    readings.push({ experiment: experimentFromPoni(poni, image), frame: 'picture', isGuess });
  const [best] = readings.sort((a, b) => beamDistance(a.experiment) - beamDistance(b.experiment));
  if (!best) {
    throw new GeometryInvalid(
      `The calibrated picture has ${poni.shape?.join(' x ')} pixels; this ${geometry.detector.name} makes one of ${image ? image.shape.join(' x ') : 'none'}, or ${modules * ss} x ${fs} with modules below each other: the calibration belongs to another geometry.`,
      { expected: image ? [...image.shape] : [], got: [...(poni.shape ?? [])] },
    );
  }
  return best;
}

/** Pictures of detectors that are turned out of the grid cannot be; they cannot have been calibrated, either. */
function snapOrNone(geometry: Geometry): SnappedGeometry | null {
  try {
    return snapGeometry(geometry);
  } catch (error) {
    if (isXfelError(error, 'GeometryInvalid')) return null;
    throw error;
  }
}

/** How far from the origin the beam goes through the plane of a detector, m. */
function beamDistance(experiment: Experiment): number {
  const { matrix: m } = beamFrame(experiment);
  const { distance, poni1 = 0, poni2 = 0 } = experiment;
  return Math.hypot(poni1 + (distance * m[6]) / m[8], poni2 + (distance * m[7]) / m[8]);
}

/**
 * A calibration as pyFAI wants it, the reverse of {@link experimentFromPoni}.
 * @param geometry whose frame it is about @param image the picture that pyFAI gets, if it is not to get exact positions
 */
export function poniFromExperiment(experiment: Experiment, geometry: Geometry, image?: SnappedGeometry): Poni {
  const { distance, poni1 = 0, poni2 = 0, rot1 = 0, rot2 = 0, rot3 = 0, photonEnergyKeV } = experiment;
  const { pixelSize } = geometry.detector;
  return {
    distance,
    poni1: image ? poni1 + image.centre[0] * image.pitch[0] : poni1,
    poni2: image ? poni2 + image.centre[1] * image.pitch[1] : poni2,
    rot1,
    rot2,
    rot3,
    wavelength: photonEnergyKeV === undefined ? null : (KEV_ANGSTROM / photonEnergyKeV) * 1e-10,
    detector: 'Detector',
    pixel: image ? [image.pitch[0], image.pitch[1]] : [pixelSize, pixelSize],
    shape: image ? [image.shape[0], image.shape[1]] : null,
    orientation: 3,
    splineFile: null,
    config: {},
  };
}

/**
 * The geometry as it stands in the beam: the beam goes through the origin along z, tilts are part of the positions, and the
 * distance is the one along the beam.
 * @throws GeometryInvalid if the beam does not hit the detector's plane; StateInvalid for impossible numbers
 */
export function placeInBeam(geometry: Geometry, experiment: Experiment): Geometry {
  const { shift, matrix: m } = beamFrame(experiment);
  if (!(m[8] > 0)) {
    throw new GeometryInvalid('The detector is turned by 90 degrees or more against the beam: check rot1 and rot2.', {
      rot1: experiment.rot1,
      rot2: experiment.rot2,
    });
  }
  const distance = experiment.distance / m[8];
  // (y, x, z) of the file's frame to (x, y, z) of ours.
  const turn = (y: number, x: number, z: number) => [
    m[3] * y + m[4] * x + m[5] * z,
    m[0] * y + m[1] * x + m[2] * z,
    m[6] * y + m[7] * x + m[8] * z,
  ];
  const tiles = new Float64Array(geometry.tiles.length);
  for (let at = 0; at < tiles.length; at += TILE_NUMBERS) {
    const [x, y, z, ssX, ssY, ssZ, fsX, fsY, fsZ] = geometry.tiles.subarray(at, at + TILE_NUMBERS);
    const corner = turn(y + shift[0], x + shift[1], z + shift[2]);
    corner[2] -= distance;
    tiles.set([...corner, ...turn(ssY, ssX, ssZ), ...turn(fsY, fsX, fsZ)], at);
  }
  const { photonEnergyKeV } = experiment;
  return createGeometry(geometry.detector, tiles, {
    ...geometry.metadata,
    distance,
    ...(photonEnergyKeV === undefined ? {} : { photonEnergyKeV }),
  });
}

/**
 * The geometry of one flat picture, which is all that a .poni file by itself describes: one module, one tile. It stands in the
 * beam as {@link placeInBeam} puts it: tilts and beam centre are part of the positions, and its `metadata` have distance and
 * photon energy, so that `{ distance, photonEnergyKeV }` is its whole experiment.
 * @throws GeometryInvalid if size or pixels of the picture are not in the file
 */
export function flatGeometryFromPoni(poni: Poni, options: { readonly path?: string } = {}): Geometry {
  const { path = 'poni file' } = options;
  const { shape, pixel, detector } = poni;
  if (!shape || !pixel) {
    throw new GeometryInvalid(
      `${path}: it does not say how many pixels ${detector} has, or how large they are. Add max_shape, pixel1 and pixel2 to Detector_config, or give the geometry file of the detector, too.`,
      { path, detector },
    );
  }
  const flat = geometryFromDescription({
    name: detector,
    pixelSize: pixel[1],
    slowPixels: shape[0],
    fastPixels: shape[1],
    corners: [[0, 0, 0]],
    ss: [0, pixel[0] / pixel[1], 0],
    fs: [1, 0, 0],
  });
  const placed = placeInBeam(flat, experimentFromPoni(poni));
  return { ...placed, metadata: { ...placed.metadata, path } };
}

/**
 * The calibration of one flat tile as it stands in the beam, tilts included: the reverse of {@link flatGeometryFromPoni}. Rows of
 * the calibrated picture go up and columns along +x, whichever way the data are stored.
 * @param experiment `distance` is the one along the beam
 * @throws GeometryInvalid if the detector has more than one tile, or its rows and columns are not at right angles
 * @source pyFAI, geometry: columns of its rotation matrix are the directions of rows, columns and normal
 */
export function poniFromFlatGeometry(
  { detector, tiles }: Geometry,
  experiment: { readonly distance: number; readonly photonEnergyKeV?: number },
): Poni {
  if (tiles.length !== TILE_NUMBERS)
    throw new GeometryInvalid(`${detector.name} is more than one flat tile: save its picture, or a .geom file.`, {
      detector: detector.name,
    });
  const [x, y, z, ssX, ssY, ssZ, fsX, fsY, fsZ] = tiles;
  const [, ssPixels, fsPixels] = detector.dataShape;
  // In pyFAI's order: up, left, along the beam.
  const corner = [y, x, z + experiment.distance];
  const ss = axisOf([ssY, ssX, ssZ], ssPixels);
  const fs = axisOf([fsY, fsX, fsZ], fsPixels);
  const [rows, columns] = Math.abs(ss.unit[0]) >= Math.abs(fs.unit[0]) ? [ss, fs] : [fs, ss];
  const towards = ({ unit, pixel, pixels }: ReturnType<typeof axisOf>, axis: number) => {
    if (unit[axis] >= 0) return unit;
    for (const [i, part] of unit.entries()) corner[i] += part * pixel * pixels;
    return unit.map((part) => -part);
  };
  const [a, b] = [towards(rows, 0), towards(columns, 1)];
  if (Math.abs(dot(a, b)) > 1e-6)
    throw new GeometryInvalid(`Rows and columns of ${detector.name} are not at right angles, as pyFAI needs them.`, {
      detector: detector.name,
    });
  const normal = [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
  const { photonEnergyKeV } = experiment;
  return {
    distance: dot(normal, corner),
    // 0 - 0 is 0, -0 would be written.
    poni1: 0 - dot(a, corner),
    poni2: 0 - dot(b, corner),
    rot1: Math.atan2(0 - b[2], normal[2]),
    rot2: Math.asin(Math.max(-1, Math.min(1, a[2]))),
    rot3: Math.atan2(a[1], a[0]),
    wavelength: photonEnergyKeV === undefined ? null : (KEV_ANGSTROM / photonEnergyKeV) * 1e-10,
    detector: 'Detector',
    pixel: [rows.pixel, columns.pixel],
    shape: [rows.pixels, columns.pixels],
    orientation: 3,
    splineFile: null,
    config: {},
  };
}

function axisOf(step: readonly number[], pixels: number) {
  const pixel = Math.hypot(...step);
  return { unit: step.map((part) => part / pixel), pixel, pixels };
}

function dot(a: readonly number[], b: readonly number[]): number {
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}
