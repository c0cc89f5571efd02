import type { NumericStorage } from '../../core/dtype.ts';
import { FormatInvalid, ShapeMismatch } from '../../core/errors.ts';
import { elementCount, type NdArray, ndarray } from '../../core/ndarray.ts';
import type { Detector } from '../../detector/detector.ts';
import { decodeEdf, encodeEdf } from '../../formats/edf.ts';
import { decodeNpy, encodeNpy } from '../../formats/npy.ts';
import { decodeTiff, encodeTiff } from '../../formats/tiff.ts';

/** Files of a picture or a mask: NumPy, pyFAI's EDF, Dioptas' TIFF. */
export const PIXEL_FORMATS = ['npy', 'edf', 'tif'] as const;
/** One of them, by its ending. */
export type PixelFormat = (typeof PIXEL_FORMATS)[number];

/** Endings of files that are read, for a file dialogue. Masks of Dioptas are TIFFs with a name of their own. */
export const PIXEL_ENDINGS = '.npy,.edf,.tif,.tiff,.mask';

type Numbers = Exclude<NumericStorage, string[]>;

/**
 * A picture or a mask of a NumPy file, an EDF or a TIFF, in the detector's own order: (module, ss, fs), or the modules below each
 * other as one picture (module * ss, fs), as pyFAI has stacks. Which it is, is told by its first bytes.
 * @returns numbers (module * ss * fs) @throws FormatInvalid for text; Unsupported; ShapeMismatch if it is of another detector
 */
async function readPixelFile(file: File, detector: Detector): Promise<Numbers> {
  const { dtype, shape, data } = await decodePixels(new Uint8Array(await file.arrayBuffer()), file.name);
  if (dtype === 'string' || dtype.startsWith('complex'))
    throw new FormatInvalid(`${file.name} holds ${dtype}, not numbers of pixels.`, { path: file.name });
  const { dataShape } = detector;
  if (elementCount(shape) !== elementCount(dataShape) || shape[shape.length - 1] !== dataShape[2])
    throw new ShapeMismatch(
      `${file.name} has [${shape.join(', ')}] numbers; ${detector.name} needs [${dataShape.join(', ')}] (module, slow scan, fast scan) or [${dataShape[0] * dataShape[1]}, ${dataShape[2]}], the modules below each other. An assembled picture does not fit.`,
      { expected: dataShape, got: shape },
    );
  return data as Numbers;
}

async function decodePixels(bytes: Uint8Array, name: string): Promise<NdArray> {
  if (bytes[0] === 0x93) return decodeNpy(bytes, name);
  const mark = String.fromCharCode(...bytes.subarray(0, 2));
  if (mark === 'II' || mark === 'MM') return decodeTiff(bytes, name);
  if (/^\s*\{/.test(new TextDecoder('latin1').decode(bytes.subarray(0, 64)))) return decodeEdf(bytes, name);
  throw new FormatInvalid(`${name} is none of NumPy (.npy), EDF and TIFF; save it as one of them.`, { path: name });
}

/** A mask of a file: whatever is not 0 is masked, as in bad-pixel words and with pyFAI. @throws as for pictures */
export async function readMaskFile(file: File, detector: Detector): Promise<Uint8Array> {
  const values = await readPixelFile(file, detector);
  return Uint8Array.from(values as ArrayLike<number>, (value) => Number(Number(value) !== 0));
}

/**
 * A picture of a NumPy file, an EDF or a TIFF. @returns float32 (module * ss * fs)
 * @throws FormatInvalid, Unsupported; ShapeMismatch if it is of another detector
 */
export async function readPictureFile(file: File, detector: Detector): Promise<Float32Array> {
  const values = await readPixelFile(file, detector);
  return Float32Array.from(values as ArrayLike<number>, Number);
}

/** An array as a file: with all axes in NumPy's, leading axes joined in the others. @throws Unsupported for other types */
export function pixelFile(array: NdArray, format: PixelFormat, title: string): Blob {
  const encode = { npy: encodeNpy, edf: (each: NdArray) => encodeEdf(each, title), tif: encodeTiff }[format];
  return new Blob([...encode(array)] as BlobPart[]);
}

/** A mask as a file: uint8, 1 = masked; (module, ss, fs) in NumPy's, (module * ss, fs) in the others. */
export function maskFile(mask: Uint8Array, detector: Detector, format: PixelFormat = 'npy'): Blob {
  return pixelFile(ndarray('uint8', [...detector.dataShape], mask), format, `mask of ${detector.name}, 1 = masked`);
}
