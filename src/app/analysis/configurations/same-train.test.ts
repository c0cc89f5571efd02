import { describe, expect, it } from 'vitest';
import type { GeometryPageView } from '../../geometry/geometry-address.ts';
import type { RunDetector } from '../../geometry/module-picture.ts';
import { addressOfDetector, sameTrain } from './same-train.ts';

const detector = (name: string, trainRanges: [number, number][]) => ({ name, trainRanges }) as unknown as RunDetector;
const first = detector('A', [[1000, 3]]);
/** Without the train 1001. */
const second = detector('B', [
  [1000, 1],
  [1002, 5],
]);
const page = (train: number, over: 'one' | 'mean' = 'one') =>
  ({
    info: { detectors: [first, second] },
    detector: first,
    choice: { over, train },
  }) as unknown as GeometryPageView;

describe('the same train of another detector', () => {
  it('is found by its id', () => {
    expect(sameTrain(page(0), second)).toBe(0);
    expect(sameTrain(page(2), second)).toBe(1);
    expect(sameTrain(page(2), first)).toBe(2);
    expect(sameTrain(page(2, 'mean'), second)).toBe(2);
    expect(sameTrain(page(1), second)).toMatch(/B has no frames of train 1001/);
  });

  it('is in the address, when that detector comes on the page', () => {
    expect(addressOfDetector(page(2), 'B')).toEqual({ detector: 'B', train: '1' });
    expect(addressOfDetector(page(0), 'B')).toEqual({ detector: 'B', train: '' });
    expect(addressOfDetector(page(1), 'B')).toEqual({ detector: 'B' });
    expect(addressOfDetector(page(1), null)).toEqual({});
  });
});
