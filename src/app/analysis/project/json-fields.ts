import { FormatInvalid } from '../../../core/errors.ts';

/** Limits of a number. */
interface Limits {
  readonly low?: number;
  readonly high?: number;
  readonly isWhole?: boolean;
}

/** An object of a JSON file, whose fields are checked as they are read: what is wrong is told with its place. */
export class JsonFields {
  readonly #record: Readonly<Record<string, unknown>>;
  /** Name of the file. */
  readonly path: string;
  readonly #place: string;

  /** @param place of the object in the file, `configurations[1].settings` @throws FormatInvalid if it is no object */
  constructor(value: unknown, path: string, place = '') {
    this.path = path;
    this.#place = place;
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw this.#fail('', 'an object');
    this.#record = value as Readonly<Record<string, unknown>>;
  }

  /** Where a field is, for messages. */
  place(key: string): string {
    return this.#place === '' ? key : key === '' ? this.#place : `${this.#place}.${key}`;
  }

  value(key: string): unknown {
    return this.#record[key];
  }

  /** @throws FormatInvalid if it is none, or beyond the limits */
  number(key: string, limits: Limits = {}): number {
    return this.#number(this.#record[key], key, limits);
  }

  /** A number or null. @throws FormatInvalid */
  numberOrNull(key: string, limits: Limits = {}): number | null {
    return this.#record[key] === null ? null : this.number(key, limits);
  }

  /** [low, high], or null. @throws FormatInvalid */
  rangeOrNull(key: string): readonly [number, number] | null {
    const value = this.#record[key];
    if (value === null) return null;
    if (!Array.isArray(value) || value.length !== 2) throw this.#fail(key, 'two numbers, or null');
    const [low, high] = [this.#number(value[0], key, {}), this.#number(value[1], key, {})];
    if (low >= high) throw this.#fail(key, 'two numbers, the smaller one first');
    return [low, high];
  }

  /** @throws FormatInvalid if it is no text, or longer */
  text(key: string, longest = 1000): string {
    const value = this.#record[key];
    if (typeof value !== 'string' || value.length > longest)
      throw this.#fail(key, `text of at most ${longest} letters`);
    return value;
  }

  /** A text or null. @throws FormatInvalid */
  textOrNull(key: string, longest = 1000): string | null {
    return this.#record[key] === null ? null : this.text(key, longest);
  }

  /** @throws FormatInvalid if it is neither true nor false */
  flag(key: string): boolean {
    const value = this.#record[key];
    if (typeof value !== 'boolean') throw this.#fail(key, 'true or false');
    return value;
  }

  /** @throws FormatInvalid if it is none of them */
  oneOf<T extends string>(key: string, words: readonly T[]): T {
    const found = words.find((each) => each === this.#record[key]);
    if (found === undefined) throw this.#fail(key, `one of ${words.join(', ')}`);
    return found;
  }

  /** @throws FormatInvalid if it is no object */
  fields(key: string): JsonFields {
    return new JsonFields(this.#record[key], this.path, this.place(key));
  }

  /** An object or null. @throws FormatInvalid */
  fieldsOrNull(key: string): JsonFields | null {
    return this.#record[key] === null ? null : this.fields(key);
  }

  /** Objects of a list. @throws FormatInvalid if it is none, or longer */
  list(key: string, most: number): readonly JsonFields[] {
    const value = this.#record[key];
    if (!Array.isArray(value) || value.length > most) throw this.#fail(key, `a list of at most ${most}`);
    return value.map((each, i) => new JsonFields(each, this.path, `${this.place(key)}[${i}]`));
  }

  #number(value: unknown, key: string, { low = -1e300, high = 1e300, isWhole = false }: Limits): number {
    const isRight = typeof value === 'number' && value >= low && value <= high && (!isWhole || Number.isInteger(value));
    if (!isRight) {
      const kind = isWhole ? 'a whole number' : 'a number';
      throw this.#fail(key, low === -1e300 && high === 1e300 ? kind : `${kind} from ${low} to ${high}`);
    }
    return value;
  }

  #fail(key: string, wanted: string): FormatInvalid {
    const field = this.place(key) || 'the whole file';
    return new FormatInvalid(`${this.path}: ${field} must be ${wanted}.`, { path: this.path, field });
  }
}
