import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { golden } from '../../test/golden/geometry/golden.ts';
import { parseGeom } from '../formats/crystfel/geom.ts';
import { AGIPD_1M, AGIPD_500K } from './agipd.ts';
import type { Detector } from './detector.ts';
import { DETECTOR_NAMES, detectorByName } from './detector-table.ts';
import { createGeometry, exampleGeometry } from './geometry.ts';
import { geometryFromCrystfel } from './geometry-crystfel.ts';
import { convertCrystfelLayout, updateCrystfel } from './geometry-crystfel-update.ts';
import { type CrystfelLayout, crystfelFromGeometry } from './geometry-crystfel-write.ts';
import { jungfrau } from './jungfrau.ts';
import { offsetGeometry, rotateGeometry } from './move-geometry.ts';

const FULL = readFileSync(`${golden}files/write_agipd_full.geom`, 'utf8');
const BAD_3D = readFileSync(`${golden}files/write_agipd_bad_3d.geom`, 'utf8');
const BAD_2D = readFileSync(`${golden}files/write_agipd_bad_2d.geom`, 'utf8');
const KNOWN = { distance: 0.2, photonEnergyKeV: 9.3, aduPerEv: 0.0075 };

describe('a .geom file with other positions', () => {
  it('stays as it is, byte for byte, if nothing moved', () => {
    for (const text of [FULL, BAD_3D, BAD_2D]) expect(updateCrystfel(text, geometryFromCrystfel(text))).toBe(text);
  });

  it('has other numbers where something moved, and nothing else', () => {
    const noted = BAD_3D.replace('p3a5/corner_x', 'my_key = 7 ; mine\np3a5/corner_x').replaceAll('\n', '\r\n');
    const moved = offsetGeometry(geometryFromCrystfel(noted), [1e-3, 0, 0], { modules: [3, 4] });
    const text = updateCrystfel(noted, moved);
    const [before, after] = [noted.split('\r\n'), text.split('\r\n')];
    expect(after).toHaveLength(before.length);
    const changed = before.flatMap((line, i) => (line === after[i] ? [] : [line.split(' ')[0]]));
    expect(changed).toEqual(Array.from({ length: 8 }, (_, tile) => `p3a${tile}/corner_x`));
    expect(geometryFromCrystfel(text).tiles).toEqual(moved.tiles);
  });

  it('does not drift, however often it is read and written', () => {
    let geometry = rotateGeometry(exampleGeometry(AGIPD_1M), [0.3, -0.2, 1.7], {});
    let text = crystfelFromGeometry(geometry, KNOWN);
    const first = geometryFromCrystfel(text);
    for (let i = 0; i < geometry.tiles.length; i++)
      expect(Math.abs(first.tiles[i] - geometry.tiles[i])).toBeLessThanOrEqual(Math.abs(geometry.tiles[i]) * 2 ** -52);
    for (let time = 0; time < 5; time++) {
      geometry = geometryFromCrystfel(text);
      expect(geometry.tiles).toEqual(first.tiles);
      text = time % 2 ? updateCrystfel(text, geometry) : crystfelFromGeometry(geometry);
    }
  });

  it('detector_shift is part of the positions, and stays in the file', () => {
    const shifted = FULL.replace('res = ', 'detector_shift_x = 1 mm\ndetector_shift_y = -0.002\nres = ');
    const [plain, read] = [geometryFromCrystfel(FULL), geometryFromCrystfel(shifted)];
    expect(read.tiles[0] - plain.tiles[0]).toBeCloseTo(1e-3, 15);
    expect(read.tiles[1] - plain.tiles[1]).toBeCloseTo(-2e-3, 15);
    expect(updateCrystfel(shifted, read)).toBe(shifted);
    const moved = offsetGeometry(read, [0.01, 0.02, 0]);
    const again = geometryFromCrystfel(updateCrystfel(shifted, moved));
    for (let i = 0; i < again.tiles.length; i++) expect(Math.abs(again.tiles[i] - moved.tiles[i])).toBeLessThan(1e-16);
  });

  it('distance, energy and motors are written where they differ', () => {
    const read = geometryFromCrystfel(FULL);
    const motorPositions = [
      [1, 2],
      [3, 4],
      [5, 6],
      [7, 8],
    ];
    const metadata = { ...read.metadata, distance: 0.3, photonEnergyKeV: 10, motorPositions };
    const text = updateCrystfel(FULL, createGeometry(AGIPD_1M, read.tiles, metadata));
    expect(text).toContain('\nclen = 0.3 m\n');
    expect(text).toContain('\nphoton_energy = 10000 eV\n');
    expect(geometryFromCrystfel(text).metadata).toMatchObject({ distance: 0.3, photonEnergyKeV: 10, motorPositions });
    const wave = FULL.replace(/photon_energy = .*/, 'wavelength = 1.5 A');
    expect(updateCrystfel(wave, geometryFromCrystfel(wave))).toBe(wave);
  });
});

