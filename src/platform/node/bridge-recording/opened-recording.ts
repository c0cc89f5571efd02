import type { RecordedMessage } from '../../../bridge/recorded-message.ts';
import { trainOfMessage } from '../../../bridge/train-message.ts';
import { type FormatInvalid, isXfelError, TrainNotFound } from '../../../core/errors.ts';
import type { Train } from '../../../core/train.ts';
import { decodeBridgeMessage } from '../../../formats/bridge-message.ts';
import type { MessageRange, RecordedEntry, Recording } from './recording.ts';
import type { RecordedEndpoint } from './recording-info.ts';

/** What a kind of recording has to offer; {@link openedRecording} makes the rest of it. */
export interface RecordingContent {
  readonly path: string;
  readonly endpoints: readonly RecordedEndpoint[];
  readonly entries: readonly RecordedEntry[];
  readonly isClosed: boolean;
  readonly warnings: readonly string[];
  /** Parts of the message of an entry; memory of their own. */
  readParts(index: number): Promise<Uint8Array[]>;
  close(): Promise<void>;
}

/** A recording as its users see it, whatever its files look like. */
export function openedRecording(content: RecordingContent): Recording {
  const { entries, path } = content;
  const read = async (index: number): Promise<RecordedMessage> => {
    const entry = entries[index];
    if (!entry) throw new TrainNotFound(`${path} has no message ${index}: it has ${entries.length}.`, { path, index });
    const { trainId, receivedAt, endpoint, protocol } = entry;
    return { parts: await content.readParts(index), index, trainId, receivedAt, endpoint, protocol };
  };
  async function* messages(range: MessageRange = {}): AsyncGenerator<RecordedMessage> {
    const { start = 0, stop, signal, onDamaged } = range;
    const end = Math.min(entries.length, stop ?? entries.length);
    let coming = start < end ? read(start) : null;
    for (let index = start; coming; index++) {
      const message: RecordedMessage | null = await coming.catch((error: unknown) => {
        if (!onDamaged || !isXfelError(error, 'FormatInvalid')) throw error;
        onDamaged(error as FormatInvalid);
        return null;
      });
      signal?.throwIfAborted();
      coming = index + 1 < end ? read(index + 1) : null;
      // It is heard when its turn comes, or never if the loop is left before.
      coming?.catch(() => undefined);
      if (message) yield message;
      signal?.throwIfAborted();
    }
  }
  return {
    path,
    endpoints: content.endpoints,
    entries,
    isClosed: content.isClosed,
    warnings: content.warnings,
    indexOf(trainId) {
      const index = entries.findIndex((entry) => entry.trainId >= trainId);
      if (index < 0) {
        const ids = entries.map((entry) => entry.trainId).filter((id) => id > 0);
        const range = ids.length > 0 ? `${ids[0]} to ${ids[ids.length - 1]}` : 'no train ids at all';
        throw new TrainNotFound(`${path} has no train ${trainId} or later: it has ${range}.`, { trainId, path });
      }
      return index;
    },
    read,
    messages,
    async *trains(range: MessageRange = {}): AsyncGenerator<Train> {
      for await (const { parts, receivedAt } of messages(range))
        yield trainOfMessage(decodeBridgeMessage(parts), receivedAt, () => undefined, { mayWrite: true });
    },
    close: () => content.close(),
    [Symbol.asyncDispose]: () => content.close(),
  };
}
