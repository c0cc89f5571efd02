import { expect, it } from 'vitest';
import { MovingAverage } from './moving-average.ts';

it('is the mean of the first trains, then exponential; NaN pixels neither enter nor reset it', () => {
  const average = new MovingAverage(2);
  const shown = [
    [1, 10],
    [3, Number.NaN],
    [8, 20],
  ].map((image) => {
    const pixels = Float32Array.from(image);
    average.update(pixels, 2);
    return [...pixels];
  });
  // pixel 0: 1, (1+3)/2, 2 + (8-2)/2; pixel 1: 10, still 10, (10+20)/2
  expect(shown).toEqual([
    [1, 10],
    [2, 10],
    [5, 15],
  ]);
});

it('leaves images alone with a window of 1 and starts afresh when the window changes', () => {
  const average = new MovingAverage(1);
  const add = (value: number, window: number) => {
    const pixels = Float32Array.of(value);
    average.update(pixels, window);
    return pixels[0];
  };
  expect([add(4, 1), add(8, 1), add(2, 3), add(4, 3), add(100, 2)]).toEqual([4, 8, 2, 3, 100]);
});
