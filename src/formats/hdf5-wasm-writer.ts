import { itemSizeOf, type NumericStorage } from '../core/dtype.ts';
import { FileUnreadable, ShapeMismatch, Unsupported } from '../core/errors.ts';
import { elementCount, isSameShape, type NdArray, ndarray } from '../core/ndarray.ts';
import { loadWasmHdf5, type WasmHdf5 } from './hdf5-wasm.ts';
import type {
  Hdf5AttributeValue,
  Hdf5Creator,
  Hdf5DatasetPlan,
  Hdf5StorageOptions,
  Hdf5Writer,
} from './hdf5-writer.ts';

/** H5S_UNLIMITED. @source HDF5 reference manual */
const UNLIMITED = 0xffffffffffffffffn;
const DEFLATE = 1;
/** H5T class numbers. @source HDF5 reference manual, H5T_class_t */
const CLASS = { integer: 0, float: 1, string: 3 } as const;

interface WasmType {
  readonly type: number;
  readonly size: number;
  readonly signed: boolean;
  readonly vlen: boolean;
  readonly cset?: number;
}

/** The writing port on HDF5 compiled to WebAssembly. */
export const wasmHdf5Creator: Hdf5Creator = {
  async create(path) {
    return new WasmHdf5Writer(await loadWasmHdf5(), path);
  },
};

class WasmHdf5Writer implements Hdf5Writer {
  readonly path: string;
  readonly #hdf5: WasmHdf5;
  #handle: bigint | null;
  readonly #groups = new Set<string>(['', '/']);
  readonly #datasets = new Map<string, { plan: Hdf5DatasetPlan; shape: number[] }>();

  constructor(hdf5: WasmHdf5, path: string) {
    this.path = path;
    this.#hdf5 = hdf5;
    const { module } = hdf5;
    this.#handle = this.#attempt('', () => module.open(path, module.H5F_ACC_TRUNC, false, -1, -1));
  }

  get #id(): bigint {
    if (this.#handle === null) throw new FileUnreadable(`${this.path} was closed already.`, { path: this.path });
    return this.#handle;
  }

