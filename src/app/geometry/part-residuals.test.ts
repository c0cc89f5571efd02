import { describe, expect, it } from 'vitest';
import { AGIPD_1M } from '../../detector/agipd.ts';
import { exampleGeometry } from '../../detector/geometry.ts';
import { moveParts, partsOf } from '../../detector/refinement/detector-part.ts';
import { type KnownResiduals, residualsNow } from './part-residuals.ts';

const before = exampleGeometry(AGIPD_1M);
const [, , third] = partsOf(AGIPD_1M, 'quadrant');
const shifted = (x: number) => moveParts(before, [third], [{ shift: [x, 0, 0], angle: 0 }]);
const after = shifted(4e-4);
const experiment = { distance: 0.16, photonEnergyKeV: 9.3 };
const document = { experiment, calibrant: 'LaB6' };
const known: KnownResiduals = {
  level: 'quadrant',
  calibrant: 'LaB6',
  parts: [
    { beforePx: 0.3, afterPx: 0.2 },
    { beforePx: Number.NaN, afterPx: Number.NaN },
    { beforePx: 2.1, afterPx: 0.4 },
    { beforePx: 0.5, afterPx: 0.5 },
  ],
  before: { geometry: before, experiment },
  after: { geometry: after, experiment },
};

describe('residuals of parts', () => {
  it('are those of before until the refinement is applied, and those of after then', () => {
    expect(residualsNow(known, after, document, 'quadrant')).toEqual([0.2, null, 0.4, 0.5]);
    expect(residualsNow(known, before, document, 'quadrant')[2]).toBe(2.1);
  });

  it('are unknown of a part that was moved since, and of the others are not', () => {
    expect(residualsNow(known, shifted(5e-4), document, 'quadrant')).toEqual([0.2, null, null, 0.5]);
  });

  it('are unknown for another level, calibrant or experiment, and before any refinement', () => {
    const nothing = [null, null, null, null];
    expect(residualsNow(null, after, document, 'quadrant')).toEqual(nothing);
    expect(residualsNow(known, after, { ...document, calibrant: 'CeO2' }, 'quadrant')).toEqual(nothing);
    expect(residualsNow(known, after, { ...document, experiment: { ...experiment, distance: 1 } }, 'quadrant')).toEqual(
      nothing,
    );
    expect(residualsNow(known, after, document, 'module')).toEqual(Array.from({ length: 16 }, () => null));
  });
});
