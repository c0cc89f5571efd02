import { SelectionInvalid } from '../../../core/errors.ts';
import { ndarray } from '../../../core/ndarray.ts';
import { type LabelledArray, labelled } from '../../labelled-array.ts';
import { RaggedArray } from '../../ragged-array.ts';
import type { Run } from '../../run.ts';
import type { Sase } from '../../sase.ts';
import type { TrainSelection } from '../../train-selection.ts';
import { identifyLaser, type LaserSeed } from './bunch-pattern.ts';
import { openPulsePattern, type PulsePattern } from './pulse-pattern.ts';

/**
 * Where the laser pulses really are. The bunch pattern table has them from place 0 on, whatever their delay to the X-rays is:
 * somebody who knows the experiment must say which of the three it is.
 */
export type LaserAnchor =
  /** Place 0 of the laser is this place of the table, in all trains. */
  | { readonly tablePosition: number }
  /** It is so many places behind the first X-ray pulse of the train (before it, if negative). */
  | { readonly tableOffset: number }
  /** As many X-ray pulses behind the first one, in units of the distance of the first two; need not be whole. */
  | { readonly pulseOffset: number };

/** How X-rays and laser belong together. */
export type PumpProbeChoice = LaserAnchor & {
  /** Time server or decoder; needed where a run has several. */
  readonly source?: string;
  /** Beamline; default the one that the names of the sources tell. */
  readonly sase?: Sase;
  /** Laser; default that of the instrument that the names of the sources tell. */
  readonly laser?: LaserSeed;
  /**
   * Trains with too few X-ray pulses to say where the laser is take that from the train before them (the first ones from the
   * first train that says it). Default true.
   */
  readonly isExtrapolated?: boolean;
};

/** The same pulses in several trains. */
export interface PumpProbePattern {
  readonly trainIds: readonly number[];
  /** Places of X-ray pulses, ascending. */
  readonly xrays: readonly number[];
  /** Places of laser pulses, ascending. */
  readonly laser: readonly number[];
}

/** Bits of {@link PumpProbePulses.flags}. */
const [XRAY, LASER] = [1, 2];

/**
 * X-ray and pump laser pulses of a run, brought together.
 * @throws SourceNotFound, SelectionInvalid as `openPulsePattern`; SelectionInvalid if the laser cannot be told, or the anchor
 * is no number
 * @source EXtra PumpProbePulses: the three ways to place the laser, extrapolation
 */
export function openPumpProbePulses(run: Run, choice: PumpProbeChoice): PumpProbePulses {
  const { source, sase, isExtrapolated = true } = choice;
  const laser = choice.laser ?? identifyLaser(run.sources);
  const [anchor] = Object.entries(choice).filter(([name]) => /^(tablePosition|tableOffset|pulseOffset)$/.test(name));
  const isWhole = anchor?.[0] !== 'pulseOffset';
  if (anchor === undefined || !(isWhole ? Number.isInteger(anchor[1]) : Number.isFinite(anchor[1])))
    throw new SelectionInvalid(
      'Say where the laser is: tablePosition or tableOffset in places of the bunch pattern table (whole numbers), or pulseOffset in X-ray pulses.',
    );
  const xrays = openPulsePattern(run, { source, sase });
  return new PumpProbePulses(xrays, openPulsePattern(run, { source: xrays.source, laser }), choice, isExtrapolated);
}

interface TrainPulses {
  readonly trainId: number;
  readonly xrays: readonly number[];
  readonly laser: readonly number[];
}

/** X-ray and laser pulses of each train. Immutable. Made by {@link openPumpProbePulses}. */
export class PumpProbePulses {
  /** The X-rays alone. */
  readonly xrays: PulsePattern;
  /** The laser alone, as the table has it: from place 0 on. */
  readonly laser: PulsePattern;
  readonly anchor: LaserAnchor;
  readonly isExtrapolated: boolean;
  #trains?: Promise<readonly TrainPulses[]>;

  constructor(xrays: PulsePattern, laser: PulsePattern, anchor: LaserAnchor, isExtrapolated: boolean) {
    this.xrays = xrays;
    this.laser = laser;
    this.anchor = anchor;
    this.isExtrapolated = isExtrapolated;
  }

  /** The same over fewer trains; extrapolated from those alone. @throws SelectionInvalid */
  selectTrains(selection: TrainSelection): PumpProbePulses {
    const [xrays, laser] = [this.xrays.selectTrains(selection), this.laser.selectTrains(selection)];
    return new PumpProbePulses(xrays, laser, this.anchor, this.isExtrapolated);
  }

  /**
   * Places in the table where there is an X-ray pulse, a laser pulse or both: ascending, by train.
   * @throws SelectionInvalid if a train does not say where its laser pulses are, or they would be outside the table
   */
  async pulseIds(): Promise<RaggedArray<'uint32'>> {
    return this.#ragged('pulse ids', ({ xrays, laser }) => union(xrays, laser));
  }

