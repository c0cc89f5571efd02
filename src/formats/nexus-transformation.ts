import { FormatInvalid } from '../core/errors.ts';
import type { NdArray } from '../core/ndarray.ts';
import type { Hdf5File } from './hdf5.ts';

/** (x, y, z). */
export type Triple = readonly [number, number, number];

/** A motion of rigid bodies: p becomes `rotation` p + `shift`. */
export interface RigidMotion {
  /** (row, column), 3 x 3. */
  readonly rotation: readonly number[];
  /** m. */
  readonly shift: Triple;
}

const NO_ROTATION = [1, 0, 0, 0, 1, 0, 0, 0, 1] as const;
const NO_MOTION: RigidMotion = { rotation: NO_ROTATION, shift: [0, 0, 0] };
/** More axes below each other than any instrument has. */
const MAX_CHAIN = 200;
/** More values than any scan has. */
const MAX_VALUES = 2 ** 20;
/** Lengths in m, by names in lower case. */
const LENGTHS = new Map([
  ...unit(1, 'm', 'metre', 'metres', 'meter', 'meters'),
  ...unit(1e-2, 'cm'),
  ...unit(1e-3, 'mm', 'millimetre', 'millimetres', 'millimeter', 'millimeters'),
  ...unit(
    1e-6,
    'um',
    '\u00b5m',
    '\u03bcm',
    'micron',
    'microns',
    'micrometre',
    'micrometres',
    'micrometer',
    'micrometers',
  ),
  ...unit(1e-9, 'nm', 'nanometre', 'nanometres', 'nanometer', 'nanometers'),
  ...unit(1e-10, 'a', '\u00e5', '\u212b', 'angstrom', 'angstroms'),
  ...unit(1e-12, 'pm'),
]);
/** Angles in rad. */
const ANGLES = new Map([
  ...unit(1, 'rad', 'radian', 'radians'),
  ...unit(1e-3, 'mrad'),
  ...unit(Math.PI / 180, 'deg', 'degree', 'degrees', '\u00b0'),
]);

function unit(factor: number, ...names: readonly string[]): [string, number][] {
  return names.map((name) => [name, factor]);
}

/**
 * Axes of a NeXus file. Each says by `depends_on` on which other one it stands, until "." for the laboratory; a path that is
 * relative begins at the group of the axis.
 * @source NeXus definitions, NXtransformations: T = T3 T2 T1 where 1 depends on 2 and that on 3; a translation is
 * vector * value + offset, a rotation turns right-handed about vector and then adds offset
 */
export class NexusAxes {
  readonly #file: Hdf5File;
  readonly #motions = new Map<string, RigidMotion>();

  constructor(file: Hdf5File) {
    this.#file = file;
  }

