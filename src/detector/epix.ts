import { type Detector, SQUARE_PIXEL, tileGrid } from './detector.ts';
import { createGeometry, type Geometry, geometryFromQuadPositions, tileStart } from './geometry.ts';

/** @param stretch how much longer the pixels at the inner edges are, m; the gap is what two of them take more */
function epix(name: string, pixel: number, tileShape: readonly [number, number], stretch: number): Detector {
  const [ss, fs] = tileShape;
  return {
    name,
    dataShape: [1, 2 * ss, 2 * fs],
    pixelSize: pixel,
    pitch: [pixel, pixel],
    pixel: SQUARE_PIXEL,
    seamStretch: [stretch, stretch],
    tiles: tileGrid(tileShape, [2, 2]),
    modules: [
      {
        group: 0,
        ss: [0, -1],
        fs: [-1, 0],
        x: { px: fs, asicGaps: 0.5, panelGaps: 0 },
        y: { px: ss, asicGaps: 0.5, panelGaps: 0 },
      },
    ],
    groupModules: [0],
    reference: 'centre',
    asicGap: 2 * stretch,
    panelGap: [0, 0],
    positionUnit: pixel,
    examplePositions: [[0, 0]],
    extraRows: 2,
  };
}

/** ePix100: 50 um pixels, 175 um at the inner edges; placed by its middle. @source EXtra-geom, Epix100Geometry */
export const EPIX_100: Detector = epix('EPIX100', 50e-6, [352, 384], 125e-6);

/** ePix10K: 100 um pixels, 250 um at the inner edges; placed by its middle. @source EXtra-geom, Epix10KGeometry */
export const EPIX_10K: Detector = epix('EPIX10K', 100e-6, [176, 192], 150e-6);

/**
 * Geometry of an ePix100 made of two sensors, each with two ASICs, above each other.
 * @param options `top` and `bottom`: (x, y, z) of the first pixel's corner of ASIC 0 and of ASIC 2, in `unit` (pixels by default);
 * `asicGap` between the two ASICs of a sensor, in `unit`. By default 25 px lie between the sensors.
 * @source EXtra-geom, Epix100Geometry.from_relative_positions, pair_geometry; there the gap is in pixels whatever the unit
 */
export function epixPairGeometry(
  options: {
    readonly top?: readonly [number, number, number];
    readonly bottom?: readonly [number, number, number];
    readonly unit?: number;
    readonly asicGap?: number;
  } = {},
): Geometry {
  const { unit = EPIX_100.positionUnit, asicGap } = options;
  const pxPerUnit = EPIX_100.pixelSize / unit;
  const top = options.top ?? [386.5 * pxPerUnit, 364.5 * pxPerUnit, 0];
  const bottom = options.bottom ?? [386.5 * pxPerUnit, -12.5 * pxPerUnit, 0];
  const whole = geometryFromQuadPositions(EPIX_100, [[0, 0]], { unit, asicGap });
  const tiles = whole.tiles.slice();
  for (const [first, wanted] of [
    [0, top],
    [2, bottom],
  ] as const) {
    const from = tileStart(EPIX_100, 0, first);
    for (const tile of [first, first + 1]) {
      const at = tileStart(EPIX_100, 0, tile);
      for (let axis = 0; axis < 3; axis++)
        tiles[at + axis] = whole.tiles[at + axis] + (wanted[axis] * unit - whole.tiles[from + axis]);
    }
  }
  return createGeometry(EPIX_100, tiles);
}
