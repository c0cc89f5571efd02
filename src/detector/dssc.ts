import { type Detector, HEXAGON_PIXEL, type ModulePlacement, tileGrid } from './detector.ts';

const FS_STEP = 236e-6;
/** Rows of hexagons interlock. */
const SS_STEP = (FS_STEP * 1.5) / Math.sqrt(3);
const SS = 128;
const TILE_FS = 256;

function dsscModule(module: number): ModulePlacement {
  const group = module >> 2;
  const inQuadrant = module & 3;
  // Q1 and Q2 start at high x and go up, Q3 and Q4 start at low x and go down.
  const isFirstHalf = group < 2;
  const up = isFirstHalf ? inQuadrant : 4 - inQuadrant;
  return {
    group,
    ss: [0, isFirstHalf ? 1 : -1],
    fs: [isFirstHalf ? -1 : 1, 0],
    x: isFirstHalf ? { px: 2 * TILE_FS, asicGaps: 1, panelGaps: 0 } : { px: 0, asicGaps: 0, panelGaps: 0 },
    y: { px: up * SS, asicGaps: 0, panelGaps: isFirstHalf ? up : up - 1 },
  };
}

/**
 * DSSC 1M (SCS, SQS): 16 modules of hexagonal pixels in four quadrants, placed by their low-x, low-y corners.
 * @source EXtra-geom, DSSC_1MGeometry
 */
export const DSSC_1M: Detector = {
  name: 'DSSC1M',
  dataShape: [16, SS, 2 * TILE_FS],
  pixelSize: FS_STEP,
  pitch: [SS_STEP, FS_STEP],
  pixel: HEXAGON_PIXEL,
  seamStretch: [0, 0],
  tiles: tileGrid([SS, TILE_FS], [1, 2]),
  modules: Array.from({ length: 16 }, (_, module) => dsscModule(module)),
  groupModules: [0, 4, 8, 12],
  reference: 'low',
  asicGap: 2e-3,
  panelGap: [4e-3, 4e-3],
  positionUnit: 1e-3,
  examplePositions: [
    [-130, 5],
    [-130, -125],
    [5, -125],
    [5, 5],
  ],
};
