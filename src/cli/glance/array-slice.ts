import { Usage } from '../../core/errors.ts';
import { type NdArray, reshape } from '../../core/ndarray.ts';
import { checkRoi, type EntryRoi, keptPositions, splitSteps, takeSteps } from '../../data/entry-roi.ts';
import type { Hdf5Block } from '../../formats/hdf5.ts';

/** A part of a dataset as numpy would name it. */
export interface ArraySlice {
  /** What to read. */
  readonly block: Hdf5Block;
  /** Shape of the part: axes that a single position took are gone. */
  readonly shape: readonly number[];
  /** The part of what was read of `block`. */
  readonly take: (read: NdArray) => NdArray;
}

/**
 * Reads a slice in numpy's notation: `0,100:110`, `::2,-1`, `...,0`.
 * @throws Usage for anything else, SelectionInvalid for more axes than there are or a position outside
 */
export function parseArraySlice(text: string, shape: readonly number[]): ArraySlice {
  const parts = text
    .trim()
    .replace(/^\[(.*)\]$/, '$1')
    .split(',')
    .map((part) => part.trim())
    .filter((part, i, all) => part !== '' || i < all.length - 1);
  const gap = parts.indexOf('...');
  const given = parts.filter((part) => part !== '...').map((part) => parsePart(part, text));
  if (gap >= 0) given.splice(gap, 0, ...Array.from({ length: Math.max(0, shape.length - given.length) }, () => WHOLE));
  const { block, steps } = splitSteps(given);
  const axes = checkRoi(block, shape);
  const kept = keptPositions(given, shape).map((positions) => positions.length);
  const readShape = axes.filter((axis) => axis.isKept).map((axis) => axis.count);
  return {
    block: { start: axes.map((axis) => axis.start), count: axes.map((axis) => axis.count) },
    shape: kept,
    take: (read) => reshape(takeSteps(reshape(read, [1, ...readShape]), steps), kept),
  };
}

const WHOLE = [0, Number.MAX_SAFE_INTEGER] as const;

function parsePart(part: string, text: string): EntryRoi[number] {
  const [, start, stop, step] = /^(-?\d+)?(?::(-?\d+)?(?::(-?\d+)?)?)?$/.exec(part) ?? [part, 'x'];
  if (start === 'x' || part === '')
    throw new Usage(
      `--slice ${text}: "${part}" is no position and no range. Write it as for numpy: 0,100:110 or ...,::2.`,
    );
  if (!part.includes(':')) return Number(start);
  const every = step === undefined ? 1 : Number(step);
  if (every < 1) throw new Usage(`--slice ${text}: steps must be 1 or more, got ${every}.`);
  return [Number(start ?? 0), stop === undefined ? Number.MAX_SAFE_INTEGER : Number(stop), every];
}
