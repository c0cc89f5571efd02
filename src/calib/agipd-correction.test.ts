import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { BadPixels } from '../core/bad-pixels.ts';
import { isXfelError } from '../core/errors.ts';
import type { NdArray } from '../core/ndarray.ts';
import type { PackedConstants } from '../kernels/kernels.ts';
import { referenceKernels } from '../kernels/reference.ts';
import { nodeHdf5Opener } from '../platform/node/hdf5-open.ts';
import { type AgipdConstants, readAgipdConstants, readAgipdGain } from './agipd-constants.ts';
import { correctAgipdFrame, photonsOf } from './agipd-correction.ts';
import { type AgipdOptions, DEFAULT_AGIPD_OPTIONS, DEFAULT_COMMON_MODE } from './agipd-options.ts';
import { createAgipdCorrector } from './frame-corrector.ts';
import { DEFAULT_MASK_BITS, packAgipdConstants, packedLengths } from './pack-constants.ts';

const folder = fileURLToPath(new URL('../../test/golden/calibration/agipd/', import.meta.url));
const params = JSON.parse(readFileSync(`${folder}params.json`, 'utf8'));
const PIXELS = 512 * 128;
const FRAMES = 6;

const rawFile = await nodeHdf5Opener.open(`${folder}RAW-R0001-AGIPD00-S00000.h5`);
const constantsFile = await nodeHdf5Opener.open(`${folder}AGIPD00.h5`);
const corrected = await nodeHdf5Opener.open(`${folder}CORR-R0001-AGIPD00-S00000.h5`);
const truth = await nodeHdf5Opener.open(`${folder}truth_and_stages.h5`);

const source = '/INSTRUMENT/SPB_DET_AGIPD1M-1/DET/0CH0:xtdf/image';
const result = '/INSTRUMENT/SPB_DET_AGIPD1M-1/CORR/0CH0:output/image';
const raw = (rawFile.read(`${source}/data`) as NdArray<'uint16'>).data;
const cellIds = (rawFile.read(`${source}/cellId`) as NdArray<'uint16'>).data;
const expected = {
  data: (corrected.read(`${result}/data`) as NdArray<'float32'>).data,
  stage: (corrected.read(`${result}/gain`) as NdArray<'uint8'>).data,
  mask: (corrected.read(`${result}/mask`) as NdArray<'uint32'>).data,
};
const constants = readAgipdConstants(constantsFile, params.pdu);

/** All frames through the plain correction; cells may be given wrongly on purpose. */
function correctAll(
  withConstants: AgipdConstants,
  options: AgipdOptions,
  cellOf = (frame: number) => cellIds[frame],
  shiftGain = 0,
) {
  const data = new Float32Array(FRAMES * PIXELS);
  const stage = new Uint8Array(FRAMES * PIXELS);
  const mask = new Uint32Array(FRAMES * PIXELS);
  for (let frame = 0; frame < FRAMES; frame++) {
    const gain = raw.subarray((2 * frame + 1) * PIXELS, (2 * frame + 2) * PIXELS);
    const planes = {
      analogue: raw.subarray(2 * frame * PIXELS, (2 * frame + 1) * PIXELS),
      gain: shiftGain ? gain.map((e) => e + shiftGain) : gain,
      cellId: cellOf(frame),
    };
    const range = [frame * PIXELS, (frame + 1) * PIXELS] as const;
    correctAgipdFrame(planes, withConstants, options, {
      data: data.subarray(...range),
      stage: stage.subarray(...range),
      mask: mask.subarray(...range),
    });
  }
  return { data, stage, mask };
}

/** How many pixels differ from the fixture in data (beyond its tolerance), stage and mask. */
function differences(got: ReturnType<typeof correctAll>) {
  const count = { data: 0, stage: 0, mask: 0 };
  for (let i = 0; i < got.data.length; i++) {
    const tolerance = params.atol + params.rtol * Math.abs(expected.data[i]);
    if (!(Math.abs(got.data[i] - expected.data[i]) <= tolerance)) count.data++;
    if (got.stage[i] !== expected.stage[i]) count.stage++;
    if (got.mask[i] !== expected.mask[i]) count.mask++;
  }
  return count;
}

