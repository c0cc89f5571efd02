import { ndarray } from '../../../core/ndarray.ts';
import type { ColourMap } from '../../../display/colormap.ts';
import type { Levels } from '../../../display/levels.ts';
import type { Scale } from '../../../display/scale.ts';
import { csvFile, npyFile, saveFile } from '../../save-file.ts';
import { pixelFile } from '../array-file.ts';
import { paintRows } from '../cake/cake-picture.ts';
import type { ScanMap } from './scan-map.ts';

/** Files of a map: numbers, a table of its cells, a picture in numbers, a picture in colours. */
export const MAP_FORMATS = ['npy', 'csv', 'tif', 'png'] as const;
/** One of them, by its ending. */
export type MapFormat = (typeof MAP_FORMATS)[number];

/** How a map is drawn. */
export interface MapLook {
  readonly map: ColourMap;
  readonly levels: Levels;
  readonly scale: Scale;
}

/**
 * A map as a file: float32 (row, column), row 0 the lowest, in .npy; in a TIFF row 0 is at the top, as in every picture; .csv has a line
 * for each cell: its middle, value, points, and the first train and pulse in it.
 */
export function mapFile({ grid, values, points, title, xTitle, yTitle }: ScanMap, format: 'npy' | 'csv' | 'tif'): Blob {
  const { columns, rows, cells, x, y } = grid;
  if (format === 'npy') return npyFile(values, [rows, columns]);
  if (format === 'tif') {
    const turned = new Float32Array(values.length);
    for (let row = 0; row < rows; row++)
      turned.set(values.subarray(row * columns, (row + 1) * columns), (rows - 1 - row) * columns);
    return pixelFile(ndarray('float32', [rows, columns], turned), 'tif', title);
  }
  const counts = new Float64Array(values.length);
  const [trains, pulses] = [new Float64Array(values.length), new Float64Array(values.length)];
  for (const [point, cell] of cells.entries()) {
    if (cell < 0) continue;
    if (counts[cell] === 0) [trains[cell], pulses[cell]] = [points[point].trainId, points[point].pulse];
    counts[cell]++;
  }
  const cellsOf = (of: (cell: number) => number) => Float64Array.from(values, (_, cell) => of(cell));
  return csvFile([
    ['column', cellsOf((cell) => cell % columns)],
    ['row', cellsOf((cell) => Math.floor(cell / columns))],
    [xTitle, cellsOf((cell) => x[cell % columns])],
    [yTitle || 'y', cellsOf((cell) => y[Math.floor(cell / columns)])],
    [title, values],
    ['points', counts],
    ['first train', trains],
    ['first pulse', pulses],
  ]);
}

/** Hands a map to the browser's downloads. @param name without its ending */
export function saveMap(format: MapFormat, map: ScanMap, look: MapLook, name: string): void {
  if (format !== 'png') {
    saveFile(mapFile(map, format), `${name}.${format}`);
    return;
  }
  const canvas = document.createElement('canvas');
  const { values, grid } = map;
  paintRows(canvas, { values, rows: grid.rows, columns: grid.columns }, look.map, look.levels, look.scale);
  canvas.toBlob((blob) => blob && saveFile(blob, `${name}.png`));
}
