import { allocate, type DType, type DTypeStorage, itemSizeOf, lanesOf, type NumericStorage } from '../../core/dtype.ts';
import { FileUnreadable, FormatInvalid, ShapeMismatch, Unsupported } from '../../core/errors.ts';
import { elementCount, type NdArray, ndarray } from '../../core/ndarray.ts';
import type { Hdf5Attribute, Hdf5Block, Hdf5Child, Hdf5DatasetInfo, Hdf5File, Hdf5Kind } from '../hdf5.ts';
import { checkBlock, unreadableType } from '../hdf5-block.ts';
import { readAttributes } from './attribute.ts';
import { offsetOf, stepsOf, type Target, visitRuns } from './box.ts';
import { type ChunkDecoders, unknownFilter } from './chunk-decoder.ts';
import { StoredDataset } from './dataset.ts';
import { directRuns, readRuns } from './direct-read.ts';
import { GlobalHeap } from './global-heap.ts';
import { MetadataBytes } from './metadata-bytes.ts';
import { type FoundObject, ObjectTree } from './object-tree.ts';
import { PagedBytes } from './paged-bytes.ts';
import type { RandomBytes } from './random-bytes.ts';
import { type ReadPiece, type ReadPlan, readPiece } from './read-plan.ts';
import { storageFacts } from './storage-facts.ts';
import { readSuperblock } from './superblock.ts';
import { bytesOfStorage, elementTypeOf, fieldsOf, textsOf, toLittleEndian, valuesOf } from './values.ts';
import { readVirtual, stepsOfSource, virtualParts } from './virtual-read.ts';

/** Virtual datasets of virtual datasets go no deeper. */
const DEEPEST = 8;

interface Described {
  readonly dataset: StoredDataset;
  readonly info: Hdf5DatasetInfo;
  /** The file that holds it: another one behind an external link. */
  readonly owner: ReaderHdf5File;
}

/** An HDF5 file read by our own reader. What it cannot read is `Unsupported`. */
export class ReaderHdf5File implements Hdf5File {
  readonly path: string;
  readonly #source: PagedBytes;
  readonly #decoders: ChunkDecoders;
  readonly #tree: ObjectTree;
  readonly #heap: GlobalHeap;
  readonly #described = new Map<string, Described>();
  /** Files of external links and of virtual datasets; null for absent ones. */
  readonly #related = new Map<string, ReaderHdf5File | null>();
  #isClosed = false;

