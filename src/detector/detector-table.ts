import { GeometryInvalid, nearestNames } from '../core/errors.ts';
import { AGIPD_1M, AGIPD_500K } from './agipd.ts';
import type { Detector } from './detector.ts';
import { DSSC_1M } from './dssc.ts';
import { EPIX_10K, EPIX_100 } from './epix.ts';
import { gotthard2 } from './gotthard.ts';
import { jungfrau } from './jungfrau.ts';
import { LPD_1M, LPD_SOLO, lpdMini } from './lpd.ts';
import { PNCCD } from './pnccd.ts';

/** A detector kind: a record, or one for each number of modules. */
interface TableRow {
  readonly name: string;
  /** Other spellings, in capitals without punctuation. */
  readonly aliases: readonly string[];
  /** In names of data sources, such as `SPB_DET_AGIPD1M-1/DET/0CH0:xtdf`. */
  readonly source: RegExp;
  /** Modules when nothing else is said. */
  readonly usualModules: number;
  readonly make: (modules: number) => Detector;
  /** Whether the number of modules is free. */
  readonly isFree: boolean;
}

function fixed(detector: Detector, aliases: readonly string[], source: RegExp): TableRow {
  const usualModules = detector.dataShape[0];
  return { name: detector.name, aliases, source, usualModules, make: () => detector, isFree: false };
}

const TABLE: readonly TableRow[] = [
  fixed(AGIPD_1M, ['AGIPD', 'AGIPD1MGEOMETRY'], /AGIPD1M/i),
  fixed(AGIPD_500K, ['AGIPD500K2G', 'AGIPD500K2GGEOMETRY'], /AGIPD500K/i),
  fixed(LPD_1M, ['LPD', 'LPD1MGEOMETRY'], /LPD1M/i),
  fixed(LPD_SOLO, [], /LPD_?SOLO/i),
  {
    name: 'LPD_MINI',
    aliases: ['LPDMINIGEOMETRY'],
    source: /LPD_?MINI/i,
    usualModules: 1,
    make: lpdMini,
    isFree: true,
  },
  fixed(DSSC_1M, ['DSSC', 'DSSC1MGEOMETRY'], /DSSC/i),
  {
    name: 'JUNGFRAU',
    aliases: ['JF', 'JNGFR', 'JUNGFRAUGEOMETRY', 'JF500K', 'JUNGFRAU500K'],
    source: /JNGFR|JUNGF|_JF/i,
    usualModules: 1,
    make: jungfrau,
    isFree: true,
  },
  fixed(PNCCD, ['PNCCD1MP', 'PNCCDGEOMETRY'], /PNCCD/i),
  fixed(EPIX_100, ['EPIX', 'EPIX100A', 'EPIX100GEOMETRY'], /EPIX-?100|EPIX(?!-?10K)/i),
  fixed(EPIX_10K, ['EPIX10KA', 'EPIX10KGEOMETRY'], /EPIX-?10K/i),
  {
    name: 'GOTTHARD2',
    aliases: ['GOTTHARDII', 'GH2', 'G2'],
    source: /GOTTHARD|_GH2|_G2/i,
    usualModules: 1,
    make: gotthard2,
    isFree: true,
  },
];

/** Names of all detectors that are known by name. */
export const DETECTOR_NAMES: readonly string[] = TABLE.map((row) => row.name);

/**
 * The record of a detector by its name; case and punctuation do not matter: `AGIPD1M`, `agipd-1m`, `LPD`, `JF4M`, `ePix100`.
 * @param modules number of modules, for those that come in any number (JUNGFRAU, LPD Mini, Gotthard-II)
 * @throws GeometryInvalid if no detector has that name, or it cannot have that number of modules
 */
export function detectorByName(name: string, modules?: number): Detector {
  const wanted = name.toUpperCase().replace(/[^A-Z0-9]/g, '');
  const megapixels = /^(?:JF|JUNGFRAU|JNGFR)(\d+)M$/.exec(wanted);
  const row = TABLE.find(
    (r) => r.name.replace('_', '') === (megapixels ? 'JUNGFRAU' : wanted) || r.aliases.includes(wanted),
  );
  if (!row) {
    const near = nearestNames(name, DETECTOR_NAMES);
    throw new GeometryInvalid(
      `No detector "${name}"; nearest: ${near.join(', ')}. Known: ${DETECTOR_NAMES.join(', ')}.`,
      {
        name,
        near,
      },
    );
  }
  // A module has half a megapixel.
  const implied = megapixels ? 2 * Number(megapixels[1]) : undefined;
  return makeDetector(row, modules ?? implied ?? row.usualModules);
}

function makeDetector(row: TableRow, modules: number): Detector {
  if (!row.isFree && modules !== row.usualModules) {
    throw new GeometryInvalid(`${row.name} of ${modules} modules is impossible: it has ${row.usualModules}.`, {
      name: row.name,
      modules,
    });
  }
  return row.make(modules);
}

/**
 * The detector that data come from, told by the name of their source and by their shape.
 * @param shape of the data, (.., module, ss, fs); leading axes do not matter. Also (.., ss, fs) of one module, and pnCCD and ePix
 * frames as files hold them (one picture, calibration rows). Without it the usual number of modules is taken.
 * @param source name of a source, or of a detector; decides where shapes are the same (pnCCD, JUNGFRAU of two modules)
 * @returns undefined if it is none that we know
 */
export function detectDetector(what: {
  readonly shape?: readonly number[];
  readonly source?: string;
}): Detector | undefined {
  const { shape, source } = what;
  const named = source === undefined ? undefined : TABLE.find((row) => row.source.test(source));
  if (shape === undefined) return named?.make(named.usualModules);
  const rows = named ? [named] : TABLE;
  for (const row of rows) {
    const [ss, fs] = shape.slice(-2);
    const modules = row.isFree ? (shape.length > 2 ? shape[shape.length - 3] : 1) : row.usualModules;
    if (!(modules >= 1 && modules <= 1000)) continue;
    const detector = row.make(modules);
    const [count, slowScan, fastScan] = detector.dataShape;
    if (fs !== fastScan) continue;
    const given = shape.length > 2 ? shape[shape.length - 3] : 1;
    if (ss === slowScan && given === count) return detector;
    // One picture for all modules, or rows that hold no image.
    if (
      (count === 1 || row.name === 'PNCCD') &&
      (ss === count * slowScan || ss === slowScan + 2 * (detector.extraRows ?? 0))
    )
      return detector;
  }
  return undefined;
}
