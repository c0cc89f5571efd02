import { FormatInvalid } from '../core/errors.ts';
import type { NdArray } from '../core/ndarray.ts';
import { KEV_ANGSTROM } from '../core/physics.ts';
import type { Hdf5File } from './hdf5.ts';
import type { NexusGeometry, NexusTile } from './nexus-geometry.ts';
import { movedDirection, movedPoint, NexusAxes, type Triple } from './nexus-transformation.ts';

/** More than any detector has. */
const MAX_TILES = 16_384;
/** Positions this near are one, m. */
const SAME_PLACE = 1e-9;
const ENERGIES_KEV = new Map([
  ['ev', 1e-3],
  ['kev', 1],
  ['mev', 1e3],
]);

/** Whether a file has a detector whose modules are described, as NXmx wants it. */
export function isNexusGeometry(file: Hdf5File): boolean {
  return detectorsOf(file).length > 0;
}

/**
 * Reads where the NXdetector_module groups of a NeXus file are: `module_offset` (or `offset` of the pixel directions),
 * `fast_pixel_direction` and `slow_pixel_direction` with all axes that they depend on, `data_origin` and `data_size`. The corner
 * of a module is the outer corner of its first pixel. NeXus has our frame.
 *
 * The distance is how far along the beam the axes of the detector bring its origin; without them the number `distance` of the
 * detector, else where the first corner along the beam is. z of the tiles is what remains.
 * @throws FormatInvalid with the place in the file: no detector or several, missing or impossible numbers and attributes, unknown
 * units, axes that depend on each other in a circle, steps of data, moving axes
 * @source NeXus definitions: NXmx, NXdetector, NXdetector_module, NXtransformations, NXbeam
 */
export function readNexusGeometry(file: Hdf5File): NexusGeometry {
  const axes = new NexusAxes(file);
  const detectors = detectorsOf(file);
  if (detectors.length !== 1)
    throw new FormatInvalid(
      detectors.length === 0
        ? `${file.path} has no NXdetector_module in /NXentry/NXinstrument/NXdetector.`
        : `${file.path} describes ${detectors.length} detectors (${detectors.map(({ path }) => path).join(', ')}); a geometry is of one. Save one of them by itself.`,
      { path: file.path },
    );
  const [{ path, entry, modules }] = detectors;
  if (modules.length > MAX_TILES) throw axes.fail(path, `has ${modules.length} modules: no detector has so many.`);
  const tiles = modules.map((module) => readTile(file, axes, module));
  const along = distanceOf(file, axes, path, tiles);
  return {
    detector: textOf(file, `${path}/local_name`) ?? path.slice(path.lastIndexOf('/') + 1),
    distance: along,
    photonEnergyKeV: photonEnergyOf(file, axes, entry),
    tiles: tiles.map(({ corner: [x, y, z], ...tile }) => ({ ...tile, corner: [x, y, z - (along ?? 0)] })),
  };
}

interface FoundDetector {
  readonly path: string;
  readonly entry: string;
  readonly modules: readonly string[];
}

function detectorsOf(file: Hdf5File): FoundDetector[] {
  return groupsOf(file, '/', 'NXentry').flatMap((entry) =>
    groupsOf(file, entry, 'NXinstrument').flatMap((instrument) =>
      groupsOf(file, instrument, 'NXdetector').flatMap((path) => {
        const modules = groupsOf(file, path, 'NXdetector_module');
        return modules.length > 0 ? [{ path, entry, modules }] : [];
      }),
    ),
  );
}

/** Paths of the groups of a class in a group. */
function groupsOf(file: Hdf5File, path: string, nxClass: string): string[] {
  const folder = path === '/' ? '' : path;
  return file.children(path).flatMap(({ name, kind }) => {
    if (kind !== 'group') return [];
    const group = `${folder}/${name}`;
    return firstText(file.attributes(group).get('NX_class')) === nxClass ? [group] : [];
  });
}

function firstText(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  const list = value as Partial<NdArray> | undefined;
  return list?.dtype === 'string' ? (list.data as readonly string[])[0] : undefined;
}

function textOf(file: Hdf5File, path: string): string | undefined {
  if (file.kindOf(path) !== 'dataset') return undefined;
  const { type, shape } = file.datasetInfo(path);
  if (type.kind !== 'plain' || type.dtype !== 'string' || shape.some((n) => n !== 1)) return undefined;
  return String(file.read(path).data[0]);
}

/** A tile in the laboratory. */
function readTile(file: Hdf5File, axes: NexusAxes, path: string): NexusTile {
  const need = (name: string) => {
    const found = `${path}/${name}`;
    if (file.kindOf(found) !== 'dataset') throw axes.fail(found, 'is missing: NXdetector_module needs it.');
    return found;
  };
  const origin = readIndices(file, axes, need('data_origin'), 0);
  const size = readIndices(file, axes, need('data_size'), 1);
  if (size.length !== origin.length)
    throw axes.fail(`${path}/data_size`, `has ${size.length} numbers, and data_origin ${origin.length}.`);
  if (size.length === 3 && size[0] !== 1)
    throw axes.fail(
      `${path}/data_size`,
      `is (${size.join(', ')}): a module is one plane of the data, so begin with 1.`,
    );
  if (file.kindOf(`${path}/data_stride`) === 'dataset') {
    const stride = readIndices(file, axes, `${path}/data_stride`, 0);
    if (stride.length !== size.length || stride.some((step, axis) => step !== 1 && size[axis] > 1))
      throw axes.fail(
        `${path}/data_stride`,
        `is (${stride.join(', ')}): only modules whose pixels follow each other can be read.`,
      );
  }
  const [fast, slow] = [need('fast_pixel_direction'), need('slow_pixel_direction')];
  return {
    name: path,
    origin,
    size,
    corner: cornerOf(file, axes, path, fast, slow),
    ss: pixelStep(axes, slow),
    fs: pixelStep(axes, fast),
  };
}

