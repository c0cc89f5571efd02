import { expect, it } from 'vitest';
import { LatencyWindow } from './latency-window.ts';
import { RateMeter } from './rate-meter.ts';

it('measures a steady 10 Hz and falls to zero when nothing comes', () => {
  const meter = new RateMeter(3000);
  for (let t = 0; t <= 5000; t += 100) meter.mark(t);
  expect(meter.rate(5000)).toBeCloseTo(10, 6);
  expect(meter.total).toBe(51);
  expect(meter.rate(6500)).toBeLessThan(7);
  expect(meter.rate(9000)).toBe(0);
});

it('gives nearest-rank percentiles of the last latencies', () => {
  const window = new LatencyWindow(10);
  expect(window.summary()).toEqual({ last: 0, p50: 0, p95: 0 });
  for (let ms = 1; ms <= 30; ms++) window.add(ms);
  expect(window.summary()).toEqual({ last: 30, p50: 25, p95: 30 });
});
