import { readFileSync } from 'node:fs';
import type { ChunkDecoders } from '../../formats/hdf5-reader/chunk-decoder.ts';
import { plainUnshuffler, type Unshuffler } from '../../formats/hdf5-reader/unshuffle.ts';
import { WasmUnshuffle } from '../../kernels/wasm-unshuffle.ts';
import { kernelsWasmPath } from './asset-paths.ts';
import { nodeInflate } from './inflate.ts';

/** The quick way, or null where the kernels are not built or the system gives no memory for them. */
function loadQuick(): WasmUnshuffle | null {
  try {
    return new WasmUnshuffle(new WebAssembly.Module(readFileSync(kernelsWasmPath())));
  } catch {
    // The plain way is always there, and as right.
    return null;
  }
}

let chosen: WasmUnshuffle | null | undefined;

/** Loaded with the first shuffled chunk: most programs read none. */
function quick(): WasmUnshuffle | null {
  if (chosen === undefined) chosen = loadQuick();
  return chosen;
}

const nodeUnshuffler: Unshuffler = {
  input: (length) => quick()?.input(length) ?? plainUnshuffler.input(length),
  unshuffle(bytes, width, out) {
    if (!quick()?.unshuffle(bytes, width, out)) plainUnshuffler.unshuffle(bytes, width, out);
  },
};

/** The quickest ways that Node has: its zlib, and the kernels in WebAssembly. */
export const nodeDecoders: ChunkDecoders = { inflate: nodeInflate, unshuffler: nodeUnshuffler };
