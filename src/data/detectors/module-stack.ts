import { type DType, isFloatDType, itemSizeOf, lanesOf, type NumericStorage, viewBytes } from '../../core/dtype.ts';
import { DtypeMismatch, ShapeMismatch, Unsupported } from '../../core/errors.ts';
import { elementCount, isSameShape, type NdArray, ndarray, zeros } from '../../core/ndarray.ts';
import { checkRoi, keptShape, splitSteps, takeSteps } from '../entry-roi.ts';
import type { EntryBlock, EntryRoi, KeyData } from '../key-data.ts';
import { convertElements, storedElement } from './convert-elements.ts';
import { type ChosenFrames, type FrameTable, planModule, ROW } from './frame-table.ts';

/** Data that are converted or masked pass through memory of this size, so that a read holds little more than its result. */
const SCRATCH_BYTES = 16 * 2 ** 20;

/** Which words of a mask exclude pixels, and what these become. */
export interface MaskChoice {
  /** Excluding bits; null for any. */
  readonly bits: number | null;
  readonly value: number;
}

/** A stack to be read. */
export interface StackRequest {
  /** Module -> its key. */
  readonly keys: ReadonlyMap<number, KeyData>;
  /** Modules along the first axis; those without a key are filled. */
  readonly modules: readonly number[];
  readonly table: FrameTable;
  readonly chosen: ChosenFrames;
  /** Rows along the second axis. */
  readonly rowCount: number;
  /** Row of each chosen frame; default one after the other. Rows that get none are padding. */
  readonly places?: readonly number[];
  /** Of the axes of an entry. */
  readonly roi: EntryRoi;
  readonly mask?: MaskChoice & { readonly keys: ReadonlyMap<number, KeyData> };
  /** Value of frames that a module has not. Default NaN for floats, else 0. */
  readonly fillValue?: number;
  readonly astype?: DType;
  readonly out?: NdArray;
  readonly signal?: AbortSignal;
}

/**
 * Reads a key of several modules into one array. Padding is NaN in floats and 0 in integers, whatever `fillValue` is.
 * Memory beyond the result: 48 MiB at most.
 * @returns (module, row, ...entry axes that `roi` keeps)
 * @throws Unsupported for text and structured keys, DtypeMismatch and ShapeMismatch for a wrong `out` or a value that the
 * dtype cannot hold, SelectionInvalid for a region outside the entry
 */
export async function readStack(request: StackRequest): Promise<NdArray> {
  const { keys, modules, rowCount, fillValue, mask, signal } = request;
  const [first] = keys.values();
  const fileType = first.dtype;
  if (fileType === 'record' || fileType === 'string')
    throw new Unsupported(`${first.key} holds ${fileType} data, which cannot be stacked.`, { key: first.key });
  const dtype = request.astype ?? fileType;
  if (dtype === 'string' || lanesOf(dtype) > 1)
    throw new Unsupported(`A stack cannot be read as ${dtype}. Take a real number type.`, { dtype });
  const fill = storedElement(fillValue ?? (isFloatDType(dtype) ? Number.NaN : 0), dtype);
  const padding = storedElement(isFloatDType(dtype) ? Number.NaN : 0, dtype);
  if (mask) storedElement(mask.value, dtype);

  const entryShape = regionShape(request.roi, first.entryShape);
  const shape = [modules.length, rowCount, ...entryShape];
  const array = request.out ? checkOut(request.out, dtype, shape) : zeros(dtype, shape);
  const rowLength = elementCount(entryShape);
  const scratch = new Scratch();
  for (const [place, module] of modules.entries()) {
    signal?.throwIfAborted();
    const key = keys.get(module);
    const plan = planModule(key ? module : null, request.table, request.chosen, rowCount, request.places);
    const part = (array.data as NumericStorage).subarray(
      place * rowCount * rowLength,
      (place + 1) * rowCount * rowLength,
    ) as NumericStorage;
    fillRows(part, rowLength, plan.rows, { fill, padding, isZeroed: !request.out });
    if (!key) continue;
    const target: Target = { part, rowLength, dtype, roi: request.roi, scratch, signal };
    await readModule(key, fileType, plan.blocks, target);
    const maskKey = mask?.keys.get(module);
    if (mask && maskKey) await maskModule(maskKey, mask, plan.blocks, target);
  }
  return array;
}

/** Lengths of the axes of an entry that a region keeps. @throws SelectionInvalid */
export function regionShape(roi: EntryRoi, entryShape: readonly number[]): number[] {
  const { block, steps } = splitSteps(roi);
  return keptShape(checkRoi(block, entryShape)).map((length, axis) => Math.ceil(length / (steps[axis] ?? 1)));
}

function checkOut(out: NdArray, dtype: DType, shape: readonly number[]): NdArray {
  if (out.dtype !== dtype)
    throw new DtypeMismatch(`out is ${out.dtype}, the stack is ${dtype}. Give \`astype\` to read into other types.`, {
      expected: dtype,
      got: out.dtype,
    });
  if (isSameShape(out.shape, shape)) return out;
  throw new ShapeMismatch(`out has shape [${out.shape}], the stack needs [${shape}]; see bufferShape().`, {
    expected: shape,
    got: out.shape,
  });
}

