import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AGIPD_1M } from './agipd.ts';
import type { Detector } from './detector.ts';
import { exampleGeometry, type Geometry, pixelPositions } from './geometry.ts';
import { geometryFromCrystfel } from './geometry-crystfel.ts';
import { convertCrystfelLayout, updateCrystfel } from './geometry-crystfel-update.ts';
import { crystfelFromGeometry } from './geometry-crystfel-write.ts';
import { jungfrau } from './jungfrau.ts';
import { offsetGeometry, rotateGeometry } from './move-geometry.ts';
import { partsLeft, type TilePart } from './panel-tiles.ts';
import { PNCCD } from './pnccd.ts';

const HEAD = 'photon_energy = 9300 eV\nclen = 0.1 m\nadu_per_eV = 0.001\ndata = /data\nres = 13333.333333333334\n';
const PITCH = 7.5e-5;

/** A panel of JUNGFRAU pixels whose first pixel is at (x, y) px, fs along +x, ss along +y. */
function panel(name: string, dims: readonly (string | number)[], ss: number[], fs: number[], x: number, y: number) {
  const lines = dims.map((dim, axis) => `dim${axis} = ${dim}`);
  const [range, vectors] = [
    [`min_ss = ${ss[0]}`, `max_ss = ${ss[1]}`, `min_fs = ${fs[0]}`, `max_fs = ${fs[1]}`],
    ['ss = +1.0y', 'fs = +1.0x', `corner_x = ${x}`, `corner_y = ${y}`],
  ];
  return [...lines, ...range, ...vectors].map((line) => `${name}/${line}\n`).join('');
}

const MODULE_AXES = (module: number) => ['%', module, 'ss', 'fs'];
/** JUNGFRAU 4M as many beamlines write it: one panel a module. */
const BY_MODULE =
  HEAD +
  Array.from({ length: 8 }, (_, m) => panel(`m${m}`, MODULE_AXES(m), [0, 511], [0, 1023], 100 * m, -600 * m)).join('');

/** Centre of a pixel, px. */
function centreOf(geometry: Geometry, module: number, ss: number, fs: number): number[] {
  const [, rows, columns] = geometry.detector.dataShape;
  const at = ((module * rows + ss) * columns + fs) * 3;
  return [...pixelPositions(geometry).data.subarray(at, at + 2)].map((n) => n / PITCH);
}

function expectClose(found: readonly number[], wanted: readonly number[]): void {
  expect(found).toHaveLength(wanted.length);
  for (const [i, value] of wanted.entries()) expect(found[i]).toBeCloseTo(value, 6);
}

