import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { isXfelError } from '../../core/errors.ts';
import { nodeDecoders } from '../../platform/node/chunk-decoders.ts';
import type { RandomBytes } from './random-bytes.ts';
import { ReaderHdf5File } from './reader-file.ts';

const golden = (path: string) => fileURLToPath(new URL(`../../../test/golden/${path}`, import.meta.url));
const BASES = [
  golden('hdf5/layouts-latest.h5'),
  golden('hdf5/layouts-virtual.h5'),
  golden('extra-data/hdf5-types.h5'),
  golden('extra-data/runs/fmt12/RAW-R0009-DA01-S00000.h5'),
];
/** Mutations tried of each file, and how long it may go on: bounded work, not a measurement. */
const TRIES = 200;
const BUDGET_MS = 3000;
/** No read of these small files may ask for more memory. */
const LARGEST_DATASET = 4 * 2 ** 20;

function inMemory(bytes: Uint8Array): RandomBytes {
  return {
    name: 'mutated.h5',
    size: bytes.length,
    readInto(start, out) {
      if (start < 0 || start + out.length > bytes.length)
        throw new RangeError(`read of ${out.length} bytes at ${start}`);
      out.set(bytes.subarray(start, start + out.length));
    },
    openBeside: () => null,
    suspend() {},
    close() {},
  };
}

/** Reads everything that a file has; Hutch errors are the answer for damaged files, all others are bugs. */
function readAll(bytes: Uint8Array): void {
  const seen = { objects: 0 };
  const attempt = (call: () => void) => {
    try {
      call();
    } catch (error) {
      if (!isXfelError(error)) throw error;
    }
  };
  attempt(() => {
    const file = new ReaderHdf5File(inMemory(bytes), nodeDecoders);
    const walk = (path: string, depth: number) => {
      if (depth > 6 || seen.objects > 2000) return;
      attempt(() => {
        for (const child of file.children(path)) {
          seen.objects++;
          const at = path === '/' ? `/${child.name}` : `${path}/${child.name}`;
          attempt(() => void file.attributes(at));
          if (child.kind === 'group') walk(at, depth + 1);
          if (child.kind !== 'dataset') continue;
          attempt(() => {
            const { shape, type } = file.datasetInfo(at);
            if (shape.reduce((a, b) => a * b, 1) > LARGEST_DATASET) return;
            if (type.kind === 'plain') file.read(at);
            else if (type.kind === 'record' && type.size < 1000) file.readFields(at);
          });
        }
      });
    };
    walk('/', 0);
  });
}

/** Random numbers that are the same in each run. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

describe('damaged files give clear errors, no crash and no hang', () => {
  it.each(BASES)('mutations of %s', (path) => {
    const original = readFileSync(path);
    const end = performance.now() + BUDGET_MS;
    for (let seed = 1; seed <= TRIES && performance.now() < end; seed++) {
      const random = randomOf(seed);
      const bytes = new Uint8Array(original);
      const changes = 1 + Math.floor(random() * 8);
      for (let i = 0; i < changes; i++) {
        const at = Math.floor(random() * bytes.length);
        const kind = random();
        if (kind < 0.4) bytes[at] = Math.floor(random() * 256);
        else if (kind < 0.6) bytes.fill(0xff, at, at + 8);
        else if (kind < 0.8) bytes.fill(0, at, at + 8);
        // A pointer to elsewhere in the file: loops and foreign structures.
        else
          new DataView(bytes.buffer).setUint32(
            Math.min(at & ~7, bytes.length - 4),
            Math.floor(random() * bytes.length),
            true,
          );
      }
      const cut = random() < 0.1 ? bytes.subarray(0, Math.floor(random() * bytes.length)) : bytes;
      try {
        readAll(cut);
      } catch (error) {
        throw new Error(`seed ${seed} of ${path}`, { cause: error });
      }
    }
  });

  it('a group that contains itself', () => {
    // The second object header's address is written over with the root's in the old-style root group.
    const bytes = new Uint8Array(readFileSync(golden('hdf5/layouts-earliest.h5')));
    const text = new TextDecoder('latin1').decode(bytes);
    const node = text.indexOf('SNOD');
    const root = Number(new DataView(bytes.buffer).getBigUint64(64, true));
    new DataView(bytes.buffer).setBigUint64(node + 8 + 8, BigInt(root), true);
    readAll(bytes);
  });

  it.each([
    ['a huge count of entries', 'TREE', 6, 0xffff],
    ['a huge symbol node', 'SNOD', 6, 0xffff],
  ] as const)('%s says where', (_, mark, offset, value) => {
    const bytes = new Uint8Array(readFileSync(golden('hdf5/layouts-earliest.h5')));
    const at = new TextDecoder('latin1').decode(bytes).indexOf(mark);
    new DataView(bytes.buffer).setUint16(at + offset, value, true);
    const file = new ReaderHdf5File(inMemory(bytes), nodeDecoders);
    expect(() => {
      for (const child of file.children('/')) if (child.kind === 'group') file.children(`/${child.name}`);
    }).toThrow(/mutated\.h5 is damaged at byte \d+: .+ Copy the file again/);
  });
});
