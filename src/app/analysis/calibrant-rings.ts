import { useMemo } from 'react';
import { isXfelError } from '../../core/errors.ts';
import { type CalibrantRing, calibrantByName, calibrantRings } from '../../detector/powder/calibrant.ts';
import { useGeometry } from '../geometry/geometry-store.ts';

const NONE: readonly CalibrantRing[] = [];

/** The rings of the document's calibrant, as many as are chosen; none where there are none at this energy. */
export function useCalibrantRings(): readonly CalibrantRing[] {
  const calibrant = useGeometry((state) => state.document?.calibrant);
  const count = useGeometry((state) => state.document?.rings);
  const energy = useGeometry((state) => state.document?.experiment.photonEnergyKeV);
  return useMemo(() => {
    if (calibrant === undefined || !count || energy === undefined) return NONE;
    try {
      return calibrantRings(calibrantByName(calibrant), energy, { count, maxTwoTheta: 0.48 * Math.PI });
    } catch (error) {
      if (!isXfelError(error)) throw error;
      return NONE;
    }
  }, [calibrant, count, energy]);
}
