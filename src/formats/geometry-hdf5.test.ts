import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasShared, sharedGolden } from '../../test/golden/geometry/golden.ts';
import { ndarray } from '../core/ndarray.ts';
import { nodeHdf5Creator } from '../platform/node/hdf5-create.ts';
import { openReaderFile } from '../platform/node/hdf5-open.ts';
import {
  type GeometryHdf5,
  invertGeometryHdf5,
  isGeometryHdf5,
  readGeometryHdf5,
  writeGeometryHdf5,
} from './geometry-hdf5.ts';
import { createHdf5, type Hdf5Writer } from './hdf5-writer.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'hutch-geometry-hdf5-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function read(path: string): GeometryHdf5 {
  const file = openReaderFile(path);
  try {
    return readGeometryHdf5(file);
  } finally {
    file.close();
  }
}

async function made(write: (writer: Hdf5Writer) => void): Promise<string> {
  const path = join(folder, 'x.h5');
  await createHdf5(nodeHdf5Creator, path, write);
  return path;
}

const number = fc.double({ noNaN: true, noDefaultInfinity: true }).map((n) => n + 0);
const position = fc.tuple(number, number);
const list = <T>(of: fc.Arbitrary<T>, maxLength: number) => fc.array(of, { minLength: 1, maxLength });
const geometries: fc.Arbitrary<GeometryHdf5> = fc.record({
  quadrants: list(
    fc.record({
      position: fc.option(position),
      modules: list(fc.record({ position, tiles: list(position, 12) }), 4),
    }),
    4,
  ),
});

describe('measured positions in HDF5', () => {
  it('what was written is read', async () => {
    await fc.assert(
      fc.asyncProperty(geometries, async (geometry) => {
        expect(read(await made((writer) => writeGeometryHdf5(writer, geometry)))).toEqual(geometry);
      }),
      { numRuns: 40 },
    );
  });

  it('turned round twice they are the same', () => {
    fc.assert(
      fc.property(geometries, (geometry) => {
        expect(invertGeometryHdf5(invertGeometryHdf5(geometry))).toEqual(geometry);
      }),
    );
    const one = { quadrants: [{ position: null, modules: [{ position: [1, -2], tiles: [[0, 3]] }] }] } as const;
    expect(invertGeometryHdf5(one)).toEqual({
      quadrants: [{ position: null, modules: [{ position: [-1, 2], tiles: [[0, -3]] }] }],
    });
  });

  const two = (...numbers: number[]) => ndarray('float64', [numbers.length], Float64Array.from(numbers));

  it.each([
    ['nothing', () => undefined, /\/ must hold quadrants Q1, Q2, \.\. without gaps; there are: none/],
    ['Q1 and Q3', (w: Hdf5Writer) => ['/Q1', '/Q3'].map((path) => w.group(path)), /there are: \/Q1, \/Q3/],
    ['no module', (w: Hdf5Writer) => w.group('/Q1'), /\/Q1 must hold modules M1, M2/],
    ['no position', (w: Hdf5Writer) => w.group('/Q1/M1'), /\/Q1\/M1\/Position is missing/],
    ['no tiles', (w: Hdf5Writer) => w.write('/Q1/M1/Position', two(1, 2)), /\/Q1\/M1 must hold tiles T01, T02/],
    ['one number', (w: Hdf5Writer) => w.write('/Q1/M1/Position', two(1)), /\/Q1\/M1\/Position has shape \[1\]/],
    ['NaN', (w: Hdf5Writer) => w.write('/Q1/M1/Position', two(1, Number.NaN)), /Position is \(1, NaN\)/],
    [
      'text',
      (w: Hdf5Writer) => w.write('/Q1/M1/Position', ndarray('string', [2], ['1', '2'])),
      /Position holds no numbers/,
    ],
  ] as const)('a file with %s is refused', async (_, write, reason) => {
    const path = await made((writer) => void write(writer));
    expect(() => read(path)).toThrow(reason);
  });

  it('a third number, of z, is passed over', async () => {
    const path = await made((writer) => {
      writer.write('/Q1/M1/Position', two(1, 2, 3));
      writer.write('/Q1/M1/T01/Position', ndarray('int64', [2], BigInt64Array.of(4n, 5n)));
    });
    expect(read(path)).toEqual({ quadrants: [{ position: null, modules: [{ position: [1, 2], tiles: [[4, 5]] }] }] });
    const file = openReaderFile(path);
    expect(isGeometryHdf5(file)).toBe(true);
    file.close();
  });
});

describe.skipIf(!hasShared)('measured positions of the facility (beside the repository only)', () => {
  it.each([
    ['lpd_mar_18_axesfixed.h5', 16],
    ['dssc_geo_june19.h5', 2],
  ] as const)('%s', (name, tiles) => {
    const path = `${sharedGolden}files/${name}`;
    expect(existsSync(path)).toBe(true);
    const { quadrants } = read(path);
    expect(quadrants.map((quadrant) => quadrant.position)).toEqual([null, null, null, null]);
    expect(quadrants.flatMap(({ modules }) => modules.map((module) => module.tiles.length))).toEqual(
      Array(16).fill(tiles),
    );
  });

  it('the file that EXtra-geom wrote', () => {
    const { quadrants } = read(`${sharedGolden}files/write_dssc.h5`);
    expect(quadrants.map(({ modules }) => modules.map(({ tiles }) => tiles.length))).toEqual(
      Array.from({ length: 4 }, () => [2, 2, 2, 2]),
    );
    expect(quadrants[0].position).not.toBeNull();
  });
});
