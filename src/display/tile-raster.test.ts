import { afterEach, describe, expect, it, vi } from 'vitest';
import { fakeCanvas } from '../../test/fake-canvas.ts';
import { colourTable } from './colormap.ts';
import { TileRaster } from './tile-raster.ts';

const VIEW = { originX: 0, originY: 4, zoom: 1, isFront: false } as const;
const LEVELS = { low: 0, high: 255 };
/** 2 x 3 pixels: rows of the stack from 10, columns counting by 1. */
const STACK = Float32Array.of(10, 11, 12, 20, 21, 22);
const tile = (...numbers: number[]) => Float32Array.from(numbers);

function draw(
  canvas: HTMLCanvasElement,
  tiles: Float32Array,
  options: { stack?: Float32Array; shift?: number; isFront?: boolean; originX?: number } = {},
) {
  const painter = new TileRaster(canvas);
  painter.setColours(colourTable('grey'));
  painter.setStack(options.stack ?? STACK, 2, 3);
  painter.setTiles(tiles, options.shift ?? 0);
  painter.draw({ ...VIEW, isFront: options.isFront ?? false, originX: options.originX ?? 0 }, LEVELS, 'lin', [0, 0, 1]);
}
/** Grey of each pixel, `-` for a gap. */
const text = (shown: readonly string[], width: number) =>
  Array.from({ length: shown.length / width }, (_, y) =>
    shown
      .slice(y * width, (y + 1) * width)
      .map((hex) =>
        hex === '0000ff' ? '-' : hex.slice(0, 2) === hex.slice(2, 4) ? Number.parseInt(hex.slice(0, 2), 16) : hex,
      )
      .join(' '),
  );

describe('tiles without WebGL', () => {
  afterEach(() => vi.unstubAllGlobals());
  const prepare = (width = 4, height = 4) => {
    vi.stubGlobal('window', { devicePixelRatio: 1 });
    return fakeCanvas(width, height);
  };

  it('lie where their vectors say, y upwards', () => {
    const { canvas, shown } = prepare();
    draw(canvas, tile(0, 0, 0, 1, 1, 0, 0, 0, 2, 3));
    expect(text(shown, 4)).toEqual(['- - - -', '- - - -', '20 21 22 -', '10 11 12 -']);
  });

  it('can be turned by any right angle, and seen from the front', () => {
    const { canvas, shown } = prepare();
    draw(canvas, tile(3, 0, -1, 0, 0, 1, 0, 0, 2, 3));
    expect(text(shown, 4)).toEqual(['- - - -', '- 22 12 -', '- 21 11 -', '- 20 10 -']);
    draw(canvas, tile(0, 0, 0, 1, 1, 0, 0, 0, 2, 3), { isFront: true, originX: 4 });
    expect(text(shown, 4)).toEqual(['- - - -', '- - - -', '- 22 21 20', '- 12 11 10']);
  });

  it('shift odd rows of hexagons, and cover earlier tiles', () => {
    const { canvas, shown } = prepare();
    draw(canvas, tile(0, 0, 0, 1, 1, 0, 0, 0, 2, 3), { shift: 1 });
    expect(text(shown, 4)).toEqual(['- - - -', '- - - -', '- 20 21 22', '10 11 12 -']);
    draw(canvas, tile(0, 0, 0, 1, 1, 0, 0, 0, 1, 3, 1, 0, 0, 1, 1, 0, 1, 0, 1, 3));
    expect(text(shown, 4)).toEqual(['- - - -', '- - - -', '- - - -', '10 20 21 22']);
  });

  it('hatch masked pixels', () => {
    const { canvas, shown } = prepare();
    draw(canvas, tile(0, 0, 0, 1, 1, 0, 0, 0, 2, 3), { stack: Float32Array.of(Number.NaN, 1, 2, 3, 4, 5) });
    expect(shown[12]).toMatch(/^(333333|6b6b6b)$/);
  });
});
