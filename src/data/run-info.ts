import type { DType } from '../core/dtype.ts';
import { SourceNotFound, TrainNotFound } from '../core/errors.ts';
import { toNamePattern } from './name-pattern.ts';
import type { Run } from './run.ts';
import type { SourceData } from './source-data.ts';

/** Trains come ten a second. */
const TRAIN_RATE = 10;

/** Size of a detector module and its frames. */
export interface DetectorModuleInfo {
  /** (ss, fs) */
  readonly dims: readonly [number, number];
  /** Most frames in a train. */
  readonly framesPerTrain: number;
  /** The most that all trains may have; trains can have fewer. */
  readonly totalFrames: number;
}

/** What is known of one key without reading it. */
export interface KeyInfo {
  readonly key: string;
  /** null for types we cannot read. */
  readonly dtype: DType | 'record' | null;
  /** Of structured data. */
  readonly fields?: readonly { readonly name: string; readonly dtype: DType }[];
  readonly entryShape: readonly number[];
  readonly units: string;
}

/** How much data there is over the selected trains. */
export interface EntryCounts {
  /** Trains with data. */
  readonly trains: number;
  readonly entries: number;
  /** Fewest and most entries of a train with data; 0 where there is none. */
  readonly fewest: number;
  readonly most: number;
}

/** What is known of one source. */
export interface SourceInfo {
  readonly name: string;
  /** Only where aggregators are asked for: the name of an overview's file has to be looked up in it. */
  readonly aggregator?: string;
  /** Of the index group with most entries; only where counts are asked for. */
  readonly counts?: EntryCounts;
  /** Counts of each index group of an output channel; only where counts are asked for. */
  readonly groups?: ReadonlyMap<string, EntryCounts>;
  /** Only where details are asked for. */
  readonly keys?: readonly KeyInfo[];
  /** Values of a device that are stored once a run and not per train; only where details are asked for. */
  readonly runKeys?: readonly RunKeyInfo[];
}

/** What is known of a value that is stored once a run. */
export interface RunKeyInfo {
  readonly key: string;
  /** `unknown` for types we cannot read. */
  readonly dtype: string;
  readonly shape: readonly number[];
}

/** Everything that `lsxfel` tells of a run, as data. */
export interface RunInfo {
  readonly trains: number;
  readonly firstTrainId: number | null;
  readonly lastTrainId: number | null;
  readonly durationS: number;
  readonly detectors: readonly (DetectorModuleInfo & {
    /** `SPB_DET_AGIPD1M-1/DET` */
    readonly name: string;
    /** Module number -> source. */
    readonly modules: ReadonlyMap<number, string>;
  })[];
  /** Output channels, those of detector modules too. */
  readonly instrument: readonly SourceInfo[];
  readonly control: readonly SourceInfo[];
  readonly legacy: ReadonlyMap<string, string>;
  /** Empty unless asked for. */
  readonly reduction: readonly SourceInfo[];
  readonly errata: readonly SourceInfo[];
}

/** What to tell beside names. */
export interface RunInfoOptions {
  /** Patterns of sources whose keys and counts to list. */
  readonly detailsFor?: readonly string[];
  /** Counts of all sources: reads every index. */
  readonly counts?: boolean;
  /** Reduction and errata sources: opens every file. */
  readonly auxiliary?: boolean;
  /** The aggregator of each source. */
  readonly aggregators?: boolean;
}

/** Describes a run. */
export function describeRun(run: Run, options: RunInfoOptions = {}): RunInfo {
  const patterns = (options.detailsFor ?? []).map(toNamePattern);
  const describe = (source: SourceData) => {
    const isDetailed = patterns.some((pattern) => pattern.test(source.name));
    return describeSource(source, { ...options, counts: isDetailed || options.counts }, isDetailed);
  };
  const [first, last] = [run.trainIds[0] ?? null, run.trainIds.at(-1) ?? null];
  const auxiliary = options.auxiliary ? run.auxiliary : null;
  return {
    trains: run.trainIds.length,
    firstTrainId: first,
    lastTrainId: last,
    durationS: first === null || last === null ? 0 : (last - first + 1) / TRAIN_RATE,
    detectors: describeDetectors(run),
    instrument: run.instrumentSources.map((name) => describe(run.source(name))),
    control: run.controlSources.map((name) => describe(run.source(name))),
    legacy: run.legacySources,
    reduction: auxiliary?.reductionSources.map((name) => describe(auxiliary.source(name))) ?? [],
    errata: auxiliary?.errataSources.map((name) => describe(auxiliary.source(name))) ?? [],
  };
}

