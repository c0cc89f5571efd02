import { SkipTrain } from '../core/errors.ts';
import { frameAxesOf, type ModuleLayout } from '../core/frame-order.ts';
import { isNdArray, type NdArray } from '../core/ndarray.ts';
import type { Train } from '../core/train.ts';
import type { Detector } from '../detector/detector.ts';
import { DETECTOR_NAMES, detectDetector, detectorByName } from '../detector/detector-table.ts';
import { type DetectorOrigin, expectedShapes } from './detector-input.ts';
import {
  type DetectorSources,
  detectorsOfTrain,
  moduleOfSource,
  picturesOf,
  type SourceForm,
} from './detector-source.ts';

/** A detector that a stream sends. */
export interface RecognisedDetector {
  /** As its sources are named, `SPB_DET_AGIPD1M-1`. */
  readonly name: string;
  readonly detector: Detector;
  /** Other detectors of the same train, which are not shown. */
  readonly others: readonly string[];
}

/** Modules of LPD Mini that the read-out hands on in one channel. */
const MINIS_PER_CHANNEL = 8;
/** Of detectors whose number of modules is free: read from names such as `SPB_IRDA_JF4M`. */
const MODULES_IN_NAME: readonly (readonly [RegExp, number])[] = [
  [/JF4M/i, 8],
  [/JF1M/i, 2],
  [/JF500K/i, 1],
];

/** How the data of a detector are divided into modules when they come: pnCCD is one picture, LPD Mini comes eight at a time. */
export function streamLayout({ name, dataShape: [modules, slowScan, fastScan] }: Detector): ModuleLayout {
  if (name === 'PNCCD') return { modules: 1, slowScan: modules * slowScan, fastScan };
  if (name === 'LPD_MINI' && modules % MINIS_PER_CHANNEL === 0)
    return { modules: modules / MINIS_PER_CHANNEL, slowScan: MINIS_PER_CHANNEL * slowScan, fastScan };
  return { modules, slowScan, fastScan };
}

/** Form of the sources of a detector that no table knows; undefined for others. */
export function otherForm({ name, dataShape: [modules] }: Detector): SourceForm | undefined {
  if (DETECTOR_NAMES.includes(name)) return undefined;
  return modules === 1 ? 'whole' : 'merged';
}

/** Where the data of a recognised detector are in a train. */
export function originOf({ name, detector }: Pick<RecognisedDetector, 'name' | 'detector'>): DetectorOrigin {
  return { name, extraRows: detector.extraRows ?? 0, otherForm: otherForm(detector) };
}

/**
 * Tells which detector a train is of, by the names of its sources and the shapes of their pictures. Of several, the one that
 * the given geometry is of, else the one of before, else the one with most data.
 * @param given the detector whose geometry was given, or null
 * @param before what the trains before were of: a JUNGFRAU does not lose modules because a train lacks them
 * @throws SkipTrain naming the source and its shape if it is none that is known
 */
export function recogniseDetector(
  train: Pick<Train, 'sources'>,
  given: Detector | null,
  before: RecognisedDetector | null,
): RecognisedDetector {
  const candidates = detectorsOfTrain(train, given ? otherForm(given) : undefined);
  const found = candidates.flatMap((candidate) => {
    const detector = recordOf(candidate, given, before);
    return detector ? [{ name: candidate.name, detector, size: sizeOf(candidate) }] : [];
  });
  const rank = ({ name, detector, size }: (typeof found)[number]) => [
    given && isSame(detector, given) ? 1 : 0,
    name === before?.name ? 1 : 0,
    size,
  ];
  found.sort(
    (a, b) =>
      rank(b)
        .map((value, i) => value - rank(a)[i])
        .find((value) => value !== 0) ?? 0,
  );
  const [best] = found;
  if (!best) throw unknownDetector(candidates);
  const others = candidates.map(({ name }) => name).filter((name) => name !== best.name);
  return { name: best.name, detector: best.detector, others };
}

