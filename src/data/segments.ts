import type { RunFile } from './run-file.ts';

/** Entries of one source and index group that lie in one piece in one file. */
export interface Segment {
  readonly file: RunFile;
  /** First row in the file. */
  readonly first: number;
  readonly count: number;
  /** Entries of each train in the segment: [train id, entries]. Trains without entries are left out. */
  readonly trains: readonly (readonly [trainId: number, entries: number])[];
}

/**
 * Where the entries of the wanted trains lie, in reading order: pieces of consecutive trains by their first train id.
 * Unlike the original, a piece is broken where `first` jumps, so that gaps in INDEX never shift rows.
 * @source EXtra-data 1.24 reads wrong rows there (`ndarray` against `train_from_id`)
 */
export function findSegments(
  files: readonly RunFile[],
  source: string,
  group: string,
  wanted: ReadonlySet<number>,
): readonly Segment[] {
  const pieces: Piece[] = [];
  for (const file of files) {
    const { trainIds } = file.index;
    const { first, count } = file.entryIndex(source, group);
    let piece: Piece | null = null;
    let previous = -2;
    for (const i of file.positionsOf(wanted)) {
      if (!piece || i !== previous + 1) {
        piece = { firstTrainId: trainIds[i], segments: [] };
        pieces.push(piece);
      }
      previous = i;
      if (count[i] > 0) extend(piece.segments, file, trainIds[i], first[i], count[i]);
    }
  }
  pieces.sort((a, b) => a.firstTrainId - b.firstTrainId);
  return pieces.flatMap((piece) => piece.segments);
}

/** Entries of each train that has any. */
export function countsByTrain(segments: readonly Segment[]): Map<number, number> {
  const counts = new Map<number, number>();
  for (const { trains } of segments) {
    for (const [trainId, entries] of trains) counts.set(trainId, (counts.get(trainId) ?? 0) + entries);
  }
  return counts;
}

/** Train id of every entry, in reading order. */
export function entryTrainIds(segments: readonly Segment[]): number[] {
  const ids: number[] = [];
  for (const { trains } of segments) {
    for (const [trainId, entries] of trains) for (let i = 0; i < entries; i++) ids.push(trainId);
  }
  return ids;
}

/** Where the entries of each train are among all entries read; a train without any is an empty range behind the one before. */
export function boundsOfTrains(
  segments: readonly Segment[],
  trainIds: readonly number[],
): { readonly starts: number[]; readonly stops: number[] } {
  const bounds = new Map<number, { start: number; stop: number }>();
  let entry = 0;
  for (const { trains } of segments) {
    for (const [trainId, entries] of trains) {
      const known = bounds.get(trainId);
      if (known) known.stop = entry + entries;
      else bounds.set(trainId, { start: entry, stop: entry + entries });
      entry += entries;
    }
  }
  let previous = 0;
  const found = trainIds.map((id) => {
    const range = bounds.get(id) ?? { start: previous, stop: previous };
    previous = range.stop;
    return range;
  });
  return { starts: found.map((range) => range.start), stops: found.map((range) => range.stop) };
}

interface OpenSegment extends Segment {
  count: number;
  readonly trains: [number, number][];
}

interface Piece {
  readonly firstTrainId: number;
  readonly segments: OpenSegment[];
}

function extend(segments: OpenSegment[], file: RunFile, trainId: number, first: number, count: number): void {
  const last = segments.at(-1);
  if (last && last.first + last.count === first) {
    last.count += count;
    last.trains.push([trainId, count]);
  } else segments.push({ file, first, count, trains: [[trainId, count]] });
}
