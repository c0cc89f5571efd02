import { describe, expect, it } from 'vitest';
import type { Train, TrainSource } from '../core/train.ts';
import { TrainMatcher } from './train-matcher.ts';

const empty: TrainSource = { data: new Map(), metadata: new Map() };

function message(trainId: number, sources: string[], released: number[] = []): Train {
  return {
    trainId,
    sources: new Map(sources.map((name) => [name, empty])),
    receivedAt: trainId,
    release: () => released.push(trainId),
  };
}

const needsBoth = (sources: ReadonlyMap<string, unknown>) => {
  const missing = ['det', 'xgm'].find((name) => !sources.has(name));
  return missing ? `${missing} missing` : null;
};

describe('TrainMatcher', () => {
  it('emits a train once all wanted sources are there, whatever the order of the parts', () => {
    const matcher = new TrainMatcher(needsBoth);
    expect(matcher.push(message(10, ['xgm'])).matched).toBeNull();
    const { matched, dropped } = matcher.push(message(10, ['det']));
    expect(matched?.trainId).toBe(10);
    expect([...(matched?.sources.keys() ?? [])].sort()).toEqual(['det', 'xgm']);
    expect(dropped).toEqual([]);
    expect(matcher.waiting).toBe(0);
  });

  it('drops older waiting trains with what they miss, and frees their memory', () => {
    const released: number[] = [];
    const matcher = new TrainMatcher(needsBoth);
    matcher.push(message(10, ['xgm'], released));
    matcher.push(message(11, ['det'], released));
    const { matched, dropped } = matcher.push(message(12, ['det', 'xgm'], released));
    expect(matched?.trainId).toBe(12);
    expect(dropped).toEqual([
      { trainId: 10, reason: 'det missing' },
      { trainId: 11, reason: 'xgm missing' },
    ]);
    expect(released).toEqual([10, 11]);
    matched?.release?.();
    expect(released).toEqual([10, 11, 12]);
  });

  it('is bounded: the train that waits longest is given up', () => {
    const released: number[] = [];
    const matcher = new TrainMatcher(needsBoth);
    const reasons: string[] = [];
    matcher.push(message(0.5, ['det', 'xgm']));
    for (let id = 1; id <= 25; id++)
      reasons.push(...matcher.push(message(id, ['det'], released)).dropped.map((d) => `${d.trainId} ${d.reason}`));
    expect(matcher.waiting).toBe(20);
    expect(reasons).toEqual([1, 2, 3, 4, 5].map((id) => `${id} xgm missing`));
    expect(released).toEqual([1, 2, 3, 4, 5]);
  });

  it('says at once what all trains miss, when none gets complete', () => {
    const matcher = new TrainMatcher(needsBoth);
    const dropped: unknown[] = [];
    for (const id of [1, 2, 3]) dropped.push(...matcher.push(message(id, ['det'])).dropped);
    expect(dropped).toEqual([
      { trainId: 1, reason: 'xgm missing' },
      { trainId: 2, reason: 'xgm missing' },
    ]);
  });

  it('waits for a stream that is late, also at the start', () => {
    const matcher = new TrainMatcher(needsBoth);
    const emitted: number[] = [];
    for (let id = 1; id <= 40; id++) {
      matcher.push({ ...message(id, ['det']), receivedAt: 100 * id });
      const late = id - 8;
      if (late < 1) continue;
      const { matched } = matcher.push({ ...message(late, ['xgm']), receivedAt: 100 * id + 50 });
      if (matched) emitted.push(matched.trainId);
    }
    expect(emitted.length).toBeGreaterThan(8);
    expect(emitted.at(-1)).toBe(32);
  });

  it('never goes back in time, but follows a source that began again', () => {
    const matcher = new TrainMatcher(needsBoth);
    matcher.push(message(5000, ['det', 'xgm']));
    expect(matcher.push(message(4999, ['det', 'xgm'])).dropped).toEqual([{ trainId: 4999, reason: 'came too late' }]);
    expect(matcher.push(message(5000, ['det', 'xgm'])).dropped).toEqual([{ trainId: 5000, reason: 'came twice' }]);
    expect(matcher.push(message(100, ['det', 'xgm'])).matched?.trainId).toBe(100);
  });

  it('counts trains without an id', () => {
    expect(new TrainMatcher(needsBoth).push(message(0, ['det', 'xgm'])).dropped).toEqual([
      { trainId: 0, reason: 'no train id' },
    ]);
  });
});
