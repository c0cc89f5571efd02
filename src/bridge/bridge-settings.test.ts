import { afterEach, describe, expect, it, vi } from 'vitest';
import { zmtpTransport } from '../platform/node/zmtp/zmtp-transport.ts';
import { openBridgeClient } from './bridge-client.ts';
import { openBridgeServer } from './bridge-server.ts';
import { checkTime, startTimer } from './bridge-settings.ts';
import { receiveTrains } from './client.ts';

const transport = zmtpTransport;
const endpoints = ['tcp://localhost:1'];
/** What a caller without types gives: never what the types ask for. */
const untyped = (value: unknown) => value as never;

describe('settings that make no sense', () => {
  it('of a client are refused at once', async () => {
    const open = (options: object) => () => openBridgeClient({ endpoints, transport, ...options });
    expect(open({ endpoints: [{ endpoint: endpoints[0], socket: 'PAIR' }] })).toThrow(
      'Unknown socket "PAIR": choose REQ, SUB, PULL.',
    );
    expect(open({ policy: 'newest' })).toThrow('Unknown policy "newest": choose wait, latest');
    expect(open({ timeoutMs: Number.NaN })).toThrow('timeoutMs is NaN');
    expect(open({ silenceMs: -1 })).toThrow('silenceMs is -1');
    expect(open({ resendMs: '5 s' })).toThrow('resendMs is 5 s');
    const first = (options: object) => receiveTrains({ endpoint: endpoints[0], transport, ...options }).next();
    await expect(first({ socket: 'PAIR' })).rejects.toThrow('Unknown socket "PAIR"');
    await expect(first({ silenceMs: Number.NaN })).rejects.toThrow('silenceMs is NaN');
  });

  it('of a server are refused at once', async () => {
    const open = (options: object) => openBridgeServer({ endpoint: 'tcp://127.0.0.1:0', transport, ...options });
    await expect(open({ socket: 'PAIR' })).rejects.toThrow('Unknown socket "PAIR": choose REP, PUB, PUSH.');
    await expect(open({ protocol: '3.0' })).rejects.toThrow('Unknown protocol "3.0": choose 1.0, 2.0, 2.1, 2.2.');
    await using server = await open({});
    await expect(server.send({ trainId: 1, sources: new Map() }, { timeoutMs: -1 })).rejects.toThrow('timeoutMs is -1');
    await expect(transport.bind('tcp://127.0.0.1:0', untyped('PAIR'))).rejects.toThrow('Unknown socket "PAIR"');
    await expect(transport.connect(server.endpoint, untyped('DEALER'))).rejects.toThrow('Unknown socket "DEALER"');
  });
});

describe('a time limit', () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  it('that is longer than a timer can wait is none', () => {
    vi.useFakeTimers();
    const late: string[] = [];
    for (const ms of [undefined, Number.POSITIVE_INFINITY, 2 ** 31]) {
      checkTime('timeoutMs', ms);
      startTimer(ms, () => late.push(`after ${ms}`));
    }
    startTimer(20, () => late.push('after 20'));
    vi.advanceTimersByTime(100_000);
    expect(late).toEqual(['after 20']);
  });

  it('of Infinity does not end a wait', async () => {
    await using client = openBridgeClient({ endpoints, transport, timeoutMs: Number.POSITIVE_INFINITY });
    const waited = new Promise((resolve) => setTimeout(resolve, 100, 'waiting'));
    expect(await Promise.race([client.next().catch(String), waited])).toBe('waiting');
  });
});
