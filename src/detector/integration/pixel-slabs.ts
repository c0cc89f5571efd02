import { type Detector, tileShapeOf } from '../detector.ts';

/** Pixels that are worked on together, about: their points stay in the caches, and between calls V8 may put quicker code in place. */
const SLAB_PIXELS = 8192;

/** Rows of a tile in a slab. */
export interface SlabPiece {
  /** Index in `detector.tiles`. */
  readonly tile: number;
  /** First row, counted in the tile. */
  readonly row: number;
  readonly rows: number;
  /** First pixel, (module * ss * fs). */
  readonly pixel: number;
  /** Its place among the pixels of the slab. */
  readonly place: number;
  /** First corner of that pixel, among the corners of the slab. */
  readonly corner: number;
}

/** Neighbouring rows of one module. */
export interface PixelSlab {
  readonly module: number;
  readonly pieces: readonly SlabPiece[];
  readonly pixels: number;
  readonly corners: number;
  /** uint32 (run, 3): first pixel, pixels side by side, place of the first; rising. */
  readonly pixelRuns: Uint32Array;
  /** The same with the first corner of the first. */
  readonly cornerRuns: Uint32Array;
}

/** Corners of pixels: numbers from pixel to pixel and row to row, and those of rows of them. */
export interface SlabCorners {
  readonly perPixel: number;
  readonly perRow: number;
  /** Corners that come behind those of the last row, since rows have theirs in common. */
  readonly extra: number;
}

/**
 * All pixels on tiles in slabs, in the order of the stack; null for tiles that lie so that no rows of them go together.
 * Only the first rows of slabs are even everywhere: every other row may be shifted.
 */
export function pixelSlabs(detector: Detector, { perPixel, perRow, extra }: SlabCorners): PixelSlab[] | null {
  const bands = tileBands(detector);
  if (bands === null) return null;
  const [tileRows, columns] = tileShapeOf(detector);
  const [modules, ssPixels, fsPixels] = detector.dataShape;
  const slabs: PixelSlab[] = [];
  for (let module = 0; module < modules; module++)
    for (const band of bands) {
      const most = Math.max(2, 2 * Math.floor(SLAB_PIXELS / (columns * band.length) / 2));
      for (let row = 0; row < tileRows; row += most) {
        const rows = Math.min(most, tileRows - row);
        const pieces = band.map((tile, i) => {
          const { ssStart, fsStart } = detector.tiles[tile];
          const pixel = (module * ssPixels + ssStart + row) * fsPixels + fsStart;
          return { tile, row, rows, pixel, place: i * rows * columns, corner: i * (rows * perRow + extra) };
        });
        slabs.push({
          module,
          pieces,
          pixels: pieces.length * rows * columns,
          corners: pieces.length * (rows * perRow + extra),
          pixelRuns: runsOf(pieces, columns, fsPixels, ({ place }, i) => place + i * columns),
          cornerRuns: runsOf(pieces, columns, fsPixels, ({ corner }, i) => corner + i * perRow),
        });
      }
    }
  if (perPixel * columns > perRow) throw new RangeError(`${columns} pixels do not fit into ${perRow} corners`);
  return slabs;
}

/** Tiles beside each other, by rows. */
function tileBands({ tiles }: Detector): number[][] | null {
  const order = [...tiles.keys()].sort(
    (a, b) => tiles[a].ssStart - tiles[b].ssStart || tiles[a].fsStart - tiles[b].fsStart,
  );
  const bands: number[][] = [];
  for (const tile of order) {
    const band = bands.at(-1);
    const first = band && tiles[band[0]];
    if (band && first && first.ssStart === tiles[tile].ssStart) band.push(tile);
    else if (first && tiles[tile].ssStart < first.ssStop) return null;
    else bands.push([tile]);
  }
  return bands;
}

function runsOf(
  pieces: readonly SlabPiece[],
  columns: number,
  fsPixels: number,
  placeOf: (piece: SlabPiece, row: number) => number,
): Uint32Array {
  const runs = new Uint32Array(3 * pieces.length * pieces[0].rows);
  let at = 0;
  for (let i = 0; i < pieces[0].rows; i++)
    for (const piece of pieces) {
      runs[at++] = piece.pixel + i * fsPixels;
      runs[at++] = columns;
      runs[at++] = placeOf(piece, i);
    }
  return runs;
}
