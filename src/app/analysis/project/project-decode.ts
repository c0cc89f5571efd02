import { FormatInvalid, isXfelError, Unsupported } from '../../../core/errors.ts';
import type { AnvilSeat } from '../../../detector/analysis/absorption.ts';
import { pixelCountOf } from '../../../detector/detector.ts';
import { SPLIT_METHODS } from '../../../detector/integration/split-method.ts';
import type { EquationOfState } from '../../../detector/powder/equation-of-state.ts';
import type { Phase } from '../../../detector/powder/phase.ts';
import { OVERS } from '../../geometry/geometry-address.ts';
import { decodeGeometryState } from '../../geometry/geometry-state.ts';
import type { CakeSettings, CurveSettings } from '../analysis-request.ts';
import { MOST_CONFIGURATIONS, MOST_NAME } from '../configurations/configuration-store.ts';
import { NO_CORRECTIONS, type PhaseOrigin } from '../curve/curve-store.ts';
import { PATTERN_UNITS, type PatternBackground, type PatternUnit } from '../curve/pattern-unit.ts';
import { phaseOfCell, readPhase } from '../phases/phase-file.ts';
import { JsonFields } from './json-fields.ts';
import { unpackArray } from './packed-array.ts';
import { PROJECT_MARK, PROJECT_VERSION, type Project, type ProjectConfiguration } from './project.ts';
import { CORRECTIONS } from './project-encode.ts';

const UNITS = Object.keys(PATTERN_UNITS) as PatternUnit[];
const MOST_ITEMS = 200;
/** A card or a CIF. */
const MOST_TEXT = 8 << 20;
const COLOURS = ['--c1', '--c2', '--c3', '--c4', '--c5', '--c6', '--c7'] as const;
const SEAT_KEYS = [
  'diamondThicknessMm',
  'seatThicknessMm',
  'innerRadiusMm',
  'outerRadiusMm',
  'diamondAbsorptionMm',
  'seatAbsorptionMm',
  'tiltDeg',
  'tiltDirectionDeg',
  'offsetMm',
  'offsetDirectionDeg',
] as const satisfies readonly (keyof AnvilSeat)[];
const EQUATION_KEYS = [
  'k0',
  'k0Prime',
  'dK0dT',
  'dK0PrimedT',
  'alphaT',
  'dAlphaTdT',
] as const satisfies readonly (keyof EquationOfState)[];

/** Whether a text is a project, of whatever version. */
export function isProject(text: string): boolean {
  return new RegExp(`^\\s*\\{\\s*"format"\\s*:\\s*"${PROJECT_MARK}"`).test(text);
}

/**
 * Reads a project file. Every field is checked before anything is made of it.
 * @param path name of the file, for messages
 * @throws FormatInvalid with the field that is wrong; Unsupported for files of a newer version; GeometryInvalid
 */
export async function decodeProject(text: string, path: string): Promise<Project> {
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch (cause) {
    throw new FormatInvalid(
      `${path} is not JSON: ${(cause as Error).message}. Was it cut off? Save the project again.`,
      { path },
      { cause },
    );
  }
  const top = new JsonFields(raw, path);
  if (top.value('format') !== PROJECT_MARK)
    throw new FormatInvalid(`${path} is no project: its "format" is not "${PROJECT_MARK}".`, { path, field: 'format' });
  const version = top.number('version', { low: 1, isWhole: true });
  if (version > PROJECT_VERSION)
    throw new Unsupported(
      `${path} was saved by a newer program (project version ${version}, this one reads ${PROJECT_VERSION}). Open it there, or install the newer version.`,
      { path, version },
    );
  const run = top.fieldsOrNull('run');
  const picture = top.fields('picture');
  const configurations: ProjectConfiguration[] = [];
  for (const each of top.list('configurations', MOST_CONFIGURATIONS))
    configurations.push(await readConfiguration(each));
  if (configurations.length === 0)
    throw new FormatInvalid(`${path}: configurations is empty; a project has at least one.`, { path });
  const overlays: Project['overlays'][number][] = [];
  for (const each of top.list('overlays', MOST_ITEMS)) overlays.push(await readOverlay(each));
  return {
    run: run && {
      proposal: run.text('proposal', 100),
      run: run.number('run', { low: 0, high: 1e6, isWhole: true }),
      data: run.text('data', 100),
    },
    picture: {
      over: picture.oneOf('over', OVERS),
      train: picture.number('train', { low: 0, high: 1e9, isWhole: true }),
      pulse: picture.number('pulse', { low: 0, high: 1e9, isWhole: true }),
      view: picture.value('view') === null ? null : picture.oneOf('view', ['raw', 'corrected'] as const),
      trains: picture.number('trains', { low: 1, high: 500, isWhole: true }),
    },
    configurations,
    active: top.number('active', { low: 0, high: configurations.length - 1, isWhole: true }),
    view: top.oneOf('view', ['one', 'combined']),
    overlays,
    subtracted: top.numberOrNull('subtracted', { low: 0, high: overlays.length - 1, isWhole: true }),
    waterfall: top.number('waterfall'),
    background: readBackground(top.fields('background')),
    phases: top.list('phases', MOST_ITEMS).map(readShownPhase),
    isLogX: top.flag('isLogX'),
    isLogY: top.flag('isLogY'),
  };
}