describe('a .geom file for data of other axes', () => {
  const FLAT: CrystfelLayout = ['frame', 'ss', 'fs'];
  const plain = (text: string) => {
    const { panels, badRegions } = parseGeom(text);
    return [panels.map((panel) => ({ ...panel, line: 0 })), badRegions.map((region) => ({ ...region, panel: '' }))];
  };

  it('modules side by side in one picture, and back', () => {
    const flat = convertCrystfelLayout(BAD_3D, AGIPD_1M, FLAT);
    expect(plain(flat)).toEqual(plain(BAD_2D));
    expect(flat).toContain('badlines_a/min_ss = 1666');
    expect(flat.split('\n').filter((line) => line.startsWith(';'))).toEqual(
      BAD_3D.split('\n').filter((line) => line.startsWith(';')),
    );
    expect(plain(convertCrystfelLayout(flat, AGIPD_1M, ['frame', 'modno', 'ss', 'fs']))).toEqual(plain(BAD_3D));
  });

  it('raw files with a gain axis, which EXtra-geom cannot read back', () => {
    const layout: CrystfelLayout = ['frame', 'modno', 0, 'ss', 'fs'];
    const geometry = geometryFromCrystfel(BAD_3D);
    const written = crystfelFromGeometry(geometry, { layout });
    expect(parseGeom(written).panels[9].dims).toEqual(['%', 1, 0, 'ss', 'fs']);
    for (const text of [written, convertCrystfelLayout(BAD_3D, AGIPD_1M, layout)]) {
      expect(geometryFromCrystfel(text).tiles).toEqual(geometry.tiles);
      expect(geometryFromCrystfel(text).metadata.badRegions).toEqual(geometry.metadata.badRegions);
    }
    // One module: no number differs between panels.
    const one = exampleGeometry(jungfrau(1));
    expect(geometryFromCrystfel(crystfelFromGeometry(one, { layout }), jungfrau(1)).tiles).toEqual(one.tiles);
    // The gain axis of one long picture.
    const flat = crystfelFromGeometry(geometry, { layout: ['frame', 0, 'ss', 'fs'] });
    expect(geometryFromCrystfel(flat).tiles).toEqual(geometry.tiles);
  });

  it.each([
    [['modno', 'frame', 'ss', 'fs']],
    [['ss', 'frame', 'fs']],
    [['frame', 'ss', 'modno', 'fs']],
    [['modno', 'ss', 'fs', 'frame']],
    [[7, 'modno', 'ss', 'fs']],
    [['frame', 20, 'ss', 'fs']],
    [['frame', 'modno', 20, 'ss', 'fs']],
  ] as CrystfelLayout[][])('(%s) is written whole and read back, of one module, two and many', (layout) => {
    for (const detector of [jungfrau(1), jungfrau(2), AGIPD_1M]) {
      const geometry = exampleGeometry(detector);
      const text = crystfelFromGeometry(geometry, { ...KNOWN, layout });
      expect(parseGeom(text).panels.at(-1)?.dims).toEqual(
        layout.map((dim) => (dim === 'frame' ? '%' : dim === 'modno' ? detector.dataShape[0] - 1 : dim)),
      );
      for (const again of [geometryFromCrystfel(text), geometryFromCrystfel(text, detector)]) {
        expect(again.detector).toEqual(detector);
        for (let i = 0; i < again.tiles.length; i++)
          expect(Math.abs(again.tiles[i] - geometry.tiles[i])).toBeLessThan(1e-15);
      }
    }
  });

  it.each([
    [['frame', 'fs', 'ss']],
    [['frame', 'ss']],
    [['frame', 'frame', 'ss', 'fs']],
    [['modno', 'modno', 'ss', 'fs']],
    [['frame', -1, 'ss', 'fs']],
    [['frame', 1.5, 'ss', 'fs']],
  ] as CrystfelLayout[][])('(%s) is refused', (layout) => {
    expect(() => convertCrystfelLayout(FULL, AGIPD_1M, layout)).toThrow(/Layout .* is impossible/);
    expect(() => crystfelFromGeometry(exampleGeometry(AGIPD_1M), { layout })).toThrow(/Layout .* is impossible/);
  });
});

