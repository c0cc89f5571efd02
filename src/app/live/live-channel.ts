import { decodeFrame, type Frame } from '../../api/frames.ts';
import type { LiveFrameMeta, LiveStatus } from '../../api/live-contract.ts';

/** What a live channel brings. */
export interface LiveChannelEvents {
  onFrame(frame: Frame<LiveFrameMeta>): void;
  onStatus(status: LiveStatus): void;
  onConnection(isOpen: boolean): void;
}

const FIRST_PAUSE_MS = 300;
const LONGEST_PAUSE_MS = 3000;

/** An open channel. */
export interface LiveChannel {
  /** Asks for no further frame while held: who looks at none must not be sent 5 MB ten times a second. Counters go on. */
  hold(isHeld: boolean): void;
  close(): void;
}

/**
 * Opens the channel of live frames and keeps it open. Each frame is acknowledged after it was drawn, so that the server
 * sends the next one only when this browser is ready for it.
 */
export function openLiveChannel(events: LiveChannelEvents): LiveChannel {
  let socket: WebSocket | null = null;
  let timer = 0;
  let pause = FIRST_PAUSE_MS;
  let isClosed = false;
  let isHeld = false;
  /** The acknowledgement that is held back. */
  let owed: (() => void) | null = null;

  const connect = () => {
    const address = new URL('/api/live/frames', window.location.href);
    address.protocol = address.protocol === 'https:' ? 'wss:' : 'ws:';
    const current = new WebSocket(address);
    socket = current;
    current.binaryType = 'arraybuffer';
    current.onopen = () => {
      pause = FIRST_PAUSE_MS;
      events.onConnection(true);
    };
    current.onmessage = ({ data }: MessageEvent<string | ArrayBuffer>) => {
      if (typeof data === 'string') {
        events.onStatus(JSON.parse(data) as LiveStatus);
        return;
      }
      const frame = decodeFrame<LiveFrameMeta>(data);
      events.onFrame(frame);
      // After the next paint, not now: what is not drawn yet must not be called shown. A hidden page draws nothing.
      const acknowledge = () => {
        if (current.readyState === WebSocket.OPEN)
          current.send(JSON.stringify({ type: 'ack', sequence: frame.meta.sequence }));
      };
      if (isHeld) owed = acknowledge;
      else if (document.hidden) setTimeout(acknowledge, 1000);
      else requestAnimationFrame(acknowledge);
    };
    current.onclose = () => {
      if (isClosed) return;
      events.onConnection(false);
      timer = window.setTimeout(connect, pause);
      pause = Math.min(2 * pause, LONGEST_PAUSE_MS);
    };
  };
  connect();
  return {
    hold(isHeldNow) {
      isHeld = isHeldNow;
      if (isHeld) return;
      owed?.();
      owed = null;
    },
    close() {
      isClosed = true;
      window.clearTimeout(timer);
      socket?.close();
    },
  };
}
