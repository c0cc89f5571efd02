import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { GOLDEN } from '../../test/conformance/hdf5-run-expected.ts';
import { golden as GEOMETRY_GOLDEN } from '../../test/golden/geometry/golden.ts';
import { runHutch } from '../../test/server/hutch-process.ts';
import { ndarray } from '../core/ndarray.ts';
import { AGIPD_1M } from '../detector/agipd.ts';
import { badRegionMask } from '../detector/bad-region-mask.ts';
import { exampleGeometry, pixelPositions } from '../detector/geometry.ts';
import { geometryFromCrystfel } from '../detector/geometry-crystfel.ts';
import { crystfelFromGeometry } from '../detector/geometry-crystfel-write.ts';
import { poniFromExperiment } from '../detector/geometry-poni-file.ts';
import { snapGeometry } from '../detector/snapped-geometry.ts';
import { decodeNpy, encodeNpy } from '../formats/npy.ts';
import { parsePattern } from '../formats/pattern-text.ts';
import { formatPoni } from '../formats/poni.ts';

const PROC = `${GOLDEN}root/SPB/202301/p900001/proc/r0034`;
const folder = mkdtempSync(join(tmpdir(), 'hutch-integrate-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const BEAM = ['--distance', '0.2', '--energy', '9.3'];
const ROWS = 40;
const COLUMNS = 30;
const PONI = `poni_version: 2
Detector: Detector
Detector_config: {"pixel1": 0.0002, "pixel2": 0.0002, "max_shape": null, "orientation": 3}
Distance: 0.1
Poni1: 0.004
Poni2: 0.003
Rot1: 0.0
Rot2: 0.0
Rot3: 0.0
Wavelength: 1.0e-10
`;

async function integrate(name: string, data: string, ...args: string[]): Promise<string> {
  const output = join(folder, name);
  const { code, stderr } = await runHutch(['integrate', data, ...args, '-o', output]);
  const remarks = stderr.replace(/^No --geometry.*\n/, '');
  expect([code, remarks]).toEqual([0, data === PROC ? 'corrected data of the run\n' : '']);
  return output;
}

describe('hutch integrate', () => {
  const npy = join(folder, 'pictures.npy');
  const poni = join(folder, 'calib.poni');
  const pictures = Float32Array.from({ length: 2 * ROWS * COLUMNS }, (_, i) => (i < ROWS * COLUMNS ? 2 : 4));
  writeFileSync(npy, Buffer.concat(encodeNpy(ndarray('float32', [2, ROWS, COLUMNS], pictures))));
  writeFileSync(poni, PONI);

  it('averages the frames of a run, and gives each', async () => {
    const args = [...BEAM, '--bins', '50', '--trains', '0:2', '--per-pulse'];
    const json = JSON.parse(readFileSync(await integrate('run.json', PROC, ...args), 'utf8'));
    expect(json).toMatchObject({ unit: 'q_A^-1', shape: [50], frameCount: json.frames.length });
    expect(json.trainIds).toHaveLength(json.frameCount);
    expect(new Set(json.trainIds).size).toBe(2);
    const filled = json.count.findIndex((count: number) => count > 100);
    const each = json.frames.map((frame: number[]) => frame[filled]);
    expect(json.intensity[filled]).toBeGreaterThanOrEqual(Math.min(...each));
    expect(json.intensity[filled]).toBeLessThanOrEqual(Math.max(...each));
    const array = decodeNpy(readFileSync(await integrate('run.npy', PROC, ...args)));
    expect(array.shape).toEqual([json.frameCount, 50]);
    expect(Math.abs((array.data as Float32Array)[filled] / each[0] - 1)).toBeLessThan(1e-6);
  });

  it('integrates flat pictures with a .poni file, in one dimension and in two', async () => {
    const args = ['--poni', poni, '--no-solid-angle', '--method', 'full', '--bins', '20', '--unit', '2th_deg'];
    const read = async (name: string, ...more: string[]) =>
      parsePattern(readFileSync(await integrate(name, npy, ...args, ...more), 'utf8'));
    const xy = await read('a.xy');
    expect(xy.x).toHaveLength(20);
    for (const value of xy.y) expect(value).toBeCloseTo(3, 5);
    // the farthest corner, 3 mm and 4 mm off the beam at 100 mm
    expect(xy.x[19] + (xy.x[1] - xy.x[0]) / 2).toBeCloseTo((Math.atan(0.05) * 180) / Math.PI, 4);
    const gsas = await read('a.fxye');
    expect(gsas.sigma?.[10]).toBeGreaterThan(0);
    expect(gsas.x[3]).toBeCloseTo(xy.x[3], 9);
    expect((await read('a.chi')).y[5]).toBeCloseTo(3, 5);
    const cake = decodeNpy(
      readFileSync(
        await integrate('cake.npy', npy, ...args, '--2d', '--azimuth-bins', '8', '--azimuth-range', '-90:90'),
      ),
    );
    expect(cake.shape).toEqual([8, 20]);
  });

  it('leaves out what is near a dummy, and turns the plane of polarisation', async () => {
    const odd = join(folder, 'odd.npy');
    const values = Float32Array.from({ length: ROWS * COLUMNS }, (_, i) => (i % 3 === 0 ? -9.6 : 5));
    writeFileSync(odd, Buffer.concat(encodeNpy(ndarray('float32', [ROWS, COLUMNS], values))));
    const args = ['--poni', poni, '--no-solid-angle', '--bins', '10'];
    const read = async (...more: string[]) =>
      JSON.parse(readFileSync(await integrate('odd.json', odd, ...args, ...more), 'utf8')) as { intensity: number[] };
    const near = await read('--dummy', '-9.5', '--delta-dummy', '0.2');
    for (const value of near.intensity) expect(value).toBeCloseTo(5, 6);
    const exact = await read('--dummy', '-9.5');
    expect(exact.intensity.some((value) => value < 4)).toBe(true);
    // A quarter turn of a horizontal plane is a vertical one.
    const turned = await read('--polarization', '1', '--polarization-offset', '90');
    const vertical = await read('--polarization', '-1');
    for (const [i, value] of turned.intensity.entries()) expect(value).toBeCloseTo(vertical.intensity[i], 5);
    expect(turned.intensity[9]).not.toBeCloseTo((await read('--polarization', '1')).intensity[9], 4);
  });

  it('takes the calibration of a picture and that of exact positions', async () => {
    const geometry = exampleGeometry(AGIPD_1M);
    const { data } = pixelPositions(geometry);
    // A ring 50 mm from a beam that is beside the origin.
    const values = Float32Array.from({ length: data.length / 3 }, (_, i) =>
      Math.exp(-(((Math.hypot(data[3 * i] - 0.004, data[3 * i + 1] + 0.003) - 0.05) / 0.001) ** 2)),
    );
    const ring = join(folder, 'ring.npy');
    writeFileSync(ring, Buffer.concat(encodeNpy(ndarray('float32', [16, 512, 128], values))));
    const geom = join(folder, 'example.geom');
    writeFileSync(geom, crystfelFromGeometry(geometry));
    const experiment = { distance: 0.2, poni1: -0.003, poni2: 0.004, photonEnergyKeV: 9 };
    for (const image of [snapGeometry(geometry), undefined]) {
      for (const version of ['2', '1'] as const) {
        const file = join(folder, 'beside.poni');
        writeFileSync(file, formatPoni(poniFromExperiment(experiment, geometry, image), { version }));
        const args = ['integrate', ring, '--geometry', geom, '--poni', file, '--bins', '100', '--unit', 'r_mm'];
        const { stdout, stderr } = await runHutch([...args, '--format', 'json']);
        const taken = image ? 'the assembled picture' : 'exact positions';
        const isTold = image !== undefined && version === '2';
        expect(stderr).toBe(
          isTold
            ? ''
            : `--poni does not tell the size of what was calibrated; it is taken for one of ${taken}, since that has the beam nearer to where --geometry has it.\n`,
        );
        const { radial, intensity } = JSON.parse(stdout) as { radial: number[]; intensity: number[] };
        expect(Math.abs(radial[intensity.indexOf(Math.max(...intensity))] - 50)).toBeLessThan(1.5);
      }
    }
  });

  it('takes a detector from a record', async () => {
    const chip = join(folder, 'chip.npy');
    // One value for all, but for the first column.
    const values = Float32Array.from({ length: 2 ** 16 }, (_, i) => (i % 256 === 0 ? 1e6 : 7));
    const mask = values.map((value) => (value === 7 ? 0 : 1));
    writeFileSync(chip, Buffer.concat(encodeNpy(ndarray('float32', [1, 256, 256], values))));
    writeFileSync(join(folder, 'chip-mask.npy'), Buffer.concat(encodeNpy(ndarray('float32', [1, 256, 256], mask))));
    const record = join(import.meta.dirname, '..', '..', 'docs', 'detectors', 'timepix3.json');
    const args = ['--detector', record, ...BEAM, '--bins', '9', '--no-solid-angle'];
    const output = await integrate('chip.json', chip, ...args, '--mask', join(folder, 'chip-mask.npy'));
    const { count, intensity } = JSON.parse(readFileSync(output, 'utf8'));
    expect(count.reduce((sum: number, n: number) => sum + n, 0)).toBe(255 * 256);
    for (const value of intensity) expect(value).toBeCloseTo(7, 4);
  });

  it('leaves out the bad regions of a geometry when asked to, and tells of them when not', async () => {
    const geometry = `${GEOMETRY_GOLDEN}files/write_agipd_bad_3d.geom`;
    const bad = badRegionMask(geometryFromCrystfel(readFileSync(geometry, 'utf8'))).data;
    const count = bad.reduce((sum, value) => sum + value, 0);
    const frame = join(folder, 'spoilt.npy');
    const pixels = Float32Array.from(bad, (value) => (value === 1 ? 1e6 : 7));
    writeFileSync(frame, Buffer.concat(encodeNpy(ndarray('float32', [16, 512, 128], pixels))));
    const args = ['integrate', frame, '--geometry', geometry, '--bins', '9', '--no-solid-angle', '--format', 'json'];
    const without = await runHutch([...args, '--bad-regions']);
    expect([without.code, without.stderr]).toEqual([0, '']);
    const clean = JSON.parse(without.stdout);
    expect(clean.count.reduce((sum: number, n: number) => sum + n, 0)).toBe(bad.length - count);
    for (const value of clean.intensity) expect(value).toBeCloseTo(7, 4);
    const all = await runHutch(args);
    expect(all.stderr).toMatch(/names 2 bad regions: --bad-regions leaves them out/);
    expect(Math.max(...JSON.parse(all.stdout).intensity)).toBeGreaterThan(100);
    const none = await runHutch(['integrate', PROC, ...BEAM, '--bad-regions']);
    expect([none.code, none.stderr]).toEqual([2, expect.stringContaining('the geometry names none')]);
  });

  it('prints csv, with a column for the azimuth in two dimensions', async () => {
    const args = ['integrate', npy, '--poni', poni, '--bins', '3', '--2d', '--azimuth-bins', '2'];
    const { stdout, code } = await runHutch(args);
    expect(code).toBe(0);
    expect(stdout.split('\n')[0]).toBe('azimuth_deg,q_A^-1,intensity,count');
    expect(stdout.trim().split('\n')).toHaveLength(7);
  });

  it('refuses raw frames that it cannot correct, and says which folder has corrected ones', async () => {
    const raw = PROC.replace('proc', 'raw');
    const { code, stderr } = await runHutch(['integrate', raw, ...BEAM]);
    expect([code, stderr]).toEqual([1, expect.stringContaining(`${PROC} has corrected frames: give that`)]);
    const args = [...BEAM, '--bins', '50', '--trains', '0:1', '--raw', '--format', 'json'];
    const { stdout } = await runHutch(['integrate', raw, ...args]);
    expect(JSON.parse(stdout)).toMatchObject({ treatment: 'raw, uncorrected, as --raw asks', shape: [50] });
  });

  it.each([
    [[npy], /shape of no detector/],
    [[npy, '--poni', poni, '--unit', 'x'], /--unit x: choose one of q_A\^-1/],
    [[npy, '--poni', poni, '--method', 'half'], /--method half: choose one of no, bbox/],
    [[npy, '--poni', poni, '--bins', '1.5'], /--bins needs a whole number/],
    [[npy, '--poni', poni, '--azimuth-range', '3'], /--azimuth-range needs A:B/],
    [[npy, '--poni', join(folder, 'none.poni')], /there is no file/],
    [[npy, '--poni', poni, '--geometry', poni], /is a \.poni file: give it as --poni alone/],
    [[npy, '--poni', poni, '--delta-dummy', '1'], /--delta-dummy is about --dummy/],
    [[npy, '--poni', poni, '--dummy', '1', '--delta-dummy', '-1'], /--delta-dummy -1 is below 0/],
    [[npy, '--poni', poni, '--polarization-offset', '1'], /is about --polarization/],
    [[npy, '--poni', poni, '--2d', '-o', join(folder, 'x.xy')], /xy holds one curve/],
    [[npy, '--poni', poni, '-o', join(folder, 'x.tif')], /is no format: choose one of json/],
    [[PROC, '--energy', '9'], /distance is not known: give --distance/],
    [[PROC, ...BEAM, '--raw', '--constants', '.'], /give one of the two/],
  ])('%j ends with 2', async (args, message) => {
    const { code, stderr } = await runHutch(['integrate', ...args]);
    expect(stderr).toMatch(message);
    expect(code).toBe(2);
    expect(existsSync(join(folder, 'x.xy'))).toBe(false);
  });
});
