import { extname } from 'node:path';
import type { Command } from 'commander';
import { Usage } from '../core/errors.ts';
import { type NdArray, ndarray } from '../core/ndarray.ts';
import { pixelCountOf } from '../detector/detector.ts';
import type { Geometry } from '../detector/geometry.ts';
import { calibrantByName, calibrantRings } from '../detector/powder/calibrant.ts';
import { type PartLevel, partsOf } from '../detector/refinement/detector-part.ts';
import type { ExperimentParameter } from '../detector/refinement/refine-experiment.ts';
import { type RefinedGeometry, refineGeometry } from '../detector/refinement/refine-geometry.ts';
import type { CliContext } from './context.ts';
import {
  arrayFrames,
  BAD_REGIONS_HELP,
  checkFrameShape,
  readNpyFile,
  runFrames,
  unusedPixels,
} from './frame-source.ts';
import { CONSTANTS_HELP, correctRawFrames, type FrameOptions, openFrames, RAW_HELP } from './geometry-frames.ts';
import {
  addGeometryFileOptions,
  checkGeometryEnding,
  type GeometryFileOptions,
  loadGeometryFile,
  toCount,
  toNumber,
  toPositive,
} from './geometry-options.ts';
import { overlapText } from './geometry-summary.ts';
import { chooseTrainIds, DATA_ROOT_HELP, ORIGIN_HELP, type RunOptions } from './run-options.ts';

interface RefineOptions extends RunOptions, GeometryFileOptions, FrameOptions {
  readonly geometry: string;
  readonly calibrant: string;
  readonly distance?: string;
  readonly energy?: string;
  readonly rings?: string;
  readonly level: string;
  readonly fixed?: string;
  readonly free?: string;
  readonly window?: string;
  readonly prior?: string;
  readonly angle?: string;
  readonly mask?: string;
  readonly badRegions?: boolean;
  readonly trains?: string;
  readonly trainIds?: string;
  readonly name?: string;
  readonly output?: string;
  readonly json?: boolean;
}

const LEVELS: readonly PartLevel[] = ['quadrant', 'module', 'tile'];
const FREE: readonly ExperimentParameter[] = ['distance', 'poni1', 'poni2', 'rot1', 'rot2', 'photonEnergyKeV'];

/** Adds `hutch geometry refine`. */
export function addRefineCommand(geometry: Command, context: CliContext): void {
  const command = geometry
    .command('refine')
    .description('quadrants, modules or tiles moved onto the rings of a calibrant')
    .argument(
      '<data>',
      'run folder, file, pNNNNNN/rNNNN; or FILE.npy (.., module, ss, fs): the mean of all frames is used',
    )
    .requiredOption('-g, --geometry <file>', 'geometry to begin with')
    .requiredOption('--calibrant <name>', 'powder in the beam, such as LaB6, CeO2, AgBh, Si')
    .option('--distance <m>', 'sample to detector (default: of the geometry file)')
    .option('--energy <keV>', 'photon energy (default: of the geometry file)')
    .option('--rings <n>', 'rings used, from the innermost (default: all on the detector)')
    .option('--level <part>', `what moves as one piece: ${LEVELS.join(', ')}`, 'quadrant')
    .option('--fixed <parts>', 'parts that stay, such as Q1,Q2 or M0')
    .option('--free <names>', `refined with the parts: ${FREE.join(', ')}`)
    .option('--window <px>', 'how far from its ring light is looked for', '15')
    .option('--prior <px>', 'how far a part may be off (default: 10 quadrants, 3 modules, 1 tiles)')
    .option('--angle <deg>', 'how far a part may be turned (default: no turns; rings alone do not show them)')
    .option('--mask <file>', 'NumPy file, not 0 = pixel is not used')
    .option('--bad-regions', BAD_REGIONS_HELP)
    .option('--trains <A:B:S>', 'trains by position')
    .option('--train-ids <ids>', 'trains by id, separated by commas')
    .option('--name <detector>', 'which detector, where the run has several')
    .option('--raw', RAW_HELP)
    .option('--constants <proposal>', CONSTANTS_HELP)
    .option('-o, --output <file>', 'refined geometry (.geom, .h5, .poni, .nxs, .csv); a .geom keeps all else')
    .option('--json', 'print JSON')
    .option('--data-root <dir>', DATA_ROOT_HELP)
    .option('--origin <which>', ORIGIN_HELP);
  addGeometryFileOptions(command)
    .addHelpText(
      'after',
      `
Ends with 1 if the parts did not settle; the geometry is written all the same.

Examples:
  hutch geometry refine p700000/r0004 -g agipd.geom --calibrant LaB6 --distance 0.16 --energy 9.3 -o refined.geom
  hutch geometry refine mean.npy -g agipd.geom --calibrant CeO2 --level module --fixed M0 --json`,
    )
    .action((data: string, options: RefineOptions) => refine(context, data, options));
}

