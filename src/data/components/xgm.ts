import { KeyNotFound, SelectionInvalid, SourceNotFound, Unsupported } from '../../core/errors.ts';
import { ndarray } from '../../core/ndarray.ts';
import type { KeyData } from '../key-data.ts';
import { type LabelledArray, labelled } from '../labelled-array.ts';
import { RaggedArray } from '../ragged-array.ts';
import type { Run } from '../run.ts';
import { type Sase, saseOfSource } from '../sase.ts';
import type { TrainSelection } from '../train-selection.ts';

/** What the monitor writes where there is no pulse. @source European XFEL XGM devices: arrays are filled up with 1.0 */
const NO_PULSE = 1;

/** Product of photon energy and wavelength, keV nm: h c. @source CODATA 2018 */
const KEV_NM = 1.239841984;

/** @source European XFEL device classes of gas monitors, as in EXtra's XGM component */
const DEVICE_CLASSES = ['DoocsXGM', 'DoocsXGMD', 'DoocsXGMReduced'];
const DEVICE_NAME = /\/XGMD?\/DOOCS[^/:]*$/;

/** Names that the number of pulses has had. @source EXtra's XGM component; the misspelt one is what devices really say */
const PULSE_COUNT_KEYS = [
  'pulseEnergy.numberOfBunchesActual',
  'pulseEnergy.nummberOfBrunches',
  'pulseEnergy.numberOfBunches',
] as const;

/** Factors to microjoule. */
const MICROJOULES: ReadonlyMap<string, number> = new Map([
  ['', 1],
  ['μJ', 1],
  ['µJ', 1],
  ['uJ', 1],
  ['nJ', 1e-3],
  ['mJ', 1e3],
  ['J', 1e6],
]);

/** Which pulses of a monitor. */
export interface XgmPulseChoice {
  /**
   * Only the pulses of this beamline, from monitors of SASE1 and SASE3 that tell them apart (`data.intensitySa1TD`); undefined
   * for all that pass the monitor (`data.intensityTD`).
   */
  readonly sase?: 1 | 3;
}

/** How many pulses to take of each train. */
export interface XgmEnergyOptions extends XgmPulseChoice {
  /**
   * A number for all trains, numbers by train id (trains without one are left out), or, by default, as many as the monitor
   * wrote before the filling of 1.0 up to the end of its array.
   */
  readonly pulseCounts?: number | ReadonlyMap<number, number>;
  readonly signal?: AbortSignal;
}

/**
 * Opens a gas monitor of a run.
 * @param device name of the device, or any part of it that fits one monitor only (case does not matter); may be left out
 * where a run has one
 * @throws SourceNotFound if no monitor fits, SelectionInvalid if several do
 */
export function openXgm(run: Run, device?: string): Xgm {
  const wanted = device?.split(':', 1)[0];
  if (wanted !== undefined && (run.hasSource(wanted) || run.hasSource(`${wanted}:output`))) return new Xgm(run, wanted);
  const all = findXgms(run);
  const fitting = all.filter((name) => wanted === undefined || name.toLowerCase().includes(wanted.toLowerCase()));
  if (fitting.length === 1) return new Xgm(run, fitting[0]);
  if (fitting.length > 1) {
    throw new SelectionInvalid(`${run.path} has several gas monitors, name one of: ${fitting.join(', ')}.`, {
      names: fitting,
    });
  }
  const advice = all.length ? `It has: ${all.join(', ')}.` : 'None of its sources is one (*/XGM/DOOCS).';
  throw new SourceNotFound(`${run.path} has no gas monitor${device === undefined ? '' : ` "${device}"`}. ${advice}`, {
    name: device ?? 'XGM',
    near: all,
  });
}

/** Names of the gas monitors of a run, sorted: by name, else by the class of the device. */
export function findXgms(run: Run): string[] {
  const devices = [...run.controlSources, ...run.instrumentSources.map((source) => source.split(':', 1)[0])];
  const byName = new Set(devices.filter((name) => DEVICE_NAME.test(name)));
  if (byName.size > 0) return [...byName].sort();
  return run.controlSources.filter((name) => DEVICE_CLASSES.includes(run.source(name).deviceClass)).sort();
}

/** A gas monitor: energy of each pulse, beam position, wavelength. Immutable. Made by {@link openXgm}. */
export class Xgm {
  /** Name of the device, such as `SA1_XTD2_XGM/XGM/DOOCS`. */
  readonly name: string;
  /** The output channel with one value a pulse. */
  readonly output: string;
  readonly #run: Run;

  constructor(run: Run, name: string) {
    this.#run = run;
    this.name = name;
    this.output = `${name}:output`;
  }

