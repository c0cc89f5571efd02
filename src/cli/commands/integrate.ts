import type { Command } from 'commander';
import { NoData, Usage } from '../../core/errors.ts';
import { type Geometry, TILE_NUMBERS } from '../../detector/geometry.ts';
import { experimentOfGeometry } from '../../detector/geometry-poni-file.ts';
import type { Experiment } from '../../detector/integration/experiment.ts';
import { dropDummies, type ErrorModel } from '../../detector/integration/integrate.ts';
import { buildIntegrationTable, type IntegrationOptions } from '../../detector/integration/integration-table.ts';
import { isRadialUnit, RADIAL_UNITS } from '../../detector/integration/radial-unit.ts';
import { sigmaClip } from '../../detector/integration/robust.ts';
import { SPLIT_METHODS, type SplitMethod } from '../../detector/integration/split-method.ts';
import type { Poni } from '../../formats/poni.ts';
import type { CliContext } from '../context.ts';
import { BAD_REGIONS_HELP, readPixels, unusedPixels } from '../frame-source.ts';
import { CONSTANTS_HELP, RAW_HELP } from '../geometry-frames.ts';
import { toPositive } from '../geometry-options.ts';
import { type FrameSourceOptions, openArray, openRunFrames, readPoni } from '../integrate-frames.ts';
import { chooseOutputFormat, encodePattern, OUTPUT_FORMAT_LIST } from '../pattern-output.ts';
import { PatternSum } from '../pattern-sum.ts';
import { DATA_ROOT_HELP, ORIGIN_HELP } from '../run-options.ts';

interface IntegrateOptions extends FrameSourceOptions {
  readonly distance?: string;
  readonly energy?: string;
  readonly method: string;
  readonly bins: string;
  readonly azimuthBins: string;
  readonly '2d'?: boolean;
  readonly unit: string;
  readonly radialRange?: string;
  readonly azimuthRange?: string;
  readonly mask?: string;
  readonly badRegions?: boolean;
  readonly flat?: string;
  readonly dark?: string;
  readonly polarization?: string;
  readonly polarizationOffset?: string;
  readonly solidAngle: boolean;
  readonly trueCorners?: boolean;
  readonly dummy?: string;
  readonly deltaDummy?: string;
  readonly errorModel?: string;
  readonly sigmaClip?: string;
  readonly perPulse?: boolean;
  readonly format?: string;
  readonly output?: string;
}

/** Adds `hutch integrate`. */
export function addIntegrateCommand(program: Command, context: CliContext): void {
  program
    .command('integrate')
    .description('azimuthal integration: patterns of a run, or of frames in a NumPy file')
    .argument('<data>', 'run folder, file, pNNNNNN/rNNNN; or FILE.npy of (.., module, ss, fs) or (.., row, column)')
    .option('--geometry <file>', 'where the modules are (.geom, .h5); default: the example of the detector')
    .option(
      '--detector <name>',
      'which detector the data are of: a name, or its record FILE.json (default: told by source and shape)',
    )
    .option('--poni <file>', 'calibrated distance, beam, tilts, energy; alone: data are flat pictures')
    .option('--distance <m>', 'sample to detector (default: of --poni, else of the geometry)')
    .option('--energy <keV>', 'photon energy (default: of --poni, else of the geometry)')
    .option('--method <split>', `pixel splitting: ${SPLIT_METHODS.join(', ')}`, 'no')
    .option('--bins <n>', 'radial bins', '1000')
    .option('--unit <unit>', `radial unit: ${Object.keys(RADIAL_UNITS).join(', ')}`, 'q_A^-1')
    .option('--2d', 'a map over azimuth and radius')
    .option('--azimuth-bins <n>', 'azimuthal bins of --2d', '360')
    .option('--radial-range <A:B>', 'in the unit (default: all)')
    .option('--azimuth-range <A:B>', 'degrees from +x to +y (default: all); may cross 180')
    .option('--mask <file>', 'NumPy file, not 0 = pixel is not used')
    .option('--bad-regions', BAD_REGIONS_HELP)
    .option('--flat <file>', 'NumPy file, response of each pixel')
    .option('--dark <file>', 'NumPy file, taken off')
    .option('--polarization <factor>', '1 horizontal .. -1 vertical (default: no correction)')
    .option('--polarization-offset <degrees>', 'turns the plane of --polarization from +x to +y (default: 0)')
    .option('--no-solid-angle', 'no correction for the solid angle')
    .option('--true-corners', 'wide pixels between ASICs have their true size')
    .option('--dummy <value>', 'value of pixels without data')
    .option('--delta-dummy <delta>', 'how far from --dummy still counts as it (default: 0)')
    .option('--error-model <model>', 'poisson or azimuthal; fxye takes poisson without it')
    .option(
      '--sigma-clip <n>',
      'leave out pixels this many deviations off the mean of their bin, but not nearer than Chauvenet’s criterion; 0: that alone',
    )
    .option('--per-pulse', 'each frame, too (csv, npy, json)')
    .option('--trains <A:B:S>', 'trains by position')
    .option('--train-ids <ids>', 'trains by id, separated by commas')
    .option('--name <detector>', 'which detector, where the run has several')
    .option('--raw', RAW_HELP)
    .option('--constants <proposal>', CONSTANTS_HELP)
    .option('--format <format>', `${OUTPUT_FORMAT_LIST} (default: by the ending of the output file, else csv)`)
    .option('-o, --output <file>', 'output file')
    .option('--data-root <dir>', DATA_ROOT_HELP)
    .option('--origin <which>', ORIGIN_HELP)
    .addHelpText(
      'after',
      `
Frames are averaged: sums of signal over sums of weights. npy holds the intensities, (bin) or (azimuth, radius), with
--per-pulse (frame, ..). Bins without pixels are empty in csv, null in json, NaN in npy.

Examples:
  hutch integrate proc/r0034 --geometry agipd.geom --distance 0.2 --energy 9.3 --bins 1000 -o pattern.xy
  hutch integrate frames.npy --poni calib.poni --2d --azimuth-range -90:90 --method full -o cake.npy`,
    )
    .action((data: string, options: IntegrateOptions) => integrate(context, data, options));
}

