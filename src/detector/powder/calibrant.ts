import { StateInvalid } from '../../core/errors.ts';
import { KEV_ANGSTROM } from '../../core/physics.ts';
import { centringCondition, type ReflectionCondition } from './reflection-condition.ts';
import { cubicCell, type Hkl, hexagonalCell, planeFamilies, tetragonalCell, type UnitCell } from './unit-cell.ts';

/** A powder with well-known rings. */
export interface Calibrant {
  /** Short name, as people and pyFAI call it: `LaB6`. */
  readonly name: string;
  /** What it is, and where its numbers come from. */
  readonly about: string;
  readonly cell: UnitCell;
  readonly isPresent: ReflectionCondition;
}

/** One ring of a calibrant at a photon energy. */
export interface CalibrantRing {
  /** `110`; with a minus sign where an index is negative. */
  readonly label: string;
  readonly hkl: Hkl;
  /** Angstrom */
  readonly spacing: number;
  /** Scattering angle, rad. */
  readonly twoTheta: number;
  /** Scattering vector, 1/Angstrom. */
  readonly q: number;
}

const isEven = (n: number) => n % 2 === 0;
const faceCentred = centringCondition('F');
const bodyCentred = centringCondition('I');
const everything = centringCondition('P');
/** Fd-3m: face-centred, and h + k + l = 4n where all are even. */
const diamond: ReflectionCondition = (hkl) =>
  faceCentred(hkl) && (!isEven(hkl[0]) || (hkl[0] + hkl[1] + hkl[2]) % 4 === 0);
/** R-3c on hexagonal axes: -h + k + l = 3n, and l even for (h, -h, l), (h, 0, l), (0, k, l). */
const corundum: ReflectionCondition = ([h, k, l]) =>
  (-h + k + l) % 3 === 0 && (isEven(l) || (h !== 0 && k !== 0 && h + k !== 0));
/** P63mc: l even for (h, h, l). */
const wurtzite: ReflectionCondition = ([h, k, l]) => isEven(l) || !(h === k || 2 * h + k === 0 || h + 2 * k === 0);
/** P42/mnm: k + l even for (0, k, l), and the same for (h, 0, l). */
const rutile: ReflectionCondition = ([h, k, l]) => (h !== 0 || isEven(k + l)) && (k !== 0 || isEven(h + l));
/** I41/amd, origin 1: I, l = 4n for (0, 0, l), 2h + l = 4n for (h, h, l), h and k even for (h, k, 0). */
const anatase: ReflectionCondition = ([h, k, l]) =>
  isEven(h + k + l) && (l !== 0 || (isEven(h) && isEven(k))) && (Math.abs(h) !== Math.abs(k) || (2 * h + l) % 4 === 0);
/** Layers: only (0, 0, l) is seen. */
const layers: ReflectionCondition = ([h, k]) => h === 0 && k === 0;
/** P3221 and P3121: l = 3n for (0, 0, l). */
const quartz: ReflectionCondition = ([h, k, l]) => h !== 0 || k !== 0 || l % 3 === 0;

/** P41212: l = 4n for (0, 0, l), h even for (h, 0, 0) and (0, k, 0). */
const cristobalite: ReflectionCondition = ([h, k, l]) =>
  h === 0 && k === 0 ? l % 4 === 0 : l !== 0 || (h !== 0 && k !== 0) || isEven(h + k);
/** Pn-3m: k + l even for (0, k, l), and the same for the other axes. */
const cuprite: ReflectionCondition = ([h, k, l]) => (h !== 0 && k !== 0 && l !== 0) || isEven(h + k + l);
/** P21/a: h even for (h, 0, l), k even for (0, k, 0). */
const benzoic: ReflectionCondition = ([h, k, l]) => (k !== 0 || isEven(h)) && (h !== 0 || l !== 0 || isEven(k));

/** An orthorhombic cell of which only one axis is known: enough for layers. */
const layerCell = (spacing: number): UnitCell => ({ a: 1, b: 1, c: spacing, alphaDeg: 90, betaDeg: 90, gammaDeg: 90 });

