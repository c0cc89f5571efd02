import { KEV_ANGSTROM } from '../core/physics.ts';

/** Bohr radius, Angstrom. */
const BOHR_RADIUS = 0.529177;

/** An atom of a unit cell, in fractions of the axes. */
export interface Atom {
  readonly position: readonly [number, number, number];
  readonly atomicNumber: number;
  /** 1 = always there. */
  readonly occupancy: number;
}

/** A cubic crystal powder. */
export interface Powder {
  readonly name: string;
  /** Cell edge, Angstrom. */
  readonly a: number;
  readonly atoms: readonly Atom[];
}

/** One ring of a powder. */
export interface PowderLine {
  readonly hkl: readonly [number, number, number];
  /** Distance of the lattice planes, Angstrom. */
  readonly spacing: number;
  /** Scattering angle, rad. */
  readonly twoTheta: number;
  /** Intensity in a pixel on the ring before polarisation, any unit: multiplicity * |F|^2 * Lorentz factor. */
  readonly intensity: number;
}

const FACE_CENTRING: readonly Atom['position'][] = [
  [0, 0, 0],
  [0, 0.5, 0.5],
  [0.5, 0, 0.5],
  [0.5, 0.5, 0],
];

/**
 * Lanthanum hexaboride, Pm-3m.
 * @source NIST SRM 660c certificate: a = 4.156826 Angstrom; boron 6f (x, 1/2, 1/2), x = 0.1993
 */
export const LAB6: Powder = {
  name: 'LaB6',
  a: 4.156826,
  atoms: [
    { position: [0, 0, 0], atomicNumber: 57, occupancy: 1 },
    ...[0.1993, 1 - 0.1993].flatMap((x): Atom[] => [
      { position: [x, 0.5, 0.5], atomicNumber: 5, occupancy: 1 },
      { position: [0.5, x, 0.5], atomicNumber: 5, occupancy: 1 },
      { position: [0.5, 0.5, x], atomicNumber: 5, occupancy: 1 },
    ]),
  ],
};

/**
 * Lithium titanate spinel Li4Ti5O12, Fd-3m (origin on the inversion centre).
 * @source literature values: a = 8.3595 Angstrom, Li on 8a, Li 1/6 and Ti 5/6 on 16d, O on 32e with x = 0.2625
 */
export const LI4TI5O12: Powder = { name: 'Li4Ti5O12', a: 8.3595, atoms: spinelAtoms(0.2625) };

function spinelAtoms(x: number): Atom[] {
  const tetrahedral: Atom['position'][] = [
    [1 / 8, 1 / 8, 1 / 8],
    [7 / 8, 3 / 8, 3 / 8],
  ];
  const octahedral: Atom['position'][] = [
    [1 / 2, 1 / 2, 1 / 2],
    [1 / 4, 3 / 4, 0],
    [3 / 4, 0, 1 / 4],
    [0, 1 / 4, 3 / 4],
  ];
  const oxygen: Atom['position'][] = [
    [x, x, x],
    [-x + 3 / 4, -x + 1 / 4, x + 1 / 2],
    [-x + 1 / 4, x + 1 / 2, -x + 3 / 4],
    [x + 1 / 2, -x + 3 / 4, -x + 1 / 4],
    [x + 3 / 4, x + 1 / 4, -x + 1 / 2],
    [-x, -x, -x],
    [x + 1 / 4, -x + 1 / 2, x + 3 / 4],
    [-x + 1 / 2, x + 3 / 4, x + 1 / 4],
  ].map(([u, v, w]) => [u, v, w] as const);
  const atoms: Atom[] = [];
  for (const [du, dv, dw] of FACE_CENTRING) {
    const at = ([u, v, w]: Atom['position']) => [u + du, v + dv, w + dw] as const;
    for (const site of tetrahedral) atoms.push({ position: at(site), atomicNumber: 3, occupancy: 1 });
    for (const site of octahedral) {
      atoms.push({ position: at(site), atomicNumber: 22, occupancy: 5 / 6 });
      atoms.push({ position: at(site), atomicNumber: 3, occupancy: 1 / 6 });
    }
    for (const site of oxygen) atoms.push({ position: at(site), atomicNumber: 8, occupancy: 1 });
  }
  return atoms;
}

/**
 * Rings of a cubic powder up to a scattering angle, in order of angle. Absent reflections are left out.
 * Form factors are those of a screened (Thomas-Fermi) atom: right to some 20 %, enough for plausible intensities.
 * @param maxTwoTheta rad
 */
export function powderLines(powder: Powder, photonEnergyKeV: number, maxTwoTheta: number): PowderLine[] {
  const wavelength = KEV_ANGSTROM / photonEnergyKeV;
  const maxSquares = ((2 * powder.a * Math.sin(maxTwoTheta / 2)) / wavelength) ** 2;
  const limit = Math.floor(Math.sqrt(maxSquares));
  const lines: PowderLine[] = [];
  for (let h = 0; h <= limit; h++) {
    for (let k = 0; k <= h; k++) {
      for (let l = 0; l <= k; l++) {
        const squares = h * h + k * k + l * l;
        if (squares === 0 || squares > maxSquares) continue;
        const spacing = powder.a / Math.sqrt(squares);
        const theta = Math.asin(wavelength / (2 * spacing));
        const strength = structureFactorSquared(powder, [h, k, l], 1 / (2 * spacing));
        if (strength < 1e-3) continue;
        // A ring's power is spread over its circumference, which grows with sin(2 theta).
        const lorentz = 1 / (Math.sin(theta) * Math.sin(2 * theta));
        const intensity = (multiplicity(h, k, l) * strength * lorentz) / powder.a ** 6;
        lines.push({ hkl: [h, k, l], spacing, twoTheta: 2 * theta, intensity });
      }
    }
  }
  return lines.sort((a, b) => a.twoTheta - b.twoTheta);
}

/** |F|^2 with thermal motion (B = 0.5 Angstrom^2). @param s sin(theta) / wavelength, 1/Angstrom */
function structureFactorSquared(powder: Powder, [h, k, l]: PowderLine['hkl'], s: number): number {
  let real = 0;
  let imaginary = 0;
  const q = 4 * Math.PI * s;
  for (const { position, atomicNumber, occupancy } of powder.atoms) {
    const screening = 0.8853 * BOHR_RADIUS * atomicNumber ** (-1 / 3);
    const amplitude = (occupancy * atomicNumber) / (1 + (q * screening) ** 2);
    const phase = 2 * Math.PI * (h * position[0] + k * position[1] + l * position[2]);
    real += amplitude * Math.cos(phase);
    imaginary += amplitude * Math.sin(phase);
  }
  return (real * real + imaginary * imaginary) * Math.exp(-2 * 0.5 * s * s);
}

/** Planes equivalent to (h, k, l) in m-3m, for h >= k >= l >= 0. */
function multiplicity(h: number, k: number, l: number): number {
  const signs = 2 ** [h, k, l].filter((n) => n !== 0).length;
  const distinct = new Set([h, k, l]).size;
  return signs * (distinct === 3 ? 6 : distinct === 2 ? 3 : 1);
}
