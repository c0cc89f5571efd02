import type { Detector } from '../../detector/detector.ts';
import type { DetectorPart, PartMove } from '../../detector/refinement/detector-part.ts';

/** No part of a detector is farther from its origin. */
export const FARTHEST_PX = 1e5;
/** Units of positions on screen. */
export const UNIT_NAMES = ['px', 'mm', 'm'] as const;
/** One of them. */
export type PositionUnit = (typeof UNIT_NAMES)[number];

/** Metres in a unit; a pixel is the detector's. */
export function unitMetres(unit: PositionUnit, { pixelSize }: Pick<Detector, 'pixelSize'>): number {
  return { px: pixelSize, mm: 1e-3, m: 1 }[unit];
}

/** Positions as CSV with names and unit. @param places (x, y) of each part, m */
export function positionsText(
  parts: readonly DetectorPart[],
  places: readonly (readonly number[])[],
  metres: number,
  unit: PositionUnit,
): string {
  const rows = parts.map(({ label }, i) =>
    [label, ...places[i].slice(0, 2).map((value) => Number((value / metres).toPrecision(10)))].join(','),
  );
  return `${[`part,x_${unit},y_${unit}`, ...rows].join('\n')}\n`;
}

const HEADER = /^(x|y)(?:[ _[(/]+(mm|px|m)[\])]?)?$/i;

/**
 * Moves that bring parts to the positions of a table: a header with columns x and y (and perhaps a unit), or rows of two
 * numbers, in the order of the parts.
 * @param places (x, y) of each part now, m @param unit of numbers without one
 * @returns the moves, or what is wrong with the table
 */
export function movesFromTable(
  text: string,
  places: readonly (readonly number[])[],
  detector: Pick<Detector, 'pixelSize'>,
  unit: PositionUnit,
): ReadonlyMap<number, PartMove> | string {
  const rows = text
    .split(/\r\n|\n|\r/)
    .map((row) => row.split(/[,;\t]/).map((cell) => cell.trim()))
    .filter((cells) => cells.some((cell) => cell !== ''));
  if (rows.length === 0) return 'The clipboard holds no table.';
  const header = rows[0].map((cell) => HEADER.exec(cell));
  const [xColumn, yColumn] = ['x', 'y'].map((axis) => header.findIndex((match) => match?.[1].toLowerCase() === axis));
  const hasHeader = xColumn >= 0 && yColumn >= 0;
  const body = hasHeader ? rows.slice(1) : rows;
  if (body.length !== places.length) return `The table has ${body.length} rows; ${places.length} parts are shown.`;
  const named = hasHeader ? header[xColumn]?.[2]?.toLowerCase() : undefined;
  const metres = unitMetres((named as PositionUnit | undefined) ?? unit, detector);
  const moves = new Map<number, PartMove>();
  for (const [part, cells] of body.entries()) {
    const [x, y] = (hasHeader ? [cells[xColumn], cells[yColumn]] : cells.slice(-2)).map((cell) =>
      cell === undefined || cell === '' ? Number.NaN : Number(cell.replace('−', '-')),
    );
    if (!Number.isFinite(x) || !Number.isFinite(y))
      return `Row ${part + 1} ("${cells.join(',').slice(0, 40)}") needs numbers x and y.`;
    if (Math.max(Math.abs(x), Math.abs(y)) * metres > FARTHEST_PX * detector.pixelSize)
      return `Row ${part + 1} ("${cells.join(',').slice(0, 40)}") is farther away than ${FARTHEST_PX} px: another unit?`;
    const shift = [x * metres - places[part][0], y * metres - places[part][1], 0] as const;
    if (Math.hypot(...shift) > 1e-12) moves.set(part, { shift, angle: 0 });
  }
  return moves;
}
