import { expect } from 'vitest';
import { typeStringOf } from '../../src/core/dtype.ts';
import { isXfelError, type XfelErrorTag } from '../../src/core/errors.ts';
import { bytesOf, elementCount, type NdArray } from '../../src/core/ndarray.ts';
import { readExpected, sha256 } from './hdf5-run-expected.ts';

/** An entry of the expected answers in which we differ from the original on purpose. */
export interface Difference {
  /** Path of the entry, joined with ` > `. */
  readonly path: RegExp;
  /** Further condition on what the original said. */
  readonly expected?: RegExp;
  /** Why the original is wrong, or what it has that we have not. */
  readonly reason: string;
}

interface Mismatch {
  readonly path: string;
  readonly expected: unknown;
  readonly actual: unknown;
}

// biome-ignore lint/suspicious/noExplicitAny: the shape of each expected file is its own.
type Json = any;
type Path = readonly (string | number)[];

/**
 * One file of expected answers. Every entry must be compared once, or be listed as a difference with its reason, so that none
 * is forgotten; a listed difference that is none any more fails, too.
 */
export class GoldenAnswers {
  readonly root: Json;
  readonly #name: string;
  readonly #differences: readonly Difference[];
  readonly #used = new Set<Difference>();
  readonly #seen = new Set<string>();

  /** @param root given if not all of the file is meant */
  constructor(name: string, differences: readonly Difference[] = [], root?: Json) {
    this.#name = name;
    this.#differences = differences;
    this.root = root ?? readExpected(name);
  }

  get(...path: Path): Json {
    return path.reduce((value: Json, step) => value?.[step], this.root);
  }

  /** Compares what we say with what the original said at a path. */
  check(path: Path, actual: unknown): void {
    const mismatches: Mismatch[] = [];
    this.#compare(path.join(' > '), this.get(...path), actual, mismatches);
    const lines = mismatches.map((m) => `${m.path}: expected ${short(m.expected)}, got ${short(m.actual)}`);
    expect(lines, `${this.#name} ${path.join(' > ')}`).toEqual([]);
  }

