import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { FileUnreadable, NoData, ShapeMismatch, Usage } from '../core/errors.ts';
import { pixelCountOf } from '../detector/detector.ts';
import { detectDetector } from '../detector/detector-table.ts';
import type { Geometry } from '../detector/geometry.ts';
import { pictureGeometry } from '../detector/integration/picture-geometry.ts';
import { type Poni, parsePoni } from '../formats/poni.ts';
import type { CliContext } from './context.ts';
import { detectorOption } from './detector-option.ts';
import { arrayFrames, checkFrameShape, readNpyFile, runFrames, type SourceFrame } from './frame-source.ts';
import { correctRawFrames, type FrameOptions, openFrames } from './geometry-frames.ts';
import { chooseTrainIds, type RunOptions } from './run-options.ts';

/** Options of `hutch integrate` that say which frames, and of which detector. */
export interface FrameSourceOptions extends RunOptions, FrameOptions {
  readonly geometry?: string;
  readonly detector?: string;
  readonly poni?: string;
  readonly trains?: string;
  readonly trainIds?: string;
  readonly name?: string;
}

/** One frame, or some modules of one, in whole frames; valid until the next. */
export interface VisitedFrame extends SourceFrame {
  /** Position among all frames. */
  readonly index: number;
}

/** Frames, and what they are frames of. */
export interface OpenFrames {
  readonly geometry: Geometry;
  readonly poni: Poni | null;
  /** Gives each frame; with few modules at a time, each more than once. Resolves to what the frames are; null: a file's. */
  readonly visit: (take: (frame: VisitedFrame) => void) => Promise<string | null>;
  readonly close: () => Promise<void>;
}

/** Frames of a NumPy file. @throws Usage, ShapeMismatch if they do not fit what the options say, and as `readNpyFile` */
export async function openArray(path: string, options: FrameSourceOptions, poni: Poni | null): Promise<OpenFrames> {
  const array = await readNpyFile(path);
  const close = async () => {};
  if (!options.geometry && !options.detector && poni) {
    const shape = array.shape.slice(-2) as [number, number];
    if (array.shape.length < 2) throw new Usage(`${path} is [${array.shape}]: pictures have two axes (row, column).`);
    if (!poni.pixel)
      throw new Usage(`${options.poni} does not say how large the pixels of ${poni.detector} are; give --geometry.`);
    if (poni.shape && String(poni.shape) !== String(shape))
      throw new ShapeMismatch(
        `${path} holds pictures of ${shape.join(' x ')} pixels, ${options.poni} is of ${poni.detector} with ${poni.shape.join(' x ')}. Give the .poni file of this detector.`,
        { expected: poni.shape, got: shape },
      );
    const geometry = pictureGeometry(shape, poni.pixel);
    return { geometry, poni: { ...poni, shape }, visit: visitAll(arrayFrames(array, geometry.detector, path)), close };
  }
  const detector = options.detector
    ? await detectorOption(options.detector, array.shape.length > 2 ? array.shape.at(-3) : undefined)
    : detectDetector({ shape: array.shape });
  if (!detector && !options.geometry)
    throw new Usage(
      `${path} is [${array.shape}], the shape of no detector that is known: say --detector, --geometry or --poni.`,
    );
  const { loadGeometry } = await import('../platform/node/load-geometry.ts');
  const geometry = await loadGeometry(options.geometry ?? null, detector);
  return { geometry, poni, visit: visitAll(arrayFrames(array, geometry.detector, path)), close };
}

function visitAll(frames: Iterable<SourceFrame>): OpenFrames['visit'] {
  return async (take) => {
    let index = 0;
    for (const frame of frames) take({ ...frame, index: index++ });
    return null;
  };
}

/**
 * Frames of a run: corrected ones, raw AGIPD frames corrected here, or raw ones as they are if `--raw` asks for them.
 * @param options.constantBytes as of `correctRawFrames`: Infinity if all modules of a frame are needed at once
 * @throws Usage, ShapeMismatch if detector, geometry and options do not fit; NoData by `visit` for raw frames that cannot be
 * corrected
 */
export async function openRunFrames(
  context: CliContext,
  data: string,
  options: FrameSourceOptions & { readonly constantBytes?: number },
  poni: Poni | null,
): Promise<OpenFrames> {
  const run = await context.openRun(data, { data: options.origin, dataRoot: options.dataRoot, signal: context.signal });
  try {
    const whole = openFrames(run, options);
    const opened = whole.selectTrains({ by: 'id', ids: chooseTrainIds(whole.trainIds, options) });
    const detector = options.detector
      ? await detectorOption(options.detector, opened.moduleCount)
      : detectDetector({ shape: [opened.moduleCount, ...opened.moduleShape], source: opened.name });
    if (!detector) throw new Usage(`${opened.name} is no detector whose geometry is known: say --detector.`);
    const { loadGeometry } = await import('../platform/node/load-geometry.ts');
    const geometry = await loadGeometry(options.geometry ?? null, detector);
    checkFrameShape([opened.moduleCount, ...opened.moduleShape], geometry.detector, opened.name);
    if (!options.geometry)
      context.note(`No --geometry: the example positions of ${detector.name} are no beamtime's truth.\n`);
    const visit: OpenFrames['visit'] = async (take) => {
      const values = new Float32Array(pixelCountOf(geometry.detector));
      const { isVisited, text } = await correctRawFrames(context, run, opened, options, ({ modules, ...frame }) => {
        values.fill(Number.NaN);
        for (const [module, pixels] of modules) values.set(pixels, module * pixels.length);
        take({ ...frame, values });
      });
      if (isVisited) return text;
      // Offsets of a few thousand ADU make a curve of their own, which looks like scattering.
      if (opened.isRaw && !options.raw)
        throw new NoData(`${data}: ${text}; or say --raw to integrate ADU with their offsets.`, { data });
      let index = 0;
      for await (const frame of runFrames(opened, context.signal)) take({ ...frame, index: index++ });
      return text;
    };
    return { geometry, poni, visit, close: () => run.close() };
  } catch (error) {
    await run.close();
    throw error;
  }
}

/** The calibration of a .poni file. @throws Usage if there is no such file, FileUnreadable, and as `parsePoni` */
export async function readPoni(path: string): Promise<Poni> {
  if (!existsSync(path)) throw new Usage(`--poni: there is no file ${path}.`);
  const text = await readFile(path, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    throw new FileUnreadable(`--poni: ${path} cannot be read (${cause.code}). Give a file.`, { path }, { cause });
  });
  return parsePoni(text, { path });
}
