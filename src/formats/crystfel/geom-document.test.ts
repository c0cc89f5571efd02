import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { golden } from '../../../test/golden/geometry/golden.ts';
import { parseGeom } from './geom.ts';
import {
  dimensionRemovals,
  editGeomDocument,
  type GeomChange,
  geomDocumentText,
  openGeomDocument,
  removalOf,
  withGeomMotors,
} from './geom-document.ts';
import { readMotors } from './geom-motors.ts';
import { decimal, inUnits, vectorText } from './geom-number.ts';
import { readVector } from './geom-panel.ts';

const FILES = ['crystfel', 'files'].flatMap((folder) =>
  readdirSync(golden + folder)
    .filter((name) => name.endsWith('.geom'))
    .map((name) => `${folder}/${name}`),
);
const read = (file: string) => readFileSync(golden + file, 'utf8');

const edit = (text: string, ...changes: (readonly [string, string, string | null])[]) =>
  geomDocumentText(
    editGeomDocument(
      openGeomDocument(text),
      changes.map(([owner, key, value]): GeomChange => ({ owner, key, value })),
    ),
  );

/** Whether two directions are not along one line: panels without area are refused. */
function isAside([aX, aY, aZ]: readonly number[], [bX, bY, bZ]: readonly number[]): boolean {
  const cross = Math.hypot(aY * bZ - aZ * bY, aZ * bX - aX * bZ, aX * bY - aY * bX);
  return cross > 1e-5 * Math.hypot(aX, aY, aZ) * Math.hypot(bX, bY, bZ);
}

