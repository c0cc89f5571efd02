import { describe, expect, it } from 'vitest';
import { EndpointInvalid, SkipTrain } from '../core/errors.ts';
import { ndarray, zeros } from '../core/ndarray.ts';
import type { Train } from '../core/train.ts';
import type { LiveResult, LiveSettings } from './engine.ts';
import { LiveLoop, type LiveLoopParts } from './live-loop.ts';
import { LiveMonitor } from './monitor.ts';

const settings: LiveSettings = {
  sources: [{ endpoint: 'tcp://a:1', socket: 'REQ', isOn: true }],
  integration: { centreX: 0, centreY: 0, distance: 1, photonEnergyKeV: 9.3, points: 3, qMin: 0, qMax: 3 },
  roi: { isOn: false, x: 0, y: 0, width: 1, height: 1 },
  movingAverage: 1,
  isCorrected: true,
};

const tick = () => new Promise((resolve) => setTimeout(resolve, 5));

function detectorTrain(trainId: number, released: number[]): Train {
  const data = new Map([['image.data', zeros('uint16', [1])]]);
  return {
    trainId,
    sources: new Map([['D/DET/APPEND', { data, metadata: new Map() }]]),
    receivedAt: 1,
    release: () => released.push(trainId),
  };
}

/** A loop whose source is fed by hand, and whose pipeline takes until it is told. */
function rig(process?: LiveLoopParts['process']) {
  const monitor = new LiveMonitor();
  const opened: string[] = [];
  const results: number[] = [];
  const finish: (() => void)[] = [];
  const feeds = new Map<string, (train: Train) => void>();
  const lastFeed = () => [...feeds.values()].at(-1) ?? (() => {});
  const loop = new LiveLoop(
    {
      async *openTrains({ endpoint }, { signal }) {
        opened.push(endpoint);
        if (endpoint === 'tcp://bad:1') throw new EndpointInvalid('no such host');
        while (!signal.aborted) {
          yield await new Promise<Train>((resolve, reject) => {
            feeds.delete(endpoint);
            feeds.set(endpoint, resolve);
            signal.addEventListener('abort', () => reject(signal.reason), { once: true });
          });
        }
      },
      process:
        process ??
        (async (train, _settings, version) => {
          await new Promise<void>((resolve) => finish.push(resolve));
          train.release?.();
          return {
            result: {
              trainId: train.trainId,
              version,
              pulses: 1,
              receivedAt: 1,
              readyAt: 2,
              image: ndarray('float32', [0], new Float32Array()),
            } as unknown as LiveResult,
            stages: [],
          };
        }),
      reset: () => {},
      monitor,
      onResult: (result) => results.push(result.trainId),
    },
    settings,
    1,
  );
  const running = loop.run();
  const counters = () => monitor.counters(1, Date.now());
  return {
    loop,
    running,
    opened,
    results,
    finish,
    counters,
    feed: (train: Train, endpoint?: string) => ((endpoint && feeds.get(endpoint)) || lastFeed())(train),
  };
}

