import { expect, it } from 'vitest';
import type { Train } from '../core/train.ts';
import { LiveMonitor } from './monitor.ts';

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
  expect(monitor.counters('tcp://a:1', 1, 0).connection).toBe('off');
  monitor.connection('connecting', 0);
  for (let i = 0; i < 20; i++) {
    monitor.received(train(100 + i), 1000 + 100 * i);
    if (i % 4 === 0) monitor.dropped('no memory');
    else
      monitor.processed({ trainId: 100 + i, pulses: 8, receivedAt: 1000 + 100 * i, readyAt: 1020 + 100 * i }, [
        { stage: 'Correct', ms: 9 },
      ]);
  }
  const counters = monitor.counters('tcp://a:1', 3, 2900);
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
  expect(monitor.counters('', 3, 6500)).toMatchObject({ connection: 'silent', receivedHz: 0 });
  expect(monitor.counters('', 3, 20_000).sources).toEqual([]);
});

it('keeps the last error and forgets the sources of another endpoint', () => {
  const monitor = new LiveMonitor();
  monitor.received(train(5), 10);
  monitor.connection('error', 20, 'refused');
  monitor.sourceChanged();
  expect(monitor.counters('', 1, 30)).toMatchObject({
    connection: 'connecting',
    sources: [],
    detector: '',
    lastError: { at: 20, text: 'refused' },
  });
});
