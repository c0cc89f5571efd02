import { KeyNotFound, SelectionInvalid, SourceNotFound } from '../../core/errors.ts';
import type { EntryRoi, KeyData } from '../key-data.ts';
import type { LabelledArray } from '../labelled-array.ts';
import type { Run } from '../run.ts';

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

  /** Integral of each pulse as the digitizer computed it: (trainId, pulseIndex). @throws KeyNotFound */
  async readIntegrals(options: { readonly signal?: AbortSignal } = {}): Promise<LabelledArray> {
    return this.key('integrals').readLabelled({ ...options, extraDims: ['pulseIndex'] });
  }

  /** Height or area of each peak as a fast ADC computed it: (trainId, pulseIndex). @throws KeyNotFound */
  async readPeaks(options: { readonly signal?: AbortSignal } = {}): Promise<LabelledArray> {
    return this.key('peaks').readLabelled({ ...options, extraDims: ['pulseIndex'] });
  }
}
