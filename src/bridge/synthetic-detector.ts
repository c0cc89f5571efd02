import { Usage } from '../core/errors.ts';
import { ndarray } from '../core/ndarray.ts';
import type { Train, TrainSource, TrainValue } from '../core/train.ts';
import { bytesOfTrain } from './train-message.ts';

/** What the simulator makes up when it has no run. @source karabo_bridge simulation: names, keys, shapes, value range */
export interface SyntheticOptions {
  readonly detector: 'AGIPD' | 'AGIPDModule' | 'LPD';
  /** uint16 instead of float32. */
  readonly isRaw: boolean;
  /** Uniform 1500 to 1600, or zeros. */
  readonly values: 'random' | 'zeros';
  /** `online`: (module, fs, ss, pulse); `file`: (pulse, module, ss, fs). */
  readonly layout: 'online' | 'file';
  readonly pulses?: number;
  /** Several sources with suffix -1 .. -N; 1 = one without suffix. */
  readonly sources: number;
}

interface Kind {
  readonly source: string;
  readonly modules: number;
  /** Of the online order: (mod_y, mod_x). */
  readonly moduleShape: readonly [number, number];
  readonly pulses: number;
}

const KINDS: Readonly<Record<SyntheticOptions['detector'], Kind>> = {
  AGIPD: { source: 'SPB_DET_AGIPD1M-1/CAL/APPEND', modules: 16, moduleShape: [128, 512], pulses: 64 },
  AGIPDModule: { source: 'SPB_DET_AGIPD1M-1/DET/0CH0:xtdf', modules: 1, moduleShape: [128, 512], pulses: 64 },
  LPD: { source: 'FXE_DET_LPD1M-1/CAL/APPEND', modules: 16, moduleShape: [256, 256], pulses: 300 },
};

/** Memory that a ring may take, bytes. */
export const RING_BYTES = 2 ** 30;

/**
 * A ring of made-up trains, made beforehand so that sending costs nothing.
 * @param count trains wanted @param maxBytes there are fewer trains if they take more, but at least one
 * @throws Usage for a combination that does not exist
 */
export function makeSyntheticTrains(options: SyntheticOptions, count: number, maxBytes = RING_BYTES): Train[] {
  const kind = KINDS[options.detector];
  if (options.detector === 'AGIPDModule' && !options.isRaw)
    throw new Usage('A single AGIPD module is sent raw only: add --raw.');
  const pulses = options.pulses ?? kind.pulses;
  const name = kind.modules === 1 ? kind.source : `${kind.source}_${options.isRaw ? 'RAW' : 'CORRECTED'}`;
  const names = options.sources === 1 ? [name] : Array.from({ length: options.sources }, (_, n) => `${name}-${n + 1}`);
  const trains: Train[] = [];
  let bytes = 0;
  for (let i = 0; i < count; i++) {
    const source = makeSource(kind, options, pulses, i + 1);
    trains.push({ trainId: i, sources: new Map(names.map((each) => [each, source])) });
    const size = bytesOfTrain(trains[i]);
    bytes += size;
    if (bytes + size > maxBytes) break;
  }
  return trains;
}

function makeSource(
  { source, modules, moduleShape: [y, x] }: Kind,
  options: SyntheticOptions,
  pulses: number,
  seed: number,
): TrainSource {
  const { isRaw, values, layout } = options;
  const axes = layout === 'online' ? [modules, y, x, pulses] : [pulses, modules, x, y];
  const shape = modules === 1 ? axes.filter((_, axis) => axis !== (layout === 'online' ? 0 : 1)) : axes;
  const count = shape.reduce((product, length) => product * length, 1);
  const pixels = isRaw ? new Uint16Array(count) : new Float32Array(count);
  if (values === 'random') fillUniform(pixels, 1500, 1600, seed);
  const indices = Array.from({ length: pulses }, (_, i) => i);
  const data = new Map<string, TrainValue>([
    ['image.data', ndarray(isRaw ? 'uint16' : 'float32', shape, pixels as Uint16Array & Float32Array)],
    ['image.cellId', ndarray('uint16', [pulses], Uint16Array.from(indices))],
    ['image.pulseId', ndarray('uint64', [pulses], BigUint64Array.from(indices, BigInt))],
    ['image.trainId', ndarray('uint64', [pulses], new BigUint64Array(pulses))],
    ['image.gain', ndarray('uint16', [y, x, pulses], new Uint16Array(y * x * pulses))],
  ]);
  const domain = source.split('/')[0];
  if (!isRaw)
    data.set(
      'image.passport',
      ['THRESHOLDING', 'OFFSET_CORR', 'RELGAIN_CORR'].map((step) => `${domain}/CAL/${step}_Q1M1`),
    );
  if (modules > 1) {
    data.set(
      'sources',
      Array.from({ length: modules }, (_, i) => `${domain}/DET/${i}CH0:xtdf`),
    );
    data.set('modulesPresent', new Array<boolean>(modules).fill(true));
  }
  return { data, metadata: new Map() };
}

/** Quick uniform noise; a generator of its own, so that a ring of 64 pulses is there within a second. @source Marsaglia, xorshift32 */
function fillUniform(out: Uint16Array | Float32Array, low: number, high: number, seed: number): void {
  let state = (seed * 0x9e3779b9) | 1;
  const scale = (high - low) / 2 ** 32;
  for (let i = 0; i < out.length; i++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    out[i] = low + (state >>> 0) * scale;
  }
}
