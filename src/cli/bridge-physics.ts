import { makeSyntheticTrains, RING_BYTES, type SyntheticOptions } from '../bridge/synthetic-detector.ts';
import { sleep } from '../core/cancel.ts';
import { Usage } from '../core/errors.ts';
import { type NdArray, ndarray } from '../core/ndarray.ts';
import type { Train } from '../core/train.ts';
import { drawModuleTruth, recordFrame } from '../example/agipd-response.ts';
import { planExample } from '../example/example-plan.ts';
import { RandomStream } from '../example/random.ts';
import { addGrainSpots, drawPhotons, EXPERIMENT, expectedPhotons } from '../example/scattering.ts';

/** Frames that are drawn of each module; they come round in the pulses, in another order in each train. */
const DRAWN_FRAMES = 8;

/**
 * Trains of an AGIPD that sees the powder of the example: corrected ones in keV, raw ones as (pulse, 2, module, ss, fs) with
 * the answer of its pixels and their gain evaluation.
 * @throws Usage for other detectors, and for raw data in the online layout, which has no place for the gain evaluation
 */
export async function makePhysicsTrains(
  options: Omit<SyntheticOptions, 'values'>,
  count: number,
  { signal }: { readonly signal: AbortSignal },
): Promise<Train[]> {
  const { detector, isRaw, layout, pulses = 64 } = options;
  if (detector !== 'AGIPD' && detector !== 'AGIPDModule')
    throw new Usage(`--gen physics is there for AGIPD and AGIPDModule, not for ${detector}. Choose random or zeros.`);
  if (isRaw && layout === 'online') throw new Usage('--gen physics --raw has a gain plane: add --data-like file.');
  const modules = detector === 'AGIPD' ? 16 : 1;
  const drawn = Math.min(pulses, DRAWN_FRAMES);
  const frames: (Uint16Array | Float32Array)[][] = [];
  const { geometry, seed } = planExample({ pulses: drawn });
  const expectedOf = expectedPhotons(geometry, EXPERIMENT);
  for (let module = 0; module < modules; module++) {
    await sleep(0, signal);
    frames.push(drawModule(module, expectedOf(module), drawn, isRaw, geometry.detector.dataShape, seed));
  }
  const trains: Train[] = [];
  const bytes = modules * pulses * frames[0][0].byteLength;
  for (let i = 0; i < count && (i === 0 || (i + 1) * bytes <= RING_BYTES); i++) {
    const [train] = makeSyntheticTrains({ ...options, values: 'zeros', pulses }, 1);
    const sources = new Map(
      [...train.sources].map(([name, source]) => {
        const image = source.data.get('image.data') as NdArray;
        const data = new Map([...source.data, ['image.data', picturesOf(frames, image, options, pulses, i)] as const]);
        return [name, { ...source, data }] as const;
      }),
    );
    trains.push({ trainId: i, sources });
  }
  return trains;
}

/** Frames of a module: keV (ss, fs), or the raw (2, ss, fs). */
function drawModule(
  module: number,
  expected: Float32Array,
  count: number,
  isRaw: boolean,
  [, slowScan, fastScan]: readonly number[],
  seed: number,
): (Uint16Array | Float32Array)[] {
  const pixels = slowScan * fastScan;
  const truth = drawModuleTruth(seed, module, count, slowScan, fastScan);
  addGrainSpots(expected, fastScan, slowScan / 8, seed, module, 0);
  const photons = new Uint16Array(pixels);
  return Array.from({ length: count }, (_, frame) => {
    const random = new RandomStream(seed, 0x51b, module, frame);
    drawPhotons(expected, 1, random, photons);
    if (!isRaw) return Float32Array.from(photons, (photon) => photon * EXPERIMENT.photonEnergyKeV);
    const out = new Uint16Array(2 * pixels);
    recordFrame(truth, frame, photons, EXPERIMENT.photonEnergyKeV, null, random, out);
    return out;
  });
}

/** Puts frames where the layout wants them. @param like the array of zeros that the simulator would send */
function picturesOf(
  frames: readonly (readonly (Uint16Array | Float32Array)[])[],
  like: NdArray,
  { isRaw, layout }: Omit<SyntheticOptions, 'values'>,
  pulses: number,
  train: number,
): NdArray {
  const modules = frames.length;
  const frameOf = (module: number, pulse: number) => frames[module][(pulse + train) % frames[module].length];
  const [fastScan, slowScan] = layout === 'online' ? like.shape.slice(-3) : like.shape.slice(-2).reverse();
  const pixels = slowScan * fastScan;
  if (isRaw) {
    const out = new Uint16Array(pulses * 2 * modules * pixels);
    for (let pulse = 0; pulse < pulses; pulse++)
      for (let module = 0; module < modules; module++)
        for (let plane = 0; plane < 2; plane++)
          out.set(
            frameOf(module, pulse).subarray(plane * pixels, (plane + 1) * pixels),
            ((pulse * 2 + plane) * modules + module) * pixels,
          );
    const stack = modules === 1 ? [] : [modules];
    return ndarray('uint16', [pulses, 2, ...stack, slowScan, fastScan], out);
  }
  const out = like.data as Float32Array;
  for (let module = 0; module < modules; module++) {
    for (let pulse = 0; pulse < pulses; pulse++) {
      const frame = frameOf(module, pulse);
      if (layout === 'file') {
        out.set(frame, (pulse * modules + module) * pixels);
        continue;
      }
      for (let ss = 0; ss < slowScan; ss++)
        for (let fs = 0; fs < fastScan; fs++)
          out[((module * fastScan + fs) * slowScan + ss) * pulses + pulse] = frame[ss * fastScan + fs];
    }
  }
  return like;
}
