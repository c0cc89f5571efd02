import { ShapeMismatch, StateInvalid } from '../../core/errors.ts';
import { type Detector, pixelCountOf } from '../detector.ts';

/**
 * Adds to a mask, or takes away from it.
 * @param mask,pixels uint8 (module * ss * fs), not 0 = masked, chosen @param isMasked false: the chosen pixels are used again
 * @returns a new mask of 0 and 1 @throws ShapeMismatch if the sizes differ
 */
export function setMasked(mask: Uint8Array, pixels: Uint8Array, isMasked = true): Uint8Array {
  if (pixels.length !== mask.length)
    throw new ShapeMismatch(`The mask has ${mask.length} pixels, what is to be added has ${pixels.length}.`, {
      expected: mask.length,
      got: pixels.length,
    });
  return mask.map((value, i) => (pixels[i] ? Number(isMasked) : Number(value !== 0)));
}

/** The mask the other way round. @param mask uint8 (pixel) @returns a new one of 0 and 1 */
export function invertMask(mask: Uint8Array): Uint8Array {
  return mask.map((value) => Number(value === 0));
}

/** How many pixels are masked. @param mask uint8 (pixel) */
export function countMasked(mask: Uint8Array): number {
  let count = 0;
  for (const value of mask) if (value) count++;
  return count;
}

/**
 * Pixels below or above a limit. Missing ones (NaN) are not chosen: they count nowhere anyway.
 * @param picture float32 (pixel) @returns uint8 (pixel)
 * @throws StateInvalid if low is above high
 */
export function pixelsBeyond(picture: Float32Array, low: number | null, high: number | null): Uint8Array {
  if (low !== null && high !== null && low > high)
    throw new StateInvalid(`Threshold: the lower limit ${low} is above the upper limit ${high}.`, { field: 'low' });
  return Uint8Array.from(picture, (value) => Number((low !== null && value < low) || (high !== null && value > high)));
}

/**
 * Grows a mask by one pixel in all eight directions, tile by tile: beyond a tile's edge lies another place in space.
 * @param mask uint8 (module * ss * fs) @returns a new one of 0 and 1 @throws ShapeMismatch if it is not of this detector
 */
export function growMask(mask: Uint8Array, detector: Detector): Uint8Array {
  return neighbours(mask, detector, (count, value) => value !== 0 || count > 0);
}

/** Shrinks a mask by one pixel: what has a neighbour on its tile that is not masked, is used again. Reverse of {@link growMask}. */
export function shrinkMask(mask: Uint8Array, detector: Detector): Uint8Array {
  return invertMask(neighbours(invertMask(mask), detector, (count, value) => value !== 0 || count > 0));
}

/** @param decide from how many of the eight neighbours are set, and the pixel itself */
function neighbours(
  mask: Uint8Array,
  detector: Detector,
  decide: (count: number, value: number) => boolean,
): Uint8Array {
  checkPixels('mask', mask.length, detector);
  const out = new Uint8Array(mask.length);
  forTilePixels(detector, (at, ss, fs, { ssStart, ssStop, fsStart, fsStop }, columns) => {
    let count = 0;
    for (let s = Math.max(ssStart, ss - 1); s < Math.min(ssStop, ss + 2); s++)
      for (let f = Math.max(fsStart, fs - 1); f < Math.min(fsStop, fs + 2); f++)
        if (s !== ss || f !== fs) count += mask[at + (s - ss) * columns + (f - fs)] ? 1 : 0;
    out[at] = Number(decide(count, mask[at]));
  });
  return out;
}

interface TileBox {
  readonly ssStart: number;
  readonly ssStop: number;
  readonly fsStart: number;
  readonly fsStop: number;
}

function forTilePixels(
  { dataShape, tiles }: Detector,
  visit: (at: number, ss: number, fs: number, tile: TileBox, columns: number) => void,
): void {
  const [modules, rows, columns] = dataShape;
  for (let module = 0; module < modules; module++)
    for (const tile of tiles)
      for (let ss = tile.ssStart; ss < tile.ssStop; ss++) {
        const row = (module * rows + ss) * columns;
        for (let fs = tile.fsStart; fs < tile.fsStop; fs++) visit(row + fs, ss, fs, tile, columns);
      }
}

