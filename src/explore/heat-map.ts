import type { Frame } from '../api/frames.ts';
import type { MapMeta } from '../api/run-calls.ts';
import { type NdArray, ndarray } from '../core/ndarray.ts';
import type { Run } from '../data/run.ts';
import { findKey } from './find-source.ts';
import { plotMeta } from './plot-frame.ts';
import { planTrains, readTrains } from './train-values.ts';

/** Largest size of the picture. */
const MOST_COLUMNS = 1200;
const MOST_ROWS = 1200;

/**
 * The values of all trains as a picture: a column is a train (or the mean of several), a row an index (or the mean of several).
 * @throws SelectionInvalid for text
 */
export async function makeHeatMap(
  run: Run,
  query: { readonly source: string; readonly key: string; readonly field: string },
  signal?: AbortSignal,
): Promise<Frame<MapMeta>> {
  const plan = planTrains(findKey(run, query), query.field);
  const trainsPerPoint = Math.max(1, Math.ceil(plan.trainIds.length / MOST_COLUMNS));
  const elementsPerPoint = Math.max(1, Math.ceil(plan.length / MOST_ROWS));
  const columns = Math.ceil(plan.trainIds.length / trainsPerPoint);
  const rows = Math.ceil(plan.length / elementsPerPoint);
  const [sums, counts] = [new Float64Array(rows * columns), new Uint32Array(rows * columns)];
  let train = 0;
  for await (const { values } of readTrains(plan, signal)) {
    const column = Math.floor(train++ / trainsPerPoint);
    for (let i = 0; i < values.length; i++) {
      const value = values[i];
      if (Number.isNaN(value)) continue;
      const at = Math.floor(i / elementsPerPoint) * columns + column;
      sums[at] += value;
      counts[at]++;
    }
  }
  const image = Float32Array.from(sums, (sum, i) => sum / counts[i]);
  const trainId = Float64Array.from({ length: columns }, (_, i) => plan.trainIds[i * trainsPerPoint]);
  return {
    kind: 'map',
    meta: { ...plotMeta(plan, { trainsPerPoint, elementsPerPoint }), length: plan.length },
    arrays: new Map<string, NdArray>([
      ['image', ndarray('float32', [rows, columns], image)],
      ['trainId', ndarray('float64', [columns], trainId)],
    ]),
  };
}
