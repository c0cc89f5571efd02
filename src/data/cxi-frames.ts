import type { Hdf5Block } from '../formats/hdf5.ts';
import type { Hdf5Mapping } from '../formats/hdf5-writer.ts';
import type { MultiModule } from './detectors/multi-module.ts';
import type { KeyData } from './key-data.ts';
import type { WriteTarget } from './write-target.ts';

/** A piece of a module's entries that is together both in its file and in the frames of the detector. */
interface EntryPiece {
  readonly file: string;
  readonly firstEntry: number;
  entries: number;
  readonly firstFrame: number;
}

/** The frames of a detector one after the other, and where those of each train start. */
export class CxiFrames {
  readonly total: number;
  /** Frames in an entry. */
  readonly #cells: number;
  readonly #isBurst: boolean;
  readonly #starts = new Map<number, number>();
  readonly #gains: number;

  /**
   * @param cells memory cells in an entry, its first axis (JUNGFRAU); null where an entry is a frame
   * @param gains how often a train's frames are taken, each time at another gain: 3 for LPD in parallel gain mode, else 1
   */
  constructor(detector: MultiModule, cells: number | null, gains: number) {
    this.#cells = cells ?? 1;
    this.#isBurst = cells !== null;
    this.#gains = gains;
    let total = 0;
    const counts = detector.frameCounts;
    for (const [i, trainId] of detector.trainIds.entries()) {
      this.#starts.set(trainId, total);
      total += counts[i];
    }
    this.total = total;
  }

  /** Where the entries of a module's key stand. @param moduleIndex place of the module on the second axis */
  mappings(key: KeyData, moduleIndex: number, target: WriteTarget): Hdf5Mapping[] {
    const { entryShape } = key;
    const frameShape = this.#isBurst ? entryShape.slice(1) : entryShape;
    return this.#pieces(key).map(({ file, firstEntry, entries, firstFrame }) => ({
      file: target.relativeName(file),
      dataset: key.path,
      source: blockOf([firstEntry], [entries, ...entryShape]),
      target: blockOf([firstFrame, moduleIndex], [entries * this.#cells, 1, ...frameShape]),
    }));
  }

  /**
   * Where the ids of a module's frames stand: (frame, module). In parallel gain mode the ids of the first gain stand for
   * all, since the others are junk.
   */
  idMappings(key: KeyData, moduleIndex: number, target: WriteTarget): Hdf5Mapping[] {
    const { entryShape } = key;
    return this.#pieces(key, this.#gains > 1).flatMap(({ file, firstEntry, entries, firstFrame }) => {
      const perGain = entries / this.#gains;
      return Array.from({ length: this.#gains }, (_, gain) => ({
        file: target.relativeName(file),
        dataset: key.path,
        source: blockOf([firstEntry], [perGain, ...entryShape]),
        target: blockOf([firstFrame + gain * perGain, moduleIndex], [perGain * this.#cells, 1]),
      }));
    });
  }

  #pieces(key: KeyData, isByTrain = false): EntryPiece[] {
    const pieces: EntryPiece[] = [];
    for (const { file, first, trains } of key.segments) {
      let entry = first;
      let open: EntryPiece | null = null;
      for (const [trainId, entries] of trains) {
        const frame = this.#starts.get(trainId) as number;
        if (open && !isByTrain && open.firstFrame + open.entries * this.#cells === frame) open.entries += entries;
        else {
          open = { file: file.path, firstEntry: entry, entries, firstFrame: frame };
          pieces.push(open);
        }
        entry += entries;
      }
    }
    return pieces;
  }
}

/** A block whose start is 0 on the axes that `start` leaves out. */
function blockOf(start: readonly number[], count: readonly number[]): Hdf5Block {
  return { start: count.map((_, axis) => start[axis] ?? 0), count };
}
