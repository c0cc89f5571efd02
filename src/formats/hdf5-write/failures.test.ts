import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ndarray } from '../../core/ndarray.ts';
import { nodeDeflater, nodeHdf5Creator } from '../../platform/node/hdf5-create.ts';
import { createHdf5 } from '../hdf5-writer.ts';
import { MemorySink } from './byte-sink.ts';
import { createHdf5Writer } from './writer.ts';

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'hutch-hdf5-failures-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const bytes = (length: number) => ndarray('uint8', [length], new Uint8Array(length).fill(3));

describe('failures', () => {
  const memory = () => createHdf5Writer(new MemorySink(), nodeDeflater);
  const three = ndarray('int32', [3], Int32Array.of(1, 2, 3));

  it('says what cannot be', () => {
    const writer = memory();
    writer.write('/x', three);
    expect(() => writer.write('/x', three)).toThrow('there is a /x already');
    expect(() => writer.write('/x/y', three)).toThrow('/x is no group');
    expect(() => writer.append('/x', three)).toThrow('not created as growing');
    expect(() => writer.append('/z', three)).toThrow('was not created');
    expect(() => writer.write('/c', three, { deflate: 1 })).toThrow('needs a chunk shape');
    expect(() => writer.write('/c', three, { chunks: [2, 2] })).toThrow('chunk shape');
    expect(() => writer.write('/t', ndarray('string', [1], ['longer']), { textBytes: 3 })).toThrow('does not fit');
    writer.create('/f', { dtype: 'float32', shape: [3] });
    expect(() => writer.writeBlock('/f', [0], three)).toThrow('holds float32, got int32');
    writer.attributes('/x', { huge: ndarray('uint8', [70000], new Uint8Array(70000)) });
    expect(() => writer.close()).toThrow('does not fit an object header');
    expect(() => writer.write('/late', three)).toThrow('was closed already');
  });

  it('leaves nothing behind, and what was there before as it was', async () => {
    const at = mkdtempSync(join(folder, 'aside-'));
    const path = join(at, 'out.h5');
    writeFileSync(path, 'good');
    await expect(
      createHdf5(nodeHdf5Creator, path, (writer) => {
        writer.write('/x', three);
        throw new Error('stopped');
      }),
    ).rejects.toThrow('stopped');
    expect(readdirSync(at)).toEqual(['out.h5']);
    await createHdf5(nodeHdf5Creator, path, (writer) => writer.write('/x', three));
    expect(readdirSync(at)).toEqual(['out.h5']);
  });

  it('a full disk is told, and nothing stays', () => {
    const full = new MemorySink('/full.h5');
    let room = 200_000;
    const write = full.write.bind(full);
    full.write = (position, bytes) => {
      room -= bytes.length;
      if (room < 0) throw new Error('/full.h5 cannot be written: the disk is full.');
      write(position, bytes);
    };
    const writer = createHdf5Writer(full, nodeDeflater);
    writer.write('/a', bytes(150_000));
    writer.write('/b', bytes(60_000));
    expect(() => writer.close()).toThrow('disk is full');
    expect(full.bytes.length).toBe(0);
  });

  it('equal calls give equal bytes', async () => {
    const make = async () => {
      const sink = new MemorySink();
      const writer = createHdf5Writer(sink, nodeDeflater);
      writer.create('/x', {
        dtype: 'uint16',
        shape: [0, 5],
        chunks: [2, 5],
        isGrowing: true,
        deflate: 1,
        shuffle: true,
      });
      await writer.appendLater(
        '/x',
        ndarray(
          'uint16',
          [31, 5],
          Uint16Array.from({ length: 155 }, (_, i) => i % 7),
        ),
      );
      writer.attributes('/x', { a: 'text' });
      writer.close();
      return sink.bytes;
    };
    expect(await make()).toEqual(await make());
  });
});
