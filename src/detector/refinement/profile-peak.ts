/** A peak of a profile. */
export interface ProfilePeak {
  /** Bins from the middle of the first bin. */
  readonly position: number;
  /** Standard deviation of the position, bins. */
  readonly sigma: number;
  /** Full width at half of the height, bins. */
  readonly width: number;
  /** Above the background. */
  readonly height: number;
}

/** Share of the profile at each end that is taken for background. */
const EDGE = 0.3;
/** No position is better known than this, bins: pixels and their gain are not perfect. */
const LEAST_SIGMA = 0.05;

/**
 * The one peak of a short profile on a straight background; null where there is none, or where it is cut off.
 * @param profile float64 (bin), NaN = no data
 * @param minSignalToNoise height of the peak over the scatter of the background
 */
export function findProfilePeak(profile: Float64Array, minSignalToNoise: number): ProfilePeak | null {
  const n = profile.length;
  const edge = Math.max(3, Math.floor(n * EDGE));
  const low = lowerHalf(profile.subarray(0, edge));
  const high = lowerHalf(profile.subarray(n - edge));
  if (low === null || high === null) return null;
  const slope = (high - low) / (n - edge);
  const net = profile.map((value, bin) => value - (low + slope * (bin + 0.5 - edge / 2)));
  const smooth = net.map((_, bin) => meanOf(net, bin - 1, bin + 2));
  let top = -1;
  for (let bin = 1; bin < n - 1; bin++) if (smooth[bin] > (top < 0 ? 0 : smooth[top])) top = bin;
  if (top < 0) return null;
  const noise = scatterOf(net, smooth);
  const height = smooth[top];
  if (!(height > minSignalToNoise * noise)) return null;
  let [left, right] = [top, top];
  while (left > 0 && smooth[left - 1] > height / 2) left--;
  while (right < n - 1 && smooth[right + 1] > height / 2) right++;
  const width = right - left + 1;
  // A peak that begins or ends outside of the window is somebody else's, or its place is not known.
  if (left < 2 || right > n - 3 || width > 0.6 * n) return null;
  let position = top;
  const reach = Math.max(2, width);
  for (let round = 0; round < 8; round++) {
    let [sum, moment] = [0, 0];
    const start = Math.max(0, Math.ceil(position - reach));
    const stop = Math.min(n - 1, Math.floor(position + reach));
    for (let bin = start; bin <= stop; bin++) {
      if (Number.isNaN(net[bin])) return null;
      // Bins at the ends come in bit by bit, or the middle would jump with them.
      const share = Math.min(1, reach + 0.5 - Math.abs(bin - position));
      const value = Math.max(0, net[bin]) * Math.max(0, share);
      sum += value;
      moment += value * bin;
    }
    if (!(sum > 0)) return null;
    const next = moment / sum;
    if (Math.abs(next - position) < 1e-4) break;
    position = next;
  }
  const sigma = Math.max(LEAST_SIGMA, ((width / 2.355) * noise) / (height * Math.sqrt(width)) + 0);
  return { position, sigma, width, height };
}

/** Mean of the lower half of some values: a neighbour's flank does not lift it. */
function lowerHalf(values: Float64Array): number | null {
  const sorted = values.filter((value) => !Number.isNaN(value)).sort();
  if (sorted.length < 3) return null;
  const half = sorted.subarray(0, Math.ceil(sorted.length / 2));
  return half.reduce((sum, value) => sum + value, 0) / half.length;
}

function meanOf(values: Float64Array, start: number, stop: number): number {
  let [sum, count] = [0, 0];
  for (let i = Math.max(0, start); i < Math.min(values.length, stop); i++) {
    if (Number.isNaN(values[i])) continue;
    sum += values[i];
    count++;
  }
  return count === 0 ? Number.NaN : sum / count;
}

/** Scatter of single bins round the smooth curve, from the median. */
function scatterOf(net: Float64Array, smooth: Float64Array): number {
  const sizes = net
    .map((value, bin) => Math.abs(value - smooth[bin]))
    .filter((value) => !Number.isNaN(value))
    .sort();
  // A bin is a third of its own mean, which takes away a third of the variance.
  return sizes.length === 0 ? Number.NaN : 1.4826 * sizes[sizes.length >> 1] * Math.sqrt(1.5);
}
