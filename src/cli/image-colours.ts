import { type ColourMap, colourTable } from '../display/colormap.ts';
import { autoLevels, type Levels } from '../display/levels.ts';

/** Pixels without a value: dark grey, as EXtra-geom draws gaps. */
const GAP = [64, 64, 64, 255];

/**
 * An assembled image in colours, as one sees it along the beam: y up, x to the left.
 * @param image float32 (y, x), row 0 at the bottom; NaN = gap
 * @param levels values of the first and last colour; by default 1 % of the pixels are below and above
 * @returns uint8 (y, x, 4), RGBA, row 0 at the top
 */
export function colourImage(
  image: Float32Array,
  [height, width]: readonly [number, number],
  map: ColourMap,
  levels: Levels = autoLevels(image),
): Uint8Array {
  const table = colourTable(map);
  const scale = 255 / (levels.high - levels.low);
  const pixels = new Uint8Array(height * width * 4);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const value = image[(height - 1 - y) * width + (width - 1 - x)];
      const at = 4 * (y * width + x);
      if (Number.isNaN(value)) {
        pixels.set(GAP, at);
        continue;
      }
      const step = 4 * Math.round(Math.min(255, Math.max(0, (value - levels.low) * scale)));
      for (let c = 0; c < 4; c++) pixels[at + c] = table[step + c];
    }
  }
  return pixels;
}
