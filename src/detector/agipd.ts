import { type Detector, type ModulePlacement, NO_LENGTH, SQUARE_PIXEL, tileGrid } from './detector.ts';

const PIXEL = 2e-4;
const ASIC_SS = 64;
const ASIC_FS = 128;
const ASICS = 8;

/** Eight ASIC rows of 64 x 128 pixels, stacked along the slow scan. */
const TILES = tileGrid([ASIC_SS, ASIC_FS], [ASICS, 1]);

/** Quadrants of four modules, going down; the two left of the beam (Q3, Q4) are turned by 180 degrees. */
const MODULES_1M: readonly ModulePlacement[] = Array.from({ length: 16 }, (_, module) => {
  const group = module >> 2;
  const down = module & 3;
  const side = group < 2 ? 1 : -1;
  return {
    group,
    ss: [side, 0],
    fs: [0, -side],
    x: NO_LENGTH,
    y: { px: 0 - down * ASIC_FS, asicGaps: 0, panelGaps: 0 - down },
  };
});

/** Two columns of four modules, going down; the reference point is the low corner of the last module. */
const MODULES_500K: readonly ModulePlacement[] = Array.from({ length: 8 }, (_, module) => {
  const column = module & 1;
  const up = 3 - (module >> 1);
  return {
    group: 0,
    ss: [-1, 0],
    fs: [0, 1],
    x: { px: (column + 1) * ASICS * ASIC_SS, asicGaps: (column + 1) * (ASICS - 1), panelGaps: column },
    y: { px: up * ASIC_FS, asicGaps: 0, panelGaps: up },
  };
});

/** AGIPD 1M (SPB, MID): 16 modules in four movable quadrants round the beam. @source EXtra-geom, AGIPD_1MGeometry */
export const AGIPD_1M: Detector = {
  name: 'AGIPD1M',
  dataShape: [16, 512, 128],
  pixelSize: PIXEL,
  pitch: [PIXEL, PIXEL],
  pixel: SQUARE_PIXEL,
  // 400 um wide on both sides of each joint.
  seamStretch: [PIXEL, 0],
  tiles: TILES,
  modules: MODULES_1M,
  groupModules: [0, 4, 8, 12],
  reference: 'firstPixel',
  asicGap: 2 * PIXEL,
  panelGap: [29 * PIXEL, 29 * PIXEL],
  positionUnit: PIXEL,
  examplePositions: [
    [-525, 625],
    [-550, -10],
    [520, -160],
    [542.5, 475],
  ],
  // Two motors each. @source EXtra-geom, AGIPD_1MMotors
  motors: {
    groups: [
      [0, 4],
      [4, 8],
      [8, 12],
      [12, 16],
    ],
    axes: [
      [
        [0, -1],
        [-1, 0],
      ],
      [
        [0, -1],
        [1, 0],
      ],
      [
        [0, 1],
        [1, 0],
      ],
      [
        [0, 1],
        [-1, 0],
      ],
    ],
  },
};

/** AGIPD 500K, second generation (HED): 8 modules in one block. @source EXtra-geom, AGIPD_500K2GGeometry */
export const AGIPD_500K: Detector = {
  name: 'AGIPD500K',
  dataShape: [8, 512, 128],
  pixelSize: PIXEL,
  pitch: [PIXEL, PIXEL],
  pixel: SQUARE_PIXEL,
  // 400 um wide on both sides of each joint.
  seamStretch: [PIXEL, 0],
  tiles: TILES,
  modules: MODULES_500K,
  groupModules: [0],
  reference: 'low',
  asicGap: 2 * PIXEL,
  panelGap: [16 * PIXEL, 30 * PIXEL],
  positionUnit: PIXEL,
  examplePositions: [[0, 0]],
};
