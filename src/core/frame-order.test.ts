import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isXfelError } from './errors.ts';
import { frameAxesOf, inFileOrder, type ModuleLayout } from './frame-order.ts';
import { bytesOf, elementCount, ndarray, zeros } from './ndarray.ts';

const AGIPD = { modules: 16, slowScan: 512, fastScan: 128 };
const LPD = { modules: 16, slowScan: 256, fastScan: 256 };
const DSSC = { modules: 16, slowScan: 128, fastScan: 512 };
const JUNGFRAU = { modules: 8, slowScan: 512, fastScan: 1024 };

/** Order, frames and planes of a shape. */
const read = (layout: ModuleLayout, isMerged: boolean, shape: number[], hints = {}) => {
  const axes = frameAxesOf(shape, layout, isMerged, hints);
  return axes && [axes.order, axes.frames, axes.planes, axes.isCertain];
};

describe('frameAxesOf', () => {
  it.each([
    ['AGIPD', AGIPD, true, [64, 16, 512, 128], ['file', 64, 0]],
    ['AGIPD raw', AGIPD, true, [64, 2, 16, 512, 128], ['file', 64, 2]],
    ['AGIPD', AGIPD, true, [16, 128, 512, 64], ['online', 64, 0]],
    ['AGIPD raw', AGIPD, true, [16, 128, 512, 2, 352], ['online', 352, 2]],
    ['one AGIPD module, raw', AGIPD, false, [64, 2, 512, 128], ['file', 64, 2]],
    ['one AGIPD module', AGIPD, false, [128, 512, 64], ['online', 64, 0]],
    ['LPD raw', LPD, true, [300, 1, 16, 256, 256], ['file', 300, 1]],
    ['LPD', LPD, true, [16, 256, 256, 300], ['online', 300, 0]],
    ['LPD, as many pulses as modules', LPD, true, [16, 16, 256, 256], ['file', 16, 0]],
    ['LPD, as many pulses as pixels', LPD, true, [16, 256, 256, 256], ['online', 256, 0]],
    ['DSSC', DSSC, true, [800, 16, 128, 512], ['file', 800, 0]],
    ['DSSC', DSSC, true, [16, 512, 128, 800], ['online', 800, 0]],
    ['JUNGFRAU', JUNGFRAU, true, [16, 8, 512, 1024], ['file', 16, 0]],
    ['JUNGFRAU', JUNGFRAU, true, [8, 1024, 512, 16], ['online', 16, 0]],
    ['JUNGFRAU, one frame without an axis', JUNGFRAU, true, [8, 512, 1024], ['file', 1, 0]],
    ['one JUNGFRAU module', JUNGFRAU, false, [16, 512, 1024], ['file', 16, 0]],
    ['no pulse', AGIPD, true, [0, 16, 512, 128], ['file', 0, 0]],
  ] as const)('%s: merged %s', (_name, layout, isMerged, shape, expected) => {
    expect(read(layout, isMerged, [...shape])).toEqual([...expected, true]);
  });

  it('takes what else is known where both orders fit', () => {
    const shape = [128, 512, 128];
    expect(read(AGIPD, false, shape)).toEqual(['file', 128, 0, false]);
    expect(read(AGIPD, false, shape, { order: 'online' })).toEqual(['online', 128, 0, false]);
    expect(read(AGIPD, false, shape, { order: 'online', frames: 128 })).toEqual(['online', 128, 0, false]);
    // a module of 6 x 6 pixels, 6 modules: the number of pulses decides
    const small = { modules: 6, slowScan: 6, fastScan: 6 };
    expect(read(small, true, [6, 6, 6, 6], { frames: 6, order: 'online' })).toEqual(['online', 6, 0, false]);
    expect(read(small, false, [6, 2, 6, 6], { frames: 6 })).toEqual(['file', 6, 2, true]);
    expect(read({ ...small, fastScan: 2 }, false, [2, 6, 2], { frames: 2 })).toEqual(['file', 2, 0, false]);
  });

  it('refuses what fits in no order', () => {
    for (const shape of [
      [],
      [64],
      [64, 16, 128, 512],
      [64, 3, 16, 512, 128],
      [16, 128, 512, 3, 64],
      [15, 128, 512, 64],
    ])
      expect(read(AGIPD, true, shape), String(shape)).toBeNull();
    expect(read(AGIPD, false, [64, 16, 512, 128])).toBeNull();
  });
});

