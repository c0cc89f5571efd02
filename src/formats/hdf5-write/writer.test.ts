import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { allocate, type DType, lanesOf, type NumericStorage } from '../../core/dtype.ts';
import { bytesOf, elementCount, type NdArray, ndarray } from '../../core/ndarray.ts';
import { nodeHdf5Creator } from '../../platform/node/hdf5-create.ts';
import { openReaderFile } from '../../platform/node/hdf5-open.ts';
import type { Hdf5File } from '../hdf5.ts';
import { loadWasmHdf5 } from '../hdf5-wasm.ts';
import { createHdf5, type Hdf5StorageOptions, type Hdf5Writer } from '../hdf5-writer.ts';

let folder: string;
let files = 0;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'hutch-hdf5-write-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Writes a file and reads it with the library and with our own reader. */
async function roundTrip(
  write: (writer: Hdf5Writer) => void | Promise<void>,
  check: (file: Hdf5File) => void,
): Promise<void> {
  const path = join(folder, `t${files++}.h5`);
  await createHdf5(nodeHdf5Creator, path, write);
  for (const file of [(await loadWasmHdf5()).open(path), openReaderFile(path)]) {
    try {
      check(file);
    } finally {
      file.close();
    }
  }
  rmSync(path);
}

const NUMERIC: readonly Exclude<DType, 'string'>[] = [
  'int8',
  'int16',
  'int32',
  'int64',
  'uint8',
  'uint16',
  'uint32',
  'uint64',
  'float16',
  'float32',
  'float64',
  'bool',
  'complex64',
  'complex128',
];

/** Values with every byte in use (0 and 1 for bool), the same for the same seed. */
function numbers(dtype: Exclude<DType, 'string'>, shape: readonly number[], seed: number): NdArray {
  const data = allocate(dtype, elementCount(shape)) as NumericStorage;
  const bytes = new Uint8Array(data.buffer);
  let state = seed >>> 0;
  for (let i = 0; i < bytes.length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    // Only some bytes are random, so that some chunks get shorter by compression and others do not.
    bytes[i] = dtype === 'bool' ? state >>> 31 : seed % 2 ? state >>> 24 : i % 5;
  }
  return ndarray(dtype, shape, data as never);
}

function expectSame(got: NdArray, wanted: NdArray): void {
  expect([got.dtype, got.shape]).toEqual([wanted.dtype, wanted.shape]);
  if (wanted.dtype === 'string') expect(got.data).toEqual(wanted.data);
  else expect(Buffer.compare(bytesOf(got), bytesOf(wanted))).toBe(0);
}

const shapes = fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 4 });

