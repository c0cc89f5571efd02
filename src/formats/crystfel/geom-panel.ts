import { type GeomLine, type Report, readNumber, shorten } from './geom-lines.ts';

/** A direction or position (x, y, z). */
export type Vector = readonly [number, number, number];
/** What an axis of the data array is: events, slow scan, fast scan, or a fixed index. */
export type GeomDimension = '%' | 'ss' | 'fs' | number;

/** A mask in the data file: a pixel is bad if (v & goodBits) != goodBits or (v & badBits) != 0. */
export interface GeomMask {
  /** 0 to 7. */
  readonly index: number;
  readonly data: string | null;
  readonly file: string | null;
  readonly goodBits: number;
  readonly badBits: number;
}

/** A rectangle of pixels, with everything that it inherited. */
export interface GeomPanel {
  readonly name: string;
  /** Line that mentions the panel first; 0 where the file has no lines. */
  readonly line: number;
  /** Pixels in the data array, inclusive. */
  readonly minFs: number;
  readonly maxFs: number;
  readonly minSs: number;
  readonly maxSs: number;
  /** Outer corner of the first pixel, in pixels of this panel. */
  readonly cornerX: number;
  readonly cornerY: number;
  /** Added to the camera length, m. */
  readonly coffset: number;
  /** Step of one pixel, in pixels. */
  readonly fs: Vector;
  readonly ss: Vector;
  /** Pixels per metre. */
  readonly res: number;
  readonly gain: { readonly unit: 'adu_per_eV' | 'adu_per_photon'; readonly value: number } | null;
  /** Infinity where the file does not tell. */
  readonly maxAdu: number;
  readonly isNotIndexed: boolean;
  readonly edgePixels: number;
  readonly flags: readonly { readonly kind: 'lessthan' | 'morethan' | 'equal'; readonly value: number }[];
  readonly saturationMap: string | null;
  readonly saturationMapFile: string | null;
  readonly data: string;
  /** Axes of the data array, slowest first. */
  readonly dims: readonly GeomDimension[];
  readonly masks: readonly GeomMask[];
}

interface DraftMask {
  data: string | null;
  file: string | null;
  goodBits: number;
  badBits: number;
  line: number;
}

/** A panel whose lines are still being read. */
export interface DraftPanel {
  numbers: Map<string, number>;
  fs: Vector | null;
  ss: Vector | null;
  gain: GeomPanel['gain'];
  isNotIndexed: boolean;
  flags: GeomPanel['flags'];
  texts: Map<string, string>;
  dims: (GeomDimension | undefined)[];
  masks: Map<number, DraftMask>;
  /** Keys with a value that was refused: they are not missing as well. */
  refused: Set<string>;
}

const PIXEL_RANGE = ['min_fs', 'max_fs', 'min_ss', 'max_ss'];
const NUMBERS = [...PIXEL_RANGE, 'corner_x', 'corner_y', 'coffset', 'res', 'max_adu', 'mask_edge_pixels'];
const REQUIRED = [...PIXEL_RANGE, 'corner_x', 'corner_y', 'res'];
const TEXTS = ['data', 'saturation_map', 'saturation_map_file'];
const MAX_FLAGS = 16;
const MAX_DIMS = 16;

/** What panels start from before any line is read. */
export function newDraftPanel(): DraftPanel {
  return {
    numbers: new Map(),
    fs: null,
    ss: null,
    gain: null,
    isNotIndexed: false,
    flags: [],
    texts: new Map(),
    dims: ['ss', 'fs'],
    masks: new Map(),
    refused: new Set(),
  };
}

/** The copy that a panel inherits when it is first mentioned. */
export function copyDraftPanel(draft: DraftPanel): DraftPanel {
  return {
    ...draft,
    numbers: new Map(draft.numbers),
    texts: new Map(draft.texts),
    dims: [...draft.dims],
    masks: new Map([...draft.masks].map(([n, mask]) => [n, { ...mask }])),
    refused: new Set(draft.refused),
  };
}

/**
 * Applies one line to a panel (or to the defaults).
 * @returns false if the key is none of a panel
 */
