import { describe, expect, it } from 'vitest';
import { COLOUR_MAPS, colourTable } from './colormap.ts';

const rgb = (table: Uint8Array, i: number) => [...table.subarray(4 * i, 4 * i + 3)];

describe('colour maps', () => {
  it('begin, cross the middle and end where the published ones do', () => {
    const viridis = colourTable('viridis');
    expect(rgb(viridis, 0)).toEqual([0x44, 0x01, 0x54]);
    expect(rgb(viridis, 255)).toEqual([0xfd, 0xe7, 0x25]);
    // matplotlib: viridis(128) is (33, 145, 140)
    for (const [c, expected] of [33, 145, 140].entries())
      expect(Math.abs(rgb(viridis, 128)[c] - expected)).toBeLessThan(3);
  });

  it('grow lighter all the way, except the one with two sides', () => {
    for (const name of COLOUR_MAPS) {
      const table = colourTable(name);
      const light = Array.from({ length: 256 }, (_, i) => {
        const [r, g, b] = rgb(table, i);
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
      });
      expect(table.length).toBe(1024);
      if (name === 'bipolar') expect(Math.min(...light)).toBe(light[127]);
      else for (let i = 1; i < 256; i++) expect(light[i]).toBeGreaterThanOrEqual(light[i - 1] - 0.7);
    }
  });
});
