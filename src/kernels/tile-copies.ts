import { ShapeMismatch } from '../core/errors.ts';

/** How one tile of the module stack goes into the image. Offsets and strides in elements; strides may be negative. */
export interface TileCopy {
  /** First element of the tile in the stack. */
  readonly srcOffset: number;
  /** From one row (slow scan) of the tile to the next in the stack; columns are 1 apart. */
  readonly srcRowStride: number;
  readonly rows: number;
  readonly cols: number;
  /** Where the tile's first element goes in the image. */
  readonly dstOffset: number;
  /** From one row of the tile to the next, in the image. */
  readonly dstRowStride: number;
  /** From one column of the tile to the next, in the image. */
  readonly dstColStride: number;
}

/** int32 numbers of one packed tile; the last one is unused. */
export const TILE_COPY_WORDS = 8;

/**
 * Packs tile copies for the `assemble` kernel, after checking that none leaves its array.
 * @param stackLength elements of the stack, @param imageLength elements of the image
 * @throws ShapeMismatch naming the first tile that does not fit
 */
export function packTileCopies(tiles: readonly TileCopy[], stackLength: number, imageLength: number): Int32Array {
  const words = new Int32Array(tiles.length * TILE_COPY_WORDS);
  tiles.forEach((tile, i) => {
    const { srcOffset, srcRowStride, rows, cols, dstOffset, dstRowStride, dstColStride } = tile;
    const isInside = (offset: number, rowStride: number, colStride: number, length: number) =>
      [0, (rows - 1) * rowStride].every((row) =>
        [0, (cols - 1) * colStride].every((col) => offset + row + col >= 0 && offset + row + col < length),
      );
    if (
      !(rows > 0 && cols > 0) ||
      !isInside(srcOffset, srcRowStride, 1, stackLength) ||
      !isInside(dstOffset, dstRowStride, dstColStride, imageLength)
    ) {
      throw new ShapeMismatch(
        `Tile ${i} (${rows} x ${cols}) reaches outside the stack of ${stackLength} or the image of ${imageLength} elements.`,
        { expected: [stackLength, imageLength], got: { ...tile } },
      );
    }
    words.set([srcOffset, srcRowStride, rows, cols, dstOffset, dstRowStride, dstColStride], i * TILE_COPY_WORDS);
  });
  return words;
}
