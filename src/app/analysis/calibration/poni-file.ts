import type { Geometry } from '../../../detector/geometry.ts';
import { experimentOfGeometry, poniFromExperiment } from '../../../detector/geometry-poni-file.ts';
import { formatPoni, type PoniVersion, parsePoni } from '../../../formats/poni.ts';
import { checkExperiment } from '../../geometry/experiment-limits.ts';
import { saveFile } from '../../save-file.ts';
import type { FullExperiment } from '../analysis-request.ts';

/** Versions of .poni files. */
export const PONI_VERSIONS: readonly PoniVersion[] = ['2.1', '2', '1'];

/**
 * The experiment of a .poni file, of the assembled picture or of exact positions; the photon energy stays where the file has none.
 * @throws FormatInvalid, GeometryInvalid
 */
export async function readPoniFile(file: File, now: FullExperiment, geometry: Geometry): Promise<FullExperiment> {
  const { experiment } = experimentOfGeometry(parsePoni(await file.text(), { path: file.name }), geometry);
  return checkExperiment(
    { ...experiment, photonEnergyKeV: experiment.photonEnergyKeV ?? now.photonEnergyKeV },
    file.name,
  );
}

/** Hands the experiment to the browser's downloads as a .poni file. @throws Unsupported if the version cannot hold it */
export function savePoniFile(experiment: FullExperiment, geometry: Geometry, version: PoniVersion): void {
  const text = formatPoni(poniFromExperiment(experiment, geometry), { version, date: new Date() });
  saveFile(new Blob([text], { type: 'text/plain' }), `${geometry.detector.name}-v${version}.poni`);
}
