import { encodeFrame } from '../api/frames.ts';
import type { LiveFrameMeta, LiveStatus } from '../api/live-contract.ts';
import type { LiveEngine, LiveResult, ShownDetector } from '../live/engine.ts';

/** How a viewer is reached. */
export interface ViewerChannel {
  sendBinary(bytes: Uint8Array): void;
  sendText(text: string): void;
  /** Bytes that were sent but have not left this machine. */
  bufferedBytes(): number;
}

/** What a channel tells of its viewer. */
export interface ViewerHandle {
  /** The viewer has drawn the frame; the next may be sent. */
  acknowledge(sequence: number): void;
  leave(): void;
}

interface Viewer {
  readonly channel: ViewerChannel;
  /** Sequence of the frame that is on its way; null = ready for the next. */
  pending: number | null;
  sentSequence: number;
}

/** Counters are sent this often, ms: what a person can read. */
const STATUS_MS = 250;
/** A viewer with more than this on its way (a sleeping laptop) gets no more counters, which would pile up for ever. */
const MAX_BUFFERED = 1 << 16;

/**
 * Everybody who watches. Each viewer gets the newest frame once it has drawn the last one: a slow one misses frames, and
 * nobody else notices. A frame is encoded once, and only if somebody takes it.
 */
export class LiveViewers {
  readonly #engine: LiveEngine;
  readonly #viewers = new Set<Viewer>();
  readonly #stop: () => void;
  readonly #timer: NodeJS.Timeout;
  #encoded: { readonly sequence: number; readonly bytes: Uint8Array } | null = null;

  constructor(engine: LiveEngine, statusMs = STATUS_MS) {
    this.#engine = engine;
    this.#stop = engine.onResult((result) => {
      for (const viewer of this.#viewers) this.#offer(viewer, result);
    });
    this.#timer = setInterval(() => {
      if (this.#viewers.size === 0) return;
      const text = JSON.stringify(this.status());
      for (const { channel } of this.#viewers) if (channel.bufferedBytes() <= MAX_BUFFERED) channel.sendText(text);
    }, statusMs);
    this.#timer.unref();
  }

  /** The counters as the API tells them. */
  status(): LiveStatus {
    const counters = this.#engine.counters();
    const shown = this.#engine.shown();
    return {
      type: 'status',
      ...counters,
      shown: shown && shownFacts(shown),
      dropped: { ...counters.dropped },
      stagesMs: [...counters.stagesMs],
      endpoints: [...counters.endpoints],
      sources: counters.sources.map((source) => ({ ...source, keys: [...source.keys] })),
      recording: this.#engine.recording(),
      replay: this.#engine.replay(),
      viewers: this.#viewers.size,
      serverTime: Date.now(),
    };
  }

  /** Takes a viewer in, and shows it the newest frame at once. */
  add(channel: ViewerChannel): ViewerHandle {
    const viewer: Viewer = { channel, pending: null, sentSequence: 0 };
    this.#viewers.add(viewer);
    channel.sendText(JSON.stringify(this.status()));
    this.#offerLatest(viewer);
    return {
      acknowledge: (sequence) => {
        if (viewer.pending !== sequence) return;
        viewer.pending = null;
        this.#offerLatest(viewer);
      },
      leave: () => this.#viewers.delete(viewer),
    };
  }

  /** Stops sending. */
  close(): void {
    this.#stop();
    clearInterval(this.#timer);
    this.#viewers.clear();
  }

  #offerLatest(viewer: Viewer): void {
    const latest = this.#engine.latest();
    if (latest) this.#offer(viewer, latest);
  }

  #offer(viewer: Viewer, result: LiveResult): void {
    if (viewer.pending !== null || viewer.sentSequence >= result.sequence) return;
    viewer.pending = result.sequence;
    viewer.sentSequence = result.sequence;
    viewer.channel.sendBinary(this.#encode(result));
  }

  #encode(result: LiveResult): Uint8Array {
    if (this.#encoded?.sequence !== result.sequence) {
      const { image, q, intensity, pulseIntensity, sentAt = null, detector = 0, notes = [], ...facts } = result;
      const arrays = pulseIntensity ? { image, q, intensity, pulseIntensity } : { image, q, intensity };
      const meta: LiveFrameMeta = { ...facts, sentAt, detector, notes };
      this.#encoded = {
        sequence: result.sequence,
        bytes: encodeFrame('live', meta, Object.entries(arrays)),
      };
    }
    return this.#encoded.bytes;
  }
}

/** Without the tiles, which are asked for by themselves. */
function shownFacts({
  sequence,
  name,
  kind,
  dataShape,
  geometryPath,
}: ShownDetector): NonNullable<LiveStatus['shown']> {
  return { sequence, name, kind, dataShape: [...dataShape], geometryPath };
}
