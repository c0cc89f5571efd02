import type { Frame } from '../api/frames.ts';
import type { SeriesMeta } from '../api/run-calls.ts';
import { SelectionInvalid } from '../core/errors.ts';
import type { Run } from '../data/run.ts';
import { findKey } from './find-source.ts';
import { columnFrame, plotMeta } from './plot-frame.ts';
import { planTrains, readTrains, type TrainNumbers } from './train-values.ts';

/** More points than this are joined; two curves of one run are joined alike, so that they still match. */
const MOST_POINTS = 40_000;
/** Quantiles of more values are taken of a sample. */
const MOST_SORTED = 4096;
const EDGES = [0.16, 0.84] as const;

/** One point for each train with data; see {@link SeriesMeta}. @throws SelectionInvalid for text and for an index that no train has */
export async function makeSeries(
  run: Run,
  query: { readonly source: string; readonly key: string; readonly field: string; readonly index?: number },
  signal?: AbortSignal,
): Promise<Frame<SeriesMeta>> {
  const plan = planTrains(findKey(run, query), query.field);
  const { index } = query;
  if (index !== undefined && index >= plan.length)
    throw new SelectionInvalid(
      `${query.source} ${query.key} has ${plan.length} values a train; there is no number ${index}.`,
      { index },
    );
  const perPoint = Math.ceil(run.trainIds.length / MOST_POINTS);
  const positions = new Map(run.trainIds.map((id, i) => [id, i]));
  const times = run.trainTimestamps();
  const points: { position: number; sum: number; low: number; high: number; count: number }[] = [];
  for await (const train of readTrains(plan, signal)) {
    const position = Math.floor((positions.get(train.trainId) ?? 0) / perPoint) * perPoint;
    const told = tellTrain(train, index);
    const last = points.at(-1);
    if (last?.position !== position)
      points.push({ position, sum: told.value, low: told.low, high: told.high, count: 1 });
    else {
      last.sum += told.value;
      last.low = Math.min(last.low, told.low);
      last.high = Math.max(last.high, told.high);
      last.count++;
    }
  }
  const hasBand = perPoint > 1 || (!plan.isScalar && index === undefined);
  const column = (of: (point: (typeof points)[number]) => number) => Float64Array.from(points, of);
  return columnFrame('series', plotMeta(plan, { trainsPerPoint: perPoint }), {
    trainId: column(({ position }) => run.trainIds[position]),
    time: column(({ position }) => (times[position] === 0n ? Number.NaN : Number(times[position] / 1000n) / 1000)),
    value: column(({ sum, count }) => sum / count),
    low: hasBand ? column(({ low }) => low) : null,
    high: hasBand ? column(({ high }) => high) : null,
  });
}

function tellTrain({ values }: TrainNumbers, index: number | undefined): { value: number; low: number; high: number } {
  if (index !== undefined || values.length === 1) {
    const value = values[index ?? 0] ?? Number.NaN;
    return { value, low: value, high: value };
  }
  let [sum, count] = [0, 0];
  for (let i = 0; i < values.length; i++) {
    if (Number.isNaN(values[i])) continue;
    sum += values[i];
    count++;
  }
  const step = Math.max(1, Math.floor(values.length / MOST_SORTED));
  const sample = Float64Array.from({ length: Math.ceil(values.length / step) }, (_, i) => values[i * step]);
  const sorted = sample.filter((v) => !Number.isNaN(v)).sort();
  const last = sorted.length - 1;
  return {
    value: sum / count,
    low: sorted[Math.floor(EDGES[0] * last)] ?? Number.NaN,
    high: sorted[Math.ceil(EDGES[1] * last)] ?? Number.NaN,
  };
}
