import { FileUnreadable, FormatInvalid, Unsupported } from '../../core/errors.ts';
import { isNdArray, type NdArray, ndarray } from '../../core/ndarray.ts';
import type {
  Hdf5AttributeValue,
  Hdf5DatasetPlan,
  Hdf5Records,
  Hdf5StorageOptions,
  Hdf5VirtualPlan,
  Hdf5Writer,
} from '../hdf5-writer.ts';
import { ByteBuilder } from './byte-builder.ts';
import type { ByteSink } from './byte-sink.ts';
import type { Hdf5Deflater } from './chunk-filters.ts';
import { chooseChunkK } from './chunk-tree.ts';
import { Dataset, type DatasetPlaces } from './dataset.ts';
import { datatypeMessage } from './datatype-message.ts';
import { elementBytes, isBeyondAscii, packedRecord, shapeOf, storedTypeOf } from './element-bytes.ts';
import { FileSpace } from './file-space.ts';
import { GlobalHeap } from './global-heap.ts';
import {
  attributeMessage,
  dataspaceMessage,
  type HeaderMessage,
  type LinkTarget,
  linkInfoMessage,
  linkMessage,
  MESSAGE,
} from './header-messages.ts';
import { objectHeader } from './object-header.ts';
import { SUPERBLOCK_BYTES, superblock } from './superblock.ts';
import { writeSymbolTable } from './symbol-table.ts';

/** Groups with more links get a B-tree. */
const LINKS_IN_HEADER = 64;

/** An object with its attributes; `content` is a dataset, or the links of a group. */
interface StoredObject {
  readonly path: string;
  readonly content: Dataset | Map<string, Link>;
  readonly attributes: Map<string, Uint8Array>;
  /** Names that lead to it. */
  links: number;
  /** Address of its header, once written; `null` while its children are being written. */
  address?: number | null;
}

type Link = StoredObject | Exclude<LinkTarget, { kind: 'hard' }>;

/**
 * Begins a file.
 * @param sink takes the bytes; closed or discarded with the writer
 */
export function createHdf5Writer(sink: ByteSink, deflater: Hdf5Deflater): Hdf5Writer {
  return new OwnHdf5Writer(sink, deflater);
}

/** Values go to the file as they come; structure stays in memory and is written behind them when the file is closed. */
class OwnHdf5Writer implements Hdf5Writer {
  readonly path: string;
  readonly #sink: ByteSink;
  readonly #places: DatasetPlaces & { readonly space: FileSpace; readonly heap: GlobalHeap };
  readonly #root: StoredObject = newObject('/', new Map());
  readonly #datasets: Dataset[] = [];
  #isClosed = false;

  constructor(sink: ByteSink, deflater: Hdf5Deflater) {
    this.path = sink.name;
    this.#sink = sink;
    const space = new FileSpace(sink, SUPERBLOCK_BYTES);
    this.#places = { space, heap: new GlobalHeap(space), deflater };
  }

  group(path: string): void {
    this.#group(path);
  }

