import { TableRoom } from '../../kernels/table-kernels.ts';
import { pixelCountOf } from '../detector.ts';
import { type BinGrid, binCountOf } from './bin-grid.ts';
import { placeWeights, SlabPoints } from './kernel-points.ts';
import { cornerLayout } from './pixel-map.ts';
import { type PixelSlab, pixelSlabs } from './pixel-slabs.ts';
import { applyResponse, type PixelSums, sumDark } from './pixel-sums.ts';
import { ALL_ROUND, goesRound, isAcrossCut, leastRadius, type SplitSettings, type Splitter } from './splitter.ts';

/** More bins than these have no place in a room. */
const MOST_BINS = 5e7;
/** A number that is no pixel. */
const NO_PIXEL = 0xffffffff;

/** A table in the making. */
interface Making {
  readonly room: TableRoom;
  readonly settings: SplitSettings;
  readonly slabs: readonly PixelSlab[];
  readonly points: SlabPoints;
  /** Address of uint8 (pixel), or 0. */
  readonly mask: number;
  /** Address of uint32 (run, 3), those of the slab at hand. */
  readonly runs: number;
}

/** How a method goes through a slab whose runs lie in the room: first counting, then filling. */
interface Passes {
  readonly hasShares: boolean;
  readonly runsOf: (slab: PixelSlab) => Uint32Array;
  /** Brings the points of a slab back into the room. */
  readonly load: (slab: number, grid: number) => void;
  /** @param addresses of float32 (pixel), of the grid, and of the records of the bins */
  readonly count: (runs: number, ...addresses: number[]) => void;
  /** @param addresses those, where pixels of entries go, and bytes from there to their shares */
  readonly fill: (runs: number, ...addresses: number[]) => void;
}

/**
 * Splitting by the kernels; null where there is no WebAssembly, or for tiles that lie all over a module. Tables are the same
 * as in plain TypeScript, to the last bit.
 * @throws StateInvalid for an impossible experiment or weight, or a unit of q without photon energy
 * @throws RangeError if there is no room, also from the splitter: plain TypeScript can still do it
 */
export function openKernelSplitter(settings: SplitSettings): Splitter | null {
  const { detector } = settings.geometry;
  const layout = cornerLayout(detector);
  const rows = detector.tiles[0].ssStop - detector.tiles[0].ssStart;
  const slabs = pixelSlabs(detector, { ...layout, extra: layout.perTile - rows * layout.perRow });
  if (slabs === null) return null;
  const room = TableRoom.open();
  if (room === null) return null;
  const making = {
    room,
    settings,
    slabs,
    points: new SlabPoints(room, settings),
    mask: settings.mask === undefined ? 0 : room.place(settings.mask),
    runs: room.allocate(Math.max(...slabs.map(({ pixelRuns }) => pixelRuns.byteLength))),
  };
  if (settings.method === 'no') return openWhole(making);
  return settings.method === 'full' ? openOutlines(making) : openBoxes(making);
}

/**
 * Numbers of all slabs, and room for those of one. They are kept outside of the room, which becomes the table: there is
 * nothing left in it that a table does not need.
 */
class SlabNumbers {
  readonly #room: TableRoom;
  /** Places of the slabs. */
  readonly #starts: readonly number[];
  readonly #kept: readonly Float64Array[];
  /** Bytes from one kind of numbers to the next. */
  readonly stride: number;
  /** Address of those of one slab, float64 (kind, place). */
  readonly at: number;

