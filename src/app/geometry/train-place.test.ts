import { describe, expect, it } from 'vitest';
import { parseTrainPlace, trainTimeText } from './train-place.ts';

const startedAt = new Date(2026, 2, 5, 23, 59, 50).getTime();
const trains = {
  ranges: [
    [1_000_000_010, 20],
    [1_000_000_100, 300],
  ],
  count: 320,
  firstTrainId: 1_000_000_000,
  startedAt,
} as const;

describe('a train by its id, position or time', () => {
  it.each([
    ['1000000011', 1],
    ['1000000100', 20],
    // Trains without frames: the nearest one.
    ['1000000060', 19],
    ['1000000070', 20],
    ['2000000000', 319],
    ['1', 0],
    ['#320', 319],
    ['1.5 s', 5],
    ['+20s', 120],
    ['23:59:52', 10],
    // After midnight.
    ['00:00:05', 70],
    ['0:00', 20],
  ])('%s', (text, expected) => {
    expect(parseTrainPlace(text, trains)).toBe(expected);
  });

  it('says what it cannot be', () => {
    expect(parseTrainPlace('321', trains)).toBe('positions are 1 to 320');
    expect(parseTrainPlace('#0', trains)).toBe('positions are 1 to 320');
    expect(parseTrainPlace('noon', trains)).toMatch(/^a train id, /);
    expect(parseTrainPlace('12:00', { ...trains, startedAt: null })).toMatch(/when it began/);
    expect(parseTrainPlace('3 s', { ...trains, firstTrainId: null })).toMatch(/first train/);
    expect(parseTrainPlace('1', { ...trains, ranges: [], count: 0 })).toMatch(/no trains/);
  });

  it('tells the time of a train', () => {
    expect(trainTimeText(1_000_000_150, trains)).toBe('00:00:05');
    expect(trainTimeText(1_000_000_123, { ...trains, startedAt: null })).toBe('+12.3 s');
    expect(trainTimeText(5, { ...trains, firstTrainId: null })).toBe('');
  });
});
