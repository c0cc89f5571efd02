import { readFile } from 'node:fs/promises';
import { extname } from 'node:path';
import { FileUnreadable, GeometryInvalid } from '../core/errors.ts';
import type { Detector } from '../detector/detector.ts';

/**
 * The detector that `--detector` names: one of the table, or the record in FILE.json.
 * @param modules number of modules, where it is free in the table; of a record it must be the record's
 * @throws GeometryInvalid for unknown names and numbers, FileUnreadable, FormatInvalid for the record
 */
export async function detectorOption(given: string, modules?: number): Promise<Detector> {
  if (extname(given).toLowerCase() !== '.json') {
    const { detectorByName } = await import('../detector/detector-table.ts');
    return detectorByName(given, modules);
  }
  const { parseDetector } = await import('../detector/detector-record.ts');
  const text = await readFile(given, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    throw new FileUnreadable(
      `--detector: ${given} cannot be read (${cause.code}). Check the path.`,
      { path: given },
      { cause },
    );
  });
  const detector = parseDetector(text, { path: given });
  if (modules !== undefined && modules !== detector.dataShape[0]) {
    throw new GeometryInvalid(
      `${given} is of ${detector.name} with ${detector.dataShape[0]} modules, not ${modules}: correct its dataShape.`,
      { path: given, modules },
    );
  }
  return detector;
}