function readIndices(file: Hdf5File, axes: NexusAxes, path: string, least: number): number[] {
  const { type, shape } = file.datasetInfo(path);
  const isList = shape.length === 1 && (shape[0] === 2 || shape[0] === 3);
  if (type.kind !== 'plain' || type.dtype === 'string' || !isList)
    throw axes.fail(path, `must be two or three whole numbers, (ss, fs) or (module, ss, fs); its shape is [${shape}].`);
  const numbers = Array.from(file.read(path).data as ArrayLike<number | bigint>, Number);
  if (!numbers.every((n) => Number.isInteger(n) && n >= least && n < 2 ** 31))
    throw axes.fail(path, `is (${numbers.join(', ')}): it must be whole numbers of at least ${least}.`);
  return numbers;
}

/** A pixel direction's own axes; a module without them would be anywhere. */
function standsOn(axes: NexusAxes, path: string): string {
  const on = axes.dependsOn(path);
  if (on === null) throw axes.fail(path, 'has no attribute depends_on: say on which axis it stands, or ".".');
  return on;
}

function pixelStep(axes: NexusAxes, path: string): Triple {
  const step = axes.vector(path);
  if (!(Math.hypot(...step) > 0)) throw axes.fail(path, 'is 0: it must be the size of a pixel, with its direction.');
  return movedDirection(axes.toLaboratory(standsOn(axes, path)), step);
}

/**
 * Files say it in two ways: by `module_offset`, on which the pixel directions depend or which stands beside them, and by
 * `offset` of the pixel directions.
 */
function cornerOf(file: Hdf5File, axes: NexusAxes, path: string, fast: string, slow: string): Triple {
  const [byFast, bySlow] = [fast, slow].map((axis) =>
    movedPoint(axes.toLaboratory(standsOn(axes, axis)), axes.offset(axis)),
  );
  if (apart(byFast, bySlow) > SAME_PLACE)
    throw axes.fail(
      path,
      'has a fast and a slow pixel direction that begin at different places: correct offset or depends_on.',
    );
  const offset = `${path}/module_offset`;
  if (file.kindOf(offset) !== 'dataset') return byFast;
  standsOn(axes, offset);
  if (axes.chain(standsOn(axes, fast)).includes(offset)) return byFast;
  const byModule = axes.toLaboratory(offset).shift;
  const isAlone = axes.offset(fast).every((n) => n === 0);
  if (isAlone || apart(byModule, byFast) <= SAME_PLACE) return byModule;
  if (axes.step(offset).shift.every((n) => n === 0)) return byFast;
  throw axes.fail(
    path,
    'has a module_offset and another offset of the pixel directions, which do not depend on it: keep one of them.',
  );
}

function apart(a: Triple, b: Triple): number {
  return Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);
}

function distanceOf(file: Hdf5File, axes: NexusAxes, path: string, tiles: readonly NexusTile[]): number | null {
  const on = textOf(file, `${path}/depends_on`);
  const byAxes = on === undefined ? 0 : axes.toLaboratory(axes.resolve(`${path}/depends_on`, on)).shift[2];
  if (byAxes > 0) return byAxes;
  const field = `${path}/distance`;
  const told = file.kindOf(field) === 'dataset' ? axes.number(field, 'length') : 0;
  if (told > 0) return told;
  const first = tiles.reduce((least, { corner }) => Math.min(least, corner[2]), Number.POSITIVE_INFINITY);
  return first > 0 ? first : null;
}

/** Of the entry's NXbeam; null where there is none, or a spectrum. */
function photonEnergyOf(file: Hdf5File, axes: NexusAxes, entry: string): number | null {
  const beams = ['NXinstrument', 'NXsample']
    .flatMap((nxClass) => groupsOf(file, entry, nxClass))
    .flatMap((group) => groupsOf(file, group, 'NXbeam'));
  const single = (path: string) =>
    file.kindOf(path) === 'dataset' && file.datasetInfo(path).shape.every((length) => length === 1);
  for (const beam of beams) {
    const [energy, wavelength] = [`${beam}/incident_energy`, `${beam}/incident_wavelength`];
    if (single(energy)) return positive(axes, energy, energyKeV(file, axes, energy));
    if (single(wavelength)) {
      const length = positive(axes, wavelength, axes.number(wavelength, 'length'));
      return KEV_ANGSTROM / (length * 1e10);
    }
  }
  return null;
}

function energyKeV(file: Hdf5File, axes: NexusAxes, path: string): number {
  const { type } = file.datasetInfo(path);
  if (type.kind !== 'plain' || type.dtype === 'string') throw axes.fail(path, 'holds no number.');
  const units = firstText(file.attributes(path).get('units')) ?? '';
  const factor = ENERGIES_KEV.get(units.trim().toLowerCase());
  if (factor === undefined) throw axes.fail(path, `has units "${units}": say "eV" or "keV".`);
  return Number(file.read(path).data[0]) * factor;
}

function positive(axes: NexusAxes, path: string, value: number): number {
  if (!(value > 0 && Number.isFinite(value))) throw axes.fail(path, `is ${value}: it must be above 0.`);
  return value;
}
