import { FormatInvalid } from '../../core/errors.ts';
import type { Experiment } from '../../detector/integration/experiment.ts';

/** Distances that fields take, mm. */
export const DISTANCE_MM = [1, 100_000] as const;
/** Photon energies that fields take, keV. */
export const ENERGY_KEV = [0.1, 200] as const;
/** How far the point of normal incidence may be from the origin, mm. */
export const OFFSET_MM = 1e6;
/** A turn, degrees. */
export const TURN_DEG = 360;

/** Whether the page can show a sample at a distance. @param distance m */
export function isDistance(distance: number): boolean {
  // Less than what is typed: tilts of a field in the words of Fit2D take some of it.
  return distance > 1e-6 && distance * 1e3 <= DISTANCE_MM[1];
}

/** Whether the page can show rings of photons. */
export function isPhotonEnergy(keV: number): boolean {
  return keV >= ENERGY_KEV[0] && keV <= ENERGY_KEV[1];
}

/** An experiment of a file, which the page can show. @param path for messages @throws FormatInvalid with the number that is wrong */
export function checkExperiment<E extends Experiment>(experiment: E, path: string): E {
  const { distance, photonEnergyKeV, poni1 = 0, poni2 = 0, rot1 = 0, rot2 = 0, rot3 = 0 } = experiment;
  const fail = (what: string, wanted: string) =>
    new FormatInvalid(`${path}: ${what} is not possible here, give ${wanted}.`, { path });
  if (!isDistance(distance))
    throw fail(`a distance of ${distance} m`, `metres above 0, at most ${DISTANCE_MM[1] / 1e3}`);
  if (photonEnergyKeV !== undefined && !isPhotonEnergy(photonEnergyKeV))
    throw fail(`a photon energy of ${photonEnergyKeV} keV`, `${ENERGY_KEV.join(' to ')} keV`);
  for (const [name, value] of Object.entries({ poni1, poni2 }))
    if (!(Math.abs(value) <= OFFSET_MM / 1e3)) throw fail(`${name} = ${value} m`, `at most ${OFFSET_MM / 1e3} m`);
  for (const [name, value] of Object.entries({ rot1, rot2, rot3 }))
    if (!(Math.abs(value) <= 2 * Math.PI)) throw fail(`${name} = ${value} rad`, 'at most a turn');
  return experiment;
}
