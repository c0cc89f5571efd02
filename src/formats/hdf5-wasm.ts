import type { Metadata, ready as readyPromise } from 'h5wasm/node';
import { allocate, type DType, type DTypeStorage, itemSizeOf, type NumericStorage, viewBytes } from '../core/dtype.ts';
import { FileUnreadable, FormatInvalid, ShapeMismatch, Unsupported } from '../core/errors.ts';
import { elementCount, type NdArray, ndarray } from '../core/ndarray.ts';
import type { Hdf5Attribute, Hdf5Block, Hdf5Child, Hdf5DatasetInfo, Hdf5File, Hdf5Kind } from './hdf5.ts';
import { checkBlock, unreadableType } from './hdf5-block.ts';
import { toHdf5Type } from './hdf5-type.ts';

/** Larger reads go through the heap block in pieces of about this size, so that the heap (2 GiB at most) stays small. */
const PIECE_BYTES = 64 * 2 ** 20;

/** Number of the deflate filter. @source HDF5 registered filters */
const DEFLATE = 1;

type H5Module = Awaited<typeof readyPromise>;

let loading: Promise<WasmHdf5> | undefined;

/** Loads the library once per thread. */
export function loadWasmHdf5(): Promise<WasmHdf5> {
  loading ??= import('h5wasm/node').then(async ({ ready }) => new WasmHdf5(await ready));
  return loading;
}

/** HDF5 compiled to WebAssembly, reading files where they lie on the disk (nothing is loaded as a whole). */
export class WasmHdf5 {
  readonly module: H5Module;
  #block = 0;
  #blockSize = 0;

  /** Use {@link loadWasmHdf5}. */
  constructor(module: H5Module) {
    this.module = module;
    // Errors become exceptions with HDF5's own text; otherwise they would be printed on the terminal.
    module.activate_throwing_error_handler();
  }

  /** @throws FileUnreadable with HDF5's reason. @param path absolute */
  open(path: string): Hdf5File {
    return new WasmHdf5File(this, path, this.openHandle(path));
  }

  /** A file that its first use opens. @param path absolute */
  openLater(path: string): Hdf5File {
    return new WasmHdf5File(this, path, null);
  }

  /** Handle of a newly opened file. */
  openHandle(path: string): bigint {
    const { module } = this;
    return attempt(
      () => module.open(path, module.H5F_ACC_RDONLY, false, module.H5F_LIBVER_EARLIEST, module.H5F_LIBVER_LATEST),
      (reason) => new FileUnreadable(`${path} cannot be opened as HDF5: ${reason}.`, { path, reason }),
    );
  }

