import { allocate, type DType, type DTypeStorage, isFloatDType } from '../core/dtype.ts';
import { ShapeMismatch, TrainNotFound } from '../core/errors.ts';
import { ndarray } from '../core/ndarray.ts';
import { type LabelledArray, labelled } from './labelled-array.ts';

/** Element types of ragged arrays. */
export type RaggedDType = 'uint32' | 'float32' | 'float64';

/** A padded array that says where it has values. */
export interface PaddedArray extends LabelledArray {
  /** Same axes: false where a train has no such value. */
  readonly presence: LabelledArray<'bool'>;
}

/** Values of trains that need not have equally many: one after the other, without padding. Immutable. */
export class RaggedArray<D extends RaggedDType = RaggedDType> {
  readonly name: string;
  readonly dtype: D;
  /** Trains in order; also those without values. */
  readonly trainIds: readonly number[];
  /** Values of each train, aligned with `trainIds`. */
  readonly counts: readonly number[];
  /** All values, train after train. */
  readonly data: DTypeStorage[D];
  /** Unit symbol, '' without one. */
  readonly units: string;
  readonly #starts: readonly number[];

  /** @throws ShapeMismatch if counts, trains and values do not fit */
  constructor(
    dtype: D,
    parts: Pick<RaggedArray<D>, 'trainIds' | 'counts' | 'data'> & { readonly name: string; readonly units?: string },
  ) {
    const { trainIds, counts, data } = parts;
    const total = counts.reduce((sum, count) => sum + count, 0);
    if (counts.length !== trainIds.length || total !== data.length) {
      throw new ShapeMismatch(
        `${parts.name}: ${data.length} values and ${counts.length} counts (${total} values) of ${trainIds.length} trains do not fit.`,
        { expected: total, got: data.length },
      );
    }
    this.dtype = dtype;
    this.name = parts.name;
    this.trainIds = trainIds;
    this.counts = counts;
    this.data = data;
    this.units = parts.units ?? '';
    let start = 0;
    this.#starts = counts.map((count) => {
      start += count;
      return start - count;
    });
  }

  /** Values of one train, as a view. @throws TrainNotFound */
  ofTrain(trainId: number): DTypeStorage[D] {
    const index = this.trainIds.indexOf(trainId);
    if (index < 0) throw new TrainNotFound(`${this.name} has no train ${trainId}.`, { trainId });
    return this.at(index);
  }

  /** Values of the train at a position, as a view. */
  at(index: number): DTypeStorage[D] {
    const start = this.#starts[index];
    return this.data.subarray(start, start + this.counts[index]) as DTypeStorage[D];
  }

  /** Train id of each value. */
  trainIdCoordinates(): number[] {
    return this.trainIds.flatMap((id, i) => new Array<number>(this.counts[i]).fill(id));
  }

  /** (trainId, pulseIndex), padded with NaN in floats and 0 in integers up to the longest train. */
  toPadded(): PaddedArray {
    const length = this.counts.reduce((most, count) => Math.max(most, count), 0);
    const data = allocate(this.dtype as DType, this.trainIds.length * length) as Float64Array;
    if (isFloatDType(this.dtype)) data.fill(Number.NaN);
    const presence = new Uint8Array(data.length);
    for (const [i, count] of this.counts.entries()) {
      data.set(this.at(i) as Float64Array, i * length);
      presence.fill(1, i * length, i * length + count);
    }
    const shape = [this.trainIds.length, length];
    const labels = {
      dims: ['trainId', 'pulseIndex'],
      coords: new Map([
        ['trainId', this.trainIds],
        ['pulseIndex', Array.from({ length }, (_, i) => i)],
      ]),
    };
    const array = labelled(ndarray(this.dtype as 'float64', shape, data), {
      ...labels,
      name: this.name,
      attributes: new Map(this.units === '' ? [] : [['units', this.units]]),
    });
    return {
      ...array,
      presence: labelled(ndarray('bool', shape, presence), { ...labels, name: `${this.name} presence` }),
    };
  }
}
