import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { typeStringOf } from '../../core/dtype.ts';
import { bytesOf } from '../../core/ndarray.ts';
import { nodeDecoders } from '../../platform/node/chunk-decoders.ts';
import { openReaderFile } from '../../platform/node/hdf5-open.ts';
import type { RandomBytes } from './random-bytes.ts';
import { ReaderHdf5File } from './reader-file.ts';

const folder = fileURLToPath(new URL('../../../test/golden/hdf5/', import.meta.url));
const expected: Record<string, Record<string, [dtype: string, shape: number[], sha256: string]>> = JSON.parse(
  readFileSync(`${folder}expected.json`, 'utf8'),
);

describe.each(Object.keys(expected))('%s as h5py reads it', (name) => {
  const file = openReaderFile(`${folder}${name}`);
  const isStrided = (path: string) => path === '/strided';

  it.each(Object.entries(expected[name]).filter(([path]) => !isStrided(path)))('%s', (path, [dtype, shape, sha256]) => {
    const array = file.read(path);
    const isText = array.dtype === 'string';
    const content = isText ? (array.data as string[]).join('\n') : bytesOf(array);
    expect([
      isText ? 'string' : typeStringOf(array.dtype),
      array.shape,
      createHash('sha256').update(content).digest('hex'),
    ]).toEqual([dtype, shape, sha256]);
  });

  it('any block is a part of the whole', () => {
    for (const path of Object.keys(expected[name])) {
      const { shape, type } = file.datasetInfo(path);
      if (isStrided(path) || type.kind !== 'plain' || type.dtype === 'string' || shape.length !== 3) continue;
      const whole = file.read(path).data as Uint16Array;
      const start = shape.map((n) => Math.floor(n / 3));
      const count = shape.map((n, axis) => n - start[axis] - (axis === 1 ? 1 : 0));
      const block = file.read(path, { start, count }).data as Uint16Array;
      let i = 0;
      for (let a = 0; a < count[0]; a++) {
        for (let b = 0; b < count[1]; b++) {
          for (let c = 0; c < count[2]; c++) {
            const at = ((start[0] + a) * shape[1] + start[1] + b) * shape[2] + start[2] + c;
            if (block[i++] !== whole[at]) expect.fail(`${path} differs at ${[a, b, c]}`);
          }
        }
      }
    }
  });
});

describe('links and attributes', () => {
  it.each(['layouts-earliest.h5', 'layouts-latest.h5', 'layouts-user-block.h5'])('%s: many of them', (name) => {
    const file = openReaderFile(`${folder}${name}`);
    const wide = file.children('/wide');
    expect(wide).toHaveLength(200);
    expect(wide[137]).toEqual({ name: 'group-137-μ', link: 'hard', kind: 'group' });
    expect(file.children('/').find((child) => child.name === 'wide-soft')).toEqual({
      name: 'wide-soft',
      link: 'soft',
      kind: 'group',
      target: '/wide/group-003-μ',
    });
    const attributes = file.attributes('/attributes');
    expect(attributes.size).toBe(42);
    expect(attributes.get('text')).toBe('x'.repeat(500));
    expect(attributes.get('texts')).toMatchObject({ dtype: 'string', data: ['a', 'bé', ''] });
    expect(attributes.get('number 33')).toMatchObject({ dtype: 'int64', shape: [4] });
  });

  it('follows links to other files', () => {
    const file = openReaderFile(`${folder}layouts-virtual.h5`);
    expect(file.read('/external/plain').data).toEqual(
      openReaderFile(`${folder}layouts-latest.h5`).read('/fixed/plain').data,
    );
  });
});

it('names a virtual dataset that it leaves to the library', () => {
  const file = openReaderFile(`${folder}layouts-virtual.h5`);
  expect(() => file.read('/strided')).toThrow(/changes its shape/);
  expect(() => file.assertReadable('/strided')).toThrow(expect.objectContaining({ tag: 'Unsupported' }));
  expect(() => file.assertReadable('/modules')).not.toThrow();
});

it('reads values that lie beyond 4 GiB', () => {
  const original = new Uint8Array(readFileSync(`${folder}../extra-data/hdf5-types.h5`));
  const path = '/layout/contiguous';
  const small = new ReaderHdf5File(inMemory(original, original.length), nodeDecoders);
  const values = small.read(path).data as Uint16Array;
  const block = { start: [0, 0, 0], count: [...small.datasetInfo(path).shape] };
  const place = small.planRead(path, block)?.pieces[0].address ?? 0;
  // The same file with the values moved far away: the address in the layout message and the end of the file change.
  const far = 5 * 2 ** 30;
  const moved = new Uint8Array(original);
  const view = new DataView(moved.buffer);
  view.setBigUint64(findBytes(moved, place), BigInt(far), true);
  view.setBigUint64(40, BigInt(far + values.byteLength), true);
  const tail = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  const file = new ReaderHdf5File(inMemory(moved, far + values.byteLength, far, tail), nodeDecoders);
  expect(file.planRead(path, block)?.pieces[0].address).toBe(far);
  expect(file.read(path).data).toEqual(values);
});

/** Where an address stands as 8 little-endian bytes, at any byte. */
function findBytes(bytes: Uint8Array, address: number): number {
  const view = new DataView(bytes.buffer);
  for (let i = 0; i + 8 <= bytes.length; i++) if (view.getBigUint64(i, true) === BigInt(address)) return i;
  throw new Error(`${address} does not stand in the file`);
}

/** A file of `size` bytes: `head` at its start, `tail` at byte `tailAt`, zeros between. */
function inMemory(head: Uint8Array, size: number, tailAt = size, tail: Uint8Array = new Uint8Array(0)): RandomBytes {
  return {
    name: 'large.h5',
    size,
    readInto(start, out) {
      for (let i = 0; i < out.length; i++) {
        const at = start + i;
        out[i] = at < head.length ? head[at] : at >= tailAt ? tail[at - tailAt] : 0;
      }
    },
    openBeside: () => null,
    suspend() {},
    close() {},
  };
}
