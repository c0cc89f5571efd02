import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { drawLifted, liftBox, liftTransform } from './tile-lift.ts';
import { PLACED_FIELDS, type TilePainter } from './tile-painter.ts';

/** Where a CSS transform with the box's left top corner as origin brings a place of the screen. */
function transformed(css: string, box: { left: number; top: number }, [x, y]: readonly [number, number]) {
  const numbers = css.match(/-?\d[\d.e+-]*/g)?.map(Number) ?? [];
  const [a, b, c, d, e, f] = css.startsWith('translate') ? [1, 0, 0, 1, ...numbers] : numbers;
  const [u, v] = [x - box.left, y - box.top];
  return [box.left + a * u + c * v + e, box.top + b * u + d * v + f];
}

describe('tiles that are lifted off the picture', () => {
  afterEach(() => vi.unstubAllGlobals());

  it('go where a drawing would have them, turned and shifted, front and back', () => {
    const length = fc.double({ min: -0.2, max: 0.2, noNaN: true });
    const turn = fc.oneof(fc.constant(0), fc.double({ min: -3, max: 3, noNaN: true }));
    fc.assert(
      fc.property(length, length, length, length, turn, fc.boolean(), (x, y, dx, dy, angle, isFront) => {
        const view = { originX: 400, originY: 300, zoom: 2000, isFront };
        const box = { left: 37, top: 58 };
        const mirror = isFront ? -1 : 1;
        const toScreen = (px: number, py: number) => [400 + mirror * px * 2000, 300 - py * 2000] as const;
        const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
        // Any point of the part goes as its corner goes.
        const moved = (px: number, py: number) =>
          [x + dx + cos * (px - x) - sin * (py - y), y + dy + sin * (px - x) + cos * (py - y)] as const;
        const css = liftTransform(
          { x, y, alongX: 2e-4, alongY: 0 },
          { x: x + dx, y: y + dy, alongX: 2e-4 * cos, alongY: 2e-4 * sin },
          view,
          box,
          1,
        );
        const point = [x + 0.03, y - 0.05] as const;
        const [gotX, gotY] = transformed(css, box, toScreen(...point));
        const [wantedX, wantedY] = toScreen(...moved(...point));
        // A shift alone stays on whole pixels of the screen.
        const near = Math.abs(angle) < 1e-9 ? 0.501 : 1e-6;
        expect(Math.abs(gotX - wantedX)).toBeLessThan(near);
        expect(Math.abs(gotY - wantedY)).toBeLessThan(near);
      }),
    );
  });

  it('need a box on whole pixels of the screen, which says when the canvas cuts it off', () => {
    const size = { width: 100, height: 80 };
    const inside = liftBox([[10.2, 20.7] as const, [30.1, 40] as const], size, 2);
    expect(inside).toEqual({ left: 9.5, top: 20, width: 21.5, height: 20.5, isWhole: true });
    expect(liftBox([[90, 20] as const, [130, 40] as const], size, 1)).toMatchObject({ width: 11, isWhole: false });
    expect(liftBox([[190, 20] as const, [230, 40] as const], size, 1)).toMatchObject({ width: 0, isWhole: false });
  });

  it('are drawn apart, clear between them; the painter keeps the others', () => {
    vi.stubGlobal('window', { devicePixelRatio: 1 });
    const said: unknown[] = [];
    const painter = {
      setTiles: (tiles: Float32Array) => said.push(Array.from(tiles).filter((_, i) => i % PLACED_FIELDS === 0)),
      draw: (_view: unknown, _levels: unknown, _scale: unknown, gap: unknown) => said.push(gap),
    } as unknown as TilePainter;
    const shown = { data: Uint8ClampedArray.of(255, 0, 255, 255, 255, 0, 254, 255) };
    const put: number[][] = [];
    const context = {
      drawImage: (_: unknown, x: number, y: number) => said.push([x, y]),
      getImageData: () => shown,
      putImageData: (image: typeof shown) => put.push([...image.data]),
    };
    const target = { width: 0, height: 0, getContext: () => context } as unknown as HTMLCanvasElement;
    const tiles = new Float32Array(3 * PLACED_FIELDS).map((_, i) => Math.floor(i / PLACED_FIELDS));
    const view = { originX: 0, originY: 0, zoom: 1, isFront: false };
    const scene = { tiles, oddRowShift: 0, view, levels: { low: 0, high: 1 }, scale: 'lin', gap: [0, 0, 0.1] } as const;
    const box = { left: 5, top: 7, width: 2, height: 1, isWhole: true };
    drawLifted(painter, { clientWidth: 50 } as HTMLCanvasElement, target, [1], box, scene);
    expect(said).toEqual([[1], [1, 0, 1], [-5, -7], [0, 2], [0, 0, 0.1]]);
    expect([target.width, target.height]).toEqual([2, 1]);
    expect(put).toEqual([[0, 0, 0, 0, 255, 0, 254, 255]]);
  });
});
