/** Where {@link describeSamples} writes; all (pixel) float32. */
export interface StatisticsTarget {
  readonly median: Float32Array;
  readonly mean: Float32Array;
  readonly deviation: Float32Array;
}

/** Pixels whose samples are brought together at a time: few enough for the first-level cache. */
const BLOCK = 256;
/** Up to this many samples insertion sort beats the library's sort. */
const SHORT = 32;

/**
 * Median, mean and standard deviation of each pixel over frames. Sums are integers, so mean and deviation are exact before
 * they are rounded to float32 (as long as there are fewer than 2^18 frames of 14 bits).
 * @param frames uint16 planes of equal length, one a frame; at least one
 * @param out written
 */
export function describeSamples(frames: readonly Uint16Array[], out: StatisticsTarget): StatisticsTarget {
  const n = frames.length;
  const pixels = out.median.length;
  const samples = new Uint16Array(BLOCK * n);
  for (let start = 0; start < pixels; start += BLOCK) {
    const count = Math.min(BLOCK, pixels - start);
    for (let k = 0; k < n; k++) {
      const frame = frames[k];
      for (let i = 0; i < count; i++) samples[i * n + k] = frame[start + i];
    }
    for (let i = 0; i < count; i++) {
      let sum = 0;
      let squares = 0;
      for (let k = i * n; k < (i + 1) * n; k++) {
        sum += samples[k];
        squares += samples[k] * samples[k];
      }
      out.mean[start + i] = sum / n;
      out.deviation[start + i] = Math.sqrt(n * squares - sum * sum) / n;
      sortRange(samples, i * n, (i + 1) * n);
      const middle = i * n + (n >> 1);
      out.median[start + i] = n % 2 ? samples[middle] : (samples[middle - 1] + samples[middle]) / 2;
    }
  }
  return out;
}

function sortRange(samples: Uint16Array, start: number, stop: number): void {
  if (stop - start > SHORT) {
    samples.subarray(start, stop).sort();
    return;
  }
  for (let i = start + 1; i < stop; i++) {
    const value = samples[i];
    let k = i - 1;
    for (; k >= start && samples[k] > value; k--) samples[k + 1] = samples[k];
    samples[k + 1] = value;
  }
}

/** Median and standard deviation (ddof 0) of the finite values; both NaN if there are none. */
export function medianAndDeviation(values: Float32Array): { readonly median: number; readonly deviation: number } {
  const finite = new Float32Array(values.length);
  let n = 0;
  let sum = 0;
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    finite[n++] = value;
    sum += value;
  }
  if (n === 0) return { median: Number.NaN, deviation: Number.NaN };
  const mean = sum / n;
  let squares = 0;
  for (let i = 0; i < n; i++) squares += (finite[i] - mean) ** 2;
  return { median: medianInPlace(finite.subarray(0, n)), deviation: Math.sqrt(squares / n) };
}

/** Median of finite values, whose order it changes: the middle is found without sorting the rest. */
function medianInPlace(values: Float32Array): number {
  const middle = values.length >> 1;
  let low = 0;
  let high = values.length - 1;
  while (low < high) {
    const pivot = values[(low + high) >> 1];
    let i = low;
    let j = high;
    while (i <= j) {
      while (values[i] < pivot) i++;
      while (values[j] > pivot) j--;
      if (i > j) break;
      const value = values[i];
      values[i++] = values[j];
      values[j--] = value;
    }
    if (middle <= j) high = j;
    else if (middle >= i) low = i;
    else break;
  }
  if (values.length % 2) return values[middle];
  let below = values[0];
  for (let i = 1; i < middle; i++) below = Math.max(below, values[i]);
  return (below + values[middle]) / 2;
}
