/** Values between which colours run. */
export interface Levels {
  readonly low: number;
  readonly high: number;
}

/** Counts of values in equal bins between two limits. */
export interface Histogram {
  readonly low: number;
  readonly high: number;
  readonly counts: Uint32Array;
}

/** More values than this say nothing new about the levels. */
const SAMPLES = 40_000;

function sortedSample(values: Float32Array): Float32Array {
  const step = Math.max(1, Math.floor(values.length / SAMPLES));
  const sample = new Float32Array(Math.ceil(values.length / step));
  let count = 0;
  for (let i = 0; i < values.length; i += step) if (Number.isFinite(values[i])) sample[count++] = values[i];
  return sample.subarray(0, count).sort();
}

/** Levels that leave 1 % of the pixels below and 1 % above; NaN does not count. @returns 0 to 1 when nothing is finite */
export function autoLevels(values: Float32Array): Levels {
  const sample = sortedSample(values);
  if (sample.length === 0) return { low: 0, high: 1 };
  const low = sample[Math.floor(0.01 * (sample.length - 1))];
  const high = sample[Math.ceil(0.99 * (sample.length - 1))];
  return high > low ? { low, high } : { low, high: low + 1 };
}

/** Histogram of a sample of the finite values between the given limits. */
export function histogramOf(values: Float32Array, low: number, high: number, bins = 96): Histogram {
  const counts = new Uint32Array(bins);
  const step = Math.max(1, Math.floor(values.length / SAMPLES));
  const scale = bins / (high - low);
  for (let i = 0; i < values.length; i += step) {
    const bin = Math.floor((values[i] - low) * scale);
    if (bin >= 0 && bin < bins) counts[bin]++;
  }
  return { low, high, counts };
}
