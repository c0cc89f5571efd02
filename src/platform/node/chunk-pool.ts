import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { pause } from '../../core/cancel.ts';
import { Unsupported, XfelError } from '../../core/errors.ts';
import { offsetOf, stepsOf, type Target, visitRuns } from '../../formats/hdf5-reader/box.ts';
import type { ReadPiece, ReadPlan } from '../../formats/hdf5-reader/read-plan.ts';
import type { ThreadedRead } from '../../formats/threaded-read.ts';
import type { ChunkReply, ChunkTask } from './chunk-worker.ts';
import { moduleUrl } from './module-url.ts';

/** Decoded bytes that one task may hold, unless one chunk is larger. */
const SLOT_BYTES = 2 * 2 ** 20;
/** What this thread decodes before it looks at the others again. */
const OWN_STEP_BYTES = 2 ** 19;
/** A worker has one task in work and one waiting, so that it never waits for this thread to copy. */
const SLOTS = 2;
const MOST_THREADS = 8;

/** Chunks in work at a time take no more, each counted as stored, inflated and decoded. */
const MEMORY_BYTES = 96 * 2 ** 20;

const newSlot = () => new Uint8Array(new SharedArrayBuffer(SLOT_BYTES));

interface Thread {
  readonly worker: Worker;
  readonly slots: Uint8Array[];
}

/**
 * Decompresses chunks in this thread and in workers. Workers fill shared memory at once; other memory is filled by a copy
 * from shared slots, so that callers may use ordinary arrays.
 */
export class ChunkPool implements ThreadedRead {
  readonly #threads: number;
  #pool: Thread[] | null = null;
  #started = 0;
  #nextId = 0;
  readonly #waiting = new Map<number, (reply: ChunkReply) => void>();
  /** Runs follow each other: they share the slots. */
  #last: Promise<unknown> = Promise.resolve();

  /** @param threads beside the caller's own; default: one for each other core, at most 8, at least one */
  constructor(threads = Math.min(MOST_THREADS, Math.max(1, availableParallelism() - 1))) {
    this.#threads = threads;
  }

  get isReady(): boolean {
    this.#pool ??= this.#start();
    return this.#threads > 0 && this.#started === this.#threads;
  }

