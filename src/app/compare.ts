/** A value for each train. */
export interface TrainSeries {
  readonly trainId: Float64Array;
  readonly value: Float64Array;
}

/** Two keys train by train, and what has no partner. */
export interface MatchedSeries {
  readonly trainId: Float64Array;
  readonly first: Float64Array;
  readonly second: Float64Array;
  /** Trains of which only the first, or only the second key has a value, and trains in which one of the two is NaN. */
  readonly onlyFirst: number;
  readonly onlySecond: number;
  readonly notANumber: number;
}

/** Puts the values of two keys together by train id. */
export function matchSeries(a: TrainSeries, b: TrainSeries): MatchedSeries {
  const places = new Map(Array.from(b.trainId, (id, i) => [id, i] as const));
  const pairs: [number, number, number][] = [];
  let [onlyFirst, notANumber, met] = [0, 0, 0];
  for (const [i, id] of a.trainId.entries()) {
    const at = places.get(id);
    if (at === undefined) {
      onlyFirst++;
      continue;
    }
    met++;
    const [first, second] = [a.value[i], b.value[at]];
    if (Number.isNaN(first) || Number.isNaN(second)) notANumber++;
    else pairs.push([id, first, second]);
  }
  const column = (which: 0 | 1 | 2) => Float64Array.from(pairs, (pair) => pair[which]);
  return {
    trainId: column(0),
    first: column(1),
    second: column(2),
    onlyFirst,
    onlySecond: b.trainId.length - met,
    notANumber,
  };
}

/** Pearson's correlation of two columns; NaN for fewer than two values or where one of them never changes. */
export function correlation(x: Float64Array, y: Float64Array): number {
  const mean = (values: Float64Array) => values.reduce((sum, v) => sum + v, 0) / values.length;
  const [mx, my] = [mean(x), mean(y)];
  let [xy, xx, yy] = [0, 0, 0];
  for (let i = 0; i < x.length; i++) {
    xy += (x[i] - mx) * (y[i] - my);
    xx += (x[i] - mx) ** 2;
    yy += (y[i] - my) ** 2;
  }
  return xx > 0 && yy > 0 ? xy / Math.sqrt(xx * yy) : Number.NaN;
}
