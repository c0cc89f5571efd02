import { KeyNotFound, NoData, SelectionInvalid, SourceNotFound } from '../../../core/errors.ts';
import { type NdArray, ndarray } from '../../../core/ndarray.ts';
import { BUNCH_RATE } from '../../bunch-rate.ts';
import type { EntryRoi, KeyData } from '../../key-data.ts';
import { type LabelledArray, labelled } from '../../labelled-array.ts';
import type { RaggedArray } from '../../ragged-array.ts';
import type { Run } from '../../run.ts';
import { type BaselineOptions, DEFAULT_BASELINE, subtractBaseline } from './baseline.ts';
import { type Edge, type EdgeOptions, findEdges } from './edges.ts';

/** Data of digitizer channels by what they are; names of keys in the files. */
export type DigitizerQuantity = 'traces' | 'integrals' | 'peaks' | 'baseline';

/**
 * ADQ digitizers (ADQ412, ADQ14): all channels in one output, `digitizers.channel_<board>_<letter>`.
 * @source European XFEL digitizer devices, as in EXtra's AdqRawChannel; `apd.pulseIntegral` as recorded at the instruments
 */
const ADQ_SOURCE = /\/ADC\/\d+:network$/;
const ADQ_KEY = /^digitizers\.channel_(\d+_[A-Z])\.(.+)$/;
const ADQ_QUANTITIES: Readonly<Partial<Record<DigitizerQuantity, string>>> = {
  traces: 'raw.samples',
  integrals: 'apd.pulseIntegral',
};

/**
 * Fast ADCs (SIS8300, 108 MHz): an output for each channel, `channel_<n>.output`.
 * @source European XFEL FastAdc devices, as in EXtra's AdcRawChannel (`data.rawData`); `data.peaks` and `data.baseline` as
 * recorded at the instruments
 */
const FAST_ADC_SOURCE = /\/ADC\/\d+:channel_(\d+)\.output$/;
const FAST_ADC_QUANTITIES: Readonly<Partial<Record<DigitizerQuantity, string>>> = {
  traces: 'data.rawData',
  peaks: 'data.peaks',
  baseline: 'data.baseline',
};

/**
 * Samples between two places of the bunch pattern table, and after how many samples the same converter comes again; both
 * double where an ADQ interleaves two channels. Boards of the ADQ412-3G kind have other clocks (EXtra has 392 for one device):
 * give `samplesPerBunch` there.
 * @source EXtra AdqRawChannel: clock ratio 440, period 8; fast ADCs: 1.3 GHz / 12 = 108 MHz, 24 samples in 288 periods
 */
const CLOCKS = { ADQ: { samplesPerBunch: 440, period: 8 }, FastADC: { samplesPerBunch: 24, period: 1 } } as const;

/** Where the pulses of a trace begin. @source EXtra AdqRawChannel: `first_pulse_offset` */
const FIRST_PULSE_SAMPLE = 10_000;

/** Bytes of traces that are read at a time. */
const PIECE_BYTES = 64 * 2 ** 20;

/** How the clock of a channel runs. */
export interface ClockOptions {
  /** Whether an ADQ interleaves two converters. Default: as its device said at the start of the run. */
  readonly isInterleaved?: boolean;
  /** Samples between two places of the bunch pattern table, at 4.5 MHz. Default by the kind of digitizer. */
  readonly samplesPerBunch?: number;
}

/** Where pulses are in a trace. */
export interface PulseWindowOptions extends ClockOptions {
  /** Pulse ids of each train, as `PulsePattern.pulseIds` has them. */
  readonly pulseIds: RaggedArray<'uint32'>;
  /** Sample at which the first pulse of a train begins. Default 10000 for an ADQ, 0 for a fast ADC. */
  readonly firstSample?: number;
  /** Samples of a pulse. Default the least distance of two pulses in any of the trains. */
  readonly pulseSamples?: number;
}

/** Edges of many traces, one row each: columns of a table. */
export interface EdgeTable {
  readonly trainIds: readonly number[];
  /** Pulse of each edge; empty where whole trains were searched. */
  readonly pulseIds: readonly number[];
  /** Samples from the start of the trace, or of the pulse; with a fraction. */
  readonly positions: Float64Array;
  /** The same in seconds. */
  readonly times: Float64Array;
  /** Height of the peak above the baseline, ADC units. */
  readonly amplitudes: Float32Array;
}

