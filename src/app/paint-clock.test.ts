import { afterEach, describe, expect, it, vi } from 'vitest';
import type { LiveFrameMeta } from '../api/live-contract.ts';
import { type Paint, PaintClock } from './paint-clock.ts';

const frameOf = (sentAt: number | null, receivedAt: number) =>
  ({ trainId: 7, sentAt, receivedAt }) as unknown as LiveFrameMeta;

/** A browser that shows a picture at once, at the given time. */
function paintAt(now: number, clock: PaintClock, meta: LiveFrameMeta): void {
  vi.stubGlobal('requestAnimationFrame', (call: () => void) => call());
  vi.spyOn(Date, 'now').mockReturnValue(now);
  clock.noteFrame(meta);
}

describe('the way of a train to the screen', () => {
  afterEach(() => {
    vi.unstubAllGlobals();
    vi.restoreAllMocks();
  });

  it('begins with the time stamp of the source', () => {
    const paints: Paint[] = [];
    const clock = new PaintClock((paint) => paints.push(paint));
    paintAt(10_080, clock, frameOf(10_000, 10_030));
    expect(paints).toEqual([{ trainId: 7, at: 10_080, latencyMs: 80, isFromSource: true }]);
  });

  it('begins with the reception where the stamp is missing, of a recording, or of the future', () => {
    const clock = new PaintClock(() => undefined);
    for (const sentAt of [null, 5, 10_000_500]) {
      paintAt(10_000_080, clock, frameOf(sentAt, 10_000_030));
      expect([clock.isFromSource, clock.latencyMs]).toEqual([false, 50]);
    }
  });

  it('does not depend on the clock of this browser', () => {
    const clock = new PaintClock(() => undefined);
    // This browser is one hour ahead; the first message waited 40 ms, the second 2 ms.
    const hour = 3_600_000;
    vi.spyOn(Date, 'now').mockReturnValue(hour + 1040);
    clock.noteServerTime(1000);
    vi.spyOn(Date, 'now').mockReturnValue(hour + 1252);
    clock.noteServerTime(1250);
    paintAt(hour + 2062, clock, frameOf(2000, 2010));
    expect(clock.latencyMs).toBe(60);
  });
});
