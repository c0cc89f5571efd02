import type { RecordedMessage } from '../../../bridge/recorded-message.ts';
import type { FormatInvalid } from '../../../core/errors.ts';
import type { Train } from '../../../core/train.ts';
import type { RecordedEndpoint } from './recording-info.ts';

/** One message of a recording, without its parts. */
export interface RecordedEntry {
  readonly index: number;
  readonly trainId: number;
  /** ms since the epoch, to the µs. */
  readonly receivedAt: number;
  readonly endpoint: string;
  readonly protocol: RecordedMessage['protocol'];
  /** On the disk. */
  readonly bytes: number;
  /** Messages that the recorder could not take until then, all together. */
  readonly dropped: number;
}

/** Which messages, by position: `[start, stop)`. */
export interface MessageRange {
  readonly start?: number;
  readonly stop?: number;
  readonly signal?: AbortSignal;
  /** Damaged messages are left out, and each is told; without it the first one ends the reading. */
  readonly onDamaged?: (error: FormatInvalid) => void;
}

/** A recording that was opened for reading. Close it, or write `await using`. */
export interface Recording {
  readonly path: string;
  readonly endpoints: readonly RecordedEndpoint[];
  readonly entries: readonly RecordedEntry[];
  /** False if the recorder did not come to its end: then the last message may be missing. */
  readonly isClosed: boolean;
  /** What is wrong with the files, in words; everything else can be read. */
  readonly warnings: readonly string[];
  /** Position of the first message with this train id or a later one. @throws TrainNotFound */
  indexOf(trainId: number): number;
  /** One message with its exact parts. @throws FormatInvalid if it is damaged, TrainNotFound for a wrong index */
  read(index: number): Promise<RecordedMessage>;
  /** Messages in order; the next one is read while one is used. A damaged one ends it with FormatInvalid unless `onDamaged` hears it. */
  messages(range?: MessageRange): AsyncGenerator<RecordedMessage>;
  /** The same as trains. @throws MessageInvalid at a message that is none of a bridge */
  trains(range?: MessageRange): AsyncGenerator<Train>;
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}
