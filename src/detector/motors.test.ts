import { describe, expect, it } from 'vitest';
import { buildCase } from '../../test/golden/geometry/cases.ts';
import {
  type ArrayReference,
  golden,
  largestDifference,
  readCase,
  readDoubles,
} from '../../test/golden/geometry/golden.ts';
import { AGIPD_1M } from './agipd.ts';
import { compareGeometries } from './compare-geometry.ts';
import { DSSC_1M } from './dssc.ts';
import { exampleGeometry, geometryFromQuadPositions } from './geometry.ts';
import { jungfrau } from './jungfrau.ts';
import { coupleMotors, geometryAt, type MotorPositions, moveBy } from './motors.ts';
import { offsetGeometry, rotateGeometry } from './move-geometry.ts';

interface MotorCase {
  readonly groups: readonly (readonly [number, number])[];
  readonly default_motor_axes: readonly (readonly (readonly number[])[])[];
  readonly reference_positions: MotorPositions;
  readonly new_positions: MotorPositions;
  readonly position_change: MotorPositions;
  readonly tiles_at_new: ArrayReference;
  readonly tiles_moved_by_change: ArrayReference;
}

describe.each([
  ['agipd1m_motors', 'agipd1m_quads'],
  ['jf4m_motors', 'jf4m_modules'],
])('%s', (name, base) => {
  const reference = readCase<MotorCase>(golden, `cases/${name}.json`);
  const { geometry } = buildCase(base);

  it('moves the parts as the reference does', () => {
    expect(geometry.detector.motors).toEqual({ groups: reference.groups, axes: reference.default_motor_axes });
    const coupled = coupleMotors(geometry, reference.reference_positions);
    const at = geometryAt(coupled, reference.new_positions);
    expect(largestDifference(at.tiles, readDoubles(golden, reference.tiles_at_new))).toBeLessThanOrEqual(1e-12);
    expect(at.metadata.motorPositions).toEqual(reference.new_positions);
    // The reference goes on from there.
    const by = moveBy(coupleMotors(at), reference.position_change);
    const byReference = moveBy(coupled, reference.position_change);
    const expected = readDoubles(golden, reference.tiles_moved_by_change);
    const differences = [by, byReference].map((moved) => largestDifference(moved.tiles, expected));
    expect(Math.min(...differences)).toBeLessThanOrEqual(1e-12);
  });
});

describe('motors', () => {
  it('at the reference leave the geometry as it is, and there and back is where it was', () => {
    const geometry = geometryFromQuadPositions(AGIPD_1M, AGIPD_1M.examplePositions, { metadata: { distance: 0.3 } });
    const coupled = coupleMotors(geometry, [
      [1, 2],
      [3, 4],
      [5, 6],
      [7, 8],
    ]);
    expect(geometryAt(coupled, coupled.reference).tiles).toEqual(geometry.tiles);
    const change = Array.from({ length: 4 }, () => [0.25, -3]);
    const back = moveBy(
      coupleMotors(moveBy(coupled, change)),
      change.map((row) => row.map((v) => -v)),
    );
    expect(largestDifference(back.tiles, geometry.tiles)).toBeLessThan(1e-15);
    expect(back.metadata).toEqual({ distance: 0.3, motorPositions: coupled.reference });
  });

  it('may be others', () => {
    const coupled = coupleMotors(exampleGeometry(DSSC_1M), undefined, { groups: [[0, 16]], axes: [[[0], [2]]] });
    const moved = moveBy(coupled, [[1.5]]);
    expect(moved.tiles[1] - coupled.geometry.tiles[1]).toBeCloseTo(3e-3, 15);
    expect(moved.tiles[0]).toBe(coupled.geometry.tiles[0]);
  });

  it('that are not known, or positions that are missing, are refused', () => {
    expect(() => coupleMotors(exampleGeometry(DSSC_1M))).toThrow(/No motors are known of DSSC1M/);
    expect(() => coupleMotors(exampleGeometry(jungfrau(2)))).toThrow(/JUNGFRAU with 2 modules/);
    const coupled = coupleMotors(exampleGeometry(AGIPD_1M));
    expect(() => geometryAt(coupled, [[1, 2]])).toThrow(/4 rows of 2 numbers in mm/);
    expect(() =>
      moveBy(
        coupled,
        Array.from({ length: 4 }, () => [Number.NaN, 0]),
      ),
    ).toThrow(/4 rows of 2 numbers/);
    const axes = { groups: [[0, 17]], axes: [[[1], [0]]] } as const;
    expect(() => coupleMotors(exampleGeometry(AGIPD_1M), undefined, axes)).toThrow(/within 16/);
  });
});

describe('compared geometries', () => {
  const base = exampleGeometry(AGIPD_1M);

  it('have the arrows of the reference', () => {
    const { rows, scale } = readCase<{ rows: number[][]; scale: number }>(golden, 'cases/agipd1m_compare.json');
    // Not written in the reference, but what its arrows say: the second quadrant moved, then all turned.
    const moved = offsetGeometry(base, [2e-4, -1e-4, 0], { modules: [4, 8] });
    const arrows = compareGeometries(base, rotateGeometry(moved, [0, 0, (0.2 * Math.PI) / 180]), scale);
    expect(arrows.shape).toEqual([16, 8, 2, 4]);
    expect(
      largestDifference(
        arrows.data,
        rows.flatMap((row) => row.slice(3)),
      ),
    ).toBeLessThanOrEqual(1e-6);
  });

  it('must be of one detector', () => {
    expect(() => compareGeometries(base, exampleGeometry(DSSC_1M))).toThrow(/AGIPD1M .* and DSSC1M/);
    expect(() => compareGeometries(exampleGeometry(jungfrau(1)), exampleGeometry(jungfrau(2)))).toThrow(/cannot be/);
  });
});
