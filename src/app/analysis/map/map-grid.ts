import { StateInvalid } from '../../../core/errors.ts';

/** Points of a scan in the cells of a picture. Columns go to the right, rows upwards. */
export interface MapGrid {
  readonly columns: number;
  readonly rows: number;
  /** Cell of each point: row * columns + column; -1 = in none. */
  readonly cells: Int32Array;
  /** float64 (columns) and (rows): middles of the cells, rising. */
  readonly x: Float64Array;
  readonly y: Float64Array;
  /** Whether both axes have clear steps; false: some were divided evenly. */
  readonly hasSteps: boolean;
}

/** Points that are counted: which way the scan went. */
export interface CountedScan {
  /** Points in one line of the scan. */
  readonly perLine: number;
  /** Whether lines run upwards instead of to the right. */
  readonly isUpwards: boolean;
  /** Whether every second line runs back. */
  readonly isSnake: boolean;
  /** Points before the first line. */
  readonly skip: number;
}

/** Most cells along an axis. */
const MOST_CELLS = 2000;
/** A gap between positions is a step if it is this many times the next smaller one. */
const CLEAR_RATIO = 5;
/** Steps differ by this at most: where some are repeated with noise, and where each position was there once. */
const UNEVEN_RATIO = 20;
const EVEN_RATIO = 2.5;
/** Set points are there so many times on average, if a scan goes over them again. */
const COMES_BACK = 1.5;
/** The mean way from a point to the next is less than this share of the whole if a motor moves slowly. */
const GLIDE = 0.15;
/** Gaps smaller than this share of the span are noise. */
const NOISE = 1e-5;
/** Gaps larger than that of so many steps are looked at. */
const MOST_STEPS = 2 * MOST_CELLS;

/** Cells of points one after the other, line by line. @throws StateInvalid for impossible numbers */
export function countedGrid(points: number, { perLine, isUpwards, isSnake, skip }: CountedScan): MapGrid {
  if (!(Number.isInteger(perLine) && perLine >= 1 && perLine <= MOST_CELLS))
    throw new StateInvalid(`${perLine} points in a line are impossible, give 1 to ${MOST_CELLS}.`, {
      field: 'perLine',
    });
  const lines = Math.max(1, Math.ceil((points - skip) / perLine));
  if (lines > MOST_CELLS)
    throw new StateInvalid(`${points} points make ${lines} lines of ${perLine}: more than ${MOST_CELLS}.`, {
      field: 'perLine',
    });
  const [columns, rows] = isUpwards ? [lines, perLine] : [perLine, lines];
  const cells = Int32Array.from({ length: points }, (_, point) => {
    const at = point - skip;
    if (at < 0) return -1;
    const line = Math.floor(at / perLine);
    const along = isSnake && line % 2 === 1 ? perLine - 1 - (at % perLine) : at % perLine;
    return isUpwards ? along * columns + line : line * columns + along;
  });
  const count = (length: number) => Float64Array.from({ length }, (_, i) => i);
  return { columns, rows, cells, x: count(columns), y: count(rows), hasSteps: true };
}

/**
 * Cells of points by their positions. Steps of an axis are found where positions gather. Where they do not, or a number of cells is
 * given, the axis is divided evenly; one that only jitters is one cell.
 * @param x,y (point); NaN = not known. `y` null: one row @param columns,rows null: as found
 */
export function positionGrid(
  x: ArrayLike<number>,
  y: ArrayLike<number> | null,
  { columns, rows }: { readonly columns: number | null; readonly rows: number | null },
): MapGrid {
  const [across, up] = [axisOf(x, columns), y ? axisOf(y, rows) : { middles: new Float64Array(1), hasSteps: true }];
  const cells = Int32Array.from(x, (place, point) => {
    const column = nearest(across.middles, place);
    const row = y ? nearest(up.middles, y[point]) : 0;
    return column < 0 || row < 0 ? -1 : row * across.middles.length + column;
  });
  return {
    columns: across.middles.length,
    rows: up.middles.length,
    cells,
    x: across.middles,
    y: up.middles,
    hasSteps: across.hasSteps && up.hasSteps,
  };
}

interface Axis {
  readonly middles: Float64Array;
  readonly hasSteps: boolean;
}

/** @param places in the order of the scan */
function axisOf(places: ArrayLike<number>, wanted: number | null): Axis {
  const known = Float64Array.from(places).filter(Number.isFinite);
  if (known.length === 0) return { middles: new Float64Array(1).fill(Number.NaN), hasSteps: true };
  const sorted = known.slice().sort();
  const [low, high] = [sorted[0], sorted[sorted.length - 1]];
  if (wanted === null) {
    const found = stepsOf(sorted, known);
    if (found) return { middles: found, hasSteps: true };
  }
  // A motor that stands still is read with noise, which jumps to and fro.
  const count = Math.min(
    MOST_CELLS,
    wanted ?? (isGliding(known, high - low) ? Math.round(Math.sqrt(known.length)) : 1),
  );
  if (count === 1 || low === high) return { middles: Float64Array.of((low + high) / 2), hasSteps: wanted !== null };
  const middles = Float64Array.from({ length: count }, (_, i) => low + ((high - low) * i) / (count - 1));
  return { middles, hasSteps: wanted !== null };
}

