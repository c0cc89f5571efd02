import { ByteBuilder, encodeText, UNDEFINED } from './byte-builder.ts';

/** One message of an object header. */
export interface HeaderMessage {
  readonly type: number;
  readonly body: Uint8Array;
  /** The message never changes. */
  readonly isConstant?: boolean;
}

/** Message numbers. @source HDF5 File Format Specification 3.0, IV.A.2 */
export const MESSAGE = {
  dataspace: 0x01,
  linkInfo: 0x02,
  datatype: 0x03,
  fill: 0x05,
  link: 0x06,
  layout: 0x08,
  groupInfo: 0x0a,
  filters: 0x0b,
  attribute: 0x0c,
  symbolTable: 0x11,
  referenceCount: 0x16,
} as const;

/** Axes of a dataset or attribute. @param isGrowing the first axis has no limit */
export function dataspaceMessage(shape: readonly number[], isGrowing = false): Uint8Array {
  const out = new ByteBuilder();
  out.u8(2, shape.length, isGrowing ? 1 : 0, shape.length === 0 ? 0 : 1);
  for (const length of shape) out.u64(length);
  if (isGrowing) for (const [axis, length] of shape.entries()) out.u64(axis === 0 ? UNDEFINED : length);
  return out.bytes;
}

/** When room for values is taken: all at once, with the first value, or chunk by chunk. */
const ALLOCATION = { early: 1, late: 2, incremental: 3 } as const;

/** Value of elements that were never written. @param value null for zeros */
export function fillMessage(
  value: Uint8Array | null,
  allocation: keyof typeof ALLOCATION,
  isWrittenAlways: boolean,
): Uint8Array {
  const out = new ByteBuilder();
  out.u8(2, ALLOCATION[allocation], isWrittenAlways ? 0 : 2, 1).u32(value?.length ?? 0);
  if (value) out.put(value);
  return out.bytes;
}

/** Values inside the header. */
export function compactLayout(values: Uint8Array): Uint8Array {
  return new ByteBuilder().u8(3, 0).u16(values.length).put(values).bytes;
}

/** Values in one piece. @param address null where nothing was written */
export function contiguousLayout(address: number | null, size: number): Uint8Array {
  return new ByteBuilder()
    .u8(3, 1)
    .u64(address ?? UNDEFINED)
    .u64(size).bytes;
}

/** Values in chunks. @param tree address of the B-tree, null where nothing was written */
export function chunkedLayout(tree: number | null, chunks: readonly number[], itemSize: number): Uint8Array {
  const out = new ByteBuilder();
  out.u8(3, 2, chunks.length + 1).u64(tree ?? UNDEFINED);
  for (const length of chunks) out.u32(length);
  return out.u32(itemSize).bytes;
}

/** Values in other datasets. @param mappings their place in the global heap; null for none: the library reads no empty list */
export function virtualLayout(mappings: { readonly address: number; readonly index: number } | null): Uint8Array {
  return new ByteBuilder()
    .u8(4, 3)
    .u64(mappings?.address ?? UNDEFINED)
    .u32(mappings?.index ?? 0).bytes;
}

/** @source HDF5 File Format Specification 3.0, IV.A.2.l */
export function filtersMessage(
  filters: readonly { readonly id: number; readonly isOptional: boolean; readonly values: readonly number[] }[],
): Uint8Array {
  const out = new ByteBuilder();
  out.u8(2, filters.length);
  for (const { id, isOptional, values } of filters) {
    out
      .u16(id)
      .u16(isOptional ? 1 : 0)
      .u16(values.length);
    for (const value of values) out.u32(value);
  }
  return out.bytes;
}

/** An attribute with its value. */
export function attributeMessage(name: string, type: Uint8Array, space: Uint8Array, value: Uint8Array): Uint8Array {
  const encoded = encodeText(name);
  const out = new ByteBuilder();
  out
    .u8(3, 0)
    .u16(encoded.length + 1)
    .u16(type.length)
    .u16(space.length)
    .u8(charsetOf(encoded));
  return out.put(encoded).u8(0).put(type).put(space).put(value).bytes;
}

/** Says that a group keeps its links in its header. */
export function linkInfoMessage(): Uint8Array {
  return new ByteBuilder().u8(0, 0).u64(UNDEFINED).u64(UNDEFINED).bytes;
}

/** Where a name leads. */
export type LinkTarget =
  | { readonly kind: 'hard'; readonly address: number }
  | { readonly kind: 'soft'; readonly path: string }
  | { readonly kind: 'external'; readonly file: string; readonly path: string };

const LINK_TYPE = { hard: 0, soft: 1, external: 64 } as const;

/** @source HDF5 File Format Specification 3.0, IV.A.2.g */
export function linkMessage(name: string, target: LinkTarget): Uint8Array {
  const encoded = encodeText(name);
  const nameBytes = encoded.length < 0x100 ? 0 : 1;
  const out = new ByteBuilder();
  // Bits: 0-1 bytes of the name's length, 3 link type follows, 4 character set follows.
  out
    .u8(1, nameBytes | 0x18, LINK_TYPE[target.kind], charsetOf(encoded))
    .uint(encoded.length, 1 + nameBytes)
    .put(encoded);
  if (target.kind === 'hard') return out.u64(target.address).bytes;
  if (target.kind === 'soft') {
    const path = encodeText(target.path);
    return out.u16(path.length).put(path).bytes;
  }
  const value = new ByteBuilder().u8(0).text(target.file).text(target.path).bytes;
  return out.u16(value.length).put(value).bytes;
}

/** 0 for ASCII, 1 for UTF-8. */
function charsetOf(encoded: Uint8Array): number {
  return encoded.every((byte) => byte < 0x80) ? 0 : 1;
}