const of = (name: string, about: string, cell: UnitCell, isPresent: ReflectionCondition): Calibrant => ({
  name,
  about,
  cell,
  isPresent,
});

/** The calibrants that are offered. Cell edges in Angstrom at room temperature, from the certificates that `about` names. */
export const CALIBRANTS: readonly Calibrant[] = [
  of('LaB6', 'lanthanum hexaboride, NIST SRM 660c', cubicCell(4.156826), everything),
  of('LaB6_SRM660a', 'lanthanum hexaboride, NIST SRM 660a', cubicCell(4.1569162), everything),
  of('LaB6_SRM660b', 'lanthanum hexaboride, NIST SRM 660b', cubicCell(4.15689), everything),
  of('LaB6_SRM660c', 'lanthanum hexaboride, NIST SRM 660c', cubicCell(4.156826), everything),
  of('CeO2', 'cerium oxide, NIST SRM 674b', cubicCell(5.411651), faceCentred),
  of('AgBh', 'silver behenate, Huang et al., J. Appl. Cryst. 26 (1993) 180', layerCell(58.38), layers),
  of('Si', 'silicon, NIST SRM 640c', cubicCell(5.4311946), diamond),
  of('Si_SRM640', 'silicon, NIST SRM 640', cubicCell(5.43088), diamond),
  of('Si_SRM640a', 'silicon, NIST SRM 640a', cubicCell(5.430825), diamond),
  of('Si_SRM640b', 'silicon, NIST SRM 640b', cubicCell(5.43094), diamond),
  of('Si_SRM640c', 'silicon, NIST SRM 640c', cubicCell(5.4311946), diamond),
  of('Si_SRM640d', 'silicon, NIST SRM 640d', cubicCell(5.43123), diamond),
  of('Si_SRM640e', 'silicon, NIST SRM 640e', cubicCell(5.431179), diamond),
  of('alpha_Al2O3', 'corundum, NIST SRM 676a', hexagonalCell(4.759091, 12.991779), corundum),
  of('Au', 'gold', cubicCell(4.0782), faceCentred),
  of('Ag', 'silver', cubicCell(4.0862), faceCentred),
  of('Al', 'aluminium', cubicCell(4.0495), faceCentred),
  of('Cu', 'copper', cubicCell(3.6149), faceCentred),
  of('Ni', 'nickel', cubicCell(3.52387), faceCentred),
  of('Pt', 'platinum', cubicCell(3.9242), faceCentred),
  of('W', 'tungsten', cubicCell(3.16524), bodyCentred),
  of('Fe', 'iron, bcc', cubicCell(2.8665), bodyCentred),
  of('NaCl', 'rock salt', cubicCell(5.6401), faceCentred),
  of('CaF2', 'fluorite', cubicCell(5.4631), faceCentred),
  of('MgO', 'periclase', cubicCell(4.2117), faceCentred),
  of('Cr2O3', 'eskolaite, NIST SRM 674b', hexagonalCell(4.95916, 13.5972), corundum),
  of('ZnO', 'zincite, NIST SRM 674b', hexagonalCell(3.24989, 5.20653), wurtzite),
  of('TiO2_rutile', 'rutile, NIST SRM 674b', tetragonalCell(4.594, 2.95868), rutile),
  of('TiO2_anatase', 'anatase', tetragonalCell(3.7845, 9.5143), anatase),
  of('quartz', 'alpha quartz, NIST SRM 1878a', hexagonalCell(4.91352, 5.40536), quartz),
  of(
    'cristobalite',
    'alpha cristobalite, Downs and Palmer, Am. Mineral. 79 (1994) 9',
    tetragonalCell(4.9717, 6.9223),
    cristobalite,
  ),
  of('Cu2O', 'cuprite, Acta Cryst. B46 (1990) 271', cubicCell(4.2685), cuprite),
  of(
    'hydrocerussite',
    'basic lead carbonate, Martinetto et al., Acta Cryst. C58 (2002) i82',
    hexagonalCell(5.24656, 23.7023),
    centringCondition('R'),
  ),
  of('C14H30O', 'tetradecanol, Brindley, Clays Clay Miner. 29 (1981) 67', layerCell(39.681), layers),
  of(
    'PBBA',
    'para-bromobenzoic acid, Ohkura et al., Bull. Chem. Soc. Jpn. 45 (1972) 2651',
    { a: 29.59, b: 6.15, c: 3.98, alphaDeg: 90, betaDeg: 95.5, gammaDeg: 90 },
    benzoic,
  ),
  of('LiTiO2', 'lithium titanate, face-centred cubic', cubicCell(4.14), faceCentred),
];