/** Bins of a map; more would not fit the memory of the kernels. */
const MAX_BINS = 1e7;

async function integrate(context: CliContext, data: string, options: IntegrateOptions): Promise<void> {
  const format = chooseOutputFormat(options.format, options.output);
  const errorModel = chooseErrorModel(options, format === 'fxye');
  const clip = number('--sigma-clip', options.sigmaClip);
  const dummy = number('--dummy', options.dummy);
  const delta = number('--delta-dummy', options.deltaDummy);
  if (delta !== undefined && dummy === undefined) throw new Usage('--delta-dummy is about --dummy: give that, too.');
  if (delta !== undefined && delta < 0) throw new Usage(`--delta-dummy ${delta} is below 0: give 0 or more.`);
  const settings = integrationOptions(options);
  const beam = beamOptions(options);
  const poni = options.poni === undefined ? null : await readPoni(options.poni);
  if (poni && options.geometry !== undefined) await checkNoPoni(options.geometry);
  // Both need all pixels of a bin at a time.
  const constantBytes = clip !== undefined || errorModel === 'azimuthal' ? Number.POSITIVE_INFINITY : undefined;
  const opened = data.endsWith('.npy')
    ? await openArray(data, options, poni)
    : await openRunFrames(context, data, { ...options, constantBytes }, poni);
  try {
    const { geometry } = opened;
    const experiment = experimentOf(context, geometry, opened.poni, beam);
    const arrays = await pixelArrays(context, geometry, options);
    const table = buildIntegrationTable(geometry, experiment, { ...settings, ...arrays });
    const patterns = new PatternSum(options.perPulse === true);
    const { openIntegrator } = await import('../../platform/node/open-integrator.ts');
    const integrator = await openIntegrator(table);
    const treatment = await opened.visit((frame) => {
      context.signal.throwIfAborted();
      if (dummy === undefined) integrator.frame.set(frame.values);
      else dropDummies(frame.values, dummy, delta, integrator.frame);
      const pattern =
        clip === undefined
          ? integrator.integrate(integrator.frame, { errorModel })
          : sigmaClip(integrator.frame, table, { threshold: clip, errorModel });
      patterns.add(pattern, frame);
      if (context.isTerminal) context.note(`\r${patterns.count} frames`);
    });
    if (context.isTerminal) context.note('\n');
    if (treatment !== null) context.note(`${treatment}\n`);
    const lines = [`hutch integrate ${data}`, describe(experiment, settings, patterns.count)];
    if (treatment !== null) lines.push(treatment);
    const made = { unit: table.unit, lines, treatment, ...patterns.finish() };
    if (made.mean.count.every((count) => count === 0))
      throw new NoData(
        `No bin has a pixel with a value, of ${patterns.count} frames of ${data}. Are --radial-range and --azimuth-range on the detector, and mask, flat and frames not empty?`,
        { data },
      );
    const parts = encodePattern(format, made);
    if (options.output === undefined) for (const part of parts) context.write(String(part));
    else {
      const { writeAside } = await import('../../platform/node/write-aside.ts');
      await writeAside(options.output, parts);
    }
  } finally {
    await opened.close();
  }
}

/** A picture as a .poni file has it is calibrated already; a second calibration would tilt it twice. @throws Usage */
async function checkNoPoni(path: string): Promise<void> {
  const { readGeometryText } = await import('../../platform/node/load-geometry.ts');
  if ((await readGeometryText(path)).format === 'poni')
    throw new Usage(`--geometry ${path} is a .poni file: give it as --poni alone.`);
}

/** Distance and photon energy of the options. @throws Usage */
function beamOptions({ distance, energy }: IntegrateOptions): Partial<Experiment> {
  return {
    distance: distance === undefined ? undefined : toPositive('--distance', distance),
    photonEnergyKeV: energy === undefined ? undefined : toPositive('--energy', energy),
  };
}