  group(path: string): void {
    if (this.#groups.has(path)) return;
    this.group(path.slice(0, path.lastIndexOf('/')));
    this.#attempt(path, () => this.#hdf5.module.create_group(this.#id, path, false));
    this.#groups.add(path);
  }

  write(path: string, array: NdArray, options: Hdf5StorageOptions = {}): void {
    if (array.dtype === 'string') {
      this.#createDataset(path, { ...options, dtype: 'string', shape: array.shape }, array.data as readonly string[]);
    } else {
      this.create(path, { ...options, dtype: array.dtype, shape: array.shape });
      if (elementCount(array.shape) > 0) this.#writeValues(path, null, array);
    }
  }

  create(path: string, plan: Hdf5DatasetPlan): void {
    if (plan.dtype === 'string') throw new Unsupported(`${path}: text is written whole, by write().`, { path });
    // A dataset that can grow starts empty: the library writes what it creates, and would read memory that is not there.
    this.#createDataset(path, plan, null);
  }

  #createDataset(path: string, plan: Hdf5DatasetPlan, texts: readonly string[] | null): void {
    const { module } = this.#hdf5;
    const { shape, chunks = null, isGrowing = false, deflate = 0 } = plan;
    if ((isGrowing || deflate > 0) && !chunks) {
      throw new Unsupported(`${path}: a growing or compressed dataset needs a chunk shape.`, { path });
    }
    this.group(path.slice(0, path.lastIndexOf('/')));
    const limits = shape.map((n, axis) => (isGrowing && axis === 0 ? UNLIMITED : BigInt(n)));
    const metadata = {
      ...wasmTypeOf(plan, path),
      littleEndian: true,
      total_size: elementCount(shape),
      shape: shape.map(BigInt),
      maxshape: limits,
      chunks: chunks ? chunks.map(BigInt) : null,
      compression: deflate > 0 ? DEFLATE : 0,
      compression_opts: deflate > 0 ? [deflate] : [],
      track_order: false,
    } as unknown as Parameters<typeof module.create_dataset>[3];
    this.#attempt(path, () => {
      if (texts) return module.create_vlen_str_dataset(this.#id, path, texts, metadata);
      // The library writes the values of what it creates: from a block that is large enough, as zeros.
      const isEmptyFirst = isGrowing;
      const first = isEmptyFirst ? [0n, ...shape.slice(1).map(BigInt)] : shape.map(BigInt);
      const bytes = Math.max(8, isEmptyFirst ? 0 : elementCount(shape) * itemSizeOf(plan.dtype));
      const block = this.#hdf5.heapBlock(bytes);
      module.HEAPU8.fill(0, block, block + bytes);
      const status = module.create_dataset(this.#id, path, BigInt(block), { ...metadata, shape: first });
      if (isEmptyFirst && shape[0] > 0) module.resize_dataset(this.#id, path, shape.map(BigInt));
      return status;
    });
    this.#datasets.set(path, { plan, shape: [...shape] });
  }

  append(path: string, array: NdArray): void {
    const { shape } = this.#known(path);
    if (!isSameShape(array.shape.slice(1), shape.slice(1))) throw this.#mismatch(path, shape, array.shape);
    const start = shape.map((n, axis) => (axis === 0 ? n : 0));
    shape[0] += array.shape[0];
    this.#attempt(path, () => this.#hdf5.module.resize_dataset(this.#id, path, shape.map(BigInt)));
    this.#writeValues(path, start, array);
  }

  writeBlock(path: string, start: readonly number[], array: NdArray): void {
    const { shape } = this.#known(path);
    const isInside =
      array.shape.length === shape.length && shape.every((n, axis) => start[axis] + array.shape[axis] <= n);
    if (!isInside) throw this.#mismatch(path, shape, array.shape);
    this.#writeValues(path, start, array);
  }

  #writeValues(path: string, start: readonly number[] | null, array: NdArray): void {
    const { module } = this.#hdf5;
    const data = array.data as NumericStorage;
    const block = this.#hdf5.heapBlock(Math.max(8, data.byteLength));
    module.HEAPU8.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), block);
    const isScalar = array.shape.length === 0;
    const count = isScalar ? null : array.shape.map(BigInt);
    const offset = isScalar ? null : array.shape.map((_, axis) => BigInt(start?.[axis] ?? 0));
    const strides = isScalar ? null : array.shape.map(() => 1n);
    this.#attempt(path, () => module.set_dataset_data(this.#id, path, count, offset, strides, BigInt(block)));
  }

  attributes(path: string, values: Readonly<Record<string, Hdf5AttributeValue>>): void {
    const { module } = this.#hdf5;
    for (const [name, value] of Object.entries(values)) {
      const array = toArray(value);
      const metadata = {
        ...wasmTypeOf(array, path),
        littleEndian: true,
        total_size: elementCount(array.shape),
        shape: array.shape.map(BigInt),
        maxshape: array.shape.map(BigInt),
        chunks: null,
      } as unknown as Parameters<typeof module.create_attribute>[4];
      this.#attempt(path, () => {
        if (array.dtype === 'string') {
          return module.create_vlen_str_attribute(this.#id, path, name, array.data, metadata);
        }
        const data = array.data as NumericStorage;
        const block = this.#hdf5.heapBlock(Math.max(8, data.byteLength));
        module.HEAPU8.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), block);
        return module.create_attribute(this.#id, path, name, BigInt(block), metadata);
      });
    }
  }

  softLink(path: string, target: string): void {
    this.group(path.slice(0, path.lastIndexOf('/')));
    this.#attempt(path, () => this.#hdf5.module.create_soft_link(this.#id, target, path));
  }

  close(): void {
    if (this.#handle === null) return;
    const handle = this.#handle;
    this.#handle = null;
    this.#attempt('', () => this.#hdf5.module.close_file(handle));
  }

  #known(path: string): { shape: number[] } {
    const known = this.#datasets.get(path);
    if (known) return known;
    throw new Unsupported(`${this.path}: dataset ${path} was not created by this writer.`, { path });
  }

  #mismatch(path: string, expected: readonly number[], got: readonly number[]): ShapeMismatch {
    return new ShapeMismatch(`${this.path}: [${got}] does not fit into dataset ${path} of shape [${expected}].`, {
      expected,
      got,
    });
  }

  /** Runs a library call; what it throws or returns as failure becomes one error with the place. */
  #attempt<T extends number | bigint>(path: string, call: () => T): T {
    let reason = 'HDF5 reported an error';
    try {
      const result = call();
      if (result >= 0) return result;
    } catch (error) {
      if (error instanceof Unsupported) throw error;
      const text = error instanceof Error ? error.message : String(error);
      reason = [...text.matchAll(/#\d+:.*?in \w+\(\): (.*)/g)].at(-1)?.[1].trim() ?? text.trim();
    }
    throw new FileUnreadable(`${this.path}${path ? `: ${path}` : ''} cannot be written: ${reason}.`, {
      path: this.path,
      dataset: path,
    });
  }
}

function toArray(value: Hdf5AttributeValue): NdArray {
  if (typeof value === 'string') return ndarray('string', [], [value]);
  if (typeof value === 'number') return ndarray('float64', [], Float64Array.of(value));
  return value;
}

function wasmTypeOf({ dtype }: Pick<Hdf5DatasetPlan, 'dtype'>, path: string): WasmType {
  if (dtype === 'string') return { type: CLASS.string, size: 4, signed: false, vlen: true, cset: 0 };
  const isFloat = dtype.startsWith('float');
  if (!isFloat && !/^u?int\d+$/.test(dtype)) throw new Unsupported(`${path}: ${dtype} cannot be written.`, { path });
  return {
    type: isFloat ? CLASS.float : CLASS.integer,
    size: itemSizeOf(dtype),
    signed: !dtype.startsWith('u'),
    vlen: false,
  };
}
