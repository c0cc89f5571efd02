import { FormatInvalid } from '../core/errors.ts';
import {
  type Detector,
  type GapLength,
  HEXAGON_PIXEL,
  type ModulePlacement,
  type MotorAxes,
  NO_LENGTH,
  type PixelShape,
  type ReferencePoint,
  SQUARE_PIXEL,
  type TileSlice,
  tileGrid,
} from './detector.ts';

const MAX_LENGTH = 16 * 2 ** 20;
/** Larger than any detector by far; pictures of one frame must fit into memory. */
const MAX_PIXELS = 2 ** 28;
const REFERENCES: readonly ReferencePoint[] = ['firstPixel', 'low', 'high', 'centre'];
const KEYS = [
  ...['name', 'dataShape', 'pixelSize', 'pitch', 'pixel', 'seamStretch', 'tiles', 'modules', 'groupModules'],
  ...['reference', 'asicGap', 'panelGap', 'positionUnit', 'examplePositions', 'motors', 'extraRows', 'comment'],
];

/** A value with its place in the document, such as `modules[3].ss`. */
class Field {
  readonly value: unknown;
  readonly place: string;
  readonly path: string;

  constructor(value: unknown, place: string, path: string) {
    this.value = value;
    this.place = place;
    this.path = path;
  }

  fail(wanted: string): FormatInvalid {
    const text = this.value === undefined ? 'missing' : JSON.stringify(this.value);
    const got = text.length > 60 ? `${text.slice(0, 60)}..` : text;
    return new FormatInvalid(`${this.path}: ${this.place || 'the document'} is ${got}; it must be ${wanted}.`, {
      path: this.path,
      field: this.place,
    });
  }

  get isMissing(): boolean {
    return this.value === undefined;
  }

  at(key: string): Field {
    const { value, place, path } = this;
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw this.fail('an object {..}');
    const inner = Object.hasOwn(value, key) ? (value as Record<string, unknown>)[key] : undefined;
    return new Field(inner, place ? `${place}.${key}` : key, path);
  }

  list(wanted = 'a list [..]'): Field[] {
    if (!Array.isArray(this.value)) throw this.fail(wanted);
    return this.value.map((each, i) => new Field(each, `${this.place}[${i}]`, this.path));
  }

  number(least = Number.NEGATIVE_INFINITY): number {
    const { value } = this;
    const isGood = typeof value === 'number' && Number.isFinite(value) && value >= least;
    if (!isGood)
      throw this.fail(least === Number.NEGATIVE_INFINITY ? 'a finite number' : `a number of at least ${least}`);
    return value;
  }

  length(): number {
    if (typeof this.value !== 'number' || !Number.isFinite(this.value) || this.value <= 0)
      throw this.fail('metres above 0');
    return this.value;
  }

  count(least: number): number {
    if (!Number.isSafeInteger(this.value) || (this.value as number) < least)
      throw this.fail(`a whole number of at least ${least}`);
    return this.value as number;
  }

  pair<T>(read: (field: Field) => T, wanted: string): [T, T] {
    const fields = this.list(wanted);
    if (fields.length !== 2) throw this.fail(wanted);
    return [read(fields[0]), read(fields[1])];
  }
}

/**
 * A detector from a JSON record: an object with the fields of {@link Detector}. Only `name`, `dataShape` and `pixelSize` are
 * needed. Without others: square pixels, one tile a module, each module a part of its own with fs along +x and ss along +y, no
 * gaps, positions in pixels, and no example positions (they come from a geometry file). `tiles` may be a list, or
 * `{"shape": [ss, fs], "counts": [along ss, along fs]}` for a grid; `pixel` may be "square" or "hexagon". `comment` is free.
 * @param text the document @param options `path` is for messages
 * @throws FormatInvalid with the field that is wrong
 */
