import { describe, expect, it } from 'vitest';
import { RequestPace } from './request-pace.ts';

/** A connection on which each of these waits (ms) ended with an answer. */
function paceAfter(...waits: number[]): RequestPace {
  const pace = new RequestPace();
  for (const wait of waits) {
    pace.asked();
    pace.answered(wait);
  }
  pace.asked();
  return pace;
}

describe('RequestPace', () => {
  it('waits for ever for the first answer of a connection', () => {
    expect(paceAfter().patienceMs).toBeUndefined();
  });

  it('calls an answer overdue by the median of the last waits: after a second at least, ten minutes at most', () => {
    expect(paceAfter(3, 100, 50).patienceMs).toBe(1000);
    expect(paceAfter(450).patienceMs).toBe(4500);
    expect(paceAfter(100, 450, 100_000).patienceMs).toBe(4500);
    expect(paceAfter(3_600_000).patienceMs).toBe(600_000);
    const slow = new Array<number>(11).fill(10_000);
    const quick = new Array<number>(9).fill(100);
    expect(paceAfter(...slow, ...quick).patienceMs).toBe(100_000);
    expect(paceAfter(...slow, ...quick, 100, 100).patienceMs).toBe(1000);
  });

  it('asks twice and not thrice, and takes both answers before it asks for the next', () => {
    const pace = paceAfter(100);
    pace.askedAgain();
    expect(pace.patienceMs).toBeUndefined();
    pace.answered(1100);
    expect([pace.mustAsk, pace.patienceMs]).toEqual([false, 3300]);
    pace.answered(100);
    expect([pace.mustAsk, pace.isDoubtful]).toEqual([true, false]);
  });

  it('where four second answers never came, a new connection is better', () => {
    const pace = paceAfter(100);
    for (let lost = 0; lost < 4; lost++) {
      expect(pace.isDoubtful).toBe(false);
      pace.askedAgain();
      pace.answered(1100);
      pace.askedAgain();
      expect(pace.isDoubtful).toBe(false);
      pace.answered(1);
      if (lost < 3) pace.asked();
    }
    expect([pace.mustAsk, pace.isDoubtful]).toEqual([true, true]);
  });
});