/** Whether positions come in the order of a slow movement. */
function isGliding(places: Float64Array, span: number): boolean {
  let [way, moves] = [0, 0];
  for (let i = 1; i < places.length; i++) {
    if (places[i] === places[i - 1]) continue;
    way += Math.abs(places[i] - places[i - 1]);
    moves++;
  }
  return moves > 0 && way / moves < GLIDE * span;
}

/** Means of the positions that gather; null where there are no clear steps. @param sorted rising @param places as they came */
function stepsOf(sorted: Float64Array, places: Float64Array): Float64Array | null {
  const distinct = sorted.filter((place, i) => i === 0 || place !== sorted[i - 1]);
  const span = distinct[distinct.length - 1] - distinct[0];
  const exact = distinct.length > MOST_CELLS ? null : distinct;
  if (span === 0) return exact;
  const visits = visitsOf(places, distinct.length);
  if (visits === 'again') return exact;
  const gaps = Float64Array.from({ length: distinct.length - 1 }, (_, i) => distinct[i + 1] - distinct[i]).sort();
  // Every position by itself, all about as far from each other: set points, or a scan along one line.
  const isOneLine = gaps[0] > gaps[gaps.length - 1] / EVEN_RATIO;
  const limit = isOneLine ? 0 : stepLimit(gaps, span);
  const groups = limit === null ? null : groupsOf(sorted, limit);
  // A few readings of each step may rise by chance.
  if (visits === 'once' && !(groups && areAlike(groups))) return exact;
  if (!groups || groups.length > MOST_CELLS) return null;
  return Float64Array.from(groups, ({ sum, count }) => sum / count);
}

interface Group {
  sum: number;
  count: number;
}

/** Positions that are nearer to the next than a limit. @param sorted rising */
function groupsOf(sorted: Float64Array, limit: number): Group[] {
  const groups: Group[] = [{ sum: sorted[0], count: 1 }];
  for (let i = 1; i < sorted.length; i++) {
    if (sorted[i] - sorted[i - 1] > limit) groups.push({ sum: 0, count: 0 });
    const group = groups[groups.length - 1];
    group.sum += sorted[i];
    group.count++;
  }
  return groups;
}

/** Whether all groups have as many positions, and more than one. */
function areAlike(groups: readonly Group[]): boolean {
  return groups[0].count > 1 && groups.every(({ count }) => count === groups[0].count);
}

/** Exact positions come back as they were, or are gone through once in their order; noise does neither but by chance. */
function visitsOf(places: Float64Array, distinct: number): 'again' | 'once' | 'noise' {
  const visits = places.filter((place, i) => i === 0 || place !== places[i - 1]);
  if (visits.length >= COMES_BACK * distinct) return 'again';
  const isRising = visits.every((place, i) => i === 0 || place > visits[i - 1]);
  const isFalling = visits.every((place, i) => i === 0 || place < visits[i - 1]);
  return isRising || isFalling ? 'once' : 'noise';
}

/** What lies between the gaps within steps and those between them; null where they are not apart. @param gaps rising */
function stepLimit(gaps: Float64Array, span: number): number | null {
  const largest = gaps[gaps.length - 1];
  let [best, limit]: [number, number | null] = [CLEAR_RATIO, null];
  for (let i = 1; i < gaps.length; i++) {
    // Where hardly any position is repeated, only even steps are told from chance.
    const isRepeated = i >= gaps.length / 3;
    if (gaps[i] < span / MOST_STEPS || gaps[i] < largest / (isRepeated ? UNEVEN_RATIO : EVEN_RATIO)) continue;
    const ratio = gaps[i] / Math.max(gaps[i - 1], NOISE * span);
    if (ratio > best) [best, limit] = [ratio, (gaps[i] + gaps[i - 1]) / 2];
  }
  return limit;
}

/** Index of the nearest middle; -1 for NaN. */
function nearest(middles: Float64Array, place: number): number {
  if (!Number.isFinite(place)) return -1;
  let [low, high] = [0, middles.length - 1];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (middles[middle] <= place) low = middle;
    else high = middle;
  }
  return Math.abs(middles[high] - place) < Math.abs(middles[low] - place) ? high : low;
}

/**
 * The mean of the points in each cell. @param values (point); NaN counts nowhere
 * @returns float32 (row, column); NaN = no point
 */
export function cellMeans({ cells, columns, rows }: MapGrid, values: ArrayLike<number>): Float32Array {
  const sums = new Float64Array(columns * rows);
  const counts = new Uint32Array(columns * rows);
  for (const [point, cell] of cells.entries()) {
    if (cell < 0 || !Number.isFinite(values[point])) continue;
    sums[cell] += values[point];
    counts[cell]++;
  }
  return Float32Array.from(sums, (sum, cell) => (counts[cell] > 0 ? sum / counts[cell] : Number.NaN));
}

/** Points of a cell, in the order of the scan. */
export function pointsOf({ cells }: MapGrid, cell: number): number[] {
  return [...cells.keys()].filter((point) => cells[point] === cell);
}