  /** An error about a group, dataset or attribute of the file. */
  fail(place: string, reason: string): FormatInvalid {
    return new FormatInvalid(`${this.#file.path}: ${place} ${reason}`, { path: this.#file.path, place });
  }

  /**
   * From the frame of an axis to the laboratory.
   * @param path of the axis; "." is the laboratory itself
   * @throws FormatInvalid for axes that depend on each other in a circle, lead nowhere, or are not wholly described
   */
  toLaboratory(path: string): RigidMotion {
    const chain = this.chain(path);
    let motion = NO_MOTION;
    // From the laboratory outwards; what was composed once is kept, as all modules stand on the same axes.
    for (const axis of chain.reverse()) {
      const known = this.#motions.get(axis);
      motion = known ?? composed(motion, this.step(axis));
      this.#motions.set(axis, motion);
    }
    return motion;
  }

  /** Paths of an axis and of all that it depends on, to the laboratory. @throws FormatInvalid as {@link toLaboratory} */
  chain(path: string): string[] {
    const chain: string[] = [];
    for (let at: string | null = path; at !== null && at !== '.'; at = this.dependsOn(at)) {
      if (chain.includes(at))
        throw this.fail(
          at,
          `depends on itself: ${[...chain.slice(chain.indexOf(at)), at].join(' -> ')}. End the chain with ".".`,
        );
      if (chain.length === MAX_CHAIN) throw this.fail(path, `depends on more than ${MAX_CHAIN} axes.`);
      if (this.#file.kindOf(at) !== 'dataset') {
        const from = chain.at(-1);
        throw this.fail(
          at,
          `is no dataset${from === undefined ? '' : `, but ${from} depends on it`}: an axis must be a number with attributes (NXlog groups and other coordinate systems are not followed).`,
        );
      }
      chain.push(at);
    }
    return chain;
  }

  /** What a dataset's `depends_on` says: an absolute path, "." or null where there is none. @throws FormatInvalid if it is no text */
  dependsOn(path: string): string | null {
    const value = this.#attribute(path, 'depends_on');
    if (value === undefined) return null;
    return this.resolve(path, this.#text(value, path, 'depends_on'));
  }

  /** A path as it is written in the group of a dataset. @returns absolute, or "." */
  resolve(from: string, written: string): string {
    const path = written.trim();
    if (path === '' || path === '.') return '.';
    const parts = path.startsWith('/') ? [] : from.split('/').slice(1, -1);
    for (const part of path.split('/')) {
      if (part === '..') parts.pop();
      else if (part !== '' && part !== '.') parts.push(part);
    }
    return `/${parts.join('/')}`;
  }

  /** What one axis does, without those that it depends on. @throws FormatInvalid */
  step(path: string): RigidMotion {
    const kind = this.#attribute(path, 'transformation_type');
    if (kind === undefined)
      throw this.fail(path, 'has no attribute transformation_type: it must say "translation" or "rotation".');
    const type = this.#text(kind, path, 'transformation_type');
    if (type === 'translation') return { rotation: NO_ROTATION, shift: sum(this.vector(path), this.offset(path)) };
    if (type !== 'rotation')
      throw this.fail(path, `has transformation_type "${type}": it must be "translation" or "rotation".`);
    const angle = this.number(path, 'angle');
    const direction = this.#triple(path, 'vector');
    const length = Math.hypot(...direction);
    if (!(length > 0)) throw this.fail(path, 'turns about the vector (0, 0, 0): give the direction of the axis.');
    return {
      rotation: rotationAbout(direction.map((n) => n / length) as unknown as Triple, angle),
      shift: this.offset(path),
    };
  }

  /**
   * Value times vector of a translation or of a pixel direction, m.
   * @throws FormatInvalid for unknown units, or a vector of no length with a value that is not 0
   */
  vector(path: string): Triple {
    const value = this.number(path, 'length');
    const vector = this.#triple(path, 'vector');
    if (value !== 0 && vector.every((n) => n === 0))
      throw this.fail(path, `goes ${value} m along the vector (0, 0, 0): give its direction.`);
    return vector.map((n) => n * value) as unknown as Triple;
  }

  /** The attribute `offset`, m; without it nothing. */
  offset(path: string): Triple {
    if (this.#attribute(path, 'offset') === undefined) return [0, 0, 0];
    const offset = this.#triple(path, 'offset');
    if (offset.every((n) => n === 0)) return offset;
    const own = this.#attribute(path, 'offset_units');
    if (own !== undefined) {
      const factor = this.#factor(path, 'length', this.#text(own, path, 'offset_units'), 'offset_units');
      return offset.map((n) => n * factor) as unknown as Triple;
    }
    // Files are about that have one attribute for both.
    const shared = this.#attribute(path, 'units');
    const factor = shared === undefined ? undefined : LENGTHS.get(this.#text(shared, path, 'units').toLowerCase());
    if (factor === undefined) throw this.fail(path, 'has an offset without offset_units: say "m", "mm" or "um".');
    return offset.map((n) => n * factor) as unknown as Triple;
  }

  /**
   * The one value of a dataset of lengths (in m) or angles (in rad); several that are the same are one.
   * @throws FormatInvalid without `units`, for unknown ones, and for values that differ
   */
  number(path: string, kind: 'length' | 'angle'): number {
    const { type, shape } = this.#file.datasetInfo(path);
    if (type.kind !== 'plain' || type.dtype === 'string') throw this.fail(path, 'holds no numbers.');
    const count = shape.reduce((product, n) => product * n, 1);
    if (count === 0 || count > MAX_VALUES) throw this.fail(path, `has ${count} values: one is needed.`);
    const values = Array.from(this.#file.read(path).data as ArrayLike<number | bigint>, Number);
    const [value] = values;
    if (!Number.isFinite(value)) throw this.fail(path, `is ${value}: it must be a finite number.`);
    if (values.some((other) => other !== value))
      throw this.fail(path, `has ${values.length} different values, as of a scan: a geometry needs one.`);
    const units = this.#attribute(path, 'units');
    if (units === undefined)
      throw this.fail(
        path,
        `has no attribute units: say ${kind === 'length' ? '"m", "mm" or "um"' : '"deg" or "rad"'}.`,
      );
    return value * this.#factor(path, kind, this.#text(units, path, 'units'), 'units');
  }

  #factor(path: string, kind: 'length' | 'angle', written: string, attribute: string): number {
    const units = kind === 'length' ? LENGTHS : ANGLES;
    const factor = units.get(written.trim().toLowerCase());
    if (factor === undefined)
      throw this.fail(
        path,
        `has ${attribute} "${written}", which is no ${kind} that is known here: ${[...units.keys()].filter((name) => name.length < 5).join(', ')}.`,
      );
    return factor;
  }

  #attribute(path: string, name: string) {
    return this.#file.attributes(path).get(name);
  }

  /** Text, or a list of one text. */
  #text(value: unknown, path: string, name: string): string {
    if (typeof value === 'string') return value;
    const list = value as Partial<NdArray> | undefined;
    if (list?.dtype === 'string' && list.data?.length === 1) return String(list.data[0]);
    throw this.fail(path, `has an attribute ${name} that is no text.`);
  }

  #triple(path: string, name: string): Triple {
    const value = this.#attribute(path, name);
    if (value === undefined) throw this.fail(path, `has no attribute ${name}: it must be three numbers (x, y, z).`);
    const data = (value as Partial<NdArray>).data;
    const numbers =
      data === undefined || (value as NdArray).dtype === 'string'
        ? []
        : Array.from(data as ArrayLike<number | bigint>, Number);
    if (numbers.length !== 3 || !numbers.every(Number.isFinite))
      throw this.fail(path, `has ${name} (${numbers.join(', ')}): it must be three finite numbers (x, y, z).`);
    return [numbers[0], numbers[1], numbers[2]];
  }
}

/** Where a motion brings a point, m. */
export function movedPoint({ rotation, shift }: RigidMotion, point: Triple): Triple {
  return sum(turned(rotation, point), shift);
}

/** What a motion makes of a direction, which shifts do not change. */
export function movedDirection({ rotation }: RigidMotion, direction: Triple): Triple {
  return turned(rotation, direction);
}

/** First `inner`, then `outer`. */
function composed(outer: RigidMotion, inner: RigidMotion): RigidMotion {
  const rotation = Array.from({ length: 9 }, (_, i) => {
    const [row, column] = [3 * Math.floor(i / 3), i % 3];
    return [0, 1, 2].reduce((total, k) => total + outer.rotation[row + k] * inner.rotation[3 * k + column], 0);
  });
  return { rotation, shift: movedPoint(outer, inner.shift) };
}

/** @source Rodrigues' formula */
function rotationAbout([x, y, z]: Triple, angle: number): number[] {
  // Quarter turns are exact, so that what lay along an axis does so after.
  const quarters = angle / (Math.PI / 2);
  const isQuarter = Number.isInteger(quarters);
  const [c, s] = isQuarter
    ? [
        [1, 0],
        [0, 1],
        [-1, 0],
        [0, -1],
      ][((quarters % 4) + 4) % 4]
    : [Math.cos(angle), Math.sin(angle)];
  const t = 1 - c;
  return [
    ...[c + x * x * t, x * y * t - z * s, x * z * t + y * s],
    ...[y * x * t + z * s, c + y * y * t, y * z * t - x * s],
    ...[z * x * t - y * s, z * y * t + x * s, c + z * z * t],
  ];
}

function turned(rotation: readonly number[], [x, y, z]: Triple): Triple {
  const row = (at: number) => rotation[at] * x + rotation[at + 1] * y + rotation[at + 2] * z;
  return [row(0), row(3), row(6)];
}

function sum(a: Triple, b: Triple): Triple {
  return [a[0] + b[0], a[1] + b[1], a[2] + b[2]];
}
