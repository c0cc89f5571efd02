import { Unsupported } from '../../core/errors.ts';
import type { Cursor } from './cursor.ts';

/** A block of a dataspace. */
export interface Box {
  readonly start: readonly number[];
  readonly count: readonly number[];
}

/** More blocks in one selection are not a mapping that anyone wrote. */
const MOST_BOXES = 1_000_000;

/**
 * Reads a serialised selection as boxes in the order of its elements; null for "all of it".
 * @throws FormatInvalid if damaged, Unsupported for points and for unlimited selections
 * @source HDF5 File Format Specification 3.0, VIII.B (dataspace selections)
 */
export function readSelection(cursor: Cursor): readonly Box[] | null {
  const kind = cursor.u32();
  const version = cursor.u32();
  if (kind === 3 || kind === 0) {
    cursor.skip(8);
    return kind === 3 ? null : [];
  }
  if (kind !== 2)
    throw new Unsupported(`${cursor.file}: a virtual dataset made of single points.`, { path: cursor.file });
  if (version === 1) {
    cursor.skip(8);
    const rank = rankOf(cursor);
    return readBlocks(cursor, rank, cursor.u32(), 4);
  }
  if (version !== 2 && version !== 3) throw cursor.damaged(`version ${version} of a selection is unknown`);
  const flags = cursor.u8();
  let width = 8;
  if (version === 2) cursor.skip(4);
  else width = cursor.u8();
  const rank = rankOf(cursor);
  if ((flags & 1) === 0) return readBlocks(cursor, rank, cursor.uint(width), width);
  return readRegular(cursor, rank, width);
}

function rankOf(cursor: Cursor): number {
  const rank = cursor.u32();
  if (rank < 1 || rank > 32) throw cursor.damaged(`a selection of ${rank} axes`);
  return rank;
}

function readBlocks(cursor: Cursor, rank: number, blocks: number, width: number): Box[] {
  if (blocks > MOST_BOXES) throw cursor.damaged(`a selection of ${blocks} blocks`);
  return Array.from({ length: blocks }, () => {
    const start = Array.from({ length: rank }, () => cursor.uint(width));
    const count = start.map((first) => cursor.uint(width) - first + 1);
    if (count.some((n) => n < 1)) throw cursor.damaged('a selection that ends before it starts');
    return { start, count };
  });
}

function readRegular(cursor: Cursor, rank: number, width: number): Box[] {
  const axes = Array.from({ length: rank }, () => {
    const start = cursor.uint(width);
    const stride = cursor.uint(width);
    const [count, block] = [countOf(cursor, width), countOf(cursor, width)];
    return { start, stride, count, block };
  }).map((axis) =>
    // Blocks that touch are one block.
    axis.count > 1 && axis.stride === axis.block ? { ...axis, count: 1, block: axis.count * axis.block } : axis,
  );
  let total = 1;
  for (const axis of axes) total *= axis.count;
  if (total > MOST_BOXES) throw cursor.damaged(`a selection of ${total} blocks`);
  return Array.from({ length: total }, (_, number) => {
    const start = new Array<number>(rank);
    let rest = number;
    for (let axis = rank - 1; axis >= 0; axis--) {
      start[axis] = axes[axis].start + (rest % axes[axis].count) * axes[axis].stride;
      rest = Math.floor(rest / axes[axis].count);
    }
    return { start, count: axes.map((axis) => axis.block) };
  });
}

/** A number of blocks or elements; all bits set mean "as many as there will be". */
function countOf(cursor: Cursor, width: number): number {
  const bytes = cursor.bytes(width);
  if (bytes.every((byte) => byte === 0xff)) {
    throw new Unsupported(`${cursor.file}: a virtual dataset with an unlimited mapping.`, { path: cursor.file });
  }
  let value = 0;
  for (let i = width - 1; i >= 0; i--) value = value * 256 + bytes[i];
  return value;
}