/** What others call them, in lower case. pyFAI has cuprite as CuO. */
const OTHER_NAMES: Readonly<Record<string, string>> = {
  agbeh: 'agbh',
  al2o3: 'alpha_al2o3',
  corundum: 'alpha_al2o3',
  cristobaltite: 'cristobalite',
  cuo: 'cu2o',
  tetradecanol: 'c14h30o',
  tio2: 'tio2_rutile',
};

/**
 * The calibrant of a name; case does not matter. Of pyFAI's thirty all but `CrOx` and `mock`, which have no cell.
 * @throws StateInvalid with the known names
 */
export function calibrantByName(name: string): Calibrant {
  const wanted = name.toLowerCase();
  const own = Object.hasOwn(OTHER_NAMES, wanted) ? OTHER_NAMES[wanted] : wanted;
  const found = CALIBRANTS.find((calibrant) => calibrant.name.toLowerCase() === own);
  if (!found)
    throw new StateInvalid(`No calibrant "${name}"; there are ${CALIBRANTS.map((each) => each.name).join(', ')}.`, {
      name,
    });
  return found;
}

/**
 * Rings of a calibrant, from the innermost.
 * @param photonEnergyKeV keV
 * @param options.maxTwoTheta rad, default pi; @param options.count at most so many
 * @throws StateInvalid for an energy at which there is no ring, or an impossible cell
 * @source Bragg's law
 */
export function calibrantRings(
  calibrant: Pick<Calibrant, 'name' | 'cell' | 'isPresent'>,
  photonEnergyKeV: number,
  options: { readonly maxTwoTheta?: number; readonly count?: number } = {},
): CalibrantRing[] {
  const { maxTwoTheta = Math.PI, count = 100 } = options;
  if (!(photonEnergyKeV > 0 && Number.isFinite(photonEnergyKeV)))
    throw new StateInvalid(`A photon energy of ${photonEnergyKeV} keV makes no rings.`, { photonEnergyKeV });
  const wavelength = KEV_ANGSTROM / photonEnergyKeV;
  const smallest = wavelength / (2 * Math.sin(Math.min(Math.PI, maxTwoTheta) / 2));
  const rings: CalibrantRing[] = [];
  for (const { spacing, hkl } of firstFamilies(calibrant, smallest, count)) {
    const sine = wavelength / (2 * spacing);
    if (sine > 1) break;
    const twoTheta = 2 * Math.asin(sine);
    if (twoTheta > maxTwoTheta) break;
    rings.push({ label: labelOf(hkl), hkl, spacing, twoTheta, q: (2 * Math.PI) / spacing });
  }
  if (rings.length === 0) {
    throw new StateInvalid(
      `${calibrant.name} has no ring at ${photonEnergyKeV} keV within ${((maxTwoTheta * 180) / Math.PI).toFixed(1)} degrees: the photon energy is too low, or the detector too far away.`,
      { calibrant: calibrant.name, photonEnergyKeV, maxTwoTheta },
    );
  }
  return rings.slice(0, count);
}

/** The outermost of a hundred rings is far out: begin with few planes, for at 100 keV there are many thousands. */
function firstFamilies(calibrant: Pick<Calibrant, 'cell' | 'isPresent'>, smallest: number, count: number) {
  const { a, b, c } = calibrant.cell;
  let limit = Math.max(smallest, Math.max(a, b, c) / 4);
  for (;;) {
    const families = planeFamilies(calibrant.cell, limit, calibrant.isPresent);
    if (families.length >= count || limit <= smallest) return families;
    limit = Math.max(smallest, limit / 1.5);
  }
}

function labelOf(hkl: Hkl): string {
  return hkl.some((n) => Math.abs(n) > 9) ? hkl.join(' ') : hkl.join('');
}
