import { existsSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DType, decodeFloat16 } from '../../src/core/dtype.ts';
import type { Hdf5File, Hdf5Opener } from '../../src/formats/hdf5.ts';
import { libraryHdf5Opener, nodeHdf5Opener, openReaderFile } from '../../src/platform/node/hdf5-open.ts';
import { GOLDEN } from './hdf5-run-expected.ts';

/** Every adapter of the HDF5 port must pass this suite. */
const ADAPTERS: readonly (readonly [name: string, opener: Hdf5Opener])[] = [
  ['own reader', { open: async (path) => openReaderFile(path) }],
  ['WebAssembly library', libraryHdf5Opener],
  ['own reader with the library behind it', nodeHdf5Opener],
];

describe.each(ADAPTERS)('HDF5 port: %s', (_, opener) => {
  let file: Hdf5File;
  beforeAll(async () => {
    expect(existsSync(`${GOLDEN}hdf5-types.h5`)).toBe(true);
    file = await opener.open(`${GOLDEN}hdf5-types.h5`);
  });
  afterAll(() => file.close());

  const dtypes: Readonly<Record<string, DType>> = {
    i1: 'int8',
    i2: 'int16',
    i4: 'int32',
    i8: 'int64',
    u1: 'uint8',
    u2: 'uint16',
    u4: 'uint32',
    u8: 'uint64',
    f2: 'float16',
    f4: 'float32',
    f8: 'float64',
  };

  it.each(
    Object.entries(dtypes).flatMap(([name, dtype]) => ['little', 'big'].map((order) => [order, name, dtype] as const)),
  )('%s-endian %s', (order, name, dtype) => {
    const path = `/${order}/${name}`;
    expect(file.datasetInfo(path)).toMatchObject({ type: { kind: 'plain', dtype }, shape: [2, 3], chunks: null });
    const { data, shape, dtype: found } = file.read(path);
    expect([found, shape]).toEqual([dtype, [2, 3]]);
    const numbers = Array.from(data as ArrayLike<number | bigint>, (v) =>
      dtype === 'float16' ? decodeFloat16(Number(v)) : Number(v),
    );
    expect(numbers).toEqual([0, 1, 2, 3, 4, 5]);
    expect(typeof (data as ArrayLike<unknown>)[0]).toBe(dtype.endsWith('int64') ? 'bigint' : 'number');
  });

  it('booleans, complex numbers, enumerations, text', () => {
    expect(file.read('/bool')).toMatchObject({ dtype: 'bool', data: Uint8Array.of(1, 0, 1) });
    expect(file.read('/complex64')).toMatchObject({
      dtype: 'complex64',
      shape: [2],
      data: Float32Array.of(1, 2, 3, -4),
    });
    expect(file.read('/enum')).toMatchObject({ dtype: 'uint16', data: Uint16Array.of(1, 2, 1) });
    expect(file.read('/vlen-text').data).toEqual(['ON', '', 'μm']);
    expect(file.read('/vlen-text', { start: [1], count: [2] }).data).toEqual(['', 'μm']);
    expect(file.read('/fixed-text').data).toEqual(['abc', 'de', '']);
    expect(file.read('/scalar-text')).toMatchObject({ dtype: 'string', shape: [], data: ['hello'] });
    expect(file.read('/scalar')).toMatchObject({ dtype: 'float32', shape: [], data: Float32Array.of(2.5) });
    expect(file.read('/empty')).toMatchObject({ shape: [0, 4], data: new Uint16Array(0) });
  });

  it('records by field, and refuses what it has no type for', () => {
    const fields = file.readFields('/records');
    expect(fields.get('n')).toEqual({ dtype: 'int32', shape: [1, 2], data: Int32Array.of(1, 3) });
    expect(fields.get('x')).toEqual({ dtype: 'float64', shape: [1, 2], data: Float64Array.of(2.5, 4.5) });
    expect(() => file.read('/records')).toThrow(/holds record elements/);
    expect(() => file.readFields('/scalar')).toThrow(/plain elements/);
    expect(() => file.read('/vlen-numbers')).toThrow(/cannot read/);
  });

  it.each(['contiguous', 'chunked', 'gzip-shuffle'])('blocks of a dataset: %s', (layout) => {
    const path = `/layout/${layout}`;
    const whole = file.read(path).data as Uint16Array;
    expect([...whole]).toEqual(Array.from({ length: 240 }, (_, i) => i));
    const block = file.read(path, { start: [2, 1, 3], count: [2, 3, 2] });
    const expected = [2, 3].flatMap((i) => [1, 2, 3].flatMap((j) => [3, 4].map((k) => (i * 6 + j) * 5 + k)));
    expect([...(block.data as Uint16Array)]).toEqual(expected);
    const out = new Uint16Array(14).fill(9);
    file.read(path, { start: [7, 0, 0], count: [1, 6, 2] }, out.subarray(1, 13));
    expect([out[0], out[1], out[12], out[13]]).toEqual([9, 210, 236, 9]);
    expect(() => file.read(path, { start: [7, 0, 0], count: [2, 6, 5] })).toThrow(/outside/);
    expect(() => file.read(path, undefined, out)).toThrow(/needs 240 elements/);
  });

  it('layout, filters and unwritten chunks', () => {
    expect(file.datasetInfo('/layout/gzip-shuffle')).toMatchObject({
      chunks: [1, 6, 5],
      filters: ['shuffle', 'deflate'],
      maxShape: [null, 6, 5],
    });
    expect(new Set(file.read('/layout/unallocated').data as Uint16Array)).toEqual(new Set([7]));
  });

  it('links and kinds', () => {
    expect(file.children('/links')).toEqual([
      { name: 'broken', link: 'soft', kind: 'missing', target: '/nowhere' },
      { name: 'external', link: 'external', kind: 'missing' },
      { name: 'hard', link: 'hard', kind: 'dataset' },
      { name: 'soft', link: 'soft', kind: 'group', target: '/layout' },
    ]);
    expect(
      ['/links', '/scalar', '/nope', '/nope/deeper', '/links/soft/chunked'].map((path) => file.kindOf(path)),
    ).toEqual(['group', 'dataset', 'missing', 'missing', 'dataset']);
    expect(() => file.children('/nope')).toThrow(/nope/);
    expect(() => file.attributes('/nope')).toThrow(/no such object/);
    expect(() => file.datasetInfo('/links')).toThrow(/no dataset \/links/);
  });

  it('attributes', () => {
    const attributes = file.attributes('/scalar');
    expect(attributes.get('text')).toBe('μ');
    expect(attributes.get('fixed')).toBe('mm');
    expect(attributes.get('number')).toBe(3);
    expect(attributes.get('flag')).toBe(true);
    expect(attributes.get('list')).toEqual({ dtype: 'float32', shape: [3], data: Float32Array.of(0, 1, 2) });
    expect(attributes.has('nothing')).toBe(false);
  });

  it('is suspended and closed', async () => {
    const other = await opener.open(`${GOLDEN}hdf5-types.h5`);
    other.suspend();
    other.suspend();
    expect(other.read('/scalar').data).toEqual(Float32Array.of(2.5));
    other.close();
    other.close();
    expect(() => other.read('/scalar')).toThrow(/was closed/);
  });
});
