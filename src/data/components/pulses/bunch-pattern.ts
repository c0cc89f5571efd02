import { SelectionInvalid } from '../../../core/errors.ts';
import type { Sase } from '../../sase.ts';

/**
 * Bits of a word of the bunch pattern table, one word (uint32) for each place of a train.
 *
 * Taken from the constants of the package euxfel_bunch_pattern of European XFEL, which has them from the XFEL timing system
 * specification 2.2, page 10, and from the bunch pattern decoder device: charge (bits 0-3), laser sources (4-16), destination
 * (18-21), special flags (26-31). Not confirmed there or elsewhere: bit 17; bit 22, which the package names a trigger with a
 * question mark; bits 23-25; the charge of code 15 (4 nC in its newest, unlimited in an older version).
 * @source euxfel_bunch_pattern (European XFEL)
 */
export const BUNCH_BITS = {
  charge: 0xf,
  laser: 0x1fff << 4,
  destination: 0xf << 18,
  /** Soft kick in front of SASE1: the bunch lases in SASE3 instead. */
  photonLineDeflection: 1 << 27,
  beamDistributionKick: 1 << 26,
  wireScanner: 1 << 28,
  tdsBc2: 1 << 29,
  tdsBc1: 1 << 30,
  tdsInjector: 2 ** 31,
} as const;

/** Charge of a bunch by the code in bits 0-3, nC. @source euxfel_bunch_pattern */
const CHARGES = [0, 0.02, 0.03, 0.04, 0.06, 0.09, 0.13, 0.18, 0.25, 0.36, 0.5, 0.71, 1, 1.42, 2, 4] as const;

/** Where bunches end, by the code in bits 18-21. @source euxfel_bunch_pattern */
const DESTINATIONS = [
  'none',
  'laser-stand-alone',
  'sase2-dump',
  'gun-dump',
  'sase13-dump',
  'injector-dump',
  'b1-dump',
  'b2-dump',
  'main-dump',
] as const;

/** Where a bunch ends; `sase13-dump` (T4D) is behind SASE1 and SASE3, `sase2-dump` (T5D) behind SASE2. */
export type BunchDestination = (typeof DESTINATIONS)[number];

/**
 * Optical lasers for pump and probe by their names in the facility's laser group, and their bits.
 * @source euxfel_bunch_pattern PPL_BITS; seed 7 (bit 14) is left out there because tests of the control system use it
 */
const LASER_BITS = {
  LP_LAS1: 1 << 8,
  LP_SASE2: 1 << 9,
  LP_SPB: 1 << 10,
  LP_FXE: 1 << 11,
  LP_SQS: 1 << 12,
  LP_SCS: 1 << 13,
  LP_LAS2: 1 << 15,
} as const;

/** A laser that is synchronised to the bunches. MID and HED share LP_SASE2; LP_LAS1 and 2 are the laser group's own. */
export type LaserSeed = keyof typeof LASER_BITS;

/** Names of the lasers. */
export const LASER_SEEDS = Object.keys(LASER_BITS) as readonly LaserSeed[];

/** @source EXtra OpticalLaserPulses: seeds by instrument */
const LASER_OF_INSTRUMENT: ReadonlyMap<string, LaserSeed> = new Map([
  ['FXE', 'LP_FXE'],
  ['SPB', 'LP_SPB'],
  ['SQS', 'LP_SQS'],
  ['SCS', 'LP_SCS'],
  ['MID', 'LP_SASE2'],
  ['HED', 'LP_SASE2'],
]);

/** The laser of the instrument that sources were recorded at. @throws SelectionInvalid if their names do not say, or say several */
export function identifyLaser(sources: Iterable<string>): LaserSeed {
  const found = new Set<LaserSeed>();
  for (const source of sources) {
    const laser = LASER_OF_INSTRUMENT.get(source.split('_', 1)[0]);
    if (laser) found.add(laser);
  }
  const [only] = found;
  if (found.size === 1) return only;
  throw new SelectionInvalid(
    `The laser cannot be told from the names of the sources (${[...found].join(', ') || 'none known'}). Give laser: ${LASER_SEEDS.join(', ')}.`,
    { found: [...found] },
  );
}

/** Whether a bunch lases in a beamline. SASE1 and SASE3 share a dump; the soft kick tells them apart. */
export function isSasePulse(word: number, sase: Sase): boolean {
  const destination = DESTINATIONS[(word & BUNCH_BITS.destination) >>> 18];
  if (sase === 2) return destination === 'sase2-dump';
  const isKicked = (word & BUNCH_BITS.photonLineDeflection) !== 0;
  return destination === 'sase13-dump' && isKicked === (sase === 3);
}

/** Whether a laser fires at this place. Lasers count from place 0 of the table, whatever their delay to the X-rays is. */
export function isLaserPulse(word: number, seed: LaserSeed): boolean {
  return (word & LASER_BITS[seed]) !== 0;
}

/** Whether there are electrons that reach the end of the machine: main dump or one of the beamlines'. */
export function isMachinePulse(word: number): boolean {
  const destination = bunchDestination(word);
  return destination === 'main-dump' || destination === 'sase13-dump' || destination === 'sase2-dump';
}

/** Where a bunch ends; undefined for codes without a meaning. */
export function bunchDestination(word: number): BunchDestination | undefined {
  return DESTINATIONS[(word & BUNCH_BITS.destination) >>> 18];
}

/** Nominal charge of a bunch, nC. */
export function bunchCharge(word: number): number {
  return CHARGES[word & BUNCH_BITS.charge];
}