  /** The same monitor over fewer trains. @throws SelectionInvalid */
  selectTrains(selection: TrainSelection): Xgm {
    return new Xgm(this.#run.selectTrains(selection), this.name);
  }

  /** The beamline that the device stands in, by its name; undefined if that does not say. */
  get sase(): Sase | undefined {
    return saseOfSource(this.name);
  }

  /** Beamlines whose pulses the monitor tells apart: none, or SASE1 and SASE3. */
  get resolvedSases(): readonly (1 | 3)[] {
    if (!this.#run.hasSource(this.output)) return [];
    const output = this.#run.source(this.output);
    return ([1, 3] as const).filter((sase) => output.hasKey(`data.intensitySa${sase}TD`));
  }

  /**
   * Energy of each pulse, μJ, train after train; without the filling behind the last pulse. Trains in which the monitor wrote
   * nothing are left out; trains without pulses are empty. Values are the monitor's, without corrections.
   * @throws SourceNotFound if the output channel was not recorded, KeyNotFound if the monitor does not resolve the beamline,
   * SelectionInvalid for more pulses than the array has, Unsupported for other units than joule
   */
  async pulseEnergies(options: XgmEnergyOptions = {}): Promise<RaggedArray<'float32'>> {
    const { sase, pulseCounts, signal } = options;
    const key = this.#run.key(this.output, sase === undefined ? 'data.intensityTD' : `data.intensitySa${sase}TD`);
    const factor = MICROJOULES.get(key.units);
    if (factor === undefined)
      throw new Unsupported(`${key.source} ${key.key} is in ${key.units}, which is no energy.`, { units: key.units });
    const { data, shape } = await key.read({ signal });
    const values = data as ArrayLike<number>;
    const [, length] = shape;
    const trainIds: number[] = [];
    const counts: number[] = [];
    const energies: number[] = [];
    for (const [entry, trainId] of key.trainIdCoordinates().entries()) {
      const start = entry * length;
      const count = typeof pulseCounts === 'object' ? pulseCounts.get(trainId) : pulseCounts;
      if (count === undefined && typeof pulseCounts === 'object') continue;
      const own = count ?? countWritten(values, start, length);
      if (!Number.isInteger(own) || own < 0 || own > length)
        throw new SelectionInvalid(`Train ${trainId} cannot have ${own} pulses: ${key.source} has ${length} places.`, {
          trainId,
        });
      trainIds.push(trainId);
      counts.push(own);
      for (let i = 0; i < own; i++) energies.push(values[start + i] * factor);
    }
    const name = `${this.name} pulse energy`;
    return new RaggedArray('float32', { name, trainIds, counts, data: Float32Array.from(energies), units: 'μJ' });
  }

  /**
   * Pulses in each train as the device counts them slowly: (trainId). May be wrong or late; a pulse pattern knows better.
   * @throws KeyNotFound if the device has no such property
   */
  async pulseCounts({ sase }: XgmPulseChoice = {}): Promise<LabelledArray> {
    const names = sase === undefined ? PULSE_COUNT_KEYS : [`pulseEnergy.numberOfSa${sase}BunchesActual`];
    return this.#firstKey(names).readLabelled();
  }

  /** Energy of a pulse as the device averages it over seconds, in the units of the device (μJ): (trainId). @throws KeyNotFound */
  async photonFlux(): Promise<LabelledArray> {
    return this.#firstKey(['pulseEnergy.photonFlux']).readLabelled();
  }

  /**
   * Energy of a pulse as the device averages it over 10 to 20 s, by beamline where it tells them apart: (trainId).
   * @throws KeyNotFound
   */
  async slowTrainEnergy({ sase }: XgmPulseChoice = {}): Promise<LabelledArray> {
    return this.#firstKey([`controlData.slowTrain${sase === undefined ? '' : `Sa${sase}`}`]).readLabelled();
  }

  /** Position of the beam, in the units of the device (mm): (trainId) each. @throws KeyNotFound */
  async beamPosition(): Promise<{ readonly x: LabelledArray; readonly y: LabelledArray }> {
    const [x, y] = ['beamPosition.ixPos', 'beamPosition.iyPos'].map((name) => this.#firstKey([name]));
    return { x: await x.readLabelled(), y: await y.readLabelled() };
  }

  /**
   * Nominal wavelength, nm.
   * @throws SelectionInvalid if it changed by more than 1e-5, NoData, KeyNotFound
   */
  async wavelengthNm(): Promise<number> {
    return Number(await this.#firstKey(['pulseEnergy.wavelengthUsed']).asSingleValue());
  }

  /** Nominal photon energy, keV; as {@link wavelengthNm}. */
  async photonEnergyKeV(): Promise<number> {
    return KEV_NM / (await this.wavelengthNm());
  }

  /** Nominal photon energy of each train, keV: (trainId). @throws KeyNotFound */
  async photonEnergyByTrain(): Promise<LabelledArray<'float64'>> {
    const { data, coords, dims, shape } = await this.#firstKey(['pulseEnergy.wavelengthUsed']).readLabelled();
    const energies = Float64Array.from(data as ArrayLike<number>, (wavelength) => KEV_NM / wavelength);
    const name = `${this.name} photon energy`;
    return labelled(ndarray('float64', shape, energies), {
      name,
      dims,
      coords,
      attributes: new Map([['units', 'keV']]),
    });
  }

  /** @throws SourceNotFound if the properties were not recorded, KeyNotFound */
  #firstKey(names: readonly string[]): KeyData {
    const source = this.#run.source(this.name);
    const name = names.find((candidate) => source.hasKey(candidate));
    if (name !== undefined) return source.key(name);
    throw new KeyNotFound(`${this.name} has no ${names.join(' or ')}. See what it has with keys().`, {
      source: this.name,
      name: names[0],
      near: [],
    });
  }
}

/** Values before the filling that reaches the end of the array. */
function countWritten(values: ArrayLike<number>, start: number, length: number): number {
  let count = length;
  while (count > 0 && values[start + count - 1] === NO_PULSE) count--;
  return count;
}
