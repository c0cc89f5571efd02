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
