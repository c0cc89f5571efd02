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

  it('that moved are drawn anew, and only where they were and are: the same picture as one drawn at once', () => {
    const random = (() => {
      let state = 7;
      return () => {
        state = (state * 1103515245 + 12345) % 2147483648;
        return state / 2147483648;
      };
    })();
    const stack = Float32Array.from({ length: 40 * 64 }, () => (random() < 0.1 ? Number.NaN : 255 * random()));
    const place = (angle: number) => {
      const [c, s] = [2.3 * Math.cos(angle), 2.3 * Math.sin(angle)];
      return [60 * random(), 30 + 60 * random(), -s, c, c, s, 0, 0, 40, 64];
    };
    const { canvas, shown } = prepare(240, 200);
    const whole = prepare(240, 200);
    const painter = new TileRaster(canvas);
    painter.setColours(colourTable('magma'));
    painter.setStack(stack, 40, 64);
    const tiles = [...place(0.3), ...place(-0.02), ...place(0)];
    const view = { originX: 0, originY: 200, zoom: 1, isFront: false };
    for (let i = 0; i < 12; i++) {
      tiles.splice(10 * (i % 3), 10, ...place(random() - 0.5));
      painter.setTiles(tile(...tiles), 0);
      painter.draw(view, LEVELS, 'lin', [0, 0, 1]);
      const anew = new TileRaster(whole.canvas);
      anew.setColours(colourTable('magma'));
      anew.setStack(stack, 40, 64);
      anew.setTiles(tile(...tiles), 0);
      anew.draw(view, LEVELS, 'lin', [0, 0, 1]);
      expect(shown).toEqual(whole.shown);
    }
    expect(new Set(shown).size).toBeGreaterThan(30);
  });
});
