import type { Geometry } from '../detector/geometry.ts';
import { TILE_NUMBERS, tileStart } from '../detector/geometry.ts';
import { EXPERIMENT } from './scattering.ts';

/** A CrystFEL .geom file of the example's geometry: panels p0a0 .. p15a7, three-dimensional data as in virtual CXI files. */
export function geometryText(geometry: Geometry): string {
  const { detector, tiles } = geometry;
  const res = 1 / detector.pixelSize;
  const lines = [
    '; AGIPD1M of the Hutch example proposal',
    '',
    'data = /entry_1/instrument_1/detector_1/data',
    'dim0 = %',
    `res = ${res}`,
    `photon_energy = ${EXPERIMENT.photonEnergyKeV * 1000} eV`,
    `clen = ${EXPERIMENT.distance} m`,
    'adu_per_eV = 0.001',
    '',
  ];
  for (let module = 0; module < detector.dataShape[0]; module++) {
    for (const [tile, slice] of detector.tiles.entries()) {
      const at = tileStart(detector, module, tile);
      const [cornerX, cornerY, cornerZ, ...steps] = tiles.subarray(at, at + TILE_NUMBERS);
      const pixels = steps.map((step) => decimal(step * res));
      const name = `p${module}a${tile}`;
      lines.push(
        `${name}/dim1 = ${module}`,
        `${name}/dim2 = ss`,
        `${name}/dim3 = fs`,
        `${name}/min_ss = ${slice.ssStart}`,
        `${name}/max_ss = ${slice.ssStop - 1}`,
        `${name}/min_fs = ${slice.fsStart}`,
        `${name}/max_fs = ${slice.fsStop - 1}`,
        `${name}/ss = ${vector(pixels.slice(0, 3))}`,
        `${name}/fs = ${vector(pixels.slice(3, 6))}`,
        `${name}/corner_x = ${decimal(cornerX * res)}`,
        `${name}/corner_y = ${decimal(cornerY * res)}`,
        `${name}/coffset = ${decimal(cornerZ)}`,
        '',
      );
    }
  }
  return lines.join('\n');
}

/** Plain decimals: CrystFEL does not read exponents here. */
function decimal(value: number): string {
  return value
    .toFixed(9)
    .replace(/\.?0+$/, '')
    .replace(/^-0$/, '0');
}

function vector([x, y, z]: readonly string[]): string {
  const signed = (value: string) => (value.startsWith('-') ? value : `+${value}`);
  return `${signed(x)}x ${signed(y)}y ${signed(z)}z`;
}