describe('a new .geom file', () => {
  it.each(DETECTOR_NAMES)('of %s is read by the strict reader, with groups, and gives the same geometry', (name) => {
    const geometry = exampleGeometry(detectorByName(name));
    const text = crystfelFromGeometry(geometry, KNOWN);
    const geom = parseGeom(text);
    expect(geom.findings).toEqual([]);
    expect(geom.groups.at(-1)?.name).toBe('all');
    const again = geometryFromCrystfel(text, geometry.detector, { mode: 'strict' });
    for (let i = 0; i < again.tiles.length; i++)
      expect(Math.abs(again.tiles[i] - geometry.tiles[i])).toBeLessThan(1e-15);
    expect(again.metadata).toMatchObject(KNOWN);
  });

  it('every panel is in "all", and no group has more than 64 members', () => {
    const reach = (detector: Detector) => {
      const { groups, panels, findings } = parseGeom(crystfelFromGeometry(exampleGeometry(detector), KNOWN));
      expect(findings).toEqual([]);
      const byName = new Map(groups.map((group) => [group.name, group.children]));
      expect(Math.max(...groups.map(({ children }) => children.length))).toBeLessThanOrEqual(64);
      const leaves = (name: string): string[] => byName.get(name)?.flatMap(leaves) ?? [name];
      expect(leaves('all').sort()).toEqual(panels.map((panel) => panel.name).sort());
      return groups.map((group) => group.name);
    };
    expect(reach(AGIPD_1M).slice(-5)).toEqual(['q0', 'q1', 'q2', 'q3', 'all']);
    expect(reach(AGIPD_500K).slice(-2)).toEqual(['q0', 'all']);
    expect(reach(jungfrau(8)).slice(-2)).toEqual(['p7', 'all']);
    expect(reach(jungfrau(70)).slice(-3)).toEqual(['all_1_0', 'all_1_1', 'all']);
  });

  it('keeps where the data files have distance and energy, and says what is to be filled in', () => {
    const text = BAD_3D.replace(/clen = .*/, 'clen = /CTRL/z').replace(
      /photon_energy = .*/,
      'photon_energy = /CTRL/E keV',
    );
    const written = crystfelFromGeometry(geometryFromCrystfel(text));
    expect(written).toContain('\nclen = /CTRL/z mm\n');
    expect(written).toContain('\nphoton_energy = /CTRL/E keV\n');
    expect(crystfelFromGeometry(exampleGeometry(AGIPD_1M))).toMatch(
      /; photon_energy = SET ME\n[\s\S]*; clen = SET ME\n[\s\S]*; adu_per_eV = SET ME\n/,
    );
  });

  it('mask with its bits, other quadrants, and impossible values', () => {
    const geometry = exampleGeometry(AGIPD_1M);
    const text = crystfelFromGeometry(geometry, { ...KNOWN, maskPath: '/a/mask', maskBadBits: 0xffff, quadrants: 2 });
    expect(parseGeom(text).panels[0].masks).toEqual([
      { index: 0, data: '/a/mask', file: null, goodBits: 0, badBits: 0xffff },
    ]);
    expect(geometryFromCrystfel(text).metadata).toMatchObject({ maskPath: '/a/mask', maskBadBits: 0xffff });
    // Without bits CrystFEL would read the mask and leave out nothing.
    const [any, kept, good] = [
      crystfelFromGeometry(geometry, { ...KNOWN, maskPath: '/a/mask' }),
      crystfelFromGeometry(geometryFromCrystfel(text), { maskPath: '/b' }),
      crystfelFromGeometry(geometry, { ...KNOWN, maskPath: '/a/mask', maskGoodBits: 1 }),
    ].map((each) => parseGeom(each).panels[0].masks[0]);
    expect(any).toMatchObject({ goodBits: 0, badBits: 0xffffffff });
    expect(kept).toMatchObject({ data: '/b', badBits: 0xffff });
    expect(good).toMatchObject({ goodBits: 1, badBits: 0 });
    expect(
      parseGeom(text)
        .groups.slice(-3)
        .map(({ name }) => name),
    ).toEqual(['q0', 'q1', 'all']);
    expect(() => crystfelFromGeometry(geometry, { quadrants: 3 })).toThrow(/3 quadrants do not divide 16 modules/);
    expect(() => crystfelFromGeometry(geometry, { distance: -1 })).toThrow(/clen = -1 must be a number above 0/);
    expect(() => crystfelFromGeometry(geometry, { dataPath: 'data' })).toThrow(/must start with "\/"/);
    expect(() => crystfelFromGeometry(geometry, { dataPath: '/a;b' })).toThrow(/cannot stand in a \.geom file/);
  });
});

