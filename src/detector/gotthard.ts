import { type Detector, moduleNumbers, NO_LENGTH, SQUARE_PIXEL, tileGrid } from './detector.ts';

const STRIPS = 1280;
const STRIP_WIDTH = 50e-6;
/** Strips are about this long; only pictures to scale need it. */
const STRIP_LENGTH = 8e-3;

/**
 * Gotthard-II: modules of one row of 1280 strips of 50 um, one module after the other along x. A module's position is the
 * low corner of its first strip. @throws GeometryInvalid for an impossible number of modules @source Gotthard-II, 1-D strip detector of PSI
 */
export function gotthard2(modules = 1): Detector {
  const numbers = moduleNumbers('GOTTHARD2', modules);
  return {
    name: 'GOTTHARD2',
    dataShape: [modules, 1, STRIPS],
    pixelSize: STRIP_WIDTH,
    pitch: [STRIP_LENGTH, STRIP_WIDTH],
    pixel: SQUARE_PIXEL,
    seamStretch: [0, 0],
    tiles: tileGrid([1, STRIPS], [1, 1]),
    modules: numbers.map((group) => ({
      group,
      ss: [0, 1],
      fs: [1, 0],
      x: NO_LENGTH,
      y: NO_LENGTH,
    })),
    groupModules: numbers,
    reference: 'firstPixel',
    asicGap: 0,
    panelGap: [0, 0],
    positionUnit: 1e-3,
    examplePositions: numbers.map((module) => [
      (module - modules / 2) * STRIPS * STRIP_WIDTH * 1e3,
      -0.5 * STRIP_LENGTH * 1e3,
    ]),
  };
}
