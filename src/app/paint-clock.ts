import type { LiveFrameMeta } from '../api/live-contract.ts';

/** A picture that came onto the screen. */
export interface Paint {
  readonly trainId: number;
  /** ms since the epoch */
  readonly at: number;
  readonly latencyMs: number;
  readonly isFromSource: boolean;
}

/** Rates are means over this long, ms. */
const RATE_SPAN_MS = 3000;
/** A time stamp older than this is of a recording, not of the moment, ms. */
const OLDEST_STAMP_MS = 600_000;

/** Measures how long a train takes from its source to the screen, and how many come a second. */
export class PaintClock {
  latencyMs = 0;
  /** Whether the time began with the source's own stamp; otherwise with the reception by the server. */
  isFromSource = false;
  readonly #paints: number[] = [];
  readonly #onPaint: (paint: Paint) => void;
  /** This browser's clock minus the server's, ms: the smallest difference seen holds the least waiting. */
  #ahead = Number.POSITIVE_INFINITY;

  constructor(onPaint: (paint: Paint) => void) {
    this.#onPaint = onPaint;
  }

  /** Takes the server's time out of a message that came just now, ms since the epoch. */
  noteServerTime(serverTime: number): void {
    this.#ahead = Math.min(this.#ahead, Date.now() - serverTime);
  }

  /** Notes when the frame that was drawn just now is on screen: the browser asks for another picture when it has shown this one. */
  noteFrame({ trainId, sentAt, receivedAt }: LiveFrameMeta): void {
    requestAnimationFrame(() =>
      requestAnimationFrame(() => {
        const at = Date.now();
        const serverNow = at - (Number.isFinite(this.#ahead) ? this.#ahead : 0);
        const fromSource = sentAt === null ? Number.NaN : serverNow - sentAt;
        this.isFromSource = fromSource >= 0 && fromSource < OLDEST_STAMP_MS;
        this.latencyMs = this.isFromSource ? fromSource : serverNow - receivedAt;
        this.#paints.push(at);
        this.#onPaint({ trainId, at, latencyMs: this.latencyMs, isFromSource: this.isFromSource });
      }),
    );
  }

  /** Pictures a second over the last seconds; falls when nothing comes any more. */
  rate(): number {
    const now = Date.now();
    while (this.#paints.length > 0 && this.#paints[0] < now - RATE_SPAN_MS) this.#paints.shift();
    return this.#paints.length < 2 ? 0 : ((this.#paints.length - 1) * 1000) / (now - this.#paints[0]);
  }
}
