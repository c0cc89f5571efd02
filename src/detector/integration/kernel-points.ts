import type { TableRoom } from '../../kernels/table-kernels.ts';
import { pixelCountOf, tileShapeOf } from '../detector.ts';
import { tileStart } from '../geometry.ts';
import type { BeamFrame } from './experiment.ts';
import { centreLattice, cornerLayout, type LatticePlaces, type PolarMapping, polarMapping } from './pixel-map.ts';
import type { PixelSlab } from './pixel-slabs.ts';
import { tileNormal, weightSetting } from './pixel-weights.ts';
import { RADIAL_UNITS } from './radial-unit.ts';
import type { SplitSettings } from './splitter.ts';
import { tileLattice } from './tile-lattice.ts';

/** A lattice of points in the room. */
interface PlacedLattice {
  /** Addresses of float64 (row) and (column). */
  readonly ss: number;
  readonly fs: number;
  readonly rows: number;
  readonly columns: number;
}

function placeLattice(room: TableRoom, { ss, fs }: LatticePlaces): PlacedLattice {
  return { ss: room.place(ss), fs: room.place(fs), rows: ss.length, columns: fs.length };
}

/** Where kernels find a tile and the frame, float64: tile (9), shift (3), matrix (9), and what follows. */
function placePlan(room: TableRoom, { shift, matrix }: BeamFrame, rest: readonly number[]): number {
  return room.place(Float64Array.of(...new Float64Array(9), ...shift, ...matrix, ...rest));
}

const BASES = { sine: 0, radius: 1, angle: 2 } as const;

/** Makes the points of slabs: each method fills them at an address in the room. */
export class SlabPoints {
  readonly #room: TableRoom;
  readonly #settings: SplitSettings;
  readonly #mapping: PolarMapping;
  readonly #plan: number;
  readonly #isLinear: boolean;
  readonly #base: number;
  /** Lattice of each tile; lattices of its corners and where their first points go. */
  readonly #centres: readonly PlacedLattice[];
  readonly #corners: readonly (readonly (PlacedLattice & { readonly offset: number })[])[];
  readonly #perPixel: number;
  readonly #perRow: number;
  /** Address of uint32 (corner): bytes from the first corner of a pixel to each. */
  readonly steps: number;
  readonly corners: number;
  /** Whether pixels have four corners, two and two side by side in memory. */
  readonly isSquare: boolean;

  /** @throws StateInvalid for an impossible experiment, or a unit of q without photon energy */
  constructor(room: TableRoom, settings: SplitSettings) {
    const { experiment, map, geometry } = settings;
    const { detector } = geometry;
    this.#room = room;
    this.#settings = settings;
    this.#mapping = polarMapping(experiment, map.unit);
    const { base, factors } = RADIAL_UNITS[map.unit];
    this.#base = BASES[base];
    this.#isLinear = factors !== null;
    const [factor, scale] = factors ? factors(this.#mapping.kInverseNm) : [1, 1];
    this.#plan = placePlan(room, this.#mapping.frame, [factor, scale, detector.pixel.oddRowShift]);
    const { steps, perPixel, perRow, lattices } = cornerLayout(detector);
    const lines = detector.tiles.map((_, index) => tileLattice(detector, index, map.hasSeams));
    this.#centres = lines.map((tile) => placeLattice(room, centreLattice(detector, tile)));
    this.#corners = lines.map((tile) =>
      lattices(tile).map((places) => ({ ...placeLattice(room, places), offset: places.offset })),
    );
    this.#perPixel = perPixel;
    this.#perRow = perRow;
    this.steps = room.place(Uint32Array.from(steps, (step) => 8 * step));
    this.corners = steps.length;
    this.isSquare = steps.length === 4 && perPixel === 1 && steps[1] === 1 && steps[2] === steps[3] + 1;
  }

  /** Centres of the pixels. @param azimuth address, or 0 */
  fillCentres({ module, pieces }: PixelSlab, radial: number, azimuth: number): void {
    for (const { tile, row, rows, place } of pieces) {
      const lattice = this.#centres[tile];
      const at = [radial + 8 * place, azimuth === 0 ? 0 : azimuth + 8 * place] as const;
      this.#fill(module, tile, lattice, row, rows, ...at, lattice.columns, 1);
    }
  }

