import { StateInvalid } from '../../core/errors.ts';

/** What is told of a pattern between two places: see {@link windowValue}. */
export const WINDOW_QUANTITIES = ['mean', 'area', 'height', 'centre', 'width'] as const;
/** One of them. */
export type WindowQuantity = (typeof WINDOW_QUANTITIES)[number];

/** How a window is told. */
export interface WindowOptions {
  readonly quantity: WindowQuantity;
  /** Whether the straight line between the window's ends is taken off first. */
  readonly isLessLine: boolean;
}

/** This share of the window's points at each end tells where the line goes through; one point at least. */
const END_SHARE = 0.1;
/** From a standard deviation to the full width at half height of a Gaussian. */
const FULL_WIDTH = 2 * Math.sqrt(2 * Math.log(2));

/**
 * One number of a pattern between two places: the mean; the area (intensity times the unit of x); the largest value; the centre of
 * mass; the full width at half height of a Gaussian with the same variance. Centre and width take what is below 0 for 0.
 * @param x (point), rising @param y (point); NaN = no value, passed over
 * @returns NaN where the window holds no values, or centre and width nothing above 0
 * @throws StateInvalid if the window's ends are not in order
 */
export function windowValue(
  { x, y }: { readonly x: ArrayLike<number>; readonly y: ArrayLike<number> },
  [low, high]: readonly [number, number],
  { quantity, isLessLine }: WindowOptions,
): number {
  if (!(low < high))
    throw new StateInvalid(`The window from ${low} to ${high} is empty: give the smaller number first.`, {
      field: 'window',
    });
  const places: number[] = [];
  const values: number[] = [];
  for (let i = 0; i < x.length; i++) {
    if (x[i] < low || x[i] > high || !Number.isFinite(y[i])) continue;
    places.push(x[i]);
    values.push(y[i]);
  }
  const { length } = places;
  if (length === 0) return Number.NaN;
  if (isLessLine) takeLine(places, values);
  if (quantity === 'height') return values.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY);
  if (quantity === 'mean') return values.reduce((sum, value) => sum + value, 0) / length;
  if (quantity === 'area') return values.reduce((sum, value, i) => sum + value * stepAt(places, i), 0);
  let [sum, first, second] = [0, 0, 0];
  for (let i = 0; i < length; i++) {
    const weight = Math.max(0, values[i]) * stepAt(places, i);
    // Against the low end, so that squares of large places do not swallow a narrow width.
    const place = places[i] - low;
    sum += weight;
    first += weight * place;
    second += weight * place * place;
  }
  if (!(sum > 0)) return Number.NaN;
  const centre = first / sum;
  return quantity === 'centre' ? low + centre : FULL_WIDTH * Math.sqrt(Math.max(0, second / sum - centre * centre));
}

/** What a point stands for of the axis: half of the way to each neighbour. */
function stepAt(places: readonly number[], i: number): number {
  const last = places.length - 1;
  if (last === 0) return 1;
  if (i === 0) return places[1] - places[0];
  return i === last ? places[last] - places[last - 1] : (places[i + 1] - places[i - 1]) / 2;
}

function takeLine(places: readonly number[], values: number[]): void {
  const { length } = places;
  const ends = Math.max(1, Math.round(END_SHARE * length));
  const meanOf = (list: readonly number[], from: number) =>
    list.slice(from, from + ends).reduce((sum, value) => sum + value, 0) / Math.min(ends, length);
  const [x0, x1] = [meanOf(places, 0), meanOf(places, length - ends)];
  const [y0, y1] = [meanOf(values, 0), meanOf(values, length - ends)];
  const slope = x1 > x0 ? (y1 - y0) / (x1 - x0) : 0;
  for (let i = 0; i < length; i++) values[i] -= y0 + slope * (places[i] - x0);
}