  /** A block of heap of at least `bytes`, reused by every read: heap memory is never given back to the system. */
  heapBlock(bytes: number): number {
    if (bytes > this.#blockSize) {
      if (this.#block) this.module._free(this.#block);
      this.#blockSize = 0;
      this.#block = this.module._malloc(bytes);
      if (!this.#block)
        throw new Unsupported(`A read of ${bytes} bytes does not fit the HDF5 library's memory.`, { bytes });
      this.#blockSize = bytes;
    }
    return this.#block;
  }
}

class WasmHdf5File implements Hdf5File {
  readonly path: string;
  readonly #hdf5: WasmHdf5;
  #handle: bigint | null;
  readonly #infos = new Map<string, { info: Hdf5DatasetInfo; metadata: Metadata }>();
  #isClosed = false;

  constructor(hdf5: WasmHdf5, path: string, handle: bigint | null) {
    this.#hdf5 = hdf5;
    this.path = path;
    this.#handle = handle;
  }

  get #id(): bigint {
    if (this.#isClosed) throw new FileUnreadable(`${this.path} was closed; open its run again.`, { path: this.path });
    this.#handle ??= this.#hdf5.openHandle(this.path);
    return this.#handle;
  }

  suspend(): void {
    if (this.#handle === null) return;
    this.#hdf5.module.close_file(this.#handle);
    this.#handle = null;
  }

  kindOf(path: string): Hdf5Kind {
    const { module } = this.#hdf5;
    const type = attempt(() => module.get_type(this.#id, path), this.#invalid(path));
    if (type === module.H5G_GROUP) return 'group';
    if (type === module.H5G_DATASET) return 'dataset';
    return type === -1 || type === module.H5G_LINK || type === module.H5G_UDLINK ? 'missing' : 'other';
  }

  softTarget(path: string): string | null {
    const { module } = this.#hdf5;
    // A name below something that is not there is an error to the library, which would cost a file handle.
    if (this.kindOf(path.slice(0, path.lastIndexOf('/')) || '/') !== 'group') return null;
    return attempt(() => module.get_symbolic_link(this.#id, path) as string | null, this.#invalid(path));
  }

  children(path: string): readonly Hdf5Child[] {
    const { module } = this.#hdf5;
    // Asked first because every error inside the library costs a file handle (its temporary file stays open).
    if (this.kindOf(path) !== 'group') throw this.#invalid(path)('no such group');
    const names = attempt(() => module.get_names(this.#id, path, false), this.#invalid(path));
    return names.map((name) => {
      const child = path === '/' ? `/${name}` : `${path}/${name}`;
      const kind = this.kindOf(child);
      const target = attempt(() => module.get_symbolic_link(this.#id, child) as string | null, this.#invalid(child));
      if (target !== null) return { name, link: 'soft', kind, target };
      return { name, link: kind === 'missing' ? 'external' : 'hard', kind };
    });
  }

  attributes(path: string): ReadonlyMap<string, Hdf5Attribute> {
    const { module } = this.#hdf5;
    const found = new Map<string, Hdf5Attribute>();
    if (this.kindOf(path) === 'missing') throw this.#invalid(path)('no such object');
    for (const name of attempt(() => module.get_attribute_names(this.#id, path), this.#invalid(path))) {
      const value = this.#attribute(path, name);
      if (value !== undefined) found.set(name, value);
    }
    return found;
  }

  #attribute(path: string, name: string): Hdf5Attribute | undefined {
    const { module } = this.#hdf5;
    const metadata = module.get_attribute_metadata(this.#id, path, name);
    const type = toHdf5Type(metadata);
    if (!metadata.shape || type.kind !== 'plain') return undefined;
    const bytes = metadata.size * metadata.total_size;
    const block = this.#hdf5.heapBlock(Math.max(bytes, 8));
    attempt(() => module.get_attribute_data(this.#id, path, name, BigInt(block)), this.#invalid(path));
    let array: NdArray;
    if (type.dtype === 'string') {
      const texts = decodeTexts(module, block, metadata, metadata.total_size);
      if (metadata.vlen) module.reclaim_vlen_memory(this.#id, path, name, BigInt(block));
      array = ndarray('string', metadata.shape, texts);
    } else {
      const data = allocate(type.dtype, metadata.total_size);
      bytesOfStorage(data as NumericStorage).set(module.HEAPU8.subarray(block, block + bytes));
      array = ndarray(type.dtype, metadata.shape, data);
    }
    if (metadata.shape.length > 0) return array;
    return array.dtype === 'bool' ? array.data[0] === 1 : array.data[0];
  }

  datasetInfo(path: string): Hdf5DatasetInfo {
    return this.#describe(path).info;
  }

  #describe(path: string): { info: Hdf5DatasetInfo; metadata: Metadata } {
    const known = this.#infos.get(path);
    if (known) return known;
    const { module } = this.#hdf5;
    if (this.kindOf(path) !== 'dataset') {
      throw new FormatInvalid(`${this.path} has no dataset ${path}.`, { path: this.path, dataset: path });
    }
    const metadata = attempt(() => module.get_dataset_metadata(this.#id, path), this.#invalid(path));
    const filters = attempt(() => module.get_dataset_filters(this.#id, path), this.#invalid(path));
    const type = toHdf5Type(metadata);
    const info: Hdf5DatasetInfo = {
      path,
      type,
      shape: metadata.shape ?? [0],
      maxShape: (metadata.maxshape ?? []).map((n) => (n > Number.MAX_SAFE_INTEGER ? null : n)),
      chunks: metadata.chunks,
      filters: filters.map((filter) => filter.name),
      ...(filters.some((filter) => filter.id === DEFLATE)
        ? { deflateLevel: filters.find((filter) => filter.id === DEFLATE)?.cd_values[0] }
        : {}),
      ...(type.kind === 'plain' && type.dtype === 'string'
        ? { charset: metadata.cset === 1 ? 'utf8' : 'ascii', ...(metadata.vlen ? {} : { textBytes: metadata.size }) }
        : {}),
      ...(metadata.virtual_sources?.length
        ? {
            virtualFiles: [...new Set(metadata.virtual_sources.map((source) => source.file_name))],
            virtualSources: metadata.virtual_sources.map((source) => ({
              file: source.file_name,
              dataset: source.dset_name,
            })),
          }
        : {}),
    };
    const described = { info, metadata };
    this.#infos.set(path, described);
    return described;
  }

  read(path: string, block?: Hdf5Block, out?: DTypeStorage[DType]): NdArray {
    const { info, metadata } = this.#describe(path);
    if (info.type.kind !== 'plain') throw unreadableType(this.path, path, info.type);
    const { start, count } = checkBlock(info, block);
    const { dtype } = info.type;
    const total = elementCount(count);
    if (dtype === 'string') return ndarray('string', count, this.#readTexts(path, metadata, start, count, total));
    const data = (out ?? allocate(dtype, total)) as NumericStorage;
    const bytes = bytesOfStorage(data);
    if (bytes.byteLength !== total * metadata.size) {
      throw new ShapeMismatch(
        `Reading ${path} needs ${total} elements of ${dtype}, the given memory holds ${data.length}.`,
        {
          expected: total,
          got: data.length,
        },
      );
    }
    if (total > 0) this.#readBytes(path, metadata.size, start, count, bytes);
    return ndarray(dtype, count, data as DTypeStorage[typeof dtype]);
  }

  readFields(path: string, block?: Hdf5Block): ReadonlyMap<string, NdArray> {
    const { info } = this.#describe(path);
    if (info.type.kind !== 'record') throw unreadableType(this.path, path, info.type);
    const { start, count } = checkBlock(info, block);
    const { size, fields } = info.type;
    const total = elementCount(count);
    const records = new Uint8Array(total * size);
    if (total > 0) this.#readBytes(path, size, start, count, records);
    return new Map(
      fields.map(({ name, dtype, offset }) => {
        const width = itemSizeOf(dtype);
        const packed = new Uint8Array(total * width);
        for (let i = 0; i < total; i++) {
          packed.set(records.subarray(i * size + offset, i * size + offset + width), i * width);
        }
        const data = viewBytes(dtype as Exclude<DType, 'string'>, packed.buffer, 0, total);
        return [name, ndarray(dtype, count, data)];
      }),
    );
  }

  /** Reads whole rows of the first axis at a time, each piece copied once: heap -> `out`. */
  #readBytes(
    path: string,
    itemSize: number,
    start: readonly number[],
    count: readonly number[],
    out: Uint8Array,
  ): void {
    const { module } = this.#hdf5;
    const rowBytes = elementCount(count.slice(1)) * itemSize;
    const rows = count.length ? count[0] : 1;
    const rowsPerPiece = Math.max(1, Math.min(rows, Math.floor(PIECE_BYTES / rowBytes)));
    const block = this.#hdf5.heapBlock(rowsPerPiece * rowBytes);
    const strides = count.map(() => 1n);
    for (let row = 0; row < rows; row += rowsPerPiece) {
      const n = Math.min(rowsPerPiece, rows - row);
      const pieceCount = count.length ? [BigInt(n), ...count.slice(1).map(BigInt)] : null;
      const pieceStart = count.length ? [BigInt(start[0] + row), ...start.slice(1).map(BigInt)] : null;
      this.#fetch(path, pieceCount, pieceStart, pieceCount ? strides : null, block);
      out.set(module.HEAPU8.subarray(block, block + n * rowBytes), row * rowBytes);
    }
  }

  #readTexts(
    path: string,
    metadata: Metadata,
    start: readonly number[],
    count: readonly number[],
    total: number,
  ): string[] {
    if (total === 0) return [];
    const { module } = this.#hdf5;
    const block = this.#hdf5.heapBlock(total * metadata.size);
    const isScalar = count.length === 0;
    const counts = isScalar ? null : count.map(BigInt);
    this.#fetch(path, counts, isScalar ? null : start.map(BigInt), counts?.map(() => 1n) ?? null, block);
    const texts = decodeTexts(module, block, metadata, total);
    if (metadata.vlen) {
      if (counts) module.reclaim_vlen_memory_count(this.#id, path, '', BigInt(block), counts);
      else module.reclaim_vlen_memory(this.#id, path, '', BigInt(block));
    }
    return texts;
  }

  #fetch(path: string, count: bigint[] | null, start: bigint[] | null, strides: bigint[] | null, block: number): void {
    const { module } = this.#hdf5;
    const fail = (reason: string) =>
      new FileUnreadable(`${this.path}: dataset ${path} cannot be read: ${reason}. The file may be damaged.`, {
        path: this.path,
        dataset: path,
      });
    const status = attempt(() => module.get_dataset_data(this.#id, path, count, start, strides, BigInt(block)), fail);
    if (status < 0) throw fail('HDF5 reported an error');
  }

  #invalid(path: string): (reason: string) => Error {
    return (reason) => new FormatInvalid(`${this.path}: ${path}: ${reason}.`, { path: this.path, object: path });
  }

  close(): void {
    this.suspend();
    this.#isClosed = true;
    this.#infos.clear();
  }
}

/** Runs a library call; its exception becomes ours, with the innermost reason of HDF5's error stack. */
function attempt<T>(call: () => T, toError: (reason: string) => Error): T {
  try {
    return call();
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    const reasons = [...text.matchAll(/#\d+:.*?in \w+\(\): (.*)/g)];
    throw toError(reasons.at(-1)?.[1].trim() ?? text.trim());
  }
}

function bytesOfStorage(data: NumericStorage): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

const utf8 = new TextDecoder('utf-8');

/** Texts in the heap: pointers to C strings, or fixed-size fields ended by NUL or padded with spaces. */
function decodeTexts(module: H5Module, block: number, metadata: Metadata, count: number): string[] {
  const heap = module.HEAPU8;
  const view = new DataView(heap.buffer);
  const texts: string[] = [];
  for (let i = 0; i < count; i++) {
    const at = block + i * metadata.size;
    const start = metadata.vlen ? view.getUint32(at, true) : at;
    let end = start;
    const limit = metadata.vlen ? heap.length : at + metadata.size;
    if (start) while (end < limit && heap[end] !== 0) end++;
    // strpad 2 is space padding (Fortran).
    if (!metadata.vlen && metadata.strpad === 2) while (end > start && heap[end - 1] === 0x20) end--;
    texts.push(utf8.decode(heap.slice(start, end)));
  }
  return texts;
}