  /** Corners of the pixels. @param azimuth address, or 0 */
  fillCorners({ module, pieces }: PixelSlab, radial: number, azimuth: number): void {
    const [tileRows] = tileShapeOf(this.#settings.geometry.detector);
    for (const { tile, row, rows, corner } of pieces)
      for (const { offset, ...lattice } of this.#corners[tile]) {
        // One row more of corners that rows have in common.
        const lines = rows + lattice.rows - tileRows;
        const start = 8 * (corner + offset);
        const at = [radial + start, azimuth === 0 ? 0 : azimuth + start] as const;
        this.#fill(module, tile, lattice, row, lines, ...at, this.#perRow, this.#perPixel);
      }
  }

  /**
   * Bounding boxes of the pixels, as far as the farthest corner.
   * @param centres address of their centres, and @param halves of where half their width goes; azimuth and half the height
   * `toAzimuth` bytes behind
   * @param radii address of the corners, azimuths `toAngles` bytes behind, or 0
   */
  fillBoxes(
    { pieces }: PixelSlab,
    isScaled: boolean,
    centres: number,
    halves: number,
    toAzimuth: number,
    radii: number,
    toAngles: number,
  ): void {
    for (const { tile, rows, place, corner } of pieces) {
      const { columns } = this.#centres[tile];
      this.#room.kernels.boxTile(
        ...[rows, columns, this.steps, this.corners, centres + 8 * place, halves + 8 * place, toAzimuth, 8 * columns],
        ...[radii + 8 * corner, toAngles, 8 * this.#perRow, 8 * this.#perPixel],
        ...[this.isSquare ? 1 : 0, isScaled ? 1 : 0],
      );
    }
  }

  #fill(
    module: number,
    tile: number,
    { ss, fs, columns }: PlacedLattice,
    row: number,
    rows: number,
    radial: number,
    azimuth: number,
    stride: number,
    step: number,
  ): void {
    const { detector, tiles } = this.#settings.geometry;
    const { fromBase, kInverseNm, frame } = this.#mapping;
    const t = tileStart(detector, module, tile);
    this.#room.doubles(this.#plan, 9).set(tiles.subarray(t, t + 9));
    this.#room.kernels.polar(
      ...[this.#plan, ss + 8 * row, rows, fs, columns, frame.isPlain ? 1 : 0, this.#base, radial, azimuth],
      ...[8 * stride, 8 * step],
    );
    if (this.#isLinear) return;
    const radii = this.#room.doubles(radial, (rows - 1) * stride + (columns - 1) * step + 1);
    for (let i = 0; i < rows; i++)
      for (let j = 0; j < columns; j++) {
        const point = i * stride + j * step;
        radii[point] = fromBase(radii[point], kInverseNm);
      }
  }
}

/**
 * Solid angle and polarisation of all pixels on tiles.
 * @returns address of float32 (pixel)
 * @throws StateInvalid for impossible numbers
 */
export function placeWeights(
  room: TableRoom,
  { geometry, experiment, weights: options }: SplitSettings,
  slabs: readonly PixelSlab[],
): number {
  const { detector, tiles } = geometry;
  const { hasSeams = false } = options;
  const fsPixels = detector.dataShape[2];
  const setting = weightSetting(experiment, options);
  const rest = [0, 0, 0, 0, ...(setting.polarization ?? [0, 0, 0]), detector.pixel.oddRowShift];
  const plan = placePlan(room, setting.frame, rest);
  const placed = detector.tiles.map((_, index) => {
    const lines = tileLattice(detector, index, hasSeams);
    return {
      centres: placeLattice(room, centreLattice(detector, lines)),
      ss: hasSeams ? room.place(lines.ss) : 0,
      fs: hasSeams ? room.place(lines.fs) : 0,
    };
  });
  const weights = room.allocate(4 * pixelCountOf(detector));
  const flags = [setting.hasSolidAngle ? 1 : 0, setting.polarization ? 1 : 0];
  for (const { module, pieces } of slabs)
    for (const { tile: index, row, rows, pixel } of pieces) {
      const { centres, ss, fs } = placed[index];
      const t = tileStart(detector, module, index);
      const tile = tiles.subarray(t, t + 9);
      room.doubles(plan, 9).set(tile);
      room.doubles(plan + 8 * 21, 4).set(tileNormal(tile, setting));
      const lines = ss === 0 ? [0, 0] : [ss + 8 * row, fs];
      room.kernels.weigh(
        ...[plan, centres.ss + 8 * row, rows, centres.fs, centres.columns, ...lines, ...flags],
        ...[weights + 4 * pixel, 4 * fsPixels],
      );
    }
  return weights;
}
