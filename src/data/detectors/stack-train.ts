import { type DType, isFloatDType, lanesOf } from '../../core/dtype.ts';
import { DtypeMismatch, NoData, SelectionInvalid, ShapeMismatch } from '../../core/errors.ts';
import { elementCount, isNdArray, isSameShape, type NdArray, ndarray, zeros } from '../../core/ndarray.ts';
import type { Train } from '../../core/train.ts';
import { storedElement } from './convert-elements.ts';

/** How to find the modules of a detector in a train. */
export interface StackTrainOptions {
  /** Where the module axis goes; negative counts from the end of the result. Default -3, before slow_scan and fast_scan. */
  readonly axis?: number;
  /** Modules of the whole detector. Default 16. */
  readonly moduleCount?: number;
  /** Value of modules without data. Default NaN for floats, else 0. */
  readonly fillValue?: number;
  /** Finds the module number, its first group, in a source name; other sources are left alone. Default `/DET/<n>CH`. */
  readonly pattern?: RegExp;
  /** Number of the first module. Default 0. */
  readonly startsAt?: number;
}

/** Arrays of the modules of a detector as if they were one, without copying them. Valid as long as the train is. */
export class StackView {
  /** As the stacked array has it: module axis at `axis`. */
  readonly shape: readonly number[];
  readonly dtype: DType;
  readonly axis: number;
  readonly #modules: ReadonlyMap<number, NdArray>;
  readonly #fillValue?: number;
  readonly #fill: number | bigint;
  readonly #moduleShape: readonly number[];

  /**
   * @param modules position along the module axis -> array, at least one; all of one dtype and shape
   * @throws DtypeMismatch, ShapeMismatch, SelectionInvalid for a position or an axis outside the result
   */
  constructor(modules: ReadonlyMap<number, NdArray>, moduleCount: number, axis = -3, fillValue?: number) {
    const [first] = modules.values();
    for (const [module, array] of modules) {
      if (module < 0 || module >= moduleCount) {
        throw new SelectionInvalid(
          `Module ${module} is outside a detector of ${moduleCount} modules. Give moduleCount or startsAt.`,
          { module, moduleCount },
        );
      }
      if (array.dtype !== first.dtype) {
        throw new DtypeMismatch(`Module ${module} is ${array.dtype}, another ${first.dtype}: they cannot be stacked.`, {
          expected: first.dtype,
          got: array.dtype,
        });
      }
      if (!isSameShape(array.shape, first.shape)) {
        throw new ShapeMismatch(
          `Module ${module} has shape [${array.shape}], another [${first.shape}]: they cannot be stacked.`,
          { expected: first.shape, got: array.shape },
        );
      }
    }
    const rank = first.shape.length + 1;
    this.axis = axis < 0 ? axis + rank : axis;
    if (!(this.axis >= 0 && this.axis < rank)) {
      throw new SelectionInvalid(`There is no place ${axis} for a module axis among ${rank} axes.`, { axis, rank });
    }
    this.dtype = first.dtype;
    this.#modules = modules;
    this.#moduleShape = first.shape;
    this.shape = [...first.shape.slice(0, this.axis), moduleCount, ...first.shape.slice(this.axis)];
    this.#fillValue = fillValue;
    this.#fill = storedElement(fillValue ?? (isFloatDType(first.dtype) ? Number.NaN : 0), first.dtype);
  }

