import { allocate, isFloatDType, type NumericStorage } from '../core/dtype.ts';
import { DtypeMismatch, ShapeMismatch } from '../core/errors.ts';
import { elementCount, isSameShape, type NdArray, ndarray } from '../core/ndarray.ts';
import { type AssembledDType, tileCopier } from './copy-tiles.ts';
import { toModuleStack } from './module-stack.ts';
import type { SnappedGeometry } from './snapped-geometry.ts';

/** How to assemble. */
export interface AssembleOptions {
  /** Which detector module each entry of the module axis is; 0, 1, .. when not given. Modules left out stay empty. */
  readonly modules?: readonly number[];
}

/**
 * Puts module data on the detector's pixel grid.
 * @param modules (..., module, ss, fs), or whole frames as files hold them, see {@link toModuleStack}
 * @param out (..., y, x) of the same or a larger dtype (numpy's rule `safe`: uint16 into float32, not the other way), whose
 * pixels outside of the given modules keep their value; without it a new array, NaN there for floats and 0 for integers
 * @returns (..., y, x), `out` if it was given. Where tiles overlap the later one is seen.
 * @throws ShapeMismatch if axes do not fit @throws DtypeMismatch if `out` has a dtype that would lose something
 * @source EXtra-geom, snapped.py
 */
export function assembleModules<D extends AssembledDType>(snapped: SnappedGeometry, modules: NdArray<D>): NdArray<D>;
export function assembleModules<O extends AssembledDType>(
  snapped: SnappedGeometry,
  modules: NdArray<AssembledDType>,
  out: NdArray<O>,
  options?: AssembleOptions,
): NdArray<O>;
export function assembleModules<D extends AssembledDType>(
  snapped: SnappedGeometry,
  modules: NdArray<D>,
  out: undefined,
  options?: AssembleOptions,
): NdArray<D>;
export function assembleModules(
  snapped: SnappedGeometry,
  given: NdArray<AssembledDType>,
  out?: NdArray<AssembledDType>,
  options: AssembleOptions = {},
): NdArray<AssembledDType> {
  const { detector } = snapped.geometry;
  const [total, ssPixels, fsPixels] = detector.dataShape;
  const numbers = options.modules ?? Array.from({ length: total }, (_, i) => i);
  const modules = toModuleStack(detector, given, numbers.length);
  checkModules(snapped, numbers);
  const leading = modules.shape.slice(0, -3);
  const images = out ?? emptyImages(snapped, modules.dtype, leading);
  checkShape('Argument out', images.shape, [...leading, ...snapped.shape], 'the images need');

  const frameSize = numbers.length * ssPixels * fsPixels;
  const imageSize = elementCount(snapped.shape);
  const frames = elementCount(leading);
  const copier = tileCopier(
    { dtype: modules.dtype, data: modules.data as NumericStorage },
    { dtype: images.dtype, data: images.data as NumericStorage },
  );
  // Tiles in the detector's order, not in the order of the entries: which one is on top must not depend on the input.
  const entryOfModule = new Map(numbers.map((module, entry) => [module, entry]));
  for (let frame = 0; frame < frames; frame++) {
    for (const [tile, { module }] of snapped.tiles.entries()) {
      const entry = entryOfModule.get(module);
      if (entry === undefined) continue;
      const shift = frame * frameSize + (entry - module) * ssPixels * fsPixels;
      copier.copy(snapped.tileTable, tile, shift, frame * imageSize);
    }
  }
  return images;
}

/**
 * The reverse of {@link assembleModules}: takes pixels of the modules from images, for masks and darks drawn on the image.
 * Pixels that lie under another tile get what the image shows there.
 * @param images (..., y, x)
 * @param out (..., module, ss, fs) of the same dtype; without it a new array
 * @returns (..., module, ss, fs)
 * @throws ShapeMismatch if the image is not one of this geometry @throws DtypeMismatch if `out` has another dtype
 * @source EXtra-foam, dismantleAllModules
 */
