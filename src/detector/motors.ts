import { GeometryInvalid } from '../core/errors.ts';
import type { MotorAxes } from './detector.ts';
import type { Geometry } from './geometry.ts';
import { offsetGeometry } from './move-geometry.ts';

/** (part, motor), mm. */
export type MotorPositions = readonly (readonly number[])[];

/** A geometry that was measured with the detector's motors at known positions. */
export interface MotorGeometry {
  readonly geometry: Geometry;
  readonly reference: MotorPositions;
  readonly motors: MotorAxes;
}

/** Motors count in millimetres. */
const MILLIMETRE = 1e-3;

/**
 * Couples a geometry with the motors that move its parts.
 * @param reference where the motors were when the geometry was right, mm; by default what the geometry's metadata say, else 0
 * @param motors which way each motor moves; by default as for the detector (AGIPD 1M: 4 quadrants x 2, JUNGFRAU 4M: 2 halves x 1)
 * @throws GeometryInvalid if the detector has no motors that we know, or a number is missing or not finite
 * @source EXtra-geom, AGIPD_1MMotors, JF4MMotors
 */
export function coupleMotors(geometry: Geometry, reference?: MotorPositions, motors?: MotorAxes): MotorGeometry {
  const axes = motors ?? geometry.detector.motors;
  if (!axes)
    throw new GeometryInvalid(
      `No motors are known of ${geometry.detector.name} with ${geometry.detector.dataShape[0]} modules: give groups of modules and axes.`,
      { detector: geometry.detector.name },
    );
  checkAxes(axes, geometry.detector.dataShape[0]);
  const positions = reference ?? geometry.metadata.motorPositions ?? axes.axes.map(([x]) => x.map(() => 0));
  checkPositions(axes, 'reference', positions);
  return {
    geometry: { ...geometry, metadata: { ...geometry.metadata, motorPositions: positions } },
    reference: positions,
    motors: axes,
  };
}

/**
 * The geometry with the motors at other positions; they are kept in its metadata.
 * @param positions (part, motor), mm @throws GeometryInvalid if a number is missing or not finite
 */
export function geometryAt(coupled: MotorGeometry, positions: MotorPositions): Geometry {
  const { geometry, reference, motors } = coupled;
  checkPositions(motors, 'motor positions', positions);
  let moved = geometry;
  for (const [part, modules] of motors.groups.entries()) {
    const [alongX, alongY] = motors.axes[part].map((factors) =>
      factors.reduce((sum, factor, motor) => sum + factor * (positions[part][motor] - reference[part][motor]), 0),
    );
    moved = offsetGeometry(moved, [alongX * MILLIMETRE, alongY * MILLIMETRE, 0], { modules });
  }
  return { ...moved, metadata: { ...moved.metadata, motorPositions: positions } };
}

/**
 * The geometry after the motors went on by some way from the reference.
 * @param change (part, motor), mm @throws GeometryInvalid if a number is missing or not finite
 */
export function moveBy(coupled: MotorGeometry, change: MotorPositions): Geometry {
  checkPositions(coupled.motors, 'motor change', change);
  return geometryAt(
    coupled,
    coupled.reference.map((row, part) => row.map((position, motor) => position + change[part][motor])),
  );
}

function checkAxes({ groups, axes }: MotorAxes, modules: number): void {
  const isRange = ([start, stop]: readonly [number, number]) =>
    Number.isInteger(start) && Number.isInteger(stop) && start >= 0 && start < stop && stop <= modules;
  const isMatrix = (matrix: readonly (readonly number[])[]) =>
    matrix.length === 2 && matrix[0].length === matrix[1].length && matrix.flat().every(Number.isFinite);
  if (groups.length !== axes.length || !groups.every(isRange) || !axes.every(isMatrix))
    throw new GeometryInvalid(
      `Motor axes need for each part a range of modules within ${modules} and two rows (x, y) of one number a motor; got ${groups.length} ranges and ${axes.length} matrices.`,
      { groups: groups.length, axes: axes.length },
    );
}

function checkPositions({ axes }: MotorAxes, what: string, positions: MotorPositions): void {
  const isWhole =
    positions.length === axes.length &&
    positions.every((row, part) => row.length === axes[part][0].length && row.every(Number.isFinite));
  if (!isWhole)
    throw new GeometryInvalid(
      `${what} must be ${axes.length} rows of ${axes[0]?.[0].length ?? 0} numbers in mm, got ${JSON.stringify(positions)}.`,
      { what },
    );
}
