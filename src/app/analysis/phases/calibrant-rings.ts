import { useMemo } from 'react';
import { isXfelError } from '../../../core/errors.ts';
import { type CalibrantRing, calibrantByName, calibrantRings } from '../../../detector/powder/calibrant.ts';
import { useGeometry } from '../../geometry/geometry-store.ts';
import type { FullExperiment } from '../analysis-request.ts';
import { type PatternUnit, ringPlace } from '../curve/pattern-unit.ts';

/** What of a document decides where rings are. */
interface RingScene {
  readonly calibrant: string;
  readonly rings: number;
  readonly experiment: { readonly photonEnergyKeV: number };
}

const NONE: readonly CalibrantRing[] = [];

/** Room beside the innermost and the outermost ring, as shares of their places. */
const ROOM = [0.72, 1.06] as const;

/** What of the axis holds the rings; null where there are none. Far more light is within the first one. */
export function ringRange(
  rings: readonly CalibrantRing[],
  unit: PatternUnit,
  experiment: FullExperiment,
): readonly [number, number] | null {
  const places = rings.map(({ twoTheta }) => ringPlace(twoTheta, unit, experiment));
  return places.length === 0 ? null : [ROOM[0] * Math.min(...places), ROOM[1] * Math.max(...places)];
}

/** The rings that a document is about; none where there are none at its energy. */
export function ringsOf({ calibrant, rings: count, experiment }: RingScene): readonly CalibrantRing[] {
  if (count < 1) return NONE;
  try {
    return calibrantRings(calibrantByName(calibrant), experiment.photonEnergyKeV, {
      count,
      maxTwoTheta: 0.48 * Math.PI,
    });
  } catch (error) {
    if (!isXfelError(error)) throw error;
    return NONE;
  }
}

/** The rings of the document's calibrant, as many as are chosen; none where there are none at this energy. */
export function useCalibrantRings(): readonly CalibrantRing[] {
  const calibrant = useGeometry((state) => state.document?.calibrant);
  const count = useGeometry((state) => state.document?.rings);
  const energy = useGeometry((state) => state.document?.experiment.photonEnergyKeV);
  return useMemo(() => {
    if (calibrant === undefined || count === undefined || energy === undefined) return NONE;
    return ringsOf({ calibrant, rings: count, experiment: { photonEnergyKeV: energy } });
  }, [calibrant, count, energy]);
}