  /** What is at each of {@link pulseIds}: 1 an X-ray pulse, 2 a laser pulse, 3 both. */
  async flags(): Promise<RaggedArray<'uint32'>> {
    return this.#ragged('pulse flags', ({ xrays, laser }) => {
      const [isXray, isLaser] = [new Set(xrays), new Set(laser)];
      return union(xrays, laser).map((id) => (isXray.has(id) ? XRAY : 0) | (isLaser.has(id) ? LASER : 0));
    });
  }

  /** For each X-ray pulse, in the order of `xrays.pulseIds()`, whether a laser pulse is at the same place: 1 or 0. */
  async pumpedXrays(): Promise<RaggedArray<'uint32'>> {
    return this.#ragged('pumped X-ray pulses', ({ xrays, laser }) => {
      const isLaser = new Set(laser);
      return xrays.map((id) => Number(isLaser.has(id)));
    });
  }

  /** Which places have a pulse: (trainId, pulseId). @param which default X-rays or laser */
  async pulseMask(which: 'xrays' | 'laser' | 'any' = 'any'): Promise<LabelledArray<'bool'>> {
    const trains = await this.#load();
    const { places } = this.xrays;
    const data = new Uint8Array(trains.length * places);
    for (const [train, { xrays, laser }] of trains.entries()) {
      for (const id of which === 'laser' ? [] : xrays) data[train * places + id] = 1;
      for (const id of which === 'xrays' ? [] : laser) data[train * places + id] = 1;
    }
    return labelled(ndarray('bool', [trains.length, places], data), {
      name: `${this.xrays.source} pulse mask`,
      dims: ['trainId', 'pulseId'],
      coords: new Map([
        ['trainId', trains.map(({ trainId }) => trainId)],
        ['pulseId', Array.from({ length: places }, (_, place) => place)],
      ]),
    });
  }

  /** The different patterns of the trains, in the order in which they first come: such as pumped and unpumped trains in turn. */
  async patterns(): Promise<PumpProbePattern[]> {
    const found = new Map<string, PumpProbePattern & { readonly trainIds: number[] }>();
    for (const { trainId, xrays, laser } of await this.#load()) {
      const name = `${xrays.join()}/${laser.join()}`;
      const known = found.get(name);
      if (known) known.trainIds.push(trainId);
      else found.set(name, { trainIds: [trainId], xrays, laser });
    }
    return [...found.values()];
  }

  /** Whether all trains have the same pulses, X-rays and laser. */
  async isConstant(): Promise<boolean> {
    return (await this.patterns()).length <= 1;
  }

  async #ragged(what: string, valuesOf: (train: TrainPulses) => readonly number[]): Promise<RaggedArray<'uint32'>> {
    const trains = await this.#load();
    const values = trains.map(valuesOf);
    return new RaggedArray('uint32', {
      name: `${this.xrays.source} ${what}`,
      trainIds: trains.map(({ trainId }) => trainId),
      counts: values.map((own) => own.length),
      data: Uint32Array.from(values.flat()),
    });
  }

  #load(): Promise<readonly TrainPulses[]> {
    this.#trains ??= this.#place();
    return this.#trains;
  }

  async #place(): Promise<readonly TrainPulses[]> {
    const [xrays, laser] = [await this.xrays.pulseIds(), await this.laser.pulseIds()];
    const laserOf = new Map(laser.trainIds.map((trainId, i) => [trainId, [...laser.at(i)]]));
    const trains = xrays.trainIds.flatMap((trainId, i): TrainPulses[] => {
      const own = laserOf.get(trainId);
      return own ? [{ trainId, xrays: [...xrays.at(i)], laser: own }] : [];
    });
    const { anchor, isExtrapolated } = this;
    let known = isExtrapolated ? trains.map((train) => firstPlace(anchor, train.xrays)).find((p) => p !== null) : null;
    return trains.map((train) => {
      const own = firstPlace(anchor, train.xrays);
      if (own !== null && isExtrapolated) known = own;
      const first = own ?? known;
      // Without laser pulses there is nothing to place.
      if (train.laser.length === 0) return train;
      if (first === null || first === undefined) throw this.#unplaced(train);
      return {
        ...train,
        laser: this.#checked(
          train.trainId,
          train.laser.map((place) => place + first),
        ),
      };
    });
  }

  #unplaced({ trainId, xrays }: TrainPulses): SelectionInvalid {
    return new SelectionInvalid(
      `Train ${trainId} has ${xrays.length} X-ray pulses, too few to say where its laser pulses are. Give a tablePosition, ${this.isExtrapolated ? '' : 'extrapolate, '}or leave the train out.`,
      { trainId },
    );
  }

  #checked(trainId: number, places: readonly number[]): readonly number[] {
    const outside = places.find((place) => place < 0 || place >= this.xrays.places);
    if (outside === undefined) return places;
    throw new SelectionInvalid(
      `Train ${trainId} would have a laser pulse at place ${outside}; the table has 0 to ${this.xrays.places - 1}. Check ${Object.keys(this.anchor).find((name) => /Position|Offset/.test(name))}.`,
      { trainId },
    );
  }
}

/** The place of the table that the laser's place 0 is, or null if there are too few X-ray pulses to tell. */
function firstPlace(anchor: LaserAnchor, xrays: readonly number[]): number | null {
  if ('tablePosition' in anchor) return anchor.tablePosition;
  const [first, second] = xrays;
  if (first === undefined) return null;
  if ('tableOffset' in anchor) return first + anchor.tableOffset;
  if (anchor.pulseOffset === 0) return first;
  return second === undefined ? null : first + Math.trunc((second - first) * anchor.pulseOffset);
}

/** Numbers of two ascending lists, ascending, each once. */
function union(a: readonly number[], b: readonly number[]): number[] {
  return [...new Set([...a, ...b])].sort((x, y) => x - y);
}
