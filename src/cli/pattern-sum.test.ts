import { describe, expect, it } from 'vitest';
import type { Pattern } from '../detector/integration/integrate.ts';
import { PatternSum } from './pattern-sum.ts';

/** A pattern of two bins: sums of signal and norm. */
function pattern(signal: readonly number[], normalization: readonly number[]): Pattern {
  return {
    radial: Float64Array.of(1, 2),
    azimuth: null,
    signal: Float64Array.from(signal),
    normalization: Float64Array.from(normalization),
    count: Float64Array.from(normalization),
    intensity: Float64Array.from(signal, (sum, i) => (normalization[i] > 0 ? sum / normalization[i] : Number.NaN)),
    sigma: null,
  };
}

describe('PatternSum', () => {
  it('joins the parts of a frame, whatever bins and order they come in', () => {
    const sum = new PatternSum(true);
    sum.add(pattern([6, 0], [2, 0]), { index: 1, trainId: 11, pulseId: 0 });
    sum.add(pattern([8, 5], [4, 1]), { index: 0, trainId: 10, pulseId: 0 });
    sum.add(pattern([2, 9], [6, 3]), { index: 1, trainId: 11, pulseId: 0 });
    sum.add(pattern([0, 0], [0, 0]), { index: 0, trainId: 10, pulseId: 0 });
    const { frames, frameCount, trainIds, mean } = sum.finish();
    expect(frameCount).toBe(2);
    expect(trainIds).toEqual([10, 11]);
    expect([...(frames ?? [])]).toEqual([2, 5, 1, 3]);
    expect([...mean.intensity]).toEqual([16 / 12, 14 / 4]);
  });

  it('leaves bins that no part has as NaN, and keeps nothing unless asked', () => {
    const kept = new PatternSum(true);
    kept.add(pattern([1, 0], [1, 0]), { index: 0 });
    kept.add(pattern([1, 0], [1, 0]), { index: 0 });
    expect([...(kept.finish().frames ?? [])]).toEqual([1, Number.NaN]);
    const sum = new PatternSum(false);
    sum.add(pattern([1, 0], [1, 0]), { index: 0 });
    expect(sum.finish()).toMatchObject({ frames: null, frameCount: 1, trainIds: [], pulseIds: [] });
    expect(() => new PatternSum(false).finish()).toThrow(/no frames to integrate/);
  });
});
