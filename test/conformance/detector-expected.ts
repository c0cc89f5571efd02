import { expect } from 'vitest';
import { type DType, typeStringOf } from '../../src/core/dtype.ts';
import { isXfelError, type XfelErrorTag } from '../../src/core/errors.ts';
import { bytesOf, type NdArray } from '../../src/core/ndarray.ts';
import type { ModuleKey } from '../../src/data/detectors/module-key.ts';
import type { MultiModule } from '../../src/data/detectors/multi-module.ts';
import type { DetectorChoice } from '../../src/data/detectors/open-detector.ts';
import type { PulseSelection } from '../../src/data/detectors/pulse-selection.ts';
import type { LabelledArray } from '../../src/data/labelled-array.ts';
import { byId, byIndex } from '../../src/data/train-selection.ts';
import { type ArrayFacts, sha256 } from './hdf5-run-expected.ts';

/** What the peer's errors are here. */
const ERROR_TAGS: Readonly<Record<string, readonly XfelErrorTag[]>> = {
  NotImplementedError: ['SelectionInvalid'],
  RuntimeError: ['KeyNotFound'],
  SourceNameError: ['SourceNotFound'],
  ValueError: ['NoData', 'SourceNotFound', 'SelectionInvalid'],
};

type Slice = readonly [number | null, number | null, number | null];
export type Json = Readonly<Record<string, unknown>>;
export interface Result extends Partial<ArrayFacts> {
  readonly dims?: readonly string[];
  readonly coords?: Readonly<Record<string, readonly unknown[]>>;
  readonly error?: string;
  readonly parts?: readonly (readonly number[])[];
  readonly values?: readonly number[];
}
export interface Case {
  readonly call: string;
  readonly key?: string;
  readonly masked?: boolean;
  readonly mask?: { readonly mask_bits?: number | number[]; readonly masked_value?: number };
  readonly pulses?: Json;
  readonly trains?: { readonly slice: Slice };
  readonly kw?: Json;
}

export function slice([start, stop, step]: Slice) {
  return { start: start ?? undefined, stop: stop ?? undefined, step: step ?? undefined };
}

function pulsesOf(pulses: Json | undefined): PulseSelection | undefined {
  if (!pulses) return undefined;
  if (pulses.slice) return { by: 'index', ...slice(pulses.slice as Slice) };
  if (pulses.by_id) return byId(pulses.by_id as number[]);
  if (pulses.by_id_slice) return byId(slice(pulses.by_id_slice as Slice));
  if (pulses.int !== undefined) return pulses.int as number;
  return pulses.list as number[];
}

function plain(values: unknown): unknown[] {
  return Array.from(values as ArrayLike<number | bigint>, (value) =>
    typeof value === 'bigint' ? Number(value) : value,
  );
}

/** Names of what differs between an array and what the peer had. */
export function compareArray(array: NdArray | LabelledArray, expected: Result): string[] {
  const found: string[] = [];
  if (typeStringOf(array.dtype) !== expected.dtype) found.push('dtype');
  if (JSON.stringify(array.shape) !== JSON.stringify(expected.shape)) found.push('shape');
  if (sha256(bytesOf(array)) !== expected.sha256) found.push('sha256');
  if (!expected.dims) return found;
  const { dims, coords } = array as LabelledArray;
  if (JSON.stringify(dims) !== JSON.stringify(expected.dims)) found.push('dims');
  // The peer's `train_pulse` is a list of tuples of the coordinates beside it.
  const wanted = Object.entries(expected.coords ?? {}).filter(([name]) => name !== 'train_pulse');
  const ours = wanted.map(([name]) => [name, coords.has(name) ? plain(coords.get(name)) : undefined]);
  if (JSON.stringify(ours) !== JSON.stringify(wanted)) found.push('coords');
  return found;
}

export function readOptions({ kw = {} }: Case) {
  return {
    fillValue: kw.fill_value === 'NaN' ? Number.NaN : (kw.fill_value as number | undefined),
    moduleGaps: kw.module_gaps as boolean | undefined,
    roi: kw.roi as (number | [number, number])[] | undefined,
    astype: kw.astype as DType | undefined,
  };
}

async function chosenKey(detector: MultiModule, { masked, mask, key, pulses }: Case): Promise<ModuleKey> {
  const selection = pulsesOf(pulses);
  if (masked)
    return detector.maskedData({ maskBits: mask?.mask_bits, maskedValue: mask?.masked_value, key, pulses: selection });
  const whole = detector.key(key as string);
  return selection === undefined ? whole : whole.selectPulses(selection);
}

