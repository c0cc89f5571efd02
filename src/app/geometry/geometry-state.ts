import { FormatInvalid } from '../../core/errors.ts';
import { detectorByName } from '../../detector/detector-table.ts';
import { createGeometry } from '../../detector/geometry.ts';
import { type LevelMoves, type PartLevel, type PartMove, partsOf } from '../../detector/refinement/detector-part.ts';
import { checkExperiment } from './experiment-limits.ts';
import type { GeometryDocument, Helper } from './geometry-document.ts';

/** Names the format, so that a file of it is known whatever it is called. */
const MARK = 'hutch geometry';
const VERSION = 1;
const LEVELS: readonly PartLevel[] = ['quadrant', 'module', 'tile'];
const MAX_HELPERS = 10;
const MOST_RINGS = 100;
const EXPERIMENT = ['poni1', 'poni2', 'rot1', 'rot2', 'rot3'] as const;

/** The document of the geometry page as JSON: start, moves, experiment, rings, helpers. */
export function encodeGeometryState(document: GeometryDocument): string {
  const { start, moves, ...rest } = document;
  return `${JSON.stringify(
    {
      format: MARK,
      version: VERSION,
      ...rest,
      start: {
        detector: start.detector.name,
        modules: start.detector.dataShape[0],
        tiles: [...start.tiles],
        metadata: start.metadata,
      },
      moves: Object.fromEntries(LEVELS.map((level) => [level, [...moves[level]]])),
    },
    null,
    1,
  )}\n`;
}

/** Whether a text is a state of this page, of whatever version. */
export function isGeometryState(text: string): boolean {
  return /^\s*\{\s*"format"\s*:\s*"hutch geometry"/.test(text);
}

/**
 * Reads {@link encodeGeometryState}. Numbers are checked: a damaged state is refused with the field.
 * @throws FormatInvalid, GeometryInvalid
 */
export function decodeGeometryState(text: string, name = 'state'): GeometryDocument {
  const fail = (field: string, wanted: string) =>
    new FormatInvalid(`${name}: ${field} must be ${wanted}. Save the state on the geometry page anew.`, {
      path: name,
      field,
    });
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch (cause) {
    throw new FormatInvalid(`${name} is not JSON: ${(cause as Error).message}.`, { path: name }, { cause });
  }
  const top = record(raw);
  if (top['format'] !== MARK) throw fail('format', `"${MARK}"`);
  if (top['version'] !== VERSION) throw fail('version', String(VERSION));
  const number = (value: unknown, field: string) => {
    if (typeof value !== 'number' || !Number.isFinite(value)) throw fail(field, 'a number');
    return value;
  };
  const words = (value: unknown, field: string) => {
    if (typeof value !== 'string') throw fail(field, 'text');
    return value;
  };
  const numbers = (value: unknown, field: string, length?: number) => {
    if (!Array.isArray(value) || (length !== undefined && value.length !== length))
      throw fail(field, length === undefined ? 'a list of numbers' : `${length} numbers`);
    return value.map((each) => number(each, field));
  };
  const start = record(top['start']);
  const detector = detectorByName(
    words(start['detector'], 'start.detector'),
    number(start['modules'], 'start.modules'),
  );
  const experiment = record(top['experiment']);
  const moves = record(top['moves']);
  const readMoves = (level: PartLevel) => {
    const list = moves[level];
    if (!Array.isArray(list)) throw fail(`moves.${level}`, 'a list');
    const parts = partsOf(detector, level).length;
    return new Map(
      list.map((entry): [number, PartMove] => {
        const [part, move] = Array.isArray(entry) ? entry : [];
        const index = number(part, `moves.${level}`);
        if (!Number.isInteger(index) || index < 0 || index >= parts)
          throw fail(`moves.${level}`, `of parts 0 to ${parts - 1}`);
        const [x, y, z] = numbers(record(move)['shift'], `moves.${level} ${index} shift`, 3);
        return [index, { shift: [x, y, z], angle: number(record(move)['angle'], `moves.${level} ${index} angle`) }];
      }),
    );
  };
  const helpers = top['helpers'];
  if (!Array.isArray(helpers) || helpers.length > MAX_HELPERS)
    throw fail('helpers', `a list of at most ${MAX_HELPERS}`);
  const source = top['text'];
  const given = record(experiment);
  const rings = number(top['rings'], 'rings');
  if (!Number.isInteger(rings) || rings < 0 || rings > MOST_RINGS) throw fail('rings', `0 to ${MOST_RINGS}`);
  return {
    start: createGeometry(
      detector,
      Float64Array.from(numbers(start['tiles'], 'start.tiles')),
      record(start['metadata']),
    ),
    origin: words(top['origin'], 'origin'),
    text: source === null ? null : words(source, 'text'),
    moves: Object.fromEntries(LEVELS.map((level) => [level, readMoves(level)])) as unknown as LevelMoves,
    experiment: checkExperiment(
      {
        distance: number(given['distance'], 'experiment.distance'),
        photonEnergyKeV: number(given['photonEnergyKeV'], 'experiment.photonEnergyKeV'),
        ...Object.fromEntries(
          EXPERIMENT.flatMap((key) =>
            given[key] === undefined ? [] : [[key, number(given[key], `experiment.${key}`)]],
          ),
        ),
      },
      name,
    ),
    calibrant: words(top['calibrant'], 'calibrant'),
    rings,
    helpers: helpers.map((each, id): Helper => {
      const { kind, centre, size, angleDeg } = record(each);
      if (kind !== 'circle' && kind !== 'rectangle') throw fail(`helpers ${id}`, 'a circle or a rectangle');
      const [x, y] = numbers(centre, `helpers ${id} centre`, 2);
      const [width, height] = numbers(size, `helpers ${id} size`, 2);
      return { id, kind, centre: [x, y], size: [width, height], angleDeg: number(angleDeg, `helpers ${id} angle`) };
    }),
  };
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
}
