import type { DetectorLayout } from '../../api/run-calls.ts';
import { detectorByName } from '../../detector/detector-table.ts';
import { createGeometry, exampleGeometry, type Geometry } from '../../detector/geometry.ts';
import { isDistance, isPhotonEnergy } from './experiment-limits.ts';
import type { AddressedDocument } from './geometry-address.ts';
import { type GeometryDocument, NO_MOVES } from './geometry-document.ts';

/** When neither file nor address says it: a plausible beginning, which the fields show. */
const USUAL = { distance: 0.2, photonEnergyKeV: 9.3, calibrant: 'LaB6', rings: 6 } as const;

/**
 * The document to begin with.
 * @param layout where the run's server has the tiles @param addressed numbers that go over those of the file
 * @throws GeometryInvalid if the layout is of no known detector
 */
export function startDocument(layout: DetectorLayout, addressed: AddressedDocument): GeometryDocument {
  const detector = detectorByName(layout.detector, layout.modules);
  const { distance, photonEnergyKeV } = layout;
  const start = createGeometry(detector, Float64Array.from(layout.tiles), {
    ...(distance === null ? {} : { distance }),
    ...(photonEnergyKeV === null ? {} : { photonEnergyKeV }),
  });
  return {
    start,
    origin: layout.origin,
    text: layout.text,
    moves: NO_MOVES,
    experiment: {
      distance: [addressed.distance, distance].find(isToldDistance) ?? USUAL.distance,
      photonEnergyKeV: [addressed.photonEnergyKeV, photonEnergyKeV].find(isToldEnergy) ?? USUAL.photonEnergyKeV,
    },
    calibrant: addressed.calibrant ?? USUAL.calibrant,
    rings: addressed.rings ?? USUAL.rings,
    helpers: [],
  };
}

/** The document with another geometry: experiment, calibrant and helpers stay, what the file says of them counts. */
export function withGeometry(
  document: GeometryDocument,
  start: Geometry,
  origin: string,
  text: string | null,
): GeometryDocument {
  const { distance, photonEnergyKeV } = start.metadata;
  return {
    ...document,
    start,
    origin,
    text,
    moves: NO_MOVES,
    experiment: {
      ...document.experiment,
      ...(isToldDistance(distance) ? { distance } : {}),
      ...(isToldEnergy(photonEnergyKeV) ? { photonEnergyKeV } : {}),
    },
  };
}

/** Files have 0 and the like where nobody knew the number; what the page shows stays then. */
const isToldDistance = (metres: number | null | undefined) => metres != null && isDistance(metres);
const isToldEnergy = (keV: number | null | undefined) => keV != null && isPhotonEnergy(keV);

/** The document with the detector's example geometry. */
export function withExample(document: GeometryDocument): GeometryDocument {
  return withGeometry(document, exampleGeometry(document.start.detector), 'example', null);
}