export function parseDetector(text: string, { path = 'detector record' }: { readonly path?: string } = {}): Detector {
  if (text.length > MAX_LENGTH)
    throw new FormatInvalid(`${path}: ${text.length} characters are no detector record.`, { path });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new FormatInvalid(
      `${path} is no JSON (${(cause as Error).message}). A detector record is an object {"name": .., "dataShape": [modules, ss, fs], "pixelSize": ..}.`,
      { path },
      { cause },
    );
  }
  const whole = new Field(value, '', path);
  const { value: name } = whole.at('name');
  if (typeof name !== 'string' || !/^[\w .+-]{1,100}$/.test(name))
    throw whole.at('name').fail('a name of letters, digits and _ . + -');
  // A field with a slip of the pen would be as if it were not there.
  const unknown = Object.keys(value as object).find((key) => !KEYS.includes(key));
  if (unknown !== undefined)
    throw new FormatInvalid(`${path}: there is no field "${unknown}"; the fields are ${KEYS.join(', ')}.`, {
      path,
      field: unknown,
    });

  const dataShape = readShape(whole.at('dataShape'));
  const pixelSize = whole.at('pixelSize').length();
  const or = <T>(key: string, read: (field: Field) => T, usual: T): T => {
    const field = whole.at(key);
    return field.isMissing ? usual : read(field);
  };
  const lengths = (least: number) => (field: Field) => field.pair((each) => each.number(least), 'two lengths in m');
  const modules = or('modules', (field) => readModules(field, dataShape[0]), usualModules(dataShape[0]));
  const groupModules = firstModules(modules, whole.at('modules'));
  const given = whole.at('groupModules');
  if (!given.isMissing && JSON.stringify(given.value) !== JSON.stringify(groupModules))
    throw given.fail(`the first module of each group: [${groupModules}], or left out`);
  const motors = or<MotorAxes | undefined>('motors', (field) => readMotors(field, dataShape[0]), undefined);
  const extraRows = or<number | undefined>('extraRows', (field) => field.count(0), undefined);
  const reference = whole.at('reference');
  if (!reference.isMissing && !REFERENCES.includes(reference.value as ReferencePoint))
    throw reference.fail(`one of ${REFERENCES.join(', ')}`);
  return {
    name,
    dataShape,
    pixelSize,
    pitch: or('pitch', (field) => field.pair((each) => each.length(), 'two lengths in m'), [pixelSize, pixelSize]),
    pixel: or('pixel', readPixel, SQUARE_PIXEL),
    seamStretch: or('seamStretch', lengths(0), [0, 0]),
    tiles: or('tiles', (field) => readTiles(field, dataShape), tileGrid([dataShape[1], dataShape[2]], [1, 1])),
    modules,
    groupModules,
    reference: (reference.value as ReferencePoint | undefined) ?? 'firstPixel',
    asicGap: or('asicGap', (field) => field.number(0), 0),
    panelGap: or('panelGap', lengths(0), [0, 0]),
    positionUnit: or('positionUnit', (field) => field.length(), pixelSize),
    examplePositions: or('examplePositions', (field) => readPositions(field, groupModules.length), []),
    ...(motors ? { motors } : {}),
    ...(extraRows === undefined ? {} : { extraRows }),
  };
}

function readShape(field: Field): [number, number, number] {
  const counts = field.list('[modules, ss, fs]').map((each) => each.count(1));
  if (counts.length !== 3) throw field.fail('[modules, ss, fs]');
  if (counts[0] * counts[1] * counts[2] > MAX_PIXELS) throw field.fail(`at most ${MAX_PIXELS} pixels`);
  return [counts[0], counts[1], counts[2]];
}

function readPixel(field: Field): PixelShape {
  if (field.value === 'square') return SQUARE_PIXEL;
  if (field.value === 'hexagon') return HEXAGON_PIXEL;
  if (typeof field.value !== 'object') throw field.fail('"square", "hexagon" or an object');
  const pair = (each: Field) => each.pair((n) => n.number(), 'two numbers [ss, fs]');
  const corners = field.at('corners').list().map(pair);
  if (corners.length < 3 || corners.length > 12) throw field.at('corners').fail('3 to 12 corners [ss, fs]');
  return { corners, centre: pair(field.at('centre')), oddRowShift: field.at('oddRowShift').number() };
}

function readTiles(field: Field, [, slowScan, fastScan]: readonly [number, number, number]): TileSlice[] {
  const isGrid = !Array.isArray(field.value);
  const tiles = isGrid
    ? tileGrid(
        field.at('shape').pair((each) => each.count(1), '[ss, fs] of a tile'),
        field.at('counts').pair((each) => each.count(1), '[tiles along ss, along fs]'),
      )
    : field.list().map(readTile);
  const rows = (tile: TileSlice) => tile.ssStop - tile.ssStart;
  const columns = (tile: TileSlice) => tile.fsStop - tile.fsStart;
  const [first] = tiles;
  if (!first) throw field.fail('a list of at least one tile');
  if (tiles.some((tile) => rows(tile) !== rows(first) || columns(tile) !== columns(first)))
    throw field.fail('tiles of one size');
  const owners = new Uint8Array(slowScan * fastScan);
  for (const [index, { ssStart, ssStop, fsStart, fsStop }] of tiles.entries()) {
    if (ssStop > slowScan || fsStop > fastScan)
      throw field.fail(
        `tiles inside of the module's ${slowScan} x ${fastScan} pixels, and tile ${index} ends at ss ${ssStop}, fs ${fsStop}`,
      );
    for (let row = ssStart; row < ssStop; row++) {
      const pixels = owners.subarray(row * fastScan + fsStart, row * fastScan + fsStop);
      if (pixels.includes(1)) throw field.fail(`tiles that do not overlap, and tile ${index} overlaps an earlier one`);
      pixels.fill(1);
    }
  }
  if (owners.includes(0)) throw field.fail(`tiles that cover all ${slowScan} x ${fastScan} pixels of a module`);
  return tiles;
}

