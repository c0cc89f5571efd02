import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { geometryFromDescription } from '../generic-detector.ts';
import { pixelPositions } from '../geometry.ts';
import {
  cosmicPixels,
  countMasked,
  growMask,
  invertMask,
  pixelsBeyond,
  setMasked,
  shrinkMask,
} from './mask-operations.ts';
import { type MaskShape, pixelsInShape } from './mask-shape.ts';

// Two tiles of 20 x 20 pixels side by side in the data, 1 mm pixels, 10 mm apart in space.
const geometry = geometryFromDescription({
  name: 'two tiles',
  pixelSize: 1e-3,
  slowPixels: 20,
  fastPixels: 20,
  corners: [
    [-0.02, -0.01, 0],
    [0.01, -0.01, 0],
  ],
  ss: [0, 1, 0],
  fs: [1, 0, 0],
});
const { detector } = geometry;
const positions = pixelPositions(geometry).data as Float64Array;
const pixels = positions.length / 3;
const inside = (shape: MaskShape) => pixelsInShape(shape, positions, detector.pixelSize);
const chosen = (mask: Uint8Array) => [...mask.entries()].flatMap(([i, value]) => (value ? [i] : []));

describe('pixelsInShape', () => {
  it('takes the pixels whose middle is in a circle, a rectangle, a polygon, an arc', () => {
    const circle = inside({ kind: 'circle', centre: [-0.01, 0], radius: 0.004 });
    expect(countMasked(circle)).toBe(52);
    for (const i of chosen(circle))
      expect(Math.hypot(positions[3 * i] + 0.01, positions[3 * i + 1])).toBeLessThan(0.004);
    const corners = [
      [0.012, -0.005],
      [-0.005, 0.005],
    ] as const;
    // Five columns of one module and two of the other, ten rows.
    expect(countMasked(inside({ kind: 'rectangle', corners }))).toBe((5 + 2) * 10);
    const triangle = inside({
      kind: 'polygon',
      points: [
        [0.01, -0.01],
        [0.03, -0.01],
        [0.01, 0.01],
      ],
    });
    for (const i of chosen(triangle))
      expect(positions[3 * i] - 0.01 + positions[3 * i + 1] + 0.01).toBeLessThan(0.0201);
    expect(countMasked(triangle)).toBeGreaterThan(180);
    const arc = inside({ kind: 'arc', centre: [-0.01, 0], radii: [0.004, 0.008], anglesDeg: [170, -170] });
    for (const i of chosen(arc)) {
      expect(positions[3 * i] + 0.01).toBeLessThan(0);
      expect(Math.abs(positions[3 * i + 1])).toBeLessThan(0.0015);
    }
    expect(countMasked(arc)).toBeGreaterThan(4);
    const ring = { kind: 'arc', centre: [-0.01, 0], radii: [0.008, 0.004], anglesDeg: [-180, 180] } as const;
    expect(countMasked(inside(ring))).toBe(
      countMasked(inside({ kind: 'circle', centre: [-0.01, 0], radius: 0.008 })) - 52,
    );
  });

  it('a point takes one pixel, beside the detector none', () => {
    const one = chosen(inside({ kind: 'point', at: [-0.0153, 0.0027] }));
    expect(one).toHaveLength(1);
    expect(positions[3 * one[0]]).toBeCloseTo(-0.0155, 9);
    expect(positions[3 * one[0] + 1]).toBeCloseTo(0.0025, 9);
    expect(countMasked(inside({ kind: 'point', at: [0.005, 0.1] }))).toBe(0);
    expect(() => inside({ kind: 'polygon', points: [[0, 0]] })).toThrow(/three corners, got 1/);
  });
});

describe('masks', () => {
  const anyMask = fc.uint8Array({ minLength: pixels, maxLength: pixels, max: 1 });

  it('add, take away and invert as sets do', () => {
    fc.assert(
      fc.property(anyMask, anyMask, (mask, other) => {
        const sum = setMasked(mask, other);
        expect(sum.every((value, i) => value === (mask[i] | other[i]))).toBe(true);
        expect(setMasked(sum, other, false).every((value, i) => value === (mask[i] & (1 - other[i])))).toBe(true);
        expect(invertMask(invertMask(mask))).toEqual(mask);
      }),
      { numRuns: 20 },
    );
    expect(() => setMasked(new Uint8Array(4), new Uint8Array(5))).toThrow(/4 pixels/);
  });

  it('grow within a tile only; shrinking is growing of the rest', () => {
    const mask = new Uint8Array(pixels);
    // The last pixel of the first tile in its first row.
    const edge = detector.tiles[0].fsStop - 1;
    mask[edge] = 1;
    const grown = growMask(mask, detector);
    expect(countMasked(grown)).toBe(4);
    expect(countMasked(shrinkMask(growMask(grown, detector), detector))).toBe(4);
    fc.assert(
      fc.property(anyMask, (some) => {
        const more = growMask(some, detector);
        expect(some.every((value, i) => value <= more[i])).toBe(true);
        expect(shrinkMask(more, detector).every((value, i) => value >= some[i])).toBe(true);
      }),
      { numRuns: 20 },
    );
  });

  it('thresholds choose below and above, never missing pixels', () => {
    const picture = Float32Array.of(-2, 0, Number.NaN, 5, 9);
    expect([...pixelsBeyond(picture, -1, 8)]).toEqual([1, 0, 0, 0, 1]);
    expect([...pixelsBeyond(picture, null, 4)]).toEqual([0, 0, 0, 1, 1]);
    expect([...pixelsBeyond(picture, null, null)]).toEqual([0, 0, 0, 0, 0]);
    expect(() => pixelsBeyond(picture, 3, 2)).toThrow(/above the upper limit/);
  });

  it('finds cosmic rays and hot pixels, and leaves a smooth ring alone', () => {
    let seed = 9;
    const noise = () => {
      seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
      return seed / 2 ** 32 - 0.5;
    };
    const picture = Float32Array.from({ length: pixels }, (_, i) => {
      const radius = Math.hypot(positions[3 * i], positions[3 * i + 1]) * 1e3;
      return 10 + noise() + 8 * Math.exp(-0.5 * ((radius - 15) / 2) ** 2);
    });
    const track = [45, 46, 86, 87, 128];
    for (const i of track) picture[i] += 60;
    picture[300] = Number.NaN;
    const found = chosen(cosmicPixels(picture, null, detector));
    expect(found.filter((i) => track.includes(i))).toEqual(track);
    expect(found.filter((i) => !track.includes(i)).length).toBeLessThan(3);
    const mask = new Uint8Array(pixels);
    mask[45] = 1;
    expect(chosen(cosmicPixels(picture, mask, detector))).not.toContain(45);
    expect(() => cosmicPixels(picture.subarray(1), null, detector)).toThrow(/pixels, .* has 800/);
  });
});
