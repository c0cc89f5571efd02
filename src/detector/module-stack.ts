import type { DType, DTypeStorage } from '../core/dtype.ts';
import { allocate, lanesOf } from '../core/dtype.ts';
import { ShapeMismatch } from '../core/errors.ts';
import { elementCount, type NdArray, ndarray, reshape } from '../core/ndarray.ts';
import type { Detector } from './detector.ts';

/**
 * Frames as files hold them, as a stack of modules. Files have no module axis where there is one module (JUNGFRAU 500K, ePix),
 * hold pnCCD frames as one picture of both modules, and ePix frames with calibration rows at both ends, which are cut off.
 * @param frames (.., module, ss, fs) or one of these
 * @param modules how many modules there are; all of the detector when not given
 * @returns (.., module, ss, fs); shares the data except where rows are cut off
 * @throws ShapeMismatch if the shape is none of these
 */
export function toModuleStack<D extends DType>(
  detector: Detector,
  frames: NdArray<D>,
  modules = detector.dataShape[0],
): NdArray<D> {
  const [total, ssPixels, fsPixels] = detector.dataShape;
  const { shape } = frames;
  const [rows, columns] = shape.slice(-2);
  if (shape.length >= 2 && columns === fsPixels) {
    const extraRows = detector.extraRows ?? 0;
    if (extraRows > 0 && rows === ssPixels + 2 * extraRows)
      return toModuleStack(detector, withoutOuterRows(frames, extraRows), modules);
    if (rows === ssPixels && shape.length >= 3 && shape[shape.length - 3] === modules) return frames;
    const leading = shape.slice(0, -2);
    const isWhole = modules === total && rows === modules * ssPixels;
    if (isWhole) return reshape(frames, [...leading, modules, ssPixels, fsPixels]);
  }
  const expected = [modules, ssPixels, fsPixels];
  throw new ShapeMismatch(`${detector.name} frames must have the shape (.., ${expected.join(', ')}), got [${shape}].`, {
    expected,
    got: shape,
  });
}

function withoutOuterRows<D extends DType>(frames: NdArray<D>, count: number): NdArray<D> {
  const [rows, columns] = frames.shape.slice(-2);
  const leading = frames.shape.slice(0, -2);
  const kept = rows - 2 * count;
  const lanes = lanesOf(frames.dtype);
  const data = allocate(frames.dtype, elementCount(leading) * kept * columns) as DTypeStorage['float32'];
  const source = frames.data as DTypeStorage['float32'];
  for (let frame = 0; frame < elementCount(leading); frame++) {
    const from = (frame * rows + count) * columns * lanes;
    data.set(source.subarray(from, from + kept * columns * lanes), frame * kept * columns * lanes);
  }
  return ndarray(frames.dtype, [...leading, kept, columns], data as unknown as DTypeStorage[D]);
}