  #start(): Thread[] {
    return Array.from({ length: this.#threads }, () => {
      const worker = new Worker(moduleUrl('./chunk-worker', import.meta.url));
      worker.on('message', (reply: ChunkReply) => {
        if (reply.id < 0) this.#started++;
        this.#waiting.get(reply.id)?.(reply);
      });
      const onEnd = (reason: string) => {
        this.#pool = null;
        this.#started = 0;
        for (const [id, settle] of this.#waiting) {
          settle({
            id,
            error: { tag: null, message: `A thread that decompresses chunks ended: ${reason}.`, details: {} },
          });
        }
      };
      worker.on('error', (error) => onEnd(error.message));
      worker.on('exit', (code) => onEnd(`exit code ${code}`));
      // A program may end while they wait. After the listeners: to listen for messages keeps a program alive.
      worker.unref();
      return { worker, slots: Array.from({ length: SLOTS }, newSlot) };
    });
  }

  run(
    path: string,
    plan: ReadPlan,
    target: Target,
    readHere: (piece: ReadPiece) => void,
    options: { readonly signal?: AbortSignal } = {},
  ): Promise<void> {
    const run = this.#last.then(() => this.#run(path, plan, target, readHere, options.signal));
    this.#last = run.catch(() => {});
    return run;
  }

  async #run(
    path: string,
    { pieces, ...plan }: ReadPlan,
    target: Target,
    readHere: (piece: ReadPiece) => void,
    signal?: AbortSignal,
  ): Promise<void> {
    this.#pool ??= this.#start();
    const isShared = target.bytes.buffer instanceof SharedArrayBuffer;
    let next = 0;
    let failure: unknown = null;
    const isOver = () => next >= pieces.length || failure !== null || signal?.aborted === true;
    const take = (most: number) => {
      const batch = takeBatch(pieces, next, plan.itemSize, most);
      next += batch.pieces.length;
      return batch;
    };
    const lane = async ({ worker, slots }: Thread, slot: number): Promise<void> => {
      while (!isOver()) {
        // Smaller tasks towards the end, so that all are done at about the same time.
        const share = ((pieces.length - next) * bytesOf(pieces[next], plan.itemSize)) / 4;
        const batch = take(Math.min(SLOT_BYTES, Math.max(OWN_STEP_BYTES, share)));
        if (slots[slot].length < batch.bytes) slots[slot] = new Uint8Array(new SharedArrayBuffer(batch.bytes));
        const task = {
          id: this.#nextId++,
          path,
          plan,
          pieces: batch.pieces,
          target: isShared ? target : null,
          slot: slots[slot],
        };
        try {
          await this.#ask(worker, task);
          if (!isShared) copyBatch(batch.pieces, plan.itemSize, slots[slot], target);
        } catch (error) {
          failure ??= error;
        }
      }
    };
    // This thread works too, in small steps between which it hears of the others.
    const ownLane = async (): Promise<void> => {
      while (!isOver()) {
        try {
          for (const piece of take(OWN_STEP_BYTES).pieces) readHere(piece);
        } catch (error) {
          failure ??= error;
        }
        await pause();
      }
    };
    // A worker that is not waited for would not keep the program alive while it works.
    for (const { worker } of this.#pool) worker.ref();
    const largest = Math.max(...pieces.map((piece) => bytesOf(piece, plan.itemSize)), plan.chunkBytes);
    const most = Math.max(1, Math.floor(MEMORY_BYTES / (3 * largest)));
    try {
      const lanes = Array.from({ length: SLOTS }, (_, slot) => this.#pool?.map((thread) => ({ thread, slot })) ?? []);
      const workers = lanes.flat().slice(0, most - 1);
      await Promise.all([...workers.map(({ thread, slot }) => lane(thread, slot)), ownLane()]);
      // Slots that grew for large chunks go back.
      for (const { slots } of this.#pool) {
        for (const [i, slot] of slots.entries()) if (slot.length > SLOT_BYTES) slots[i] = newSlot();
      }
    } finally {
      for (const { worker } of this.#pool ?? []) worker.unref();
    }
    signal?.throwIfAborted();
    if (failure !== null) throw failure;
  }

  #ask(worker: Worker, task: ChunkTask): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.set(task.id, ({ error }) => {
        this.#waiting.delete(task.id);
        if (!error) resolve();
        else if (error.tag) reject(new XfelError(error.tag, error.message, { ...error.details }));
        else reject(new Unsupported(error.message));
      });
      worker.postMessage(task);
    });
  }

  /** Ends the threads. */
  async close(): Promise<void> {
    const pool = this.#pool ?? [];
    for (const { worker } of pool) worker.removeAllListeners('exit');
    await Promise.all(pool.map(({ worker }) => worker.terminate()));
    this.#pool = null;
    this.#started = 0;
  }
}

const bytesOf = (piece: ReadPiece, itemSize: number): number => piece.extent.reduce((a, b) => a * b, itemSize);

/** The next pieces of at most `most` bytes together, at least one. */
function takeBatch(
  pieces: readonly ReadPiece[],
  first: number,
  itemSize: number,
  most: number,
): { pieces: ReadPiece[]; bytes: number } {
  const batch = [pieces[first]];
  let bytes = bytesOf(pieces[first], itemSize);
  for (let i = first + 1; i < pieces.length; i++) {
    const more = bytesOf(pieces[i], itemSize);
    if (bytes + more > most) break;
    batch.push(pieces[i]);
    bytes += more;
  }
  return { pieces: batch, bytes };
}

function copyBatch(pieces: readonly ReadPiece[], itemSize: number, slot: Uint8Array, target: Target): void {
  let offset = 0;
  for (const piece of pieces) {
    const to = { offset: target.offset + offsetOf(piece.blockAt, target.steps), steps: target.steps };
    visitRuns(itemSize, piece.extent, { offset, steps: stepsOf(piece.extent, itemSize) }, to, (from, at, length) => {
      target.bytes.set(slot.subarray(from, from + length), at);
    });
    offset += bytesOf(piece, itemSize);
  }
}
