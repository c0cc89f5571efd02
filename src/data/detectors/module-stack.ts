import { allocate, isFloatDType, type NumericStorage } from '../../core/dtype.ts';
import { Unsupported } from '../../core/errors.ts';
import { elementCount, type NdArray, ndarray } from '../../core/ndarray.ts';
import type { FrameTable } from './frame-table.ts';
import type { EntryBlock, EntryRoi, KeyData } from '../key-data.ts';

/**
 * Reads a key of several modules into one array.
 * @param keys module -> its key
 * @param places modules along the first axis of the result; those without a key are filled
 * @param rows train -> positions of the chosen entries in it, in order
 * @returns (place, chosen entry, ...entry axes that `roi` keeps)
 * @throws Unsupported for text and structured keys
 */
export async function readStack(
  keys: ReadonlyMap<number, KeyData>,
  places: readonly number[],
  table: FrameTable,
  rows: ReadonlyMap<number, readonly number[]>,
  frameCount: number,
  roi: EntryRoi,
  { fill, signal }: { readonly fill?: number; readonly signal?: AbortSignal },
): Promise<NdArray> {
  const [firstKey] = keys.values();
  const { dtype } = firstKey;
  if (dtype === 'record' || dtype === 'string')
    throw new Unsupported(`${firstKey.key} holds ${dtype} data, which cannot be stacked.`);
  const entryShape = firstKey.entryShape.flatMap((length, axis) => {
    const part = roi[axis];
    if (part === undefined) return [length];
    return typeof part === 'number' ? [] : [Math.max(0, Math.min(part[1], length) - Math.max(part[0], 0))];
  });
  const shape = [places.length, frameCount, ...entryShape];
  const data = allocate(dtype, elementCount(shape)) as NumericStorage;
  const moduleLength = data.length / Math.max(1, places.length);
  const fillValue = fill ?? (isFloatDType(dtype) ? Number.NaN : 0);
  for (const [place, module] of places.entries()) {
    const part = data.subarray(place * moduleLength, (place + 1) * moduleLength) as NumericStorage;
    const key = keys.get(module);
    const { blocks, filled } = key ? moduleBlocks(module, table, rows) : { blocks: [], filled: 0 };
    if (filled < frameCount && !Object.is(fillValue, 0)) fillStorage(part, fillValue, dtype);
    if (key) await key.readBlocks(blocks, part, { roi, signal });
  }
  return ndarray(dtype, shape, data as never);
}

function fillStorage(part: NumericStorage, value: number, dtype: string): void {
  if (part instanceof BigInt64Array || part instanceof BigUint64Array) part.fill(BigInt(Math.trunc(value)));
  // The bits of a quiet half-precision NaN; other fills of float16 are not needed.
  else if (dtype === 'float16') part.fill(0x7e00);
  else part.fill(value);
}

/** Blocks of consecutive rows of one module, with their place in the stack. */
function moduleBlocks(module: number, table: FrameTable, rows: ReadonlyMap<number, readonly number[]>) {
  const blocks: EntryBlock[] = [];
  let outEntry = 0;
  let filled = 0;
  for (const [trainId, positions] of rows) {
    const place = table.get(trainId)?.rows.get(module);
    for (const position of positions) {
      if (place) {
        filled++;
        const row = place.first + position;
        const last = blocks.at(-1);
        if (
          last &&
          last.file === place.file &&
          last.first + last.count === row &&
          last.outEntry + last.count === outEntry
        ) {
          blocks[blocks.length - 1] = { ...last, count: last.count + 1 };
        } else blocks.push({ file: place.file, first: row, count: 1, outEntry });
      }
      outEntry++;
    }
  }
  return { blocks, filled };
}
