import type { Train } from '../core/train.ts';
import { type BridgeClientOptions, type BridgeStatus, receiveWith } from './client.ts';
import type { ClientSocketKind } from './socket.ts';
import { TrainReader } from './train-reader.ts';

/** A train and where it came from. Call `release` once, when done with it. */
export interface BridgeTrain extends Train {
  readonly endpoint: string;
  readonly release: () => void;
}

/** What there is to say of one endpoint at one moment. Times are ms since the epoch. */
export interface EndpointState {
  readonly endpoint: string;
  readonly socket: ClientSocketKind;
  readonly state: BridgeStatus['state'];
  /** What is wrong, and what is done about it; null when nothing is. */
  readonly text: string | null;
  /** Since when there is a connection; null without one. A reader who lets trains `wait` hears of its end when reading on. */
  readonly connectedSince: number | null;
  /** Connections made so far: more than one = it was lost. */
  readonly connections: number;
  readonly lastTrainId: number | null;
  readonly lastReceivedAt: number | null;
  /** Over the last five seconds. */
  readonly trainsPerSecond: number;
  readonly bytesPerSecond: number;
  readonly received: number;
  /** Received and pushed out by newer ones before anybody read them. */
  readonly dropped: number;
  /** Messages that could not be read; the last one's reason. */
  readonly invalid: number;
  readonly lastInvalid: string | null;
}

/** Rates are over so long, ms. */
const WINDOW_MS = 5000;

interface Arrival {
  readonly at: number;
  readonly bytes: number;
}

/** Receives from one endpoint for ever and keeps count. */
export class EndpointReceiver {
  readonly endpoint: string;
  readonly #options: BridgeClientOptions & { readonly socket: ClientSocketKind };
  readonly #offer: (receiver: EndpointReceiver, train: BridgeTrain) => Promise<void>;
  readonly #stopped = new AbortController();
  #status: BridgeStatus = { state: 'connecting', isConnected: false };
  #connectedSince: number | null = null;
  #connections = 0;
  #lastTrainId: number | null = null;
  #arrivals: Arrival[] = [];
  #received = 0;
  #dropped = 0;
  #invalid = 0;
  #lastInvalid: string | null = null;
  #onTaken: (() => void) | null = null;

  /** @param offer takes a train; resolves once the next one may be read */
  constructor(
    options: BridgeClientOptions & { readonly socket: ClientSocketKind },
    offer: (receiver: EndpointReceiver, train: BridgeTrain) => Promise<void>,
  ) {
    this.endpoint = options.endpoint;
    this.#options = options;
    this.#offer = offer;
  }

  /** Receives until {@link stop}. */
  async run(): Promise<void> {
    const { endpoint } = this;
    const { signal } = this.#stopped;
    const reader = new TrainReader(this.#options.allocate, { mayWrite: true });
    const trains = receiveWith(
      {
        ...this.#options,
        allocate: reader.allocate,
        signal,
        onStatus: (status) => this.#note(status),
        onInvalid: ({ message }) => {
          this.#invalid++;
          this.#lastInvalid = message;
        },
      },
      (message) => {
        const { parts, release } = message;
        const train = { release, ...reader.read(message), endpoint };
        return { train, bytes: parts.reduce((sum, { length }) => sum + length, 0) };
      },
    );
    for await (const { train, bytes } of trains) {
      if (signal.aborted) {
        train.release();
        break;
      }
      const at = Date.now();
      this.#received++;
      this.#lastTrainId = train.trainId;
      this.#arrivals = [...this.#arrivals.filter((each) => each.at > at - WINDOW_MS), { at, bytes }];
      await this.#offer(this, train);
    }
  }

  /** Ends the connection. */
  stop(): void {
    this.#stopped.abort();
    this.taken();
  }

  /** Resolves when the train that waits was taken, or at the end. */
  untilTaken(): Promise<void> {
    return new Promise((resolve) => {
      this.#onTaken = resolve;
      if (this.#stopped.signal.aborted) resolve();
    });
  }

  /** The train that waited was taken. */
  taken(): void {
    this.#onTaken?.();
    this.#onTaken = null;
  }

  /** A train that nobody had read was let go. */
  countDropped(): void {
    this.#dropped++;
  }

  /** What there is to say. @param now ms since the epoch */
  state(now: number): EndpointState {
    const { state, text = null } = this.#status;
    const arrivals = this.#arrivals.filter(({ at }) => at > now - WINDOW_MS);
    const seconds = Math.min(WINDOW_MS, Math.max(1000, now - (this.#connectedSince ?? now - WINDOW_MS))) / 1000;
    return {
      endpoint: this.endpoint,
      socket: this.#options.socket,
      state,
      text,
      connectedSince: this.#connectedSince,
      connections: this.#connections,
      lastTrainId: this.#lastTrainId,
      lastReceivedAt: this.#arrivals.at(-1)?.at ?? null,
      trainsPerSecond: arrivals.length / seconds,
      bytesPerSecond: arrivals.reduce((sum, { bytes }) => sum + bytes, 0) / seconds,
      received: this.#received,
      dropped: this.#dropped,
      invalid: this.#invalid,
      lastInvalid: this.#lastInvalid,
    };
  }

  #note(status: BridgeStatus): void {
    // An attempt to connect anew does not take away the reason why the last one failed.
    const text = status.text ?? (status.state === 'connecting' && !status.isConnected ? this.#status.text : undefined);
    if (status.isConnected && this.#connectedSince === null) {
      this.#connectedSince = Date.now();
      this.#connections++;
    }
    if (!status.isConnected) this.#connectedSince = null;
    this.#status = { ...status, text };
  }
}
