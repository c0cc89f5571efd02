import { expect, it } from 'vitest';
import { zeros } from '../core/ndarray.ts';
import type { Train, TrainSource, TrainValue } from '../core/train.ts';
import type { LiveSource } from './engine.ts';
import { LiveMonitor } from './monitor.ts';

const A: LiveSource = { endpoint: 'tcp://a:1', socket: 'REQ', isOn: true };
const B: LiveSource = { endpoint: 'tcp://b:1', socket: 'SUB', isOn: true };

function train(trainId: number): Train {
  const source = (...keys: string[]) => ({ data: new Map(keys.map((key) => [key, 1])), metadata: new Map() });
  return {
    trainId,
    sources: new Map([
      ['X_DET_AGIPD1M-1/DET/APPEND', source('image.data', 'metadata')],
      ['X/MOTOR/Y', source('actualPosition.value')],
    ]),
  };
}

it('counts trains, rates and reasons, and notices silence', () => {
  const monitor = new LiveMonitor();
  expect(monitor.counters(1, 0).connection).toBe('off');
  monitor.sourcesChanged([A]);
  expect(monitor.counters(1, 0)).toMatchObject({ connection: 'connecting', endpoint: 'tcp://a:1' });
  for (let i = 0; i < 20; i++) {
    monitor.received(train(100 + i), A.endpoint, 1000 + 100 * i);
    if (i % 4 === 0) monitor.dropped('no memory');
    else
      monitor.processed({ trainId: 100 + i, pulses: 8, receivedAt: 1000 + 100 * i, readyAt: 1020 + 100 * i }, [
        { stage: 'Correct', ms: 9 },
      ]);
  }
  const counters = monitor.counters(3, 2900);
  expect(counters).toMatchObject({
    connection: 'receiving',
    detector: 'X_DET_AGIPD1M-1',
    trainId: 119,
    pulses: 8,
    received: 20,
    processed: 15,
    dropped: { 'no memory': 5 },
    latencyMs: { last: 20, p50: 20, p95: 20 },
    version: 3,
  });
  expect(counters.receivedHz).toBeCloseTo(10, 6);
  expect(counters.sources.map((s) => [s.name, s.kind, s.lastTrainId, s.keys])).toEqual([
    ['X/MOTOR/Y', 'control', 119, ['actualPosition.value']],
    ['X_DET_AGIPD1M-1/DET/APPEND', 'pipeline', 119, ['image.data']],
  ]);
  expect(monitor.counters(3, 6500)).toMatchObject({ connection: 'silent', receivedHz: 0 });
  expect(monitor.counters(3, 20_000).sources).toEqual([]);
});

it('keeps the last error and forgets the sources of an endpoint that was taken away', () => {
  const monitor = new LiveMonitor();
  monitor.sourcesChanged([A, B]);
  monitor.received(train(5), A.endpoint, 10);
  monitor.received(
    { ...train(5), sources: new Map([['X/XGM/Z', train(5).sources.get('X/MOTOR/Y') as TrainSource]]) },
    B.endpoint,
    11,
  );
  monitor.status(A.endpoint, { state: 'error', text: 'refused' }, 20);
  expect(monitor.counters(1, 30)).toMatchObject({ connection: 'receiving', endpoint: 'tcp://a:1, tcp://b:1' });
  monitor.sourcesChanged([{ ...A, isOn: false }, B]);
  const { sources, endpoints, ...rest } = monitor.counters(1, 30);
  expect(rest).toMatchObject({ endpoint: 'tcp://b:1', detector: '', lastError: { at: 20, text: 'refused' } });
  expect(sources.map(({ name, endpoint }) => [name, endpoint])).toEqual([['X/XGM/Z', 'tcp://b:1']]);
  expect(endpoints.map(({ state, received, text }) => [state, received, text])).toEqual([
    ['off', 0, null],
    ['receiving', 1, null],
  ]);
});

it('tells of each endpoint its rate, bytes, gaps, latency and what is wrong', () => {
  const monitor = new LiveMonitor();
  monitor.sourcesChanged([A, B]);
  monitor.status(B.endpoint, { state: 'connecting', isConnected: false, text: 'nobody there' }, 5);
  monitor.status(B.endpoint, { state: 'connecting', isConnected: false }, 6);
  const image = zeros('uint16', [5, 100]);
  for (const [i, trainId] of [10, 11, 14, 15].entries()) {
    const now = 1000 + 100 * i;
    const metadata = new Map([['timestamp', (now - 40) / 1000]]);
    const data = new Map<string, TrainValue>([
      ['image.data', image],
      ['count', BigInt(trainId)],
      ['name', 'x'.repeat(200)],
    ]);
    monitor.received({ trainId, sources: new Map([['S:out', { data, metadata }]]) }, A.endpoint, now);
  }
  monitor.invalid(A.endpoint);
  const { endpoints, sources, dropped } = monitor.counters(1, 1300);
  expect(endpoints[0]).toMatchObject({
    ...A,
    state: 'receiving',
    received: 4,
    missing: 2,
    invalid: 1,
    lastTrainId: 15,
  });
  expect(endpoints[0].hz).toBeCloseTo(10);
  expect(endpoints[0].bytesPerSecond).toBeCloseTo(10_000);
  expect(endpoints[0].latencyMs).toBeCloseTo(40);
  expect(endpoints[1]).toMatchObject({ state: 'connecting', isConnected: false, text: 'nobody there' });
  expect(sources[0]).toMatchObject({ name: 'S:out', kind: 'pipeline', lastTrainId: 15, bytesPerSecond: 10_000 });
  expect(dropped).toEqual({ 'unreadable message': 1 });
  expect(monitor.keys()).toEqual([
    {
      name: 'S:out',
      endpoint: A.endpoint,
      trainId: 10,
      keys: [
        { key: 'image.data', type: 'uint16', shape: [5, 100], value: null },
        { key: 'count', type: 'int', shape: null, value: '10' },
        { key: 'name', type: 'text', shape: null, value: `${'x'.repeat(79)}…` },
      ],
    },
  ]);
});
