import { extname } from 'node:path';
import type { Command } from 'commander';
import { decodeFloat16 } from '../core/dtype.ts';
import { isXfelError, NoData, SelectionInvalid, Usage } from '../core/errors.ts';
import { elementCount, type NdArray, ndarray } from '../core/ndarray.ts';
import type { Detector } from '../detector/detector.ts';
import { COLOUR_MAPS, type ColourMap } from '../display/colormap.ts';
import type { CliContext } from './context.ts';
import { detectorOption } from './detector-option.ts';
import { CONSTANTS_HELP, correctRawFrames, type FrameOptions, openFrames, RAW_HELP } from './geometry-frames.ts';
import { addGeometryFileOptions, type GeometryFileOptions, loadGeometryFile, toNumber } from './geometry-options.ts';
import { DATA_ROOT_HELP, ORIGIN_HELP, type RunOptions } from './run-options.ts';

interface AssembleCommandOptions extends RunOptions, GeometryFileOptions, FrameOptions {
  readonly geometry?: string;
  readonly name?: string;
  readonly train: string;
  readonly pulse: string;
  readonly output?: string;
  readonly symmetric?: boolean;
  readonly levels?: string;
  readonly map: string;
  readonly json?: boolean;
}

/** Adds `hutch geometry assemble`. */
export function addAssembleCommand(geometry: Command, context: CliContext): void {
  const command = geometry
    .command('assemble')
    .description('one frame of a detector on its pixel grid, as .npy or .png')
    .argument('<data>', 'run folder, file, pNNNNNN/rNNNN, or a .npy file (.., module, ss, fs)')
    .option('-g, --geometry <file>', 'geometry file (default: the detector’s example geometry)')
    .option('--name <detector>', 'which detector of the run, where it has several')
    .option('--train <n>', 'position of the train', '0')
    .option('--pulse <n>', 'position of the frame in the train, or in the .npy file', '0')
    .option(
      '-o, --output <file>',
      '.npy: float32 (y, x), row 0 at the bottom, NaN in gaps; .png: as seen along the beam',
    )
    .option('--raw', RAW_HELP)
    .option('--constants <proposal>', CONSTANTS_HELP)
    .option('--symmetric', 'put the beam in the middle of the image')
    .option('--levels <low,high>', 'values of the first and last colour of a .png')
    .option('--map <name>', `colours of a .png: ${COLOUR_MAPS.join(', ')}`, 'viridis')
    .option('--json', 'print shape, centre and where the frame is from')
    .option('--data-root <dir>', DATA_ROOT_HELP)
    .option('--origin <which>', ORIGIN_HELP);
  addGeometryFileOptions(command)
    .addHelpText(
      'after',
      `
Examples:
  hutch geometry assemble proc/r0034 -g agipd.geom --train 10 --pulse 3 -o frame.png
  hutch geometry assemble mean.npy --detector LPD -g lpd.h5 --quads "11.4,299 -11.5,8 254.5,-16 278.5,275" -o mean.npy`,
    )
    .action((data: string, options: AssembleCommandOptions) => assemble(context, data, options));
}

/** One frame and where it is from. */
interface Frame {
  /** (module, ss, fs). */
  readonly stack: NdArray<'float32'>;
  readonly source: string;
  /** As the shape in the file says, where it says it. */
  readonly detector?: Detector;
  /** What was done to a run's frame before. */
  readonly frames?: string;
  readonly trainId?: number;
  readonly pulseId?: number;
}

