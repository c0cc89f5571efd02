import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import { itemSizeOf, typeStringOf } from '../../src/core/dtype.ts';
import { bytesOf, elementCount, type NdArray } from '../../src/core/ndarray.ts';
import type { KeyData } from '../../src/data/key-data.ts';
import type { Run } from '../../src/data/run.ts';
import type { SourceData } from '../../src/data/source-data.ts';

/** The golden run files and what EXtra-data 1.24.0 said of them. */
export const GOLDEN = fileURLToPath(new URL('../golden/extra-data/', import.meta.url));

export interface ArrayFacts {
  readonly dtype: string | readonly (readonly [string, string])[];
  readonly shape: readonly number[];
  readonly sha256: string;
}

interface KeyFacts {
  readonly dtype: ArrayFacts['dtype'];
  readonly entry_shape: readonly number[];
  readonly shape: readonly number[];
  readonly path: string;
  readonly data_counts: readonly number[];
  readonly train_id_coordinates: { readonly values?: readonly number[]; readonly sha256: string };
  readonly units?: string;
  readonly files: readonly string[];
  readonly data?: ArrayFacts;
}

interface SourceFacts {
  readonly section: string;
  readonly index_groups: readonly string[];
  readonly canonical_name: string;
  readonly is_run_only: boolean;
  readonly aggregator: string;
  readonly device_class: string | null;
  readonly data_counts: Readonly<Record<string, readonly number[]>>;
  readonly legacy_name_for?: string;
  /** Absent for legacy names. */
  readonly keys?: Readonly<Record<string, KeyFacts>>;
  readonly run_values?: Readonly<Record<string, unknown>>;
}

export interface RunFacts {
  readonly train_ids: readonly number[];
  readonly control_sources: readonly string[];
  readonly instrument_sources: readonly string[];
  readonly legacy_sources: Readonly<Record<string, string>>;
  readonly n_files: number;
  readonly run_metadata: Readonly<Record<string, string | number>>;
  readonly train_timestamps_ns: readonly (number | null)[];
  readonly sources: Readonly<Record<string, SourceFacts>>;
}

// biome-ignore lint/suspicious/noExplicitAny: the shape of each expected file is its own.
export function readExpected(name: string): any {
  const path = `${GOLDEN}expected/${name}.json`;
  if (!existsSync(path)) throw new Error(`${path} is missing`);
  return JSON.parse(readFileSync(path, 'utf8'));
}

export function sha256(content: Uint8Array | string): string {
  return createHash('sha256').update(content).digest('hex');
}

/** Shape, dtype and hash of an array must be those expected. */
export function expectArray(array: NdArray, facts: ArrayFacts, label = ''): void {
  const isText = array.dtype === 'string';
  // Within a train the peer hands raw bytes out (|S3), elsewhere text.
  const dtype = isText ? (String(facts.dtype).startsWith('|S') ? facts.dtype : 'string') : typeStringOf(array.dtype);
  const hash = sha256(isText ? (array.data as string[]).join('\n') : bytesOf(array));
  expect({ label, dtype, shape: array.shape, sha256: hash }).toEqual({
    label,
    dtype: facts.dtype,
    shape: facts.shape,
    sha256: facts.sha256,
  });
}

/** Fields of structured data, packed again as records, must be those expected. */
export function expectFields(fields: ReadonlyMap<string, NdArray>, facts: ArrayFacts): void {
  const list = [...fields];
  const [, first] = list[0];
  const size = list.reduce((sum, [, array]) => sum + itemSizeOf(array.dtype), 0);
  const count = elementCount(first.shape);
  const packed = new Uint8Array(count * size);
  let offset = 0;
  for (const [, array] of list) {
    const bytes = bytesOf(array);
    const width = itemSizeOf(array.dtype);
    for (let i = 0; i < count; i++) packed.set(bytes.subarray(i * width, (i + 1) * width), i * size + offset);
    offset += width;
  }
  expect(list.map(([name, array]) => [name, typeStringOf(array.dtype)])).toEqual(facts.dtype);
  expect(first.shape).toEqual(facts.shape);
  expect(sha256(packed)).toBe(facts.sha256);
}

