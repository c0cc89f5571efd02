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
  readonly error: string | null;
  togglePause(): void;
  /** Sends a new state document. @returns null, or why it was refused */
  apply(state: LiveState): Promise<string | null>;
}

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
  error: null,
  togglePause: () => set({ isPaused: !get().isPaused }),
  async apply(state) {
    try {
      const reply = await session.putLiveState(state);
      set({ state: reply.state, version: reply.version });
      return null;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
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

const shownTimes: number[] = [];

/** Starts receiving; call once. @returns the call that stops it */
export function startLive(): () => void {
  return openLiveChannel({
    onConnection(isOpen) {
      useLive.setState({ isOpen });
      if (isOpen) void loadDocuments();
    },
    onStatus(status) {
      useLive.setState({ status });
      // Somebody else changed the document: show theirs.
      if (status.version !== useLive.getState().version) void loadDocuments();
    },
    onFrame(frame) {
      const { isPaused, trend } = useLive.getState();
      const now = Date.now();
      shownTimes.push(now);
      while (shownTimes.length > 0 && shownTimes[0] < now - 3000) shownTimes.shift();
      const span = now - shownTimes[0];
      const shownHz = span > 0 ? ((shownTimes.length - 1) * 1000) / span : 0;
      if (isPaused) {
        useLive.setState({ shownHz: 0 });
        return;
      }
      const { roi, trainId, receivedAt } = frame.meta;
      const point = { trainId, time: receivedAt / 1000, mean: roi?.mean ?? Number.NaN };
      useLive.setState({ frame, shownHz, trend: [...trend.slice(-TREND_LENGTH + 1), point] });
      requestAnimationFrame(() => useLive.setState({ latencyMs: Date.now() - receivedAt }));
    },
  });
}
