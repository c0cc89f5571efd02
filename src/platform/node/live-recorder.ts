import { statfs } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import type { RecordableMessage } from '../../bridge/recorded-message.ts';
import type { ReceivedMessage } from '../../bridge/socket.ts';
import type { LiveSource, RecordingOptions, RecordingState } from '../../live/engine.ts';
import { type Recorder, type RecordingProgress, startRecording } from './bridge-recording/start-recording.ts';

/** How a live recorder works; for tests. */
export interface LiveRecorderOptions {
  /** Received bytes that may wait for the disk; they hold memory of the receiver. */
  readonly maxWaitingBytes: number;
  readonly onState: (state: RecordingState) => void;
  /** Free bytes of the disk with this folder, null if not known. */
  readonly freeBytesAt?: (path: string) => Promise<number | null>;
}

/** The state is told this often, ms. */
const STATE_MS = 250;
/** The disk is asked this often, ms. */
const DISK_MS = 1000;
/** Others write to this disk, too: it is never filled up, bytes. */
const KEPT_FREE = 512 * 2 ** 20;
const NOTHING: RecordingProgress = {
  messages: 0,
  bytes: 0,
  dropped: 0,
  missing: 0,
  unreadable: 0,
  firstTrainId: null,
  lastTrainId: null,
  elapsedMs: 0,
};

/**
 * Records what the live engine receives, from the same connections: a second client of a bridge would take trains away from
 * the first. A message's memory goes back when both the pipeline and the disk are done with it.
 */
export class LiveRecorder {
  readonly #options: LiveRecorderOptions;
  #queue: MessageQueue | null = null;
  #stopCurrent: ((reason: string) => Promise<void>) | null = null;

  constructor(options: LiveRecorderOptions) {
    this.#options = options;
  }

  /** Begins; how it goes is told by `onState`. */
  async start({ path, maxTrains, maxBytes }: RecordingOptions, sources: readonly LiveSource[]): Promise<void> {
    const { onState, maxWaitingBytes, freeBytesAt = freeBytesOf } = this.#options;
    const queue = new MessageQueue();
    const startedAt = Date.now();
    let progress = NOTHING;
    let freeBytes = await freeBytesAt(dirname(path));
    const tell = (end: Pick<RecordingState, 'reason' | 'error'> | null) =>
      onState({
        name: basename(path),
        path,
        isRunning: end === null,
        startedAt,
        elapsedMs: end ? progress.elapsedMs : Date.now() - startedAt,
        trains: progress.messages,
        bytes: progress.bytes,
        dropped: progress.dropped,
        missing: progress.missing,
        firstTrainId: progress.firstTrainId,
        lastTrainId: progress.lastTrainId,
        maxTrains: maxTrains ?? null,
        maxBytes: maxBytes ?? null,
        freeBytes,
        reason: end?.reason ?? null,
        error: end?.error ?? null,
      });
    let recorder: Recorder;
    try {
      if (freeBytes !== null && freeBytes < KEPT_FREE) throw new Error(fullText(freeBytes, path));
      recorder = await startRecording({
        messages: queue,
        dir: path,
        endpoints: sources.filter(({ isOn }) => isOn).map(({ endpoint, socket }) => ({ endpoint, socket })),
        maxMessages: maxTrains,
        maxBytes,
        maxWaitingBytes,
      });
    } catch (error) {
      tell({ reason: 'failed', error: messageOf(error) });
      return;
    }
    this.#queue = queue;
    const timer = setInterval(() => {
      progress = recorder.progress();
      tell(null);
    }, STATE_MS);
    const diskTimer = setInterval(async () => {
      freeBytes = await freeBytesAt(path);
      if (freeBytes !== null && freeBytes < KEPT_FREE)
        void recorder.stop(fullText(freeBytes, path)).catch(() => undefined);
    }, DISK_MS);
    tell(null);
    const ended = recorder.finished
      .then(
        ({ reason }) => ({ reason, error: null }),
        (error) => ({ reason: 'failed', error: messageOf(error) }),
      )
      .then(async (end) => {
        clearInterval(timer);
        clearInterval(diskTimer);
        if (this.#queue === queue) this.#queue = null;
        queue.close();
        progress = recorder.progress();
        freeBytes = await freeBytesAt(path);
        this.#stopCurrent = null;
        tell(end);
      });
    this.#stopCurrent = async (reason) => {
      await recorder.stop(reason).catch(() => undefined);
      await ended;
    };
  }

  /** Ends the recording and waits until all of it is on the disk; nothing if none runs. */
  async stop(reason: string): Promise<void> {
    await this.#stopCurrent?.(reason);
  }

  /**
   * Reads a message and records it, if a recording runs.
   * @param read makes a train of a message; when it throws, the message is recorded all the same, and still to be released
   */
  read<T>(message: ReceivedMessage, endpoint: string, read: (message: ReceivedMessage) => T): T {
    const queue = this.#queue;
    if (!queue) return read(message);
    const receivedAt = performance.timeOrigin + performance.now();
    const { parts } = message;
    let users = 2;
    const release = () => {
      users--;
      if (users === 0) message.release();
    };
    let value: T;
    try {
      value = read({ parts, release: onceOnly(release) });
    } catch (error) {
      // Whoever asked lets the message go at once, so that the disk needs parts of its own.
      queue.push({ parts: parts.map((part) => part.slice()), endpoint, receivedAt });
      throw error;
    }
    queue.push({ parts, endpoint, receivedAt, release: onceOnly(release) });
    return value;
  }
}

function onceOnly(call: () => void): () => void {
  let isDone = false;
  return () => {
    if (isDone) return;
    isDone = true;
    call();
  };
}

/** Messages on their way to the recorder, which takes each at once. */
class MessageQueue implements AsyncIterable<RecordableMessage> {
  #waiting: RecordableMessage[] = [];
  #wake: (() => void) | null = null;
  #isClosed = false;

  push(message: RecordableMessage): void {
    if (this.#isClosed) {
      message.release?.();
      return;
    }
    this.#waiting.push(message);
    this.#wake?.();
  }

  close(): void {
    this.#isClosed = true;
    for (const message of this.#waiting.splice(0)) message.release?.();
    this.#wake?.();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<RecordableMessage> {
    while (!this.#isClosed) {
      const message = this.#waiting.shift();
      if (message) yield message;
      else
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
    }
  }
}

/** Free bytes of the disk that holds a folder; null if the system does not tell. */
export async function freeBytesOf(path: string): Promise<number | null> {
  try {
    const { bavail, bsize } = await statfs(path);
    return bavail * bsize;
  } catch {
    return null;
  }
}

function fullText(freeBytes: number, path: string): string {
  return `the disk of ${path} is nearly full: ${Math.floor(freeBytes / 2 ** 20)} MiB are free, ${KEPT_FREE / 2 ** 20} MiB are kept for others`;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