describe('correctAgipdFrame on the calibration fixture', () => {
  const got = correctAll(constants, DEFAULT_AGIPD_OPTIONS);

  it('gives the data within tolerance, and stages and masks exactly', () => {
    expect(differences(got)).toEqual({ data: 0, stage: 0, mask: 0 });
    expect([0, 1, 2].map((s) => expected.stage.filter((g) => g === s).length)).toEqual([387447, 5125, 644]);
  });

  it('gives the photons of the fixture', () => {
    const photons = (truth.read('/expected/photons') as NdArray<'uint16'>).data;
    let wrong = 0;
    for (let i = 0; i < got.data.length; i++)
      if (photonsOf(got.data[i], params.options.photon_energy_kev) !== photons[i]) wrong++;
    expect(wrong).toBe(0);
  });

  it('finds the true photons in 99.9 % of the good high-gain pixels', () => {
    const photons = (truth.read('/truth/photons') as NdArray<'float32'>).data;
    let good = 0;
    let right = 0;
    for (let i = 0; i < got.data.length; i++) {
      if (got.stage[i] !== 0 || (got.mask[i] & DEFAULT_MASK_BITS) !== 0) continue;
      good++;
      if (photonsOf(got.data[i], params.options.photon_energy_kev) === Number(photons[i])) right++;
    }
    expect(good).toBeGreaterThan(370_000);
    expect(right / good).toBeGreaterThan(0.999);
  });

  it('subtracts the common mode of each ASIC', () => {
    const group = '/frame0_with_common_mode';
    const kev = (truth.read(`${group}/kev`) as NdArray<'float32'>).data;
    const stage = (truth.read(`${group}/stage_final`) as NdArray<'uint8'>).data;
    const withCommonMode = correctAll(constants, { ...DEFAULT_AGIPD_OPTIONS, commonMode: DEFAULT_COMMON_MODE });
    let wrong = 0;
    let moved = 0;
    for (let i = 0; i < PIXELS; i++) {
      if (!(Math.abs(withCommonMode.data[i] - kev[i]) <= params.atol + params.rtol * Math.abs(kev[i]))) wrong++;
      if (Math.abs(got.data[i] - kev[i]) > params.atol) moved++;
      if (withCommonMode.stage[i] !== stage[i]) wrong++;
    }
    expect(wrong).toBe(0);
    expect(moved).toBeGreaterThan(PIXELS / 2);
  });
});

describe('the fixture notices', () => {
  const swap = (array: Float32Array) => {
    const swapped = array.slice();
    for (let cell = 0; cell < 3; cell++)
      for (const [to, from] of [
        [0, 2],
        [2, 0],
      ])
        swapped.set(
          array.subarray((cell * 3 + from) * PIXELS, (cell * 3 + from + 1) * PIXELS),
          (cell * 3 + to) * PIXELS,
        );
    return swapped;
  };
  const reversed: AgipdConstants = {
    ...constants,
    offset: { ...constants.offset, data: swap(constants.offset.data) },
  };
  it.each([
    ['the frame index instead of the cell', () => correctAll(constants, DEFAULT_AGIPD_OPTIONS, (frame) => frame)],
    ['the constants of cell 0 for all', () => correctAll(constants, DEFAULT_AGIPD_OPTIONS, () => 0)],
    ['no forced high gain', () => correctAll(constants, { ...DEFAULT_AGIPD_OPTIONS, forceHighBelow: null })],
    ['no medium baseline', () => correctAll(constants, { ...DEFAULT_AGIPD_OPTIONS, adjustMediumBaseline: false })],
    ['thresholds that count as above', () => correctAll(constants, DEFAULT_AGIPD_OPTIONS, undefined, 1)],
    ['a reversed gain axis', () => correctAll(reversed, DEFAULT_AGIPD_OPTIONS)],
  ])('%s', (_name, correct) => {
    const wrong = differences(correct());
    expect(wrong.data + wrong.stage + wrong.mask).toBeGreaterThan(0);
  });

  it('a mask taken before the stage is forced', () => {
    const got = correctAll(constants, DEFAULT_AGIPD_OPTIONS);
    const early = correctAll(constants, { ...DEFAULT_AGIPD_OPTIONS, forceHighBelow: null, forceMediumBelow: null });
    expect(differences({ ...got, mask: early.mask }).mask).toBeGreaterThan(0);
  });
});