describe('LiveLoop', () => {
  it('keeps receiving while a train is in work, and drops the one that waits for a newer one', async () => {
    const released: number[] = [];
    const { loop, running, results, finish, counters, feed } = rig();
    for (const trainId of [1, 2, 3]) {
      await tick();
      feed(detectorTrain(trainId, released));
    }
    await tick();
    expect(counters()).toMatchObject({ received: 3, processed: 0, dropped: { 'processing is slower': 1 } });
    expect(released).toEqual([2]);
    finish.shift()?.();
    await tick();
    finish.shift()?.();
    await tick();
    expect(results).toEqual([1, 3]);
    expect(released).toEqual([2, 1, 3]);
    loop.close();
    await running;
  });

  it('counts a skipped train with its reason, tells of an error, and goes on', async () => {
    let calls = 0;
    const { loop, running, counters, feed } = rig(async () => {
      calls++;
      throw calls === 1 ? new SkipTrain('no frames here', { reason: 'no frames' }) : new Error('broken');
    });
    for (const trainId of [1, 2]) {
      await tick();
      feed(detectorTrain(trainId, []));
    }
    await tick();
    expect(counters()).toMatchObject({
      received: 2,
      dropped: { 'no frames': 1, error: 1 },
      lastError: { text: 'broken' },
    });
    loop.close();
    await running;
  });

  it('shows nothing of the old source once another is chosen, and counts what it dropped', async () => {
    const released: number[] = [];
    const { loop, running, results, finish, counters, feed } = rig();
    for (const trainId of [1, 2]) {
      await tick();
      feed(detectorTrain(trainId, released));
    }
    await tick();
    feed({ trainId: 3, sources: new Map(), release: () => released.push(3) });
    await tick();
    loop.apply({ ...settings, sources: [{ endpoint: 'tcp://b:1', socket: 'REQ', isOn: true }] }, 2);
    await tick();
    expect(counters().dropped).toEqual({ 'source changed': 1, 'no detector data': 1 });
    finish.shift()?.();
    await tick();
    expect([results, counters().dropped['source changed']]).toEqual([[], 2]);
    expect(released.sort()).toEqual([1, 2, 3]);
    feed(detectorTrain(1, released));
    await tick();
    finish.shift()?.();
    await tick();
    expect(results).toEqual([1]);
    loop.close();
    await running;
  });

  it('counts messages that cannot be read, and tries again after an unexpected failure of the source', async () => {
    const monitor = new LiveMonitor();
    let opened = 0;
    const loop = new LiveLoop(
      {
        // biome-ignore lint/correctness/useYield: a source that fails
        async *openTrains(_, { onInvalid }) {
          opened++;
          onInvalid();
          throw new Error('out of memory');
        },
        process: () => Promise.reject(new Error('nothing to process')),
        reset: () => {},
        monitor,
        onResult: () => {},
      },
      settings,
      1,
    );
    const running = loop.run();
    await tick();
    expect(monitor.counters(1, Date.now())).toMatchObject({
      connection: 'error',
      dropped: { 'unreadable message': 1 },
      lastError: { text: 'out of memory' },
    });
    await new Promise((resolve) => setTimeout(resolve, 2200));
    expect(opened).toBe(2);
    loop.close();
    await running;
  });

  it('says why a source cannot start, and opens the next one when the settings change', async () => {
    const { loop, running, opened, counters } = rig();
    await tick();
    loop.apply({ ...settings, sources: [{ endpoint: 'tcp://bad:1', socket: 'REQ', isOn: true }] }, 2);
    await tick();
    expect(counters()).toMatchObject({ connection: 'error', lastError: { text: 'no such host' } });
    loop.apply({ ...settings, sources: [{ endpoint: 'tcp://good:1', socket: 'REQ', isOn: true }] }, 3);
    await tick();
    loop.apply(
      { ...settings, movingAverage: 3, sources: [{ endpoint: 'tcp://good:1', socket: 'REQ', isOn: true }] },
      4,
    );
    await tick();
    expect(opened).toEqual(['tcp://a:1', 'tcp://bad:1', 'tcp://good:1']);
    expect(counters().connection).toBe('connecting');
    loop.close();
    await running;
  });

  it('receives from several sources, and goes on with the others when one is added or taken away', async () => {
    const [a, b] = ['tcp://a:1', 'tcp://b:1'].map((endpoint) => ({ endpoint, socket: 'REQ', isOn: true }) as const);
    const { loop, running, opened, results, counters, feed } = rig(async (train) => {
      train.release?.();
      const result = { trainId: train.trainId, pulses: train.sources.size, receivedAt: 1, readyAt: 2 };
      return { result: result as unknown as LiveResult, stages: [] };
    });
    const motors = (trainId: number): Train => ({
      trainId,
      receivedAt: 1,
      sources: new Map([['MOT/X', { data: new Map(), metadata: new Map() }]]),
    });
    await tick();
    loop.apply({ ...settings, sources: [a, b] }, 2);
    await tick();
    feed(motors(1), b.endpoint);
    await tick();
    feed(detectorTrain(1, []), a.endpoint);
    await tick();
    expect([results, counters().pulses, opened]).toEqual([[1], 2, [a.endpoint, b.endpoint]]);
    expect(counters().endpoints.map(({ received }) => received)).toEqual([1, 1]);
    loop.apply({ ...settings, sources: [a, { ...b, isOn: false }] }, 3);
    await tick();
    feed(detectorTrain(2, []), a.endpoint);
    await tick();
    expect([results, counters().pulses, opened.length]).toEqual([[1, 2], 1, 2]);
    // a replay that begins again brings the same train once more
    loop.restart();
    feed(detectorTrain(2, []), a.endpoint);
    await tick();
    expect(results).toEqual([1, 2, 2]);
    loop.close();
    await running;
  });

  it('says at once that there is no detector', async () => {
    const { loop, running, counters, feed } = rig();
    for (const trainId of [1, 2]) {
      await tick();
      feed({ trainId, sources: new Map([['MOT/X', { data: new Map(), metadata: new Map() }]]) });
    }
    await tick();
    expect(counters()).toMatchObject({
      dropped: { 'no detector data': 1 },
      lastError: { text: expect.stringMatching(/^Train 1 left out: no source has pictures .*Received: MOT\/X\. Add/) },
    });
    loop.close();
    await running;
  });
});