async function expectKey(key: KeyData, facts: KeyFacts): Promise<void> {
  const coordinates = key.trainIdCoordinates();
  expect(sha256(new Uint8Array(BigUint64Array.from(coordinates, BigInt).buffer))).toBe(
    facts.train_id_coordinates.sha256,
  );
  expect({
    path: key.path,
    entryShape: key.entryShape,
    shape: key.shape,
    counts: key.dataCounts(),
    units: key.units,
  }).toEqual({
    path: facts.path,
    entryShape: facts.entry_shape,
    shape: facts.shape,
    counts: facts.data_counts,
    // The peer says nothing of keys without units.
    units: facts.units ?? (key.attributes().has('unitSymbol') ? key.units : ''),
  });
  if (!facts.data) return;
  if (key.dtype === 'record') expectFields(await key.readFields(), facts.data);
  else expectArray(await key.read(), facts.data, key.key);
}

async function expectSource(source: SourceData, facts: SourceFacts, isPeerWrong: IsPeerWrong): Promise<void> {
  if (!facts.keys) {
    expect(source.canonicalName).toBe(facts.legacy_name_for);
    return;
  }
  expect(source.keys()).toEqual(Object.keys(facts.keys).sort());
  expect({
    section: source.kind === 'control' ? 'CONTROL' : 'INSTRUMENT',
    groups: source.indexGroups(),
    canonical: source.canonicalName,
    isRunOnly: source.isRunOnly,
    aggregator: source.aggregator,
    deviceClass: source.kind === 'control' ? source.deviceClass || null : null,
  }).toEqual({
    section: facts.section,
    groups: facts.index_groups,
    canonical: facts.canonical_name,
    isRunOnly: facts.is_run_only,
    aggregator: facts.aggregator,
    deviceClass: facts.device_class,
  });
  for (const [group, counts] of Object.entries(facts.data_counts)) {
    // A device with run values only has no index at all.
    if (!source.isRunOnly) expect(source.dataCounts(group), `${source.name} ${group}`).toEqual(counts);
  }
  for (const [name, keyFacts] of Object.entries(facts.keys)) {
    await expectKey(source.key(name), isPeerWrong(source.name, name) ? { ...keyFacts, data: undefined } : keyFacts);
  }
  if (!facts.run_values) return;
  const values = Object.fromEntries([...source.runValues()].map(([key, value]) => [key, plain(value)]));
  expect(values).toEqual(facts.run_values);
}

/** 64-bit integers of the JSON files are rounded to doubles by the parser; so are ours here. */
function plain(value: number | bigint | string | NdArray): unknown {
  if (typeof value === 'object') return Array.from(value.data as ArrayLike<number | bigint | string>, (v) => plain(v));
  return typeof value === 'bigint' ? Number(value) : value;
}

/** Whether the peer read wrong values of a key, so that they are checked elsewhere. */
export type IsPeerWrong = (source: string, key: string) => boolean;

/** Everything the peer said of a run. */
export async function expectRun(run: Run, facts: RunFacts, isPeerWrong: IsPeerWrong = () => false): Promise<void> {
  expect(run.trainIds).toEqual(facts.train_ids);
  expect(run.controlSources).toEqual(facts.control_sources);
  expect([...run.instrumentSources, ...run.legacySources.keys()].sort()).toEqual(facts.instrument_sources);
  expect(Object.fromEntries(run.legacySources)).toEqual(facts.legacy_sources);
  expect(run.files.length).toBe(facts.n_files);
  // These two differ between files and the peer takes any file.
  const metadata = Object.fromEntries(run.runMetadata());
  for (const [name, value] of Object.entries(facts.run_metadata)) {
    if (name !== 'sequenceNumber' && name !== 'updateDate') expect([name, metadata[name]]).toEqual([name, value]);
  }
  expect(Array.from(run.trainTimestamps(), (ns) => (ns === 0n ? null : Number(ns)))).toEqual(facts.train_timestamps_ns);
  for (const [name, source] of Object.entries(facts.sources)) await expectSource(run.source(name), source, isPeerWrong);
}
