import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isXfelError } from '../core/errors.ts';
import { AGIPD_1M } from './agipd.ts';
import { parseDetector } from './detector-record.ts';
import { DETECTOR_NAMES, detectorByName } from './detector-table.ts';
import { exampleGeometry, geometryFromQuadPositions, pixelPositions } from './geometry.ts';
import { geometryFromCrystfel } from './geometry-crystfel.ts';
import { crystfelFromGeometry } from './geometry-crystfel-write.ts';
import { snapGeometry } from './snapped-geometry.ts';

const DOCS = fileURLToPath(new URL('../../docs/detectors/', import.meta.url));
const SMALL = { name: 'Small', dataShape: [2, 4, 6], pixelSize: 1e-4 };
const read = (changes: object) => parseDetector(JSON.stringify({ ...SMALL, ...changes }), { path: 'd.json' });

describe('a detector from JSON', () => {
  it.each(DETECTOR_NAMES)('%s of the table is the same when it is read from its own JSON', (name) => {
    const detector = detectorByName(name);
    expect(parseDetector(JSON.stringify(detector))).toEqual(detector);
  });

  it('needs a name, a shape and a pixel size; positions are its own or those of a file', () => {
    const detector = read({});
    expect(detector.groupModules).toEqual([0, 1]);
    const geometry = geometryFromQuadPositions(detector, [
      [10, 20],
      [-10, 5],
    ]);
    const { data } = pixelPositions(geometry);
    const last = ((1 * 4 + 3) * 6 + 5) * 3;
    expect(data[last]).toBeCloseTo((-10 + 5.5) * 1e-4, 15);
    expect(data[last + 1]).toBeCloseTo((5 + 3.5) * 1e-4, 15);
    const text = crystfelFromGeometry(geometry, { distance: 0.1, photonEnergyKeV: 9, aduPerEv: 1 });
    expect(geometryFromCrystfel(text, detector).tiles).toEqual(geometry.tiles);
    expect(() => exampleGeometry(detector)).toThrow(/Small has no example positions: give a geometry file/);
  });

  it('may have tiles in a grid', () => {
    expect(read({ tiles: { shape: [2, 3], counts: [2, 2] } }).tiles[3]).toEqual({
      ...{ ssStart: 2, ssStop: 4, fsStart: 3, fsStop: 6 },
      ...{ ssIndex: 1, fsIndex: 1 },
    });
  });

  it.each(readdirSync(DOCS))('docs/detectors/%s is one', (file) => {
    const detector = parseDetector(readFileSync(DOCS + file, 'utf8'), { path: file });
    const positions = detector.groupModules.map((_, i) => [0, i * 600] as const);
    expect(snapGeometry(geometryFromQuadPositions(detector, positions)).shape).toHaveLength(2);
    if (file === 'agipd4m.json') expect(detector.tiles).toEqual(AGIPD_1M.tiles);
  });

  it.each([
    [{ name: 7 }, /d\.json: name is 7; it must be a name/],
    [{ dataShape: [2, 4] }, /dataShape is \[2,4\]; it must be \[modules, ss, fs\]/],
    [{ dataShape: [2, 0, 6] }, /dataShape\[1\] is 0; it must be a whole number of at least 1/],
    [{ dataShape: [1e5, 1e5, 1e5] }, /dataShape .* at most/],
    [{ pixelSize: 0 }, /pixelSize is 0; it must be metres above 0/],
    [{ pixelSize: undefined }, /pixelSize is missing/],
    [{ pixlSize: 1 }, /no field "pixlSize"; the fields are name/],
    [{ tiles: [] }, /at least one tile/],
    [{ tiles: { shape: [3, 6], counts: [2, 1] } }, /tile 1 ends at ss 6/],
    [{ tiles: { shape: [2, 6], counts: [1, 1] } }, /cover all 4 x 6/],
    [{ modules: [] }, /modules is \[\]; it must be a list of 2 modules/],
    [{ modules: [0, 1].map((group) => ({ group, ss: [1, 0], fs: [1, 0] })) }, /modules\[0\]\.fs .* across ss/],
    [{ modules: [0, 2].map((group) => ({ group, ss: [0, 1], fs: [1, 0] })) }, /numbered 0, 1, 2/],
    [{ groupModules: [1] }, /groupModules is \[1\]; .*\[0,1\], or left out/],
    [{ reference: 'middle' }, /one of firstPixel, low, high, centre/],
    [{ examplePositions: [[1, 2]] }, /for each of the 2 groups/],
    [{ motors: { groups: [[0, 3]], axes: [] } }, /motors\.groups\[0\] .* modules of 0 to 2/],
    [{ pixel: 'round' }, /"square", "hexagon" or an object/],
  ])('refuses %j', (changes, message) => {
    expect(() => read(changes)).toThrow(message);
  });

  it('is refused with FormatInvalid whatever the document holds', () => {
    expect(() => parseDetector('{"name":', { path: 'd.json' })).toThrow(/^d\.json is no JSON/);
    const field = fc.constantFrom('dataShape', 'pixel', 'tiles', 'modules', 'motors', 'pitch', 'examplePositions');
    fc.assert(
      fc.property(field, fc.jsonValue(), (key, value) => {
        try {
          read({ [key]: value });
        } catch (error) {
          if (!isXfelError(error, 'FormatInvalid')) throw error;
        }
      }),
    );
    fc.assert(
      fc.property(fc.json(), (text) => {
        expect(() => parseDetector(text)).toThrow();
      }),
    );
  });
});
