import { ConstantsInvalid } from '../core/errors.ts';
import { isSameShape, type NdArray, ndarray, zeros } from '../core/ndarray.ts';
import { type ConstantAxis, type ConstantSource, readConstant } from './constant-array.ts';

/** How ADU become keV. */
export type AgipdGain =
  | {
      /** From pulsed-capacitor and flat-field slopes. */
      readonly kind: 'slopes';
      /** (cell, 4, ss, fs) float32: slope and intercept of high gain, of medium gain; null = all stages as high gain. */
      readonly pulsedCapacitor: NdArray<'float32'> | null;
      /** (cell, ss, fs) float32, ADU/keV in high gain; null = `aduPerKeV` for all pixels. */
      readonly flatField: NdArray<'float32'> | null;
      /** High-gain ADU/keV where there is no flat field. */
      readonly aduPerKeV: number;
    }
  | {
      /** One factor per pixel (or for all pixels) and stage. */
      readonly kind: 'stages';
      /** (3) or (3, ss, fs) float32, ADU/keV of high, medium and low gain. */
      readonly aduPerKeV: NdArray<'float32'>;
    };

/** Calibration constants of one AGIPD module; axes (cell, ..., ss, fs), pixel fastest. */
export interface AgipdConstants {
  readonly cells: number;
  readonly slowScan: number;
  readonly fastScan: number;
  /** (cell, 3, ss, fs) float32, ADU; NaN = no constant. */
  readonly offset: NdArray<'float32'>;
  /** (cell, 2, ss, fs) float32: gain evaluation above which a pixel is in medium, in low gain. */
  readonly thresholds: NdArray<'float32'>;
  /** (cell, 3, ss, fs) uint32: bits of {@link BadPixels}, all sources combined. */
  readonly badPixels: NdArray<'uint32'>;
  readonly gain: AgipdGain;
}

const PIXEL_AXES = ['slow_scan', 'fast_scan'] as const;
const DISK_GAIN: readonly ConstantAxis[] = ['fast_scan', 'slow_scan', 'cell', 'gain'];

/**
 * Reads the constants of one module from a file with the layout `/<unit>/<calibration>/0/data`. Offset, ThresholdsDark and
 * BadPixelsDark must be there; SlopesPC, SlopesFF, BadPixelsPC and BadPixelsFF are used if they are.
 * @param unit physical name of the module (`AGIPD_SIV1_AGIPDV11_M901`)
 * @param aduPerKeV scale of high gain if there is no SlopesFF
 * @throws ConstantsInvalid if a needed constant is missing, or shapes do not fit each other
 */
export function readAgipdConstants(file: ConstantSource, unit: string, aduPerKeV = 1): AgipdConstants {
  const pathOf = (name: string) => `/${unit}/${name}/0/data`;
  const has = (name: string) => file.kindOf(pathOf(name)) === 'dataset';
  const perStage = ['cell', 'gain', ...PIXEL_AXES] as const;
  const offset = readConstant(file, pathOf('Offset'), perStage, DISK_GAIN, 'float32');
  const [cells, stages, slowScan, fastScan] = offset.shape;
  if (stages !== 3) throw wrongShape(file, pathOf('Offset'), offset.shape, 'three gain stages');
  const check = (name: string, array: NdArray, shape: readonly number[]) => {
    if (!isSameShape(array.shape, shape)) throw wrongShape(file, pathOf(name), array.shape, `[${shape}]`);
  };

  const diskThresholds: ConstantAxis[] = ['fast_scan', 'slow_scan', 'cell', 'threshold'];
  const allThresholds = readConstant(
    file,
    pathOf('ThresholdsDark'),
    ['cell', 'threshold', ...PIXEL_AXES],
    diskThresholds,
    'float32',
  );
  const thresholds = firstEntries(allThresholds, [0, 1]);
  check('ThresholdsDark', thresholds, [cells, 2, slowScan, fastScan]);

  const badPixels = zeros('uint32', offset.shape);
  for (const name of ['BadPixelsDark', 'BadPixelsPC', 'BadPixelsFF']) {
    if (name !== 'BadPixelsDark' && !has(name)) continue;
    const isPerStage = name === 'BadPixelsDark' || file.read(pathOf(name)).shape.length === 4;
    const axes: readonly ConstantAxis[] = isPerStage ? perStage : ['cell', ...PIXEL_AXES];
    const disk: readonly ConstantAxis[] = isPerStage ? DISK_GAIN : DISK_GAIN.slice(0, 3);
    const bits = readConstant(file, pathOf(name), axes, disk, 'uint32');
    const pixels = slowScan * fastScan;
    const stagesOfBits = isPerStage ? bits.shape[1] : 1;
    check(name, bits, isPerStage ? [cells, stagesOfBits, slowScan, fastScan] : [cells, slowScan, fastScan]);
    for (let i = 0; i < badPixels.data.length; i++) {
      const cell = Math.floor(i / (3 * pixels));
      // a map with fewer stages than three says nothing about the lower gains: its last stage stands for them
      const stage = Math.min(Math.floor(i / pixels) % 3, stagesOfBits - 1);
      badPixels.data[i] |= bits.data[(cell * stagesOfBits + stage) * pixels + (i % pixels)];
    }
  }

  const gain = readAgipdGain(file, unit, { cells, slowScan, fastScan }, aduPerKeV);
  return { cells, slowScan, fastScan, offset, thresholds, badPixels, gain };
}