  /** Takes `source` over. @throws FileUnreadable if it is empty, no HDF5 file, or cut off */
  constructor(source: RandomBytes, decoders: ChunkDecoders) {
    this.path = source.name;
    this.#source = new PagedBytes(source);
    this.#decoders = decoders;
    const { sizes, base, rootAddress } = readSuperblock(this.#source);
    const metadata = new MetadataBytes(this.#source, sizes, base);
    this.#heap = new GlobalHeap(metadata);
    this.#tree = new ObjectTree(metadata, rootAddress, (file) => this.#relatedTree(file));
  }

  /** The file's groups and links as stored, for views of its structure. */
  get tree(): ObjectTree {
    return this.#tree;
  }

  #relatedFile(name: string): ReaderHdf5File | null {
    if (name === '.' || name === '') return this;
    let file = this.#related.get(name);
    if (file === undefined) {
      const source = this.#source.openBeside(name);
      file = source ? new ReaderHdf5File(source, this.#decoders) : null;
      this.#related.set(name, file);
    }
    return file;
  }

  #relatedTree(name: string): ObjectTree | null {
    const file = this.#relatedFile(name);
    return file ? file.#tree : null;
  }

  #find(path: string): FoundObject | null {
    if (this.#isClosed) throw new FileUnreadable(`${this.path} was closed; open its run again.`, { path: this.path });
    return this.#tree.find(path);
  }

  kindOf(path: string): Hdf5Kind {
    const found = this.#find(path);
    return found ? found.tree.kindOf(found.address) : 'missing';
  }

  softTarget(path: string): string | null {
    const group = this.#find(path.slice(0, path.lastIndexOf('/')) || '/');
    const link = group?.tree.linksOf(group.address)?.get(path.slice(path.lastIndexOf('/') + 1));
    return link?.kind === 'soft' ? link.target : null;
  }

  children(path: string): readonly Hdf5Child[] {
    const found = this.#find(path);
    const links = found?.tree.linksOf(found.address);
    if (!links) throw new FormatInvalid(`${this.path}: ${path}: no such group.`, { path: this.path, object: path });
    const names = [...links.keys()].sort((a, b) => (a < b ? -1 : 1));
    return names.map((name) => {
      const link = links.get(name);
      const kind = this.kindOf(path === '/' ? `/${name}` : `${path}/${name}`);
      if (link?.kind === 'soft') return { name, link: 'soft', kind, target: link.target };
      return { name, link: link?.kind === 'external' && kind === 'missing' ? 'external' : 'hard', kind };
    });
  }

  attributes(path: string): ReadonlyMap<string, Hdf5Attribute> {
    const found = this.#find(path);
    if (!found) throw new FormatInvalid(`${this.path}: ${path}: no such object.`, { path: this.path, object: path });
    const { metadata } = found.tree;
    const heap = metadata === this.#tree.metadata ? this.#heap : new GlobalHeap(metadata);
    const stored = readAttributes(metadata, found.tree.headerOf(found.address));
    const values = new Map<string, Hdf5Attribute>();
    for (const { name, type, space, bytes } of stored.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const element = elementTypeOf(type);
      if (!space.shape || element.kind !== 'plain') continue;
      const { dtype } = element;
      const array: NdArray =
        dtype === 'string'
          ? ndarray('string', space.shape, textsOf(this.path, type, bytes, heap, metadata.sizes))
          : valuesOf(dtype, type, space.shape, bytes);
      const single = array.dtype === 'bool' ? array.data[0] === 1 : array.data[0];
      values.set(name, space.shape.length > 0 ? array : single);
    }
    return values;
  }

  datasetInfo(path: string): Hdf5DatasetInfo {
    return this.#describe(path).info;
  }

  #describe(path: string): Described {
    const known = this.#described.get(path);
    if (known) return known;
    const found = this.#find(path);
    if (found?.tree.kindOf(found.address) !== 'dataset') {
      throw new FormatInvalid(`${this.path} has no dataset ${path}.`, { path: this.path, dataset: path });
    }
    const owner = this.#ownerOf(found.tree);
    const dataset = new StoredDataset(
      found.tree.metadata,
      owner.#heap,
      found.tree.headerOf(found.address),
      found.address,
    );
    const { layout, space, filters } = dataset;
    const info: Hdf5DatasetInfo = {
      path,
      type: elementTypeOf(dataset.type),
      shape: dataset.shape,
      maxShape: space.maxShape,
      chunks: layout.kind === 'chunked' ? layout.chunks : null,
      filters: filters.map((filter) => filter.name),
      ...storageFacts(dataset),
    };
    const described = { dataset, info, owner };
    this.#described.set(path, described);
    return described;
  }

