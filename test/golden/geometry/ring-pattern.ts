import { KEV_ANGSTROM } from '../../../src/core/physics.ts';
import { type Geometry, pixelPositions } from '../../../src/detector/geometry.ts';

/** Rings of the reference data (README of the fixtures, `azimuthal`). */
export interface RingCase {
  readonly dist_m: number;
  readonly photon_energy_kev: number;
  readonly rings: {
    readonly peaks_q_nm_amplitude: readonly [number, number][];
    readonly sigma_q_nm: number;
    readonly anisotropy: number;
  };
}

/** The picture of the rings on a geometry, computed with angles, unlike the code under test: float32 (module * ss * fs). */
export function ringPattern(geometry: Geometry, { dist_m, photon_energy_kev, rings }: RingCase): Float32Array {
  const { peaks_q_nm_amplitude, sigma_q_nm, anisotropy } = rings;
  const positions = pixelPositions(geometry).data;
  const out = new Float32Array(positions.length / 3);
  const k = (40 * Math.PI * photon_energy_kev) / KEV_ANGSTROM;
  for (let i = 0; i < out.length; i++) {
    const [x, y, z] = [positions[3 * i], positions[3 * i + 1], positions[3 * i + 2]];
    const q = k * Math.sin(0.5 * Math.atan2(Math.hypot(x, y), dist_m + z));
    const around = 1 + anisotropy * Math.cos(2 * Math.atan2(y, x));
    let value = 50 + 200 * Math.exp(-q / 10);
    for (const [peak, amplitude] of peaks_q_nm_amplitude)
      value += amplitude * Math.exp(-0.5 * ((q - peak) / sigma_q_nm) ** 2) * around;
    out[i] = value;
  }
  return out;
}
