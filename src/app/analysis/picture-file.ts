import { ndarray } from '../../core/ndarray.ts';
import { assembleModules } from '../../detector/assembly.ts';
import type { Geometry } from '../../detector/geometry.ts';
import { snapGeometry } from '../../detector/snapped-geometry.ts';
import { pixelFile } from './array-file.ts';

/** Files of a picture in numbers. */
export const PICTURE_FORMATS = ['tif', 'edf', 'npy'] as const;
/** One of them, by its ending. */
export type PictureFormat = (typeof PICTURE_FORMATS)[number];
/** The modules as they are read, or put together on the detector's pixel grid. */
export type PictureForm = 'modules' | 'assembled';

/**
 * A picture as a file of float32: the modules (module, ss, fs), or assembled (y, x) with NaN in gaps.
 * In a TIFF row 0 is at the top, as in every picture; in EDF and NumPy files it is the lowest, as in all our arrays.
 * @param picture float32 (module * ss * fs) @throws Unsupported
 */
export function pictureFile(
  picture: Float32Array,
  geometry: Geometry,
  form: PictureForm,
  format: PictureFormat,
  title: string,
): Blob {
  const modules = ndarray('float32', [...geometry.detector.dataShape], picture);
  if (form === 'modules') return pixelFile(modules, format, title);
  const image = assembleModules(snapGeometry(geometry), modules);
  return pixelFile(format === 'tif' ? flipRows(image) : image, format, title);
}

function flipRows({ shape, data }: { readonly shape: readonly number[]; readonly data: Float32Array }) {
  const [rows, columns] = shape;
  const out = new Float32Array(data.length);
  for (let row = 0; row < rows; row++)
    out.set(data.subarray(row * columns, (row + 1) * columns), (rows - 1 - row) * columns);
  return ndarray('float32', shape, out);
}
