import { isXfelError } from '../../../core/errors.ts';
import {
  formatPattern,
  type PatternCurve,
  parsePattern,
  PATTERN_FORMATS as TEXT_FORMATS,
} from '../../../formats/pattern-text.ts';
import { csvFile, saveFile } from '../../save-file.ts';
import { headingLines } from './correction-words.ts';
import { type Overlay, type Provenance, useCurves } from './curve-store.ts';
import { PATTERN_UNITS, type PatternUnit } from './pattern-unit.ts';

/** Files of a curve. */
export type PatternFormat = (typeof TEXT_FORMATS)[number] | 'csv' | 'png';

/** All of them, by their endings. */
export const PATTERN_FORMATS: readonly PatternFormat[] = [...TEXT_FORMATS, 'csv', 'png'];

/** Hands a curve to the browser's downloads. @returns null, or why this format cannot hold it */
export function savePattern(
  format: PatternFormat,
  curve: PatternCurve,
  unit: PatternUnit,
  made: Provenance,
): string | null {
  const name = `${made.picture.replaceAll(/[^\p{L}\p{N}]+/gu, '-')}-v${made.version}.${format}`;
  if (format === 'png') {
    savePlot(name);
    return null;
  }
  if (format === 'csv') {
    const columns = [
      [PATTERN_UNITS[unit].title, curve.x],
      ['intensity', curve.y],
      ...(curve.sigma ? [['sigma', curve.sigma] as const] : []),
    ] as const;
    saveFile(csvFile(columns), name);
    return null;
  }
  try {
    const text = formatPattern(format, curve, { unit, lines: headingLines(made, useCurves.getState()) });
    saveFile(new Blob([text], { type: 'text/plain' }), name);
    return null;
  } catch (error) {
    if (isXfelError(error)) return error.message;
    throw error;
  }
}

/** The plot on screen as a picture, on the colour of its panel. */
function savePlot(name: string): void {
  const plot = document.querySelector<HTMLCanvasElement>('[data-testid="analysis-iq"] canvas');
  if (!plot) return;
  const canvas = document.createElement('canvas');
  canvas.width = plot.width;
  canvas.height = plot.height;
  const context = canvas.getContext('2d');
  if (!context) return;
  context.fillStyle = getComputedStyle(plot).getPropertyValue('--bg1');
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(plot, 0, 0);
  canvas.toBlob((blob) => blob && saveFile(blob, name));
}

/** A curve of a file as an overlay. @param unit what its axis is taken for where the file does not say @throws FormatInvalid */
export async function readPattern(file: File, unit: PatternUnit): Promise<Pick<Overlay, 'name' | 'unit' | 'x' | 'y'>> {
  const text = await file.text();
  const { x, y } = parsePattern(text, { path: file.name });
  const told = (Object.keys(PATTERN_UNITS) as PatternUnit[]).find((each) =>
    text
      .slice(0, 2000)
      .split(/\r?\n/)
      .some((line) => line.replace(/^#/, '').trim().split(/\s+/)[0] === each),
  );
  // GSAS files are over the angle, in centidegrees.
  return { name: file.name, unit: told ?? (/\bFXYE\b/.test(text.slice(0, 400)) ? '2th_deg' : unit), x, y };
}
