import { elementCount } from '../../core/ndarray.ts';
import { fillRegion, longestRun, offsetOf, type Placement, stepsOf, type Target, visitRuns } from './box.ts';
import { type ChunkDecoders, type ChunkFormat, decodeChunk } from './chunk-decoder.ts';
import type { ChunkTable } from './chunk-table.ts';
import { damaged, NOWHERE } from './cursor.ts';
import type { RandomBytes } from './random-bytes.ts';
import { Scratch } from './scratch.ts';

/** A part of a block that lies in one stored chunk (or in a dataset that is stored in one piece). */
export interface ReadPiece {
  /** Byte of the file where the chunk starts; {@link NOWHERE} where nothing is stored and the fill value counts. */
  readonly address: number;
  /** Bytes stored. */
  readonly size: number;
  readonly filterMask: number;
  /** The part's place in the chunk and in the block, and its size. */
  readonly chunkAt: readonly number[];
  readonly blockAt: readonly number[];
  readonly extent: readonly number[];
}

/**
 * How to read a block of a dataset: independent pieces, which any thread that has the file and the target can carry out.
 * Everything in it can be sent to a worker.
 */
export interface ReadPlan extends ChunkFormat {
  readonly chunkShape: readonly number[];
  /** Bytes of one element where nothing is stored; null for zeros. */
  readonly fillValue: Uint8Array | null;
  readonly pieces: readonly ReadPiece[];
}

/** Parts of a file that are not far apart are read in one go up to this many bytes, and the gaps thrown away. */
const LARGEST_GAP_READ = 2 ** 20;

const scratch = { stored: new Scratch(), chunk: new Scratch() };

/** Pieces of a block of a chunked dataset. @param base byte of the file where address 0 is */
export function planChunked(
  table: ChunkTable,
  chunks: readonly number[],
  start: readonly number[],
  count: readonly number[],
  base: number,
): ReadPiece[] {
  const pieces: ReadPiece[] = [];
  if (count.includes(0)) return pieces;
  const first = start.map((at, axis) => Math.floor(at / chunks[axis]));
  const last = start.map((at, axis) => Math.floor((at + count[axis] - 1) / chunks[axis]));
  const place = [...first];
  for (;;) {
    const low = place.map((n, axis) => Math.max(start[axis], n * chunks[axis]));
    const high = place.map((n, axis) => Math.min(start[axis] + count[axis], (n + 1) * chunks[axis]));
    const chunk = table.at(place);
    pieces.push({
      address: chunk ? base + chunk.address : NOWHERE,
      size: chunk?.size ?? 0,
      filterMask: chunk?.filterMask ?? 0,
      chunkAt: low.map((at, axis) => at - place[axis] * chunks[axis]),
      blockAt: low.map((at, axis) => at - start[axis]),
      extent: high.map((at, axis) => at - low[axis]),
    });
    let axis = place.length - 1;
    for (; axis >= 0; axis--) {
      if (place[axis] < last[axis]) {
        place[axis]++;
        break;
      }
      place[axis] = first[axis];
    }
    if (axis < 0) return pieces;
  }
}

/**
 * Carries out one piece.
 * @param target memory for the whole block; the piece goes to its place in it
 * @throws FileUnreadable, FormatInvalid (damaged or misplaced chunk), Unsupported (filter)
 */
export function readPiece(
  source: RandomBytes,
  plan: ReadPlan,
  piece: ReadPiece,
  target: Target,
  decoders: ChunkDecoders,
): void {
  const { itemSize, chunkShape, filters, chunkBytes } = plan;
  const to = { ...target, offset: target.offset + offsetOf(piece.blockAt, target.steps) };
  if (piece.address === NOWHERE) {
    fillRegion(to, piece.extent, itemSize, plan.fillValue);
    return;
  }
  if (piece.address + piece.size > source.size) {
    const problem = `${piece.size} bytes of values there would go past the end of the file (${source.size})`;
    throw damaged(source.name, piece.address, problem);
  }
  const chunkSteps = stepsOf(chunkShape, itemSize);
  const from = { offset: offsetOf(piece.chunkAt, chunkSteps), steps: chunkSteps };
  if (filters.length === 0) {
    readStored(source, piece.address, itemSize, piece.extent, from, to);
    return;
  }
  const stored = scratch.stored.take(piece.size);
  source.readInto(piece.address, stored);
  const isWhole = piece.extent.every((length, axis) => length === chunkShape[axis]);
  if (isWhole && longestRun(itemSize, piece.extent, chunkSteps, to.steps).outer === 0) {
    const out = to.bytes.subarray(to.offset, to.offset + chunkBytes);
    decodeChunk(source.name, piece.address, stored, piece.filterMask, plan, decoders, out);
    return;
  }
  const chunk = scratch.chunk.take(chunkBytes);
  decodeChunk(source.name, piece.address, stored, piece.filterMask, plan, decoders, chunk);
  copyRuns(chunk, itemSize, piece.extent, from, to);
}

/** Reads a part of something unfiltered: straight into place where it is one run, else with as few reads as pay. */
function readStored(
  source: RandomBytes,
  address: number,
  itemSize: number,
  extent: readonly number[],
  from: Placement,
  to: Target,
): void {
  const { length, outer } = longestRun(itemSize, extent, from.steps, to.steps);
  if (outer === 0) {
    source.readInto(address + from.offset, to.bytes.subarray(to.offset, to.offset + length));
    return;
  }
  const last = offsetOf(
    extent.map((n) => n - 1),
    from.steps,
  );
  if (length < LARGEST_GAP_READ / 2 && last + itemSize <= LARGEST_GAP_READ) {
    const bytes = new Uint8Array(last + itemSize);
    source.readInto(address + from.offset, bytes);
    copyRuns(bytes, itemSize, extent, { ...from, offset: 0 }, to);
    return;
  }
  // Too far apart: one position of the first axis that has several, at a time.
  const axis = extent.findIndex((n) => n > 1);
  const rest = extent.map((n, k) => (k === axis ? 1 : n));
  for (let i = 0; i < extent[axis]; i++) {
    const shifted = <P extends Placement>(place: P): P => ({ ...place, offset: place.offset + i * place.steps[axis] });
    readStored(source, address, itemSize, rest, shifted(from), shifted(to));
  }
}

function copyRuns(bytes: Uint8Array, itemSize: number, extent: readonly number[], from: Placement, to: Target): void {
  visitRuns(itemSize, extent, from, to, (offset, at, length) => {
    to.bytes.set(bytes.subarray(offset, offset + length), at);
  });
}

/** The piece of a block of a dataset that is stored in one run. @param address byte of the file, or {@link NOWHERE} */
export function planContiguous(
  address: number,
  shape: readonly number[],
  itemSize: number,
  start: readonly number[],
  count: readonly number[],
): ReadPiece[] {
  if (count.includes(0)) return [];
  const size = elementCount(shape) * itemSize;
  return [{ address, size, filterMask: 0, chunkAt: start, blockAt: start.map(() => 0), extent: count }];
}
