import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { ALL_CASES, buildCase, pattern } from '../../test/golden/geometry/cases.ts';
import { ndarray, zeros } from '../core/ndarray.ts';
import { referenceKernels } from '../kernels/reference.ts';
import { AGIPD_1M } from './agipd.ts';
import { assembleModules, dismantleImage, pixelMap } from './assembly.ts';
import { DSSC_1M } from './dssc.ts';
import { exampleGeometry } from './geometry.ts';
import { rotateGeometry } from './move-geometry.ts';
import { geometryInfo, roundHalfEven, snapGeometry, symmetricSnap } from './snapped-geometry.ts';

const sha256 = (data: Float32Array | Uint32Array) => createHash('sha256').update(data).digest('hex');

/** As the reference hashes: -1 for NaN. */
function withoutNaN(data: Float32Array): Float32Array {
  const out = data.slice();
  for (let i = 0; i < out.length; i++) if (Number.isNaN(out[i])) out[i] = -1;
  return out;
}

function countNaN(data: Float32Array): number {
  let count = 0;
  for (let i = 0; i < data.length; i++) if (Number.isNaN(data[i])) count++;
  return count;
}

describe.each(ALL_CASES)('snapped geometry %s', (name) => {
  const { reference, geometry } = buildCase(name);
  const snapped = snapGeometry(geometry);
  const shape = reference.expected_data_shape;
  const size = shape[0] * shape[1] * shape[2];
  const modules = ndarray('float32', shape, pattern(shape, new Float32Array(size)));

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
    const image = assembleModules(snapped, modules);
    const { samples_y_x_value: samples, nan_count, sha256: hash } = reference.assembled_float32;
    for (const [y, x, value] of samples) {
      const got = image.data[y * image.shape[1] + x];
      expect(Number.isNaN(got) ? null : got).toBe(value);
    }
    expect(countNaN(image.data)).toBe(nan_count);
    expect(sha256(withoutNaN(image.data))).toBe(hash);
  });

  it('assembles integers, 0 in gaps', () => {
    const image = assembleModules(snapped, ndarray('uint32', shape, pattern(shape, new Uint32Array(size))));
    expect(sha256(image.data)).toBe(reference.assembled_uint32.sha256);
  });

  it('assembles with the origin in the middle', () => {
    const symmetric = symmetricSnap(snapped);
    const image = assembleModules(symmetric, modules);
    const expected = reference.assembled_symmetric_float32;
    if (expected) {
      expect(symmetric.shape).toEqual(expected.shape);
      expect(symmetric.centre).toEqual(expected.centre_yx);
      expect(sha256(withoutNaN(image.data))).toBe(expected.sha256);
    } else {
      // The reference fails here. We want the smallest picture that holds all, with the origin in the middle.
      const { shape: size, centre } = symmetric;
      expect(centre).toEqual([size[0] >> 1, size[1] >> 1]);
      const [up, right] = [centre[0] - snapped.centre[0], centre[1] - snapped.centre[1]];
      const isTight = [up, right].map((shift, axis) => shift === 0 || size[axis] === snapped.shape[axis] + shift);
      expect(isTight).toEqual([true, true]);
      const plain = assembleModules(snapped, modules);
      expect(countNaN(image.data) - countNaN(plain.data)).toBe(image.data.length - plain.data.length);
      for (let y = 0; y < snapped.shape[0]; y += 97) {
        const row = plain.data.subarray(y * snapped.shape[1], (y + 1) * snapped.shape[1]);
        const at = (y + up) * size[1] + right;
        expect(image.data.subarray(at, at + row.length)).toEqual(row);
      }
    }
  });

  it('gives the kernel a table that makes the same image', () => {
    const image = zeros('float32', snapped.shape);
    image.data.fill(Number.NaN);
    referenceKernels.assemble(modules.data, snapped.tileTable, image.data);
    expect(sha256(image.data)).toBe(sha256(assembleModules(snapped, modules).data));
  });

  it('tells which data pixel an image pixel shows', () => {
    const map = pixelMap(snapped).data;
    const image = assembleModules(snapped, modules).data;
    let wrong = 0;
    for (let i = 0; i < map.length; i++)
      if (!Object.is(map[i] < 0 ? Number.NaN : modules.data[map[i]], image[i])) wrong++;
    expect([wrong, map.length]).toEqual([0, image.length]);
  });

  it('takes modules back from an image', () => {
    const image = assembleModules(snapped, modules);
    const back = dismantleImage(snapped, image);
    expect(back.shape).toEqual(shape);
    expect(sha256(withoutNaN(assembleModules(snapped, back).data))).toBe(sha256(withoutNaN(image.data)));
    // Pixels that no other tile lies over come back.
    let hidden = 0;
    for (let i = 0; i < size; i++) if (back.data[i] !== modules.data[i]) hidden++;
    expect(hidden).toBe(size - (image.data.length - countNaN(image.data)));
  });
});

describe('snapping', () => {
  it('knows the size of an image pixel', () => {
    const [y, x] = snapGeometry(exampleGeometry(DSSC_1M)).pitch;
    expect([y * 1e6, x]).toEqual([expect.closeTo(204.382, 3), 236e-6]);
    const turned = rotateGeometry(exampleGeometry(DSSC_1M), [0, 0, Math.PI / 2]);
    expect(snapGeometry(turned).pitch).toEqual([x, y]);
    const crosswise = rotateGeometry(exampleGeometry(DSSC_1M), [0, 0, Math.PI / 2], { modules: [2, 3] });
    expect(() => snapGeometry(crosswise)).toThrow(/crosswise.*Assemble with interpolation/);
  });

  it('rounds halves to even', () => {
    expect([0.5, 1.5, 2.5, -0.5, -1.5, -2.5, 2.4999, 2.5001].map((v) => roundHalfEven(v) + 0)).toEqual([
      0, 2, 2, 0, -2, -2, 2, 3,
    ]);
  });

  it('refuses tiles between the axes, and leaves out small tilts', () => {
    const geometry = exampleGeometry(AGIPD_1M);
    expect(() => snapGeometry(rotateGeometry(geometry, [0, 0, Math.PI / 4], { modules: [2, 3] }))).toThrow(
      /module 2, tile 0 does not lie along the axes/,
    );
    const tilted = snapGeometry(rotateGeometry(geometry, [0, 0, 0.2], { modules: [2, 3], tiles: [0, 1] }));
    expect(tilted.tiles[16].ssDirection).toEqual([0, 1]);
  });

  it('tells a page what it needs', () => {
    const info = geometryInfo(snapGeometry(exampleGeometry(AGIPD_1M)));
    expect(info).toMatchObject({ detector: 'AGIPD1M', shape: [1256, 1092], centre: [631, 550], pixelSize: 2e-4 });
    expect(info.tiles).toHaveLength(128);
    expect(JSON.parse(JSON.stringify(info))).toEqual(info);
  });
});
