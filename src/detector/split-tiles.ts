import { allocate, type DType, type DTypeStorage, lanesOf } from '../core/dtype.ts';
import { ShapeMismatch } from '../core/errors.ts';
import { elementCount, type NdArray, ndarray } from '../core/ndarray.ts';
import { type Detector, tileShapeOf } from './detector.ts';

/**
 * Module data cut into tiles, in the order of the tiles' numbers.
 * @param modules (..., ss, fs)
 * @returns for each tile (..., tile ss, tile fs), copies
 * @throws ShapeMismatch if the last axes are not those of a module @source EXtra-geom, split_tiles
 */
export function splitTiles<D extends DType>(detector: Detector, modules: NdArray<D>): NdArray<D>[] {
  const [, ssPixels, fsPixels] = detector.dataShape;
  const leading = modules.shape.slice(0, -2);
  const [rows, columns] = modules.shape.slice(-2);
  if (rows !== ssPixels || columns !== fsPixels) {
    throw new ShapeMismatch(`Modules of ${detector.name} are (.., ${ssPixels}, ${fsPixels}), got [${modules.shape}].`, {
      expected: [ssPixels, fsPixels],
      got: modules.shape,
    });
  }
  const [ss, fs] = tileShapeOf(detector);
  const count = elementCount(leading);
  const lanes = lanesOf(modules.dtype);
  const source = modules.data as DTypeStorage['float32'];
  return detector.tiles.map(({ ssStart, fsStart }) => {
    const data = allocate(modules.dtype, count * ss * fs) as DTypeStorage['float32'];
    for (let row = 0; row < count * ss; row++) {
      const frame = Math.floor(row / ss);
      const from = ((frame * ssPixels + ssStart + (row % ss)) * fsPixels + fsStart) * lanes;
      data.set(source.subarray(from, from + fs * lanes), row * fs * lanes);
    }
    return ndarray(modules.dtype, [...leading, ss, fs], data as unknown as DTypeStorage[D]);
  });
}