  /** Positions along the module axis that have data. */
  get modulesPresent(): readonly number[] {
    return [...this.#modules.keys()].sort((a, b) => a - b);
  }

  /** One module: its own array, not a copy; a filled one where the module has none. @throws SelectionInvalid */
  module(position: number): NdArray {
    const found = this.#modules.get(position);
    if (found) return found;
    if (!Number.isInteger(position) || position < 0 || position >= this.shape[this.axis])
      throw new SelectionInvalid(`There is no module ${position} among ${this.shape[this.axis]}.`, { position });
    const filled = zeros(this.dtype, this.#moduleShape);
    (filled.data as Uint8Array).fill(this.#fill as number);
    return filled;
  }

  /** All modules side by side; a copy. */
  toArray(): NdArray {
    const array = zeros(this.dtype, this.shape);
    const moduleCount = this.shape[this.axis];
    const inner = elementCount(this.shape.slice(this.axis + 1)) * lanesOf(this.dtype);
    const outer = elementCount(this.shape.slice(0, this.axis));
    const out = array.data as Uint8Array;
    for (let module = 0; module < moduleCount; module++) {
      const data = this.#modules.get(module)?.data as Uint8Array | undefined;
      for (let block = 0; block < outer; block++) {
        const start = (block * moduleCount + module) * inner;
        if (data) out.set(data.subarray(block * inner, (block + 1) * inner), start);
        else if (Number(this.#fill) !== 0) out.fill(this.#fill as number, start, start + inner);
      }
    }
    return array;
  }

  /** The same modules without the other axes of length 1. */
  squeeze(): StackView {
    const shape = this.#moduleShape.filter((length) => length !== 1);
    const modules = new Map(
      [...this.#modules].map(([module, { dtype, data }]) => [module, ndarray(dtype, shape, data)] as const),
    );
    const axis = this.#moduleShape.slice(0, this.axis).filter((length) => length !== 1).length;
    return new StackView(modules, this.shape[this.axis], axis, this.#fillValue);
  }
}

/**
 * The modules of a detector in a train as one array, without a copy. Modules without data, or with none of their frames, are
 * filled.
 * @param key such as `image.data`
 * @throws NoData if no source of the train fits, SelectionInvalid if two sources are the same module or one is outside the
 * detector, DtypeMismatch and ShapeMismatch if modules differ
 */
export function viewDetectorStack(train: Train, key: string, options: StackTrainOptions = {}): StackView {
  const { axis = -3, moduleCount = 16, fillValue, pattern = /\/DET\/(\d+)CH/, startsAt = 0 } = options;
  const sources = new Map<number, string>();
  const modules = new Map<number, NdArray>();
  for (const [name, source] of train.sources) {
    const match = name.match(pattern);
    const value = source.data.get(key);
    if (!match || !isNdArray(value) || value.dtype === 'string' || value.shape[0] === 0) continue;
    const module = Number(match[1]) - startsAt;
    const other = sources.get(module);
    if (other !== undefined) {
      throw new SelectionInvalid(
        `${other} and ${name} are both module ${module}. Give a pattern that fits one detector.`,
        {
          module,
        },
      );
    }
    sources.set(module, name);
    modules.set(module, value);
  }
  if (modules.size === 0)
    throw new NoData(`No source of train ${train.trainId} that fits ${pattern} has ${key}.`, {
      trainId: train.trainId,
    });
  return new StackView(modules, moduleCount, axis, fillValue);
}

/**
 * The modules of a detector in a train side by side, as {@link viewDetectorStack}.
 * @returns for frames (pulse, [data_gain,] ss, fs) of a module: (pulse, [data_gain,] module, ss, fs)
 */
export function stackDetectorData(train: Train, key: string, options?: StackTrainOptions): NdArray {
  return viewDetectorStack(train, key, options).toArray();
}

/**
 * A key of all sources of a train that have it side by side, in the order of all numbers in their names.
 * @param options.axis where the new axis goes. Default -3
 * @param options.except names of sources to leave out
 * @throws NoData if no source has the key, DtypeMismatch and ShapeMismatch if sources differ
 */
export function stackData(
  train: Train,
  key: string,
  options: { readonly axis?: number; readonly except?: readonly string[] } = {},
): NdArray {
  const found: { readonly numbers: readonly number[]; readonly array: NdArray }[] = [];
  for (const [name, source] of train.sources) {
    const value = source.data.get(key);
    if (options.except?.includes(name) || !isNdArray(value) || value.dtype === 'string') continue;
    found.push({ numbers: (name.match(/\d+/g) ?? []).map(Number), array: value });
  }
  if (found.length === 0) throw new NoData(`No source of train ${train.trainId} has ${key}.`, { key });
  found.sort((a, b) => compareNumbers(a.numbers, b.numbers));
  const modules = new Map(found.map(({ array }, place) => [place, array]));
  return new StackView(modules, found.length, options.axis ?? -3).toArray();
}

function compareNumbers(a: readonly number[], b: readonly number[]): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) if (a[i] !== b[i]) return a[i] - b[i];
  return a.length - b.length;
}
