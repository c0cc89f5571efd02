import { afterEach, describe, expect, it, vi } from 'vitest';
import { fakeCanvas } from '../../test/fake-canvas.ts';
import { colourTable } from './colormap.ts';
import { ImageRaster } from './image-raster.ts';
import { PIXEL_KIND, type PixelLattice, pixelAt } from './pixel-lattice.ts';

describe('pictures without WebGL', () => {
  afterEach(() => vi.unstubAllGlobals());

  it('put row 0 at the bottom, gaps and masked pixels in their own colours, the well around', () => {
    vi.stubGlobal('window', { devicePixelRatio: 1 });
    const { canvas, shown } = fakeCanvas(4, 2);
    const painter = new ImageRaster(canvas);
    painter.setColours(colourTable('grey'));
    painter.setImage(Float32Array.of(0, 10, Number.NaN, 5, Number.NaN, 99), 3, 2);
    const kinds = Uint8Array.of(1, 1, 0, 1, 1, 1);
    painter.setLattice({ shape: [2, 3], kinds, aspect: 1, shift: 0, isHexagon: false, isUpright: false });
    painter.draw({ left: 0, bottom: 2, zoom: 1 }, { low: 0, high: 10 }, 'lin', [0, 0, 1]);
    // The masked pixel is on a line of the hatching or between two.
    expect(shown[1]).toMatch(/^(333333|6b6b6b)$/);
    expect(shown.toSpliced(1, 1)).toEqual(['808080', 'ffffff', '05070a', '000000', 'ffffff', '0000ff', '05070a']);
  });

  it('follow the scale between the levels', () => {
    vi.stubGlobal('window', { devicePixelRatio: 1 });
    const { canvas, shown } = fakeCanvas(3, 1);
    const painter = new ImageRaster(canvas);
    painter.setColours(colourTable('grey'));
    painter.setImage(Float32Array.of(1, 10, 100), 3, 1);
    painter.draw({ left: 0, bottom: 1, zoom: 1 }, { low: 1, high: 100 }, 'log', [0, 0, 0]);
    expect(shown).toEqual(['000000', '808080', 'ffffff']);
  });

  it('moves rows that interlock, gives pixels their height, and shows what lies between', () => {
    vi.stubGlobal('window', { devicePixelRatio: 1 });
    const { canvas, shown } = fakeCanvas(6, 4);
    const painter = new ImageRaster(canvas);
    painter.setColours(colourTable('grey'));
    painter.setImage(Float32Array.of(0, 10, 5, Number.NaN), 2, 2);
    const { inside, ahead } = PIXEL_KIND;
    const kinds = Uint8Array.of(inside, inside, inside | ahead, inside | ahead);
    const lattice = { shape: [2, 2], kinds, aspect: 0.5, shift: 0.5, isHexagon: false, isUpright: false } as const;
    painter.setLattice(lattice);
    painter.draw({ left: 1, bottom: 3, zoom: 2 }, { low: 0, high: 10 }, 'lin', [0, 0, 1]);
    const [well, masked] = ['05070a', expect.stringMatching(/^(333333|6b6b6b)$/)];
    expect(shown.slice(0, 6)).toEqual(Array(6).fill(well));
    expect(shown.slice(6, 12)).toEqual([well, '0000ff', '808080', '808080', masked, masked]);
    expect(shown.slice(12, 18)).toEqual([well, '000000', '000000', 'ffffff', 'ffffff', well]);
    expect(shown.slice(18)).toEqual(Array(6).fill(well));
    // Another train changes values only; another view all.
    painter.setImage(Float32Array.of(10, 0, 0, 0), 2, 2);
    painter.draw({ left: 1, bottom: 3, zoom: 2 }, { low: 0, high: 10 }, 'lin', [0, 0, 1]);
    expect(shown.slice(12, 18)).toEqual([well, 'ffffff', 'ffffff', '000000', '000000', well]);
    painter.draw({ left: 0, bottom: 3, zoom: 2 }, { low: 0, high: 10 }, 'lin', [0, 0, 1]);
    expect(shown.slice(12, 18)).toEqual(['ffffff', 'ffffff', '000000', '000000', well, well]);
  });

  it('show the pixel under each place, however rows lie, near and from afar', () => {
    vi.stubGlobal('window', { devicePixelRatio: 1 });
    const { inside, ahead, behind, above, below } = PIXEL_KIND;
    const shape = [9, 12] as const;
    // Two tiles side by side, one of them turned round, with a gap between.
    const kinds = Uint8Array.from({ length: 9 * 12 }, (_, i) => {
      const [x, y] = [i % 12, Math.floor(i / 12)];
      if (x === 5 || x === 6 || y === 8) return 0;
      return x < 5 ? inside | above | (y % 2 ? ahead : 0) : inside | below | (y % 2 ? 0 : behind);
    });
    const image = Float32Array.from(kinds, (kind, i) => (kind === 0 ? Number.NaN : 1 + (i % 97)));
    const colours = colourTable('grey');
    for (const isUpright of [false, true]) {
      for (const zoom of [2.5, 6]) {
        const turned: PixelLattice = { shape, kinds, aspect: 0.87, shift: 0.5, isHexagon: true, isUpright };
        const { canvas, shown } = fakeCanvas(70, 60);
        const painter = new ImageRaster(canvas);
        painter.setColours(colours);
        painter.setImage(image, 12, 9);
        painter.setLattice(turned);
        painter.draw({ left: 3.2, bottom: 55.7, zoom }, { low: 0, high: 100 }, 'lin', [0, 0, 1]);
        const expected = Array.from({ length: 70 * 60 }, (_, i) => {
          const [x, y] = [((i % 70) + 0.5 - 3.2) / zoom, (55.7 - Math.floor(i / 70) - 0.5) / (zoom * 0.87)];
          const at = pixelAt(turned, x, y, zoom > 4);
          if (at < 0) return x < 0 || y < 0 || x >= 12 || y >= 9 ? '05070a' : '0000ff';
          const place = Math.floor(image[at] * 2.55 + 0.5);
          return Buffer.from(colours.subarray(4 * place, 4 * place + 3)).toString('hex');
        });
        expect(shown).toEqual(expected);
      }
    }
  });
});