describe('write, then read', () => {
  it('keeps values of any dtype, shape, chunk shape and filters', async () => {
    const plans = shapes.chain((shape) =>
      fc.record({
        shape: fc.constant(shape),
        chunks: fc.tuple(...shape.map(() => fc.integer({ min: 1, max: 6 }))),
        dtype: fc.constantFrom(...NUMERIC),
        isChunked: fc.boolean(),
        isGrowing: fc.boolean(),
        shuffle: fc.boolean(),
        deflate: fc.integer({ min: 0, max: 9 }),
        fletcher32: fc.boolean(),
        seed: fc.integer({ min: 1, max: 1e9 }),
      }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(plans, { minLength: 1, maxLength: 4 }), async (list) => {
        await roundTrip(
          (writer) => {
            for (const [i, plan] of list.entries()) {
              const { shape, dtype, seed, isChunked, ...storage } = plan;
              writer.write(`/d${i}`, numbers(dtype, shape, seed), isChunked ? storage : {});
            }
          },
          (file) => {
            for (const [i, { shape, dtype, seed, isChunked, chunks, ...rest }] of list.entries()) {
              expectSame(file.read(`/d${i}`), numbers(dtype, shape, seed));
              if (!isChunked) continue;
              const info = file.datasetInfo(`/d${i}`);
              expect(info.chunks).toEqual(chunks);
              expect(info.maxShape[0]).toBe(rest.isGrowing ? null : shape[0]);
              expect(info.filters.length).toBe(
                Number(rest.shuffle) + Number(rest.deflate > 0) + Number(rest.fletcher32),
              );
            }
          },
        );
      }),
      { numRuns: 60 },
    );
  });

  it('gives the same when a dataset is appended in pieces, at once or later', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 0, max: 7 }), { minLength: 1, maxLength: 6 }),
        fc.tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 4 })),
        fc.constantFrom(...NUMERIC),
        fc.integer({ min: 1, max: 1e9 }),
        fc.boolean(),
        async (pieces, chunks, dtype, seed, isLater) => {
          const rows = pieces.reduce((sum, n) => sum + n, 0);
          const all = numbers(dtype, [rows, 3], seed);
          const step = 3 * lanesOf(dtype);
          const data = all.data as Uint8Array;
          await roundTrip(
            async (writer) => {
              const options = { chunks, isGrowing: true, shuffle: true, deflate: 1 };
              writer.create('/x', { dtype, shape: [0, 3], ...options });
              let at = 0;
              for (const n of pieces) {
                const piece = ndarray(dtype, [n, 3], data.slice(at * step, (at + n) * step) as never);
                if (isLater) await writer.appendLater('/x', piece);
                else writer.append('/x', piece);
                at += n;
              }
            },
            (file) => expectSame(file.read('/x'), all),
          );
        },
      ),
      { numRuns: 40 },
    );
  });

  it('keeps blocks and the fill value around them, in any storage', async () => {
    const boxes = fc.tuple(fc.integer({ min: 0, max: 5 }), fc.integer({ min: 1, max: 4 }));
    await fc.assert(
      fc.asyncProperty(
        fc.tuple(boxes, boxes, boxes),
        fc.constantFrom<Hdf5StorageOptions>(
          {},
          { isCompact: true },
          { chunks: [2, 3, 4] },
          { chunks: [4, 1, 9], deflate: 3 },
        ),
        fc.constantFrom(undefined, 7, -1),
        async (box, storage, fill) => {
          const shape = [9, 9, 9];
          const start = box.map(([s]) => s);
          const count = box.map(([, n]) => n);
          const block = numbers('int16', count, 5);
          await roundTrip(
            (writer) => {
              writer.create('/x', { dtype: 'int16', shape, fill, ...storage });
              writer.writeBlock('/x', start, block);
              writer.create('/never', { dtype: 'int16', shape, fill, ...storage });
            },
            (file) => {
              expectSame(file.read('/x', { start, count }), block);
              const outside = Array.from(file.read('/x').data as Int16Array).filter((v) => v === (fill ?? 0)).length;
              expect(outside).toBeGreaterThanOrEqual(9 ** 3 - elementCount(count));
              expect(new Set(file.read('/never').data as Int16Array)).toEqual(new Set([fill ?? 0]));
            },
          );
        },
      ),
      { numRuns: 40 },
    );
  });

  it('keeps texts of any kind, whole and appended, and in attributes', async () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 40 }).map((s) => s.replaceAll('\0', ''));
    await fc.assert(
      fc.asyncProperty(fc.array(text, { minLength: 1, maxLength: 30 }), async (texts) => {
        const array = ndarray('string', [texts.length], texts);
        await roundTrip(
          (writer) => {
            writer.write('/whole', array);
            writer.write('/fixed', array, { textBytes: 400 });
            writer.create('/grown', { dtype: 'string', shape: [0], chunks: [4], isGrowing: true, deflate: 1 });
            for (const one of texts) writer.append('/grown', ndarray('string', [1], [one]));
            writer.attributes('/whole', { list: array, one: texts[0] });
          },
          (file) => {
            for (const path of ['/whole', '/fixed', '/grown']) expectSame(file.read(path), array);
            expectSame(file.attributes('/whole').get('list') as NdArray, array);
            expect(file.attributes('/whole').get('one')).toBe(texts[0]);
          },
        );
      }),
      { numRuns: 40 },
    );
  });

  it('keeps groups with any names', async () => {
    const name = fc
      .string({ unit: 'grapheme', minLength: 1, maxLength: 12 })
      .filter((s) => !/[/\0]/.test(s) && !/^\.+$/.test(s));
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(fc.array(name, { minLength: 1, maxLength: 3 }), { maxLength: 20, selector: (p) => p[0] }),
        async (paths) => {
          await roundTrip(
            (writer) => {
              for (const [i, parts] of paths.entries())
                writer.write(`/${parts.join('/')}/value`, ndarray('int32', [], Int32Array.of(i)));
            },
            (file) => {
              for (const [i, parts] of paths.entries()) expect(file.read(`/${parts.join('/')}/value`).data[0]).toBe(i);
              expect(file.children('/').length).toBe(paths.length);
            },
          );
        },
      ),
      { numRuns: 30 },
    );
  });
});

describe('many', () => {
  it.each([64, 65, 2000])('%i children', async (count) => {
    const names = Array.from({ length: count }, (_, i) => `child ${i} ä`);
    await roundTrip(
      (writer) => {
        for (const [i, name] of names.entries()) writer.write(`/g/${name}`, ndarray('int32', [], Int32Array.of(i)));
        writer.softLink('/g/soft', '/g/child 0 ä');
      },
      (file) => {
        expect(new Set(file.children('/g').map((child) => child.name))).toEqual(new Set([...names, 'soft']));
        for (const i of [0, 1, 31, 63, count - 1]) expect(file.read(`/g/${names[i]}`).data[0]).toBe(i);
        expect(file.read('/g/soft').data[0]).toBe(0);
        expect(file.kindOf('/g/nothing')).toBe('missing');
      },
    );
  });

  it('5000 chunks in two axes', async () => {
    const all = numbers('uint16', [2500, 7], 3);
    await roundTrip(
      (writer) => writer.write('/x', all, { chunks: [1, 4], isGrowing: true }),
      (file) => {
        expectSame(file.read('/x'), all);
        expectSame(file.read('/x', { start: [1234, 3], count: [3, 3] }), {
          dtype: 'uint16',
          shape: [3, 3],
          data: Uint16Array.from(
            { length: 9 },
            (_, i) => (all.data as Uint16Array)[(1234 + Math.floor(i / 3)) * 7 + 3 + (i % 3)],
          ),
        });
      },
    );
  });
});

