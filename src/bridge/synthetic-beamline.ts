import { type NdArray, ndarray, zeros } from '../core/ndarray.ts';
import type { Train, TrainSource, TrainValue } from '../core/train.ts';
import { RING_BYTES } from './synthetic-detector.ts';
import { bytesOfTrain } from './train-message.ts';

/** What stands round the detector: slow data, pulse energies, cameras. */
export interface BeamlineOptions {
  /** X-ray pulses in each train. */
  readonly pulses: number;
  readonly motors: number;
  /** `online`: pictures as `data.image.data`, as a bridge sends them; `file`: `data.image.pixels`, as files have them. */
  readonly layout: 'online' | 'file';
}

/** Pulses that an XGM can tell apart in a train; those without light are 1. */
const XGM_PULSES = 2700;
const NO_LIGHT = 1;
const MEAN_ENERGY_UJ = 800;
/** Height and width of the pictures. */
const CAMERA_SHAPE = [480, 640] as const;
const CAMERA_BITS = 12;
/** Trains after which a scan of the motors begins anew. */
const SCAN_TRAINS = 100;

/**
 * Sources of a beamline in train `index`: motors that scan, an XGM (slow data and 2700 pulses), two cameras with a spot
 * that wanders and is as bright as the pulses. The same index gives the same values.
 * @source EXtra-data and EXtra-foam: names of keys; `.value` behind those of slow data, as bridges send them
 */
export function beamlineSources({ pulses, motors, layout }: BeamlineOptions, index: number): Map<string, TrainSource> {
  const random = new Noise(index + 1);
  const sources = new Map<string, TrainSource>();
  const add = (name: string, data: Iterable<readonly [string, TrainValue]>) =>
    sources.set(name, { data: new Map(data), metadata: new Map() });
  const phase = (2 * Math.PI * (index % SCAN_TRAINS)) / SCAN_TRAINS;
  for (let motor = 1; motor <= motors; motor++) {
    const target = Math.round(10 * Math.sin(phase + motor)) / 10;
    add(`SPB_IRU_MOT/MOTOR/X${motor}`, [
      ['actualPosition.value', target + 0.001 * random.normal()],
      ['targetPosition.value', target],
      ['encoderPosition.value', target + 0.0005 * random.normal()],
      ['velocity.value', 0.5],
      ['isMoving.value', index % 10 === 0],
      ['swLimitLow.value', -25.0],
      ['swLimitHigh.value', 25.0],
      ['state.value', index % 10 === 0 ? 'MOVING' : 'ON'],
    ]);
  }
  const energies = Float32Array.from({ length: pulses }, () => MEAN_ENERGY_UJ * (1 + 0.1 * random.normal()));
  const mean = pulses > 0 ? energies.reduce((sum, energy) => sum + energy, 0) / pulses : 0;
  const [x, y] = [0.3 * random.normal(), 0.3 * random.normal()];
  add('SPB_XTD9_XGM/XGM/DOOCS', [
    ['pulseEnergy.photonFlux.value', mean],
    ['pulseEnergy.wavelengthUsed.value', 0.1333],
    ['pulseEnergy.numberOfBunchesActual.value', BigInt(pulses)],
    ['beamPosition.ixPos.value', x],
    ['beamPosition.iyPos.value', y],
    ['state.value', 'ON'],
  ]);
  add('SPB_XTD9_XGM/XGM/DOOCS:output', [
    ['data.intensityTD', ofPulses(energies)],
    ['data.intensitySa1TD', ofPulses(energies)],
    ['data.intensitySigmaTD', ofPulses(energies.map((energy) => 0.01 * energy))],
    ['data.xTD', ofPulses(energies.map(() => x + 0.05 * random.normal()))],
    ['data.yTD', ofPulses(energies.map(() => y + 0.05 * random.normal()))],
    ['data.trainId', zeros('uint64', [])],
  ]);
  for (const [camera, width] of [
    ['SPB_IRU_CAM/CAM/SIDEMIC:daqOutput', 12],
    ['SPB_EXP_ZYLA/CAM/1:output', 25],
  ] as const) {
    const key = layout === 'online' ? 'data.image.data' : 'data.image.pixels';
    const picture = spot(width, x, y, mean / MEAN_ENERGY_UJ, random);
    const facts: (readonly [string, TrainValue])[] = [
      [key, picture],
      ['data.image.bitsPerPixels', BigInt(CAMERA_BITS)],
      ['data.image.dimensions', picture.shape.map(BigInt)],
      ['data.image.encoding', 'GRAY'],
    ];
    add(camera, facts);
  }
  return sources;
}

/**
 * Trains of a beamline, with or without a detector's: its pictures come round again while all else goes on.
 * @param detector a ring of trains of a detector; empty = none
 * @param maxBytes there are fewer trains if all but the detector takes more, but at least one
 */
export function makeBeamlineTrains(
  options: BeamlineOptions,
  count: number,
  detector: readonly Train[] = [],
  maxBytes = RING_BYTES,
): Train[] {
  const trains: Train[] = [];
  let bytes = 0;
  for (let i = 0; i < count; i++) {
    const sources = beamlineSources(options, i);
    const size = bytesOfTrain({ trainId: i, sources });
    bytes += size;
    const pictures = detector.length > 0 ? detector[i % detector.length].sources : [];
    trains.push({ trainId: i, sources: new Map([...pictures, ...sources]) });
    if (bytes + size > maxBytes) break;
  }
  return trains;
}

function ofPulses(values: Float32Array): NdArray {
  const all = new Float32Array(XGM_PULSES).fill(NO_LIGHT);
  all.set(values.subarray(0, XGM_PULSES));
  return ndarray('float32', [XGM_PULSES], all);
}

/** A round spot on a noisy ground, (y, x) uint16. */
function spot(width: number, x: number, y: number, brightness: number, random: Noise): NdArray {
  const [height, length] = CAMERA_SHAPE;
  const [centreY, centreX] = [height / 2 + 40 * y, length / 2 + 40 * x];
  const row = Float64Array.from({ length }, (_, i) => Math.exp(-((i - centreX) ** 2) / (2 * width * width)));
  const pixels = new Uint16Array(height * length);
  const top = 2 ** CAMERA_BITS - 1;
  for (let i = 0; i < height; i++) {
    const peak = 2500 * brightness * Math.exp(-((i - centreY) ** 2) / (2 * width * width));
    for (let j = 0; j < length; j++)
      pixels[i * length + j] = Math.min(top, Math.max(0, peak * row[j] + 100 + 8 * random.uniform()));
  }
  return ndarray('uint16', CAMERA_SHAPE, pixels);
}

/** Noise of a train. @source Marsaglia, xorshift32; Box and Muller */
class Noise {
  #state: number;

  constructor(seed: number) {
    this.#state = Math.imul(seed, 0x9e3779b9) | 1;
  }

  uniform(): number {
    this.#state ^= this.#state << 13;
    this.#state ^= this.#state >>> 17;
    this.#state ^= this.#state << 5;
    return (this.#state >>> 0) / 2 ** 32;
  }

  normal(): number {
    return Math.sqrt(-2 * Math.log(1 - this.uniform())) * Math.cos(2 * Math.PI * this.uniform());
  }
}
