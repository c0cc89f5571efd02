import { FormatInvalid, SelectionInvalid } from '../../../core/errors.ts';
import { ndarray } from '../../../core/ndarray.ts';
import { BUNCH_RATE } from '../../bunch-rate.ts';
import type { KeyData } from '../../key-data.ts';
import { type LabelledArray, labelled } from '../../labelled-array.ts';
import { RaggedArray } from '../../ragged-array.ts';
import type { Run } from '../../run.ts';
import { identifySase, type Sase } from '../../sase.ts';
import type { TrainSelection } from '../../train-selection.ts';
import { isLaserPulse, isMachinePulse, isSasePulse, type LaserSeed } from './bunch-pattern.ts';
import { findPulseSource, type PulseSource } from './find-pulse-source.ts';

/** Which pulses of a train. */
export type PulseKind =
  | { readonly sase: Sase }
  | { readonly laser: LaserSeed }
  /** All bunches that reach the end of the machine. */
  | { readonly machine: true };

/** Where pulse patterns come from, and which pulses they are. */
export type PulseChoice = {
  /** Time server or decoder; needed where a run has several. */
  readonly source?: string;
} & (PulseKind | { readonly sase?: undefined });

/** Places that older tables have; newer ones are longer. @source EXtra pulses: 2700 in Karabo, later 3611, then 4096 */
const DECODER_PLACES = 2700;

/**
 * The pulses of a run as the timing system planned them: X-rays of a beamline, a pump laser, or all bunches. Without a choice
 * the X-rays of the beamline that the names of the sources tell.
 * @throws SourceNotFound if the run has no pulse pattern, SelectionInvalid if it has several or the beamline cannot be told
 */
export function openPulsePattern(run: Run, choice: PulseChoice = {}): PulsePattern {
  const source = findPulseSource(run, choice.source);
  let kind: PulseKind;
  if ('laser' in choice) kind = { laser: choice.laser };
  else if ('machine' in choice) kind = { machine: true };
  else kind = { sase: choice.sase ?? identifySase(run.sources) };
  if ('laser' in kind && source.kind === 'decoder') checkDecodedLaser(run, source.name, kind.laser);
  return new PulsePattern(run, source, kind);
}

/** A decoder looks at one laser only, which it says in its run values. @source EXtra OpticalLaserPulses */
function checkDecodedLaser(run: Run, name: string, laser: LaserSeed): void {
  const own = run.source(name).runValue('laserSource');
  if (own === laser) return;
  throw new SelectionInvalid(`${name} decodes ${String(own)}, not ${laser}. Use a time server for other lasers.`, {
    laser,
  });
}

/** The pulses of each train of a run. Immutable. Made by {@link openPulsePattern}. */
export class PulsePattern {
  /** Name of the source. */
  readonly source: string;
  readonly kind: PulseKind;
  readonly #run: Run;
  readonly #origin: PulseSource;
  #ids?: Promise<RaggedArray<'uint32'>>;

  constructor(run: Run, origin: PulseSource, kind: PulseKind) {
    this.#run = run;
    this.#origin = origin;
    this.source = origin.name;
    this.kind = kind;
  }

  /** The same over fewer trains. @throws SelectionInvalid */
  selectTrains(selection: TrainSelection): PulsePattern {
    return new PulsePattern(this.#run.selectTrains(selection), this.#origin, this.kind);
  }

  /** Places of the table: 2700, in later years more. */
  get places(): number {
    return this.#origin.kind === 'table' ? this.#tableKey().entryShape[0] : DECODER_PLACES;
  }

  #tableKey(): KeyData {
    const source = this.#run.source(this.source);
    return source.key(source.hasKey('data.bunchPatternTable') ? 'data.bunchPatternTable' : 'bunchPatternTable');
  }

  /**
   * Pulse ids of each train, ascending: places in the bunch pattern table, 222 ns apart ({@link BUNCH_RATE}). Trains without
   * data of the source are left out; trains without pulses are empty.
   */
  pulseIds(): Promise<RaggedArray<'uint32'>> {
    this.#ids ??= this.#origin.kind === 'table' ? this.#readTable() : this.#readDecoder();
    return this.#ids;
  }

