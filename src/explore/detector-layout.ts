import type { MultiModule } from '../data/detectors/multi-module.ts';
import type { Detector } from '../detector/detector.ts';
import { detectorByName } from '../detector/detector-table.ts';
import { exampleGeometry } from '../detector/geometry.ts';
import { type SnappedGeometry, snapGeometry } from '../detector/snapped-geometry.ts';

/** Modules of LPD Mini that the read-out hands on in one channel of 256 rows. */
const MINIS_PER_CHANNEL = 8;

/** Layouts of example geometries, made when first asked for; there are as many as detectors that somebody looks at. */
const examples = new Map<string, SnappedGeometry>();

/**
 * Where the pixels of a run's detector go in a picture: by the given geometry if it is of that detector, else by the
 * detector's example geometry. @throws GeometryInvalid for more modules than any detector has
 */
export function layoutOf(
  { kind, moduleCount }: Pick<MultiModule, 'kind' | 'moduleCount'>,
  given: SnappedGeometry,
): SnappedGeometry {
  const { detector } = given.geometry;
  const modules = kind.name === 'LPD_MINI' ? MINIS_PER_CHANNEL * moduleCount : moduleCount;
  if (detector.name === kind.name && detector.dataShape[0] === modules) return given;
  const key = `${kind.name} ${modules}`;
  let layout = examples.get(key);
  if (!layout) {
    layout = snapGeometry(exampleGeometry(recordOf(kind.name, modules, kind.moduleCount)));
    examples.set(key, layout);
  }
  return layout;
}

function recordOf(name: string, modules: number, fixedCount: number | null): Detector {
  return fixedCount === null ? detectorByName(name, modules) : detectorByName(name);
}
