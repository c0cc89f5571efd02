import { ndarray } from '../../../core/ndarray.ts';
import { npyFile, saveFile } from '../../save-file.ts';
import type { CakeResult } from '../analysis-request.ts';
import { pixelFile } from '../array-file.ts';
import type { BeforeAfter } from '../curve/curve-store.ts';
import { PATTERN_UNITS } from '../curve/pattern-unit.ts';
import { paintRows, rowLevels } from './cake-picture.ts';

/** Files of a cake: numbers, text with its axes, a picture. */
export type CakeFormat = (typeof CAKE_FORMATS)[number];

/** All of them, by their endings. */
export const CAKE_FORMATS = ['npy', 'txt', 'tif', 'png'] as const;

/** A cake as text: the axes first, then a line for each azimuth. */
export function cakeText({ unit, x, azimuth, intensity }: CakeResult, remarks: readonly string[]): string {
  const rows = Array.from(azimuth, (_, row) => intensity.subarray(row * x.length, (row + 1) * x.length).join(' '));
  const head = [
    ...remarks,
    `${PATTERN_UNITS[unit].title}: ${x.join(' ')}`,
    `azimuth / degrees: ${azimuth.join(' ')}`,
    'a line for each azimuth',
  ];
  return `${head.map((line) => `# ${line}`).join('\n')}\n${rows.join('\n')}\n`;
}

/** A cake as a TIFF of float32: a row for each azimuth, the largest at the top as on screen; NaN = no pixels. */
export function cakeTiff({ x, azimuth, intensity }: CakeResult): Blob {
  const [rows, columns] = [azimuth.length, x.length];
  const turned = new Float32Array(intensity.length);
  for (let row = 0; row < rows; row++)
    turned.set(intensity.subarray(row * columns, (row + 1) * columns), (rows - 1 - row) * columns);
  return pixelFile(ndarray('float32', [rows, columns], turned), 'tif', '');
}

/** Hands the cake of now to the browser's downloads. float32 (azimuth, radial) in npy files. */
export function saveCake(format: CakeFormat, { after, made }: BeforeAfter<CakeResult>): void {
  const name = `cake-${made.picture.replaceAll(/[^\p{L}\p{N}]+/gu, '-')}-v${made.version}.${format}`;
  const [rows, columns] = [after.azimuth.length, after.x.length];
  if (format === 'npy') {
    saveFile(npyFile(after.intensity, [rows, columns]), name);
    return;
  }
  if (format === 'tif') {
    saveFile(cakeTiff(after), name);
    return;
  }
  if (format === 'txt') {
    const text = cakeText(after, [made.picture, `geometry v${made.version}`, made.how]);
    saveFile(new Blob([text], { type: 'text/plain' }), name);
    return;
  }
  const canvas = document.createElement('canvas');
  const picture = { values: after.intensity, rows, columns };
  paintRows(canvas, picture, 'magma', rowLevels(picture), 'sqrt');
  canvas.toBlob((blob) => blob && saveFile(blob, name));
}
