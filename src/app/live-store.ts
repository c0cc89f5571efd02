import { create } from 'zustand';
import type { Frame } from '../api/frames.ts';
import type { LiveFrameMeta, LiveState, LiveStatus } from '../api/live-contract.ts';
import type { GeometryInfo } from '../api/run-contract.ts';
import { openLiveChannel } from './live-channel.ts';
import { ServerError, session } from './session.ts';

/** One point of the ROI trend. */
export interface TrendPoint {
  readonly trainId: number;
  /** s since the epoch */
  readonly time: number;
  readonly mean: number;
  /** Version of the state document that made it. */
  readonly version: number;
}

/** Trains in the ROI trend. */
const TREND_LENGTH = 1000;

interface LiveStore {
  readonly isOpen: boolean;
  readonly isPaused: boolean;
  readonly status: LiveStatus | null;
  /** The frame on screen. */
  readonly frame: Frame<LiveFrameMeta> | null;
  readonly trend: readonly TrendPoint[];
  readonly state: LiveState | null;
  readonly version: number;
  readonly geometry: GeometryInfo | null;
  /** ms from the reception of the train to its drawing. */
  readonly latencyMs: number;
  readonly shownHz: number;
  /** ms since the epoch when the last train came, 0 while none came. */
  readonly lastFrameAt: number;
  readonly error: string | null;
  togglePause(): void;
  /** Sends a new state document. @returns null, or why it was refused */
  apply(state: LiveState): Promise<string | null>;
}

/** Changes that the server has not answered yet. */
let unanswered = 0;

/** Everything the live pages show. */
export const useLive = create<LiveStore>((set, get) => ({
  isOpen: false,
  isPaused: false,
  status: null,
  frame: null,
  trend: [],
  state: null,
  version: 0,
  geometry: null,
  latencyMs: 0,
  shownHz: 0,
  lastFrameAt: 0,
  error: null,
  togglePause: () => set({ isPaused: !get().isPaused }),
  async apply(state) {
    // Shown at once, so that a held arrow key or a dropped ROI never works on the document of before.
    const before = get().state;
    set({ state });
    unanswered++;
    try {
      const reply = await session.putLiveState(state);
      // An older answer must not undo what was typed since.
      if (get().state === state) set({ state: reply.state });
      set({ version: Math.max(reply.version, get().version) });
      return null;
    } catch (error) {
      if (get().state === state) set({ state: before });
      return error instanceof Error ? error.message : String(error);
    } finally {
      unanswered--;
    }
  },
}));

async function loadDocuments(): Promise<void> {
  try {
    const [{ state, version }, geometry] = await Promise.all([session.liveState(), session.geometry()]);
    useLive.setState({ state, version, geometry, error: null });
  } catch (error) {
    useLive.setState({ error: error instanceof ServerError ? error.message : String(error) });
  }
}

/** When the last frames were drawn, ms since the epoch. */
const shownTimes: number[] = [];
const RATE_SPAN_MS = 3000;
const RATE_PERIOD_MS = 250;
/** ms from the reception of the train drawn last to its paint. */
let painted = 0;

function shownRate(): number {
  const now = Date.now();
  while (shownTimes.length > 0 && shownTimes[0] < now - RATE_SPAN_MS) shownTimes.shift();
  return shownTimes.length < 2 ? 0 : ((shownTimes.length - 1) * 1000) / (now - shownTimes[0]);
}

/** Notes the time after the next paint: earlier, the picture is not on screen. */
function notePaint(receivedAt: number): void {
  requestAnimationFrame(() => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      const now = Date.now();
      shownTimes.push(now);
      painted = now - receivedAt;
      port1.close();
    };
    port2.postMessage(null);
  });
}

/** Starts receiving; call once. @returns the call that stops it */
export function startLive(): () => void {
  // Text counters change four times a second, so that they can be read; a rate also falls when nothing comes any more.
  const timer = window.setInterval(
    () => useLive.setState({ shownHz: shownRate(), latencyMs: painted }),
    RATE_PERIOD_MS,
  );
  const close = openLiveChannel({
    onConnection(isOpen) {
      useLive.setState({ isOpen });
      if (isOpen) void loadDocuments();
    },
    onStatus(status) {
      useLive.setState({ status });
      // Somebody else changed the document: show theirs.
      if (status.version !== useLive.getState().version && unanswered === 0) void loadDocuments();
    },
    onFrame(frame) {
      const { isPaused, trend } = useLive.getState();
      if (isPaused) return;
      const { roi, trainId, receivedAt, version } = frame.meta;
      const point = { trainId, time: receivedAt / 1000, mean: roi?.mean ?? Number.NaN, version };
      useLive.setState({ frame, lastFrameAt: Date.now(), trend: [...trend.slice(-TREND_LENGTH + 1), point] });
      notePaint(receivedAt);
    },
  });
  return () => {
    window.clearInterval(timer);
    close();
  };
}
