import { describe, expect, it } from 'vitest';
import { sleep } from '../core/cancel.ts';
import { type OutgoingPart, wholeParts } from './outgoing-part.ts';
import { type ReplayPace, replayMessages, type TimedMessage } from './replay-recording.ts';
import type { ServerSocket } from './socket.ts';

type Listener = Parameters<ServerSocket['onRequest']>[0];

/** A server's socket whose clients are the test. */
function fakeSocket() {
  const got: { value: number; at: number }[] = [];
  let listener: Listener = () => undefined;
  let isReady = true;
  const started = performance.now();
  const take = (parts: readonly OutgoingPart[]) =>
    got.push({ value: wholeParts(parts)[0][0], at: performance.now() - started });
  const socket: ServerSocket = {
    endpoint: 'fake',
    get peers() {
      return isReady ? 1 : 0;
    },
    onRequest(next) {
      listener = next;
    },
    send: (parts) => (isReady ? take(parts) && 1 : 0),
    close: async () => undefined,
  };
  const ask = (text = 'next') => {
    let answer: readonly Uint8Array[] = [];
    listener([new TextEncoder().encode(text)], (parts) => {
      answer = wholeParts(parts);
      if (text === 'next') take(parts);
      return true;
    });
    return () => answer;
  };
  return { socket, got, ask, setReady: (ready: boolean) => (isReady = ready) };
}

async function* timed(times: readonly number[]): AsyncGenerator<TimedMessage> {
  for (const [i, atMs] of times.entries()) yield { parts: [Uint8Array.of(i)], atMs };
}
const run = (
  socket: ServerSocket,
  kind: 'REP' | 'PUB',
  times: readonly number[],
  pace: ReplayPace,
  signal = new AbortController().signal,
) => replayMessages(socket, kind, timed(times), { signal, pace });

describe('replayMessages', () => {
  it('keeps the pauses of the recording', async () => {
    const { socket, got } = fakeSocket();
    const times = [0, 60, 80, 200];
    expect(await run(socket, 'PUB', times, 'original')).toBe(4);
    for (const [i, { value, at }] of got.entries()) {
      expect(value).toBe(i);
      expect(at).toBeGreaterThan(times[i] - 5);
    }
  });

  it('keeps a rate instead', async () => {
    const { socket, got } = fakeSocket();
    await run(socket, 'PUB', [0, 0, 0, 9e9], { rateHz: 25 });
    expect(got[3].at).toBeGreaterThan(115);
    expect(got[3].at).toBeLessThan(1000);
  });

  it('waits for clients, and sends each message once', async () => {
    const { socket, got, setReady } = fakeSocket();
    setReady(false);
    const replay = run(socket, 'PUB', [0, 1, 2], 'original');
    await sleep(30);
    expect(got).toEqual([]);
    setReady(true);
    expect(await replay).toBe(3);
    expect(got.map(({ value }) => value)).toEqual([0, 1, 2]);
  });

  it('answers each request with the next message, and nonsense with words', async () => {
    const { socket, got, ask } = fakeSocket();
    const replay = run(socket, 'REP', [0, 0, 0], 'asked');
    await sleep(1);
    const answer = ask('hello');
    expect(new TextDecoder().decode(answer()[0])).toBe('Error: bad request hello');
    for (let i = 0; i < 3; i++) {
      ask();
      await sleep(5);
      expect(got.map(({ value }) => value)).toEqual(Array.from({ length: i + 1 }, (_, n) => n));
    }
    expect(await replay).toBe(3);
  });

  it('does not catch up in a burst with a client that was away for long', async () => {
    const { socket, got, setReady } = fakeSocket();
    const replay = run(socket, 'PUB', [0, 20, 40, 60], 'original');
    await sleep(5);
    setReady(false);
    await sleep(1100);
    setReady(true);
    await replay;
    const late = got.slice(1).map(({ at }) => at);
    expect(late[2] - late[0]).toBeGreaterThan(30);
  });

  it.each(['REP', 'PUB'] as const)('ends with the signal while it waits: %s', async (kind) => {
    const { socket, setReady } = fakeSocket();
    setReady(false);
    const stop = new AbortController();
    const replay = run(socket, kind, [0], 'original', stop.signal);
    await sleep(5);
    stop.abort();
    expect(await replay).toBe(0);
  });
});