function checkPixels(what: string, got: number, detector: Detector): void {
  const expected = pixelCountOf(detector);
  if (got !== expected)
    throw new ShapeMismatch(`The ${what} has ${got} pixels, ${detector.name} has ${expected}.`, { expected, got });
}

/** How cosmic rays are told from the picture. */
export interface CosmicOptions {
  /** How far above its neighbours a pixel must be, in standard deviations of such differences on its tile; default 8. */
  readonly sigma?: number;
  /** Rounds: a track of several pixels shields its own middle. Default 3. */
  readonly rounds?: number;
}

/**
 * Pixels that tower above their surroundings: cosmic rays and hot pixels. A pixel is compared with the median of the ring of
 * sixteen pixels two steps away, so that a short track does not hide itself and a smooth ring of diffraction is left alone.
 * @param picture float32 (module * ss * fs) @param mask uint8, not 0 = already masked, or null @returns uint8 (pixel), 1 = towers
 * @throws ShapeMismatch if the picture is not of this detector
 */
export function cosmicPixels(
  picture: Float32Array,
  mask: Uint8Array | null,
  detector: Detector,
  { sigma = 8, rounds = 3 }: CosmicOptions = {},
): Uint8Array {
  checkPixels('picture', picture.length, detector);
  if (mask) checkPixels('mask', mask.length, detector);
  if (!(sigma > 0)) throw new StateInvalid(`Cosmic rays: sigma = ${sigma} must be above 0.`, { field: 'sigma' });
  const found = new Uint8Array(picture.length);
  const excess = new Float32Array(picture.length);
  const ring: number[] = [];
  const isLeftOut = (i: number) => found[i] !== 0 || (mask !== null && mask[i] !== 0) || Number.isNaN(picture[i]);
  for (let round = 0; round < rounds; round++) {
    excess.fill(Number.NaN);
    forTilePixels(detector, (at, ss, fs, tile, columns) => {
      if (isLeftOut(at)) return;
      ring.length = 0;
      for (let s = -2; s <= 2; s++)
        for (let f = -2; f <= 2; f++) {
          if (Math.abs(s) !== 2 && Math.abs(f) !== 2) continue;
          if (ss + s < tile.ssStart || ss + s >= tile.ssStop || fs + f < tile.fsStart || fs + f >= tile.fsStop)
            continue;
          const other = at + s * columns + f;
          if (!isLeftOut(other)) ring.push(picture[other]);
        }
      if (ring.length >= 5) excess[at] = picture[at] - medianOf(ring);
    });
    if (markTowers(excess, found, detector, sigma) === 0) break;
  }
  return found;
}

/** @returns how many are new */
function markTowers(excess: Float32Array, found: Uint8Array, detector: Detector, sigma: number): number {
  const [modules, rows, columns] = detector.dataShape;
  let count = 0;
  for (let module = 0; module < modules; module++)
    for (const { ssStart, ssStop, fsStart, fsStop } of detector.tiles) {
      const sizes: number[] = [];
      const own: number[] = [];
      for (let ss = ssStart; ss < ssStop; ss++)
        for (let fs = fsStart; fs < fsStop; fs++) {
          const at = (module * rows + ss) * columns + fs;
          if (Number.isNaN(excess[at])) continue;
          own.push(at);
          sizes.push(Math.abs(excess[at]));
        }
      if (own.length === 0) continue;
      // The median of sizes is 0.6745 standard deviations of a normal distribution; where most are exactly 0, their mean.
      const median = medianOf(sizes);
      const scatter = median > 0 ? 1.4826 * median : sizes.reduce((sum, size) => sum + size, 0) / sizes.length;
      for (const at of own)
        if (excess[at] > sigma * scatter && excess[at] > 0) {
          found[at] = 1;
          count++;
        }
    }
  return count;
}

function medianOf(values: number[]): number {
  values.sort((a, b) => a - b);
  const middle = values.length >> 1;
  return values.length % 2 === 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}
