import { type Detector, NO_LENGTH, SQUARE_PIXEL, tileGrid } from './detector.ts';
import { type Geometry, geometryFromQuadPositions } from './geometry.ts';

type Vector = readonly [number, number, number];

const PIXEL = 75e-6;
const SS = 512;
const FS = 1024;
const GAP = 4e-3;

/**
 * PNCCD (SQS): two halves that are moved by themselves, module 0 on top. Their positions are those of their first pixels'
 * corners, in m. Files hold both as one picture of 1024 x 1024. @source EXtra-geom, PNCCDGeometry
 */
export const PNCCD: Detector = {
  name: 'PNCCD',
  dataShape: [2, SS, FS],
  pixelSize: PIXEL,
  pitch: [PIXEL, PIXEL],
  pixel: SQUARE_PIXEL,
  seamStretch: [0, 0],
  tiles: tileGrid([SS, FS], [1, 1]),
  modules: [0, 1].map((group) => ({ group, ss: [0, -1], fs: [1, 0], x: NO_LENGTH, y: NO_LENGTH })),
  groupModules: [0, 1],
  reference: 'firstPixel',
  asicGap: 0,
  panelGap: [0, 0],
  positionUnit: 1,
  examplePositions: [
    [(-FS / 2) * PIXEL, GAP / 2 + SS * PIXEL],
    [(-FS / 2) * PIXEL, -GAP / 2],
  ],
};

/**
 * PNCCD geometry from the gap between its halves, centred on the beam, and what each half is off that place.
 * Absolute positions of the first pixels go to `geometryFromQuadPositions(PNCCD, [top, bottom])`.
 * @param options all in m; offsets are (x, y, z)
 * @source EXtra-geom, PNCCDGeometry.from_relative_positions
 */
export function pnccdGeometry(
  options: { readonly gap?: number; readonly topOffset?: Vector; readonly bottomOffset?: Vector } = {},
): Geometry {
  const { gap = GAP, topOffset = [0, 0, 0], bottomOffset = [0, 0, 0] } = options;
  const left = (-FS / 2) * PIXEL;
  return geometryFromQuadPositions(PNCCD, [
    [topOffset[0] + left, topOffset[1] + (gap / 2 + SS * PIXEL), topOffset[2]],
    [bottomOffset[0] + left, bottomOffset[1] - gap / 2, bottomOffset[2]],
  ]);
}

/** The rectangle round the beam that is cut out of each half, (width, height) in m. @source EXtra-geom, PNCCDGeometry */
export const PNCCD_CUTOUT: readonly [number, number] = [60 * PIXEL, 22 * PIXEL];
