import type { NumericStorage } from '../../core/dtype.ts';
import { FormatInvalid, ShapeMismatch } from '../../core/errors.ts';
import { ndarray } from '../../core/ndarray.ts';
import type { Detector } from '../../detector/detector.ts';
import { pixelCountOf } from '../../detector/detector.ts';
import { decodeNpy, encodeNpy } from '../../formats/npy.ts';

/**
 * A picture or a mask of a NumPy file, in the detector's own order: (module, ss, fs), or with axes of length 1 before.
 * @returns numbers (module * ss * fs) @throws FormatInvalid for text; ShapeMismatch if it is of another detector
 */
export async function readPixelFile(file: File, detector: Detector): Promise<Exclude<NumericStorage, string[]>> {
  const { dtype, shape, data } = decodeNpy(new Uint8Array(await file.arrayBuffer()), file.name);
  if (dtype === 'string' || dtype.startsWith('complex'))
    throw new FormatInvalid(`${file.name} holds ${dtype}, not numbers of pixels.`, { path: file.name });
  const expected = pixelCountOf(detector);
  if (data.length !== expected)
    throw new ShapeMismatch(
      `${file.name} has [${shape.join(', ')}] numbers; ${detector.name} needs [${detector.dataShape.join(', ')}] (module, slow scan, fast scan). An assembled picture does not fit.`,
      { expected: detector.dataShape, got: shape },
    );
  return data as Exclude<NumericStorage, string[]>;
}

/** A mask of a NumPy file: whatever is not 0 is masked, as in bad-pixel words. @throws as {@link readPixelFile} */
export async function readMaskFile(file: File, detector: Detector): Promise<Uint8Array> {
  const values = await readPixelFile(file, detector);
  return Uint8Array.from(values as ArrayLike<number>, (value) => Number(Number(value) !== 0));
}

/** A picture of a NumPy file. @throws as {@link readPixelFile} */
export async function readPictureFile(file: File, detector: Detector): Promise<Float32Array> {
  const values = await readPixelFile(file, detector);
  return Float32Array.from(values as ArrayLike<number>, Number);
}

/** A mask as a NumPy file: uint8 (module, ss, fs), 1 = masked. */
export function maskFile(mask: Uint8Array, detector: Detector): Blob {
  return new Blob([...encodeNpy(ndarray('uint8', [...detector.dataShape], mask))] as BlobPart[]);
}
