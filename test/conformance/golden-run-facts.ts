import { basename } from 'node:path';
import { ndarray } from '../../src/core/ndarray.ts';
import type { TrainSource, TrainValue } from '../../src/core/train.ts';
import type { KeyData } from '../../src/data/key-data.ts';
import type { Run } from '../../src/data/run.ts';
import type { SourceData } from '../../src/data/source-data.ts';
import { arrayFacts, plain } from './golden-answers.ts';

// biome-ignore lint/suspicious/noExplicitAny: the shape of each expected file is its own.
type Json = any;

const SECTIONS = { control: 'CONTROL', instrument: 'INSTRUMENT', reduction: 'REDUCTION', errata: 'ERRATA' } as const;

function trainIdFacts(ids: readonly number[], facts: Json): Json {
  return arrayFacts(ndarray('uint64', [ids.length], BigUint64Array.from(ids, BigInt)), facts);
}

/** Everything that the expected files say of a key. */
export async function keyFacts(key: KeyData, facts: Json): Promise<Json> {
  const data = key.dtype === 'record' ? await key.readFields() : await key.read();
  const told = arrayFacts(data, facts?.data);
  const attributes = Object.fromEntries([...key.attributes()].map(([name, value]) => [name, plain(value)]));
  return {
    dtype: told.dtype,
    entry_shape: key.entryShape,
    shape: key.shape,
    ndim: key.axes,
    nbytes: key.byteSize,
    path: key.path,
    data_counts: key.dataCounts(),
    train_id_coordinates: trainIdFacts(key.trainIdCoordinates(), facts?.train_id_coordinates),
    units: key.units || undefined,
    units_name: key.unitsName || undefined,
    files: key.files.map((path) => basename(path)).sort(),
    attributes: Object.keys(attributes).length > 0 ? attributes : undefined,
    // Some files leave the values out.
    data: facts && !facts.data ? undefined : told,
  };
}

async function sourceFacts(source: SourceData, facts: Json): Promise<Json> {
  if (facts?.legacy_name_for) return { legacy_name_for: source.canonicalName };
  const keys: Json = {};
  for (const name of source.keys()) keys[name] = await keyFacts(source.key(name), facts?.keys?.[name]);
  const runValues = () => Object.fromEntries([...source.runValues()].map(([key, value]) => [key, plain(value)]));
  return {
    section: SECTIONS[source.kind],
    index_groups: source.indexGroups(),
    canonical_name: source.canonicalName,
    is_legacy: source.isLegacy,
    is_run_only: source.isRunOnly,
    aggregator: source.aggregator,
    data_category: source.dataCategory,
    device_class: source.deviceClass || null,
    data_counts: Object.fromEntries(source.indexGroups().map((group) => [group, source.dataCounts(group)])),
    keys,
    keys_without_timestamps: source.isControl ? source.keys({ timestamps: false }) : undefined,
    run_values: source.isControl ? runValues() : undefined,
  };
}

/** Everything that the expected files say of a run. */
export async function runFacts(run: Run, facts: Json): Promise<Json> {
  const sources: Json = {};
  for (const name of [...run.sources, ...run.legacySources.keys()])
    sources[name] = await sourceFacts(run.source(name), facts.sources[name]);
  return {
    train_ids: run.trainIds,
    control_sources: run.controlSources,
    // The original lists old names among the output channels.
    instrument_sources: [...run.instrumentSources, ...run.legacySources.keys()].sort(),
    legacy_sources: Object.fromEntries(run.legacySources),
    detector_sources: run.detectorSources,
    n_files: run.files.length,
    run_metadata: Object.fromEntries(run.runMetadata()),
    train_timestamps_ns: Array.from(run.trainTimestamps(), (ns) => (ns === 0n ? null : Number(ns))),
    sources,
  };
}

/** What is selected, as the expected files have it. */
export function selectionFacts(run: Run): Json {
  const selection = [...run.selection].map(([name, keys]) => [name, keys && [...keys].sort()]);
  return {
    train_ids: run.trainIds,
    selection: Object.fromEntries(selection),
    is_single_run: run.isSingleRun,
  };
}

/** A value of a train. */
export function valueFacts(value: TrainValue | null, facts: Json): Json {
  if (value === null) return null;
  if (value instanceof Map) return arrayFacts(value as never, facts);
  return arrayFacts(typeof value === 'string' ? ndarray('string', [], [value]) : (value as never), facts);
}

/** A whole train by source. */
export function trainFacts(sources: ReadonlyMap<string, TrainSource>, facts: Json): Json {
  const told: Json = {};
  for (const [name, { data, metadata }] of sources) {
    told[name] = { metadata: Object.fromEntries([...metadata].map(([key, value]) => [key, plain(value)])) };
    for (const [key, value] of data) told[name][key] = valueFacts(value, facts?.[name]?.[key]);
  }
  return told;
}
