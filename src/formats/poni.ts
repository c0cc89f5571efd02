import { FormatInvalid, Unsupported } from '../core/errors.ts';

/**
 * Which corner of the picture the first pixel is, seen from behind the detector: 1 top left, 2 top right, 3 bottom right, 4 bottom
 * left. Seen from the sample left and right change places: 3 is bottom left there. @source pyFAI, tutorial on orientation
 */
export type PoniOrientation = 1 | 2 | 3 | 4;

/**
 * A calibrated experiment as pyFAI keeps it: the point of normal incidence on a flat detector, and three rotations.
 * Axis 1 is the slow one (y, up), axis 2 the fast one (x), axis 3 along the beam. Lengths in m, angles in rad.
 */
export interface Poni {
  readonly distance: number;
  readonly poni1: number;
  readonly poni2: number;
  readonly rot1: number;
  readonly rot2: number;
  readonly rot3: number;
  readonly wavelength: number | null;
  /** pyFAI's name of the detector; `Detector` where only its pixels are known. */
  readonly detector: string;
  /** Pixel size along axes 1 and 2, m; null where only the name of the detector tells, and we do not know it. */
  readonly pixel: readonly [axis1: number, axis2: number] | null;
  /** Pixels along axes 1 and 2. */
  readonly shape: readonly [axis1: number, axis2: number] | null;
  /** 3 is how arrays lie in pyFAI; only version 2.1 can tell of another one. */
  readonly orientation: PoniOrientation;
  /** Distortion of older detectors, a file of its own. */
  readonly splineFile: string | null;
  /** Everything of `Detector_config` (version 2), as it was. */
  readonly config: Readonly<Record<string, unknown>>;
}

/** Versions of the format that can be written. */
export type PoniVersion = '1' | '2' | '2.1';

/** Where the pixel size is not in the file but known from the detector's name. @source makers' data sheets */
const KNOWN_PIXELS: readonly (readonly [name: RegExp, pixel: number])[] = [
  [/^pilatus/i, 172e-6],
  [/^eiger|^jungfrau/i, 75e-6],
  [/^(timepix|maxipix)/i, 55e-6],
];
const MAX_LENGTH = 16 * 2 ** 20;

/** A value with its line. */
interface Entry {
  readonly line: number;
  readonly value: string;
}

/**
 * Reads a .poni file of version 1, 2 or 2.1. Calibrations are appended to the same file: the last one counts.
 * @throws FormatInvalid with the line
 * @source pyFAI, io.ponifile; https://pyfai.readthedocs.io
 */
export function parsePoni(text: string, { path = 'poni file' }: { readonly path?: string } = {}): Poni {
  const fail = (line: number, message: string) =>
    new FormatInvalid(`${path}${line > 0 ? `, line ${line}` : ''}: ${message}`, { path, line });
  if (text.length > MAX_LENGTH) throw fail(0, `${text.length} characters are no .poni file.`);
  const { all, last } = readBlocks(text);
  const number = (...names: readonly string[]): number | undefined => {
    const entry = names.map((name) => all.get(name)).find((found) => found !== undefined);
    if (!entry || /^none$/i.test(entry.value)) return undefined;
    const value = entry.value === '' ? Number.NaN : Number(entry.value);
    if (!Number.isFinite(value)) throw fail(entry.line, `${names[0]} = "${shorten(entry.value)}" must be a number.`);
    return value;
  };
  const required = (...names: readonly string[]) => {
    const value = number(...names);
    if (value === undefined) throw fail(0, `There is no ${names[0]}. Is it a .poni file, and is it whole?`);
    return value;
  };
  const distance = required('distance', 'dist');
  if (!(distance > 0)) throw fail(all.get('distance')?.line ?? 0, `The distance ${distance} must be above 0 m.`);
  const wavelength = number('wavelength') ?? null;
  if (wavelength !== null && !(wavelength > 0))
    throw fail(all.get('wavelength')?.line ?? 0, `The wavelength ${wavelength} must be above 0 m.`);
  const version = last.get('poni_version') ?? { line: 0, value: '1' };
  if (!/^(1|2)(\.\d+)?$/.test(version.value)) {
    throw fail(version.line, `Version "${shorten(version.value)}" is not known; 1, 2 and 2.1 are.`);
  }
  const isFirst = version.value.startsWith('1');
  const config = isFirst ? {} : readConfig(all.get('detector_config'), fail);
  const name = all.get('detector')?.value ?? 'Detector';
  const spline = isFirst ? all.get('splinefile')?.value : config.splineFile;
  return {
    distance,
    poni1: required('poni1'),
    poni2: required('poni2'),
    rot1: number('rot1') ?? 0,
    rot2: number('rot2') ?? 0,
    rot3: number('rot3') ?? 0,
    wavelength,
    detector: isFirst && !all.has('detector') ? 'Detector' : name,
    pixel: readPixel(isFirst ? [number('pixelsize1'), number('pixelsize2')] : [config.pixel1, config.pixel2], name),
    shape: readShape(config.max_shape),
    orientation: readOrientation(config.orientation, all.get('detector_config')?.line ?? 0, fail),
    splineFile: typeof spline === 'string' && !/^(none|)$/i.test(spline) ? spline : null,
    config,
  };
}