describe('panels of several tiles', () => {
  it('one panel a module: tiles follow each other without gaps', () => {
    const geometry = geometryFromCrystfel(BY_MODULE);
    expect([geometry.detector.name, geometry.detector.dataShape]).toEqual(['JUNGFRAU', [8, 512, 1024]]);
    expect(geometry.metadata.badRegions).toBeUndefined();
    for (const [module, ss, fs] of [
      [0, 0, 0],
      [3, 255, 256],
      [7, 511, 1023],
    ])
      expectClose(centreOf(geometry, module, ss, fs), [100 * module + fs + 0.5, -600 * module + ss + 0.5]);
  });

  it('one panel for the rows of all modules', () => {
    const text = HEAD + panel('whole', ['%', 'ss', 'fs'], [0, 1535], [0, 1023], -10, 20);
    const geometry = geometryFromCrystfel(text);
    expect(geometry.detector.dataShape).toEqual([3, 512, 1024]);
    expectClose(centreOf(geometry, 2, 300, 700), [-10 + 700.5, 20 + 1024 + 300.5]);
    expect(() => convertCrystfelLayout(text, geometry.detector, ['frame', 'modno', 'ss', 'fs'])).toThrow(
      /panel whole goes over to module 1/,
    );
    // Two modules could be pnCCD as well, with pixels of the same size: whole tiles of a detector come first.
    const two = HEAD + [0, 1].map((m) => panel(`m${m}`, MODULE_AXES(m), [0, 511], [0, 1023], 0, 600 * m)).join('');
    expect(geometryFromCrystfel(two).detector.name).toBe(PNCCD.name);
    expect(geometryFromCrystfel(two, jungfrau(2)).tiles).toHaveLength(2 * 8 * 9);
  });

  it('stay in the file: unmoved byte for byte, moved as one piece, and a move that tears one is refused', () => {
    const noted = BY_MODULE.replace('m3/corner_x', '; a note\nm3/corner_x');
    const geometry = geometryFromCrystfel(noted);
    expect(updateCrystfel(noted, geometry)).toBe(noted);
    const moved = offsetGeometry(geometry, [3 * PITCH, 0, 0], { modules: [3, 4] });
    expect(updateCrystfel(noted, moved)).toBe(noted.replace('m3/corner_x = 300', 'm3/corner_x = 303'));
    const turned = rotateGeometry(geometry, [0.1, 0.2, 3], { modules: [5, 6] });
    const again = geometryFromCrystfel(updateCrystfel(noted, turned));
    for (const [i, n] of turned.tiles.entries()) expect(Math.abs(again.tiles[i] - n)).toBeLessThan(1e-15);
    const torn = offsetGeometry(geometry, [0, 2 * PITCH, 0], { modules: [2, 3], tiles: [6, 7] });
    expect(() => updateCrystfel(noted, torn, { path: 'x.geom' })).toThrow(
      /^x\.geom, line \d+: panel m2 has several tiles of JUNGFRAU.*module 2, tile 6 would be 2\.00 px out.*--rewrite/,
    );
    // Written anew there is a panel for each tile, and everything is kept.
    const anew = geometryFromCrystfel(crystfelFromGeometry(torn));
    for (const [i, n] of torn.tiles.entries()) expect(Math.abs(anew.tiles[i] - n)).toBeLessThan(1e-15);
  });

  it('have other axes of the data when asked, bad regions too', () => {
    const bad =
      'bad_strip/panel = m2\nbad_strip/min_ss = 250\nbad_strip/max_ss = 260\nbad_strip/min_fs = 0\nbad_strip/max_fs = 300\n';
    const geometry = geometryFromCrystfel(BY_MODULE + bad);
    const regions = geometry.metadata.badRegions?.map((region) => region.kind === 'tile' && Object.values(region));
    expect(regions).toEqual([
      ['tile', 'bad_strip_0', 2, 0, 250, 256, 0, 256],
      ['tile', 'bad_strip_1', 2, 1, 250, 256, 256, 301],
      ['tile', 'bad_strip_2', 2, 4, 256, 261, 0, 256],
      ['tile', 'bad_strip_3', 2, 5, 256, 261, 256, 301],
    ]);
    const flat = convertCrystfelLayout(BY_MODULE + bad, geometry.detector, ['frame', 'ss', 'fs']);
    expect(flat).toContain('m2/min_ss = 1024');
    expect(flat).toContain('m2/max_ss = 1535');
    expect(flat).toContain('bad_strip/min_ss = 1274');
    const read = geometryFromCrystfel(flat);
    expect(read.tiles).toEqual(geometry.tiles);
    expect(read.metadata.badRegions).toEqual(geometry.metadata.badRegions);
  });
});

