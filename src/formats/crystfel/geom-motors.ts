import { GeometryInvalid } from '../../core/errors.ts';

/** Motor positions of the parts of a detector: [part][axis], in mm. */
export type GeomMotors = readonly (readonly number[])[];

const LINE = /^;XGEOM ([A-Z]+)(?:_Q(\d{1,3}))?=(.*)$/;
const NUMBER = /^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$/;

/** The comments that keep motor positions in a .geom file. @source EXtra-geom, write_crystfel_geom */
export function motorLines(motors: GeomMotors): string[] {
  const axes = motors[0]?.length ?? 0;
  return [
    `;XGEOM MOTORS=${motors.length},${axes}`,
    ...motors.map((part, i) => `;XGEOM MOTOR_Q${i + 1}=${part.join(',')}`),
  ];
}

/** Whether a line is one of {@link motorLines}. */
export function isMotorLine(line: string): boolean {
  const kind = LINE.exec(line.trimEnd())?.[1];
  return kind === 'MOTORS' || kind === 'MOTOR';
}

/**
 * Motor positions from the comments of a .geom file; they count only at the start of a line.
 * @returns null if the file has none @throws GeometryInvalid with the line if they are damaged or some are missing
 */
export function readMotors(text: string, path = 'geometry'): GeomMotors | null {
  if (!text.includes(';XGEOM MOTOR')) return null;
  const fail = (line: number, message: string) =>
    new GeometryInvalid(`${path}, line ${line}: ${message} Correct the ;XGEOM comments or delete all of them.`, {
      path,
      line,
    });
  let size: readonly [parts: number, axes: number] | null = null;
  let sizeLine = 0;
  const parts: (readonly number[])[] = [];
  for (const [index, full] of text.split(/\r\n|\n|\r/).entries()) {
    const match = LINE.exec(full);
    if (!match || (match[1] !== 'MOTORS' && match[1] !== 'MOTOR')) continue;
    const fields = match[3].trim().split(',');
    if (match[1] === 'MOTORS') {
      sizeLine = index + 1;
      const counts = fields.map(Number);
      if (counts.length !== 2 || !counts.every((n) => Number.isInteger(n) && n > 0 && n <= 100))
        throw fail(sizeLine, 'MOTORS must be two whole numbers: parts,axes.');
      size = [counts[0], counts[1]];
      continue;
    }
    if (!size) throw fail(index + 1, 'MOTOR_Q stands before MOTORS=parts,axes.');
    const part = Number(match[2]) - 1;
    if (!(part >= 0 && part < size[0])) throw fail(index + 1, `MOTOR_Q${match[2] ?? ''} is none of ${size[0]} parts.`);
    if (fields.length !== size[1] || !fields.every((field) => NUMBER.test(field.trim())))
      throw fail(index + 1, `MOTOR_Q${part + 1} must be ${size[1]} numbers in mm.`);
    parts[part] = fields.map(Number);
  }
  if (!size) return null;
  for (let part = 0; part < size[0]; part++)
    if (!parts[part]) throw fail(sizeLine, `There is no MOTOR_Q${part + 1} for ${size[0]} parts.`);
  return parts;
}