async function assemble(context: CliContext, data: string, options: AssembleCommandOptions): Promise<void> {
  const { output } = options;
  const end = extname(output ?? '').toLowerCase();
  if (output === undefined || (end !== '.npy' && end !== '.png'))
    throw new Usage('Say where to write with -o FILE.npy or -o FILE.png.');
  const map = COLOUR_MAPS.find((name) => name === options.map);
  if (!map) throw new Usage(`--map ${options.map} is none of ${COLOUR_MAPS.join(', ')}.`);
  const levels = parseLevels(options.levels);
  const [{ snapGeometry, symmetricSnap }, { assembleModules }, { writeAside }, { overlapText }] = await Promise.all([
    import('../detector/snapped-geometry.ts'),
    import('../detector/assembly.ts'),
    import('../platform/node/write-aside.ts'),
    import('./geometry-summary.ts'),
  ]);
  // First, because it is quick: a run's frames may have to be corrected.
  const given = options.geometry === undefined ? undefined : await loadGeometryFile(options.geometry, options);
  const frame =
    extname(data).toLowerCase() === '.npy'
      ? await npyFrame(data, options, given?.detector)
      : await runFrame(context, data, options);
  const geometry = given ?? (await geometryOf(frame, options));
  const overlap = overlapText(geometry);
  if (overlap !== null) context.note(`${overlap}\n`);
  const whole = snapGeometry(geometry);
  const snapped = options.symmetric ? symmetricSnap(whole) : whole;
  const [modules, slowScan, fastScan] = geometry.detector.dataShape;
  if (String(frame.stack.shape) !== String([modules, slowScan, fastScan])) {
    throw new SelectionInvalid(
      `The geometry is of ${geometry.detector.name} [${geometry.detector.dataShape}], the data of ${frame.source} are [${frame.stack.shape}] (module, ss, fs). Give the geometry of that detector.`,
      { expected: geometry.detector.dataShape, got: frame.stack.shape },
    );
  }
  const image = assembleModules(snapped, frame.stack);
  await writeAside(output, await encode(image, end, map, levels));
  const { source, frames, trainId, pulseId } = frame;
  const { shape, centre } = snapped;
  if (options.json)
    context.write(
      `${JSON.stringify({ output, source, frames, trainId, pulseId, detector: geometry.detector.name, shape, centre })}\n`,
    );
  else context.write(`${output}: ${shape.join(' x ')} pixels, the beam at row ${centre[0]}, column ${centre[1]}\n`);
}

async function encode(
  image: NdArray<'float32'>,
  end: string,
  map: ColourMap,
  levels: { low: number; high: number } | undefined,
): Promise<readonly Uint8Array[]> {
  if (end === '.npy') {
    const { encodeNpy } = await import('../formats/npy.ts');
    return encodeNpy(image);
  }
  const [{ encodePng }, { colourImage }] = await Promise.all([
    import('../platform/node/png-file.ts'),
    import('./image-colours.ts'),
  ]);
  const [height, width] = image.shape;
  return encodePng(colourImage(image.data, [height, width], map, levels), width, height);
}

/** The detector that the options say, else the one of such data. */
async function detectorOf(options: AssembleCommandOptions, what: { shape: readonly number[]; source?: string }) {
  const { detectDetector } = await import('../detector/detector-table.ts');
  if (options.detector === undefined) return detectDetector(what);
  const modules = options.modules === undefined ? undefined : toNumber('--modules', options.modules);
  return detectorOption(options.detector, modules);
}

async function geometryOf(frame: Frame, options: AssembleCommandOptions) {
  const source = extname(frame.source) === '.npy' ? undefined : frame.source;
  const found = frame.detector ?? (await detectorOf(options, { shape: frame.stack.shape, source }));
  if (!found)
    throw new Usage(`Which detector ${frame.source} is of is not known: give --geometry FILE or --detector NAME.`);
  const { exampleGeometry } = await import('../detector/geometry.ts');
  return exampleGeometry(found);
}

