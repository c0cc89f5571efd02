import { isXfelError } from '../core/errors.ts';
import { decodeBridgeMessage } from '../formats/bridge-message.ts';
import type { BridgeSource } from '../formats/bridge-source.ts';
import { MsgpackMap, type MsgpackValue } from '../formats/msgpack.ts';

/** A message as it goes into a recording: its exact parts, and where and when it came. */
export interface RecordableMessage {
  readonly parts: readonly Uint8Array[];
  /** When the whole message had come, ms since the epoch; default: when the recorder takes it. */
  readonly receivedAt?: number;
  /** Where it came from; default the first endpoint of the recording. */
  readonly endpoint?: string;
  /** Called once when the recorder needs the parts no more. */
  readonly release?: () => void;
}

/** A message out of a recording. */
export interface RecordedMessage {
  readonly parts: readonly Uint8Array[];
  /** Position in the recording. */
  readonly index: number;
  /** 0 if the sender gave none, or one beyond 2^53. */
  readonly trainId: number;
  /** ms since the epoch, to the µs. */
  readonly receivedAt: number;
  readonly endpoint: string;
  readonly protocol: BridgeProtocolName;
}

/** How a message is written: 2.1 stands for 2.0, too, which looks the same; `unknown` is not a bridge message. */
export type BridgeProtocolName = '1.0' | '2.1' | '2.2' | 'unknown';

/** What a recording notes of a message beside its parts. */
export interface MessageFacts {
  readonly protocol: BridgeProtocolName;
  /** Largest `timestamp.tid` of the sources, without loss; 0 = none. */
  readonly trainId: bigint;
  readonly sources: readonly string[];
}

const MAX_TRAIN_ID = 2n ** 64n - 1n;

/**
 * Train id and sources of a message; nothing is copied. A message that cannot be read has none: it is recorded all the same.
 * @param parts the parts of one message
 */
export function factsOfMessage(parts: readonly Uint8Array[]): MessageFacts {
  try {
    const sources = decodeBridgeMessage(parts);
    const isNew = sources.some(({ metadata }) => metadata !== null);
    let trainId = 0n;
    for (const source of sources) {
      const id = trainIdOfSource(source);
      if (id > trainId) trainId = id;
    }
    return {
      protocol: parts.length === 1 ? '1.0' : isNew ? '2.2' : '2.1',
      trainId,
      sources: sources.map(({ source }) => source),
    };
  } catch (error) {
    if (!isXfelError(error)) throw error;
    return { protocol: 'unknown', trainId: 0n, sources: [] };
  }
}

function trainIdOfSource({ metadata, data }: BridgeSource): bigint {
  // Protocols before 2.2 have the metadata among the data, and so do streams of EXtra-data.
  const inside = metadata && metadata.entries.length > 0 ? metadata : data.get('metadata');
  const value = inside instanceof MsgpackMap ? wholeOf(inside.get('timestamp.tid')) : 0n;
  return value > 0n && value <= MAX_TRAIN_ID ? value : 0n;
}

function wholeOf(value: MsgpackValue | undefined): bigint {
  if (typeof value === 'bigint') return value;
  if (typeof value === 'number' && Number.isSafeInteger(value)) return BigInt(value);
  return typeof value === 'string' && /^\d{1,20}$/.test(value) ? BigInt(value) : 0n;
}
