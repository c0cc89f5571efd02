import { type Cursor, damaged } from './cursor.ts';
import type { MetadataBytes } from './metadata-bytes.ts';

/** Message types that the reader understands. @source HDF5 File Format Specification 3.0, IV.A.2 */
export const MESSAGE = {
  dataspace: 0x01,
  linkInfo: 0x02,
  datatype: 0x03,
  oldFillValue: 0x04,
  fillValue: 0x05,
  link: 0x06,
  externalFiles: 0x07,
  layout: 0x08,
  filters: 0x0b,
  attribute: 0x0c,
  continuation: 0x10,
  symbolTable: 0x11,
  attributeInfo: 0x15,
} as const;

/** One message of an object header. */
export interface Message {
  readonly type: number;
  /** Where its body lies, and how long it is. */
  readonly address: number;
  readonly size: number;
  /** The body stands elsewhere; see {@link followShared}. */
  readonly isShared: boolean;
}

/** The messages of an object: what it is and where its parts are. */
export type ObjectHeader = readonly Message[];

/** A header made of more blocks than this is a loop or an attack. */
const MOST_BLOCKS = 10_000;
const MOST_MESSAGES = 1_000_000;
/** `OHDR`, with which headers of version 2 begin. */
const SIGNATURE = 0x5244484f;
/** First read of a header: most fit. */
const FIRST_READ = 512;

interface Block {
  readonly address: number;
  readonly length: number;
}

/**
 * Reads an object header of version 1 or 2 with all its continuations.
 * @throws FormatInvalid if it is damaged, or its continuations form a loop
 */
export function readObjectHeader(metadata: MetadataBytes, address: number): ObjectHeader {
  const isNew = metadata.at(address, 4).u32() === SIGNATURE;
  const messages: Message[] = [];
  const blocks: Block[] = [];
  let flags = 0;
  if (isNew) {
    const cursor = metadata.upTo(address, FIRST_READ);
    cursor.skip(4);
    cursor.version('an object header', 2);
    flags = cursor.u8();
    if (flags & 0x20) cursor.skip(16); // times
    if (flags & 0x10) cursor.skip(4); // limits of compact storage of attributes
    const length = cursor.uint(1 << (flags & 3));
    blocks.push({ address: address + cursor.position, length });
  } else {
    const cursor = metadata.at(address, 16);
    cursor.version('an object header', 1);
    cursor.skip(7);
    blocks.push({ address: address + 16, length: cursor.u32() });
  }
  // Nearly all headers are one block.
  let seen: Set<number> | null = null;
  for (let i = 0; i < blocks.length; i++) {
    const block = blocks[i];
    if (i > 0) {
      seen ??= new Set([blocks[0].address]);
      if (seen.has(block.address) || i > MOST_BLOCKS) {
        throw damaged(metadata.source.name, metadata.base + block.address, 'an object header that continues in itself');
      }
      seen.add(block.address);
    }
    readBlock(metadata, block, isNew, flags, messages, blocks);
    if (messages.length > MOST_MESSAGES) {
      throw damaged(metadata.source.name, metadata.base + address, 'an object header of more than a million messages');
    }
  }
  return messages;
}

function readBlock(
  metadata: MetadataBytes,
  block: Block,
  isNew: boolean,
  flags: number,
  messages: Message[],
  blocks: Block[],
): void {
  const cursor = metadata.at(block.address, block.length);
  const prefix = isNew ? (flags & 4 ? 6 : 4) : 8;
  while (cursor.left >= prefix) {
    const type = isNew ? cursor.u8() : cursor.u16();
    const size = cursor.u16();
    const messageFlags = cursor.u8();
    if (!isNew) cursor.skip(3);
    else if (flags & 4) cursor.skip(2); // creation order
    const address = block.address + cursor.position;
    if (type === MESSAGE.continuation) blocks.push(continuationOf(cursor, isNew));
    else cursor.skip(size);
    if (type !== 0 && type !== MESSAGE.continuation) {
      messages.push({ type, address, size, isShared: (messageFlags & 2) !== 0 });
    }
    if (type === MESSAGE.continuation) cursor.skip(size - metadata.sizes.offsetSize - metadata.sizes.lengthSize);
  }
}

function continuationOf(cursor: Cursor, isNew: boolean): Block {
  const address = cursor.address();
  const length = cursor.length();
  if (!isNew) return { address, length };
  // A new block begins with a mark and ends with a checksum.
  if (length < 8) throw cursor.damaged(`a header block of ${length} bytes`);
  return { address: address + 4, length: length - 8 };
}

/**
 * A cursor on the body of a message; where it is shared (a named datatype) on the body of the message that it refers to.
 * @throws FormatInvalid if the reference leads nowhere, or is of a kind that no European XFEL file uses
 */
export function openMessage(metadata: MetadataBytes, message: Message): Cursor {
  const cursor = metadata.at(message.address, message.size);
  if (!message.isShared) return cursor;
  const target = sharedTarget(cursor, message.type, metadata);
  return metadata.at(target.address, target.size);
}

/** Follows a shared message's reference. */
export function sharedTarget(cursor: Cursor, type: number, metadata: MetadataBytes): Message {
  const version = cursor.version('a shared message', 1, 3);
  const kind = cursor.u8();
  if (version === 1) cursor.skip(6);
  if (version === 3 && kind !== 2)
    throw cursor.damaged('a message in the shared message table, which is not supported');
  const address = cursor.address();
  const target = readObjectHeader(metadata, address).find(
    (candidate) => candidate.type === type && !candidate.isShared,
  );
  if (!target) throw damaged(metadata.source.name, metadata.base + address, `no message of type ${type} to share`);
  return target;
}

/** The first message of a type. */
export function messageOf(header: ObjectHeader, type: number): Message | undefined {
  return header.find((message) => message.type === type);
}
