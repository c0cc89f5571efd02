import { create } from 'zustand';
import type { Frame } from '../../api/frames.ts';
import type { LiveFrameMeta, LiveState, LiveStatus } from '../../api/live-contract.ts';
import type { GeometryInfo } from '../../api/run-contract.ts';
import { PaintClock } from '../paint-clock.ts';
import { ServerError, session } from '../session.ts';
import { notePaint } from '../test-probe.ts';
import { openLiveChannel } from './live-channel.ts';

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

/** What the text counters say: changed four times a second, so that they can be read. */
export interface LiveCounts {
  readonly meta: LiveFrameMeta | null;
  readonly shownHz: number;
  /** ms from the train's own time stamp (or from its reception, see isFromSource) to the screen. */
  readonly latencyMs: number;
  readonly isFromSource: boolean;
  /** s since the last train was shown; 0 while they come. */
  readonly silentS: number;
}

interface LiveStore {
  readonly isOpen: boolean;
  readonly isPaused: boolean;
  /** Whether a page with the live picture is on screen; without one no frame is asked for. */
  readonly isWatching: boolean;
  readonly status: LiveStatus | null;
  /** The frame on screen. */
  readonly frame: Frame<LiveFrameMeta> | null;
  /** The frame that the curves show, at most ten times a second. */
  readonly curveFrame: Frame<LiveFrameMeta> | null;
  readonly trend: readonly TrendPoint[];
  readonly counts: LiveCounts;
  readonly state: LiveState | null;
  readonly version: number;
  readonly geometry: GeometryInfo | null;
  /** q below the pointer on the curve, 1/Angstrom: the picture draws its ring. */
  readonly hoverQ: number | null;
  /** ms since the epoch when the server was lost, null while it answers. */
  readonly lostAt: number | null;
  readonly error: string | null;
  togglePause(): void;
  clearTrend(): void;
  /** Sends a new state document. @returns null, or why it was refused */
  apply(state: LiveState): Promise<string | null>;
}

/** The detector whose documents were asked for last. */
let knownDetector = -1;
/** Changes that the server has not answered yet. */
let unanswered = 0;
/** Changes made so far: a document that was asked for before the last one is out of date when it comes. */
let changes = 0;
/** The change sent last: two at once could reach the server in the wrong order. */
let sent: Promise<unknown> = Promise.resolve();

const NO_COUNTS: LiveCounts = { meta: null, shownHz: 0, latencyMs: 0, isFromSource: false, silentS: 0 };

/** Everything the live pages show. Take single fields: whoever takes all is drawn again with every train. */
export const useLive = create<LiveStore>((set, get) => ({
  isOpen: false,
  isPaused: false,
  isWatching: false,
  status: null,
  frame: null,
  curveFrame: null,
  trend: [],
  counts: NO_COUNTS,
  state: null,
  version: 0,
  geometry: null,
  hoverQ: null,
  lostAt: null,
  error: null,
  togglePause: () => set({ isPaused: !get().isPaused }),
  clearTrend: () => set({ trend: [] }),
  async apply(state) {
    // Shown at once, so that a held arrow key or a dropped ROI never works on the document of before.
    const before = get().state;
    set({ state });
    unanswered++;
    changes++;
    try {
      const turn = sent.then(() => session.putLiveState(state));
      sent = turn.catch(() => undefined);
      const reply = await turn;
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
  const before = changes;
  try {
    const [{ state, version }, geometry] = await Promise.all([session.liveState(), session.liveGeometry()]);
    useLive.setState(changes === before ? { state, version, geometry, error: null } : { geometry, error: null });
  } catch (error) {
    useLive.setState({ error: error instanceof ServerError ? error.message : String(error) });
  }
}

/** Curves are drawn at most this often, ms; a little less than 100, so that ten trains a second all come through. */
const CURVE_PERIOD_MS = 90;
const COUNT_PERIOD_MS = 250;
/** Trains are missed after this long, ms. */
const SILENCE_MS = 2000;

/** Starts receiving; call once. @returns the call that stops it */
export function startLive(): () => void {
  const clock = new PaintClock(notePaint);
  let lastFrameAt = Date.now();
  let curvesAt = 0;
  let trend: TrendPoint[] = [];
  const timer = window.setInterval(() => {
    const { frame, isPaused, isWatching } = useLive.getState();
    const isHeld = isPaused || !isWatching;
    if (isHeld) lastFrameAt = Date.now();
    const silentMs = Date.now() - lastFrameAt;
    useLive.setState({
      counts: {
        meta: frame?.meta ?? null,
        shownHz: clock.rate(),
        latencyMs: clock.latencyMs,
        isFromSource: clock.isFromSource,
        silentS: silentMs < SILENCE_MS ? 0 : Math.floor(silentMs / 1000),
      },
    });
  }, COUNT_PERIOD_MS);
  const channel = openLiveChannel({
    onConnection(isOpen) {
      const { lostAt } = useLive.getState();
      useLive.setState({ isOpen, lostAt: isOpen ? null : (lostAt ?? Date.now()) });
      if (isOpen) void loadDocuments();
    },
    onStatus(status) {
      clock.noteServerTime(status.serverTime);
      useLive.setState({ status });
      // Somebody else changed the document: show theirs. An older version is a status from before our own change.
      // Another detector has another picture, and its beam centre.
      const detector = status.shown?.sequence ?? 0;
      const isNews = detector !== knownDetector || status.version > useLive.getState().version;
      if (!isNews || unanswered > 0) return;
      knownDetector = detector;
      void loadDocuments();
    },
    onFrame(frame) {
      const { isPaused, isWatching, trend: shownTrend } = useLive.getState();
      lastFrameAt = Date.now();
      if (isPaused || !isWatching) return;
      const { roi, trainId, receivedAt, version } = frame.meta;
      // Cleared by the user: begin anew. Otherwise the array grows here and is handed over with the curves.
      if (shownTrend.length === 0) trend = [];
      trend.push({ trainId, time: receivedAt / 1000, mean: roi?.mean ?? Number.NaN, version });
      const now = performance.now();
      if (now - curvesAt >= CURVE_PERIOD_MS) {
        curvesAt = now;
        trend = trend.slice(-TREND_LENGTH);
        useLive.setState({ frame, curveFrame: frame, trend: [...trend] });
      } else useLive.setState({ frame });
      clock.noteFrame(frame.meta);
    },
  });
  const stopWatching = useLive.subscribe(({ isPaused, isWatching }) => channel.hold(isPaused || !isWatching));
  channel.hold(true);
  return () => {
    window.clearInterval(timer);
    stopWatching();
    channel.close();
  };
}
