import { FormatInvalid, Unsupported } from '../core/errors.ts';

/** Text formats of powder patterns: columns, Fit2D's CHI, columns with uncertainty, GSAS' FXYE. */
export type PatternFormat = 'xy' | 'chi' | 'dat' | 'fxye';

/** All formats, by the ending of their files. */
export const PATTERN_FORMATS: readonly PatternFormat[] = ['xy', 'chi', 'dat', 'fxye'];

/** A curve: intensity over an angle, q, or radius. */
export interface PatternCurve {
  /** Strictly rising. */
  readonly x: ArrayLike<number>;
  readonly y: ArrayLike<number>;
  /** Uncertainty of `y`; null if it is not known. */
  readonly sigma: ArrayLike<number> | null;
}

/** What a file says of its curve. */
export interface PatternHeader {
  /** Of `x`, such as `2th_deg` or `q_A^-1`. */
  readonly unit: string;
  /** Where it comes from; one line each. */
  readonly lines: readonly string[];
}

/**
 * A pattern as text. Points without a value (NaN) are left out of columns, and are 0 where points must be evenly spaced (fxye).
 * @throws Unsupported for fxye in another unit than `2th_deg`, or without uncertainties, or with uneven steps
 * @source xy, dat: columns with `#` remarks, as Dioptas and pyFAI read them; chi: Fit2D manual (title, two axis names, number of
 * points, columns); fxye: GSAS manual, "FXYE" data (centidegrees, intensity, uncertainty)
 */
export function formatPattern(format: PatternFormat, curve: PatternCurve, { unit, lines }: PatternHeader): string {
  const { x, y, sigma } = curve;
  const remarks = lines.map((line) => line.replace(/[\r\n]+/g, ' '));
  const points = Array.from(x, (_, i) => i);
  const valid = points.filter((i) => !Number.isNaN(y[i]));
  const columns = (hasSigma: boolean) =>
    valid.map((i) => `${x[i]} ${y[i]}${hasSigma && sigma ? ` ${sigma[i]}` : ''}\n`).join('');
  switch (format) {
    case 'xy':
    case 'dat': {
      const names = format === 'dat' && sigma ? 'intensity sigma' : 'intensity';
      const head = [...remarks, `${unit} ${names}`].map((line) => `# ${line}\n`).join('');
      return head + columns(format === 'dat');
    }
    case 'chi': {
      // Four lines of heading, whatever they say; a reader counts them.
      return `${remarks.join(' ') || 'pattern'}\n${unit}\nintensity\n  ${valid.length}\n${columns(false)}`;
    }
    case 'fxye':
      return formatGsas(curve, unit, remarks);
  }
}

function formatGsas({ x, y, sigma }: PatternCurve, unit: string, remarks: readonly string[]): string {
  if (unit !== '2th_deg')
    throw new Unsupported(
      `fxye is over the scattering angle; the pattern is in ${unit}. Integrate with the unit 2th_deg.`,
      {
        unit,
      },
    );
  if (!sigma) throw new Unsupported('fxye needs uncertainties: integrate with an error model.', {});
  const count = x.length;
  const step = count > 1 ? (x[count - 1] - x[0]) / (count - 1) : 0;
  for (let i = 1; i < count; i++)
    if (Math.abs(x[i] - x[i - 1] - step) > 1e-6 * step)
      throw new Unsupported('fxye needs even steps of the angle.', { index: i });
  const title = (remarks.join(' ') || 'pattern').slice(0, 80);
  const rows = Array.from(x, (angle, i) => {
    const isValid = !Number.isNaN(y[i]) && sigma[i] > 0;
    return `${100 * angle} ${isValid ? y[i] : 0} ${isValid ? sigma[i] : 1}\n`;
  });
  const bank = `BANK 1 ${count} ${count} CONS ${100 * (x[0] ?? 0)} ${100 * step} 0 0 FXYE`;
  return `${title.padEnd(80)}\n${bank.padEnd(80)}\n${rows.join('')}`;
}

/** More than any pattern, characters. */
const MAX_LENGTH = 256 * 2 ** 20;

/**
 * Reads a pattern of any of these formats, told by its text: a curve with or without uncertainty.
 * @param options.path for messages
 * @throws FormatInvalid with the line
 */
export function parsePattern(
  text: string,
  { path = 'pattern' }: { readonly path?: string } = {},
): {
  readonly x: Float64Array;
  readonly y: Float64Array;
  readonly sigma: Float64Array | null;
} {
  const fail = (line: number, message: string) =>
    new FormatInvalid(`${path}, line ${line}: ${message}`, { path, line });
  if (text.length > MAX_LENGTH) throw fail(0, `${text.length} characters are no pattern.`);
  const lines = text.split(/\r\n|\n|\r/);
  const bank = lines.findIndex((line) => /^BANK\s.*\bFXYE\b/.test(line));
  const isChi = bank < 0 && isChiHead(lines);
  const start = bank >= 0 ? bank + 1 : isChi ? 4 : 0;
  const rows: number[][] = [];
  for (let i = start; i < lines.length; i++) {
    const line = lines[i].trim();
    if (line === '' || /^[#!;]/.test(line)) continue;
    const numbers = line.split(/[\s,]+/).map(Number);
    if (numbers.length < 2 || numbers.slice(0, 3).some(Number.isNaN))
      throw fail(i + 1, `"${line.slice(0, 40)}" is not two or three numbers.`);
    rows.push(numbers);
  }
  if (isChi) {
    const wanted = Number(lines[3].trim().split(/\s+/)[0]);
    if (rows.length !== wanted)
      throw fail(4, `${wanted} points are announced, there are ${rows.length}: is the file whole?`);
  }
  if (rows.length === 0) throw fail(lines.length, 'There are no points.');
  const scale = bank >= 0 ? 0.01 : 1;
  const hasSigma = !isChi && rows.every((row) => row.length >= 3);
  return {
    x: Float64Array.from(rows, (row) => row[0] * scale),
    y: Float64Array.from(rows, (row) => row[1]),
    sigma: hasSigma ? Float64Array.from(rows, (row) => row[2]) : null,
  };
}

/** Four lines of heading, the last of which is a number on its own. */
function isChiHead(lines: readonly string[]): boolean {
  const isPoint = (line: string) => /^\s*[-+.\d][\d.eE+-]*[\s,]+[-+.\d]/.test(line);
  return lines.length > 4 && /^\s*\d+\s*$/.test(lines[3]) && !isPoint(lines[0]) && !lines[0].startsWith('#');
}
