import { extname } from 'node:path';
import type { Command } from 'commander';
import { Usage } from '../core/errors.ts';
import type { Geometry, Point } from '../detector/geometry.ts';
import { detectorOption } from './detector-option.ts';

/** Options that say what a geometry file leaves open. */
export interface GeometryFileOptions {
  readonly detector?: string;
  readonly modules?: string;
  readonly quads?: string;
  readonly inverted?: boolean;
}

/** Adds `--detector`, `--modules`, `--quads` and `--inverted`. */
export function addGeometryFileOptions(command: Command): Command {
  return command
    .option(
      '--detector <name>',
      'which detector, such as AGIPD1M, LPD, JF4M, or its record FILE.json (default: the one whose tiles the file has)',
    )
    .option('--modules <n>', 'number of modules, where it is free (JUNGFRAU)')
    .option(
      '--quads <positions>',
      'positions of the quadrants for HDF5 files, mm: "11.4,299 -11.5,8 254.5,-16 278.5,275"',
    )
    .option('--inverted', 'the HDF5 file counts x and y the other way (lpd_mar_18.h5)');
}

/** Loads a geometry file as the options say. @throws Usage, and as loadGeometry */
export async function loadGeometryFile(
  path: string,
  options: GeometryFileOptions,
  isStrict = false,
): Promise<Geometry> {
  const { loadGeometry, readGeometryText } = await import('../platform/node/load-geometry.ts');
  if (options.quads !== undefined || options.inverted) {
    const { format } = await readGeometryText(path);
    if (format !== 'hdf5')
      throw new Usage(
        `--quads and --inverted are for HDF5 files of LPD and DSSC positions, which ${path} is not: leave them out.`,
        { path },
      );
  }
  const modules = options.modules === undefined ? undefined : toNumber('--modules', options.modules);
  if (modules !== undefined && options.detector === undefined) throw new Usage('--modules needs --detector.');
  const detector = options.detector === undefined ? undefined : await detectorOption(options.detector, modules);
  return loadGeometry(path, detector, {
    quadPositionsMm: options.quads === undefined ? undefined : parsePoints(options.quads),
    isInverted: options.inverted,
    isStrict,
  });
}

function parsePoints(text: string): Point[] {
  return text
    .trim()
    .split(/[\s;]+/)
    .map((pair) => {
      const numbers = pair.split(',').map((number) => (number === '' ? Number.NaN : Number(number)));
      if (numbers.length !== 2 || !numbers.every(Number.isFinite))
        throw new Usage(`--quads: "${pair}" is no position: write x,y for each quadrant, with spaces between them.`);
      return [numbers[0], numbers[1]] as const;
    });
}

/** A number above 0 of an option; `what` is in the message. @throws Usage if it is none */
export function toPositive(option: string, text: string, what = 'a number'): number {
  const number = toNumber(option, text);
  if (!(number > 0)) throw new Usage(`${option} needs ${what} above 0, got "${text}".`);
  return number;
}

/** A whole number above 0 of an option. @throws Usage if it is none */
export function toCount(option: string, text: string): number {
  const number = toPositive(option, text, 'a whole number');
  if (!Number.isSafeInteger(number)) throw new Usage(`${option} needs a whole number above 0, got "${text}".`);
  return number;
}

/** A number of an option. @throws Usage if it is none */
export function toNumber(option: string, text: string): number {
  const number = text.trim() === '' ? Number.NaN : Number(text);
  if (!Number.isFinite(number)) throw new Usage(`${option} needs a number, got "${text}".`);
  return number;
}

const ENDINGS = ['.geom', '.h5', '.hdf5', '.poni', '.nxs', '.csv'];

/** Refuses a name for a geometry before anything is computed for it. @throws Usage */
export function checkGeometryEnding(path: string): void {
  if (ENDINGS.includes(extname(path).toLowerCase())) return;
  throw new Usage(`${path}: save geometries as .geom, .h5, .poni, .nxs or .csv.`, { path });
}
