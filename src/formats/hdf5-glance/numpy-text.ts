import { decodeFloat16, isFloatDType, lanesOf } from '../../core/dtype.ts';
import { elementCount, type NdArray } from '../../core/ndarray.ts';

/** How to print an array. */
export interface ArrayTextOptions {
  /** Characters of a line. */
  readonly width?: number;
  /** Most digits behind the point. */
  readonly precision?: number;
}

/** Elements at each end of a list that is not shown in full. */
const EDGE = 3;

/**
 * An array as numpy prints it: columns aligned, floats with as few digits as tell them apart, all with the point in one place.
 * Texts stand in quotes.
 * @source numpy array2string
 */
export function arrayText(array: NdArray, options: ArrayTextOptions = {}): string {
  return layOut(array.shape, elementTexts(array, options.precision ?? 8), options.width ?? 75);
}

/** Records as numpy prints them: each field of all records aligned. @param fields by name, all of `shape` and more axes */
export function recordsText(
  fields: ReadonlyMap<string, NdArray>,
  shape: readonly number[],
  options: ArrayTextOptions = {},
): string {
  const count = elementCount(shape);
  const columns = [...fields.values()].map((field) => {
    const texts = elementTexts(field, options.precision ?? 8);
    const inner = field.shape.slice(shape.length);
    const each = elementCount(inner);
    return Array.from({ length: count }, (_, i) => layOut(inner, texts.slice(i * each, (i + 1) * each), Infinity));
  });
  const records = Array.from({ length: count }, (_, i) => `(${columns.map((column) => column[i]).join(', ')})`);
  return layOut(shape, records, options.width ?? 75);
}

/** A list of more than `threshold` elements by its ends: `[0 1 2 ... 97 98 99]`. */
export function listText(array: NdArray, threshold: number, options: ArrayTextOptions = {}): string {
  const length = array.data.length / lanesOf(array.dtype);
  if (array.shape.length !== 1 || length <= threshold) return arrayText(array, options);
  const ends = [...Array(EDGE).keys(), ...Array.from({ length: EDGE }, (_, i) => length - EDGE + i)];
  const data = ends.map((i) => array.data[i]) as unknown as NdArray['data'];
  const texts = elementTexts({ ...array, shape: [2 * EDGE], data }, options.precision ?? 8);
  const shown = [...texts.slice(0, EDGE), '...', ...texts.slice(EDGE)];
  return layOut([shown.length], shown, options.width ?? 75);
}

/** Each element's text, all of one width. */
function elementTexts(array: NdArray, precision: number): string[] {
  const { dtype, data, shape } = array;
  if (dtype === 'string') return Array.from(data as readonly string[], quoted);
  if (lanesOf(dtype) === 2) {
    const lane = (start: number) =>
      floatTexts(
        Array.from({ length: data.length / 2 }, (_, i) => (data as Float64Array)[2 * i + start]),
        dtype === 'complex64',
        precision,
      );
    const imaginary = lane(1).map((text) => (text.trim().startsWith('-') ? text.trim() : `+${text.trim()}`));
    const width = imaginary.reduce((most, text) => Math.max(most, text.length), 0);
    return lane(0).map((text, i) => `${text}${imaginary[i]}j`.padEnd(text.length + width + 1));
  }
  if (isFloatDType(dtype)) {
    const numbers = Array.from(data as Float64Array, (value) => (dtype === 'float16' ? decodeFloat16(value) : value));
    return floatTexts(numbers, dtype !== 'float64', precision);
  }
  const texts = Array.from(data as ArrayLike<number | bigint>, (value) =>
    dtype === 'bool' ? (value ? 'True' : 'False') : String(value),
  );
  // A single True stands without the space that makes room for False.
  const width = dtype === 'bool' && shape.length > 0 ? 5 : texts.reduce((most, text) => Math.max(most, text.length), 0);
  return texts.map((text) => text.padStart(width));
}

