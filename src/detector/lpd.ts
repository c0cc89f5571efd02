import {
  type Detector,
  type ModulePlacement,
  moduleNumbers,
  NO_LENGTH,
  SQUARE_PIXEL,
  type TileSlice,
} from './detector.ts';

const PIXEL = 5e-4;
const TILE_SS = 32;
const TILE_FS = 128;
const ROWS = 8;

/** T1 to T8 go down the first half of the fast scan, T9 to T16 up the second. */
const TILES: readonly TileSlice[] = Array.from({ length: 2 * ROWS }, (_, tile) => {
  const fsIndex = tile < ROWS ? 0 : 1;
  const ssIndex = tile < ROWS ? ROWS - 1 - tile : tile - ROWS;
  return {
    ssStart: ssIndex * TILE_SS,
    ssStop: (ssIndex + 1) * TILE_SS,
    fsStart: fsIndex * TILE_FS,
    fsStop: (fsIndex + 1) * TILE_FS,
    ssIndex,
    fsIndex,
  };
});

/** Steps from the quadrant's high corner of M1 .. M4. */
const ACROSS = [1, 1, 0, 0];
const DOWN = [0, 1, 1, 0];

function lpdModule(module: number): ModulePlacement {
  const across = ACROSS[module & 3];
  const down = DOWN[module & 3];
  return {
    group: module >> 2,
    ss: [0, 1],
    fs: [1, 0],
    x: { px: -2 * TILE_FS * (across + 1), asicGaps: -(across + 1), panelGaps: 0 - across },
    y: { px: -ROWS * TILE_SS * (down + 1), asicGaps: -(ROWS - 1) * (down + 1), panelGaps: 0 - down },
  };
}

const LPD = {
  pixelSize: PIXEL,
  pitch: [PIXEL, PIXEL],
  pixel: SQUARE_PIXEL,
  // The gaps between the tiles are real.
  seamStretch: [0, 0],
  tiles: TILES,
  asicGap: 4 * PIXEL,
  panelGap: [4 * PIXEL, 4 * PIXEL],
  positionUnit: 1e-3,
} as const;

/** LPD 1M (FXE): 16 modules of 16 tiles in four quadrants, placed by their high-x, high-y corners. @source EXtra-geom, LPD_1MGeometry */
export const LPD_1M: Detector = {
  ...LPD,
  name: 'LPD1M',
  dataShape: [16, 256, 256],
  modules: Array.from({ length: 16 }, (_, module) => lpdModule(module)),
  groupModules: [0, 4, 8, 12],
  reference: 'high',
  examplePositions: [
    [11.4, 299],
    [-11.5, 8],
    [254.5, -16],
    [278.5, 275],
  ],
};

/** One LPD module by itself, placed by its middle. */
export const LPD_SOLO: Detector = {
  ...LPD,
  name: 'LPD_SOLO',
  dataShape: [1, 256, 256],
  modules: [
    {
      group: 0,
      ss: [0, 1],
      fs: [1, 0],
      x: { px: -TILE_FS, asicGaps: -0.5, panelGaps: 0 },
      y: { px: (-ROWS * TILE_SS) / 2, asicGaps: -(ROWS - 1) / 2, panelGaps: 0 },
    },
  ],
  groupModules: [0],
  reference: 'centre',
  examplePositions: [[0, 0]],
};

/** A column of modules, one above the other, round the beam. */
const MINI_HEIGHT_MM = 40;

/**
 * LPD Mini: any number of modules of two tiles that lie head to head. A module's position is its corner of low y and high x
 * (bottom left as seen from the front). @throws GeometryInvalid for an impossible number of modules @source EXtra-geom, LPD_MiniGeometry
 */
export function lpdMini(modules: number): Detector {
  const numbers = moduleNumbers('LPD_MINI', modules);
  return {
    ...LPD,
    name: 'LPD_MINI',
    dataShape: [modules, TILE_SS, 2 * TILE_FS],
    tiles: [
      { ssStart: 0, ssStop: TILE_SS, fsStart: 0, fsStop: TILE_FS, ssIndex: 0, fsIndex: 0 },
      { ssStart: 0, ssStop: TILE_SS, fsStart: TILE_FS, fsStop: 2 * TILE_FS, ssIndex: -1, fsIndex: 0, isTurned: true },
    ],
    modules: numbers.map((module) => ({
      group: module,
      ss: [0, -1],
      fs: [-1, 0],
      x: NO_LENGTH,
      y: { px: TILE_SS, asicGaps: 0, panelGaps: 0 },
    })),
    groupModules: numbers,
    reference: 'firstPixel',
    examplePositions: numbers.map((module) => [
      ((TILE_FS * PIXEL) / 2) * 1e3,
      (modules / 2 - 1 - module) * MINI_HEIGHT_MM,
    ]),
  };
}