  #ownerOf(tree: ObjectTree): ReaderHdf5File {
    if (tree === this.#tree) return this;
    for (const file of this.#related.values()) if (file && file !== this && file.#tree === tree) return file;
    for (const file of this.#related.values()) {
      if (file && file !== this) {
        const owner = file.#ownerOf(tree);
        if (owner.#tree === tree) return owner;
      }
    }
    return this;
  }

  read(path: string, block?: Hdf5Block, out?: DTypeStorage[DType]): NdArray {
    const described = this.#describe(path);
    const { info, dataset } = described;
    if (info.type.kind !== 'plain') throw unreadableType(this.path, path, info.type);
    const { start, count } = checkBlock(info, block);
    const { dtype } = info.type;
    const total = elementCount(count);
    if (dtype === 'string') return ndarray('string', count, this.#texts(described, { start, count }, 0));
    const data = (out ?? allocate(dtype, total)) as NumericStorage;
    const bytes = bytesOfStorage(data);
    if (bytes.byteLength !== total * itemSizeOf(dtype)) {
      throw new ShapeMismatch(
        `Reading ${path} needs ${total} elements of ${dtype}, the given memory holds ${data.length / lanesOf(dtype)}.`,
        { expected: total, got: data.length / lanesOf(dtype) },
      );
    }
    this.#readInto(described, { start, count }, { bytes, offset: 0, steps: stepsOf(count, itemSizeOf(dtype)) }, 0);
    if (!dataset.type.isLittleEndian) toLittleEndian(bytes, itemSizeOf(dtype) / lanesOf(dtype));
    return ndarray(dtype, count, data as DTypeStorage[typeof dtype]);
  }

  readFields(path: string, block?: Hdf5Block): ReadonlyMap<string, NdArray> {
    const described = this.#describe(path);
    const { info } = described;
    if (info.type.kind !== 'record') throw unreadableType(this.path, path, info.type);
    const { start, count } = checkBlock(info, block);
    return fieldsOf(info.type, count, this.#bytes(described, start, count));
  }

  /** @throws Unsupported if the values of a dataset are stored in a way that this reader does not know */
  assertReadable(path: string): void {
    const { dataset, owner, info } = this.#describe(path);
    const unknown = unknownFilter(dataset.filters);
    if (unknown) {
      throw new Unsupported(
        `${owner.path}: ${info.path} is compressed with "${unknown.name}", which the reader does not know.`,
        { path: owner.path, filter: unknown.name },
      );
    }
    const whole = { start: info.shape.map(() => 0), count: info.shape };
    virtualParts(owner.path, dataset, whole, (mapping) => owner.#openMapped(mapping, { dataset, info, owner }, 0));
  }

  /**
   * How to read a block in other threads; null where this thread must: virtual, compact and big-endian datasets, texts,
   * records.
   * @throws ShapeMismatch if the block is outside the dataset
   */
  planRead(path: string, block: Hdf5Block): ReadPlan | null {
    const { info, dataset, owner } = this.#describe(path);
    const { start, count } = checkBlock(info, block);
    const isPlain = info.type.kind === 'plain' && info.type.dtype !== 'string' && dataset.type.isLittleEndian;
    const isStored = dataset.layout.kind === 'chunked' || dataset.layout.kind === 'contiguous';
    if (!isPlain || !isStored || owner !== this || unknownFilter(dataset.filters)) return null;
    return dataset.plan(start, count);
  }

  /** Carries out one piece of a plan of {@link planRead}. */
  readPlanned(plan: ReadPlan, piece: ReadPiece, target: Target): void {
    readPiece(this.#source, plan, piece, target, this.#decoders);
  }

  /**
   * Carries out a plan that needs no work but copying, with several reads on their way at a time.
   * @returns null, with nothing done, for other plans and where the file has no such reads
   * @throws FileUnreadable
   */
  readDirect(plan: ReadPlan, target: Target, signal?: AbortSignal): Promise<void> | null {
    const readLater = this.#source.later;
    const runs = readLater ? directRuns(this.#source.size, plan, target) : null;
    return readLater && runs ? readRuns({ readLater }, runs, signal) : null;
  }

  #bytes(described: Described, start: readonly number[], count: readonly number[]): Uint8Array {
    const { size } = described.dataset.type;
    const bytes = new Uint8Array(elementCount(count) * size);
    this.#readInto(described, { start, count }, { bytes, offset: 0, steps: stepsOf(count, size) }, 0);
    return bytes;
  }

  #readInto(described: Described, { start, count }: Hdf5Block, target: Target, depth: number): void {
    const { dataset, owner } = described;
    if (elementCount(count) === 0) return;
    const { layout, type } = dataset;
    if (layout.kind === 'virtual') {
      this.#checkDepth(described, depth);
      readVirtual(this.path, dataset, { start, count }, target, (mapping) =>
        owner.#openMapped(mapping, described, depth),
      );
      return;
    }
    if (layout.kind === 'compact') {
      const source = memoryBytes(owner.path, layout.bytes);
      const steps = dataset.shape;
      const plan: ReadPlan = {
        itemSize: type.size,
        fillValue: null,
        filters: [],
        chunkBytes: layout.bytes.length,
        chunkShape: steps,
        pieces: [],
      };
      const piece = {
        address: 0,
        size: layout.bytes.length,
        filterMask: 0,
        chunkAt: start,
        blockAt: start.map(() => 0),
        extent: count,
      };
      readPiece(source, plan, piece, target, this.#decoders);
      return;
    }
    const plan = dataset.plan(start, count);
    for (const piece of plan.pieces) readPiece(owner.#source, plan, piece, target, this.#decoders);
  }

  /** Texts are read where they are: those of variable length lie in the heap of the file that has them. */
  #texts(described: Described, block: Hdf5Block, depth: number): string[] {
    const { dataset, owner } = described;
    if (dataset.layout.kind !== 'virtual') {
      const bytes = this.#bytes(described, block.start, block.count);
      return textsOf(owner.path, dataset.type, bytes, owner.#heap, owner.#tree.metadata.sizes);
    }
    this.#checkDepth(described, depth);
    const texts = new Array<string>(elementCount(block.count)).fill('');
    const steps = stepsOf(block.count, 1);
    for (const part of virtualParts(this.path, dataset, block, (mapping) =>
      owner.#openMapped(mapping, described, depth),
    )) {
      const found = part.source.readTexts(part.sourceBox);
      const from = { offset: 0, steps: stepsOf(part.sourceBox.count, 1) };
      const to = { offset: offsetOf(part.blockAt, steps), steps: stepsOfSource(part.mapping, steps) };
      visitRuns(1, part.sourceBox.count, from, to, (at, out, length) => {
        for (let i = 0; i < length; i++) texts[out + i] = found[at + i];
      });
    }
    return texts;
  }

  #checkDepth(described: Described, depth: number): void {
    if (depth < DEEPEST) return;
    throw new FormatInvalid(`${this.path}: virtual datasets refer to each other below ${described.info.path}.`, {
      path: this.path,
    });
  }

  #openMapped(mapping: { file: string; dataset: string }, virtual: Described, depth: number) {
    const file = this.#relatedFile(mapping.file);
    if (file?.kindOf(mapping.dataset) !== 'dataset') return null;
    const described = file.#describe(mapping.dataset);
    const { type } = virtual.dataset;
    const own = described.dataset.type;
    if (own.size !== type.size || own.class !== type.class || own.isLittleEndian !== type.isLittleEndian) {
      throw new Unsupported(
        `${this.path}: the virtual dataset ${virtual.info.path} has another element type than its source.`,
        { path: this.path, file: mapping.file },
      );
    }
    return {
      shape: described.dataset.shape,
      readInto: (block: Hdf5Block, target: Target) => file.#readInto(described, block, target, depth + 1),
      readTexts: (block: Hdf5Block) => file.#texts(described, block, depth + 1),
    };
  }

  suspend(): void {
    this.#source.suspend();
    for (const file of this.#related.values()) if (file !== this) file?.suspend();
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#source.close();
    this.#tree.clear();
    this.#described.clear();
    for (const file of this.#related.values()) if (file !== this) file?.close();
    this.#related.clear();
  }
}

/** Bytes that are in memory already, as a file. */
function memoryBytes(name: string, bytes: Uint8Array): RandomBytes {
  return {
    name,
    size: bytes.length,
    readInto: (start, out) => out.set(bytes.subarray(start, start + out.length)),
    openBeside: () => null,
    suspend() {},
    close() {},
  };
}