type Fail = (line: number, message: string) => FormatInvalid;

/** All values, later ones over earlier ones, and those of the last calibration alone, which has the version. */
function readBlocks(text: string): { all: Map<string, Entry>; last: Map<string, Entry> } {
  const all = new Map<string, Entry>();
  let last = new Map<string, Entry>();
  for (const [index, line] of text.split(/\r\n|\n|\r/).entries()) {
    const colon = line.indexOf(':');
    if (line.startsWith('#') || colon < 0) continue;
    const key = line.slice(0, colon).trim().toLowerCase();
    const isNext = last.has(key) || (key === 'poni_version' && (last.has('distance') || last.has('dist')));
    if (isNext) last = new Map();
    const entry = { line: index + 1, value: line.slice(colon + 1).trim() };
    last.set(key, entry);
    all.set(key, entry);
  }
  return { all, last };
}

function readConfig(entry: Entry | undefined, fail: Fail): Record<string, unknown> {
  if (!entry || entry.value === '' || /^none$/i.test(entry.value)) return {};
  let config: unknown;
  try {
    config = JSON.parse(entry.value);
  } catch {
    config = null;
  }
  if (typeof config !== 'object' || config === null || Array.isArray(config))
    throw fail(entry.line, `Detector_config = "${shorten(entry.value)}" must be a JSON object.`);
  return config as Record<string, unknown>;
}

function readPixel(sizes: readonly unknown[], name: string): Poni['pixel'] {
  const [first, second] = sizes.map((size) => (typeof size === 'number' && size > 0 ? size : undefined));
  if (first !== undefined && second !== undefined) return [first, second];
  const known = KNOWN_PIXELS.find(([pattern]) => pattern.test(name))?.[1];
  return known === undefined ? null : [known, known];
}

function readShape(shape: unknown): Poni['shape'] {
  const isPair = Array.isArray(shape) && shape.length === 2 && shape.every((n) => Number.isInteger(n) && n > 0);
  return isPair ? [shape[0], shape[1]] : null;
}

function readOrientation(orientation: unknown, line: number, fail: Fail): PoniOrientation {
  // 0 is how pyFAI says that nobody told.
  if (orientation === undefined || orientation === null || orientation === 0) return 3;
  if (orientation === 1 || orientation === 2 || orientation === 3 || orientation === 4) return orientation;
  throw fail(line, `orientation ${shorten(JSON.stringify(orientation))} must be 1, 2, 3 or 4.`);
}

function shorten(text: string): string {
  return text.length > 60 ? `${text.slice(0, 60)}..` : text;
}