  #compare(path: string, expected: unknown, actual: unknown, mismatches: Mismatch[]): void {
    if (isTree(expected) && isTree(actual)) {
      const at = (value: object, key: string) => (value as Record<string, unknown>)[key];
      for (const key of new Set([...Object.keys(expected), ...Object.keys(actual)])) {
        const below = path === '' ? key : `${path} > ${key}`;
        this.#compare(below, at(expected, key), at(actual, key), mismatches);
      }
      return;
    }
    for (const leaf of leavesOf(expected, path)) this.#seen.add(leaf);
    if (JSON.stringify(expected) === JSON.stringify(actual)) return;
    const known = this.#differences.find(
      (difference) => difference.path.test(path) && (difference.expected?.test(JSON.stringify(expected)) ?? true),
    );
    if (known) this.#used.add(known);
    else mismatches.push({ path, expected, actual });
  }

  /** Call last. @returns how many entries there are, and how many of the listed differences came up */
  expectComplete(): { readonly entries: number; readonly differences: number } {
    const all = leavesOf(this.root, '');
    const about = this.#differences;
    const missing = all.filter((leaf) => {
      if (this.#seen.has(leaf)) return false;
      const known = about.find((difference) => difference.path.test(leaf));
      if (known) this.#used.add(known);
      return !known;
    });
    expect(missing.slice(0, 20), `entries of ${this.#name} that nothing was compared with`).toEqual([]);
    const stale = about.filter((difference) => !this.#used.has(difference)).map(({ reason }) => reason);
    expect(stale, `differences of ${this.#name} that are none any more`).toEqual([]);
    return { entries: all.length, differences: this.#used.size };
  }
}

function short(value: unknown): string {
  return (JSON.stringify(value) ?? 'nothing').slice(0, 200);
}

/** Records, and lists with records in them; other lists are compared as one entry. */
function isTree(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  return Array.isArray(value) ? value.some((item) => typeof item === 'object' && item !== null) : true;
}

function leavesOf(value: unknown, path: string): string[] {
  if (!isTree(value)) return [path];
  return Object.entries(value).flatMap(([key, below]) => leavesOf(below, path === '' ? key : `${path} > ${key}`));
}

/** Facts of an array as the expected files have them; only those that `facts` has. */
export function arrayFacts(value: NdArray | ReadonlyMap<string, NdArray>, facts: Json): Json {
  const isRecord = value instanceof Map;
  const fields = isRecord ? [...(value as ReadonlyMap<string, NdArray>)] : [];
  const array = isRecord ? fields[0][1] : (value as NdArray);
  const at = (index: number) =>
    isRecord ? fields.map(([, field]) => plain(field.data[index])) : plain(array.data[index]);
  const all = () => Array.from({ length: elementCount(array.shape) }, (_, index) => at(index));
  const found: Json = {
    dtype: isRecord ? fields.map(([name, field]) => [name, typeStringOf(field.dtype)]) : typeName(array),
    shape: array.shape,
    sha256: isRecord ? recordHash(fields) : hashOf(array),
  };
  if (facts?.values) found.values = all();
  if (facts?.at) found.at = Object.fromEntries(Object.keys(facts.at).map((index) => [index, at(Number(index))]));
  if (facts?.first) found.first = Array.from({ length: facts.first.length }, (_, index) => at(index));
  if (facts?.nan_count !== undefined) found.nan_count = countNaN(array);
  return found;
}

function countNaN({ data }: NdArray): number {
  let count = 0;
  for (let i = 0; i < data.length; i++) if (Number.isNaN(data[i])) count++;
  return count;
}

function typeName(array: NdArray): string {
  return array.dtype === 'string' ? 'string' : typeStringOf(array.dtype);
}

function hashOf(array: NdArray): string {
  return sha256(array.dtype === 'string' ? (array.data as string[]).join('\n') : bytesOf(array));
}

function recordHash(fields: readonly (readonly [string, NdArray])[]): string {
  const rows = elementCount(fields[0][1].shape);
  const parts = fields.map(([, array]) => ({
    bytes: bytesOf(array),
    width: bytesOf(array).length / Math.max(1, rows),
  }));
  const packed = new Uint8Array(rows * parts.reduce((sum, { width }) => sum + width, 0));
  let offset = 0;
  for (let row = 0; row < rows; row++) {
    for (const { bytes, width } of parts) {
      packed.set(bytes.subarray(row * width, (row + 1) * width), offset);
      offset += width;
    }
  }
  return sha256(packed);
}

/** A value as JSON has it: 64-bit integers are rounded to doubles by its parser, so are ours here. */
export function plain(value: unknown): Json {
  if (typeof value === 'bigint') return Number(value);
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value);
  if (typeof value === 'object' && value !== null && 'data' in value)
    return Array.from((value as NdArray).data as ArrayLike<unknown>, plain);
  return value;
}

/** Which errors of the original each of ours stands for. */
const PEER_ERRORS: Partial<Readonly<Record<XfelErrorTag, readonly string[]>>> = {
  SourceNotFound: ['SourceNameError'],
  KeyNotFound: ['PropertyNameError'],
  TrainNotFound: ['TrainIDError'],
  AliasNotFound: ['AliasError'],
  MultiRun: ['MultiRunError'],
  RunNotFound: ['FileNotFoundError', 'Exception'],
  NoData: ['FileNotFoundError', 'NoDataError'],
  SelectionInvalid: ['ValueError', 'IndexError', 'TypeError'],
  ShapeMismatch: ['ValueError'],
  FormatInvalid: ['ValueError'],
  AliasConflict: ['ValueError'],
};

/** What a call says, or its error under the original's name; the words of messages are our own. */
export async function answerOf(call: () => unknown, facts: Json): Promise<Json> {
  try {
    return await call();
  } catch (error) {
    if (!isXfelError(error)) throw error;
    const isSame = PEER_ERRORS[error.tag]?.includes(facts?.error);
    return isSame ? { error: facts.error, message: facts.message } : { error: error.tag, message: error.message };
  }
}

/** As many warnings as the original gave; their words are our own. */
export function sameNumber(warnings: readonly string[], facts: readonly string[] | undefined): Json {
  return warnings.length === (facts?.length ?? 0) ? facts : warnings;
}