interface Fill {
  readonly fill: number | bigint;
  readonly padding: number | bigint;
  /** New memory is zero already. */
  readonly isZeroed: boolean;
}

function fillRows(part: NumericStorage, rowLength: number, rows: Uint8Array, { fill, padding, isZeroed }: Fill): void {
  for (let row = 0; row < rows.length; ) {
    let end = row + 1;
    while (end < rows.length && rows[end] === rows[row]) end++;
    const value = rows[row] === ROW.missing ? fill : padding;
    const isNeeded = rows[row] !== ROW.present && !(isZeroed && Number(value) === 0);
    if (isNeeded) (part as Uint8Array).fill(value as number, row * rowLength, end * rowLength);
    row = end;
  }
}

/** One module's part of the stack. */
interface Target {
  readonly part: NumericStorage;
  readonly rowLength: number;
  readonly dtype: DType;
  readonly roi: EntryRoi;
  readonly scratch: Scratch;
  readonly signal?: AbortSignal;
}

/** Memory that pieces of all modules share, so that it need not wait for the garbage collector. */
class Scratch {
  #buffer = new ArrayBuffer(0);

  take(dtype: Exclude<DType, 'string'>, count: number): NumericStorage {
    const bytes = count * itemSizeOf(dtype);
    if (bytes > this.#buffer.byteLength) this.#buffer = new ArrayBuffer(bytes);
    return viewBytes(dtype, this.#buffer, 0, count) as NumericStorage;
  }
}

async function readModule(
  key: KeyData,
  fileType: Exclude<DType, 'string'>,
  blocks: readonly EntryBlock[],
  target: Target,
): Promise<void> {
  const { part, rowLength, dtype, roi, signal } = target;
  const { block, steps } = splitSteps(roi);
  if (dtype === fileType && steps.every((step) => step === 1))
    return key.readBlocks(blocks, part, { roi: block, signal });
  for await (const piece of readPieces(key, fileType, blocks, target)) {
    const start = piece.outEntry * rowLength;
    convertElements(piece.data, fileType, part.subarray(start, start + piece.data.length) as NumericStorage, dtype);
  }
}

async function maskModule(
  key: KeyData,
  { bits, value }: MaskChoice,
  blocks: readonly EntryBlock[],
  target: Target,
): Promise<void> {
  const { part, rowLength, dtype, roi } = target;
  const excluded = storedElement(value, dtype) as number;
  const elements = part as unknown as number[];
  const maskType = key.dtype;
  const shape = regionShape(roi, key.entryShape);
  if (maskType === 'record' || maskType === 'string' || isFloatDType(maskType) || maskType.endsWith('64'))
    throw new DtypeMismatch(`${key.source} ${key.key} is ${maskType}, no mask.`, { expected: 'uint32', got: maskType });
  if (elementCount(shape) !== rowLength) {
    throw new ShapeMismatch(`Entries of ${key.source} ${key.key} have shape [${key.entryShape}], the data differ.`, {
      expected: rowLength,
      got: key.entryShape,
    });
  }
  for await (const piece of readPieces(key, maskType, blocks, target)) {
    const words = piece.data as Uint32Array;
    const start = piece.outEntry * rowLength;
    const wanted = bits ?? 0xffffffff;
    for (let i = 0; i < words.length; i++) if ((words[i] & wanted) !== 0) elements[start + i] = excluded;
  }
}

/** Blocks in pieces that fit the scratch memory; `data` is valid until the next piece. */
async function* readPieces(
  key: KeyData,
  fileType: Exclude<DType, 'string'>,
  blocks: readonly EntryBlock[],
  { roi, scratch, signal }: Target,
): AsyncGenerator<{ readonly outEntry: number; readonly data: NumericStorage }> {
  const { block: region, steps } = splitSteps(roi);
  const shape = keptShape(checkRoi(region, key.entryShape));
  const length = elementCount(shape);
  const perPiece = Math.max(1, Math.floor(SCRATCH_BYTES / Math.max(1, length * itemSizeOf(fileType))));
  const most = blocks.reduce((count, block) => Math.max(count, block.count), 0);
  const memory = scratch.take(fileType, Math.min(perPiece, most) * length);
  for (const { file, first, count, outEntry } of blocks) {
    for (let done = 0; done < count; done += perPiece) {
      const rows = Math.min(perPiece, count - done);
      const data = memory.subarray(0, rows * length) as NumericStorage;
      await key.readBlocks([{ file, first: first + done, count: rows, outEntry: 0 }], data as never, {
        roi: region,
        signal,
      });
      const stepped = steps.some((step) => step > 1)
        ? (takeSteps(ndarray(fileType, [rows, ...shape], data as never), steps).data as NumericStorage)
        : data;
      yield { outEntry: outEntry + done, data: stepped };
    }
  }
}