describe('a .geom file as a document', () => {
  it.each(FILES)('%s comes back byte for byte', (file) => {
    expect(geomDocumentText(openGeomDocument(read(file)))).toBe(read(file));
    expect(edit(read(file))).toBe(read(file));
  });

  it('any text comes back, whatever its line ends', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.constantFrom('\r', '\n', '\r\n', ';', 'a/b = 1'), fc.string())), (parts) => {
        expect(geomDocumentText(openGeomDocument(parts.join('')))).toBe(parts.join(''));
      }),
    );
  });

  const TEXT = [
    '; head',
    'clen =  0.2 m   ; measured',
    'odd_key = kept',
    '',
    'p0/corner_x =   -1.5  ; old',
    'p0/corner_x = 2.5;newer',
    '\tp0/fs = +1x',
    'p1/fs = x',
    '; tail',
  ].join('\r\n');

  it('changes one value and nothing else: spaces, comments, unknown keys and line ends stay', () => {
    expect(edit(TEXT, ['p0', 'corner_x', '3.25'])).toBe(TEXT.replace('2.5;newer', '3.25;newer'));
    expect(edit(TEXT, ['', 'clen', '1 m'])).toBe(TEXT.replace('0.2 m', '1 m'));
    expect(edit(TEXT, ['p0', 'fs', '+1.0x -0.5y'])).toBe(TEXT.replace('+1x', '+1.0x -0.5y'));
  });

  it('puts new keys where they count', () => {
    expect(edit(TEXT, ['p0', 'coffset', '0.001'])).toBe(
      TEXT.replace('p0/fs = +1x\r\n', 'p0/fs = +1x\r\np0/coffset = 0.001\r\n'),
    );
    expect(edit(TEXT, ['', 'res', '5000'], ['', 'res', '6000'])).toBe(
      TEXT.replace('p0/corner_x =   -1.5', 'res = 6000\r\np0/corner_x =   -1.5'),
    );
    expect(edit(TEXT, ['bad_x', 'min_x', '1'])).toBe(
      TEXT.replace('p0/corner_x =   -1.5', 'bad_x/min_x = 1\r\np0/corner_x =   -1.5'),
    );
    expect(edit(TEXT, ['', 'group_all', 'p0,p1'], ['p2', 'fs', 'x'])).toBe(
      `${TEXT}\r\ngroup_all = p0,p1\r\np2/fs = x\r\n`,
    );
  });

  it('removes keys and whole panels', () => {
    expect(edit(TEXT, ['p0', 'corner_x', null])).toBe(TEXT.replace(/p0\/corner_x.*\r\n/g, ''));
    const document = openGeomDocument(TEXT);
    expect(geomDocumentText(editGeomDocument(document, removalOf(document, 'p0')))).toBe(
      TEXT.replace(/\t?p0\/.*\r\n/g, ''),
    );
    expect(edit(TEXT, ['p0', 'fs', null], ['p0', 'fs', 'y'])).toContain('\r\np0/fs = y\r\np1/fs');
  });

  it('removes every dimN', () => {
    const document = openGeomDocument(read('files/write_agipd_full.geom'));
    const text = geomDocumentText(editGeomDocument(document, dimensionRemovals(document)));
    expect(text).toBe(read('files/write_agipd_full.geom').replace(/^.*dim\d = .*\n/gm, ''));
  });

  it('refuses names and values that would become something else', () => {
    for (const [owner, key, value] of [
      ['p 0', 'fs', 'x'],
      ['p0', '', 'x'],
      ['', 'a/b', 'x'],
      ['p0', 'fs', 'x ; y'],
      ['p0', 'fs', 'x\nclen = 1'],
      ['p0', 'fs', ' x'],
    ] as const)
      expect(() => edit(TEXT, [owner, key, value])).toThrow(/\.geom file|cannot be written/);
  });

  it('what was set is what is read, in any file', () => {
    const number = fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e4, max: 1e4 });
    fc.assert(
      fc.property(
        fc.constantFrom('files/write_agipd_2d.geom', 'files/write_agipd_tilted.geom', 'crystfel/vectors.geom'),
        fc.nat(),
        fc.tuple(number, number, number, number, number, number),
        (file, pick, [x, y, z, fx, fy, fz]) => {
          const before = parseGeom(read(file), { mode: 'lenient' });
          const at = pick % before.panels.length;
          const { name, ss } = before.panels[at];
          fc.pre(isAside([fx, fy, fz], ss));
          const text = edit(
            read(file),
            [name, 'corner_x', decimal(x)],
            [name, 'corner_y', decimal(y)],
            [name, 'coffset', decimal(z)],
            [name, 'fs', vectorText([fx, fy, fz])],
          );
          const after = parseGeom(text, { mode: 'lenient' });
          const zero = (n: number) => n + 0;
          const expected = before.panels.map((panel, i) =>
            i === at ? { ...panel, cornerX: x, cornerY: y, coffset: z, fs: [fx, fy, fz].map(zero) } : panel,
          );
          const plain = (panels: readonly object[]) =>
            JSON.parse(JSON.stringify(panels.map((panel) => ({ ...panel, line: 0 })))) as unknown;
          expect(plain(after.panels)).toEqual(plain(expected));
          expect(after.findings.length).toBe(before.findings.length);
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe('numbers of a .geom file', () => {
  const any = fc.double({ noNaN: true, noDefaultInfinity: true });

  it('have no exponent and read back as they were', () => {
    expect([1e-7, -1.25e-9, 1e21, -0, 0.5, 12, 5e-324].map((n) => decimal(n).slice(0, 24))).toEqual([
      '0.0000001',
      '-0.00000000125',
      '1000000000000000000000',
      '0',
      '0.5',
      '12',
      '0.0000000000000000000000',
    ]);
    fc.assert(
      fc.property(any, (n) => {
        expect(decimal(n)).toMatch(/^-?\d+(\.\d+)?$/);
        expect(Number(decimal(n))).toBe(n + 0);
      }),
    );
  });

  it('vectors read back as they were', () => {
    expect(vectorText([0, -1, 0])).toBe('+0x -1y');
    expect(vectorText([1e-7, 0.5, -2])).toBe('+0.0000001x +0.5y -2z');
    fc.assert(
      fc.property(any, any, any, (x, y, z) => {
        expect(readVector(vectorText([x, y, z]))).toEqual([x + 0, y + 0, z + 0]);
      }),
    );
  });

  it('lengths in pixels do not drift', () => {
    fc.assert(
      fc.property(
        fc.double({ noNaN: true, min: -10, max: 10 }),
        fc.constantFrom(5000, 2000, 13333.333333333334, 1 / 2.36e-4),
        (length, res) => {
          const first = inUnits(length, res) / res;
          expect(Math.abs(first - length)).toBeLessThanOrEqual(Math.abs(length) * 2 ** -52);
          expect(inUnits(first, res) / res).toBe(first);
        },
      ),
    );
  });

  it('lengths of few digits come back with few digits', () => {
    for (const pixels of [-30.5, -12, 14, 542.794, -526.111, 0]) expect(inUnits(pixels / 5000, 5000)).toBe(pixels);
  });
});

describe('motor positions in comments', () => {
  const HEAD = '; head\n\n;XGEOM MOTORS=2,1\n;XGEOM MOTOR_Q1=3.5\n;XGEOM MOTOR_Q2=-2e-1\n\nres = 1\n';

  it('are read, replaced, removed and added', () => {
    expect(readMotors(HEAD)).toEqual([[3.5], [-0.2]]);
    expect(readMotors('; XGEOM MOTORS=2,1\n ;XGEOM MOTORS=2,1\n')).toBeNull();
    const document = openGeomDocument(HEAD);
    expect(geomDocumentText(withGeomMotors(document, [[1, 2]]))).toBe(
      '; head\n\n;XGEOM MOTORS=1,2\n;XGEOM MOTOR_Q1=1,2\n\nres = 1\n',
    );
    const without = withGeomMotors(document, null);
    expect(geomDocumentText(without)).toBe('; head\n\n\nres = 1\n');
    expect(geomDocumentText(withGeomMotors(without, [[4]]))).toBe(
      '; head\n;XGEOM MOTORS=1,1\n;XGEOM MOTOR_Q1=4\n\n\nres = 1\n',
    );
    expect(geomDocumentText(withGeomMotors(openGeomDocument('; only'), [[4]]))).toBe(
      '; only\n;XGEOM MOTORS=1,1\n;XGEOM MOTOR_Q1=4\n',
    );
  });

  it('that are damaged are refused with their line', () => {
    for (const [from, to, reason] of [
      ['MOTORS=2,1', 'MOTORS=2', /x\.geom, line 3: MOTORS must be two whole numbers/],
      ['MOTORS=2,1', 'MOTORS=3,1', /line 3: There is no MOTOR_Q3 for 3 parts/],
      ['Q1=3.5', 'Q1=3.5,1', /line 4: MOTOR_Q1 must be 1 numbers/],
      ['Q1=3.5', 'Q1=abc', /line 4: MOTOR_Q1 must be 1 numbers/],
      ['Q2=', 'Q5=', /line 5: MOTOR_Q5 is none of 2 parts/],
      [';XGEOM MOTORS=2,1\n', '', /line 3: MOTOR_Q stands before MOTORS/],
      ['MOTORS=2,1', 'MOTORS=1e9,1', /line 3: MOTORS must be two whole numbers/],
    ] as const)
      expect(() => readMotors(HEAD.replace(from, to), 'x.geom')).toThrow(reason);
  });
});

describe('files that CrystFEL 0.12.0 wrote back', () => {
  it.each(FILES.filter((file) => file.endsWith('.rewritten.geom')))('%s says what the original said', (file) => {
    const original = parseGeom(read(file.replace('.rewritten', '')));
    const rewritten = parseGeom(read(file));
    const rounded = (value: unknown) =>
      JSON.parse(JSON.stringify(value, (_, v) => (typeof v === 'number' ? Number(v.toFixed(5)) : v))) as unknown;
    const facts = ({ panels, badRegions, groups }: typeof original) =>
      rounded([panels.map(({ line: _, ...panel }) => panel), badRegions, groups]);
    expect(facts(rewritten)).toEqual(facts(original));
  });
});
