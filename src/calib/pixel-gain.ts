import type { AgipdConstants } from './agipd-constants.ts';
import type { AgipdOptions } from './agipd-options.ts';

/** keV = (ADU above the offset + shift) * scale. */
export interface PixelGain {
  /** keV per ADU. */
  readonly scale: number;
  /** ADU. */
  readonly shift: number;
}

/**
 * Gain of one pixel, cell and stage, from whichever constants there are; NaN where they are.
 * With pulsed-capacitor slopes the medium gain is brought onto the scale of high gain by the ratio of the slopes, and onto
 * its line by the difference of the intercepts.
 */
export function pixelGain(
  constants: AgipdConstants,
  options: AgipdOptions,
  cell: number,
  stage: number,
  pixel: number,
): PixelGain {
  const pixels = constants.slowScan * constants.fastScan;
  const { gain } = constants;
  if (gain.kind === 'stages') {
    const aduPerKeV = gain.aduPerKeV.data[gain.aduPerKeV.shape.length === 1 ? stage : stage * pixels + pixel];
    return { scale: 1 / aduPerKeV, shift: 0 };
  }
  let relative = 1;
  let shift = 0;
  let flat = 1;
  if (gain.pulsedCapacitor) {
    const at = cell * 4 * pixels + pixel;
    const slopes = gain.pulsedCapacitor.data;
    const ratio = slopes[at] / slopes[at + 2 * pixels];
    if (stage === 1) {
      relative = ratio;
      if (options.adjustMediumBaseline) shift = (slopes[at + pixels] - slopes[at + 3 * pixels] * ratio) / ratio;
    } else if (stage === 2) relative = ratio * options.lowMediumRatio;
    if (!gain.flatField) flat = medianHighSlope(gain.pulsedCapacitor.data, constants.cells, pixels) / slopes[at];
  }
  const high = gain.flatField ? gain.flatField.data[cell * pixels + pixel] : gain.aduPerKeV;
  return { scale: (relative * flat) / high, shift };
}

const medians = new WeakMap<Float32Array, number>();

/** Median of the high-gain slopes of a module, worked out once for each set of constants. */
function medianHighSlope(slopes: Float32Array, cells: number, pixels: number): number {
  let median = medians.get(slopes);
  if (median === undefined) {
    const high: number[] = [];
    for (let cell = 0; cell < cells; cell++) {
      for (const slope of slopes.subarray(cell * 4 * pixels, (cell * 4 + 1) * pixels)) {
        if (!Number.isNaN(slope)) high.push(slope);
      }
    }
    high.sort((a, b) => a - b);
    const middle = high.length >> 1;
    median = high.length % 2 ? high[middle] : (high[middle - 1] + high[middle]) / 2;
    medians.set(slopes, median);
  }
  return median;
}
