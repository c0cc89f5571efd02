import { NoData } from '../core/errors.ts';
import { combinePatterns } from '../detector/integration/combine.ts';
import type { Pattern } from '../detector/integration/integrate.ts';
import type { PatternOutput } from './pattern-output.ts';

/** Which frame a pattern is of. */
export interface PatternFrame {
  /** Position among all frames: patterns of modules of one frame have the same. */
  readonly index: number;
  readonly trainId?: number;
  readonly pulseId?: number;
}

/** One frame: float32 (bin) both, so that a run of many pulses fits the memory. */
interface KeptFrame extends PatternFrame {
  readonly intensity: Float32Array;
  readonly normalization: Float32Array;
}

/** Adds patterns of frames up, also those of parts of a frame, and keeps each frame where it is wanted. */
export class PatternSum {
  readonly #isKept: boolean;
  readonly #frames = new Map<number, KeptFrame | null>();
  #sum: Pattern | null = null;

  constructor(isKept: boolean) {
    this.#isKept = isKept;
  }

  /** Frames so far. */
  get count(): number {
    return this.#frames.size;
  }

  add(pattern: Pattern, frame: PatternFrame): void {
    this.#sum = this.#sum ? combinePatterns([this.#sum, pattern]) : pattern;
    this.#frames.set(frame.index, this.#isKept ? keep(pattern, frame, this.#frames.get(frame.index)) : null);
  }

  /** All that there is to write but for unit and remarks. @throws NoData without any frame */
  finish(): Omit<PatternOutput, 'unit' | 'lines' | 'treatment'> {
    if (!this.#sum) throw new NoData('There are no frames to integrate. See "hutch ls" for what the run has.');
    const bins = this.#sum.intensity.length;
    const kept = [...this.#frames.values()].filter((frame) => frame !== null).sort((a, b) => a.index - b.index);
    const frames = this.#isKept ? new Float32Array(kept.length * bins) : null;
    for (const [i, { intensity }] of kept.entries()) frames?.set(intensity, i * bins);
    return {
      mean: this.#sum,
      frames,
      frameCount: this.count,
      trainIds: kept.flatMap(({ trainId }) => trainId ?? []),
      pulseIds: kept.flatMap(({ pulseId }) => pulseId ?? []),
    };
  }
}

/** The frame with one more part: intensities are averaged by what their pixels count. */
function keep(pattern: Pattern, frame: PatternFrame, before: KeptFrame | null | undefined): KeptFrame {
  const [intensity, normalization] = [pattern.intensity, pattern.normalization].map((each) => Float32Array.from(each));
  if (!before) return { ...frame, intensity, normalization };
  for (const [bin, weight] of before.normalization.entries()) {
    if (!(weight > 0)) continue;
    const both = weight + normalization[bin];
    const more = normalization[bin] > 0 ? intensity[bin] * normalization[bin] : 0;
    intensity[bin] = (before.intensity[bin] * weight + more) / both;
    normalization[bin] = both;
  }
  return { ...frame, intensity, normalization };
}