describe('structure', () => {
  it('records, attributes and links', async () => {
    const fields = new Map<string, NdArray>([
      ['id', ndarray('uint64', [3], BigUint64Array.of(1n, 2n, 2n ** 63n))],
      ['energy', ndarray('float32', [3], Float32Array.of(1.5, Number.NaN, -0))],
    ]);
    await roundTrip(
      (writer) => {
        writer.write('/records', fields);
        writer.create('/grown', {
          dtype: {
            kind: 'record',
            size: 24,
            fields: [
              { name: 'id', dtype: 'uint64', offset: 0 },
              { name: 'energy', dtype: 'float32', offset: 16 },
            ],
          },
          shape: [0],
          chunks: [2],
          isGrowing: true,
        });
        writer.append('/grown', fields);
        writer.attributes('/records', {
          n: 1.5,
          big: -3n,
          is: true,
          array: ndarray('uint8', [2], Uint8Array.of(3, 4)),
        });
        writer.attributes('/', { fixed: { bytes: 8, texts: ndarray('string', [], ['µJ']) } });
        writer.hardLink('/links/hard', '/records');
        writer.softLink('/links/soft', '/records');
        writer.softLink('/links/nowhere', '/nothing');
        writer.externalLink('/links/external', 'missing.h5', '/x');
      },
      (file) => {
        for (const path of ['/records', '/grown', '/links/hard', '/links/soft'])
          expect(file.readFields(path)).toEqual(fields);
        expect(Object.fromEntries(file.attributes('/records'))).toEqual({
          n: 1.5,
          big: -3n,
          is: true,
          array: ndarray('uint8', [2], Uint8Array.of(3, 4)),
        });
        expect(file.attributes('/').get('fixed')).toBe('µJ');
        const links = Object.fromEntries(
          file.children('/links').map(({ name, link, target }) => [name, [link, target]]),
        );
        expect(links).toEqual({
          hard: ['hard', undefined],
          soft: ['soft', '/records'],
          nowhere: ['soft', '/nothing'],
          external: ['external', undefined],
        });
      },
    );
  });

  it('virtual datasets show the blocks of their sources, beside the file, and the fill value elsewhere', async () => {
    const source = numbers('int32', [4, 6], 3);
    await createHdf5(nodeHdf5Creator, join(folder, 'sources', 'source.h5'), (writer) => writer.write('/x', source));
    await roundTrip(
      (writer) => {
        writer.write('/here', source);
        writer.virtual('/none', { dtype: 'int32', shape: [0, 3], mappings: [] });
        writer.virtual('/unmapped', { dtype: 'int32', shape: [2], mappings: [], fill: 5 });
        writer.virtual('/v', {
          dtype: 'int32',
          shape: [5, 2, 6],
          fill: -9,
          mappings: [
            {
              file: 'sources/source.h5',
              dataset: '/x',
              source: { start: [1, 0], count: [3, 6] },
              target: { start: [0, 1, 0], count: [3, 1, 6] },
            },
            {
              file: '.',
              dataset: '/here',
              source: { start: [0, 2], count: [1, 2] },
              target: { start: [4, 0, 0], count: [1, 1, 2] },
            },
            {
              file: 'gone.h5',
              dataset: '/x',
              source: { start: [0], count: [6] },
              target: { start: [3, 0, 0], count: [1, 1, 6] },
            },
          ],
        });
      },
      (file) => {
        expect(file.read('/none')).toEqual(ndarray('int32', [0, 3], new Int32Array(0)));
        expect(file.datasetInfo('/unmapped').shape).toEqual([2]);
        expect([...(file.read('/unmapped').data as Int32Array)]).toEqual([5, 5]);
        const values = file.read('/v').data as Int32Array;
        const wanted = new Int32Array(60).fill(-9);
        const from = source.data as Int32Array;
        for (let row = 0; row < 3; row++) wanted.set(from.subarray((row + 1) * 6, (row + 2) * 6), row * 12 + 6);
        wanted.set(from.subarray(2, 4), 48);
        expect(values).toEqual(wanted);
        expect(file.datasetInfo('/v').virtualFiles).toEqual(['sources/source.h5', '.', 'gone.h5']);
      },
    );
  });
});