async function runFrame(context: CliContext, runText: string, options: AssembleCommandOptions): Promise<Frame> {
  const run = await context.openRun(runText, {
    data: options.origin,
    dataRoot: options.dataRoot,
    signal: context.signal,
  });
  try {
    const detector = openFrames(run, options);
    const train = toNumber('--train', options.train);
    const trainId = detector.trainIds[train];
    if (trainId === undefined) {
      throw new NoData(
        `${detector.name} has ${detector.trainIds.length} trains: --train ${options.train} is none of them.`,
        {
          train,
        },
      );
    }
    const pulse = toNumber('--pulse', options.pulse);
    const frame = await detector.readFrame(trainId, pulse, { signal: context.signal });
    const one = detector.selectTrains({ by: 'id', ids: [trainId] });
    const stack = signalOf(frame.array, frame.modulesPresent);
    const corrected = new Float32Array(stack.data.length).fill(Number.NaN);
    const wish = { raw: options.raw, constants: options.constants, pulse };
    const { isVisited, text } = await correctRawFrames(context, run, one, wish, ({ modules }) => {
      for (const [module, values] of modules) corrected.set(values, module * values.length);
    });
    context.note(`${text}\n`);
    return {
      stack: isVisited ? ndarray('float32', stack.shape, corrected) : stack,
      source: detector.name,
      frames: text,
      trainId,
      pulseId: frame.pulseId,
    };
  } finally {
    await run.close();
  }
}

/** (module, [gain,] ss, fs) without the gain plane, as float32; missing modules are NaN. */
function signalOf(array: NdArray, present: readonly boolean[]): NdArray<'float32'> {
  const [modules] = array.shape;
  const [slowScan, fastScan] = array.shape.slice(-2);
  const pixels = slowScan * fastScan;
  const step = elementCount(array.shape) / modules;
  const out = new Float32Array(modules * pixels).fill(Number.NaN);
  const values = array.data as Float32Array;
  for (let module = 0; module < modules; module++)
    if (present[module]) out.set(values.subarray(module * step, module * step + pixels), module * pixels);
  return ndarray('float32', [modules, slowScan, fastScan], out);
}

/** @param known the detector of the geometry that was given */
async function npyFrame(path: string, options: AssembleCommandOptions, known?: Detector): Promise<Frame> {
  const { readNpyFile } = await import('./frame-source.ts');
  const array = await readNpyFile(path);
  const { dtype } = array;
  const detector = known ?? (await detectorOf(options, { shape: array.shape }));
  const { shape, data } = detector ? await stackOf(detector, array) : array;
  if (dtype === 'string' || dtype.startsWith('complex') || shape.length < 3)
    throw new SelectionInvalid(`${path} is ${dtype} [${shape}]: it must be numbers (.., module, ss, fs).`, {
      dtype,
      shape,
    });
  const frameShape = shape.slice(-3) as [number, number, number];
  const size = elementCount(frameShape);
  const frames = elementCount(shape.slice(0, -3));
  const frame = toNumber('--pulse', options.pulse);
  if (!(Number.isInteger(frame) && frame >= 0 && frame < frames))
    throw new SelectionInvalid(`${path} has ${frames} frames: --pulse ${options.pulse} is none of them.`, { frame });
  // float16 is held as its bits.
  const toValue = dtype === 'float16' ? decodeFloat16 : Number;
  const values = Float32Array.from({ length: size }, (_, i) => toValue((data as Float32Array)[frame * size + i]));
  return { stack: ndarray('float32', frameShape, values), source: path, detector };
}

/** Frames as files hold them (one picture, calibration rows) as a stack; others as they are, for a message that knows more. */
async function stackOf(detector: Detector, array: NdArray): Promise<NdArray> {
  const { toModuleStack } = await import('../detector/module-stack.ts');
  try {
    return toModuleStack(detector, array);
  } catch (error) {
    if (isXfelError(error, 'ShapeMismatch')) return array;
    throw error;
  }
}

function parseLevels(text: string | undefined): { low: number; high: number } | undefined {
  if (text === undefined) return undefined;
  const parts = text.split(',');
  const [low, high] = parts.map((part) => toNumber('--levels', part));
  if (parts.length !== 2 || !(high > low))
    throw new Usage(`--levels needs LOW,HIGH with LOW below HIGH, got "${text}".`);
  return { low, high };
}
