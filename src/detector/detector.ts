/** A tile's place in the data of its module, half-open, and in the module's grid of ASICs. */
export interface TileSlice {
  readonly ssStart: number;
  readonly ssStop: number;
  readonly fsStart: number;
  readonly fsStop: number;
  readonly ssIndex: number;
  readonly fsIndex: number;
}

/** A length made of whole pixels, gaps between ASICs and gaps between modules. */
export interface GapLength {
  readonly px: number;
  readonly asicGaps: number;
  readonly panelGaps: number;
}

/** How a module lies in the ideal detector. Directions are (x, y) unit vectors on the axes. */
export interface ModulePlacement {
  /** The rigid part (quadrant) that the module belongs to. */
  readonly group: number;
  readonly ss: readonly [number, number];
  readonly fs: readonly [number, number];
  /** First pixel's outer corner relative to the group's reference point. */
  readonly x: GapLength;
  readonly y: GapLength;
}

/**
 * A kind of detector, as data: everything that is the same for all detectors of that kind.
 * Frame of all positions: metres, +x to the left looking along the beam, +y up, +z along the beam, origin where the beam should hit.
 */
export interface Detector {
  /** Short name, such as `AGIPD1M`. */
  readonly name: string;
  /** (module, ss, fs) of one frame. */
  readonly dataShape: readonly [number, number, number];
  /** Step from one pixel to the next, m. */
  readonly pixelSize: number;
  /** Tiles of a module, in the order of the data. All have the same size. */
  readonly tiles: readonly TileSlice[];
  readonly modules: readonly ModulePlacement[];
  /** First module of each group: its first pixel's corner is what `quadPositions` reports. */
  readonly groupModules: readonly number[];
  /** Gap between ASICs, m. */
  readonly asicGap: number;
  /** Gap between modules along (x, y), m. */
  readonly panelGap: readonly [number, number];
  /** Unit in which group positions are written, m. */
  readonly positionUnit: number;
  /** Group positions (x, y) of the example geometry, in `positionUnit`. */
  readonly examplePositions: readonly (readonly [number, number])[];
}

/** Pixels of a tile along (ss, fs). */
export function tileShapeOf(detector: Detector): readonly [number, number] {
  const [tile] = detector.tiles;
  return [tile.ssStop - tile.ssStart, tile.fsStop - tile.fsStart];
}

/** Pixels of the whole detector. */
export function pixelCountOf(detector: Detector): number {
  const [modules, ss, fs] = detector.dataShape;
  return modules * ss * fs;
}
