import { parentPort } from 'node:worker_threads';
import { isXfelError, type XfelErrorTag } from '../../core/errors.ts';
import { stepsOf, type Target } from '../../formats/hdf5-reader/box.ts';
import { type ReadPiece, type ReadPlan, readPiece } from '../../formats/hdf5-reader/read-plan.ts';
import { nodeDecoders } from './chunk-decoders.ts';
import { DiskBytes } from './disk-bytes.ts';

/** Work for a chunk worker: pieces of one file. */
export interface ChunkTask {
  readonly id: number;
  readonly path: string;
  readonly plan: Omit<ReadPlan, 'pieces'>;
  readonly pieces: readonly ReadPiece[];
  /** Shared memory to fill: the whole block's target, or null to put the pieces one behind another into `slot`. */
  readonly target: Target | null;
  readonly slot: Uint8Array;
}

/** Answer to a task. */
export interface ChunkReply {
  readonly id: number;
  readonly error: { readonly tag: XfelErrorTag | null; readonly message: string; readonly details: object } | null;
}

/** Files stay open between tasks; so many at most, the oldest is closed. */
const FILES_OPEN = 16;
const files = new Map<string, DiskBytes>();

function openFile(path: string): DiskBytes {
  const known = files.get(path);
  if (known) return known;
  if (files.size >= FILES_OPEN) {
    const [[oldest, file]] = files;
    file.close();
    files.delete(oldest);
  }
  const file = new DiskBytes(path);
  files.set(path, file);
  return file;
}

function run({ path, plan, pieces, target, slot }: ChunkTask): void {
  const file = openFile(path);
  const whole = { ...plan, pieces };
  let offset = 0;
  for (const piece of pieces) {
    if (target) {
      readPiece(file, whole, piece, target, nodeDecoders);
      continue;
    }
    const steps = stepsOf(piece.extent, plan.itemSize);
    const first = { ...piece, blockAt: piece.blockAt.map(() => 0) };
    readPiece(file, whole, first, { bytes: slot, offset, steps }, nodeDecoders);
    offset += piece.extent.reduce((a, b) => a * b, plan.itemSize);
  }
}

parentPort?.on('message', (task: ChunkTask) => {
  let error: ChunkReply['error'] = null;
  try {
    run(task);
  } catch (cause) {
    // A file that changed or went away must not be read through the old handle again.
    files.get(task.path)?.close();
    files.delete(task.path);
    error = isXfelError(cause)
      ? { tag: cause.tag, message: cause.message, details: cause.details }
      : { tag: null, message: cause instanceof Error ? (cause.stack ?? cause.message) : String(cause), details: {} };
  }
  parentPort?.postMessage({ id: task.id, error } satisfies ChunkReply);
});
parentPort?.postMessage({ id: -1, error: null } satisfies ChunkReply); // started
