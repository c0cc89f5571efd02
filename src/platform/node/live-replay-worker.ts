import { parentPort, workerData } from 'node:worker_threads';
import type { RecordedMessage } from '../../bridge/recorded-message.ts';
import { RequestQueue } from '../../bridge/request-queue.ts';
import { isXfelError } from '../../core/errors.ts';
import type { ReplayChange, ReplayOptions } from '../../live/engine.ts';
import { openRecording } from './bridge-recording/open-recording.ts';
import type { ReplayCommand, ReplayEvent } from './live-replay.ts';
import { zmtpTransport } from './zmtp/zmtp-transport.ts';

/** Progress is told this often, ms. */
const PROGRESS_MS = 250;
/** Who is later than this goes on from now; until then the clock is made up for, ms. */
const LATEST_MS = 1000;
/** Between two rounds when there is only one message, ms: the machine's 10 Hz. */
const ONE_TRAIN_MS = 100;

const { path, options } = workerData as { readonly path: string; readonly options: ReplayOptions };
const port = parentPort;
if (!port) throw new Error('live-replay-worker runs as a worker thread only');
const send = (event: ReplayEvent) => port.postMessage(event);

let { rateHz, isLooped } = options;
let isPaused = false;
let hasEnded = false;
let error: string | null = null;
/** Damaged messages by their index: a round passes over them. */
const damaged = new Map<number, string>();
let warning: string | null = null;
let position = 0;
let lastTrainId: number | null = null;
/** performance.now() at which the next message is due. */
let dueAt = 0;
let wake = () => {};
let onGoOn = () => {};
/** Where to go on from, before the next message. */
let jumpTo: number | null = null;
const closing = new AbortController();

function change(wanted: ReplayChange, indexOf: (trainId: number) => number): void {
  if (wanted.rateHz !== undefined) rateHz = wanted.rateHz;
  if (wanted.isLooped !== undefined) isLooped = wanted.isLooped;
  if (wanted.isPaused !== undefined) isPaused = wanted.isPaused;
  if (wanted.trainId !== undefined) jumpTo = indexOf(wanted.trainId);
  dueAt = performance.now();
  wake();
}

/** Waits for so long, or until something is changed. */
function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = Number.isFinite(milliseconds) ? setTimeout(() => resolve(), milliseconds) : undefined;
    wake = () => {
      clearTimeout(timer);
      resolve();
    };
  });
}

try {
  await using recording = await openRecording(path);
  const { entries } = recording;
  const ids = entries.map(({ trainId }) => trainId).filter((id) => id > 0);
  position = options.trainId === null ? 0 : recording.indexOf(options.trainId);
  const socket = await zmtpTransport.bind('tcp://127.0.0.1:*', 'REP');
  const progress = () =>
    send({ type: 'progress', position, trainId: lastTrainId, hasEnded, leftOut: damaged.size, warning, error });
  port.on('message', (command: ReplayCommand) => {
    if (command.type === 'change') change(command.change, (trainId) => recording.indexOf(trainId));
    else if (command.type === 'go-on') onGoOn();
    else {
      closing.abort();
      wake();
      onGoOn();
    }
  });
  const meanPause =
    entries.length > 1 ? (entries[entries.length - 1].receivedAt - entries[0].receivedAt) / (entries.length - 1) : 0;

  /** ms between a message and the one before. */
  const gapBefore = (index: number): number => {
    if (rateHz !== null) return 1000 / rateHz;
    if (index === 0) return meanPause > 0 ? meanPause : ONE_TRAIN_MS;
    return Math.max(0, entries[index].receivedAt - entries[index - 1].receivedAt);
  };
  /** Trains of before come again: who listens must know it first. */
  const jump = async (to: number): Promise<void> => {
    position = to;
    hasEnded = false;
    const heard = new Promise<void>((resolve) => {
      onGoOn = resolve;
    });
    send({ type: 'jump' });
    if (!closing.signal.aborted) await heard;
  };
  const requests = new RequestQueue(socket);
  requests.onAsked(() => wake());
  let coming: { readonly index: number; readonly message: Promise<RecordedMessage> } | null = null;
  /** Reads a message; the same one asked for twice is read once. */
  const read = (index: number): Promise<RecordedMessage> => {
    if (coming?.index !== index) {
      coming = { index, message: recording.read(index) };
      // It is heard when its turn comes, or never if the replay goes elsewhere.
      coming.message.catch(() => undefined);
    }
    return coming.message;
  };
  /** A damaged message is passed over, and told; only when all are, there is nothing to replay. */
  const leaveOut = (index: number, failure: unknown): null => {
    if (!isXfelError(failure, 'FormatInvalid')) throw failure;
    warning = failure.message;
    damaged.set(index, warning);
    if (damaged.size === entries.length) throw failure;
    position = index + 1;
    // Its pause stays, so that the others keep their times.
    dueAt += gapBefore(position < entries.length ? position : 0);
    return null;
  };
  const sendAll = async (): Promise<void> => {
    while (!closing.signal.aborted) {
      // Who asks has taken the last message, so that whatever is decided now concerns the next one only.
      if (requests.length === 0) await pause(Number.POSITIVE_INFINITY);
      else if (jumpTo !== null) {
        const to = jumpTo;
        jumpTo = null;
        await jump(to);
      } else if (isPaused) await pause(Number.POSITIVE_INFINITY);
      else if (position < entries.length) {
        const wait = dueAt - performance.now();
        if (wait > 0.5) {
          await pause(wait);
          continue;
        }
        const index = position;
        const message = await read(index).catch((failure: unknown) => leaveOut(index, failure));
        if (message === null) continue;
        const { parts, trainId } = message;
        if (jumpTo !== null || isPaused || !requests.answerFirst(parts)) continue;
        position = index + 1;
        if (trainId > 0) lastTrainId = trainId;
        const next = position < entries.length ? position : 0;
        if (next > 0 || isLooped) void read(next);
        const now = performance.now();
        if (now - dueAt > LATEST_MS) dueAt = now;
        dueAt += gapBefore(next);
      } else if (isLooped && entries.length > 0) await jump(0);
      else {
        hasEnded = true;
        progress();
        await pause(Number.POSITIVE_INFINITY);
      }
    }
  };

  send({
    type: 'ready',
    endpoint: socket.endpoint,
    messages: entries.length,
    position,
    firstTrainId: ids[0] ?? null,
    lastTrainId: ids[ids.length - 1] ?? null,
  });
  const timer = setInterval(progress, PROGRESS_MS);
  dueAt = performance.now();
  try {
    await sendAll();
  } catch (failure) {
    // A file that is gone, or nothing but damaged messages: the page says why it goes no further.
    error = failure instanceof Error ? failure.message : String(failure);
    hasEnded = true;
    progress();
    await new Promise<void>((resolve) => {
      if (closing.signal.aborted) resolve();
      closing.signal.addEventListener('abort', () => resolve(), { once: true });
    });
  } finally {
    clearInterval(timer);
    await socket.close();
  }
} catch (failure) {
  if (!isXfelError(failure)) throw failure;
  send({ type: 'failed', tag: failure.tag, message: failure.message });
}
port.close();
