import type { Lease } from '../core/lease.ts';
import type { Train } from '../core/train.ts';
import { decodeBridgeMessage } from '../formats/bridge-message.ts';
import { AlignedMemory } from './aligned-memory.ts';
import type { ReceivedMessage } from './socket.ts';
import { trainOfMessage } from './train-message.ts';

/** What a reader may do with the messages. */
export interface TrainReaderOptions {
  /** Nobody else reads them, now or later: large arrays are moved to a place that fits inside the message. Default no. */
  readonly mayWrite?: boolean;
}

/** Reads the messages of one stream as trains, of any protocol; large arrays stay where they were received if they can. */
export class TrainReader {
  /** For the socket: memory for large parts, or undefined where it may take its own. */
  readonly allocate: (byteLength: number) => Lease | undefined;
  readonly #lend: ((byteLength: number) => Lease | undefined) | undefined;
  readonly #memory: AlignedMemory;
  readonly #mayWrite: boolean;

  /** @param allocate lends memory that begins at a multiple of 8 bytes; the trains' `release` hands it back */
  constructor(allocate?: (byteLength: number) => Lease | undefined, { mayWrite = false }: TrainReaderOptions = {}) {
    const memory = new AlignedMemory(allocate);
    this.#lend = allocate;
    this.#memory = memory;
    this.#mayWrite = mayWrite;
    this.allocate = (byteLength) => memory.lend(byteLength);
  }

  /** The train of a message, with the time that it is now. @throws MessageInvalid; the message is then still to be released */
  read({ parts, release }: ReceivedMessage): Train {
    const sources = decodeBridgeMessage(parts);
    this.#memory.learn(parts, sources);
    return trainOfMessage(sources, Date.now(), release, { allocate: this.#lend, mayWrite: this.#mayWrite });
  }
}
