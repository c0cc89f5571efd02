import { FormatInvalid } from '../core/errors.ts';

/** Positions of rigid parts in a table: `quadrant,x_mm,y_mm`, one line each. */
export interface QuadPositionTable {
  /** Unit of the header; null if it has none. */
  readonly unit: 'mm' | 'px' | 'm' | null;
  /** (x, y) in the order of the lines. */
  readonly positions: readonly (readonly [number, number])[];
}

/** Quadrant positions as CSV with their unit in the header, to 1e-9 of it (m: 1e-13): more digits are those of rounding. */
export function formatQuadPositions({ unit, positions }: QuadPositionTable): string {
  const suffix = unit === null ? '' : `_${unit}`;
  const digits = unit === 'm' ? 13 : 9;
  // -0 + 0 is 0.
  const rows = positions.map((place, i) => [`q${i + 1}`, ...place.map((n) => Number(n.toFixed(digits)) + 0)].join(','));
  return `${[`quadrant,x${suffix},y${suffix}`, ...rows].join('\n')}\n`;
}

/**
 * Reads quadrant positions: a header with columns x and y (any case, a unit behind an underscore or in brackets), or lines of
 * two numbers without a header. Other columns are passed over. Between columns is what the first line has: commas, or semicolons
 * or tabs, with which numbers may have decimal commas.
 * @throws FormatInvalid with the line
 */
export function parseQuadPositions(
  text: string,
  { path = 'table' }: { readonly path?: string } = {},
): QuadPositionTable {
  const fail = (line: number, message: string) =>
    new FormatInvalid(`${path}, line ${line}: ${message}`, { path, line });
  const lines = text
    .split(/\r\n|\n|\r/)
    .map((row, index) => ({ line: index + 1, row }))
    .filter(({ row }) => /[^\s,;]/.test(row) && !/^\s*#/.test(row));
  if (lines.length === 0) throw fail(1, 'there are no positions.');
  const separator = separatorOf(lines[0].row);
  const rows = lines.map(({ line, row }) => ({ line, cells: cellsOf(row, separator) }));
  if (rows.length > 1000) throw fail(1001, 'more lines than any detector has parts.');
  const header = rows[0].cells.map((cell) => /^(x|y)(?:[ _[(]+(mm|px|m)[\])]?)?$/i.exec(cell));
  const columns = ['x', 'y'].map((name) => header.findIndex((match) => match?.[1].toLowerCase() === name));
  const hasHeader = columns.every((column) => column >= 0);
  const [first] = rows;
  if (!hasHeader && (first.cells.length !== 2 || !first.cells.every((cell) => Number.isFinite(Number(cell)))))
    throw fail(first.line, 'the header must name columns x and y, such as quadrant,x_mm,y_mm.');
  const [xColumn, yColumn] = hasHeader ? columns : [0, 1];
  const unitOf = (column: number) => (hasHeader && header[column]?.[2]?.toLowerCase()) || null;
  const unit = unitOf(xColumn);
  if (unit !== unitOf(yColumn))
    throw fail(first.line, `x is in ${unit ?? 'no unit'}, y in ${unitOf(yColumn) ?? 'no unit'}: write one unit.`);
  const positions = rows.slice(hasHeader ? 1 : 0).map(({ line, cells }): readonly [number, number] => {
    // One more is mostly a decimal comma, and the columns behind it are others.
    if (cells.length > first.cells.length)
      throw fail(line, `there are ${cells.length} columns, in line ${first.line} ${first.cells.length}.`);
    const [x, y] = [cells[xColumn], cells[yColumn]].map((cell) => (cell ? Number(cell) : Number.NaN));
    if (!Number.isFinite(x) || !Number.isFinite(y))
      throw fail(line, `"${cells.join(',').slice(0, 60)}" needs numbers x and y.`);
    return [x, y];
  });
  return { unit: unit as QuadPositionTable['unit'], positions };
}

function separatorOf(row: string): string {
  if (row.includes(';')) return ';';
  return row.includes('\t') && !row.includes(',') ? '\t' : ',';
}

/** Without empty ones at the end. */
function cellsOf(row: string, separator: string): string[] {
  const cells = row.split(separator).map((cell) => cell.trim());
  while (cells.at(-1) === '') cells.pop();
  return separator === ',' ? cells : cells.map((cell) => cell.replace(/^([+-]?\d*),(\d*)$/, '$1.$2'));
}