export function setPanelField(draft: DraftPanel, { line, key, value }: GeomLine, report: Report): boolean {
  const refuse = (message: string) => {
    draft.refused.add(key);
    report(line, 'fatal', message);
  };
  const number = () => {
    const read = readNumber(value);
    if (read === undefined) refuse(`${key} = "${shorten(value)}" must be a finite number.`);
    return read;
  };
  if (NUMBERS.includes(key)) {
    const read = number();
    // CrystFEL cuts pixel ranges to whole numbers.
    if (read !== undefined) draft.numbers.set(key, PIXEL_RANGE.includes(key) ? Math.trunc(read) : read);
    return true;
  }
  if (TEXTS.includes(key)) {
    draft.texts.set(key, value);
    return true;
  }
  if (key === 'fs' || key === 'ss') {
    const vector = readVector(value);
    if (vector) draft[key] = vector;
    else refuse(`${key} = "${shorten(value)}" must be a sum such as +0.5x -1.0y, without exponents.`);
    return true;
  }
  if (key === 'adu_per_eV' || key === 'adu_per_photon') {
    const read = number();
    if (read !== undefined) draft.gain = { unit: key, value: read };
    return true;
  }
  if (key === 'no_index') {
    draft.isNotIndexed = value === 'true' || value === '1';
    return true;
  }
  const flag = /^flag_(lessthan|morethan|equal)$/.exec(key);
  if (flag) {
    const read = number();
    const kind = flag[1] as 'lessthan' | 'morethan' | 'equal';
    if (draft.flags.length >= MAX_FLAGS) report(line, 'error', `A panel has at most ${MAX_FLAGS} flag_ values.`);
    else if (read !== undefined) draft.flags = [...draft.flags, { kind, value: Math.trunc(read) }];
    return true;
  }
  const dim = /^dim(\d+)$/.exec(key);
  if (dim) {
    setDimension(draft, Number(dim[1]), value, line, report);
    return true;
  }
  return setMask(draft, key, value, line, report);
}

/** Sum of terms such as `-0.5x + 0.25 y - z`; undefined if it is something else. */
export function readVector(text: string): Vector | undefined {
  const compact = text.replace(/\s+/g, '');
  // `\d+(\.\d*)?`, not `\d+\.?\d*`: two runs of digits side by side take quadratic time on a long line.
  if (!/^([+-]?(\d+(\.\d*)?|\.\d+)?[xyz])+$/.test(compact)) return undefined;
  const vector: [number, number, number] = [0, 0, 0];
  for (const [, sign, digits, axis] of compact.matchAll(/([+-]?)(\d+(?:\.\d*)?|\.\d+)?([xyz])/g)) {
    vector['xyz'.indexOf(axis)] += (sign === '-' ? -1 : 1) * (digits === undefined ? 1 : Number(digits));
  }
  return vector.every(Number.isFinite) ? vector : undefined;
}

function setDimension(draft: DraftPanel, index: number, value: string, line: number, report: Report): void {
  if (index >= MAX_DIMS) {
    report(line, 'error', `dim${index}: an array has at most ${MAX_DIMS} axes.`);
    return;
  }
  if (value === '%' || value === 'ss' || value === 'fs') draft.dims[index] = value;
  else if (/^\d{1,9}$/.test(value)) draft.dims[index] = Number(value);
  else report(line, 'fatal', `dim${index} = "${shorten(value)}" must be %, ss, fs or a whole number.`);
}

/** `maskN_data`, `maskN_file`, `maskN_goodbits`, `maskN_badbits`, and the old names of mask 0. */
function setMask(draft: DraftPanel, key: string, value: string, line: number, report: Report): boolean {
  const match = /^mask(?:([0-7])_(data|file|goodbits|badbits)|_(file|good|bad))?$/.exec(key);
  if (!match) return false;
  const index = Number(match[1] ?? 0);
  const part = match[2] ?? match[3] ?? 'data';
  const mask = draft.masks.get(index) ?? { data: null, file: null, goodBits: 0, badBits: 0, line };
  mask.line = line;
  draft.masks.set(index, mask);
  if (part === 'data') {
    mask.data = value === '' ? null : value;
    if (value !== '' && !value.startsWith('/'))
      report(line, 'error', `${key} = "${shorten(value)}" must start with "/".`);
  } else if (part === 'file') mask.file = value;
  else {
    const bits = /^(0[xX][0-9a-fA-F]+|\d+)$/.test(value) ? Number(value) : Number.NaN;
    if (!(bits < 2 ** 32))
      report(line, 'fatal', `${key} = "${shorten(value)}" must be 32 bits, such as 0xffff or 65535.`);
    else if (part.startsWith('good')) mask.goodBits = bits;
    else mask.badBits = bits;
  }
  return true;
}

