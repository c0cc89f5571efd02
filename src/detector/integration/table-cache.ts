import type { Geometry } from '../geometry.ts';
import type { Experiment } from './experiment.ts';
import { buildIntegrationTable, type IntegrationOptions, type IntegrationTable } from './integration-table.ts';

/** Keeps the tables that were used last: setting one up takes as long as integrating a hundred frames. */
export class TableCache {
  readonly #tables = new Map<string, IntegrationTable>();
  readonly #most: number;
  readonly #names = new WeakMap<Geometry, number>();
  #nextName = 0;

  /** @param most tables to keep; one of a megapixel takes 8 to 30 MB */
  constructor(most = 4) {
    this.#most = most;
  }

  /**
   * The table of these settings, made unless it is kept. Masks, flats and darks are compared by their content.
   * @throws StateInvalid, ShapeMismatch as {@link buildIntegrationTable}
   */
  get(geometry: Geometry, experiment: Experiment, options: IntegrationOptions): IntegrationTable {
    const key = this.#keyOf(geometry, experiment, options);
    const table = this.#tables.get(key) ?? buildIntegrationTable(geometry, experiment, options);
    this.#tables.delete(key);
    this.#tables.set(key, table);
    for (const oldest of this.#tables.keys()) {
      if (this.#tables.size <= this.#most) break;
      this.#tables.delete(oldest);
    }
    return table;
  }

  #keyOf(geometry: Geometry, experiment: Experiment, options: IntegrationOptions): string {
    const name = this.#names.get(geometry) ?? this.#nextName++;
    this.#names.set(geometry, name);
    const { mask, flat, dark, ...plain } = options;
    const sorted = (record: object) => Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1));
    const arrays = [mask, flat, dark].map((array) => array && contentHash(array));
    return JSON.stringify([name, sorted(experiment), sorted(plain), arrays]);
  }
}

/** Two 32-bit hashes of an array's bytes. @source Fowler, Noll, Vo (FNV-1a), by words */
function contentHash({ buffer, byteOffset, byteLength }: Uint8Array | Float32Array): string {
  const words = byteOffset % 4 === 0 ? new Uint32Array(buffer, byteOffset, byteLength >> 2) : new Uint32Array(0);
  let [a, b] = [0x811c9dc5, 0x9747b28c];
  for (let i = 0; i < words.length; i++) {
    a = Math.imul(a ^ words[i], 0x01000193);
    b = Math.imul(b ^ (words[i] + i), 0x85ebca6b);
    b ^= b >>> 15;
  }
  for (const byte of new Uint8Array(buffer, byteOffset + 4 * words.length, byteLength - 4 * words.length)) {
    a = Math.imul(a ^ byte, 0x01000193);
    b = Math.imul(b ^ byte, 0x85ebca6b);
  }
  return `${byteLength}:${a >>> 0}:${b >>> 0}`;
}
