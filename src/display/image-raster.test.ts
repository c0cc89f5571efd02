import { afterEach, describe, expect, it, vi } from 'vitest';
import { fakeCanvas } from '../../test/fake-canvas.ts';
import { colourTable } from './colormap.ts';
import { ImageRaster } from './image-raster.ts';

describe('pictures without WebGL', () => {
  afterEach(() => vi.unstubAllGlobals());

  it('put row 0 at the bottom, gaps and masked pixels in their own colours, the well around', () => {
    vi.stubGlobal('window', { devicePixelRatio: 1 });
    const { canvas, shown } = fakeCanvas(4, 2);
    const painter = new ImageRaster(canvas);
    painter.setColours(colourTable('grey'));
    painter.setImage(Float32Array.of(0, 10, Number.NaN, 5, Number.NaN, 99), 3, 2);
    painter.setInside(Uint8Array.of(1, 1, 0, 1, 1, 1), 3, 2);
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
});
