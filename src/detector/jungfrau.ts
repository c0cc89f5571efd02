import { type Detector, moduleNumbers, NO_LENGTH, SQUARE_PIXEL, tileGrid } from './detector.ts';

const PIXEL = 7.5e-5;
const ASIC = 256;
const ASIC_GAP = 2;
/** Module with its gaps, pixels along (x, y). */
const WIDTH = 4 * ASIC + 3 * ASIC_GAP;
const HEIGHT = 2 * ASIC + ASIC_GAP;

/** Low corners of the modules of a 4M detector, px. */
const PLACES_4M = [
  [-1125, 1078],
  [-1125, 533],
  [-1125, -44],
  [-1125, -589],
  [62, -511],
  [62, 34],
  [62, 612],
  [62, 1157],
] as const;

/**
 * JUNGFRAU of any number of modules, each placed by its corner of low x and low y whichever way it lies. 8 modules are the
 * 4M detector of two halves, whose first half lies turned by 180 degrees; one module lies beside the beam, others form
 * a column. @throws GeometryInvalid for an impossible number of modules @source EXtra-geom, JUNGFRAUGeometry
 */
export function jungfrau(modules: number): Detector {
  const numbers = moduleNumbers('JUNGFRAU', modules);
  const is4M = modules === 8;
  const turn = (module: number) => (is4M && module < 4 ? -1 : 1);
  return {
    name: 'JUNGFRAU',
    dataShape: [modules, 2 * ASIC, 4 * ASIC],
    pixelSize: PIXEL,
    pitch: [PIXEL, PIXEL],
    pixel: SQUARE_PIXEL,
    // Double pixels at all edges between ASICs.
    seamStretch: [PIXEL, PIXEL],
    tiles: tileGrid([ASIC, ASIC], [2, 4]),
    modules: numbers.map((module) => {
      const isTurned = turn(module) < 0;
      return {
        group: module,
        ss: [0, turn(module)],
        fs: [turn(module), 0],
        x: isTurned ? { px: 4 * ASIC, asicGaps: 3, panelGaps: 0 } : NO_LENGTH,
        y: isTurned ? { px: 2 * ASIC, asicGaps: 1, panelGaps: 0 } : NO_LENGTH,
      };
    }),
    groupModules: numbers,
    reference: 'low',
    asicGap: ASIC_GAP * PIXEL,
    panelGap: [0, 0],
    positionUnit: PIXEL,
    examplePositions: is4M ? PLACES_4M : numbers.map((module) => [-WIDTH, (modules - 1 - module) * (HEIGHT + 31)]),
    // Each half has one motor. @source EXtra-geom, JF4MMotors
    ...(is4M
      ? {
          motors: {
            groups: [
              [0, 4],
              [4, 8],
            ],
            axes: [
              [[1], [0]],
              [[-1], [0]],
            ],
          },
        }
      : {}),
  };
}
