import { NoData, SelectionInvalid, ShapeMismatch } from '../../../core/errors.ts';
import { elementCount, ndarray } from '../../../core/ndarray.ts';
import type { KeyData } from '../../key-data.ts';
import { type LabelledArray, labelled } from '../../labelled-array.ts';
import type { Run } from '../../run.ts';
import { type DetectedSteps, detectSteps, type StepOptions } from './detect-steps.ts';

/** One step of a scan. */
export interface ScanStep {
  /** Median position, in the units of the motor. */
  readonly position: number;
  /** Trains at this position, ascending. */
  readonly trainIds: readonly number[];
}

/** Values averaged over the trains of each step. */
export interface BinnedSteps {
  /** (position, ...axes behind trainId) */
  readonly mean: LabelledArray<'float64'>;
  /** Standard deviation over the trains of the step (of the whole population), same axes. */
  readonly deviation: LabelledArray<'float64'>;
  /** Trains of each step that the values had: (position). */
  readonly counts: LabelledArray<'uint32'>;
}

/**
 * Finds the steps of a scan in the positions of a motor.
 * @param key positions, one a train; default `actualPosition` of the source
 * @param options see {@link StepOptions}; give `resolution` if the steps that are found are not those that were made
 * @returns without steps if the motor stood at one place only
 * @throws SourceNotFound, KeyNotFound, NoData without positions, ShapeMismatch for positions that are arrays
 */
export async function openScan(
  run: Run,
  motor: string,
  options: StepOptions & { readonly key?: string } = {},
): Promise<Scan> {
  return readScan(run.key(motor, options.key ?? 'actualPosition'), options);
}

/** {@link openScan} of any key with one number a train. */
export async function readScan(key: KeyData, options: StepOptions = {}): Promise<Scan> {
  return scanOf(await key.readLabelled(), options);
}

/** {@link openScan} of values that are in memory already: (trainId). @throws NoData, ShapeMismatch */
export function scanOf(positions: LabelledArray, options: StepOptions = {}): Scan {
  const trainIds = trainIdsOf(positions);
  if (positions.shape.length !== 1) {
    throw new ShapeMismatch(`${positions.name} has shape [${positions.shape}]: a scan needs one number a train.`, {
      expected: ['trainId'],
      got: positions.dims,
    });
  }
  if (trainIds.length === 0) throw new NoData(`${positions.name} has no values in the selected trains.`);
  const values = Float64Array.from(positions.data as ArrayLike<number | bigint>, Number);
  return new Scan(positions, trainIds, detectSteps(values, options));
}

/** Steps of a motor with their trains. Immutable. Made by {@link openScan}. */
export class Scan {
  /** Name of the positions. */
  readonly name: string;
  /** In the order of time; the same position may come again. Empty if the motor stood at one place only. */
  readonly steps: readonly ScanStep[];
  /** Values that differ by no more are one position. */
  readonly resolution: number;
  readonly minTrains: number;
  readonly #units: string;

  constructor(positions: LabelledArray, trainIds: readonly number[], detected: DetectedSteps) {
    this.name = positions.name;
    this.resolution = detected.resolution;
    this.minTrains = detected.minTrains;
    this.#units = positions.attributes.get('units') ?? '';
    const steps = detected.steps.map(({ position, indices }) => ({
      position,
      trainIds: indices.map((i) => trainIds[i]),
    }));
    this.steps = steps.length > 1 ? steps : [];
  }

  /** Position of each step: (step). */
  get positions(): LabelledArray<'float64'> {
    const values = Float64Array.from(this.steps, ({ position }) => position);
    return labelled(ndarray('float64', [values.length], values), {
      name: this.name,
      dims: ['step'],
      coords: new Map([['step', this.steps.map((_, step) => step)]]),
      attributes: this.#attributes,
    });
  }

  get #attributes(): ReadonlyMap<string, string> {
    return new Map(this.#units === '' ? [] : [['units', this.#units]]);
  }

  /** Which step each train of a step belongs to; other trains are left out: (trainId). */
  stepOfTrains(): LabelledArray<'uint32'> {
    const pairs = this.steps
      .flatMap(({ trainIds }, step) => trainIds.map((id) => [id, step] as const))
      .sort(([a], [b]) => a - b);
    const data = Uint32Array.from(pairs, ([, step]) => step);
    return labelled(ndarray('uint32', [data.length], data), {
      name: `${this.name} step`,
      dims: ['trainId'],
      coords: new Map([['trainId', pairs.map(([id]) => id)]]),
    });
  }

  /** The same of anything that can select trains (a run, source, key, detector), one for each step. @throws SelectionInvalid */
  splitBySteps<T>(data: { selectTrains(selection: { readonly by: 'id'; readonly ids: readonly number[] }): T }): T[] {
    return this.steps.map(({ trainIds }) => data.selectTrains({ by: 'id', ids: trainIds }));
  }

  /**
   * Averages values over the trains of each step; trains that the values lack are left out, NaN is not counted.
   * @param values (trainId, ...), numbers; several entries of a train count each
   * @throws SelectionInvalid if the first axis is not `trainId`
   */
  binBySteps(values: LabelledArray): BinnedSteps {
    const trainIds = trainIdsOf(values);
    const inner = elementCount(values.shape.slice(1));
    const data = values.data as ArrayLike<number | bigint>;
    const entries = new Map<number, number[]>();
    for (const [entry, id] of trainIds.entries()) entries.set(id, [...(entries.get(id) ?? []), entry]);
    const mean = new Float64Array(this.steps.length * inner).fill(Number.NaN);
    const deviation = mean.slice();
    const counts = new Uint32Array(this.steps.length);
    for (const [step, { trainIds: own }] of this.steps.entries()) {
      const rows = own.flatMap((id) => entries.get(id) ?? []);
      counts[step] = rows.length;
      for (let element = 0; element < inner; element++) {
        const at = step * inner + element;
        [mean[at], deviation[at]] = meanAndDeviation(rows.map((row) => Number(data[row * inner + element])));
      }
    }
    const shape = [this.steps.length, ...values.shape.slice(1)];
    const coords = new Map([...values.coords].filter(([dim]) => dim !== 'trainId'));
    coords.set('position', this.positions.data);
    const { attributes, name } = values;
    const labels = { dims: ['position', ...values.dims.slice(1)], coords, attributes };
    return {
      mean: labelled(ndarray('float64', shape, mean), { ...labels, name }),
      deviation: labelled(ndarray('float64', shape, deviation), { ...labels, name: `${name} deviation` }),
      counts: labelled(ndarray('uint32', [this.steps.length], counts), {
        name: `${name} counts`,
        dims: ['position'],
        coords: new Map([['position', this.positions.data]]),
      }),
    };
  }
}

function trainIdsOf(values: LabelledArray): number[] {
  const ids = values.coords.get('trainId');
  if (values.dims[0] === 'trainId' && ids) return Array.from(ids as ArrayLike<number | bigint>, Number);
  throw new SelectionInvalid(
    `${values.name} needs trainId as its first axis, with coordinates; it has ${values.dims}.`,
    {
      dims: values.dims,
    },
  );
}

function meanAndDeviation(all: readonly number[]): [mean: number, deviation: number] {
  const values = all.filter((value) => !Number.isNaN(value));
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  return [mean, Math.sqrt(variance)];
}