describe('packed constants', () => {
  const lengths = packedLengths(3, PIXELS);
  const pack = (options: AgipdOptions): PackedConstants =>
    packAgipdConstants(constants, options, {
      limits: new Uint16Array(lengths.limits),
      factors: new Float32Array(lengths.factors),
    });
  const run = (packed: PackedConstants, range: number) => {
    const out = new Float32Array(FRAMES * PIXELS);
    const stage = new Uint8Array(FRAMES * PIXELS);
    const layout = { base: 0, frameStride: 2 * PIXELS, frames: FRAMES };
    referenceKernels.correct(raw, layout, PIXELS, cellIds.slice(), packed, range, out, stage);
    return { out, stage };
  };

  it('give the same energies and stages as the plain correction, NaN where it masks', () => {
    const plain = correctAll(constants, DEFAULT_AGIPD_OPTIONS);
    const { out, stage } = run(pack(DEFAULT_AGIPD_OPTIONS), DEFAULT_AGIPD_OPTIONS.rangeKeV);
    let wrong = 0;
    for (let i = 0; i < out.length; i++) {
      const isBad = (plain.mask[i] & DEFAULT_MASK_BITS) !== 0;
      if (stage[i] !== plain.stage[i] || Number.isNaN(out[i]) !== isBad) wrong++;
      // the folded medium offset is rounded to float32: half a unit of 8192 ADU, times keV per ADU of the stage
      const tolerance = [1e-5, 5e-3, 5e-3][stage[i]] + 1e-6 * Math.abs(plain.data[i]);
      if (!isBad && !(Math.abs(out[i] - plain.data[i]) <= tolerance)) wrong++;
    }
    expect(wrong).toBe(0);
    expect(out.filter(Number.isNaN).length).toBeGreaterThan(100);
  });

  it('put all pixels into the fixed stage', () => {
    const options = { ...DEFAULT_AGIPD_OPTIONS, fixedStage: 1 as const };
    const plain = correctAll(constants, options);
    const { out, stage } = run(pack(options), options.rangeKeV);
    expect(stage.every((s) => s === 0)).toBe(true);
    const at = out.findIndex((v) => !Number.isNaN(v));
    expect(out[at]).toBeCloseTo(plain.data[at], 1);
    let wrong = 0;
    for (let i = 0; i < out.length; i++)
      if (!Number.isNaN(out[i]) && Math.abs(out[i] - plain.data[i]) > 0.01 + 1e-6 * Math.abs(plain.data[i])) wrong++;
    expect(wrong).toBe(0);
  });
});

describe('createAgipdCorrector', () => {
  const corrector = createAgipdCorrector(new Map([[7, constants]]));
  const frame = { analogue: raw.subarray(0, PIXELS), gain: raw.subarray(PIXELS, 2 * PIXELS), cellId: cellIds[0] };

  it('gives each caller its own frame, NaN where the mask says so', () => {
    const plain = correctAll(constants, DEFAULT_AGIPD_OPTIONS);
    const first = corrector.correct(7, frame);
    const second = corrector.correct(7, { ...frame, cellId: 3 });
    expect(second?.data.every(Number.isNaN)).toBe(true);
    expect(first?.shape).toEqual([512, 128]);
    let wrong = 0;
    for (let i = 0; i < PIXELS; i++) {
      const expectedValue = (plain.mask[i] & DEFAULT_MASK_BITS) !== 0 ? Number.NaN : plain.data[i];
      if (!Object.is(first?.data[i], expectedValue)) wrong++;
    }
    expect(wrong).toBe(0);
  });

  it('has nothing to say of a module without constants', () => {
    expect(corrector.correct(3, frame)).toBeNull();
    expect([...corrector.modules]).toEqual([7]);
  });
});

describe('constants that do not fit', () => {
  it('a cell beyond the constants gives no data, and says so in the mask', () => {
    const got = correctAll(constants, DEFAULT_AGIPD_OPTIONS, () => 3);
    expect(got.data.every((v) => v === 0)).toBe(true);
    expect(got.mask.every((m) => m === BadPixels.NO_DARK_DATA)).toBe(true);
  });

  it('an unknown module, and unknown axes', () => {
    const tagOf = (attempt: () => unknown) => {
      try {
        attempt();
      } catch (error) {
        return isXfelError(error, 'ConstantsInvalid') ? error.message : String(error);
      }
      return 'no error';
    };
    expect(tagOf(() => readAgipdConstants(constantsFile, 'AGIPD_NOWHERE'))).toMatch(
      /no dataset \/AGIPD_NOWHERE\/Offset/,
    );
    const size = { cells: 3, slowScan: 512, fastScan: 128 };
    expect(tagOf(() => readAgipdGain(constantsFile, 'AGIPD_NOWHERE', size))).toMatch(/neither SlopesPC nor SlopesFF/);
    expect(tagOf(() => readAgipdGain(constantsFile, params.pdu, { ...size, cells: 4 }))).toMatch(/expected \[4,/);
    expect(readAgipdGain(constantsFile, params.pdu, size)).toEqual(constants.gain);
    const renamed = {
      path: 'renamed.h5',
      kindOf: (path: string) => constantsFile.kindOf(path),
      read: (path: string) => constantsFile.read(path),
      attributes: () =>
        new Map([
          ['dims', { dtype: 'string' as const, shape: [4], data: ['fast_scan', 'slow_scan', 'cell', 'phase'] }],
        ]),
    };
    expect(tagOf(() => readAgipdConstants(renamed, params.pdu))).toMatch(/phase/);
  });

  it('photons round half up, and negatives are none', () => {
    expect([-20, 4.64, 4.65, 13.94, 13.95].map((kev) => photonsOf(kev, 9.3))).toEqual([0, 0, 1, 1, 2]);
  });
});