describe('panels smaller than a tile', () => {
  const tilesOf = (inner: boolean) =>
    Array.from({ length: 8 }, (_, tile) => {
      const [row, column] = [Math.floor(tile / 4), tile % 4];
      const edge = inner ? 1 : 0;
      const [ss, fs] = [256 * row + edge, 256 * column + edge];
      const size = inner ? 253 : 255;
      return panel(
        `a${tile}`,
        ['%', 'ss', 'fs'],
        [ss, ss + size],
        [fs, fs + size],
        258 * column + edge,
        258 * row + edge,
      );
    }).join('');

  it('without the wide pixels of their edges: the tile is continued, its edge is bad', () => {
    const [inner, whole] = [geometryFromCrystfel(HEAD + tilesOf(true)), geometryFromCrystfel(HEAD + tilesOf(false))];
    expect(inner.detector).toEqual(jungfrau(1));
    for (const [i, n] of whole.tiles.entries()) expect(Math.abs(inner.tiles[i] - n)).toBeLessThan(1e-15);
    const regions = inner.metadata.badRegions ?? [];
    expect(regions).toHaveLength(8 * 4);
    const pixels = regions.reduce(
      (sum, region) =>
        sum + (region.kind === 'tile' ? (region.ssStop - region.ssStart) * (region.fsStop - region.fsStart) : 0),
      0,
    );
    expect(pixels).toBe(8 * (256 ** 2 - 254 ** 2));
    // What is written anew leaves the same pixels out.
    const again = geometryFromCrystfel(crystfelFromGeometry(inner));
    expect(again.metadata.badRegions).toEqual(inner.metadata.badRegions);
    const moved = offsetGeometry(inner, [PITCH, 0, 0], { tiles: [3, 4] });
    expect(updateCrystfel(HEAD + tilesOf(true), moved)).toBe(
      (HEAD + tilesOf(true)).replace('a3/corner_x = 775', 'a3/corner_x = 776'),
    );
  });

  it('two halves of each tile: one tile if they continue each other, an error with both names if not', () => {
    const halves = (gap: number) =>
      HEAD +
      Array.from({ length: 16 }, (_, m) =>
        Array.from({ length: 16 }, (_, half) =>
          panel(
            `p${m}h${half}`,
            MODULE_AXES(m),
            [32 * half, 32 * half + 31],
            [0, 127],
            0,
            33 * half - (half % 2) * (1 - gap),
          ),
        ).join(''),
      ).join('');
    const text = halves(0).replace(/^res = .*$/m, 'res = 5000');
    const geometry = geometryFromCrystfel(text);
    expect(geometry.detector).toEqual(AGIPD_1M);
    expect(updateCrystfel(text, geometry)).toBe(text);
    const moved = offsetGeometry(geometry, [2e-4, 0, 0], { modules: [1, 2] });
    const changed = updateCrystfel(text, moved);
    expect(changed.match(/^p1h\d+\/corner_x = 1$/gm)).toHaveLength(16);
    expect(geometryFromCrystfel(changed).tiles).toEqual(moved.tiles);
    expect(() => geometryFromCrystfel(halves(1), AGIPD_1M, { path: 'x.geom' })).toThrow(
      /^x\.geom, line \d+: panels p0h0 and p0h1 are parts of one tile of AGIPD1M \(module 0, tile 0\)/,
    );
  });

  it('rectangles that are left make up the whole with the parts', () => {
    const cuts = fc.uniqueArray(fc.integer({ min: 1, max: 15 }), { maxLength: 4 });
    fc.assert(
      fc.property(cuts, cuts, fc.array(fc.boolean(), { minLength: 25, maxLength: 25 }), (rows, columns, taken) => {
        const edges = (at: number[]) => [0, ...at.toSorted((a, b) => a - b), 16];
        const [ss, fs] = [edges(rows), edges(columns)];
        const parts: TilePart[] = [];
        for (let i = 0; i + 1 < ss.length; i++)
          for (let j = 0; j + 1 < fs.length; j++)
            if (taken[5 * i + j]) parts.push({ ssStart: ss[i], ssStop: ss[i + 1], fsStart: fs[j], fsStop: fs[j + 1] });
        const counts = new Uint8Array(256);
        const whole = { ssStart: 0, ssStop: 16, fsStart: 0, fsStop: 16 };
        for (const part of [...parts, ...partsLeft(whole, parts)])
          for (let row = part.ssStart; row < part.ssStop; row++)
            for (let column = part.fsStart; column < part.fsStop; column++) counts[16 * row + column]++;
        expect(counts.every((count) => count === 1)).toBe(true);
      }),
    );
  });
});

describe('panels that cannot be', () => {
  const read = (text: string, detector?: Detector) => geometryFromCrystfel(text, detector, { path: 'x.geom' });
  it('overlap, go out of the data, or leave tiles without a panel', () => {
    const overlapping = BY_MODULE + panel('extra', MODULE_AXES(2), [500, 511], [0, 9], 0, 0);
    expect(() => read(overlapping, jungfrau(8))).toThrow(/panel extra lies on the same data as panel m2 of line \d+/);
    const outside = BY_MODULE.replace('m2/max_fs = 1023', 'm2/max_fs = 1024');
    expect(() => read(outside, jungfrau(8))).toThrow(/panel m2 \(ss 0 to 511, fs 0 to 1024, .*not a tile of JUNGFRAU/);
    expect(() => read(BY_MODULE.replace('m2/max_ss = 511', 'm2/max_ss = 200'), jungfrau(8))).toThrow(
      /no panel for module 2, tile 4; module 2, tile 5/,
    );
    expect(() => read(BY_MODULE.replace(/^res = .*$/m, 'res = 5000'))).toThrow(/no detector that is known here/);
    // As many panels as a detector has tiles, but of other pixels.
    const tiles = crystfelFromGeometry(exampleGeometry(PNCCD));
    expect(read(tiles).detector.name).toBe('PNCCD');
    expect(() => read(tiles.replace(/^res = \S+/m, 'res = 10000'))).toThrow(/and res right\? If so, say which/);
  });
});
