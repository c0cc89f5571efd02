import { visitBtree2 } from './btree2.ts';
import { type Cursor, NOWHERE } from './cursor.ts';
import { type Dataspace, readDataspace } from './dataspace.ts';
import { readDatatype, type StoredType } from './datatype.ts';
import { FractalHeap } from './fractal-heap.ts';
import type { MetadataBytes } from './metadata-bytes.ts';
import { MESSAGE, messageOf, type ObjectHeader, openMessage, sharedTarget } from './object-header.ts';

/** An attribute as stored. */
export interface StoredAttribute {
  readonly name: string;
  readonly type: StoredType;
  readonly space: Dataspace;
  readonly bytes: Uint8Array;
}

/** All attributes of an object, in the order of the file. @throws FormatInvalid */
export function readAttributes(metadata: MetadataBytes, header: ObjectHeader): StoredAttribute[] {
  const found: StoredAttribute[] = [];
  for (const message of header) {
    if (message.type === MESSAGE.attribute) found.push(readAttribute(openMessage(metadata, message), metadata));
  }
  const info = messageOf(header, MESSAGE.attributeInfo);
  if (!info) return found;
  const cursor = openMessage(metadata, info);
  cursor.version('attribute information', 0);
  const flags = cursor.u8();
  if (flags & 1) cursor.skip(2);
  const heapAddress = cursor.address();
  const treeAddress = cursor.address();
  if (heapAddress === NOWHERE || treeAddress === NOWHERE) return found;
  const heap = new FractalHeap(metadata, heapAddress);
  visitBtree2(metadata, treeAddress, (record) => {
    found.push(readAttribute(heap.object(record.bytes(heap.idLength)), metadata));
  });
  return found;
}

/** Reads an attribute message. @source HDF5 File Format Specification 3.0, IV.A.2.m */
function readAttribute(cursor: Cursor, metadata: MetadataBytes): StoredAttribute {
  const version = cursor.version('an attribute', 1, 3);
  const flags = cursor.u8();
  const [nameSize, typeSize, spaceSize] = [cursor.u16(), cursor.u16(), cursor.u16()];
  if (version === 3) cursor.skip(1); // character set: UTF-8 holds ASCII
  // Version 1 pads each part to eight bytes.
  const padded = (size: number) => (version === 1 ? size + ((8 - (size % 8)) % 8) : size);
  const name = cursor.fixedText(padded(nameSize));
  const part = (size: number, isShared: boolean, messageType: number): Cursor => {
    const body = metadata.at(cursor.place - metadata.base, size);
    cursor.skip(padded(size));
    if (!isShared) return body;
    const target = sharedTarget(body, messageType, metadata);
    return metadata.at(target.address, target.size);
  };
  const isNew = version > 1;
  const type = readDatatype(part(typeSize, isNew && (flags & 1) !== 0, MESSAGE.datatype));
  const space = readDataspace(part(spaceSize, isNew && (flags & 2) !== 0, MESSAGE.dataspace));
  const count = space.shape ? space.shape.reduce((a, b) => a * b, 1) : 0;
  return { name, type, space, bytes: cursor.bytes(count * type.size) };
}
