import { renewMessage } from '../../../bridge/renew-message.ts';
import type { TimedMessage } from '../../../bridge/replay-recording.ts';
import { NoData } from '../../../core/errors.ts';
import { decodeBridgeMessage, encodeBridgeMessage } from '../../../formats/bridge-message.ts';
import type { MessageRange, Recording } from './recording.ts';

/** Which messages of a recording, how often, and under which train ids. */
export interface TimedMessagesOptions extends MessageRange {
  /** Begin again after the last one, for ever. */
  readonly isLooped?: boolean;
  /** New train ids from this one on, and the time of sending; else every message is sent exactly as it came. */
  readonly firstTrainId?: number;
}

/** Between two rounds when there is only one message, ms: the machine's 10 Hz. */
const ONE_TRAIN_MS = 100;

/**
 * Messages of a recording on a clock that begins with the first of them; round after round if looped, with the mean pause
 * of the recording between rounds. What `onDamaged` hears of is left out of every round, and told in each.
 * @throws NoData if the range is empty, or has only damaged messages; as {@link Recording.messages}
 */
export async function* timedMessages(
  recording: Recording,
  { isLooped = false, firstTrainId, start = 0, stop, signal, onDamaged }: TimedMessagesOptions = {},
): AsyncGenerator<TimedMessage> {
  const chosen = recording.entries.slice(start, stop);
  const [first, last] = [chosen[0], chosen[chosen.length - 1]];
  if (!first)
    throw new NoData(`${recording.path} has no message to replay there: it has ${recording.entries.length} in all.`);
  const length = last.receivedAt - first.receivedAt;
  const round = length + (chosen.length > 1 ? length / (chosen.length - 1) : ONE_TRAIN_MS);
  let sent = 0;
  for (let begin = 0; begin === 0 || isLooped; begin += round) {
    for await (const { parts, receivedAt, protocol, trainId } of recording.messages({
      start,
      stop,
      signal,
      onDamaged,
    })) {
      // Clocks of computers are set back at times: never before the last one.
      const atMs = begin + Math.max(0, receivedAt - first.receivedAt);
      const isRenewed = firstTrainId !== undefined && protocol !== 'unknown' && trainId > 0;
      if (isRenewed) {
        const renewed = renewMessage(decodeBridgeMessage(parts), firstTrainId + sent, Date.now());
        yield { parts: encodeBridgeMessage(renewed, { protocol }), atMs };
      } else yield { parts, atMs };
      sent++;
    }
    if (sent === 0)
      throw new NoData(`${recording.path} has no message to replay there: all ${chosen.length} are damaged.`);
  }
}