async function refine(context: CliContext, data: string, options: RefineOptions): Promise<void> {
  const level = LEVELS.find((each) => each === options.level);
  if (!level) throw new Usage(`--level ${options.level}: choose one of ${LEVELS.join(', ')}.`);
  const positive = (option: string, text: string | undefined) =>
    text === undefined ? undefined : toPositive(option, text);
  const [windowPx, priorPx, priorAngleDeg] = [
    positive('--window', options.window),
    positive('--prior', options.prior),
    options.angle === undefined ? undefined : toNumber('--angle', options.angle),
  ];
  if (priorAngleDeg !== undefined && priorAngleDeg < 0)
    throw new Usage(`--angle needs degrees of at least 0, got "${options.angle}".`);
  const count = options.rings === undefined ? undefined : toCount('--rings', options.rings);
  const given = [positive('--distance', options.distance), positive('--energy', options.energy)];
  const calibrant = calibrantByName(options.calibrant);
  if (options.output !== undefined) checkGeometryEnding(options.output);
  const free = freeNames(options.free);
  const geometry = await loadGeometryFile(options.geometry, options);
  const overlap = overlapText(geometry);
  if (overlap !== null) context.note(`${overlap}\n`);
  const distance = given[0] ?? geometry.metadata.distance;
  const photonEnergyKeV = given[1] ?? geometry.metadata.photonEnergyKeV;
  if (distance === undefined) throw new Usage('The distance is not known: give --distance M.');
  if (photonEnergyKeV === undefined) throw new Usage('The photon energy is not known: give --energy KEV.');
  const fixed = fixedParts(geometry, level, options.fixed);
  if (free.length === 0 && new Set(fixed).size === partsOf(geometry.detector, level).length)
    throw new Usage('--fixed names every part, and nothing is --free: there is nothing to refine.');
  const mask = await unusedPixels(context, geometry, options);
  const { picture, frames } = await meanPicture(context, data, geometry, options);
  const rings = calibrantRings(calibrant, photonEnergyKeV, {
    maxTwoTheta: widestAngle(geometry, distance),
    count,
  });
  const refined = await refineGeometry(picture, geometry, { distance, photonEnergyKeV }, rings, {
    level,
    fixed,
    windowPx,
    ...(priorPx === undefined ? {} : { priorPx }),
    ...(priorAngleDeg === undefined ? {} : { priorAngleDeg }),
    experiment: free,
    ...(mask ? { mask } : {}),
    signal: context.signal,
    onProgress: (_, text) => {
      if (context.isTerminal) context.note(`\r${text ?? ''}   `);
    },
  });
  if (context.isTerminal) context.note('\n');
  context.write(
    options.json ? `${JSON.stringify({ frames, ...toJson(refined) }, null, 2)}\n` : toText(refined, options),
  );
  // Last, so that the numbers are not lost with a place that cannot be written.
  if (options.output !== undefined) await save(refined, options.output, options.geometry);
  if (!refined.isConverged) context.exitWith(1);
}

async function save({ geometry, experiment }: RefinedGeometry, output: string, from: string): Promise<void> {
  const { saveGeometry } = await import('../platform/node/save-geometry.ts');
  const isText = [output, from].every((path) => extname(path).toLowerCase() === '.geom');
  await saveGeometry(geometry, output, isText ? { template: from } : experiment);
}

/** Mean of all frames, and what they are; a pixel that no frame has is NaN. */
async function meanPicture(
  context: CliContext,
  data: string,
  geometry: Geometry,
  options: RefineOptions,
): Promise<{ readonly picture: NdArray<'float32'>; readonly frames: string }> {
  const mean = new PixelMean(geometry);
  let frames = 'frames of the file';
  if (extname(data).toLowerCase() === '.npy') {
    for (const { values } of arrayFrames(await readNpyFile(data), geometry.detector, data)) mean.add(values);
  } else {
    const run = await context.openRun(data, {
      data: options.origin,
      dataRoot: options.dataRoot,
      signal: context.signal,
    });
    try {
      const whole = openFrames(run, options);
      const modulePixels = whole.moduleShape[0] * whole.moduleShape[1];
      checkFrameShape([whole.moduleCount, ...whole.moduleShape], geometry.detector, whole.name);
      const chosen = whole.selectTrains({ by: 'id', ids: chooseTrainIds(whole.trainIds, options) });
      const treatment = await correctRawFrames(context, run, chosen, options, ({ modules }) => {
        for (const [module, values] of modules) mean.add(values, module * modulePixels);
      });
      frames = treatment.text;
      if (!treatment.isVisited) for await (const { values } of runFrames(chosen, context.signal)) mean.add(values);
    } finally {
      await run.close();
    }
    context.note(`${frames}\n`);
  }
  return { picture: mean.finish(), frames };
}

