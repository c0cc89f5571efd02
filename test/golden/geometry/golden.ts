import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Reference data kept in this repository. */
export const golden = fileURLToPath(new URL('.', import.meta.url));
/** The whole reference data, beside the repository; holds other projects' geometry files, which are not copied. */
export const sharedGolden = fileURLToPath(new URL('../../../../shared/fixtures/geometry/', import.meta.url));
/** Whether {@link sharedGolden} is there. */
export const hasShared = existsSync(sharedGolden);

/** A reference array named by a case. */
export interface ArrayReference {
  readonly file: string;
  readonly shape: readonly number[];
}

/** A JSON document of the reference data. */
export function readCase<T>(root: string, path: string): T {
  return JSON.parse(readFileSync(root + path, 'utf8')) as T;
}

/** A raw little-endian float64 array. */
export function readDoubles(root: string, reference: ArrayReference): Float64Array {
  const bytes = readFileSync(root + reference.file);
  return new Float64Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
}

/** Largest absolute difference; NaN if the lengths differ, which no limit accepts. */
export function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return Number.NaN;
  let largest = 0;
  for (let i = 0; i < a.length; i++) {
    const difference = Math.abs(a[i] - b[i]);
    if (!(difference <= largest)) largest = difference;
  }
  return largest;
}
