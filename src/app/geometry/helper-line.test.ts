import { describe, expect, it } from 'vitest';
import type { Helper } from './geometry-document.ts';
import { isOnLine } from './helper-line.ts';

const circle: Helper = { id: 1, kind: 'circle', centre: [1, 2], size: [6, 6], angleDeg: 0 };
const rectangle: Helper = { id: 2, kind: 'rectangle', centre: [0, 0], size: [4, 2], angleDeg: 90 };

describe('the line of a helper', () => {
  it('is caught near the circle, not inside or outside', () => {
    expect(isOnLine(circle, [4.05, 2], 0.1)).toBe(true);
    expect(isOnLine(circle, [1, -1.05], 0.1)).toBe(true);
    expect(isOnLine(circle, [1, 2], 0.1)).toBe(false);
    expect(isOnLine(circle, [4.2, 2], 0.1)).toBe(false);
  });

  it('turns with its rectangle', () => {
    expect(isOnLine(rectangle, [0, 2.05], 0.1)).toBe(true);
    expect(isOnLine(rectangle, [1.05, 0], 0.1)).toBe(true);
    expect(isOnLine(rectangle, [2, 0], 0.1)).toBe(false);
  });
});