/** Adds frames up, pixel by pixel. */
class PixelMean {
  readonly pixels: number;
  readonly #shape: readonly number[];
  readonly #sums: Float64Array;
  readonly #counts: Int32Array;

  constructor({ detector }: Geometry) {
    this.pixels = pixelCountOf(detector);
    this.#shape = detector.dataShape;
    this.#sums = new Float64Array(this.pixels);
    this.#counts = new Int32Array(this.pixels);
  }

  /** @param start the frame's pixel that `values` begin with */
  add(values: ArrayLike<number>, start = 0): void {
    for (let i = 0; i < values.length; i++) {
      const value = values[i];
      if (Number.isNaN(value)) continue;
      this.#sums[start + i] += value;
      this.#counts[start + i]++;
    }
  }

  finish(): NdArray<'float32'> {
    const counts = this.#counts;
    const mean = Float32Array.from(this.#sums, (sum, i) => (counts[i] > 0 ? sum / counts[i] : Number.NaN));
    return ndarray('float32', [...this.#shape], mean);
  }
}

/** The scattering angle of the outermost corner: rings beyond it are on no tile. */
function widestAngle({ tiles, detector }: Geometry, distance: number): number {
  const reach = Math.max(...detector.dataShape.slice(1)) * detector.pixelSize;
  let farthest = 0;
  for (let at = 0; at < tiles.length; at += 9) farthest = Math.max(farthest, Math.hypot(tiles[at], tiles[at + 1]));
  return Math.atan2(farthest + reach, distance);
}

function fixedParts({ detector }: Geometry, level: PartLevel, text: string | undefined): number[] {
  const labels = partsOf(detector, level).map(({ label }) => label);
  return (text?.split(',') ?? []).map((each) => {
    const index = labels.findIndex((label) => label.toLowerCase() === each.trim().toLowerCase());
    if (index < 0)
      throw new Usage(
        `--fixed: ${detector.name} has no ${level} "${each}"; they are ${labels[0]} to ${labels.at(-1)}.`,
      );
    return index;
  });
}

function freeNames(text: string | undefined): ExperimentParameter[] {
  return (text?.split(',') ?? []).map((each) => {
    const name = FREE.find((known) => known === each.trim());
    if (!name) throw new Usage(`--free ${each}: choose of ${FREE.join(', ')}.`);
    return name;
  });
}

function toJson({ parts, experiment, experimentUncertainties, beforePx, afterPx, isConverged }: RefinedGeometry) {
  return { isConverged, beforePx, afterPx, experiment, experimentUncertainties, parts };
}

function toText(refined: RefinedGeometry, { output }: RefineOptions): string {
  const { parts, beforePx, afterPx, isConverged, experiment, experimentUncertainties } = refined;
  const row = (cells: readonly string[]) =>
    cells.map((cell, i) => (i === 0 ? cell.padEnd(8) : cell.padStart(16))).join('');
  const withError = (value: number, error: number, digits: number) =>
    `${value.toFixed(digits)} ± ${error.toFixed(digits)}`;
  const lines = [
    row(['', 'dx / px', 'dy / px', 'angle / deg', 'points', 'before / px', 'after / px']),
    ...parts.map((part) =>
      row([
        part.label,
        part.isFixed ? 'fixed' : withError(part.shiftPx[0], part.shiftUncertaintyPx[0], 2),
        part.isFixed ? 'fixed' : withError(part.shiftPx[1], part.shiftUncertaintyPx[1], 2),
        part.angleUncertaintyDeg === 0 ? '-' : withError(part.angleDeg, part.angleUncertaintyDeg, 3),
        String(part.points),
        part.beforePx.toFixed(2),
        part.afterPx.toFixed(2),
      ]),
    ),
    `ring residual ${beforePx.toFixed(2)} -> ${afterPx.toFixed(2)} px, ${isConverged ? 'settled' : 'NOT settled'}`,
    ...Object.entries(experimentUncertainties).map(
      ([name, error]) => `${name} ${experiment[name as ExperimentParameter]} ± ${error.toPrecision(2)}`,
    ),
    ...(output === undefined ? [] : [output]),
  ];
  return `${lines.map((line) => line.trimEnd()).join('\n')}\n`;
}