  /** @param sizes places of each slab @param kinds how many numbers each place has */
  constructor(room: TableRoom, sizes: readonly number[], kinds: number) {
    this.#room = room;
    let all = 0;
    this.#starts = sizes.map((size) => {
      all += size;
      return all - size;
    });
    this.#starts = [...this.#starts, all];
    this.#kept = Array.from({ length: kinds }, () => new Float64Array(all));
    this.stride = 8 * Math.max(...sizes);
    this.at = room.allocate(kinds * this.stride);
  }

  save(slab: number): void {
    const [start, end] = [this.#starts[slab], this.#starts[slab + 1]];
    for (const [kind, kept] of this.#kept.entries())
      kept.set(this.#room.doubles(this.at + kind * this.stride, end - start), start);
  }

  load(slab: number): void {
    const [start, end] = [this.#starts[slab], this.#starts[slab + 1]];
    for (const [kind, kept] of this.#kept.entries())
      this.#room.doubles(this.at + kind * this.stride, end - start).set(kept.subarray(start, end));
  }
}

/** Address of a range that is empty still. */
function placeRange(room: TableRoom): number {
  return room.place(Float64Array.of(Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY));
}

function rangeAt(room: TableRoom, at: number): readonly [number, number] {
  const [low, high] = room.doubles(at, 2);
  return [low, high];
}

function openWhole(making: Making): Splitter {
  const { room, settings, slabs, points, mask, runs } = making;
  const { hasAzimuth } = settings.map;
  const sizes = slabs.map(({ pixels }) => pixels);
  const numbers = new SlabNumbers(room, sizes, hasAzimuth ? 2 : 1);
  const toAzimuth = hasAzimuth ? numbers.stride : 0;
  const [radial, azimuth] = [placeRange(room), placeRange(room)];
  const { widenRuns, countWhole, fillWhole } = room.kernels;
  for (const [index, slab] of slabs.entries()) {
    points.fillCentres(slab, numbers.at, hasAzimuth ? numbers.at + toAzimuth : 0);
    const many = placeRuns(making, slab.pixelRuns);
    widenRuns(runs, many, numbers.at, 0, mask, radial);
    if (hasAzimuth) widenRuns(runs, many, numbers.at + toAzimuth, 0, mask, azimuth);
    numbers.save(index);
  }
  return {
    radialRange: rangeAt(room, radial),
    azimuthRange: hasAzimuth ? rangeAt(room, azimuth) : ALL_ROUND,
    sum: (grid) =>
      sumBins(making, grid, {
        hasShares: false,
        runsOf: (slab) => slab.pixelRuns,
        load: (slab) => numbers.load(slab),
        count: (many, ...rest) => void countWhole(runs, many, numbers.at, toAzimuth, mask, ...rest),
        fill: (many, ...rest) => void fillWhole(runs, many, numbers.at, toAzimuth, mask, ...rest),
      }),
  };
}

function openBoxes(making: Making): Splitter {
  const { room, settings, slabs, points, mask, runs } = making;
  const isScaled = settings.method === 'pseudo';
  const hasAzimuth = settings.map.hasAzimuth || isScaled;
  const sizes = slabs.map(({ pixels }) => pixels);
  // Centre and half of the radius, centre and half of the azimuth.
  const numbers = new SlabNumbers(room, sizes, hasAzimuth ? 4 : 2);
  const [centres, halves] = [numbers.at, numbers.at + numbers.stride];
  const toAzimuth = hasAzimuth ? 2 * numbers.stride : 0;
  const toAngles = hasAzimuth ? 8 * Math.max(...slabs.map(({ corners }) => corners)) : 0;
  const corners = room.allocate(2 * 8 * Math.max(...slabs.map((slab) => slab.corners)));
  const [radial, azimuth] = [placeRange(room), placeRange(room)];
  const { widenRuns, countIntervals, countRectangles, fillIntervals, fillRectangles } = room.kernels;
  for (const [index, slab] of slabs.entries()) {
    points.fillCentres(slab, centres, hasAzimuth ? centres + toAzimuth : 0);
    points.fillCorners(slab, corners, hasAzimuth ? corners + toAngles : 0);
    points.fillBoxes(slab, isScaled, centres, halves, toAzimuth, corners, toAngles);
    const many = placeRuns(making, slab.pixelRuns);
    widenRuns(runs, many, centres, halves, mask, radial);
    if (hasAzimuth) widenRuns(runs, many, centres + toAzimuth, halves + toAzimuth, mask, azimuth);
    numbers.save(index);
  }
  const [low, high] = rangeAt(room, radial);
  const [bottom, top] = hasAzimuth ? rangeAt(room, azimuth) : ALL_ROUND;
  return {
    radialRange: [Math.max(leastRadius(settings.map.unit), low), high],
    // One box across the cut, and the range is all round.
    azimuthRange: bottom < -Math.PI || top > Math.PI ? ALL_ROUND : [bottom, top],
    sum(grid) {
      const boxes = grid.azimuth === null ? [centres, halves, mask] : [centres, halves, toAzimuth, mask];
      const [count, fill] = grid.azimuth === null ? [countIntervals, fillIntervals] : [countRectangles, fillRectangles];
      return sumBins(making, grid, {
        hasShares: true,
        runsOf: (slab) => slab.pixelRuns,
        load: (slab) => numbers.load(slab),
        count: (many, ...rest) => void count(runs, many, ...boxes, ...rest),
        fill: (many, ...rest) => void fill(runs, many, ...boxes, ...rest),
      });
    },
  };
}

function openOutlines(making: Making): Splitter {
  const { room, settings, slabs, points, mask, runs } = making;
  const { steps, perPixel } = cornerLayout(settings.geometry.detector);
  const sizes = slabs.map(({ corners }) => corners);
  const numbers = new SlabNumbers(room, sizes, 2);
  const { at: radii, stride: toAngles } = numbers;
  const range = placeRange(room);
  const turns = placeRange(room);
  const found = room.allocate(8 * Math.max(...slabs.map(({ pixels }) => pixels)));
  const { widen, scanCorners, radiiInBins } = room.kernels;
  const beam: number[] = [];
  let isAcross = false;
  for (const [index, slab] of slabs.entries()) {
    points.fillCorners(slab, radii, radii + toAngles);
    const many = placeRuns(making, slab.cornerRuns);
    // Without a mask every corner is one of a pixel that counts.
    if (mask === 0) {
      widen(radii, slab.corners, range);
      widen(radii + toAngles, slab.corners, turns);
    }
    const ranges = mask === 0 ? [0, 0] : [range, turns];
    const suspects = scanCorners(
      ...[runs, many, points.steps, points.corners, 8 * perPixel, radii, toAngles, mask, ...ranges, found],
    );
    const list = room.words(found, 2 * suspects);
    const azimuth = room.doubles(radii + toAngles, slab.corners);
    for (let i = 0; i < list.length; i += 2) {
      if (goesRound({ steps, azimuth }, list[i + 1])) beam.push(list[i]);
      if (isAcrossCut({ steps, azimuth }, list[i + 1])) isAcross = true;
    }
    numbers.save(index);
  }
  const [low, high] = rangeAt(room, range);
  const least = leastRadius(settings.map.unit);
  return {
    radialRange: [beam.length > 0 && Number.isFinite(least) ? least : low, high],
    azimuthRange: isAcross || !settings.map.hasAzimuth ? ALL_ROUND : rangeAt(room, turns),
    sum(grid) {
      const { countCells, countColumns, fillCells, fillColumns } = room.kernels;
      const shape = [points.steps, points.corners, points.isSquare ? 1 : 0, 8 * perPixel, radii, toAngles];
      const outline = room.allocate(8 * 22);
      const rest = [room.place(Uint32Array.of(...beam, NO_PIXEL)), mask, outline];
      // Shares of one outline in neighbouring bins, or areas of it in cells and what lies above each.
      const cells = grid.radial.bins * (grid.azimuth === null ? 1 : grid.azimuth.bins + 2);
      const areas = room.allocate(2 * 8 * cells);
      const [count, fill, scratch] =
        grid.azimuth === null ? [countColumns, fillColumns, [areas]] : [countCells, fillCells, [areas, 8 * cells]];
      return sumBins(making, grid, {
        hasShares: true,
        runsOf: (slab) => slab.cornerRuns,
        load(slab, axes) {
          numbers.load(slab);
          radiiInBins(radii, slabs[slab].corners, axes);
        },
        count: (many, ...addresses) => void count(runs, many, ...shape, ...rest, ...addresses),
        fill: (many, ...addresses) => void fill(runs, many, ...shape, ...rest, ...scratch, ...addresses),
      });
    },
  };
}

/** @returns how many there are */
function placeRuns({ room, runs }: Making, list: Uint32Array): number {
  room.words(runs, list.length).set(list);
  return list.length / 3;
}

/** Where kernels find the bins, see `kernels/assembly/tables/grid.ts`. */
function placeGrid({ room, settings }: Making, { radial, azimuth, isCircle }: BinGrid): number {
  const perTurn = azimuth ? 1 / azimuth.step : 0;
  const turns = azimuth ? [azimuth.low, azimuth.step, perTurn, 2 * Math.PI * perTurn] : [0, 1, 1, 2 * Math.PI];
  const at = room.allocate(72);
  room.doubles(at, 7).set([radial.low, 1 / radial.step, ...turns, leastRadius(settings.map.unit)]);
  room.words(at + 56, 3).set([radial.bins, azimuth?.bins ?? 1, isCircle ? 1 : 0]);
  return at;
}

/** The table: counts what each bin may get, makes room for it, and fills it. */
function sumBins(making: Making, grid: BinGrid, { hasShares, runsOf, load, count, fill }: Passes): PixelSums {
  const { room, settings, slabs } = making;
  const { dark = null } = settings.weights;
  const bins = binCountOf(grid);
  if (bins > MOST_BINS) throw new RangeError(`${bins} bins are more than there is room for`);
  const pixels = pixelCountOf(settings.geometry.detector);
  const axes = placeGrid(making, grid);
  const weights = placeWeights(room, settings, slabs);
  applyResponse(room.floats(weights, pixels), settings.weights);
  const starts = room.allocate(4 * (bins + 1));
  const records = room.allocate(24 * bins);
  for (const [index, slab] of slabs.entries()) {
    load(index, axes);
    count(placeRuns(making, runsOf(slab)), weights, axes, records);
  }
  const most = room.kernels.placeBins(records, bins);
  const entries = room.allocate(4 * most);
  const shares = hasShares ? room.allocate(4 * most) : 0;
  for (const [index, slab] of slabs.entries()) {
    load(index, axes);
    fill(placeRuns(making, runsOf(slab)), weights, axes, records, entries, shares - entries);
  }
  const length = room.kernels.closeBins(records, bins, entries, shares, starts) >>> 0;
  const table = {
    bins,
    starts: room.words(starts, bins + 1),
    pixels: room.words(entries, length),
    shares: hasShares ? room.floats(shares, length) : null,
    totals: room.doubles(records, 3 * bins),
    weights: room.floats(weights, pixels),
    dark,
  };
  if (dark !== null) sumDark(table, dark);
  return table;
}
