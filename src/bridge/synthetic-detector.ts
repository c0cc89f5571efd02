import { StateInvalid } from '../core/errors.ts';
import { elementCount, type NdArray, ndarray, zeros } from '../core/ndarray.ts';
import type { Train, TrainSource, TrainValue } from '../core/train.ts';
import { bytesOfTrain } from './train-message.ts';

/** Detectors that the simulator can make up. */
export const SYNTHETIC_DETECTORS = ['AGIPD', 'AGIPDModule', 'LPD', 'DSSC', 'JUNGFRAU'] as const;

/** What the simulator makes up when it has no run. @source karabo_bridge simulation: names, keys, shapes, value range */
export interface SyntheticOptions {
  readonly detector: (typeof SYNTHETIC_DETECTORS)[number];
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
  readonly domain: string;
  readonly modules: number;
  /** Each module is a source of its own, these numbers; else all are one source. */
  readonly moduleNumbers?: readonly number[];
  readonly fastScan: number;
  readonly slowScan: number;
  readonly pulses: number;
  readonly keys: 'image' | 'adc';
}

const AGIPD = { domain: 'SPB_DET_AGIPD1M-1', fastScan: 128, slowScan: 512, pulses: 64, keys: 'image' } as const;
const KINDS: Readonly<Record<SyntheticOptions['detector'], Kind>> = {
  AGIPD: { ...AGIPD, modules: 16 },
  AGIPDModule: { ...AGIPD, modules: 1, moduleNumbers: [0] },
  LPD: { domain: 'FXE_DET_LPD1M-1', modules: 16, fastScan: 256, slowScan: 256, pulses: 300, keys: 'image' },
  DSSC: { domain: 'SCS_DET_DSSC1M-1', modules: 16, fastScan: 512, slowScan: 128, pulses: 64, keys: 'image' },
  JUNGFRAU: {
    domain: 'SPB_IRDA_JF4M',
    modules: 8,
    moduleNumbers: [1, 2, 3, 4, 5, 6, 7, 8],
    fastScan: 1024,
    slowScan: 512,
    pulses: 16,
    keys: 'adc',
  },
};

/** Memory that a ring may take, bytes. */
export const RING_BYTES = 2 ** 30;
/** Frames of a larger train nobody could receive: Python and C++ clients end at this size of a part, ours of a message. */
const MAX_FRAME_BYTES = 2 ** 32 - 1;

/**
 * A ring of made-up trains, made beforehand so that sending costs nothing.
 * @param count trains wanted @param maxBytes there are fewer trains if they take more, but at least one
 * @throws StateInvalid if the frames of one train take 4 GiB or more
 */
export function makeSyntheticTrains(options: SyntheticOptions, count: number, maxBytes = RING_BYTES): Train[] {
  const kind = KINDS[options.detector];
  const { pulses = kind.pulses, isRaw } = options;
  const frameBytes = kind.modules * kind.fastScan * kind.slowScan * pulses * (isRaw ? 2 : 4);
  if (frameBytes > MAX_FRAME_BYTES)
    throw new StateInvalid(
      `A train of ${pulses} pulses of ${options.detector} has ${(frameBytes / 2 ** 30).toFixed(1)} GiB of frames, and a bridge carries less than 4 GiB. Take at most ${Math.floor((pulses * MAX_FRAME_BYTES) / frameBytes)} pulses.`,
      { field: 'pulses' },
    );
  const trains: Train[] = [];
  let bytes = 0;
  for (let i = 0; i < count; i++) {
    const sources = new Map<string, TrainSource>();
    for (const [n, name] of sourceNames(kind, options.isRaw).entries()) {
      const source = makeSource(kind, options, i * kind.modules + n + 1);
      for (const each of copiesOf(name, options.sources)) sources.set(each, source);
    }
    trains.push({ trainId: i, sources });
    const size = bytesOfTrain(trains[i]);
    bytes += size;
    if (bytes + size > maxBytes) break;
  }
  return trains;
}