/** Checks a panel when all is read, and closes it; undefined if it cannot be used. */
export function finishPanel(name: string, line: number, draft: DraftPanel, report: Report): GeomPanel | undefined {
  const { numbers, texts } = draft;
  const missing = [...REQUIRED.filter((key) => !numbers.has(key)), ...(['fs', 'ss'] as const).filter((k) => !draft[k])];
  if (missing.length > 0) {
    // A refused value was reported where it stands; "has no fs" beside it would hide the cause.
    const absent = missing.filter((key) => !draft.refused.has(key));
    if (absent.length > 0) report(line, 'fatal', `Panel ${name} has no ${absent.join(', ')}: every panel needs that.`);
    return undefined;
  }
  const of = (key: string, fallback = 0) => numbers.get(key) ?? fallback;
  if (of('max_fs') < of('min_fs') || of('max_ss') < of('min_ss') || of('min_fs') < 0 || of('min_ss') < 0) {
    report(
      line,
      'fatal',
      `Panel ${name} has an empty or negative pixel range: max_fs and max_ss are the last pixels, counted from 0.`,
    );
    return undefined;
  }
  if (!(of('res') > 0)) {
    report(line, 'fatal', `Panel ${name}: res = ${of('res')} must be pixels per metre, above 0.`);
    return undefined;
  }
  if (!spanArea(draft.fs as Vector, draft.ss as Vector)) {
    report(line, 'fatal', `Panel ${name} has pixels without area: fs and ss must have a length and go different ways.`);
    return undefined;
  }
  const data = texts.get('data') ?? '/data/data';
  const masks = finishMasks(name, data, draft, report);
  checkDimensions(name, line, draft.dims, report);
  return {
    name,
    line,
    minFs: of('min_fs'),
    maxFs: of('max_fs'),
    minSs: of('min_ss'),
    maxSs: of('max_ss'),
    cornerX: of('corner_x'),
    cornerY: of('corner_y'),
    coffset: of('coffset'),
    fs: draft.fs as Vector,
    ss: draft.ss as Vector,
    res: of('res'),
    gain: draft.gain,
    maxAdu: of('max_adu', Number.POSITIVE_INFINITY),
    isNotIndexed: draft.isNotIndexed,
    edgePixels: of('mask_edge_pixels'),
    flags: draft.flags,
    saturationMap: texts.get('saturation_map') ?? null,
    saturationMapFile: texts.get('saturation_map_file') ?? null,
    data,
    dims: Array.from(draft.dims, (dim) => dim ?? '%'),
    masks,
  };
}

function spanArea([aX, aY, aZ]: Vector, [bX, bY, bZ]: Vector): boolean {
  const area = Math.hypot(aY * bZ - aZ * bY, aZ * bX - aX * bZ, aX * bY - aY * bX);
  return area > 1e-6 * Math.hypot(aX, aY, aZ) * Math.hypot(bX, bY, bZ);
}

function finishMasks(name: string, data: string, draft: DraftPanel, report: Report): GeomMask[] {
  const masks: GeomMask[] = [];
  for (const [index, mask] of [...draft.masks].sort(([a], [b]) => a - b)) {
    const { line, ...rest } = mask;
    if (mask.data === null && (mask.goodBits !== 0 || mask.badBits !== 0)) {
      report(line, 'error', `Panel ${name}: mask ${index} has bits but no mask${index}_data.`);
    }
    if (mask.data !== null && placeholders(mask.data) > placeholders(data)) {
      report(line, 'error', `Panel ${name}: mask ${index} has more "%" in its path than data = ${shorten(data)}.`);
    }
    if (mask.data !== null || mask.file !== null) masks.push({ index, ...rest });
  }
  return masks;
}

function placeholders(path: string): number {
  return path.split('/').filter((part) => part === '%').length;
}

function checkDimensions(name: string, line: number, dims: DraftPanel['dims'], report: Report): void {
  const slow = dims.indexOf('ss');
  const fast = dims.indexOf('fs');
  const isOnce = dims.lastIndexOf('ss') === slow && dims.lastIndexOf('fs') === fast;
  if (slow < 0 || fast < 0 || !isOnce) report(line, 'error', `Panel ${name}: dimN must name ss and fs once each.`);
  else if (fast < slow) report(line, 'error', `Panel ${name}: ss must come before fs in dimN.`);
  // Array.from: a hole counts as undefined, which `some` would pass over.
  if (Array.from(dims).some((dim) => dim === undefined)) report(line, 'error', `Panel ${name}: dimN has a gap.`);
  if (dims.filter((dim) => dim === '%').length > 1) report(line, 'error', `Panel ${name}: dimN has more than one "%".`);
}