export function dismantleImage<D extends AssembledDType>(
  snapped: SnappedGeometry,
  images: NdArray<D>,
  out?: NdArray<D>,
): NdArray<D> {
  const { detector } = snapped.geometry;
  const leading = images.shape.slice(0, -2);
  checkShape('The image', images.shape, [...leading, ...snapped.shape], `assembled ${detector.name} has`);
  const shape = [...leading, ...detector.dataShape];
  const modules = out ?? ndarray(images.dtype, shape, allocate(images.dtype, elementCount(shape)));
  checkShape('Argument out', modules.shape, shape, 'the modules need');
  if (modules.dtype !== images.dtype)
    throw new DtypeMismatch(`Argument out has dtype ${modules.dtype}, the image has ${images.dtype}.`, {
      expected: images.dtype,
      got: modules.dtype,
    });
  const source = images.data as unknown as { readonly length: number; readonly [index: number]: number };
  const target = modules.data as unknown as { [index: number]: number };
  const frames = elementCount(leading);
  const frameSize = elementCount(detector.dataShape);
  const imageSize = elementCount(snapped.shape);
  const table = snapped.tileTable;
  for (let frame = 0; frame < frames; frame++) {
    for (let t = 0; t < table.length; t += 7) {
      const [start, rows, columns, stride, first, rowStride, columnStride] = table.subarray(t, t + 7);
      for (let row = 0; row < rows; row++) {
        let to = frame * frameSize + start + row * stride;
        let from = frame * imageSize + first + row * rowStride;
        for (let column = 0; column < columns; column++) {
          target[to++] = source[from];
          from += columnStride;
        }
      }
    }
  }
  return modules;
}

/**
 * An array that {@link assembleModules} can fill again and again.
 * @param leading axes before (y, x) @returns (..., y, x), NaN for floats and 0 for integers
 */
export function emptyImages<D extends AssembledDType>(
  snapped: SnappedGeometry,
  dtype: D,
  leading: readonly number[] = [],
): NdArray<D> {
  const shape = [...leading, ...snapped.shape];
  const data = allocate(dtype, elementCount(shape));
  // float16 is held as its bits: 0x7e00 is a NaN.
  if (dtype === 'float16') (data as Uint16Array).fill(0x7e00);
  else if (isFloatDType(dtype)) (data as Float32Array).fill(Number.NaN);
  return ndarray(dtype, shape, data);
}

function checkModules(snapped: SnappedGeometry, numbers: readonly number[]): void {
  const { name, dataShape } = snapped.geometry.detector;
  const [total] = dataShape;
  const unknown = numbers.find((n, i) => !Number.isInteger(n) || n < 0 || n >= total || numbers.indexOf(n) !== i);
  if (unknown !== undefined) {
    throw new ShapeMismatch(`Module ${unknown} is given twice or is not one of the ${total} modules of ${name}.`, {
      expected: total,
      got: unknown,
    });
  }
}

function checkShape(what: string, got: readonly number[], expected: readonly number[], verb: string): void {
  if (!isSameShape(got, expected))
    throw new ShapeMismatch(`${what} has shape [${got}], ${verb} [${expected}].`, { expected, got });
}

/**
 * For each pixel of the assembled image the index of its data pixel in (module, ss, fs), flat; -1 in gaps.
 * @returns int32 (y, x)
 */
export function pixelMap(snapped: SnappedGeometry): NdArray<'int32'> {
  const { detector } = snapped.geometry;
  const indices = new Int32Array(elementCount(detector.dataShape));
  for (let i = 0; i < indices.length; i++) indices[i] = i;
  const image = new Int32Array(elementCount(snapped.shape)).fill(-1);
  return assembleModules(
    snapped,
    ndarray('int32', detector.dataShape, indices),
    ndarray('int32', snapped.shape, image),
  );
}