  #group(path: string): Map<string, Link> {
    this.#assertOpen();
    let group = this.#root.content as Map<string, Link>;
    let at = '';
    for (const name of partsOf(path)) {
      at += `/${name}`;
      let next = group.get(name);
      if (!next) {
        next = newObject(at, new Map());
        group.set(name, next);
      }
      if (!('content' in next) || next.content instanceof Dataset) {
        throw new FormatInvalid(`${this.path}: ${at} is no group, so ${path} cannot be below it.`, { path: this.path });
      }
      group = next.content;
    }
    return group;
  }

  #link(path: string, link: Link): void {
    const parts = partsOf(path);
    const name = parts.pop();
    const group = this.#group(parts.join('/'));
    if (name === undefined || group.has(name))
      throw new FormatInvalid(`${this.path}: there is a ${path} already.`, { path: this.path, object: path });
    group.set(name, link);
  }

  #object(path: string): StoredObject {
    this.#assertOpen();
    let found: Link | undefined = this.#root;
    for (const name of partsOf(path)) {
      found = found && 'content' in found && found.content instanceof Map ? found.content.get(name) : undefined;
    }
    if (found && 'content' in found) return found;
    throw new FormatInvalid(`${this.path}: ${path} was not created by this writer.`, { path: this.path, object: path });
  }

  #dataset(path: string): Dataset {
    const { content } = this.#object(path);
    if (content instanceof Dataset) return content;
    throw new FormatInvalid(`${this.path}: ${path} is a group.`, { path: this.path, object: path });
  }

  create(path: string, plan: Hdf5DatasetPlan): void {
    this.#add(path, plan);
  }

  virtual(path: string, plan: Hdf5VirtualPlan): void {
    this.#add(path, plan);
  }

  #add(path: string, plan: Hdf5DatasetPlan | Hdf5VirtualPlan): Dataset {
    this.#assertOpen();
    const dataset = new Dataset(this.#places, `${this.path}: ${path}`, plan);
    this.#link(path, newObject(path, dataset));
    this.#datasets.push(dataset);
    return dataset;
  }

  write(path: string, values: NdArray | Hdf5Records, options: Hdf5StorageOptions = {}): void {
    const dtype = isNdArray(values) ? values.dtype : packedRecord(values);
    this.#add(path, { ...options, dtype, shape: shapeOf(values) }).writeAll(values);
  }

  append(path: string, values: NdArray | Hdf5Records): void {
    this.#dataset(path).append(values);
  }

  appendLater(path: string, values: NdArray | Hdf5Records): Promise<void> {
    return this.#dataset(path).appendLater(values);
  }

  writeBlock(path: string, start: readonly number[], values: NdArray | Hdf5Records): void {
    this.#dataset(path).writeBlock(start, values);
  }

  attributes(path: string, values: Readonly<Record<string, Hdf5AttributeValue>>): void {
    const { attributes } = this.#object(path);
    for (const [name, value] of Object.entries(values)) {
      attributes.set(name, this.#attribute(`${this.path}: attribute ${name} of ${path}`, name, value));
    }
  }

  #attribute(place: string, name: string, value: Hdf5AttributeValue): Uint8Array {
    const isFixed = typeof value === 'object' && 'texts' in value;
    const array = isFixed ? value.texts : toArray(value);
    const plain = storedTypeOf({ dtype: array.dtype, ...(isFixed ? { textBytes: value.bytes } : {}) }, place);
    const type = 'charset' in plain && isBeyondAscii(array) ? { ...plain, charset: 'utf8' as const } : plain;
    const bytes = elementBytes(array, type, this.#places.heap, place);
    return attributeMessage(name, datatypeMessage(type), dataspaceMessage(array.shape), bytes);
  }

  softLink(path: string, target: string): void {
    this.#link(path, { kind: 'soft', path: target });
  }

  externalLink(path: string, file: string, target: string): void {
    this.#link(path, { kind: 'external', file, path: target });
  }

  hardLink(path: string, target: string): void {
    const object = this.#object(target);
    this.#link(path, object);
    object.links++;
  }

  close(): void {
    if (this.#isClosed) return;
    try {
      const { space, heap } = this.#places;
      const chunkK = chooseChunkK(this.#datasets.map((dataset) => dataset.finish()));
      heap.flush();
      const root = this.#writeObject(this.#root, chunkK);
      heap.flush();
      space.flush();
      this.#sink.write(0, superblock(root, space.end, chunkK));
      this.#isClosed = true;
    } catch (error) {
      this.discard();
      throw error;
    }
    this.#sink.close();
  }

  discard(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#sink.discard();
  }

  /** Writes an object behind those below it. @returns address of its header */
  #writeObject(object: StoredObject, chunkK: number): number {
    if (typeof object.address === 'number') return object.address;
    if (object.address === null)
      throw new Unsupported(`${this.path}: ${object.path} is linked below itself.`, { path: this.path });
    object.address = null;
    const { content, attributes, links } = object;
    const messages =
      content instanceof Dataset ? content.header(chunkK) : this.#groupMessages(content, object.path, chunkK);
    for (const body of attributes.values()) messages.push({ type: MESSAGE.attribute, body });
    if (links > 1) messages.push({ type: MESSAGE.referenceCount, body: new ByteBuilder().u8(0).u32(links).bytes });
    object.address = this.#places.space.append(objectHeader(messages, `${this.path}: ${object.path}`));
    return object.address;
  }

  #groupMessages(group: ReadonlyMap<string, Link>, path: string, chunkK: number): HeaderMessage[] {
    const targets = new Map<string, LinkTarget>();
    for (const [name, link] of group) {
      targets.set(name, 'content' in link ? { kind: 'hard', address: this.#writeObject(link, chunkK) } : link);
    }
    const hasExternal = [...targets.values()].some(({ kind }) => kind === 'external');
    if (targets.size <= LINKS_IN_HEADER || hasExternal) {
      return [
        { type: MESSAGE.linkInfo, body: linkInfoMessage() },
        { type: MESSAGE.groupInfo, body: Uint8Array.of(0, 0), isConstant: true },
        ...[...targets].map(([name, target]) => ({ type: MESSAGE.link, body: linkMessage(name, target) })),
      ];
    }
    const table = targets as ReadonlyMap<string, Exclude<LinkTarget, { kind: 'external' }>>;
    if ([...table.keys()].some((name) => name.includes('\0')))
      throw new Unsupported(`${this.path}: a name below ${path} holds a NUL.`, { path: this.path });
    return [{ type: MESSAGE.symbolTable, body: writeSymbolTable(this.#places.space, table) }];
  }

  #assertOpen(): void {
    if (this.#isClosed) throw new FileUnreadable(`${this.path} was closed already.`, { path: this.path });
  }
}

function newObject(path: string, content: StoredObject['content']): StoredObject {
  return { path, content, attributes: new Map(), links: 1 };
}

function partsOf(path: string): string[] {
  return path.split('/').filter((part) => part !== '' && part !== '.');
}

function toArray(value: string | number | bigint | boolean | NdArray): NdArray {
  switch (typeof value) {
    case 'string':
      return ndarray('string', [], [value]);
    case 'number':
      return ndarray('float64', [], Float64Array.of(value));
    case 'bigint':
      return ndarray('int64', [], BigInt64Array.of(value));
    case 'boolean':
      return ndarray('bool', [], Uint8Array.of(value ? 1 : 0));
    default:
      return value;
  }
}
