import { readFile } from 'node:fs/promises';
import { FileUnreadable } from '../../core/errors.ts';
import type { Detector } from '../../detector/detector.ts';
import { exampleGeometry, type Geometry } from '../../detector/geometry.ts';
import { geometryFromCrystfel } from '../../detector/geometry-crystfel.ts';

/**
 * A detector's geometry from a CrystFEL .geom file, or its default positions without one.
 * @throws FileUnreadable if the file cannot be read @throws GeometryInvalid with line and reason if it does not fit
 */
export async function loadGeometry(path: string | null, detector: Detector): Promise<Geometry> {
  if (path === null) return exampleGeometry(detector);
  const text = await readFile(path, 'utf8').catch((cause) => {
    throw new FileUnreadable(
      `The geometry file ${path} cannot be read (${(cause as NodeJS.ErrnoException).code}). Check the path.`,
      { path },
      { cause },
    );
  });
  return geometryFromCrystfel(text, detector, { path });
}