describe('.geom files with faults', () => {
  const read = (text: string, detector?: Detector) => geometryFromCrystfel(text, detector, { path: 'x.geom' });
  const lineOf = (text: string, part: string) => text.split('\n').findIndex((line) => line.includes(part)) + 1;

  it('two panels on the same data', () => {
    const text = FULL.replace(/p3a5\/dim1 = 3/, 'p3a5/dim1 = 4');
    expect(() => read(text, AGIPD_1M)).toThrow(
      new RegExp(
        `^x\\.geom, line ${lineOf(text, 'p4a5/')}: panel p4a5 lies on the same data as panel p3a5 of line ${lineOf(text, 'p3a5/dim')}`,
      ),
    );
  });

  it('a panel of two tiles, a corner that is no number, two axes that differ', () => {
    expect(() => read(FULL.replace('p0a0/max_ss = 63', 'p0a0/max_ss = 127'), AGIPD_1M)).toThrow(
      /^x\.geom, line \d+: panel p0a1 lies on the same data as panel p0a0 of line \d+/,
    );
    expect(() => read(FULL.replace('p0a7/max_ss = 511', 'p0a7/max_ss = 512'), AGIPD_1M)).toThrow(
      /^x\.geom, line \d+: panel p0a7 \(ss 448 to 512, fs 0 to 127, axes %, 0, ss, fs\) is not a tile of AGIPD1M, which has 16 modules of 512 x 128 pixels with tiles of 64 x 128/,
    );
    expect(() => read(FULL.replace(/p0a0\/corner_x = .*/, 'p0a0/corner_x = nan'), AGIPD_1M)).toThrow(
      /^x\.geom, line \d+: corner_x = "nan" must be a finite number/,
    );
    const raw = crystfelFromGeometry(exampleGeometry(AGIPD_1M), { layout: ['frame', 'modno', 0, 'ss', 'fs'] });
    expect(() => read(raw.replace('p2a3/dim2 = 0', 'p2a3/dim2 = 1'), AGIPD_1M)).toThrow(
      /^x\.geom: dim1 and dim2 both differ between panels/,
    );
  });

  it('of no detector that is known, and of another one', () => {
    const other = FULL.replaceAll('/max_fs = 127', '/max_fs = 99');
    expect(() => read(other)).toThrow(/^x\.geom: its 128 panels are those of no detector that is known here/);
    expect(() => read(FULL, jungfrau(8))).toThrow(
      /is not a tile of JUNGFRAU.* Its panels are those of AGIPD1M with 16/,
    );
  });

  it('strict mode refuses what CrystFEL refuses', () => {
    const text = FULL.replace(/photon_energy = .*/, '');
    expect(() => geometryFromCrystfel(text, AGIPD_1M, { mode: 'strict' })).toThrow(/none of wavelength, photon_energy/);
    expect(read(text, AGIPD_1M).metadata.photonEnergyKeV).toBeUndefined();
  });
});