function copiesOf(name: string, count: number): string[] {
  return count === 1 ? [name] : Array.from({ length: count }, (_, n) => `${name}-${n + 1}`);
}

/** Names as the facility has them: one source of all modules, or one of each. */
function sourceNames({ domain, moduleNumbers, keys }: Kind, isRaw: boolean): string[] {
  if (!moduleNumbers) return [`${domain}/CAL/APPEND_${isRaw ? 'RAW' : 'CORRECTED'}`];
  return moduleNumbers.map((number) => {
    if (keys === 'adc') return `${domain}/${isRaw ? 'DET' : 'CORR'}/JNGFR${String(number).padStart(2, '0')}:daqOutput`;
    return isRaw ? `${domain}/DET/${number}CH0:xtdf` : `${domain}/CORR/${number}CH0:output`;
  });
}

function makeSource(kind: Kind, options: SyntheticOptions, seed: number): TrainSource {
  const { isRaw, values, layout, pulses = kind.pulses } = options;
  const { fastScan, slowScan } = kind;
  const modules = kind.moduleNumbers ? [] : [kind.modules];
  const shape =
    layout === 'online' ? [...modules, fastScan, slowScan, pulses] : [pulses, ...modules, slowScan, fastScan];
  const count = elementCount(shape);
  const pixels = isRaw ? new Uint16Array(count) : new Float32Array(count);
  if (values === 'random') fillUniform(pixels, 1500, 1600, seed);
  const frames = ndarray(isRaw ? 'uint16' : 'float32', shape, pixels as Uint16Array & Float32Array);
  const data = kind.keys === 'adc' ? adcKeys(frames, pulses, isRaw) : imageKeys(kind, frames, pulses);
  if (kind.keys === 'image' && !isRaw)
    data.set(
      'image.passport',
      ['THRESHOLDING', 'OFFSET_CORR', 'RELGAIN_CORR'].map((step) => `${kind.domain}/CAL/${step}_Q1M1`),
    );
  if (!kind.moduleNumbers) {
    data.set(
      'sources',
      Array.from({ length: kind.modules }, (_, i) => `${kind.domain}/DET/${i}CH0:xtdf`),
    );
    data.set('modulesPresent', new Array<boolean>(kind.modules).fill(true));
  }
  return { data, metadata: new Map() };
}

function imageKeys(kind: Kind, frames: NdArray, pulses: number): Map<string, TrainValue> {
  const indices = Array.from({ length: pulses }, (_, i) => i);
  return new Map<string, TrainValue>([
    ['image.data', frames],
    ['image.cellId', ndarray('uint16', [pulses], Uint16Array.from(indices))],
    ['image.pulseId', ndarray('uint64', [pulses], BigUint64Array.from(indices, BigInt))],
    ['image.trainId', ndarray('uint64', [pulses], new BigUint64Array(pulses))],
    // The peer has the gain of one module, whatever the layout.
    ['image.gain', zeros('uint16', [kind.fastScan, kind.slowScan, pulses])],
  ]);
}

/** @source EXtra-data, JUNGFRAU: keys of a module; all in high gain, in cells from 0 on */
function adcKeys(frames: NdArray, cells: number, isRaw: boolean): Map<string, TrainValue> {
  const data = new Map<string, TrainValue>([
    ['data.adc', frames],
    ['data.gain', zeros('uint8', frames.shape)],
    [
      'data.memoryCell',
      ndarray(
        'uint8',
        [cells],
        Uint8Array.from({ length: cells }, (_, i) => i % 16),
      ),
    ],
    [
      'data.frameNumber',
      ndarray(
        'uint64',
        [cells],
        BigUint64Array.from({ length: cells }, (_, i) => BigInt(i)),
      ),
    ],
    ['data.timestamp', zeros('float64', [cells])],
    ['data.trainId', zeros('uint64', [cells])],
  ]);
  if (!isRaw) data.set('data.mask', zeros('uint32', frames.shape));
  return data;
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
