import { RandomStream, standardNormals } from './random.ts';

/** Gain stages: high, medium, low. */
export const STAGES = 3;
/** ASICs along the slow scan of a module. */
export const ASICS = 8;

/** How the detector answers on average: numbers like those of a real AGIPD at 9 keV. */
export const AGIPD_RESPONSE = {
  /** ADU per keV in high, medium, low gain. */
  aduPerKeV: [7, 7 / 30, 7 / 30 / 4.48],
  /** Mean dark value of each stage, ADU. */
  offset: [5500, 8200, 8590],
  /** Spread of the dark value between pixels and between memory cells of an ASIC, ADU. */
  pixelSpread: [42, 40, 42],
  cellSpread: [18, 14, 14],
  /** Noise of each stage, ADU. */
  noise: [8, 9, 9],
  /** Gain evaluation of each stage, its spread between pixels, and its noise, ADU. */
  gainLevel: [5600, 7490, 9290],
  gainLevelSpread: 14,
  gainLevelNoise: 22,
  /** Signal above which a pixel leaves high gain, and medium gain; ADU of that stage. */
  switching: [4600, 6400],
  /** Relative spread of the gain between pixels. */
  gainSpread: 0.02,
  /** Largest value of the 14-bit converter. */
  maximum: 16_383,
} as const;

/** Kinds of bad pixels, and how many of a module's pixels have them. */
export const FAULTS = { dead: 1, hot: 2, noisy: 3 } as const;
const FAULT_FRACTION = { dead: 8e-4, hot: 5e-4, noisy: 4e-4 } as const;
const DEAD_VALUE = 120;
const HOT_EXCESS = 3800;
const HOT_NOISE = 90;
const NOISY_NOISE = 220;

/** True constants of one module. The dark value of a pixel is `pixelOffset + cellOffset` of its ASIC. */
export interface AgipdModuleTruth {
  readonly cells: number;
  readonly slowScan: number;
  readonly fastScan: number;
  /** (stage, ss, fs) float32, ADU. */
  readonly pixelOffset: Float32Array;
  /** (stage, cell, ASIC) float32, ADU. */
  readonly cellOffset: Float32Array;
  /** (ss, fs) float32, ADU per keV in high gain; medium and low gain in the fixed ratios of {@link AGIPD_RESPONSE}. */
  readonly aduPerKeV: Float32Array;
  /** (ss, fs) float32: noise relative to the usual. */
  readonly noise: Float32Array;
  /** (ss, fs) int16: shift of the gain-evaluation levels, ADU. */
  readonly gainLevelShift: Int16Array;
  /** (ss, fs) uint8 of {@link FAULTS}, 0 = good. */
  readonly faults: Uint8Array;
}

