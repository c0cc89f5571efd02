import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inflateSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GOLDEN } from '../../test/conformance/hdf5-run-expected.ts';
import { golden } from '../../test/golden/geometry/golden.ts';
import { ndarray } from '../core/ndarray.ts';
import { AGIPD_1M } from '../detector/agipd.ts';
import { assembleModules } from '../detector/assembly.ts';
import { parseDetector } from '../detector/detector-record.ts';
import { exampleGeometry } from '../detector/geometry.ts';
import { snapGeometry } from '../detector/snapped-geometry.ts';
import { decodeNpy, encodeNpy } from '../formats/npy.ts';
import { parsePoni } from '../formats/poni.ts';

const BIN = fileURLToPath(new URL('../../bin/hutch', import.meta.url));
const FULL = `${golden}files/write_agipd_full.geom`;
const BAD = `${golden}files/write_agipd_bad_3d.geom`;
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'hutch-geometry-commands-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function call(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [BIN, 'geometry', ...args], {
    encoding: 'utf8',
    cwd: folder,
  });
  return { status, stdout, stderr };
}

describe('hutch geometry', () => {
  it('assemble takes a detector from a record', () => {
    const chip = ndarray(
      'float32',
      [1, 256, 256],
      Float32Array.from({ length: 2 ** 16 }, (_, i) => i),
    );
    writeFileSync(join(folder, 'chip.npy'), Buffer.concat(encodeNpy(chip)));
    const record = fileURLToPath(new URL('../../docs/detectors/timepix3.json', import.meta.url));
    const made = call('assemble', 'chip.npy', '--detector', record, '-o', 'chip-image.npy', '--json');
    expect(JSON.parse(made.stdout)).toMatchObject({ detector: 'TIMEPIX3', shape: [256, 256] });
    const snapped = snapGeometry(exampleGeometry(parseDetector(readFileSync(record, 'utf8'))));
    const image = decodeNpy(readFileSync(join(folder, 'chip-image.npy')));
    expect(image.data).toEqual(assembleModules(snapped, chip).data);
    const wrong = call('assemble', 'chip.npy', '--detector', record, '--modules', '2', '-o', 'x.npy');
    expect([wrong.status, wrong.stderr]).toMatchObject([1, expect.stringContaining('TIMEPIX3 with 1 modules, not 2')]);
  });

  it('show tells what is in a file, and what CrystFEL refuses', () => {
    const shown = call('show', BAD);
    expect(shown.status).toBe(0);
    expect(shown.stdout).toContain('AGIPD1M: 16 modules of 512 x 128 (ss x fs), 128 tiles, pixels of 200 um');
    expect(shown.stdout).toMatch(/bad regions: +badlines_a, bad_beamstop/);
    writeFileSync(
      join(folder, 'oblong.poni'),
      'poni_version: 2\nDetector: Detector\nDetector_config: {"pixel1": 1e-4, "pixel2": 1.3e-4, "max_shape": [310, 420]}\nDistance: 0.11\nPoni1: 0\nPoni2: 0\n',
    );
    expect(call('show', 'oblong.poni').stdout).toContain('310 x 420 (ss x fs), 1 tiles, pixels of 100 x 130 um');
    writeFileSync(join(folder, 'no-energy.geom'), readFileSync(FULL, 'utf8').replace(/^photon_energy.*/m, ''));
    const lacking = call('show', 'no-energy.geom', '--json');
    expect(lacking.status).toBe(1);
    const facts = JSON.parse(lacking.stdout);
    expect(facts).toMatchObject({ detector: 'AGIPD1M', dataShape: [16, 512, 128], distance: 0.1185 });
    expect(facts.findings).toMatchObject([{ severity: 'error' }, { severity: 'warning' }]);
    const refused = call('show', 'no-energy.geom', '--strict');
    expect([refused.status, refused.stdout]).toEqual([1, '']);
    expect(refused.stderr).toMatch(/no-energy\.geom: There is none of wavelength/);
  });

  it('show and convert take NeXus', () => {
    expect(call('convert', FULL, 'full.nxs').status).toBe(0);
    const shown = call('show', 'full.nxs');
    expect([shown.status, shown.stderr]).toEqual([0, '']);
    expect(shown.stdout).toContain('AGIPD1M: 16 modules of 512 x 128 (ss x fs), 128 tiles, pixels of 200 um');
    expect(call('convert', 'full.nxs', 'again.geom').status).toBe(0);
    const compared = JSON.parse(call('compare', FULL, 'again.geom', '--json').stdout) as { largest: number }[];
    expect(compared).toHaveLength(16);
    for (const { largest } of compared) expect(largest).toBeLessThan(1e-9);
    const refused = call('show', 'full.nxs', '--inverted');
    expect([refused.status, refused.stderr]).toMatchObject([
      2,
      expect.stringMatching(
        /--quads and --inverted are for HDF5 files of LPD and DSSC positions, which full\.nxs is not/,
      ),
    ]);
  });

  it('convert loses nothing of a calibration, and show tells it beside Fit2D', () => {
    const text = (version: string) =>
      [
        ...(version === '1'
          ? ['PixelSize1: 7.5e-05', 'PixelSize2: 5e-05']
          : [
              `poni_version: ${version}`,
              'Detector: Detector',
              'Detector_config: {"pixel1": 7.5e-05, "pixel2": 5e-05, "max_shape": [240, 320], "orientation": 2}',
            ]),
        'Distance: 0.11',
        'Poni1: 0.0101',
        'Poni2: 0.0072',
        'Rot1: 0.02',
        'Rot2: -0.03',
        'Rot3: 0.3',
        'Wavelength: 1e-10',
        '',
      ].join('\n');
    writeFileSync(join(folder, 'tilted.poni'), text('2.1'));
    writeFileSync(join(folder, 'old.poni'), text('1'));
    for (const name of ['tilted', 'old']) {
      const before = parsePoni(readFileSync(join(folder, `${name}.poni`), 'utf8'));
      expect(call('convert', `${name}.poni`, 'copy.poni').status).toBe(0);
      const { config: _, ...copy } = parsePoni(readFileSync(join(folder, 'copy.poni'), 'utf8'));
      expect(copy).toEqual(Object.fromEntries(Object.entries(before).filter(([key]) => key !== 'config')));
      expect(call('convert', `${name}.poni`, 'copy.poni', '--photon-energy', '9.3', '--distance', '0.2').status).toBe(
        0,
      );
      const changed = parsePoni(readFileSync(join(folder, 'copy.poni'), 'utf8'));
      expect([changed.distance, changed.rot1, changed.wavelength]).toEqual([
        0.2,
        0.02,
        expect.closeTo(1.3331634e-10, 16),
      ]);
      const shown = call('show', `${name}.poni`);
      expect([shown.status, shown.stderr]).toEqual([0, '']);
      expect(shown.stdout).toContain('poni1, poni2:     0.0101, 0.0072 m\nrot1, 2, 3:       0.02, -0.03, 0.3 rad\n');
      expect(shown.stdout).toMatch(/^Fit2D: +directDist 110\.07\d* mm, centre \(x, y\)/m);
    }
    expect(call('show', 'tilted.poni').stdout).toContain('orientation:      2');
    expect(call('convert', 'tilted.poni', 'x.poni', '--poni-version', '2').stderr).toContain('write version 2.1');
  });

  it('convert keeps a .geom, changes its axes, and makes other formats', () => {
    expect(call('convert', BAD, 'same.geom')).toMatchObject({ status: 0, stdout: 'same.geom\n' });
    expect(readFileSync(join(folder, 'same.geom'))).toEqual(readFileSync(BAD));
    expect(call('convert', BAD, 'flat.geom', '--layout', 'frame,ss,fs').status).toBe(0);
    expect(readFileSync(join(folder, 'flat.geom'), 'utf8')).toContain('p15a7/max_ss = 8191');
    expect(call('convert', BAD, 'new.geom', '--rewrite').status).toBe(0);
    expect(readFileSync(join(folder, 'new.geom'), 'utf8')).toContain('group_all = q0,q1,q2,q3');
    expect(call('convert', BAD, 'a.poni', '--poni-version', '1', '--distance', '0.3').status).toBe(0);
    expect(parsePoni(readFileSync(join(folder, 'a.poni'), 'utf8')).distance).toBe(0.3);
    // A picture is flat; who wants more is told.
    expect(call('convert', BAD, 'a.poni').stderr).toBe('');
    writeFileSync(
      join(folder, 'deep.geom'),
      readFileSync(BAD, 'utf8').replace(/^(p9a3\/coffset) = .*$/m, '$1 = 0.002'),
    );
    expect(call('convert', 'deep.geom', 'a.poni').stderr).toMatch(
      /The picture is flat, but tiles stand up to \d+\.\d px beside/,
    );
    expect(call('convert', FULL, 'quads.csv')).toMatchObject({ status: 0, stderr: '' });
    expect(call('convert', 'deep.geom', 'quads.csv').stderr).toMatch(
      /A table of positions holds no modules and tiles: read back, some are up to 10\.00 px from where they are now/,
    );
    expect(call('convert', BAD, 'x.geom', '--layout', 'frame,fs')).toMatchObject({ status: 1 });
    expect(call('convert', BAD, 'x.geom', '--layout', 'frame,up').status).toBe(2);
    expect(call('convert', BAD, 'a.h5').stderr).toContain('AGIPD1M has no HDF5 geometry');
  });

  it('compare tells how far modules went', () => {
    const moved = readFileSync(FULL, 'utf8').replace(
      /^(p3a\d\/corner_x = )(.*)$/gm,
      (_, key, x) => `${key}${Number(x) + 2}`,
    );
    writeFileSync(join(folder, 'moved.geom'), moved);
    const shifts = JSON.parse(call('compare', FULL, 'moved.geom', '--json').stdout);
    expect(shifts).toHaveLength(16);
    expect(shifts[3].x).toBeCloseTo(4e-4, 12);
    expect(shifts[2]).toEqual({ module: 2, x: 0, y: 0, z: 0, largest: 0 });
    expect(call('compare', FULL, 'moved.geom').stdout).toMatch(/^ +3 +2\.000 +0\.000 +0\.000 +2\.000$/m);
    const other = call('compare', FULL, `${golden}files/write_agipd500k.geom`);
    expect([other.status, other.stderr]).toMatchObject([1, expect.stringContaining('cannot be compared')]);
  });

  it('assemble takes frames as files hold them: one picture, calibration rows, half floats', () => {
    const assembled = (name: string, shape: readonly number[], ...more: string[]) => {
      // 0x3e00 is 1.5.
      const values = new Uint16Array(shape.reduce((a, b) => a * b)).fill(0x3e00);
      writeFileSync(join(folder, name), Buffer.concat(encodeNpy(ndarray('float16', shape, values))));
      const { stdout, stderr } = call('assemble', name, '-o', 'held.npy', '--json', ...more);
      expect(stderr).toBe('');
      const { data } = decodeNpy(readFileSync(join(folder, 'held.npy')));
      expect(new Set(data as Float32Array)).toEqual(new Set([1.5, Number.NaN]));
      return JSON.parse(stdout);
    };
    expect(assembled('epix.npy', [708, 768])).toMatchObject({ detector: 'EPIX100', shape: [709, 773] });
    expect(assembled('jf.npy', [512, 1024], '--detector', 'JF500K')).toMatchObject({ shape: [514, 1030] });
    expect(assembled('pnccd.npy', [1024, 1024])).toMatchObject({ detector: 'PNCCD', shape: [1078, 1024] });
    expect(assembled('below.npy', [8192, 128], '-g', FULL)).toMatchObject({ detector: 'AGIPD1M' });
  });

  it('assemble makes an image of a .npy and of a run, as .npy and .png', () => {
    const snapped = snapGeometry(exampleGeometry(AGIPD_1M));
    const stack = ndarray(
      'float32',
      [2, 16, 512, 128],
      Float32Array.from({ length: 2 ** 21 }, (_, i) => i),
    );
    writeFileSync(join(folder, 'stack.npy'), Buffer.concat(encodeNpy(stack)));
    const made = call('assemble', 'stack.npy', '--pulse', '1', '-o', 'image.npy', '--json');
    expect(JSON.parse(made.stdout)).toMatchObject({
      detector: 'AGIPD1M',
      shape: snapped.shape,
      centre: snapped.centre,
    });
    const second = ndarray('float32', [16, 512, 128], stack.data.subarray(2 ** 20));
    expect(decodeNpy(readFileSync(join(folder, 'image.npy'))).data).toEqual(assembleModules(snapped, second).data);

    expect(call('assemble', 'stack.npy', '-o', 'image.png', '--levels', '0,1e6', '--map', 'grey').status).toBe(0);
    const png = readFileSync(join(folder, 'image.png'));
    const [height, width] = snapped.shape;
    expect([png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual([width, height]);
    const rows = inflateSync(png.subarray(41, 41 + png.readUInt32BE(33)));
    const first = assembleModules(snapped, ndarray('float32', [16, 512, 128], stack.data.subarray(0, 2 ** 20)));
    // Row 0 is at the top, x goes to the left.
    for (const [y, x] of [
      [3, 5],
      [900, 700],
      [height - 1, width - 1],
    ]) {
      const value = first.data[(height - 1 - y) * width + (width - 1 - x)];
      const grey = Number.isNaN(value) ? 64 : Math.round(Math.min(255, (value * 255) / 1e6));
      expect(rows[y * (4 * width + 1) + 1 + 4 * x]).toBe(grey);
    }

    const run = join(GOLDEN, 'root/SPB/202301/p900001/proc/r0034');
    const drawn = call('assemble', run, '-g', FULL, '-o', 'run.png', '--json');
    expect(JSON.parse(drawn.stdout)).toMatchObject({ detector: 'AGIPD1M', trainId: expect.any(Number) });
    expect(call('assemble', 'stack.npy', '--pulse', '2', '-o', 'x.npy').stderr).toContain('has 2 frames');
    expect(call('assemble', 'stack.npy', '-o', 'x.tif').status).toBe(2);
  });
});