/** Text as Python writes it in code. */
export function quoted(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  const escaped = text
    .replaceAll('\\', '\\\\')
    .replaceAll('\n', '\\n')
    .replaceAll('\r', '\\r')
    .replaceAll('\t', '\\t')
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what has to be made visible
    .replace(/[\u0000-\u001f\u007f]/g, (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`);
  return quote + (quote === "'" ? escaped.replaceAll("'", "\\'") : escaped) + quote;
}

function floatTexts(values: readonly number[], isSingle: boolean, precision: number): string[] {
  const finite = values.filter((value) => Number.isFinite(value));
  const sizes = finite.filter((value) => value !== 0).map(Math.abs);
  const most = sizes.reduce((a, b) => Math.max(a, b), 0);
  const least = sizes.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  const isScientific = sizes.length > 0 && (most >= 1e8 || least < 1e-4 || most / least > 1000);
  const split = finite.map((value) => {
    const [whole, fraction = ''] = (isScientific ? scientific : positional)(value, isSingle, precision).split('.');
    return { whole, fraction };
  });
  const odd = values.filter((value) => !Number.isFinite(value)).map(oddText);
  const right = split.reduce((n, { fraction }) => Math.max(n, fraction.split('e')[0].length), 0);
  const tail = isScientific
    ? split.reduce((n, { fraction }) => Math.max(n, (fraction.split('e')[1] ?? '').length + 1), 0)
    : 0;
  const widest = odd.reduce((n, text) => Math.max(n, text.length), 0);
  const left = Math.max(
    split.reduce((n, { whole }) => Math.max(n, whole.length), 0),
    widest - right - 1 - tail,
  );
  let at = 0;
  return values.map((value) => {
    if (!Number.isFinite(value)) return oddText(value).padStart(left + 1 + right + tail);
    const { whole, fraction } = split[at++];
    if (!isScientific) return `${whole.padStart(left)}.${fraction.padEnd(right)}`;
    // Room that other numbers need is filled with the digits that follow.
    const [digits = ''] = value
      .toExponential(right)
      .replace(/^-?\d\.?/, '')
      .split('e');
    return `${whole.padStart(left)}.${digits}e${fraction.split('e')[1]}`;
  });
}

function oddText(value: number): string {
  if (Number.isNaN(value)) return 'nan';
  return value > 0 ? 'inf' : '-inf';
}

/** Fewest significant digits that are read back as the same number. */
function shortest(value: number, isSingle: boolean): string {
  if (!isSingle) return value.toExponential();
  for (let digits = 0; digits < 9; digits++) {
    const text = value.toExponential(digits);
    if (Math.fround(Number(text)) === Math.fround(value)) return text;
  }
  return value.toExponential();
}

/** `15.25`, `17.`: no more than `precision` digits behind the point. */
function positional(value: number, isSingle: boolean, precision: number): string {
  const [mantissa, exponent] = shortest(value, isSingle).split('e');
  const digits = Math.max(0, (mantissa.split('.')[1] ?? '').length - Number(exponent));
  const text =
    digits > precision
      ? value.toFixed(precision).replace(/0+$/, '')
      : Number(`${mantissa}e${exponent}`).toFixed(digits);
  const signed = Object.is(value, -0) ? `-${text}` : text;
  return signed.includes('.') ? signed : `${signed}.`;
}

/** `1.5e-05`, `1.e+10` */
function scientific(value: number, isSingle: boolean, precision: number): string {
  let [mantissa, exponent] = shortest(value, isSingle).split('e');
  if ((mantissa.split('.')[1] ?? '').length > precision)
    [mantissa, exponent] = value
      .toExponential(precision)
      .replace(/\.?0+(?=e)/, '')
      .split('e');
  const signed = Object.is(value, -0) ? `-${mantissa}` : mantissa;
  const power = Number(exponent);
  const two = String(Math.abs(power)).padStart(2, '0');
  return `${signed.includes('.') ? signed : `${signed}.`}e${power < 0 ? '-' : '+'}${two}`;
}

/** Nested brackets around texts in C order, lines broken at a width. */
function layOut(shape: readonly number[], texts: readonly string[], width: number): string {
  const level = (axis: number, start: number, size: number, indent: string, room: number): string => {
    if (axis === shape.length) return texts[start];
    const length = shape[axis];
    const step = length > 0 ? size / length : 0;
    if (axis === shape.length - 1) return `[${wrap(texts.slice(start, start + length), indent, room - 1)}]`;
    const parts = Array.from({ length }, (_, i) => level(axis + 1, start + i * step, step, `${indent} `, room - 1));
    return `[${parts.join(`${'\n'.repeat(shape.length - axis - 1)}${indent}`)}]`;
  };
  return level(0, 0, texts.length, ' ', width);
}

function wrap(words: readonly string[], indent: string, room: number): string {
  let done = '';
  let line = indent;
  for (const [i, word] of words.entries()) {
    if (line.length + word.length > room && line.length > indent.length) {
      done += `${line.trimEnd()}\n`;
      line = indent;
    }
    line += i < words.length - 1 ? `${word} ` : word;
  }
  return (done + line).slice(indent.length);
}
