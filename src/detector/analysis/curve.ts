/** A curve over rising x. */
export interface CurvePoints {
  /** Rising. */
  readonly x: ArrayLike<number>;
  /** NaN = no value. */
  readonly y: ArrayLike<number>;
}

/**
 * A curve at other places, by straight lines between its points.
 * @returns float64 (place); NaN outside of the curve and beside points without value
 */
export function curveAt({ x, y }: CurvePoints, places: ArrayLike<number>): Float64Array {
  const out = new Float64Array(places.length).fill(Number.NaN);
  for (let i = 0; i < places.length; i++) {
    const place = places[i];
    let [low, high] = [0, x.length - 1];
    if (!(place >= x[low] && place <= x[high])) continue;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (x[middle] <= place) low = middle;
      else high = middle;
    }
    if (place === x[low]) out[i] = y[low];
    else if (place === x[high]) out[i] = y[high];
    else out[i] = y[low] + ((y[high] - y[low]) * (place - x[low])) / (x[high] - x[low]);
  }
  return out;
}

/** One curve less another, on the places of the first. @param scale,offset the other is scale * y + offset */
export function subtractCurve(
  from: CurvePoints,
  other: CurvePoints,
  { scale = 1, offset = 0 }: { readonly scale?: number; readonly offset?: number } = {},
): Float64Array {
  const background = curveAt(other, from.x);
  return background.map((value, i) => from.y[i] - (scale * value + offset));
}
