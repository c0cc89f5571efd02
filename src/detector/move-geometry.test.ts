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
});