/** Whether two records are of the same kind and size, so that a geometry of one is one of the other. */
export function isSame(a: Detector, b: Detector): boolean {
  return a.name === b.name && a.dataShape.every((length, axis) => length === b.dataShape[axis]);
}

function recordOf(
  sources: DetectorSources,
  given: Detector | null,
  before: RecognisedDetector | null,
): Detector | undefined {
  const known = [...(given ? [given] : []), ...(before?.name === sources.name ? [before.detector] : [])];
  const named = detectDetector({ source: sources.name });
  // What the name says is right, even where the shape is another one: then it is said.
  const isNamed = ({ name }: Detector) => named === undefined || name === named.name;
  return [...known, ...recordsFor(sources, named)].find((each) => isNamed(each) && fits(sources, each));
}

/** Records of the table with as many modules as the data have, those by name first. */
function recordsFor({ name, form, sources }: DetectorSources, named: Detector | undefined): Detector[] {
  const inName = MODULES_IN_NAME.find(([pattern]) => pattern.test(name))?.[1];
  const last = Math.max(...sources.map(([source]) => moduleOfSource(source))) + 1;
  const pictures = arrayOf(sources[0]);
  return (named ? [named.name] : DETECTOR_NAMES).flatMap((kind) => {
    const counts = form === 'merged' ? [pictures?.shape.at(-3), pictures?.shape[0]] : [inName, last];
    const perSource = kind === 'LPD_MINI' ? MINIS_PER_CHANNEL : 1;
    const possible = counts.filter((count) => count !== undefined && count > 0);
    return [...possible, undefined].flatMap((count) => {
      try {
        return [detectorByName(kind, count === undefined ? undefined : count * perSource)];
      } catch {
        // It cannot have so many.
        return [];
      }
    });
  });
}

function fits({ form, sources }: DetectorSources, detector: Detector): boolean {
  const layout = streamLayout(detector);
  const { extraRows = 0 } = detector;
  const layouts = [layout, ...(extraRows > 0 ? [{ ...layout, slowScan: layout.slowScan + 2 * extraRows }] : [])];
  if (form === 'modules' && layout.modules > 1) {
    if (!sources.every(([name]) => moduleOfSource(name) < layout.modules)) return false;
  } else if (form !== 'merged' && (sources.length > 1 || layout.modules > 1)) return false;
  // A module without frames in this train has a shape, too.
  return sources.some((source) => {
    const array = arrayOf(source);
    return array && layouts.some((each) => frameAxesOf(array.shape, each, form === 'merged') !== null);
  });
}

function arrayOf([name, source]: DetectorSources['sources'][number]): NdArray | undefined {
  const value = picturesOf(name, source);
  return isNdArray(value) ? value : undefined;
}

function sizeOf({ sources }: DetectorSources): number {
  return sources.reduce((sum, source) => sum + (arrayOf(source)?.data.length ?? 0), 0);
}

function unknownDetector(candidates: readonly DetectorSources[]): SkipTrain {
  const leftOut = (text: string, reason: string) => new SkipTrain(`Train left out: ${text}`, { reason });
  const [first] = candidates;
  if (!first)
    return leftOut('no source of this train has pictures (image.data or data.adc) of a detector.', 'no detector data');
  const [name] = first.sources[0];
  const array = arrayOf(first.sources[0]);
  if (!array) return leftOut(`the pictures of ${name} are not an array.`, 'no detector data');
  const pictures = `${name} has pictures of shape [${array.shape}]`;
  const named = detectDetector({ source: first.name });
  if (named)
    return leftOut(`${pictures}; ${expectedShapes(streamLayout(named), first.form === 'merged')}`, 'wrong shape');
  return leftOut(
    `${pictures}: of no detector that is known by name and shape (${DETECTOR_NAMES.join(', ')}). Start with --geometry FILE of it.`,
    'wrong shape',
  );
}