/** Channels of all digitizers of a run, in the order of their sources and names. */
export function findDigitizerChannels(run: Run): DigitizerChannel[] {
  const channels: DigitizerChannel[] = [];
  for (const source of run.instrumentSources) {
    const keys = ADQ_SOURCE.test(source) || FAST_ADC_SOURCE.test(source) ? run.source(source).keys() : [];
    const fast = source.match(FAST_ADC_SOURCE);
    if (fast) {
      const found = quantities(keys, '', FAST_ADC_QUANTITIES);
      if (found.size > 0) channels.push(new DigitizerChannel(run, source, fast[1], 'FastADC', found));
      continue;
    }
    const names = new Set(keys.flatMap((key) => key.match(ADQ_KEY)?.[1] ?? []));
    for (const name of [...names].sort()) {
      const found = quantities(keys, `digitizers.channel_${name}.`, ADQ_QUANTITIES);
      if (found.size > 0) channels.push(new DigitizerChannel(run, source, name, 'ADQ', found));
    }
  }
  return channels;
}

function quantities(
  keys: readonly string[],
  prefix: string,
  names: Readonly<Partial<Record<DigitizerQuantity, string>>>,
): ReadonlyMap<DigitizerQuantity, string> {
  const entries = Object.entries(names) as [DigitizerQuantity, string][];
  return new Map(entries.map(([what, name]) => [what, prefix + name] as const).filter(([, key]) => keys.includes(key)));
}

/**
 * One channel of a digitizer.
 * @param name `1_A` or `1A` of an ADQ, the number of a fast ADC's channel
 * @param source of the digitizer, or any part of it that fits one only; needed where several have such a channel
 * @throws SourceNotFound if there is no such channel, SelectionInvalid if there are several
 */
export function openDigitizerChannel(run: Run, name: string, source?: string): DigitizerChannel {
  const wanted = name.toUpperCase().replace(/^(\d+)_?([A-Z])$/, '$1_$2');
  const all = findDigitizerChannels(run);
  const fitting = all.filter(
    (channel) =>
      channel.name === wanted &&
      (source === undefined ||
        channel.source === source ||
        channel.source.toUpperCase().includes(source.toUpperCase())),
  );
  if (fitting.length === 1) return fitting[0];
  const names = (fitting.length ? fitting : all).map((channel) => `${channel.source} ${channel.name}`);
  if (fitting.length > 1)
    throw new SelectionInvalid(`Several digitizers have a channel ${name}, name one: ${names.join(', ')}.`, { names });
  throw new SourceNotFound(
    `${run.path} has no digitizer channel ${name}${source === undefined ? '' : ` of ${source}`}. It has: ${names.join(', ') || 'none'}.`,
    { name, near: names },
  );
}

/** One channel of a digitizer. Immutable. Made by {@link findDigitizerChannels}. */
export class DigitizerChannel {
  /** Output channel of the digitizer. */
  readonly source: string;
  /** `1_A` of an ADQ, `3` of a fast ADC. */
  readonly name: string;
  readonly type: 'ADQ' | 'FastADC';
  /** What was recorded of the channel, and under which key. */
  readonly keys: ReadonlyMap<DigitizerQuantity, string>;
  readonly #run: Run;

  constructor(
    run: Run,
    source: string,
    name: string,
    type: 'ADQ' | 'FastADC',
    keys: ReadonlyMap<DigitizerQuantity, string>,
  ) {
    this.#run = run;
    this.source = source;
    this.name = name;
    this.type = type;
    this.keys = keys;
  }

  /** The key of a quantity, to read in pieces or train by train. @throws KeyNotFound if it was not recorded */
  key(quantity: DigitizerQuantity): KeyData {
    const name = this.keys.get(quantity);
    if (name !== undefined) return this.#run.key(this.source, name);
    throw new KeyNotFound(
      `No ${quantity} were recorded of channel ${this.name} of ${this.source}, only ${[...this.keys.keys()].join(', ')}.`,
      { source: this.source, name: quantity, near: [...this.keys.keys()] },
    );
  }

  /**
   * Samples as digitized, in ADC units: (trainId, sample).
   * @param options.samples `[start, stop)` or `[start, stop, step]` of the samples to read
   * @throws KeyNotFound if no traces were recorded, SelectionInvalid
   */
  async readTraces(
    options: { readonly samples?: EntryRoi[number]; readonly signal?: AbortSignal } = {},
  ): Promise<LabelledArray> {
    const { samples, signal } = options;
    if (typeof samples === 'number') return this.key('traces').readLabelled({ roi: [samples], signal });
    const roi = samples === undefined ? undefined : [samples];
    return this.key('traces').readLabelled({ roi, signal, extraDims: ['sample'] });
  }

