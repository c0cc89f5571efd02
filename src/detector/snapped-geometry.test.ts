import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { golden, readCase } from '../../test/golden/geometry/golden.ts';
import { ndarray, zeros } from '../core/ndarray.ts';
import { referenceKernels } from '../kernels/reference.ts';
import { AGIPD_1M, AGIPD_500K } from './agipd.ts';
import { exampleGeometry, type Geometry, geometryFromQuadPositions } from './geometry.ts';
import { assembleModules, geometryInfo, pixelMap, roundHalfEven, snapGeometry } from './snapped-geometry.ts';

interface SnapCase {
  readonly expected_data_shape: readonly [number, number, number];
  readonly snapped: { readonly rows: readonly number[][] };
  readonly assembled_float32: {
    readonly shape: readonly number[];
    readonly centre_yx: readonly number[];
    readonly nan_count: number;
    readonly sha256: string;
    readonly samples_y_x_value: readonly number[][];
  };
  readonly assembled_uint32: { readonly shape: readonly number[]; readonly sha256: string };
}

const sha256 = (data: Float32Array | Uint32Array) => createHash('sha256').update(data).digest('hex');

/** value = module * 2^20 + ss * 2^10 + fs. */
function pattern<T extends Float32Array | Uint32Array>(
  [modules, ss, fs]: readonly [number, number, number],
  out: T,
): T {
  let i = 0;
  for (let m = 0; m < modules; m++) {
    for (let s = 0; s < ss; s++) for (let f = 0; f < fs; f++) out[i++] = m * 1048576 + s * 1024 + f;
  }
  return out;
}

const geometries: Record<string, Geometry> = {
  agipd1m_quads: exampleGeometry(AGIPD_1M),
  agipd500k: exampleGeometry(AGIPD_500K),
  agipd500k_mm: geometryFromQuadPositions(AGIPD_500K, [[107, 5]], { unit: 1e-3, asicGap: 0.4, panelGap: [3.2, 6] }),
};

describe.each(Object.keys(geometries))('snapped geometry %s', (name) => {
  const reference = readCase<SnapCase>(golden, `cases/${name}.json`);
  const snapped = snapGeometry(geometries[name]);
  const shape = reference.expected_data_shape;
  const size = shape[0] * shape[1] * shape[2];

  it('has the reference layout', () => {
    const rows = snapped.tiles.map((t) => [
      ...[t.module, t.tile, t.y, t.x, t.height, t.width],
      ...t.ssDirection,
      ...t.fsDirection,
    ]);
    expect(rows).toEqual(reference.snapped.rows);
    expect(snapped.shape).toEqual(reference.assembled_float32.shape);
    expect(snapped.centre).toEqual(reference.assembled_float32.centre_yx);
  });

  it('assembles the reference image, NaN in gaps', () => {
    const image = assembleModules(snapped, ndarray('float32', shape, pattern(shape, new Float32Array(size))));
    const { samples_y_x_value: samples, nan_count, sha256: hash } = reference.assembled_float32;
    for (const [y, x, value] of samples) {
      const got = image.data[y * image.shape[1] + x];
      expect(Number.isNaN(got) ? null : got).toBe(value);
    }
    expect(image.data.filter(Number.isNaN).length).toBe(nan_count);
    expect(sha256(image.data.map((v) => (Number.isNaN(v) ? -1 : v)))).toBe(hash);
  });

  it('assembles integers, 0 in gaps', () => {
    const image = assembleModules(snapped, ndarray('uint32', shape, pattern(shape, new Uint32Array(size))));
    expect(sha256(image.data)).toBe(reference.assembled_uint32.sha256);
  });

  it('gives the kernel a table that makes the same image', () => {
    const modules = ndarray('float32', shape, pattern(shape, new Float32Array(size)));
    const image = zeros('float32', snapped.shape);
    image.data.fill(Number.NaN);
    referenceKernels.assemble(modules.data, snapped.tileTable, image.data);
    expect(sha256(image.data)).toBe(sha256(assembleModules(snapped, modules).data));
  });

  it('tells which data pixel an image pixel shows', () => {
    const map = pixelMap(snapped).data;
    const image = assembleModules(snapped, ndarray('float32', shape, pattern(shape, new Float32Array(size)))).data;
    const values = pattern(shape, new Float32Array(size));
    expect(map.every((at, i) => (at < 0 ? Number.isNaN(image[i]) : image[i] === values[at]))).toBe(true);
  });
});

describe('assembly', () => {
  const snapped = snapGeometry(exampleGeometry(AGIPD_1M));
  const [, ss, fs] = AGIPD_1M.dataShape;

  it('takes any leading axes and any set of modules, in any order', () => {
    const full = ndarray('float32', AGIPD_1M.dataShape, pattern(AGIPD_1M.dataShape, new Float32Array(16 * ss * fs)));
    const one = assembleModules(snapped, full);
    const part = ndarray('float32', [2, 1, 2, ss, fs], new Float32Array(4 * ss * fs));
    for (const [i, module] of [7, 3, 7, 3].entries()) {
      part.data.set(full.data.subarray(module * ss * fs, (module + 1) * ss * fs), i * ss * fs);
    }
    const images = assembleModules(snapped, part, undefined, { modules: [7, 3] });
    expect(images.shape).toEqual([2, 1, ...snapped.shape]);
    const isShown = (v: number) => [3, 7].includes(v >> 20);
    const expected = one.data.map((v) => (isShown(v) ? v : Number.NaN));
    expect(sha256(images.data.subarray(expected.length))).toBe(sha256(expected));
    expect(sha256(images.data.subarray(0, expected.length))).toBe(sha256(expected));
  });

  it('leaves the rest of `out` as it is', () => {
    const out = zeros('uint16', snapped.shape);
    out.data.fill(9);
    const modules = zeros('uint16', [1, ss, fs]);
    expect(assembleModules(snapped, modules, out, { modules: [5] })).toBe(out);
    expect(out.data.filter((v) => v === 0).length).toBe(ss * fs);
    expect(out.data.filter((v) => v === 9).length).toBe(out.data.length - ss * fs);
  });

  it('refuses what does not fit', () => {
    expect(() => assembleModules(snapped, zeros('float32', [15, ss, fs]))).toThrow(/\(\.\., 16, 512, 128\)/);
    expect(() => assembleModules(snapped, zeros('float32', [16, fs, ss]))).toThrow(/shape/);
    expect(() => assembleModules(snapped, zeros('float32', AGIPD_1M.dataShape), zeros('float32', [3, 3]))).toThrow(
      /out/,
    );
    const twice = { modules: [1, 1] };
    expect(() => assembleModules(snapped, zeros('float32', [2, ss, fs]), undefined, twice)).toThrow(/twice/);
  });

  it('describes itself for pages', () => {
    const info = geometryInfo(snapped);
    expect(info.tiles).toHaveLength(128);
    expect(info.tiles[0]).toMatchObject({ module: 0, tile: 0, x: 25, y: 1128, width: 64, height: 128 });
    expect(info).toMatchObject({ detector: 'AGIPD1M', shape: [1256, 1092], centre: [631, 550], pixelSize: 2e-4 });
  });
});

describe('rounding', () => {
  it('sends halves to the even neighbour', () => {
    expect([0.5, 1.5, 2.5, -0.5, -1.5, -2.5, 2.4999, 2.5001].map((v) => roundHalfEven(v) + 0)).toEqual([
      0, 2, 2, 0, -2, -2, 2, 3,
    ]);
  });
});