/** What differs in one call of the peer. */
export async function runCase(detector: MultiModule, c: Case, result: Result): Promise<string[]> {
  const options = readOptions(c);
  switch (c.call) {
    case 'ndarray':
      return compareArray(await (await chosenKey(detector, c)).read(options), result);
    case 'get_array':
    case 'dask':
    case 'xarray': {
      const unstackPulses = c.call === 'get_array' && c.kw?.unstack_pulses !== false;
      const subtrainIndex = c.kw?.subtrain_index as 'cellId' | undefined;
      const key = await chosenKey(detector, c);
      return compareArray(await key.readLabelled({ ...options, unstackPulses, subtrainIndex }), result);
    }
    case 'info':
      return compareInfo(detector.key(c.key as string), result as Json);
    case 'pulse_ids':
      return sameIf('values', await (await chosenKey(detector, c)).pulseIdCoordinates(), result.values);
    case 'cell_ids':
      return sameIf('values', await (await chosenKey(detector, c)).cellIdCoordinates(), result.values);
    case 'availability':
      return compareArray(detector.dataAvailability({ moduleGaps: options.moduleGaps }), result);
    case 'split': {
      const { parts, trains_per_part: trainsPerPart, frames_per_part: framesPerPart } = c.kw as Record<string, number>;
      const ours = detector.splitTrains({ parts, trainsPerPart, framesPerPart });
      return sameIf(
        'parts',
        ours.map(({ trainIds }) => trainIds),
        result.parts,
      );
    }
    default:
      throw new Error(`no check for ${c.call}`);
  }
}

function compareInfo(key: ModuleKey, expected: Json): string[] {
  const ours: Json = {
    shape: key.shape,
    buffer_shape_gaps: key.bufferShape({ moduleGaps: true }),
    dtype: typeStringOf(key.dtype),
    ndim: key.ndim,
    dimensions: key.dimensions(),
    modules: key.modules,
    train_id_coordinates: key.trainIdCoordinates(),
  };
  expect(Object.keys(ours).sort()).toEqual(Object.keys(expected).sort());
  const wanted = { ...expected, train_id_coordinates: (expected.train_id_coordinates as Result).values };
  return Object.keys(ours).flatMap((name) => sameIf(name, ours[name], (wanted as Json)[name]));
}

function sameIf(name: string, ours: unknown, expected: unknown): string[] {
  return JSON.stringify(ours) === JSON.stringify(expected) ? [] : [name];
}

/** The tag of the error that `call` fails with, which must be what the peer's error is here. */
export async function expectError(call: () => unknown, name: string): Promise<void> {
  const tag = await (async () => call())().then(
    () => 'no error',
    (error: unknown) => (isXfelError(error) ? error.tag : String(error)),
  );
  expect(ERROR_TAGS[name]).toContain(tag);
}

interface TrainFacts {
  readonly train_id: number;
  readonly data?: Readonly<Record<string, Result>>;
  readonly dims?: Readonly<Record<string, readonly string[]>>;
  readonly shapes?: Readonly<Record<string, readonly number[]>>;
}

async function checkTrains(detector: MultiModule, expected: readonly TrainFacts[], pulses?: PulseSelection) {
  const left = [...expected];
  for await (const { trainId, data } of detector.trains({ pulses })) {
    const facts = left.shift();
    if (!facts) break;
    expect(trainId).toBe(facts.train_id);
    expect([...data.keys()].sort()).toEqual(Object.keys(facts.data ?? facts.dims ?? {}).sort());
    for (const [key, array] of data) {
      if (facts.data) expect([key, compareArray(array, facts.data[key])]).toEqual([key, []]);
      else expect([key, array.dims, array.shape]).toEqual([key, facts.dims?.[key], facts.shapes?.[key]]);
      expect([key, array.presence.data.every((isThere) => isThere === 1)]).toEqual([key, true]);
    }
  }
  expect(left).toEqual([]);
}

/** What differs in a field that describes the detector. */
export async function checkField(detector: MultiModule, field: string, expected: unknown): Promise<string[]> {
  switch (field) {
    case 'repr':
      return sameIf('value', String(detector), expected);
    case 'detector_name':
      return sameIf('value', detector.name, expected);
    case 'train_ids':
      return sameIf('value', detector.trainIds, expected);
    case 'modules':
      return sameIf('value', Object.fromEntries(detector.sources), expected);
    case 'n_modules':
      return sameIf('value', detector.moduleCount, expected);
    case 'module_shape':
      return sameIf('value', detector.moduleShape, expected);
    case 'frame_counts':
      return sameIf('value', detector.frameCounts, expected);
    case 'train_ids_perframe':
      return sameIf('value', detector.trainIdsPerFrame, expected);
    case 'frames_per_train': {
      const { value, error } = expected as { value?: number; error?: string };
      if (error) await expectError(() => detector.framesPerTrain, error);
      else expect(detector.framesPerTrain).toBe(value);
      return [];
    }
    case 'cell_ids': {
      // The peer has those of the first train only.
      const { values } = expected as { values: number[] };
      return sameIf('value', (await detector.cellIds()).slice(0, values.length), values);
    }
    case 'trains':
      await checkTrains(detector, expected as TrainFacts[]);
      return [];
    case 'trains_pulses':
      await checkTrains(detector, expected as TrainFacts[], byIndex({ stop: 2 }));
      return [];
    case 'trains_partial': {
      const ids: number[] = [];
      for await (const { trainId } of detector.trains({ requireAll: false, keys: ['image.cellId'] })) ids.push(trainId);
      return sameIf('value', ids, expected);
    }
    default:
      throw new Error(`no check for the field ${field}`);
  }
}

export function choiceOf(kw: Json): DetectorChoice {
  const { raw, min_modules, parallel_gain, n_modules, first_modno, ...rest } = kw as Record<string, never>;
  expect(rest).toEqual({});
  return {
    isRaw: raw,
    minModules: min_modules,
    isParallelGain: parallel_gain,
    moduleCount: n_modules,
    firstModuleNumber: first_modno,
  };
}
