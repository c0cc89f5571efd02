import type { Frame } from '../api/frames.ts';
import type { PictureMeta } from '../api/run-calls.ts';
import { allocate, type DType } from '../core/dtype.ts';
import { NoData, SelectionInvalid } from '../core/errors.ts';
import { elementCount, entryView, type NdArray, ndarray, reshape } from '../core/ndarray.ts';
import type { Run } from '../data/run.ts';
import { byId } from '../data/train-selection.ts';
import { findKey } from './find-source.ts';
import { plotMeta } from './plot-frame.ts';
import { planTrains, toNumbers } from './train-values.ts';

/** Longest side of a picture; larger ones are averaged over squares of pixels. */
const LONGEST_SIDE = 2048;

/** Which picture of a key. */
interface PictureQuery {
  readonly source: string;
  readonly key: string;
  readonly field: string;
  readonly train: number;
  readonly entry: number;
  readonly plane: number;
}

/** One entry of a key as a picture: its last two axes. @throws NoData, SelectionInvalid */
export async function readPicture(run: Run, query: PictureQuery, signal?: AbortSignal): Promise<Frame<PictureMeta>> {
  const { train, entry, plane } = query;
  const key = findKey(run, query);
  const plan = planTrains(key, query.field);
  const name = `${query.source} ${query.key}`;
  if (key.entryShape.length < 2)
    throw new SelectionInvalid(`Entries of ${name} have shape [${key.entryShape}]: they are no pictures.`, {
      key: query.key,
    });
  const part = key.selectTrains(byId(train));
  const [entries] = part.shape;
  if (entries === 0) throw new NoData(`${name} has no data in train ${train}.`, { trainId: train });
  const [height, width] = key.entryShape.slice(-2);
  const planes = elementCount(key.entryShape.slice(0, -2));
  if (entry >= entries || plane >= planes)
    throw new SelectionInvalid(`Train ${train} of ${name} has ${entries} entries of ${planes} pictures.`, {
      entry,
      plane,
    });
  const array = await readEntry(part, query.field, entry, signal);
  const numbers = Float32Array.from(toNumbers(entryView(reshape(array, [planes, height, width]), plane)));
  const step = Math.ceil(Math.max(height, width) / LONGEST_SIDE);
  const image = ndarray('float32', [height, width], numbers);
  return {
    kind: 'picture',
    meta: {
      ...plotMeta(plan, { trainsRead: 1, elementsPerPoint: step * step }),
      trainId: train,
      entries,
      planes,
      fullShape: [height, width],
    },
    arrays: new Map([['image', step > 1 ? averageSquares(image, step) : image]]),
  };
}

async function readEntry(
  part: ReturnType<typeof findKey>,
  field: string,
  entry: number,
  signal: AbortSignal | undefined,
): Promise<NdArray> {
  if (field !== '') {
    const found = (await part.readFields()).get(field);
    if (found) return entryView(found, entry);
  }
  let first = entry;
  for (const segment of part.segments) {
    if (first < segment.count) {
      const dtype = part.dtype as DType;
      const data = allocate(dtype, elementCount(part.entryShape));
      const block = { file: segment.file, first: segment.first + first, count: 1, outEntry: 0 };
      await part.readBlocks([block], data, { signal });
      return { dtype, shape: part.entryShape, data };
    }
    first -= segment.count;
  }
  throw new NoData(`${part.source} ${part.key} has no entry ${entry} in this train.`, { entry });
}

/** Mean of the pixels of each square; NaN does not count. */
function averageSquares({ shape, data }: NdArray<'float32'>, step: number): NdArray<'float32'> {
  const [height, width] = shape;
  const [rows, columns] = [Math.ceil(height / step), Math.ceil(width / step)];
  const [sums, counts] = [new Float64Array(rows * columns), new Uint32Array(rows * columns)];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const value = data[y * width + x];
      if (Number.isNaN(value)) continue;
      const at = Math.floor(y / step) * columns + Math.floor(x / step);
      sums[at] += value;
      counts[at]++;
    }
  }
  return ndarray(
    'float32',
    [rows, columns],
    Float32Array.from(sums, (sum, i) => sum / counts[i]),
  );
}
