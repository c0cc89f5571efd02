import type { Frame } from '../api/frames.ts';
import type { CurveMeta } from '../api/run-calls.ts';
import { SelectionInvalid, TrainNotFound } from '../core/errors.ts';
import type { Run } from '../data/run.ts';
import { findKey } from './find-source.ts';
import { columnFrame, plotMeta } from './plot-frame.ts';
import { type PlannedTrains, planTrains, readTrains } from './train-values.ts';

/** More points than this are joined. */
const MOST_POINTS = 8192;
/** Longer trains are pictures. */
const LONGEST = 8_000_000;

/**
 * The values of one train, or their mean over the trains; see {@link CurveMeta}.
 * @throws SelectionInvalid for text and for pictures too large for a curve, TrainNotFound for a train without data
 */
export async function makeCurve(
  run: Run,
  query: { readonly source: string; readonly key: string; readonly field: string; readonly train?: number },
  signal?: AbortSignal,
): Promise<Frame<CurveMeta>> {
  const key = findKey(run, query);
  const { train } = query;
  const whole = planTrains(key, query.field);
  if (train !== undefined && !whole.trainIds.includes(train) && !key.trainIds.includes(train))
    throw new TrainNotFound(`The run has no train ${train}.`, { trainId: train });
  // A chosen train is read even where others are left out
  const plan: PlannedTrains =
    train === undefined ? whole : { ...whole, trainIds: [train], reduction: { ...whole.reduction, trainsRead: 1 } };
  if (plan.length > LONGEST)
    throw new SelectionInvalid(
      `${query.source} ${query.key} has ${plan.length} values a train: look at it as a picture.`,
      { key: query.key },
    );
  const { length } = plan;
  const [sums, squares, counts] = [new Float64Array(length), new Float64Array(length), new Uint32Array(length)];
  let trains = 0;
  for await (const { values } of readTrains(plan, signal)) {
    if (values.length > 0) trains++;
    for (let i = 0; i < values.length; i++) {
      const value = values[i];
      if (Number.isNaN(value)) continue;
      sums[i] += value;
      squares[i] += value * value;
      counts[i]++;
    }
  }
  if (train !== undefined && trains === 0)
    throw new TrainNotFound(`${query.source} ${query.key} has no data in train ${train}.`, { trainId: train });
  const mean = sums.map((sum, i) => sum / counts[i]);
  const spread = squares.map((square, i) => Math.sqrt(Math.max(0, square / counts[i] - mean[i] ** 2)));
  const perPoint = Math.max(1, Math.ceil(length / MOST_POINTS));
  const meta = {
    ...plotMeta(plan, { elementsPerPoint: perPoint }),
    trainId: train ?? null,
    length,
  };
  if (perPoint > 1) return columnFrame('curve', meta, joinPoints(mean, perPoint));
  return columnFrame('curve', meta, {
    index: Float64Array.from({ length }, (_, i) => i),
    value: mean,
    low: train === undefined ? mean.map((value, i) => value - spread[i]) : null,
    high: train === undefined ? mean.map((value, i) => value + spread[i]) : null,
  });
}

function joinPoints(values: Float64Array, perPoint: number): Record<string, Float64Array> {
  const points = Math.ceil(values.length / perPoint);
  const [index, value, low, high] = Array.from({ length: 4 }, () => new Float64Array(points));
  for (let point = 0; point < points; point++) {
    let [sum, count, least, most] = [0, 0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (const v of values.subarray(point * perPoint, (point + 1) * perPoint)) {
      if (Number.isNaN(v)) continue;
      sum += v;
      count++;
      least = Math.min(least, v);
      most = Math.max(most, v);
    }
    index[point] = point * perPoint;
    value[point] = sum / count;
    low[point] = count > 0 ? least : Number.NaN;
    high[point] = count > 0 ? most : Number.NaN;
  }
  return { index, value, low, high };
}
