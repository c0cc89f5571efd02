import { GeometryInvalid } from '../core/errors.ts';

/** A tile's place in the data of its module, half-open, and in the module's grid of ASICs. */
export interface TileSlice {
  readonly ssStart: number;
  readonly ssStop: number;
  readonly fsStart: number;
  readonly fsStop: number;
  /** Place in the grid of tiles, counted along the module's ss and fs; may be negative. */
  readonly ssIndex: number;
  readonly fsIndex: number;
  /** The tile lies in its place turned by 180 degrees (second tile of an LPD Mini module). */
  readonly isTurned?: boolean;
}

/** A length made of whole pixels, gaps between ASICs and gaps between modules. */
export interface GapLength {
  readonly px: number;
  readonly asicGaps: number;
  readonly panelGaps: number;
}

/** How a module lies in the ideal detector. Directions are (x, y) unit vectors on the axes. */
export interface ModulePlacement {
  /** The rigid part (quadrant, half, module) that the module belongs to. */
  readonly group: number;
  readonly ss: readonly [number, number];
  readonly fs: readonly [number, number];
  /** Outer corner of the grid's first tile relative to the group's reference point; pixels of that axis. */
  readonly x: GapLength;
  readonly y: GapLength;
}

/** What a pixel looks like, in steps (ss, fs) from where it starts; corners go round. */
export interface PixelShape {
  readonly corners: readonly (readonly [ss: number, fs: number])[];
  readonly centre: readonly [ss: number, fs: number];
  /** How far rows 1, 3, 5 .. of a tile are moved along fs, in pixels. */
  readonly oddRowShift: number;
}

/** Which point of a rigid group its position is: a pixel's outer corner, or a corner or the middle of the box round the group. */
export type ReferencePoint = 'firstPixel' | 'low' | 'high' | 'centre';

/** Motors that move rigid parts of a detector. */
export interface MotorAxes {
  /** Modules `[start, stop)` of each part. */
  readonly groups: readonly (readonly [number, number])[];
  /** (part, axis x or y, motor): how far along x and y the part goes when a motor goes by one. */
  readonly axes: readonly (readonly (readonly number[])[])[];
}

/**
 * A kind of detector, as data (plain JSON): everything that is the same for all detectors of that kind.
 * Frame of all positions: metres, +x to the left looking along the beam, +y up, +z along the beam, origin where the beam should hit.
 */
export interface Detector {
  /** Short name, such as `AGIPD1M`. */
  readonly name: string;
  /** (module, ss, fs) of one frame. */
  readonly dataShape: readonly [number, number, number];
  /** Step from one pixel to the next along fs, m; for square pixels also along ss. */
  readonly pixelSize: number;
  /** Step from one pixel to the next along (ss, fs), m. */
  readonly pitch: readonly [ss: number, fs: number];
  readonly pixel: PixelShape;
  /** How much longer pixels are on the edges between two tiles of a module, along (ss, fs), m: they reach into the gap. */
  readonly seamStretch: readonly [ss: number, fs: number];
  /** Tiles of a module, in the order of their numbers. All have the same size. */
  readonly tiles: readonly TileSlice[];
  readonly modules: readonly ModulePlacement[];
  /** First module of each group. */
  readonly groupModules: readonly number[];
  /** What group positions are the positions of. */
  readonly reference: ReferencePoint;
  /** Gap between ASICs, m. */
  readonly asicGap: number;
  /** Gap between modules along (x, y), m. */
  readonly panelGap: readonly [number, number];
  /** Unit in which group positions are written, m. */
  readonly positionUnit: number;
  /** Group positions (x, y) of the example geometry, in `positionUnit`. */
  readonly examplePositions: readonly (readonly [number, number])[];
  readonly motors?: MotorAxes;
  /** Rows at the low and the high end of a module in the files that hold no image (ePix calibration rows). */
  readonly extraRows?: number;
}

/** Square (or rectangular) pixels, side by side. Corner order as pyFAI wants it. */
export const SQUARE_PIXEL: PixelShape = {
  corners: [
    [0, 0],
    [1, 0],
    [1, 1],
    [0, 1],
  ],
  centre: [0.5, 0.5],
  oddRowShift: 0,
};

/** Hexagons in rows; each reaches a third of a step into the next row. @source EXtra-geom, DSSC_1MGeometry */
export const HEXAGON_PIXEL: PixelShape = {
  corners: [
    [0, 0.5],
    [1 / 3, 1],
    [1, 1],
    [4 / 3, 0.5],
    [1, 0],
    [1 / 3, 0],
  ],
  centre: [2 / 3, 0.5],
  oddRowShift: 0.5,
};

/** No distance. */
export const NO_LENGTH: GapLength = { px: 0, asicGaps: 0, panelGaps: 0 };

/**
 * Tiles of equal size in a grid, numbered row by row.
 * @param tileShape pixels (ss, fs) of a tile @param counts tiles along (ss, fs)
 */
export function tileGrid(tileShape: readonly [number, number], counts: readonly [number, number]): TileSlice[] {
  const [ss, fs] = tileShape;
  return Array.from({ length: counts[0] * counts[1] }, (_, tile) => {
    const ssIndex = Math.floor(tile / counts[1]);
    const fsIndex = tile % counts[1];
    return {
      ssStart: ssIndex * ss,
      ssStop: (ssIndex + 1) * ss,
      fsStart: fsIndex * fs,
      fsStop: (fsIndex + 1) * fs,
      ssIndex,
      fsIndex,
    };
  });
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

/** More modules than any detector has. */
const MAX_MODULES = 1000;

/**
 * Numbers 0, 1, .. of the modules of a detector that comes with any number of them.
 * @param name of the detector, for messages
 * @throws GeometryInvalid if there cannot be so many
 */
export function moduleNumbers(name: string, modules: number): number[] {
  if (!(Number.isInteger(modules) && modules >= 1 && modules <= MAX_MODULES)) {
    throw new GeometryInvalid(`${name} of ${modules} modules is impossible: give 1 to ${MAX_MODULES}.`, {
      name,
      modules,
    });
  }
  return Array.from({ length: modules }, (_, module) => module);
}