async function readConfiguration(fields: JsonFields): Promise<ProjectConfiguration> {
  const { path } = fields;
  const geometry = JSON.stringify(fields.value('geometry'));
  const document = decodeGeometryState(geometry, `${path}, ${fields.place('geometry')}`);
  const pixels = pixelCountOf(document.start.detector);
  const mask = fields.value('mask');
  const corrections = fields.fields('corrections');
  const names: Record<string, string | null> = { ...NO_CORRECTIONS };
  const pictures: Record<string, Float32Array | null> = { ...NO_CORRECTIONS };
  for (const name of CORRECTIONS) {
    const correction = corrections.fieldsOrNull(name);
    if (!correction) continue;
    names[name] = correction.text('name', 300);
    pictures[name] = await unpackArray(correction.value('values'), 'float32', pixels, {
      path,
      field: correction.place('values'),
    });
  }
  return {
    name: fields.text('name', MOST_NAME + 10),
    detector: fields.textOrNull('detector', 300),
    isIncluded: fields.flag('isIncluded'),
    scale: fields.number('scale', { low: 1e-12, high: 1e12 }),
    document,
    state: {
      mask: mask === null ? null : await unpackArray(mask, 'uint8', pixels, { path, field: fields.place('mask') }),
      settings: readSettings(fields.fields('settings')),
      cake: readCake(fields.fields('cake')),
      corrections: names as unknown as ProjectConfiguration['state']['corrections'],
      correctionPictures: pictures as unknown as ProjectConfiguration['state']['correctionPictures'],
      backgroundScale: fields.number('backgroundScale'),
      backgroundOffset: fields.number('backgroundOffset'),
      dummy: fields.numberOrNull('dummy'),
    },
  };
}

function readSettings(fields: JsonFields): CurveSettings {
  const oblique = fields.fieldsOrNull('oblique');
  const seat = fields.fieldsOrNull('seat');
  return {
    unit: fields.oneOf('unit', UNITS),
    points: fields.numberOrNull('points', { low: 2, high: 20_000, isWhole: true }),
    method: fields.oneOf('method', SPLIT_METHODS),
    radialRange: fields.rangeOrNull('radialRange'),
    azimuthRange: fields.rangeOrNull('azimuthRange'),
    sectors: fields.number('sectors', { low: 1, high: 36, isWhole: true }),
    hasSolidAngle: fields.flag('hasSolidAngle'),
    polarization: fields.numberOrNull('polarization', { low: -1, high: 1 }),
    oblique: oblique && {
      thicknessUm: oblique.number('thicknessUm', { low: 1e-3, high: 1e6 }),
      absorptionLengthUm: oblique.number('absorptionLengthUm', { low: 1e-3, high: 1e9 }),
    },
    seat: seat && (Object.fromEntries(SEAT_KEYS.map((key) => [key, seat.number(key)])) as unknown as AnvilSeat),
  };
}

function readCake(fields: JsonFields): CakeSettings {
  return {
    points: fields.number('points', { low: 16, high: 4000, isWhole: true }),
    azimuthPoints: fields.number('azimuthPoints', { low: 4, high: 1440, isWhole: true }),
    azimuthStart: fields.number('azimuthStart', { low: -360, high: 180 }),
    isRingsOnly: fields.flag('isRingsOnly'),
  };
}

async function readOverlay(fields: JsonFields): Promise<Project['overlays'][number]> {
  const { path } = fields;
  const x = await unpackArray(fields.value('x'), 'float64', null, { path, field: fields.place('x') });
  return {
    name: fields.text('name', 300),
    unit: fields.oneOf('unit', UNITS),
    x,
    y: await unpackArray(fields.value('y'), 'float64', x.length, { path, field: fields.place('y') }),
    scale: fields.number('scale'),
    offset: fields.number('offset'),
    isShown: fields.flag('isShown'),
    colour: fields.oneOf('colour', COLOURS),
  };
}

function readBackground(fields: JsonFields): PatternBackground {
  if (fields.oneOf('kind', ['none', 'auto']) === 'none') return { kind: 'none' };
  return {
    kind: 'auto',
    width: fields.number('width', { low: 0 }),
    iterations: fields.number('iterations', { low: 0, high: 2000, isWhole: true }),
    order: fields.number('order', { low: 0, high: 60, isWhole: true }),
  };
}

function readShownPhase(fields: JsonFields): Project['phases'][number] {
  const told = fields.fields('origin');
  const origin: PhaseOrigin =
    told.oneOf('kind', ['file', 'cell']) === 'cell'
      ? { kind: 'cell', text: told.text('text') }
      : { kind: 'file', name: told.text('name', 300), text: told.text('text', MOST_TEXT) };
  const equation = fields.fieldsOrNull('equation');
  const state = fields.fields('state');
  const { equation: _edited, ...phase } = phaseOf(origin, fields);
  return {
    phase: equation
      ? {
          ...phase,
          equation: Object.fromEntries(
            EQUATION_KEYS.map((key) => [key, equation.number(key)]),
          ) as unknown as EquationOfState,
        }
      : phase,
    origin,
    isShown: fields.flag('isShown'),
    colour: fields.oneOf('colour', COLOURS),
    stretch: fields.number('stretch', { low: 1e-3, high: 1e3 }),
    state: {
      pressureGPa: state.number('pressureGPa'),
      temperatureK: state.number('temperatureK'),
    },
  };
}

function phaseOf(origin: PhaseOrigin, fields: JsonFields): Phase {
  const fail = (problem: string, cause?: unknown) =>
    new FormatInvalid(`${fields.path}: ${fields.place('origin')}: ${problem}`, { path: fields.path }, { cause });
  if (origin.kind === 'cell') {
    const { phase, problem } = phaseOfCell(origin.text);
    if (!phase) throw fail(problem);
    return phase;
  }
  try {
    return readPhase(origin.text, origin.name);
  } catch (cause) {
    if (isXfelError(cause)) throw fail(cause.message, cause);
    throw cause;
  }
}
