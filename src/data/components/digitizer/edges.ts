import { SelectionInvalid } from '../../../core/errors.ts';

/** What counts as a pulse in a trace, and which moment of it is its time. */
export interface EdgeOptions {
  /** Least height above the baseline, ADC units. */
  readonly threshold: number;
  /** The time of a pulse is where its leading edge passes this part of its height: the same for high and low pulses. Default 0.5. */
  readonly fraction?: number;
  /** Pulses go down, as those of many detectors do. Default false. */
  readonly isNegative?: boolean;
  /** Samples behind the edge of a pulse in which no other begins. Default 0. */
  readonly deadTime?: number;
}

/** A pulse that was found. */
export interface Edge {
  /** Samples from the start of the trace, with a fraction. */
  readonly position: number;
  /** Height of the peak above the baseline, ADC units; negative if pulses go down. */
  readonly amplitude: number;
}

/**
 * Pulses of a trace: a pulse is a stretch above the threshold, its peak the highest sample of it; its time is where the leading
 * edge passes a constant fraction of that height, between two samples. A pulse whose edge is not in the trace is left out.
 * @param trace baseline at 0, ADC units
 * @throws SelectionInvalid for a threshold that is not above 0, or a fraction that is not between 0 and 1
 * @source Gedcke & McDonald, Nucl. Instrum. Methods 58 (1968) 253: timing at a constant fraction of the height
 */
export function findEdges(trace: Float32Array, options: EdgeOptions): Edge[] {
  const { threshold, fraction = 0.5, isNegative = false, deadTime = 0 } = options;
  if (!(threshold > 0)) throw new SelectionInvalid(`A threshold of ${threshold} must be above 0.`, { threshold });
  if (!(fraction > 0 && fraction < 1))
    throw new SelectionInvalid(`A fraction of ${fraction} must be between 0 and 1.`, { fraction });
  const sign = isNegative ? -1 : 1;
  const edges: Edge[] = [];
  let blockedUntil = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < trace.length; i++) {
    if (!(sign * trace[i] >= threshold)) continue;
    let peak = i;
    for (; i < trace.length && sign * trace[i] >= threshold; i++) if (sign * trace[i] > sign * trace[peak]) peak = i;
    const position = edgeBefore(trace, peak, sign, fraction);
    if (position === null || position < blockedUntil) continue;
    edges.push({ position, amplitude: trace[peak] });
    blockedUntil = position + deadTime;
  }
  return edges;
}

/** Where the trace last passed a fraction of a peak's height on its way to it; null if that was before its start. */
function edgeBefore(trace: Float32Array, peak: number, sign: number, fraction: number): number | null {
  const wanted = sign * trace[peak] * fraction;
  for (let i = peak - 1; i >= 0; i--) {
    const [low, high] = [sign * trace[i], sign * trace[i + 1]];
    if (low <= wanted) return i + (wanted - low) / (high - low);
  }
  return null;
}