/** Draws the constants of one module. */
export function drawModuleTruth(
  seed: number,
  module: number,
  cells: number,
  slowScan: number,
  fastScan: number,
): AgipdModuleTruth {
  const { offset, pixelSpread, cellSpread, gainSpread, gainLevelSpread, aduPerKeV: gains } = AGIPD_RESPONSE;
  const random = new RandomStream(seed, 0xa91d, module);
  const pixels = slowScan * fastScan;
  const truth: AgipdModuleTruth = {
    cells,
    slowScan,
    fastScan,
    pixelOffset: new Float32Array(STAGES * pixels),
    cellOffset: new Float32Array(STAGES * cells * ASICS),
    aduPerKeV: new Float32Array(pixels),
    noise: new Float32Array(pixels),
    gainLevelShift: new Int16Array(pixels),
    faults: new Uint8Array(pixels),
  };
  const columns = Array.from({ length: fastScan }, () => random.normal());
  for (let i = 0; i < pixels; i++) {
    const { dead, hot, noisy } = FAULT_FRACTION;
    const luck = random.uniform();
    truth.faults[i] =
      luck < dead ? FAULTS.dead : luck < dead + hot ? FAULTS.hot : luck < dead + hot + noisy ? FAULTS.noisy : 0;
    // Eighths of an ADU and 1/2048 of the gain: beyond what can be measured, and the truth file stays small.
    const common = 0.6 * random.normal() + 0.3 * columns[i % fastScan];
    for (let stage = 0; stage < STAGES; stage++) {
      const deviation = pixelSpread[stage] * (common + 0.74 * random.normal());
      truth.pixelOffset[stage * pixels + i] = Math.round(8 * (offset[stage] + deviation)) / 8;
    }
    truth.aduPerKeV[i] = Math.round(2048 * gains[0] * (1 + gainSpread * random.normal())) / 2048;
    truth.noise[i] = Math.round(64 * (1 + 0.06 * random.normal())) / 64;
    truth.gainLevelShift[i] = Math.round(gainLevelSpread * random.normal());
  }
  // The first cells of an ASIC differ most, the rest drifts slowly along the memory.
  const perCell = new RandomStream(seed, 0xce11, module);
  for (let cell = 0; cell < cells; cell++) {
    for (let stage = 0; stage < STAGES; stage++) {
      for (let asic = 0; asic < ASICS; asic++) {
        const start = cell === 0 ? 2 * cellSpread[stage] : 0;
        const drift = 0.4 * cellSpread[stage] * Math.sin(0.21 * cell + asic);
        const value = start + drift + cellSpread[stage] * 0.8 * perCell.normal();
        truth.cellOffset[(stage * cells + cell) * ASICS + asic] = Math.round(8 * value) / 8;
      }
    }
  }
  return truth;
}

/**
 * What the detector records of one frame.
 * @param photons uint16 (ss * fs), or null in the dark
 * @param fixedStage the stage that all pixels are forced to; null = each pixel switches by itself
 * @param out uint16 (2, ss, fs): analogue value and gain evaluation
 */
export function recordFrame(
  truth: AgipdModuleTruth,
  cell: number,
  photons: Uint16Array | null,
  photonEnergyKeV: number,
  fixedStage: number | null,
  random: RandomStream,
  out: Uint16Array,
): void {
  const { gainLevelNoise, switching, maximum } = AGIPD_RESPONSE;
  const [toMedium, toLow] = switching;
  // Typed arrays, as arrays of mixed whole and broken numbers are slow to index.
  const noise = Float64Array.from(AGIPD_RESPONSE.noise);
  const gainLevel = Float64Array.from(AGIPD_RESPONSE.gainLevel);
  const ratio = Float64Array.from(AGIPD_RESPONSE.aduPerKeV, (gain) => gain / AGIPD_RESPONSE.aduPerKeV[0]);
  const { cells, pixelOffset, cellOffset, aduPerKeV, gainLevelShift, faults, noise: pixelNoise } = truth;
  const normals = standardNormals();
  const pixels = faults.length;
  const asicPixels = pixels / ASICS;
  for (let i = 0; i < pixels; i++) {
    const bits = random.bits();
    let signal = photons === null ? 0 : photons[i] * photonEnergyKeV * aduPerKeV[i];
    let stage = 0;
    if (fixedStage !== null) stage = fixedStage;
    else if (signal > toMedium) stage = signal * ratio[1] > toLow ? 2 : 1;
    signal *= ratio[stage];
    let width = noise[stage] * pixelNoise[i];
    const asic = (i / asicPixels) | 0;
    let dark = pixelOffset[stage * pixels + i] + cellOffset[(stage * cells + cell) * ASICS + asic];
    const fault = faults[i];
    if (fault === FAULTS.dead) {
      signal = 0;
      dark = DEAD_VALUE;
      width = 0;
    } else if (fault === FAULTS.hot) {
      dark += HOT_EXCESS;
      width = HOT_NOISE;
    } else if (fault === FAULTS.noisy) width = NOISY_NOISE;
    // All numbers here are positive but for far outliers: `| 0` rounds them like Math.round, much faster.
    const value = (dark + signal + width * normals[bits & 0xffff] + 0.5) | 0;
    out[i] = Math.min(Math.max(value, 0), maximum);
    out[pixels + i] = (gainLevel[stage] + gainLevelShift[i] + gainLevelNoise * normals[bits >>> 16] + 0.5) | 0;
  }
}
