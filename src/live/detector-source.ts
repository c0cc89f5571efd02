import { isNdArray, type NdArray } from '../core/ndarray.ts';
import type { Train, TrainSource, TrainValue } from '../core/train.ts';

const MODULE_SOURCE = /^(.+)\/(?:DET|CORR)\/(?:(\d+)CH\d*|(?:JNGFR|MODULE_|RECEIVER-)(\d+))(?::.*)?$/;
const MERGED_SOURCE = /^(.+)\/(?:DET|CORR|CAL)\/APPEND(?:_RAW|_CORRECTED)?(?:-\d+)?$/;
/** ePix and pnCCD: one picture of the whole detector. */
const WHOLE_SOURCE = /^(.+)\/(?:DET|CORR|CAL)\/(?:RECEIVER|PNCCD_FMT-\d+)(?::.*)?$/;
/** Where the pictures are, and which keys have the memory cell of each. */
const IMAGE_KEYS = ['image.data', 'data.adc'] as const;
const WHOLE_IMAGE_KEYS = ['data.image.pixels', 'data.image.data', 'data.image', ...IMAGE_KEYS] as const;
const CELL_KEYS = ['image.cellId', 'data.memoryCell'] as const;
/** Keys that have one number for each picture. */
const FRAME_KEYS = ['image.pulseId', 'image.cellId', 'image.trainId', 'data.memoryCell'] as const;

/** How a detector's modules come: all on one axis of one source, a source for each, or as one picture. */
export type SourceForm = 'merged' | 'modules' | 'whole';

/** The sources of one detector in a train. */
export interface DetectorSources {
  /** `SPB_DET_AGIPD1M-1`. */
  readonly name: string;
  readonly form: SourceForm;
  /** Those of `form`; one unless it is `modules`. */
  readonly sources: readonly (readonly [name: string, source: TrainSource])[];
}

/** The detector that a source name belongs to (`SPB_DET_AGIPD1M-1`), or null. */
export function detectorOfSource(source: string): string | null {
  return (MODULE_SOURCE.exec(source) ?? MERGED_SOURCE.exec(source) ?? WHOLE_SOURCE.exec(source))?.[1] ?? null;
}

function formOf(source: string): SourceForm | undefined {
  if (MERGED_SOURCE.test(source)) return 'merged';
  if (MODULE_SOURCE.test(source)) return 'modules';
  return WHOLE_SOURCE.test(source) ? 'whole' : undefined;
}

/** Number of the module that a source is of, counted from 0; those of JUNGFRAU are counted from 1. NaN if it is of none. */
export function moduleOfSource(source: string): number {
  const [, , counted, jungfrau] = MODULE_SOURCE.exec(source) ?? [];
  return counted === undefined ? Number(jungfrau) - 1 : Number(counted);
}

const isSameModule = (one: string, other: string) => moduleOfSource(one) === moduleOfSource(other);

/** The value that should hold the pictures of a source; undefined if it has none. */
export function picturesOf(name: string, { data }: TrainSource): TrainValue | undefined {
  const isModular = MODULE_SOURCE.test(name) || MERGED_SOURCE.test(name);
  for (const key of isModular ? IMAGE_KEYS : WHOLE_IMAGE_KEYS) {
    const value = data.get(key);
    if (value !== undefined) return value;
  }
  return undefined;
}

/** Frames that a source says it has, by the keys that have one number for each; undefined if there are none. */
export function frameCountOf({ data }: TrainSource): number | undefined {
  return FRAME_KEYS.map((key) => data.get(key)).find((value): value is NdArray => isNdArray(value))?.data.length;
}

/** Memory cell of each frame, in order of the memory where the source does not say. */
export function cellIdsOf({ data }: TrainSource, frames: number): Uint16Array {
  const value = CELL_KEYS.map((key) => data.get(key)).find((each) => each !== undefined);
  // Without cell ids the frames are taken in order of the memory, as the DAQ does by default.
  if (!isNdArray(value) || value.data.length < frames) return Uint16Array.from({ length: frames }, (_, i) => i);
  return Uint16Array.from({ length: frames }, (_, i) => Number(value.data[i]));
}

/**
 * What a train misses before its detector can be processed, or null.
 * @param isAny whether any source with pictures will do, whatever its name
 */
export function firstMissingDetector(sources: ReadonlyMap<string, TrainSource>, isAny = false): string | null {
  for (const [name, source] of sources) {
    if ((isAny || detectorOfSource(name)) && picturesOf(name, source) !== undefined) return null;
  }
  return 'no detector data';
}

/**
 * All detectors with pictures in a train, in the order of their first sources; a merged source goes before its modules.
 * @param otherForm takes sources of any name as detectors of this form, for one that is known by its geometry alone
 */
export function detectorsOfTrain({ sources }: Pick<Train, 'sources'>, otherForm?: SourceForm): DetectorSources[] {
  const found = new Map<string, { form: SourceForm; sources: (readonly [string, TrainSource])[] }>();
  for (const [name, source] of sources) {
    const detector = detectorOfSource(name) ?? (otherForm ? name : null);
    if (detector === null || picturesOf(name, source) === undefined) continue;
    const form = formOf(name) ?? otherForm ?? 'whole';
    const known = found.get(detector);
    if (!known || (form === 'merged' && known.form !== 'merged'))
      found.set(detector, { form, sources: [[name, source]] });
    // A second source of the same module (a copy by another output) adds nothing.
    else if (
      known.form === 'modules' &&
      form === 'modules' &&
      !known.sources.some(([other]) => isSameModule(other, name))
    )
      known.sources.push([name, source]);
  }
  return [...found].map(([name, { form, sources }]) => ({ name, form, sources }));
}
