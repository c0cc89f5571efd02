import { type ColourMap, colourTable } from '../../../display/colormap.ts';
import { autoLevels, type Levels } from '../../../display/levels.ts';
import { colourPlace, type Scale } from '../../../display/scale.ts';

/** Colour of a place without pixels, RGBA. */
const GAP = [0x0b, 0x0f, 0x14, 255] as const;

/** Numbers in rows as a picture, the first row at the bottom. */
export interface RowPicture {
  /** float32 (row, column); NaN = nothing there. */
  readonly values: Float32Array;
  readonly rows: number;
  readonly columns: number;
}

/** Draws numbers in colours; the canvas gets one pixel for each. */
export function paintRows(
  canvas: HTMLCanvasElement,
  { values, rows, columns }: RowPicture,
  map: ColourMap,
  levels: Levels,
  scale: Scale,
): void {
  canvas.width = columns;
  canvas.height = rows;
  const context = canvas.getContext('2d');
  if (!context) return;
  const pixels = context.createImageData(columns, rows);
  const table = colourTable(map);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const value = values[row * columns + column];
      const at = 4 * ((rows - 1 - row) * columns + column);
      const from = 4 * Math.round(255 * colourPlace(value, levels, scale));
      for (let i = 0; i < 4; i++) pixels.data[at + i] = Number.isNaN(value) ? GAP[i] : table[from + i];
    }
  }
  context.putImageData(pixels, 0, 0);
}

/** Levels that show the rings: what a cake has of its picture's bright middle would darken all others. */
export function rowLevels({ values }: RowPicture): Levels {
  return autoLevels(values);
}

/** Round places of an axis. @returns values within [low, high] */
export function axisTicks(low: number, high: number, most: number): number[] {
  const span = high - low;
  if (!(span > 0)) return [];
  const power = 10 ** Math.floor(Math.log10(span / most));
  const step = power * ([1, 2, 2.5, 5, 10].find((factor) => span / (factor * power) <= most) ?? 10);
  const first = Math.ceil(low / step - 1e-9);
  return Array.from({ length: Math.floor(high / step + 1e-9) - first + 1 }, (_, i) => (first + i) * step);
}

/** Whole right angles within [low, high] degrees. */
export function angleTicks(low: number, high: number): number[] {
  return Array.from({ length: 13 }, (_, i) => (i - 6) * 90).filter(
    (angle) => angle >= low - 1e-6 && angle <= high + 1e-6,
  );
}
