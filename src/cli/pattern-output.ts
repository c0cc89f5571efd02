import { Usage } from '../core/errors.ts';
import { ndarray } from '../core/ndarray.ts';
import type { Pattern } from '../detector/integration/integrate.ts';
import { encodeNpy } from '../formats/npy.ts';
import { formatPattern, PATTERN_FORMATS, type PatternFormat } from '../formats/pattern-text.ts';

/** What can be written: for programs, for spreadsheets, and what powder programs read. */
export type OutputFormat = 'json' | 'npy' | 'csv' | PatternFormat;

const OUTPUT_FORMATS: readonly OutputFormat[] = ['json', 'npy', 'csv', ...PATTERN_FORMATS];

/** All formats, for a help text. */
export const OUTPUT_FORMAT_LIST = OUTPUT_FORMATS.join(', ');

/** A pattern with all that a file says of it. */
export interface PatternOutput {
  readonly unit: string;
  readonly mean: Pattern;
  /** float32 (frame, bin), or null if it was not asked for. */
  readonly frames: Float32Array | null;
  readonly frameCount: number;
  /** Of each frame; empty for a file. */
  readonly trainIds: readonly number[];
  readonly pulseIds: readonly number[];
  /** Where it comes from and how it was made. */
  readonly lines: readonly string[];
  /** Whether a run's frames were corrected, and how; null for a file. */
  readonly treatment: string | null;
}

/** The format, by `--format` or the ending of the file. @throws Usage if it is none, or needs a file */
export function chooseOutputFormat(format: string | undefined, output: string | undefined): OutputFormat {
  const ending = output?.match(/\.(\w+)$/)?.[1].toLowerCase();
  const wanted = format ?? (output === undefined ? 'csv' : ending);
  const found = OUTPUT_FORMATS.find((name) => name === wanted);
  if (!found)
    throw new Usage(
      `${format === undefined ? `The ending of ${output}` : `--format ${format}`} is no format: choose one of ${OUTPUT_FORMAT_LIST}.`,
    );
  if (found === 'npy' && output === undefined) throw new Usage('--format npy needs an output file: -o FILE.npy');
  return found;
}

/** The file's parts. @throws Usage if the format cannot hold two axes or many frames, Unsupported as `formatPattern` */
export function encodePattern(format: OutputFormat, output: PatternOutput): readonly (Uint8Array | string)[] {
  const { mean, unit, frames, frameCount, lines } = output;
  const bins = mean.intensity.length;
  switch (format) {
    case 'json':
      return [`${JSON.stringify(jsonOf(output), (_, value) => (Number.isNaN(value) ? null : value))}\n`];
    case 'npy': {
      const axes = mean.azimuth ? [mean.azimuth.length, mean.radial.length] : [bins];
      if (frames) return [...encodeNpy(ndarray('float32', [frameCount, ...axes], frames))];
      return [...encodeNpy(ndarray('float64', axes, mean.intensity))];
    }
    case 'csv':
      return [csvOf(output)];
    default:
      if (mean.azimuth) throw new Usage(`${format} holds one curve: write csv, npy or json for two axes.`);
      if (frames) throw new Usage(`${format} holds one curve: write csv, npy or json for each frame.`);
      return [formatPattern(format, { x: mean.radial, y: mean.intensity, sigma: mean.sigma }, { unit, lines })];
  }
}

function jsonOf({ mean, unit, frames, frameCount, trainIds, pulseIds, lines, treatment }: PatternOutput): object {
  const { radial, azimuth, intensity, sigma, count, signal, normalization } = mean;
  const bins = intensity.length;
  return {
    unit,
    frameCount,
    ...(treatment === null ? {} : { treatment }),
    radial: Array.from(radial),
    ...(azimuth ? { azimuthDeg: Array.from(azimuth) } : {}),
    shape: azimuth ? [azimuth.length, radial.length] : [radial.length],
    intensity: Array.from(intensity),
    ...(sigma ? { sigma: Array.from(sigma) } : {}),
    count: Array.from(count),
    signal: Array.from(signal),
    normalization: Array.from(normalization),
    ...(frames
      ? {
          frames: Array.from({ length: frameCount }, (_, i) => Array.from(frames.subarray(i * bins, (i + 1) * bins))),
          trainIds,
          pulseIds,
        }
      : {}),
    remarks: lines,
  };
}

function csvOf({ mean, unit, frames, frameCount, trainIds, pulseIds }: PatternOutput): string {
  const { radial, azimuth, intensity, sigma, count } = mean;
  const frameName = (i: number) =>
    trainIds[i] === undefined ? `frame ${i}` : `train ${trainIds[i]} pulse ${pulseIds[i] ?? i}`;
  const head = [
    ...(azimuth ? ['azimuth_deg'] : []),
    unit,
    'intensity',
    ...(sigma ? ['sigma'] : []),
    'count',
    ...(frames ? Array.from({ length: frameCount }, (_, i) => frameName(i)) : []),
  ];
  const rows = Array.from(intensity, (value, bin) => {
    const row = [
      ...(azimuth ? [azimuth[Math.floor(bin / radial.length)]] : []),
      radial[bin % radial.length],
      value,
      ...(sigma ? [sigma[bin]] : []),
      count[bin],
      ...(frames ? Array.from({ length: frameCount }, (_, i) => frames[i * intensity.length + bin]) : []),
    ];
    return row.map((number) => (Number.isNaN(number) ? '' : number)).join(',');
  });
  return `${head.join(',')}\n${rows.join('\n')}\n`;
}
