import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { KernelArena } from './arena.ts';
import { createOnlineKernels, type OnlineKernels, referenceOnlineKernels } from './online-order.ts';

const module = new WebAssembly.Module(readFileSync(new URL('../../build/kernels.wasm', import.meta.url)));
const arena = KernelArena.create(16 << 20);
const wasm = await createOnlineKernels(module, arena);

/** Two planes of the pixels of one module, with a base that is no multiple of a vector. */
function makeLayout(frames: number) {
  const [slowScan, fastScan, base] = [10, 16, 3];
  return { base, pixelStride: 2 * frames, frames, slowScan, fastScan };
}
const lengthOf = (layout: ReturnType<typeof makeLayout>) =>
  layout.base + layout.slowScan * layout.fastScan * layout.pixelStride;

describe('online kernels in WebAssembly', () => {
  it.each([1, 3, 4, 7, 8, 15, 16, 64, 65])('%i frames: the same as in plain TypeScript', (frames) => {
    const mark = arena.mark();
    const layout = makeLayout(frames);
    const raw = arena.allocate('uint16', [lengthOf(layout)]).data;
    const values = arena.allocate('float32', [lengthOf(layout)]).data;
    for (let i = 0; i < raw.length; i++) {
      raw[i] = (i * 40503) & 0xffff;
      // whole numbers: sums are exact in any order
      values[i] = i % 11 === 0 ? Number.NaN : i % 13 === 0 ? 1e6 : ((i * 7) % 1001) - 500;
    }
    const pixels = layout.slowScan * layout.fastScan;
    const sumsOf = (run: (sum: Float32Array, count: Int32Array) => void) => {
      const sum = arena.allocate('float32', [pixels]).data.fill(0.5);
      const count = arena.allocate('int32', [pixels]).data.fill(2);
      run(sum, count);
      return [sum, count];
    };
    const sums = ({ floatAccumulate, rawAccumulate }: OnlineKernels) => [
      sumsOf((sum, count) => floatAccumulate(values, layout, 1000, sum, count)),
      sumsOf((sum, count) => rawAccumulate(raw, layout, sum, count)),
    ];
    expect(sums(wasm)).toEqual(sums(referenceOnlineKernels));
    const stride = pixels + 8;
    const framesOf = (kernels: OnlineKernels) => {
      const out = arena.allocate('uint16', [frames * stride]).data.fill(7);
      const start = Math.min(1, frames - 1);
      kernels.frames(raw, { ...layout, base: layout.base + frames }, start, frames, out, stride);
      return out;
    };
    expect(framesOf(wasm)).toEqual(framesOf(referenceOnlineKernels));
    arena.resetTo(mark);
  });

  it('refuse what would read or write elsewhere', () => {
    const layout = makeLayout(4);
    const raw = arena.allocate('uint16', [lengthOf(layout)]).data;
    const sum = arena.allocate('float32', [160]).data;
    const count = arena.allocate('int32', [160]).data;
    const out = arena.allocate('uint16', [4 * 160]).data;
    const { rawAccumulate, frames } = wasm;
    expect(() => rawAccumulate(raw.subarray(1), { ...layout, base: 8 }, sum, count)).toThrow(/of an array of/);
    expect(() => rawAccumulate(raw, layout, sum.subarray(1), count)).toThrow(/sum has 159 elements, 160 are needed/);
    expect(() => rawAccumulate(raw, layout, sum, count.subarray(1))).toThrow(/count has 159/);
    expect(() => rawAccumulate(raw, layout, new Float32Array(160), count)).toThrow(/outside of its arena/);
    expect(() => frames(raw, layout, 0, 5, out, 160)).toThrow(/frames 0 to 5 of 4/);
    expect(() => frames(raw, layout, 0, 4, out, 159)).toThrow(/overlap/);
    expect(() => frames(raw, layout, 0, 4, out.subarray(1), 160)).toThrow(/out has 639/);
    expect(() => frames(raw, { ...layout, fastScan: 12 }, 0, 4, out, 160)).toThrow(/a multiple of 8/);
  });
});
