import { constants, createInflate, deflateSync, inflateSync } from 'node:zlib';
import type { Inflate } from '../../formats/hdf5-reader/chunk-decoder.ts';

/** What Node's zlib streams are made of; not part of its documented interface, hence the check below. */
interface ZlibHandle {
  reset(): void;
  writeSync(
    flush: number,
    input: Uint8Array,
    inputOffset: number,
    inputLength: number,
    output: Uint8Array,
    outputOffset: number,
    outputLength: number,
  ): void;
  onerror: (message: string) => void;
}

/**
 * `inflateSync` makes a stream object and a buffer for each call, which takes three times as long as inflating a typical
 * chunk. One stream that is reset, and writes where the values belong, saves both.
 */
function createReusedInflate(): Inflate {
  const stream = createInflate() as unknown as { readonly _handle: ZlibHandle; readonly _writeState: Uint32Array };
  const { _handle: handle, _writeState: left } = stream;
  let problem: string | null = null;
  handle.onerror = (message) => {
    problem = message;
  };
  return (bytes, out) => {
    problem = null;
    handle.reset();
    handle.writeSync(constants.Z_FINISH, bytes, 0, bytes.length, out, 0, out.length);
    // After the call: bytes of `out` not filled, and bytes of the input not needed.
    const [unfilled, unused] = left;
    if (problem !== null) throw new Error(problem);
    if (unfilled > 0) throw new Error(`${out.length - unfilled} bytes came out where ${out.length} are expected`);
    if (unused > 0) throw new Error(`more than ${out.length} bytes came out`);
  };
}

const plainInflate: Inflate = (bytes, out) => {
  const found = inflateSync(bytes, { chunkSize: Math.max(64, out.length), maxOutputLength: Math.max(1, out.length) });
  if (found.length !== out.length) {
    throw new Error(`${found.length} bytes came out where ${out.length} are expected`);
  }
  out.set(found);
};

/** Whether the quick way works in this Node: right values, and errors where they belong. */
function works(inflate: Inflate): boolean {
  const values = Uint8Array.from({ length: 3000 }, (_, i) => (i * i) >> 7);
  const packed = deflateSync(values);
  const fails = (bytes: Uint8Array, length: number) => {
    try {
      inflate(bytes, new Uint8Array(length));
      return false;
    } catch {
      return true;
    }
  };
  const out = new Uint8Array(values.length);
  inflate(packed, out);
  return (
    out.every((value, i) => value === values[i]) &&
    fails(packed, values.length - 1) &&
    fails(packed, values.length + 1) &&
    fails(packed.subarray(0, packed.length - 9), values.length)
  );
}

function choose(): Inflate {
  try {
    const reused = createReusedInflate();
    if (works(reused)) return reused;
  } catch {
    // Another Node without these parts: the documented way is always there.
  }
  return plainInflate;
}

let chosen: Inflate | undefined;

/** zlib of Node. */
export const nodeInflate: Inflate = (bytes, out) => {
  chosen ??= choose();
  chosen(bytes, out);
};
