import { describe, expect, it } from 'vitest';
import {
  type ArrayReference,
  golden,
  largestDifference,
  readCase,
  readDoubles,
} from '../../test/golden/geometry/golden.ts';
import { AGIPD_1M } from './agipd.ts';
import { exampleGeometry, geometryFromQuadPositions, pixelPositions } from './geometry.ts';
import { offsetGeometry, rotateGeometry, type Vector3 } from './move-geometry.ts';

interface Step {
  readonly call: 'offset' | 'rotate';
  readonly args: {
    readonly value: readonly number[] | readonly (readonly number[])[];
    readonly modules?: readonly [number, number];
    readonly tiles?: readonly [number, number];
    readonly degrees?: boolean;
    readonly center?: Vector3;
  };
  readonly tiles: ArrayReference;
}

const { steps } = readCase<{ steps: readonly Step[] }>(golden, 'cases/agipd1m_quads.ops.json');
const base = exampleGeometry(AGIPD_1M);
const toVector = ([x, y, z = 0]: readonly number[]): Vector3 => [x, y, z];

describe('moved geometry', () => {
  it.each(steps.map((step, i) => [i, step.call, JSON.stringify(step.args).slice(0, 80), step] as const))(
    'step %i of the reference: %s %s',
    (_, call, _text, { args, tiles }) => {
      const which = { modules: args.modules, tiles: args.tiles };
      let moved = base;
      if (call === 'rotate') {
        const scale = args.degrees === false ? 1 : Math.PI / 180;
        const angles = toVector((args.value as number[]).map((angle) => angle * scale));
        moved = rotateGeometry(base, angles, { ...which, centre: args.center });
      } else {
        const isOne = typeof args.value[0] === 'number';
        const shift = isOne ? toVector(args.value as number[]) : (args.value as number[][]).map(toVector);
        moved = offsetGeometry(base, shift, which);
      }
      expect(largestDifference(moved.tiles, readDoubles(golden, tiles))).toBeLessThanOrEqual(1e-12);
    },
  );

  it('leaves the geometry that it came from, and its metadata, alone', () => {
    const known = geometryFromQuadPositions(AGIPD_1M, AGIPD_1M.examplePositions, { metadata: { distance: 0.2 } });
    const before = known.tiles.slice();
    const moved = rotateGeometry(offsetGeometry(known, [0.01, 0, 0]), [0, 0, 1]);
    expect(known.tiles).toEqual(before);
    expect(moved.metadata).toEqual({ distance: 0.2 });
  });

  it('turning keeps distances from the centre, and turning back gives the same detector', () => {
    const angles: Vector3 = [0.1, -0.2, 0.3];
    const centre: Vector3 = [0.01, 0.02, 0.03];
    const there = rotateGeometry(base, angles, { centre });
    const distances = (geometry: typeof base) => {
      const { data } = pixelPositions(geometry);
      return Float64Array.from({ length: 1000 }, (_, i) => {
        const at = 3 * 997 * i;
        return Math.hypot(data[at] - centre[0], data[at + 1] - centre[1], data[at + 2] - centre[2]);
      });
    };
    expect(largestDifference(distances(there), distances(base))).toBeLessThanOrEqual(1e-12);
    const back = [
      [-0.1, 0, 0],
      [0, 0.2, 0],
      [0, 0, -0.3],
    ] as const;
    const again = back.reduce((geometry, turn) => rotateGeometry(geometry, turn, { centre }), there);
    expect(largestDifference(again.tiles, base.tiles)).toBeLessThanOrEqual(1e-12);
  });

  it('refuses what is not there', () => {
    expect(() => offsetGeometry(base, [1, 0, 0], { modules: [4, 17] })).toThrow(
      /modules \[4, 17\) are not within the 16/,
    );
    expect(() => rotateGeometry(base, [1, 0, 0], { tiles: [-1, 2] })).toThrow(/tiles \[-1, 2\)/);
    expect(() => offsetGeometry(base, [[1, 0, 0]])).toThrow(/16 modules are moved, but 1 shifts/);
    expect(() => offsetGeometry(base, [Number.NaN, 0, 0])).toThrow(/every tile needs finite numbers/);
  });

  it('moves by (x, y), and each tile by its own way', () => {
    const flat = offsetGeometry(base, [1e-3, -2e-3]);
    expect(largestDifference(flat.tiles, offsetGeometry(base, [1e-3, -2e-3, 0]).tiles)).toBe(0);
    const shifts = [0, 1].map((module) => [0, 1, 2].map((tile) => [module * 1e-3, tile * 1e-3] as const));
    const some = offsetGeometry(base, shifts, { modules: [3, 5], tiles: [2, 5] });
    for (const [module, ofTiles] of shifts.entries()) {
      for (const [tile, shift] of ofTiles.entries()) {
        const at = ((3 + module) * 8 + 2 + tile) * 9;
        expect([0, 1, 2].map((axis) => some.tiles[at + axis] - base.tiles[at + axis])).toEqual([
          expect.closeTo(shift[0], 15),
          expect.closeTo(shift[1], 15),
          0,
        ]);
      }
    }
    expect(() => offsetGeometry(base, shifts, { modules: [3, 5] })).toThrow(
      '8 tiles of each module are moved, but 3 shifts are given.',
    );
  });

  it('turns each module, or each tile, by its own angles about its own middle', () => {
    const angles = Array.from({ length: 16 }, (_, module): Vector3 => [0, 0.001 * module, 0.01 * module]);
    const turned = rotateGeometry(base, angles);
    for (const module of [0, 5, 15]) {
      const range = [module, module + 1] as const;
      const alone = rotateGeometry(base, angles[module], { modules: range });
      const [from, to] = [module * 72, (module + 1) * 72];
      expect(largestDifference(turned.tiles.subarray(from, to), alone.tiles.subarray(from, to))).toBe(0);
    }
    const ofTiles = rotateGeometry(
      base,
      [
        [
          [0, 0, 0.1],
          [0, 0, 0.2],
        ],
      ],
      { modules: [7, 8], tiles: [1, 3] },
    );
    const second = rotateGeometry(base, [0, 0, 0.2], { modules: [7, 8], tiles: [2, 3] });
    const at = (7 * 8 + 2) * 9;
    expect(ofTiles.tiles.slice(at, at + 9)).toEqual(second.tiles.slice(at, at + 9));
    const centre: readonly Vector3[] = [
      [0.1, 0, 0],
      [0, 0.1, 0],
    ];
    const about = rotateGeometry(
      base,
      [
        [0, 0, 0.1],
        [0, 0, 0.1],
      ],
      { modules: [2, 4], centre },
    );
    const one = rotateGeometry(base, [0, 0, 0.1], { modules: [3, 4], centre: [0, 0.1, 0] });
    expect(about.tiles.slice(3 * 72, 4 * 72)).toEqual(one.tiles.slice(3 * 72, 4 * 72));
    expect(() => rotateGeometry(base, angles.slice(1))).toThrow('16 modules are moved, but 15 angles are given.');
  });
});