function readTile(field: Field): TileSlice {
  const [ssStart, fsStart] = [field.at('ssStart').count(0), field.at('fsStart').count(0)];
  const isTurned = field.at('isTurned');
  if (!isTurned.isMissing && typeof isTurned.value !== 'boolean') throw isTurned.fail('true or false');
  return {
    ssStart,
    ssStop: field.at('ssStop').count(ssStart + 1),
    fsStart,
    fsStop: field.at('fsStop').count(fsStart + 1),
    ssIndex: field.at('ssIndex').count(-1000),
    fsIndex: field.at('fsIndex').count(-1000),
    ...(isTurned.isMissing ? {} : { isTurned: isTurned.value as boolean }),
  };
}

function usualModules(count: number): ModulePlacement[] {
  return Array.from({ length: count }, (_, group) => ({ group, ss: [0, 1], fs: [1, 0], x: NO_LENGTH, y: NO_LENGTH }));
}

function readModules(field: Field, count: number): ModulePlacement[] {
  const modules = field.list().map((each): ModulePlacement => {
    const direction = (key: string) => {
      const wanted = '[1, 0], [-1, 0], [0, 1] or [0, -1]';
      const [x, y] = each.at(key).pair((n) => n.number(), wanted);
      if (Math.abs(x) + Math.abs(y) !== 1 || x * y !== 0) throw each.at(key).fail(wanted);
      return [x, y] as const;
    };
    const [ss, fs] = [direction('ss'), direction('fs')];
    if (ss[0] * fs[0] + ss[1] * fs[1] !== 0) throw each.at('fs').fail(`across ss [${ss}]`);
    const length = (key: string): GapLength => {
      const given = each.at(key);
      if (given.isMissing) return NO_LENGTH;
      const part = (name: string) => (given.at(name).isMissing ? 0 : given.at(name).number());
      return { px: part('px'), asicGaps: part('asicGaps'), panelGaps: part('panelGaps') };
    };
    return { group: each.at('group').count(0), ss, fs, x: length('x'), y: length('y') };
  });
  if (modules.length !== count)
    throw field.fail(`a list of ${count} modules, as dataShape says; it has ${modules.length}`);
  return modules;
}

function firstModules(modules: readonly ModulePlacement[], field: Field): number[] {
  const groups = new Set(modules.map(({ group }) => group));
  const first = Array.from(groups, (_, group) => modules.findIndex((module) => module.group === group));
  if (first.some((module) => module < 0)) throw field.fail('modules whose groups are numbered 0, 1, 2 .. without gaps');
  return first;
}

function readPositions(field: Field, groups: number): [number, number][] {
  const positions = field.list().map((each) => each.pair((n) => n.number(), 'a position [x, y]'));
  if (positions.length !== 0 && positions.length !== groups)
    throw field.fail(`a position [x, y] for each of the ${groups} groups, or empty`);
  return positions;
}

function readMotors(field: Field, modules: number): MotorAxes {
  const groups = field
    .at('groups')
    .list()
    .map((each) => {
      const [start, stop] = each.pair((n) => n.count(0), '[first module, one after the last]');
      if (stop <= start || stop > modules) throw each.fail(`modules of 0 to ${modules}`);
      return [start, stop] as const;
    });
  const axes = field
    .at('axes')
    .list()
    .map((part) => part.pair((axis) => axis.list().map((n) => n.number()), 'rows for x and y'));
  const motorCount = axes[0]?.[0].length ?? 0;
  if (
    axes.length !== groups.length ||
    motorCount === 0 ||
    axes.some((part) => part.some((axis) => axis.length !== motorCount))
  )
    throw field.at('axes').fail('for each group a row for x and one for y, each with a number for every motor');
  return { groups, axes };
}
