import { visitBtree2 } from './btree2.ts';
import { NOWHERE } from './cursor.ts';
import { FractalHeap } from './fractal-heap.ts';
import { type Link, readLink } from './link.ts';
import type { MetadataBytes } from './metadata-bytes.ts';
import { MESSAGE, messageOf, type ObjectHeader, openMessage } from './object-header.ts';
import { readSymbolTable } from './symbol-table.ts';

/** The links of a group of any kind, or null if the object is no group. @throws FormatInvalid */
export function readLinks(metadata: MetadataBytes, header: ObjectHeader): ReadonlyMap<string, Link> | null {
  const table = messageOf(header, MESSAGE.symbolTable);
  if (table) {
    const cursor = openMessage(metadata, table);
    return readSymbolTable(metadata, cursor.address(), cursor.address());
  }
  const info = messageOf(header, MESSAGE.linkInfo);
  const isGroup = info !== undefined || header.some((message) => message.type === MESSAGE.link);
  if (!isGroup) return null;
  const links = new Map<string, Link>();
  for (const message of header) {
    if (message.type !== MESSAGE.link) continue;
    const { name, link } = readLink(openMessage(metadata, message));
    links.set(name, link);
  }
  if (info) readDenseLinks(metadata, info, links);
  return links;
}

function readDenseLinks(metadata: MetadataBytes, info: ObjectHeader[number], links: Map<string, Link>): void {
  const cursor = openMessage(metadata, info);
  cursor.version('link information', 0);
  const flags = cursor.u8();
  if (flags & 1) cursor.skip(8);
  const heapAddress = cursor.address();
  const treeAddress = cursor.address();
  if (heapAddress === NOWHERE || treeAddress === NOWHERE) return;
  const heap = new FractalHeap(metadata, heapAddress);
  visitBtree2(metadata, treeAddress, (record) => {
    record.skip(4); // hash of the name
    const { name, link } = readLink(heap.object(record.bytes(heap.idLength)));
    links.set(name, link);
  });
}