  /**
   * Whether an ADQ interleaves two converters in this channel, as its device said at the start of the run; false for others.
   * @throws SourceNotFound if the device was not recorded: then say it with `isInterleaved`
   */
  isInterleaved(): boolean {
    if (this.type !== 'ADQ') return false;
    const [device, property] = [this.source.split(':', 1)[0], `board${this.name.split('_', 1)[0]}.interleavedMode`];
    if (this.#run.hasSource(device)) return Boolean(this.#run.source(device).runValue(property));
    throw new SourceNotFound(
      `${device} was not recorded, so nobody knows whether channel ${this.name} is interleaved. Say isInterleaved: true or false.`,
      { name: device, near: [] },
    );
  }

  /** Samples per second, Hz. @throws as {@link isInterleaved} */
  sampleRate(options: ClockOptions = {}): number {
    return this.#samplesPerBunch(options) * BUNCH_RATE;
  }

  #samplesPerBunch({ samplesPerBunch, isInterleaved }: ClockOptions): number {
    if (samplesPerBunch !== undefined) return samplesPerBunch;
    return CLOCKS[this.type].samplesPerBunch * ((isInterleaved ?? this.isInterleaved()) ? 2 : 1);
  }

  /**
   * Traces without their baseline: (trainId, sample) float32, ADC units. The level of each train's quiet part is subtracted,
   * for each of the converters of an ADQ that take turns (8, or 16 interleaved).
   * @param options.samples `[start, stop)` or `[start, stop, step]` of the samples to read
   * @throws KeyNotFound, SelectionInvalid, as {@link isInterleaved}
   */
  async readCorrected(
    options: BaselineOptions &
      ClockOptions & {
        readonly samples?: readonly [number, number] | readonly [number, number, number];
        readonly signal?: AbortSignal;
      } = {},
  ): Promise<LabelledArray<'float32'>> {
    const { samples, signal } = options;
    const key = this.key('traces');
    const [start, , step = 1] = samples ?? [0, 0];
    const traces = await this.readTraces({ samples, signal });
    const whole = { first: start < 0 ? start + key.entryShape[0] : start, step };
    const corrected = await this.#correct(key, traces, whole, options, signal);
    const { dims, coords } = traces;
    return labelled(corrected, { name: `${traces.name} without baseline`, dims, coords });
  }

