import { type Geometry, pixelPositions } from '../detector/geometry.ts';
import { LAB6, LI4TI5O12, type Powder, powderLines } from './powder.ts';
import { RandomStream } from './random.ts';

/** The experiment's true numbers. */
export interface ExperimentTruth {
  readonly photonEnergyKeV: number;
  /** Sample to detector, m. */
  readonly distance: number;
  /** Mean pulse energy, microjoule; photon numbers are for this energy. */
  readonly pulseEnergyUj: number;
}

/** What the example is made with. */
export const EXPERIMENT: ExperimentTruth = { photonEnergyKeV: 9.3, distance: 0.16, pulseEnergyUj: 800 };

/** Full width at half maximum of a ring, rad: about three pixels. */
const RING_WIDTH = 3.6e-3;
/** Photons in a pixel on the strongest ring of each powder. */
const POWDER_PEAKS: readonly (readonly [Powder, number])[] = [
  [LAB6, 4],
  [LI4TI5O12, 3],
];
/** Air scatter at angle 0, and the angle at which it has fallen to 1/e, rad. */
const AIR = { photons: 0.3, angle: 0.35 } as const;
/** Small-angle scattering round the beam: photons at this radius, m, falling with the fourth power. */
const FLARE = { photons: 120, radius: 6e-3, limit: 700 } as const;
/** Coarse grains that light single spots, in each module and scan step. */
const SPOTS_PER_MODULE = 4;
const ANGLE_STEPS = 8192;

/** Rings against the scattering angle, tabulated: photons in a pixel that sees the sample head-on. */
function tabulateRings({ photonEnergyKeV }: ExperimentTruth, maxTwoTheta: number): Float64Array {
  const table = new Float64Array(ANGLE_STEPS + 1);
  const step = maxTwoTheta / ANGLE_STEPS;
  const half = RING_WIDTH / 2;
  for (const [powder, peak] of POWDER_PEAKS) {
    const lines = powderLines(powder, photonEnergyKeV, maxTwoTheta + 0.1);
    const strongest = Math.max(...lines.map((line) => line.intensity));
    for (const { twoTheta, intensity } of lines) {
      const height = (peak * intensity) / strongest;
      for (let i = 0; i <= ANGLE_STEPS; i++) {
        const x = (i * step - twoTheta) / half;
        // pseudo-Voigt, half Gauss and half Lorentz
        if (Math.abs(x) < 60) table[i] += height * (0.5 * Math.exp(-Math.LN2 * x * x) + 0.5 / (1 + x * x));
      }
    }
  }
  return table;
}

/**
 * Expected photons in every pixel of one module, for a pulse of the mean energy: powder rings, air scatter, small-angle
 * scattering; with the solid angle of a flat detector and horizontal polarisation.
 * @returns for a module number: float32 (ss * fs)
 */
export function expectedPhotons(geometry: Geometry, truth: ExperimentTruth): (module: number) => Float32Array {
  const positions = pixelPositions(geometry).data;
  const [, slowScan, fastScan] = geometry.detector.dataShape;
  const pixels = slowScan * fastScan;
  let maxRadius = 0;
  for (let i = 0; i < positions.length; i += 3)
    maxRadius = Math.max(maxRadius, Math.hypot(positions[i], positions[i + 1]));
  const maxTwoTheta = Math.atan2(maxRadius, truth.distance) * 1.001;
  const rings = tabulateRings(truth, maxTwoTheta);
  return (module) => {
    const photons = new Float32Array(pixels);
    for (let i = 0, at = module * pixels * 3; i < pixels; i++, at += 3) {
      const x = positions[at];
      const y = positions[at + 1];
      const radius = Math.hypot(x, y);
      const twoTheta = Math.atan2(radius, truth.distance + positions[at + 2]);
      const ring = rings[Math.round((twoTheta / maxTwoTheta) * ANGLE_STEPS)];
      const air = AIR.photons * Math.exp(-twoTheta / AIR.angle);
      const flare = Math.min(FLARE.limit, FLARE.photons * (FLARE.radius / Math.max(radius, 1e-4)) ** 4);
      const sine = Math.sin(twoTheta);
      const polarisation = radius > 0 ? 1 - (sine * (x / radius)) ** 2 : 1;
      photons[i] = (ring + air) * polarisation * Math.cos(twoTheta) ** 3 + flare;
    }
    return photons;
  };
}

/**
 * Adds what single coarse grains scatter in one module at one position of the sample: sharp spots on the rings, from a few
 * to some thousand photons. Another position (`step`) lights other grains.
 * @param photons float32 (ss * fs), changed
 */
export function addGrainSpots(
  photons: Float32Array,
  fastScan: number,
  asicSlowScan: number,
  seed: number,
  module: number,
  step: number,
): void {
  const random = new RandomStream(seed, 0x5107, module, step);
  const smooth = photons.slice();
  for (let spot = 0, tries = 0; spot < SPOTS_PER_MODULE && tries < 20_000; tries++) {
    const pixel = random.below(smooth.length);
    // Only rings are bright enough; close to the beam everything is.
    if (smooth[pixel] < 0.6 || smooth[pixel] > 4) continue;
    spot++;
    const total = Math.exp(3.4 + 1.9 * random.normal());
    const strength = Math.min(total, 12_000);
    const ss0 = Math.floor(pixel / fastScan) + random.uniform() - 0.5;
    const fs0 = (pixel % fastScan) + random.uniform() - 0.5;
    const asic = Math.floor(pixel / fastScan / asicSlowScan);
    for (let ds = -3; ds <= 3; ds++) {
      for (let df = -3; df <= 3; df++) {
        const ss = Math.round(ss0) + ds;
        const fs = Math.round(fs0) + df;
        if (fs < 0 || fs >= fastScan || Math.floor(ss / asicSlowScan) !== asic) continue;
        const distanceSquared = (ss - ss0) ** 2 + (fs - fs0) ** 2;
        photons[ss * fastScan + fs] += strength * 0.2 * Math.exp(-distanceSquared / 1.6);
      }
    }
  }
}

/** Draws the photons that one pulse puts into every pixel. @param out uint16, as long as `expected` */
export function drawPhotons(expected: Float32Array, scale: number, random: RandomStream, out: Uint16Array): void {
  for (let i = 0; i < expected.length; i++) out[i] = random.poisson(expected[i] * scale);
}