/**
 * Reads the gain of one module: SlopesPC and SlopesFF of a file in the layout of {@link readAgipdConstants}, each if it is
 * there. For offsets that come from dark runs instead.
 * @throws ConstantsInvalid if the file knows nothing of the gain, or for another number of cells or pixels
 */
export function readAgipdGain(
  file: ConstantSource,
  unit: string,
  size: Pick<AgipdConstants, 'cells' | 'slowScan' | 'fastScan'>,
  aduPerKeV?: number,
): AgipdGain {
  const { cells, slowScan, fastScan } = size;
  const pathOf = (name: string) => `/${unit}/${name}/0/data`;
  const has = (name: string) => file.kindOf(pathOf(name)) === 'dataset';
  if (!has('SlopesPC') && !has('SlopesFF') && aduPerKeV === undefined) {
    throw new ConstantsInvalid(`${file.path} has neither SlopesPC nor SlopesFF of ${unit}: give the ADU per keV.`, {
      path: file.path,
    });
  }
  const check = (name: string, array: NdArray, shape: readonly number[]) => {
    if (!isSameShape(array.shape, shape)) throw wrongShape(file, pathOf(name), array.shape, `[${shape}]`);
  };
  let pulsedCapacitor: NdArray<'float32'> | null = null;
  if (has('SlopesPC')) {
    const disk: ConstantAxis[] = ['fast_scan', 'slow_scan', 'cell', 'parameter'];
    const { shape } = file.read(pathOf('SlopesPC'));
    // old files have the 10 or 11 parameters on the first axis
    const order: ConstantAxis[] = shape[0] === 10 || shape[0] === 11 ? [...disk].reverse() : disk;
    const all = readConstant(file, pathOf('SlopesPC'), ['cell', 'parameter', ...PIXEL_AXES], order, 'float32');
    pulsedCapacitor = firstEntries(all, [0, 1, 3, 4]);
    check('SlopesPC', pulsedCapacitor, [cells, 4, slowScan, fastScan]);
  }
  let flatField: NdArray<'float32'> | null = null;
  if (has('SlopesFF')) {
    flatField = readConstant(file, pathOf('SlopesFF'), ['cell', ...PIXEL_AXES], DISK_GAIN.slice(0, 3), 'float32');
    check('SlopesFF', flatField, [cells, slowScan, fastScan]);
  }
  return { kind: 'slopes', pulsedCapacitor, flatField, aduPerKeV: aduPerKeV ?? 1 };
}

/** Keeps some entries of the second axis of a (cell, entry, ss, fs) array. */
function firstEntries(array: NdArray<'float32'>, wanted: readonly number[]): NdArray<'float32'> {
  const [cells, entries, slowScan, fastScan] = array.shape;
  const pixels = slowScan * fastScan;
  const kept = zeros('float32', [cells, wanted.length, slowScan, fastScan]);
  for (let cell = 0; cell < cells; cell++) {
    wanted.forEach((entry, k) => {
      if (entry >= entries)
        throw new ConstantsInvalid(`A constant has ${entries} parameters; number ${entry} is needed.`);
      const from = (cell * entries + entry) * pixels;
      kept.data.set(array.data.subarray(from, from + pixels), (cell * wanted.length + k) * pixels);
    });
  }
  return kept;
}

function wrongShape(file: ConstantSource, dataset: string, got: readonly number[], expected: string): ConstantsInvalid {
  return new ConstantsInvalid(`${file.path} ${dataset} has shape [${got}], expected ${expected}.`, {
    path: file.path,
    dataset,
    got,
  });
}

/** A gain of the same ADU/keV in all pixels, for high, medium and low gain. */
export function uniformGain(high: number, medium: number, low: number): AgipdGain {
  return { kind: 'stages', aduPerKeV: ndarray('float32', [3], Float32Array.of(high, medium, low)) };
}
