import { BadPixels } from '../core/bad-pixels.ts';
import { ShapeMismatch } from '../core/errors.ts';
import type { AgipdConstants } from './agipd-constants.ts';
import type { AgipdOptions, CommonModeOptions } from './agipd-options.ts';
import { pixelGain } from './pixel-gain.ts';

/** ASICs are 64 x 64 pixels. */
const ASIC = 64;

/** One frame of one module: both raw planes and its memory cell. */
export interface AgipdFrame {
  /** (ss, fs) uint16, ADU. */
  readonly analogue: Uint16Array;
  /** (ss, fs) uint16: gain evaluation. */
  readonly gain: Uint16Array;
  readonly cellId: number;
}

/** Where the corrected frame goes; all (ss, fs). */
export interface CorrectedFrame {
  /** float32 keV; 0 where there is no value. */
  readonly data: Float32Array;
  /** uint8: 0 high, 1 medium, 2 low gain. */
  readonly stage: Uint8Array;
  /** uint32: bits of {@link BadPixels}. */
  readonly mask: Uint32Array;
}

/**
 * The complete AGIPD correction of one frame: gain stage, forced stages, offset, common mode, gain, mask, range. Slow and
 * obvious; the live path uses the packed constants and the `correct` kernel, which leave out the common mode.
 * @param out written; its `data` holds ADU above the offset on the way
 * @throws ShapeMismatch if an array is not as long as a module
 * @source European XFEL offline calibration, AGIPD notebook (order of the steps), our definitions where it is silent
 */
export function correctAgipdFrame(
  frame: AgipdFrame,
  constants: AgipdConstants,
  options: AgipdOptions,
  out: CorrectedFrame,
): CorrectedFrame {
  const pixels = constants.slowScan * constants.fastScan;
  for (const array of [frame.analogue, frame.gain, out.data, out.stage, out.mask]) {
    if (array.length !== pixels) {
      throw new ShapeMismatch(
        `A frame of ${array.length} pixels does not fit constants of ${constants.slowScan} x ${constants.fastScan}.`,
        { expected: pixels, got: array.length },
      );
    }
  }
  const { cellId } = frame;
  if (cellId >= constants.cells) {
    out.data.fill(0);
    out.stage.fill(0);
    out.mask.fill(BadPixels.NO_DARK_DATA);
    return out;
  }
  const offset = cellId * 3 * pixels;
  for (let i = 0; i < pixels; i++) {
    const stage = options.fixedStage ?? stageOf(frame, constants, options, i);
    out.stage[i] = stage;
    out.data[i] = frame.analogue[i] - constants.offset.data[offset + stage * pixels + i];
    out.mask[i] = constants.badPixels.data[offset + stage * pixels + i];
  }
  if (options.commonMode) subtractCommonMode(out, constants, options.commonMode);
  const border = (row: number) => row > 0 && row < constants.slowScan && row % ASIC === 0;
  for (let i = 0; i < pixels; i++) {
    const { scale, shift } = pixelGain(constants, options, cellId, out.stage[i], i);
    const energy = Math.fround((out.data[i] + shift) * scale);
    const row = Math.floor(i / constants.fastScan);
    if (border(row) || border(row + 1)) out.mask[i] |= BadPixels.NON_STANDARD_SIZE;
    out.data[i] = energy;
    if (!Number.isFinite(energy)) {
      out.data[i] = 0;
      out.mask[i] |= BadPixels.VALUE_IS_NAN;
    } else if (Math.abs(energy) > options.rangeKeV) {
      out.data[i] = 0;
      out.mask[i] |= BadPixels.VALUE_OUT_OF_RANGE;
    }
  }
  return out;
}

/** Gain stage of pixel `i`: thresholds (strictly above), then back where the analogue value is too low for the stage. */
function stageOf(frame: AgipdFrame, constants: AgipdConstants, options: AgipdOptions, i: number): 0 | 1 | 2 {
  const pixels = frame.gain.length;
  const { offset, thresholds } = constants;
  const { cellId } = frame;
  const evaluated = frame.gain[i];
  const above = (stage: number) => Math.fround(frame.analogue[i] - offset.data[(cellId * 3 + stage) * pixels + i]);
  let stage: 0 | 1 | 2 = 0;
  if (evaluated > thresholds.data[cellId * 2 * pixels + i]) stage = 1;
  if (evaluated > thresholds.data[(cellId * 2 + 1) * pixels + i]) stage = 2;
  if (stage === 2 && options.forceMediumBelow !== null && above(1) < options.forceMediumBelow) stage = 1;
  if (stage > 0 && options.forceHighBelow !== null && above(0) < options.forceHighBelow) stage = 0;
  return stage;
}

/** Subtracts the baseline of each ASIC from its high-gain pixels, in place. */
function subtractCommonMode(out: CorrectedFrame, constants: AgipdConstants, options: CommonModeOptions): void {
  const [low, high] = options.darkRange;
  const { slowScan, fastScan } = constants;
  for (let top = 0; top < slowScan; top += ASIC) {
    for (let left = 0; left < fastScan; left += ASIC) {
      const pixels = pixelsOf(top, left, slowScan, fastScan);
      for (let iteration = 0; iteration < options.iterations; iteration++) {
        let sum = 0;
        let count = 0;
        for (const i of pixels) {
          if (out.stage[i] !== 0 || out.mask[i] !== 0 || !(out.data[i] >= low && out.data[i] <= high)) continue;
          sum += out.data[i];
          count++;
        }
        if (count === 0 || count < options.darkFraction * ASIC * ASIC) break;
        const baseline = Math.fround(sum / count);
        for (const i of pixels) if (out.stage[i] === 0) out.data[i] -= baseline;
      }
    }
  }
}

function pixelsOf(top: number, left: number, slowScan: number, fastScan: number): number[] {
  const pixels: number[] = [];
  for (let row = top; row < Math.min(top + ASIC, slowScan); row++) {
    for (let column = left; column < Math.min(left + ASIC, fastScan); column++) pixels.push(row * fastScan + column);
  }
  return pixels;
}

/**
 * Whole photons of an energy: halves go up, negatives are none.
 * @param roundingThreshold fraction of a photon from which it counts as one
 */
export function photonsOf(energyKeV: number, photonEnergyKeV: number, roundingThreshold = 0.5): number {
  return Math.max(0, Math.floor(energyKeV / photonEnergyKeV + 1 - roundingThreshold));
}
