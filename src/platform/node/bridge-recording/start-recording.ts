import { mkdir, readdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import { checkTime, startTimer } from '../../../bridge/bridge-settings.ts';
import {
  type BridgeProtocolName,
  factsOfMessage,
  type MessageFacts,
  type RecordableMessage,
} from '../../../bridge/recorded-message.ts';
import { FileUnreadable, Usage } from '../../../core/errors.ts';
import { type RecordedEndpoint, type RecordingInfo, writeInfo } from './recording-info.ts';
import { type OpenForWriting, RecordingWriter } from './recording-writer.ts';

/** How a recording stands. */
export interface RecordingProgress {
  readonly messages: number;
  /** Bytes on their way to the disk or there. */
  readonly bytes: number;
  /** Messages that the disk was too slow for. */
  readonly dropped: number;
  /** Train ids that the bridge left out. */
  readonly missing: number;
  /** Messages that are no bridge messages. */
  readonly unreadable: number;
  readonly firstTrainId: number | null;
  readonly lastTrainId: number | null;
  readonly elapsedMs: number;
}

/** What to record, where, and for how long. */
export interface StartRecordingOptions {
  readonly messages: AsyncIterable<RecordableMessage>;
  /** The folder; made if it is not there, else it must be empty. Default `karabo-bridge-recording-<UTC>Z` here. */
  readonly dir?: string;
  /** Endpoints that the messages name; others are added as they come. */
  readonly endpoints?: readonly RecordedEndpoint[];
  readonly maxMessages?: number;
  /** Stop before the segments take more than this together. */
  readonly maxBytes?: number;
  readonly maxDurationMs?: number;
  /** Longest segment; a message longer than that has one of its own. */
  readonly segmentBytes?: number;
  /**
   * When the disk is slower than the stream: `wait` takes no more messages, so that the sender notices; `drop` takes them
   * and leaves whole ones out, counted. Default `drop`: a live stream must not be held up.
   */
  readonly whenSlow?: 'wait' | 'drop';
  /** Bytes that may wait for the disk. */
  readonly maxWaitingBytes?: number;
  /** Ends the recording as {@link Recorder.stop} does. */
  readonly signal?: AbortSignal;
  /** Called some times a second, and at the end. */
  readonly onProgress?: (progress: RecordingProgress) => void;
  /** Opens files; for tests. */
  readonly openForWriting?: OpenForWriting;
}

/** A recording that is being made. */
export interface Recorder {
  readonly dir: string;
  progress(): RecordingProgress;
  /** Takes no more messages, and comes back when all of them are on the disk. */
  stop(reason?: string): Promise<RecordingInfo>;
  /** What became of it. Rejects with FileUnreadable when the disk fails (all whole messages stay), or as the stream does. */
  readonly finished: Promise<RecordingInfo>;
}

const MAX_WAITING_BYTES = 512 * 2 ** 20;
const MAX_SOURCES = 10_000;
const PROGRESS_MS = 250;
const INFO_MS = 5000;
/** A longer jump of train ids is another machine or a simulator begun anew, not a gap. */
const LONGEST_GAP = 100_000;
const PROTOCOL_NUMBERS: Readonly<Record<BridgeProtocolName, number>> = { '1.0': 10, '2.1': 21, '2.2': 22, unknown: 0 };

/**
 * Records a stream of bridge messages, exactly as they came, into a folder.
 * @throws Usage if the folder is not empty, FileUnreadable if it cannot be written, StateInvalid for a duration that is none
 * @example
 * async function* messages() { for (const train of trains) yield { parts: encodeTrain(train) }; }
 * const recorder = await startRecording({ messages: messages(), dir: 'rec', whenSlow: 'wait' });
 */
export async function startRecording(options: StartRecordingOptions): Promise<Recorder> {
  checkTime('maxDurationMs', options.maxDurationMs);
  const dir = await makeFolder(options.dir);
  const writer = await RecordingWriter.create(dir, options.segmentBytes, options.openForWriting);
  const recording = new OpenRecorder(writer, options);
  await recording.begin();
  return recording;
}

/** Folder of a recording that nobody named: `karabo-bridge-recording-20240131T235959Z`. */
export function defaultRecordingName(now: Date): string {
  return `karabo-bridge-recording-${now
    .toISOString()
    .replace(/[-:]/g, '')
    .replace(/\.\d+Z$/, 'Z')}`;
}

async function makeFolder(wanted: string | undefined): Promise<string> {
  const dir = resolve(wanted ?? defaultRecordingName(new Date()));
  try {
    await mkdir(dir, { recursive: true });
    if ((await readdir(dir)).length === 0) return dir;
  } catch (cause) {
    throw new FileUnreadable(`${dir} cannot be made or read (${(cause as Error).message}).`, { path: dir }, { cause });
  }
  throw new Usage(`${dir} is not empty. Choose a new folder: a recording never overwrites anything.`, { path: dir });
}

interface WaitingMessage {
  readonly parts: readonly Uint8Array[];
  bodyCrc?: number;
}

class OpenRecorder implements Recorder {
  readonly dir: string;
  readonly finished: Promise<RecordingInfo>;
  readonly #writer: RecordingWriter;
  readonly #options: StartRecordingOptions;
  readonly #started = Date.now();
  readonly #endpoints: RecordedEndpoint[];
  readonly #sources = new Set<string>();
  readonly #lastOf = new Map<number, number>();
  #counts = { taken: 0, bytes: 0, dropped: 0, missing: 0, unreadable: 0 };
  #first: number | null = null;
  #last: number | null = null;
  #lastAt: number | null = null;
  #reason: string | null = null;
  #waitingBytes = 0;
  #writing: Promise<void> = Promise.resolve();
  readonly #waiting: WaitingMessage[] = [];
  #isWriting = false;
  #failure: { readonly error: unknown } | null = null;
  #wake = () => {};
  #onStop = () => {};
  #resolve: (info: RecordingInfo) => void = () => {};
  #reject: (error: unknown) => void = () => {};
  #shownAt = 0;
  #infoAt = 0;

  constructor(writer: RecordingWriter, options: StartRecordingOptions) {
    this.dir = writer.dir;
    this.#writer = writer;
    this.#options = options;
    this.#endpoints = [...(options.endpoints ?? [])];
    this.finished = new Promise((resolveInfo, reject) => {
      this.#resolve = resolveInfo;
      this.#reject = reject;
    });
    // Who only calls `stop` hears of a failure there.
    this.finished.catch(() => undefined);
  }

  async begin(): Promise<void> {
    try {
      await writeInfo(this.dir, this.#info(false));
    } catch (error) {
      await this.#writer.close().catch(() => undefined);
      throw error;
    }
    void this.#run();
  }

  progress(): RecordingProgress {
    return {
      messages: this.#counts.taken,
      bytes: this.#counts.bytes,
      dropped: this.#counts.dropped,
      missing: this.#counts.missing,
      unreadable: this.#counts.unreadable,
      firstTrainId: this.#first,
      lastTrainId: this.#last,
      elapsedMs: Date.now() - this.#started,
    };
  }

  stop(reason = 'stopped'): Promise<RecordingInfo> {
    this.#end(reason);
    return this.finished;
  }

  #end(reason: string): void {
    this.#reason ??= reason;
    this.#onStop();
    this.#wake();
  }

  async #run(): Promise<void> {
    const { signal, maxDurationMs } = this.#options;
    const onAbort = () => this.#end('interrupted');
    if (signal?.aborted) onAbort();
    signal?.addEventListener('abort', onAbort, { once: true });
    const timer = startTimer(maxDurationMs, () => this.#end('time is over'));
    let failure: { readonly error: unknown } | null = null;
    try {
      await this.#takeAll();
    } catch (error) {
      failure = { error };
    }
    clearTimeout(timer);
    signal?.removeEventListener('abort', onAbort);
    await this.#writing;
    failure = this.#failure ?? failure;
    if (failure) this.#reason = `failed: ${failure.error instanceof Error ? failure.error.message : failure.error}`;
    try {
      await this.#writer.close();
    } catch (error) {
      failure ??= { error };
    }
    const info = this.#info(true);
    try {
      await writeInfo(this.dir, info);
    } catch (error) {
      failure ??= { error };
    }
    this.#options.onProgress?.(this.progress());
    if (failure) this.#reject(failure.error);
    else this.#resolve(info);
  }

  async #takeAll(): Promise<void> {
    const iterator = this.#options.messages[Symbol.asyncIterator]();
    const { maxMessages = Number.POSITIVE_INFINITY, maxBytes = Number.POSITIVE_INFINITY } = this.#options;
    try {
      while (this.#reason === null && !this.#failure) {
        const coming = iterator.next();
        const got = await new Promise<IteratorResult<RecordableMessage> | 'stop'>((resolveNext, reject) => {
          this.#onStop = () => resolveNext('stop');
          coming.then(resolveNext, reject);
        });
        if (got === 'stop') {
          // What still comes is not wanted, but its memory has to go back.
          coming.then(({ value, done }) => !done && value.release?.()).catch(() => undefined);
          return;
        }
        if (got.done) {
          this.#reason ??= 'the stream ended';
          return;
        }
        const size = RecordingWriter.recordBytes(got.value.parts);
        if (this.#counts.bytes + size > maxBytes) {
          got.value.release?.();
          this.#reason ??= 'as many bytes as wanted';
          return;
        }
        await this.#take(got.value, size);
        if (this.#counts.taken >= maxMessages) this.#reason ??= 'as many trains as wanted';
      }
    } finally {
      // A stream that waits for its sender would not answer: nobody waits for it.
      iterator.return?.()?.catch?.(() => undefined);
    }
  }

  async #take(message: RecordableMessage, size: number): Promise<void> {
    const { whenSlow = 'drop', maxWaitingBytes = MAX_WAITING_BYTES } = this.#options;
    const isFull = () => this.#waitingBytes > 0 && this.#waitingBytes + size > maxWaitingBytes;
    if (whenSlow === 'wait') {
      while (isFull() && !this.#failure)
        await new Promise<void>((resolveWake) => {
          this.#wake = resolveWake;
        });
    } else if (isFull()) {
      message.release?.();
      this.#counts.dropped++;
      this.#show();
      return;
    }
    if (this.#failure) return message.release?.();
    const facts = factsOfMessage(message.parts);
    const endpoint = this.#endpointOf(message.endpoint);
    const receivedAt = message.receivedAt ?? performance.timeOrigin + performance.now();
    this.#count(facts, endpoint, receivedAt, size);
    this.#waitingBytes += size;
    const record = {
      trainId: facts.trainId,
      receivedAtUs: Math.round(receivedAt * 1000),
      dropped: this.#counts.dropped,
      endpoint,
      protocol: PROTOCOL_NUMBERS[facts.protocol],
    };
    const waiting: WaitingMessage = { parts: message.parts };
    this.#waiting.push(waiting);
    this.#checkNext();
    this.#writing = this.#writing.then(async () => {
      this.#waiting.shift();
      try {
        if (!this.#failure) {
          const writing = this.#writer.append(message.parts, record, waiting.bodyCrc);
          this.#isWriting = true;
          this.#checkNext();
          await writing;
        }
      } catch (error) {
        this.#failure = { error };
        this.#end('failed');
      } finally {
        this.#isWriting = false;
        message.release?.();
        this.#waitingBytes -= size;
        this.#wake();
      }
      await this.#refreshInfo();
    });
    this.#show();
  }

  /** While the system writes a message there is time for the checksum of the next one. */
  #checkNext(): void {
    const [next] = this.#waiting;
    if (next && this.#isWriting) next.bodyCrc ??= RecordingWriter.checksumOf(next.parts);
  }

  #count({ trainId, protocol, sources }: MessageFacts, endpoint: number, receivedAt: number, size: number): void {
    this.#counts.taken++;
    this.#counts.bytes += size;
    this.#lastAt = receivedAt;
    if (protocol === 'unknown') this.#counts.unreadable++;
    for (const source of sources) if (this.#sources.size < MAX_SOURCES) this.#sources.add(source);
    const id = Number(trainId);
    if (id <= 0 || !Number.isSafeInteger(id)) return;
    this.#first ??= id;
    this.#last = id;
    const before = this.#lastOf.get(endpoint);
    const gap = before === undefined ? 0 : id - before - 1;
    if (gap > 0 && gap <= LONGEST_GAP) this.#counts.missing += gap;
    this.#lastOf.set(endpoint, id);
  }

  #endpointOf(endpoint: string | undefined): number {
    if (endpoint === undefined) return 0;
    const known = this.#endpoints.findIndex((each) => each.endpoint === endpoint);
    if (known >= 0) return known;
    if (this.#endpoints.length >= 0xffff) return 0;
    return this.#endpoints.push({ endpoint, socket: '' }) - 1;
  }

  #show(): void {
    const now = performance.now();
    if (now - this.#shownAt < PROGRESS_MS) return;
    this.#shownAt = now;
    this.#options.onProgress?.(this.progress());
  }

  /** So that a list of recordings knows of this one while it is made, and after a power cut. */
  async #refreshInfo(): Promise<void> {
    const now = performance.now();
    if (this.#failure || now - this.#infoAt < INFO_MS) return;
    this.#infoAt = now;
    await writeInfo(this.dir, this.#info(false)).catch(() => undefined);
  }

  #info(isClosed: boolean): RecordingInfo {
    return {
      id: this.#writer.id.toString(16).padStart(16, '0'),
      startedAt: new Date(this.#started).toISOString(),
      endedAt: this.#lastAt === null ? null : new Date(this.#lastAt).toISOString(),
      isClosed,
      reason: isClosed ? (this.#reason ?? 'stopped') : '',
      endpoints: this.#endpoints,
      messages: this.#writer.messages,
      bytes: this.#writer.bytes,
      segments: this.#writer.segments,
      firstTrainId: this.#first,
      lastTrainId: this.#last,
      sources: [...this.#sources].sort(),
      dropped: this.#counts.dropped,
      missing: this.#counts.missing,
      unreadable: this.#counts.unreadable,
    };
  }
}