function describeSource(source: SourceData, options: RunInfoOptions, isDetailed: boolean): SourceInfo {
  return {
    name: source.name,
    ...(options.aggregators ? { aggregator: source.aggregator } : {}),
    ...(options.counts ? countEntries(source) : {}),
    ...(isDetailed ? { keys: source.keys().map((name) => describeKey(source, name)) } : {}),
    ...(isDetailed && source.isControl ? { runKeys: describeRunKeys(source) } : {}),
  };
}

function countEntries(source: SourceData): Pick<SourceInfo, 'counts' | 'groups'> {
  const most = source.trainIds.map(() => 0);
  const groups = new Map<string, EntryCounts>();
  for (const group of source.isRunOnly ? [] : source.indexGroups()) {
    const counts = source.dataCounts(group);
    groups.set(group, sumCounts(counts));
    for (const [i, count] of counts.entries()) most[i] = Math.max(most[i], count);
  }
  const counts = sumCounts(most);
  return source.isControl ? { counts } : { counts, groups };
}

function sumCounts(counts: readonly number[]): EntryCounts {
  const present = counts.filter((count) => count > 0);
  return {
    trains: present.length,
    entries: present.reduce((sum, count) => sum + count, 0),
    fewest: present.reduce((a, b) => Math.min(a, b), present[0] ?? 0),
    most: present.reduce((a, b) => Math.max(a, b), 0),
  };
}

function describeKey(source: SourceData, name: string): KeyInfo {
  const key = source.key(name);
  const dtype = key.isReadable ? key.dtype : null;
  const fields = key.fields.map((field) => ({ name: field.name, dtype: field.dtype }));
  return { key: name, dtype, entryShape: key.entryShape, units: key.units, ...(fields.length > 0 ? { fields } : {}) };
}

function describeRunKeys(source: SourceData): RunKeyInfo[] {
  const perTrain = new Set(source.keys());
  return [...source.runValueTypes()]
    .filter(([key]) => !perTrain.has(key))
    .map(([key, { dtype, shape }]) => ({ key, dtype, shape }));
}

function describeDetectors(run: Run): RunInfo['detectors'] {
  const found = new Map<string, Map<number, string>>();
  for (const source of run.detectorSources) {
    const match = /^(.+\/(?:DET|CORR))\/(\d+)CH/.exec(source);
    if (!match) continue;
    const modules = found.get(match[1]) ?? new Map<number, string>();
    found.set(match[1], modules.set(Number(match[2]), source));
  }
  return [...found].map(([name, modules]) => {
    const sorted = new Map([...modules].sort(([a], [b]) => a - b));
    const [source] = sorted.values();
    return { name, modules: sorted, ...describeModule(run, source) };
  });
}

/**
 * Size of a detector module and its frames.
 * @throws SourceNotFound if the source is no detector module
 * @source EXtra-data DataCollection.detector_info
 */
export function describeModule(run: Run, source: string): DetectorModuleInfo {
  const data = run.source(source);
  const keyName = ['image.data', 'data.adc'].find((name) => data.hasKey(name));
  if (keyName === undefined)
    throw new SourceNotFound(`${source} is no detector module: it has neither image.data nor data.adc.`, {
      name: source,
      near: run.detectorSources.slice(0, 3),
    });
  const key = data.key(keyName);
  const framesPerTrain = key.dataCounts().reduce((a, b) => Math.max(a, b), 0);
  const [ss, fs] = key.entryShape.slice(-2);
  return { dims: [ss, fs], framesPerTrain, totalFrames: framesPerTrain * run.trainIds.length };
}

/** Sources that the files with a train hold. */
export interface TrainInfo {
  readonly trainId: number;
  readonly instrument: readonly string[];
  readonly control: readonly string[];
}

/**
 * Which sources are in the files that have a train; whether they have data in it is another matter.
 * @throws TrainNotFound
 * @source EXtra-data DataCollection.train_info
 */
export function describeTrain(run: Run, trainId: number): TrainInfo {
  if (!run.trainIds.includes(trainId)) throw new TrainNotFound(`No train ${trainId} in ${run.path}.`, { trainId });
  const isThere = (name: string) => run.source(name).hasFileOfTrain(trainId);
  const instrument = [...run.instrumentSources, ...run.legacySources.keys()].sort();
  return { trainId, instrument: instrument.filter(isThere), control: run.controlSources.filter(isThere) };
}
