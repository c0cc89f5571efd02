/** A time during which a motor stood still. */
export interface PlateauStep {
  /** Median position. */
  readonly position: number;
  /** Positions in the list of values, ascending; stray values in between are left out. */
  readonly indices: readonly number[];
}

/** How to tell steps. */
export interface StepOptions {
  /**
   * Values that differ by no more are one position: above the jitter, below the distance of steps. Default: between the
   * jitter and the smallest motion that are found, see {@link guessResolution}.
   */
  readonly resolution?: number;
  /** Steps with fewer values are left out. Default: 0.3 of the length of a usual step, at least 2. */
  readonly minTrains?: number;
}

/** Steps with the parameters that they were found with. */
export interface DetectedSteps {
  readonly steps: readonly PlateauStep[];
  readonly resolution: number;
  readonly minTrains: number;
}

/** Values in a row that may stray from a step without ending it. */
const STRAY_VALUES = 1;

/**
 * Finds where a motor stood still. A step grows as long as values are within the resolution of its mean; a single stray value
 * does not end it. What is too short is motion; the same position on both sides of it is one step.
 * @param values positions in the order of time; NaN counts as stray
 */
export function detectSteps(values: ArrayLike<number>, options: StepOptions = {}): DetectedSteps {
  const resolution = options.resolution ?? guessResolution(values);
  const pieces = growPieces(values, resolution);
  const minTrains = options.minTrains ?? guessLength(pieces);
  const steps: PlateauStep[] = [];
  for (const piece of pieces) {
    if (piece.length < minTrains) continue;
    const step = trim(values, piece, resolution);
    const last = steps.at(-1);
    if (last && Math.abs(last.position - step.position) <= resolution) {
      steps[steps.length - 1] = trim(values, [...last.indices, ...step.indices], resolution);
    } else if (step.indices.length >= minTrains) steps.push(step);
  }
  return { steps, resolution, minTrains };
}

function growPieces(values: ArrayLike<number>, resolution: number): number[][] {
  const pieces: number[][] = [];
  let piece: number[] = [];
  let sum = 0;
  const isNear = (i: number) => Math.abs(values[i] - sum / piece.length) <= resolution;
  for (let i = 0; i < values.length; i++) {
    if (Number.isNaN(values[i])) continue;
    if (piece.length > 0 && !isNear(i)) {
      const back = Array.from({ length: STRAY_VALUES }, (_, k) => i + 1 + k).find(
        (k) => k < values.length && isNear(k),
      );
      if (back !== undefined && piece.length > 1) continue;
      pieces.push(piece);
      piece = [];
      sum = 0;
    }
    piece.push(i);
    sum += values[i];
  }
  if (piece.length > 0) pieces.push(piece);
  return pieces;
}

/** Leaves out what the mean let in while the motor was still moving. */
function trim(values: ArrayLike<number>, piece: readonly number[], resolution: number): PlateauStep {
  const position = median(piece.map((i) => values[i]));
  return { position, indices: piece.filter((i) => Math.abs(values[i] - position) <= resolution) };
}

/** At least this part of the trains must be at rest. */
const AT_REST = 0.5;

/** That part of the differences of neighbours is below this many standard deviations of normal jitter. */
const DIFFERENCE_QUANTILE = 0.954;

/**
 * A resolution between jitter and motion: the geometric mean of the largest difference of neighbours that looks like jitter
 * and the smallest that looks like motion, at most half of the latter, but never below 4 standard deviations of the jitter.
 * At least half of the trains must be at rest.
 * @returns 5 standard deviations if nothing looks like motion, 0 if nothing ever moves
 */
export function guessResolution(values: ArrayLike<number>): number {
  const known = Array.from(values).filter((value) => !Number.isNaN(value));
  const all = differences(known);
  const deviation = (all[Math.floor(AT_REST * all.length)] ?? 0) / DIFFERENCE_QUANTILE;
  // A single stray train is no motion.
  const smooth = differences(withoutSpikes(known));
  const larger = smooth.slice(Math.floor(AT_REST * smooth.length)).filter((difference) => difference > 0);
  for (let i = 1; i < larger.length; i++) {
    if (larger[i] < 3 * larger[i - 1]) continue;
    return Math.max(Math.min(Math.sqrt(larger[i] * larger[i - 1]), larger[i] / 2), 4 * deviation);
  }
  return deviation > 0 ? 5 * deviation : (larger[0] ?? 0) / 2;
}

/** How far neighbours are apart, ascending. */
function differences(values: readonly number[]): number[] {
  const found = values.slice(1).map((value, i) => Math.abs(value - values[i]));
  return found.sort((a, b) => a - b);
}

/** Median of each value and its neighbours. */
function withoutSpikes(known: readonly number[]): number[] {
  return known.map((value, i) => (i > 0 && i < known.length - 1 ? median([known[i - 1], value, known[i + 1]]) : value));
}

/** 0.3 of the length that half of all values are in pieces of at least that length. */
function guessLength(pieces: readonly (readonly number[])[]): number {
  const lengths = pieces.map((piece) => piece.length).sort((a, b) => b - a);
  const total = lengths.reduce((sum, length) => sum + length, 0);
  let covered = 0;
  for (const length of lengths) {
    covered += length;
    if (2 * covered >= total) return Math.max(2, Math.ceil(0.3 * length));
  }
  return 2;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