  async #readTable(): Promise<RaggedArray<'uint32'>> {
    const key = this.#tableKey();
    const isWanted = tester(this.kind);
    const ids: number[] = [];
    const counts: number[] = [];
    const [places] = key.entryShape;
    for await (const { array } of key.readPieces({ maxBytes: 32 * 2 ** 20 })) {
      const words = array.data as ArrayLike<number>;
      for (let start = 0; start < words.length; start += places) {
        const before = ids.length;
        for (let place = 0; place < places; place++) if (isWanted(words[start + place])) ids.push(place);
        counts.push(ids.length - before);
      }
    }
    return this.#ragged(key.trainIdCoordinates(), counts, ids);
  }

  async #readDecoder(): Promise<RaggedArray<'uint32'>> {
    const source = this.#run.source(this.source);
    const nodes = decoderNodes(this.kind);
    const parts = await Promise.all(
      nodes.map(async (node) => ({
        ids: await source.key(`${node}.pulseIds`).read(),
        counts: await source.key(`${node}.nPulses`).read(),
      })),
    );
    const trainIds = source.key(`${nodes[0]}.pulseIds`).trainIdCoordinates();
    const ids: number[] = [];
    const counts = trainIds.map((trainId, train) => {
      const own = parts.flatMap(({ ids: all, counts: many }) => {
        const [, length] = all.shape;
        const count = Number(many.data[train]);
        if (!(count >= 0 && count <= length)) {
          throw new FormatInvalid(
            `${this.source} says ${count} pulses in train ${trainId} and lists ${length} at most.`,
            {
              trainId,
            },
          );
        }
        return Array.from(all.data.slice(train * length, train * length + count) as ArrayLike<number | bigint>, Number);
      });
      ids.push(...own.sort((a, b) => a - b));
      return own.length;
    });
    return this.#ragged(trainIds, counts, ids);
  }

  #ragged(trainIds: readonly number[], counts: readonly number[], ids: readonly number[]): RaggedArray<'uint32'> {
    return new RaggedArray('uint32', {
      name: `${this.source} pulse ids`,
      trainIds,
      counts,
      data: Uint32Array.from(ids),
    });
  }

  /** Pulses in each train: (trainId). */
  async pulseCounts(): Promise<LabelledArray<'uint32'>> {
    const { trainIds, counts } = await this.pulseIds();
    return this.#perTrain('uint32', 'pulse counts', trainIds, Uint32Array.from(counts));
  }

  #perTrain<D extends 'uint32' | 'float64'>(
    dtype: D,
    what: string,
    trainIds: readonly number[],
    data: D extends 'uint32' ? Uint32Array<ArrayBuffer> : Float64Array<ArrayBuffer>,
    units = '',
  ): LabelledArray<D> {
    return labelled(ndarray(dtype, [trainIds.length], data as never), {
      name: `${this.source} ${what}`,
      dims: ['trainId'],
      coords: new Map([['trainId', trainIds]]),
      attributes: new Map(units === '' ? [] : [['units', units]]),
    });
  }

  /** Which places have a pulse: (trainId, pulseId). */
  async pulseMask(): Promise<LabelledArray<'bool'>> {
    const ids = await this.pulseIds();
    const { places } = this;
    const data = new Uint8Array(ids.trainIds.length * places);
    for (let train = 0; train < ids.trainIds.length; train++)
      for (const id of ids.at(train)) data[train * places + id] = 1;
    return labelled(ndarray('bool', [ids.trainIds.length, places], data), {
      name: `${this.source} pulse mask`,
      dims: ['trainId', 'pulseId'],
      coords: new Map([
        ['trainId', ids.trainIds],
        ['pulseId', Array.from({ length: places }, (_, place) => place)],
      ]),
    });
  }

  /** Least distance of pulses in each train, in places of the table: (trainId); NaN with fewer than two pulses. */
  async pulsePeriods(): Promise<LabelledArray<'float64'>> {
    const ids = await this.pulseIds();
    const periods = ids.trainIds.map((_, train) => {
      const own = ids.at(train);
      let least = Number.NaN;
      for (let i = 1; i < own.length; i++)
        least = Math.min(own[i] - own[i - 1], Number.isNaN(least) ? Infinity : least);
      return least;
    });
    return this.#perTrain('float64', 'pulse periods', ids.trainIds, Float64Array.from(periods));
  }

  /** Pulses per second within each train, Hz: (trainId); NaN with fewer than two pulses. */
  async repetitionRates(): Promise<LabelledArray<'float64'>> {
    const periods = await this.pulsePeriods();
    const trainIds = periods.coords.get('trainId') as readonly number[];
    const rates = Float64Array.from(periods.data, (period) => BUNCH_RATE / period);
    return this.#perTrain('float64', 'repetition rates', trainIds, rates, 'Hz');
  }

  /**
   * Whether all trains have the same pulses.
   * @param options.includeEmptyTrains whether a train without pulses makes a difference. Default false
   */
  async isConstant(options: { readonly includeEmptyTrains?: boolean } = {}): Promise<boolean> {
    const ids = await this.pulseIds();
    let first: Uint32Array | undefined;
    for (let train = 0; train < ids.trainIds.length; train++) {
      const own = ids.at(train);
      if (own.length === 0 && !options.includeEmptyTrains) continue;
      first ??= own;
      if (own.length !== first.length || own.some((id, i) => id !== first?.[i])) return false;
    }
    return true;
  }
}

function tester(kind: PulseKind): (word: number) => boolean {
  if ('sase' in kind) return (word) => isSasePulse(word, kind.sase);
  return 'laser' in kind ? (word) => isLaserPulse(word, kind.laser) : isMachinePulse;
}

/** Groups of properties of a decoder. @source European XFEL PulsePatternDecoder device: sase1..3, maindump, laser */
function decoderNodes(kind: PulseKind): readonly string[] {
  if ('sase' in kind) return [`sase${kind.sase}`];
  return 'laser' in kind ? ['laser'] : ['maindump', 'sase1', 'sase2', 'sase3'];
}
