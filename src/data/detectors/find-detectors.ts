import type { Run } from '../run.ts';
import { DETECTOR_KINDS, type DetectorKind } from './detector-kind.ts';

/** A detector that a run has data of. */
export interface FoundDetector {
  /** Such as `SPB_DET_AGIPD1M-1`. */
  readonly name: string;
  readonly kind: DetectorKind;
  /** Module number -> source, of the `DET` channels. */
  readonly det: ReadonlyMap<number, string>;
  /** Module number -> source, of the `CORR` channels. */
  readonly corr: ReadonlyMap<number, string>;
}

/** The detectors of a run by the names of its sources, sorted by name. Legacy names do not count. */
export function findDetectors(run: Run): FoundDetector[] {
  const found = new Map<string, FoundDetector & { det: Map<number, string>; corr: Map<number, string> }>();
  for (const source of run.instrumentSources) {
    for (const kind of DETECTOR_KINDS) {
      const match = source.match(kind.sourcePattern);
      if (!match) continue;
      const [, name, section, module] = match;
      const detector = found.get(name) ?? { name, kind, det: new Map(), corr: new Map() };
      found.set(name, detector);
      const modules = section === 'CORR' ? detector.corr : detector.det;
      if (!modules.has(Number(module))) modules.set(Number(module), source);
      break;
    }
  }
  return [...found.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}