describe('inFileOrder', () => {
  it('moves every number to its place', () => {
    fc.assert(
      fc.property(
        fc.record({
          modules: fc.integer({ min: 1, max: 3 }),
          slowScan: fc.integer({ min: 1, max: 20 }),
          fastScan: fc.integer({ min: 1, max: 20 }),
        }),
        fc.integer({ min: 1, max: 35 }),
        fc.constantFrom(0, 1, 2),
        fc.boolean(),
        (layout, frames, planes, isMerged) => {
          const { slowScan, fastScan } = layout;
          const modules = isMerged ? layout.modules : 1;
          const module = isMerged ? [modules] : [];
          const shape = [...module, fastScan, slowScan, ...(planes ? [planes] : []), frames];
          const count = elementCount(shape);
          const array = ndarray(
            'uint32',
            shape,
            Uint32Array.from({ length: count }, (_, i) => i),
          );
          const axes = { order: 'online', frames, planes, isMerged, isCertain: true } as const;
          const { shape: turned, data } = inFileOrder(array, axes as never, layout);
          expect(turned).toEqual([frames, ...(planes ? [planes] : []), ...module, slowScan, fastScan]);
          const layers = planes || 1;
          let at = 0;
          for (let p = 0; p < frames; p++)
            for (let layer = 0; layer < layers; layer++)
              for (let m = 0; m < modules; m++)
                for (let ss = 0; ss < slowScan; ss++)
                  for (let fs = 0; fs < fastScan; fs++) {
                    const from = (((m * fastScan + fs) * slowScan + ss) * layers + layer) * frames + p;
                    if (data[at++] !== from) throw new Error(`${[p, layer, m, ss, fs]} is not in its place`);
                  }
        },
      ),
      { numRuns: 40, seed: 4 },
    );
  });

  it.each(['uint8', 'bool', 'float16', 'uint16', 'float32', 'float64', 'int64', 'uint64'] as const)(
    'moves every bit of %s, also of modules that take several turns',
    (dtype) => {
      const layout = { modules: 2, slowScan: 7, fastScan: 601 };
      const frames = 37;
      const shape = [2, 601, 7, frames];
      const array = zeros(dtype, shape);
      const bytes = bytesOf(array);
      // Any pattern of bits: signalling NaNs and integers above 2^53 are among them.
      for (let i = 0; i < bytes.length; i++) bytes[i] = Math.imul(i, 2654435761) >>> 24;
      const axes = frameAxesOf(shape, layout, true);
      const turned = inFileOrder(array, axes as never, layout);
      expect(turned.shape).toEqual([frames, 2, 7, 601]);
      const size = bytes.length / elementCount(shape);
      const got = bytesOf(turned);
      const expected = new Uint8Array(bytes.length);
      let at = 0;
      for (let p = 0; p < frames; p++)
        for (let m = 0; m < 2; m++)
          for (let ss = 0; ss < 7; ss++)
            for (let fs = 0; fs < 601; fs++) {
              const from = (((m * 601 + fs) * 7 + ss) * frames + p) * size;
              for (let i = 0; i < size; i++) expected[at++] = bytes[from + i];
            }
      expect(Buffer.compare(got, expected)).toBe(0);
    },
  );

  it('leaves file order alone, takes memory that is given, and refuses what does not fit', () => {
    const layout = { modules: 1, slowScan: 2, fastScan: 3 };
    const axes = { order: 'file', frames: 2, planes: 0, isMerged: false, isCertain: true } as const;
    const array = zeros('float32', [2, 2, 3]);
    expect(inFileOrder(array, axes, layout)).toBe(array);
    const online = zeros('float32', [3, 2, 2]);
    const out = new Float32Array(12);
    expect(inFileOrder(online, { ...axes, order: 'online' }, layout, out).data).toBe(out);
    const errorOf = (run: () => unknown) => {
      try {
        return run();
      } catch (error) {
        return isXfelError(error, 'ShapeMismatch');
      }
    };
    expect(errorOf(() => inFileOrder(online, { ...axes, order: 'online' }, layout, new Float32Array(11)))).toBe(true);
    expect(errorOf(() => inFileOrder(online, { ...axes, order: 'online' }, layout, new Uint16Array(12)))).toBe(true);
    expect(errorOf(() => inFileOrder(online, { ...axes, order: 'online', frames: 3 }, layout))).toBe(true);
  });
});