  async #correct(
    key: KeyData,
    traces: NdArray,
    place: { readonly first: number; readonly step: number },
    options: BaselineOptions & ClockOptions,
    signal?: AbortSignal,
  ): Promise<NdArray<'float32'>> {
    const [from, to] = options.baseline ?? DEFAULT_BASELINE;
    const stop = Math.min(to, key.entryShape[0]);
    if (!(Number.isInteger(from) && Number.isInteger(to) && from >= 0 && from < stop))
      throw new SelectionInvalid(`The baseline [${from}, ${to}) has no samples of ${key.entryShape[0]}.`, { from, to });
    const own = CLOCKS[this.type].period;
    const period = options.period ?? (own > 1 && (options.isInterleaved ?? this.isInterleaved()) ? 2 * own : own);
    const isWhole = place.first === 0 && place.step === 1 && traces.shape[1] === key.entryShape[0];
    const quiet = isWhole ? columns(traces, from, stop) : await key.read({ roi: [[from, stop]], signal });
    return subtractBaseline(traces, quiet, { ...place, quietFirst: from }, { ...options, period });
  }

  /**
   * Traces of single pulses without their baseline: (pulse, sample) float32, ADC units, with the coordinates `trainId` and
   * `pulseId` of each pulse. Trains without data or without pulses are left out.
   * @throws NoData if no train has both; SelectionInvalid if a pulse lies outside the trace; as {@link readCorrected}
   */
  async readPulses(
    options: BaselineOptions & PulseWindowOptions & { readonly signal?: AbortSignal },
  ): Promise<LabelledArray<'float32'>> {
    const length = this.#pulseSamples(options);
    const trainIds: number[] = [];
    const pulseIds: number[] = [];
    const parts: Float32Array[] = [];
    for await (const { trainId, trace } of this.#correctedTrains(options)) {
      for (const { pulseId, start } of this.#windows(trainId, trace.length, length, options)) {
        trainIds.push(trainId);
        pulseIds.push(pulseId);
        parts.push(trace.slice(start, start + length));
      }
    }
    if (parts.length === 0)
      throw new NoData(`No train of channel ${this.name} of ${this.source} has both traces and pulses.`);
    const data = new Float32Array(parts.length * length);
    for (const [i, part] of parts.entries()) data.set(part, i * length);
    return labelled(ndarray('float32', [parts.length, length], data), {
      name: `${this.source} ${this.name} pulses`,
      dims: ['pulse', 'sample'],
      coords: new Map([
        ['trainId', trainIds],
        ['pulseId', pulseIds],
        ['sample', Array.from({ length }, (_, i) => i)],
      ]),
    });
  }

  /**
   * Times and heights of the pulses of a detector in the traces, at a constant fraction of each height: in whole traces, or,
   * with `pulseIds`, in the window of each pulse of the machine and counted from its start. Read in pieces.
   * @throws SelectionInvalid for impossible options; as {@link readCorrected}
   */
  async findEdges(
    options: EdgeOptions &
      BaselineOptions &
      ClockOptions &
      Partial<PulseWindowOptions> & { readonly signal?: AbortSignal },
  ): Promise<EdgeTable> {
    const rows: (Edge & { readonly trainId: number; readonly pulseId: number | null })[] = [];
    const { pulseIds } = options;
    const windows = pulseIds ? { ...options, pulseIds } : null;
    const length = windows ? this.#pulseSamples(windows) : 0;
    for await (const { trainId, trace } of this.#correctedTrains(options)) {
      if (!windows) {
        for (const edge of findEdges(trace, options)) rows.push({ ...edge, trainId, pulseId: null });
        continue;
      }
      for (const { pulseId, start } of this.#windows(trainId, trace.length, length, windows))
        for (const edge of findEdges(trace.subarray(start, start + length), options))
          rows.push({ ...edge, trainId, pulseId });
    }
    const rate = this.sampleRate(options);
    return {
      trainIds: rows.map(({ trainId }) => trainId),
      pulseIds: rows.flatMap(({ pulseId }) => pulseId ?? []),
      positions: Float64Array.from(rows, ({ position }) => position),
      times: Float64Array.from(rows, ({ position }) => position / rate),
      amplitudes: Float32Array.from(rows, ({ amplitude }) => amplitude),
    };
  }

  async *#correctedTrains(
    options: BaselineOptions & ClockOptions & { readonly signal?: AbortSignal },
  ): AsyncIterable<{ readonly trainId: number; readonly trace: Float32Array }> {
    const { signal } = options;
    const whole = this.key('traces');
    for await (const { trainIds, array } of whole.readPieces({ maxBytes: PIECE_BYTES, signal })) {
      const key = whole.selectTrains({ by: 'id', ids: trainIds });
      const { data, shape } = await this.#correct(key, array, { first: 0, step: 1 }, options, signal);
      for (const [i, trainId] of key.trainIdCoordinates().entries())
        yield { trainId, trace: data.subarray(i * shape[1], (i + 1) * shape[1]) };
    }
  }

  #pulseSamples(options: PulseWindowOptions): number {
    if (options.pulseSamples !== undefined) return options.pulseSamples;
    const { pulseIds } = options;
    let least = Number.POSITIVE_INFINITY;
    for (let train = 0; train < pulseIds.trainIds.length; train++) {
      const own = pulseIds.at(train);
      for (let i = 1; i < own.length; i++) least = Math.min(least, own[i] - own[i - 1]);
    }
    if (least < Number.POSITIVE_INFINITY) return least * this.#samplesPerBunch(options);
    throw new SelectionInvalid(
      'No train has two pulses, so their distance does not say how long one is. Give pulseSamples.',
    );
  }

  #windows(
    trainId: number,
    samples: number,
    length: number,
    options: PulseWindowOptions,
  ): { readonly pulseId: number; readonly start: number }[] {
    const { pulseIds, firstSample = this.type === 'ADQ' ? FIRST_PULSE_SAMPLE : 0 } = options;
    const train = pulseIds.trainIds.indexOf(trainId);
    if (train < 0) return [];
    const own = pulseIds.at(train);
    const step = this.#samplesPerBunch(options);
    return Array.from(own, (pulseId) => {
      const start = firstSample + (pulseId - own[0]) * step;
      if (start >= 0 && start + length <= samples) return { pulseId, start };
      throw new SelectionInvalid(
        `Pulse ${pulseId} of train ${trainId} would be at samples ${start} to ${start + length} of a trace of ${samples}. Check firstSample, samplesPerBunch and pulseSamples.`,
        { trainId, pulseId },
      );
    });
  }

  /** Integral of each pulse as the digitizer computed it: (trainId, pulseIndex). @throws KeyNotFound */
  async readIntegrals(options: { readonly signal?: AbortSignal } = {}): Promise<LabelledArray> {
    return this.key('integrals').readLabelled({ ...options, extraDims: ['pulseIndex'] });
  }

  /** Height or area of each peak as a fast ADC computed it: (trainId, pulseIndex). @throws KeyNotFound */
  async readPeaks(options: { readonly signal?: AbortSignal } = {}): Promise<LabelledArray> {
    return this.key('peaks').readLabelled({ ...options, extraDims: ['pulseIndex'] });
  }
}

/** Samples `[start, stop)` of each trace. */
function columns({ dtype, shape, data }: NdArray, start: number, stop: number): NdArray {
  const [trains, length] = shape;
  const width = stop - start;
  const taken = data.slice(0, trains * width) as Float64Array;
  for (let train = 0; train < trains; train++)
    taken.set(data.slice(train * length + start, train * length + stop) as Float64Array, train * width);
  return ndarray(dtype, [trains, width], taken as never);
}