function experimentOf(
  context: CliContext,
  geometry: Geometry,
  poni: Poni | null,
  beam: Partial<Experiment>,
): Experiment {
  const calibration = poni && experimentOfGeometry(poni, geometry);
  if (calibration?.isGuess && geometry.tiles.length > TILE_NUMBERS)
    context.note(
      `--poni does not tell the size of what was calibrated; it is taken for one of ${calibration.frame === 'picture' ? 'the assembled picture' : 'exact positions'}, since that has the beam nearer to where --geometry has it.\n`,
    );
  const base: Partial<Experiment> = calibration ? calibration.experiment : geometry.metadata;
  const distance = beam.distance ?? base.distance;
  const photonEnergyKeV = beam.photonEnergyKeV ?? base.photonEnergyKeV;
  if (distance === undefined) throw new Usage('The distance is not known: give --distance M, or --poni FILE.');
  const calibrated = poni ? base : {};
  return { ...calibrated, distance, ...(photonEnergyKeV === undefined ? {} : { photonEnergyKeV }) };
}

function integrationOptions(options: IntegrateOptions): IntegrationOptions {
  const { unit, method } = options;
  if (!isRadialUnit(unit)) throw new Usage(`--unit ${unit}: choose one of ${Object.keys(RADIAL_UNITS).join(', ')}.`);
  if (!SPLIT_METHODS.includes(method as SplitMethod))
    throw new Usage(`--method ${method}: choose one of ${SPLIT_METHODS.join(', ')}.`);
  const polarization = number('--polarization', options.polarization);
  const offsetDeg = number('--polarization-offset', options.polarizationOffset);
  if (offsetDeg !== undefined && polarization === undefined)
    throw new Usage('--polarization-offset is about --polarization: give that, too.');
  const points = count('--bins', options.bins);
  const azimuthPoints = options['2d'] ? count('--azimuth-bins', options.azimuthBins) : undefined;
  if (points * (azimuthPoints ?? 1) > MAX_BINS)
    throw new Usage(
      `--bins ${options.bins}${azimuthPoints ? ` times --azimuth-bins ${azimuthPoints}` : ''} is too many: give at most ${MAX_BINS} bins together.`,
    );
  return {
    points,
    unit,
    method: method as SplitMethod,
    radialRange: range('--radial-range', options.radialRange),
    azimuthRange: range('--azimuth-range', options.azimuthRange),
    hasSolidAngle: options.solidAngle,
    hasSeams: options.trueCorners,
    ...(azimuthPoints === undefined ? {} : { azimuthPoints }),
    ...(polarization === undefined ? {} : { polarization: { factor: polarization, offsetDeg } }),
  };
}

/** Mask, flat and dark, one number for each pixel of the geometry. @throws ShapeMismatch, Usage */
async function pixelArrays(context: CliContext, geometry: Geometry, options: IntegrateOptions) {
  const { flat, dark } = options;
  const floats = async (option: string, path: string) =>
    Float32Array.from(await readPixels(option, path, geometry.detector));
  const response = flat === undefined ? undefined : await floats('--flat', flat);
  if (response && !response.some((value) => Number.isFinite(value) && value !== 0))
    throw new Usage(`--flat ${flat} is 0 or missing in every pixel: nothing can be divided by it.`);
  const mask = await unusedPixels(context, geometry, options);
  return {
    ...(mask ? { mask } : {}),
    ...(response ? { flat: response } : {}),
    ...(dark === undefined ? {} : { dark: await floats('--dark', dark) }),
  };
}

function chooseErrorModel({ errorModel }: IntegrateOptions, isNeeded: boolean): ErrorModel | undefined {
  if (errorModel === undefined) return isNeeded ? 'poisson' : undefined;
  if (errorModel !== 'poisson' && errorModel !== 'azimuthal')
    throw new Usage(`--error-model ${errorModel}: choose poisson or azimuthal.`);
  return errorModel;
}

function number(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value)) throw new Usage(`${option} needs a number, got "${text}".`);
  return value;
}

function count(option: string, text: string): number {
  const value = number(option, text) as number;
  if (!Number.isInteger(value) || value < 1) throw new Usage(`${option} needs a whole number above 0, got "${text}".`);
  return value;
}

function range(option: string, text: string | undefined): [number, number] | undefined {
  if (text === undefined) return undefined;
  const parts = text.split(/[:,]/);
  if (parts.length !== 2) throw new Usage(`${option} needs A:B, got "${text}".`);
  const [low, high] = parts.map((part) => number(option, part) as number);
  if (!(high > low)) throw new Usage(`${option} ${text} is empty: give A:B with A below B.`);
  return [low, high];
}

function describe(experiment: Experiment, settings: IntegrationOptions, frames: number): string {
  const { distance, photonEnergyKeV, poni1 = 0, poni2 = 0, rot1 = 0, rot2 = 0, rot3 = 0 } = experiment;
  const energy = photonEnergyKeV === undefined ? '' : `, ${photonEnergyKeV} keV`;
  const tilt = rot1 || rot2 || rot3 ? `, rot ${rot1} ${rot2} ${rot3} rad` : '';
  return `${frames} frames, ${settings.method} splitting, distance ${distance} m, poni ${poni1} ${poni2} m${tilt}${energy}`;
}