/**
 * A calibration as a .poni file.
 * @param options `version`: pyFAI before 2023 reads 1 and 2; `date` stands in a comment
 * @throws Unsupported if the version cannot hold it: an orientation other than 3 before 2.1, a detector without pixel size in 1
 */
export function formatPoni(
  poni: Poni,
  { version = '2.1', date }: { readonly version?: PoniVersion; readonly date?: Date } = {},
): string {
  if (version !== '2.1' && poni.orientation !== 3) {
    throw new Unsupported(
      `Version ${version} of .poni files cannot tell the orientation ${poni.orientation}: write version 2.1.`,
      { version, orientation: poni.orientation },
    );
  }
  const lines = [
    '# Nota: C-Order, 1 refers to the Y axis, 2 to the X axis',
    ...(date ? [`# Calibration done at ${date.toISOString()}`] : []),
    ...(version === '1' ? firstVersionLines(poni) : secondVersionLines(poni, version)),
    `Distance: ${poni.distance}`,
    `Poni1: ${poni.poni1}`,
    `Poni2: ${poni.poni2}`,
    `Rot1: ${poni.rot1}`,
    `Rot2: ${poni.rot2}`,
    `Rot3: ${poni.rot3}`,
    ...(version === '1' ? [`SplineFile: ${poni.splineFile ?? 'None'}`] : []),
    ...(poni.wavelength === null ? [] : [`Wavelength: ${poni.wavelength}`]),
  ];
  return `${lines.join('\n')}\n`;
}

function firstVersionLines({ pixel, detector }: Poni): string[] {
  if (!pixel) {
    throw new Unsupported(`Version 1 of .poni files needs the pixel size, which is not known of ${detector}.`, {
      detector,
    });
  }
  return [`PixelSize1: ${pixel[0]}`, `PixelSize2: ${pixel[1]}`];
}

function secondVersionLines(poni: Poni, version: '2' | '2.1'): string[] {
  const { pixel1, pixel2, max_shape, splineFile, orientation, ...others } = poni.config;
  const isPlain = poni.detector === 'Detector';
  const config = {
    // A detector that pyFAI knows by name has no pixel size in its configuration, unless it had one before.
    ...(poni.pixel && (isPlain || pixel1 !== undefined) ? { pixel1: poni.pixel[0], pixel2: poni.pixel[1] } : {}),
    ...(isPlain || max_shape !== undefined ? { max_shape: poni.shape } : {}),
    ...(poni.splineFile === null ? {} : { splineFile: poni.splineFile }),
    ...others,
    ...(version === '2.1' ? { orientation: poni.orientation } : {}),
  };
  return [`poni_version: ${version}`, `Detector: ${poni.detector}`, `Detector_config: ${JSON.stringify(config)}`];
}

/**
 * The same calibration for arrays that lie as pyFAI's own do (orientation 3). A mirrored picture sees mirrored rotations.
 * @throws Unsupported if the picture is mirrored and its size is not known
 * @source pyFAI, detectors: pixels are counted from the other end, and the result is turned back
 */
export function nativePoni(poni: Poni): Poni {
  const { orientation, shape, pixel } = poni;
  if (orientation === 3) return poni;
  if (!shape || !pixel) {
    throw new Unsupported(
      `Orientation ${orientation} of ${poni.detector} needs the size of the picture and its pixels: add max_shape, pixel1 and pixel2 to Detector_config.`,
      { orientation, detector: poni.detector },
    );
  }
  const [up, across] = [orientation === 4 ? 1 : -1, orientation === 2 ? 1 : -1];
  return {
    ...poni,
    orientation: 3,
    poni1: up < 0 ? shape[0] * pixel[0] - poni.poni1 : poni.poni1,
    poni2: across < 0 ? shape[1] * pixel[1] - poni.poni2 : poni.poni2,
    rot1: across * poni.rot1,
    rot2: up * poni.rot2,
    rot3: up * across * poni.rot3,
  };
}
