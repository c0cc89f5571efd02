import { describe, expect, it } from 'vitest';
import { csvFile, npyFile } from './save-file.ts';

describe('files that pages save', () => {
  it('npy: aligned header of format 1.0, then the values', async () => {
    const bytes = new Uint8Array(await npyFile(Float32Array.of(1, Number.NaN, -2, 4, 5, 6), [2, 3]).arrayBuffer());
    const headerLength = new DataView(bytes.buffer).getUint16(8, true);
    expect([...bytes.subarray(0, 8)]).toEqual([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0]);
    expect((10 + headerLength) % 64).toBe(0);
    expect(new TextDecoder().decode(bytes.subarray(10, 10 + headerLength)).trimEnd()).toBe(
      "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }",
    );
    expect([...new Float32Array(bytes.buffer.slice(10 + headerLength))]).toEqual([1, Number.NaN, -2, 4, 5, 6]);
  });

  it('csv: a line a point, names quoted where they need it', async () => {
    expect(
      await csvFile([
        ['q / 1/A', [0.5, 1]],
        ['I, mean', Float64Array.of(3, Number.NaN)],
      ]).text(),
    ).toBe('q / 1/A,"I, mean"\n0.5,3\n1,NaN\n');
  });
});
