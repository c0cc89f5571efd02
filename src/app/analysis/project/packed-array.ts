import { FormatInvalid } from '../../../core/errors.ts';

/** Types of packed arrays, by numpy's names. */
const TYPES = { uint8: Uint8Array, float32: Float32Array, float64: Float64Array } as const;
/** One of them. */
export type PackedType = keyof typeof TYPES;
type ArrayOf<T extends PackedType> = InstanceType<(typeof TYPES)[T]>;

/**
 * An array in JSON: little endian, gzip, base64. In Python it is
 * `numpy.frombuffer(gzip.decompress(base64.b64decode(a["gzip"])), a["dtype"]).reshape(a["shape"])`.
 */
export interface PackedArray {
  readonly dtype: PackedType;
  readonly shape: readonly number[];
  readonly gzip: string;
}

/** Arrays are never changed in place, so each is packed once. */
const packed = new WeakMap<object, Promise<string>>();
/** Bytes that become text at a time. */
const TEXT_BYTES = 0x8000;

/** Packs an array. @param shape its axes; the product is its length */
export async function packArray(
  array: Uint8Array | Float32Array | Float64Array,
  shape: readonly number[],
): Promise<PackedArray> {
  const dtype = array instanceof Uint8Array ? 'uint8' : array instanceof Float32Array ? 'float32' : 'float64';
  let gzip = packed.get(array);
  if (!gzip) {
    gzip = compress(new Uint8Array(array.buffer, array.byteOffset, array.byteLength));
    packed.set(array, gzip);
  }
  return { dtype, shape, gzip: await gzip };
}

/**
 * Unpacks an array of a known length; no more bytes are taken than that, whatever the text holds.
 * @param field for messages @param length how many numbers there must be; null = as many as the shape says
 * @throws FormatInvalid if it is no such array
 */
export async function unpackArray<T extends PackedType>(
  value: unknown,
  dtype: T,
  length: number | null,
  { path, field }: { readonly path: string; readonly field: string },
): Promise<ArrayOf<T>> {
  const fail = (wanted: string, cause?: unknown) =>
    new FormatInvalid(`${path}: ${field} ${wanted}.`, { path, field }, { cause });
  const {
    dtype: type,
    shape,
    gzip,
  } = (typeof value === 'object' && value !== null ? value : {}) as Partial<PackedArray>;
  if (type !== dtype || !Array.isArray(shape) || typeof gzip !== 'string')
    throw fail(`must be a packed array of ${dtype}: {"dtype", "shape", "gzip"}`);
  const count = (shape as unknown[]).reduce<number>((product, each) => product * Number(each), 1);
  if (!Number.isSafeInteger(count) || count < 0 || count > MOST_NUMBERS || (length !== null && count !== length))
    throw fail(`has the shape [${shape.join(', ')}]${length === null ? '' : `, and ${length} numbers are needed`}`);
  const out = new TYPES[dtype](count) as ArrayOf<T>;
  try {
    await decompress(gzip, new Uint8Array(out.buffer));
  } catch (cause) {
    throw fail(`cannot be unpacked: ${cause instanceof Error ? cause.message : String(cause)}`, cause);
  }
  return out;
}

/** More than any detector has pixels. */
const MOST_NUMBERS = 1 << 28;

async function compress(bytes: Uint8Array): Promise<string> {
  const stream = new Blob([bytes as Uint8Array<ArrayBuffer>]).stream().pipeThrough(new CompressionStream('gzip'));
  const small = new Uint8Array(await new Response(stream).arrayBuffer());
  let text = '';
  for (let i = 0; i < small.length; i += TEXT_BYTES) text += String.fromCharCode(...small.subarray(i, i + TEXT_BYTES));
  return btoa(text);
}

/** Fills `out` exactly. @throws Error if there are other bytes than that */
async function decompress(base64: string, out: Uint8Array): Promise<void> {
  const text = atob(base64);
  const bytes = Uint8Array.from(text, (letter) => letter.charCodeAt(0));
  const reader = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip')).getReader();
  let at = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    if (at + value.length > out.length) {
      await reader.cancel();
      throw new Error(`it holds more than ${out.length} bytes`);
    }
    out.set(value, at);
    at += value.length;
  }
  if (at !== out.length) throw new Error(`it holds ${at} of ${out.length} bytes`);
}
