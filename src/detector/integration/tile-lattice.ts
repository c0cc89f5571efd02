import type { Detector } from '../detector.ts';

/** Lines between the pixels of a tile along ss and fs, in pixels from where its first pixel starts. */
export interface TileLattice {
  /** float64 (rows + 1). */
  readonly ss: Float64Array;
  /** float64 (columns + 1). */
  readonly fs: Float64Array;
}

/**
 * The lattice of a tile: whole numbers, apart from the pixels at seams between tiles, which reach into the gap in truth.
 * @param tile index in `detector.tiles`
 * @param hasSeams whether to give these their true size (`detector.seamStretch`), or that of all others
 */
export function tileLattice(detector: Detector, tile: number, hasSeams: boolean): TileLattice {
  const { tiles, seamStretch, pitch } = detector;
  const slice = tiles[tile];
  const hasNeighbour = (ss: number, fs: number) =>
    tiles.some((other) => other.ssIndex === slice.ssIndex + ss && other.fsIndex === slice.fsIndex + fs);
  const line = (count: number, stretch: number, isLow: boolean, isHigh: boolean) => {
    const edges = Float64Array.from({ length: count + 1 }, (_, i) => i);
    const [before, after] = slice.isTurned ? [isHigh, isLow] : [isLow, isHigh];
    if (hasSeams && before) edges[0] -= stretch;
    if (hasSeams && after) edges[count] += stretch;
    return edges;
  };
  return {
    ss: line(slice.ssStop - slice.ssStart, seamStretch[0] / pitch[0], hasNeighbour(-1, 0), hasNeighbour(1, 0)),
    fs: line(slice.fsStop - slice.fsStart, seamStretch[1] / pitch[1], hasNeighbour(0, -1), hasNeighbour(0, 1)),
  };
}

/**
 * Where the middle of each pixel between two lines lies. @param centre share of the way, 0.5 = half @returns float64 (pixel)
 */
export function latticeCentres(lines: Float64Array, centre: number): Float64Array {
  return Float64Array.from({ length: lines.length - 1 }, (_, i) => lines[i] + centre * (lines[i + 1] - lines[i]));
}
