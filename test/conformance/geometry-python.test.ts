import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AGIPD_1M } from '../../src/detector/agipd.ts';
import { DSSC_1M } from '../../src/detector/dssc.ts';
import { createGeometry, exampleGeometry } from '../../src/detector/geometry.ts';
import { poniFromExperiment } from '../../src/detector/geometry-poni-file.ts';
import { LPD_1M } from '../../src/detector/lpd.ts';
import { snapGeometry } from '../../src/detector/snapped-geometry.ts';
import { tilePositionsOf } from '../../src/detector/tile-positions.ts';
import { formatPoni } from '../../src/formats/poni.ts';
import { toFit2d } from '../../src/formats/poni-fit2d.ts';
import { loadGeometry } from '../../src/platform/node/load-geometry.ts';
import { saveGeometry } from '../../src/platform/node/save-geometry.ts';

const PYTHON = '/usr/bin/python3';
const can = (modules: string) => spawnSync(PYTHON, ['-c', `import ${modules}`]).status === 0;
const hasH5py = can('h5py, numpy');
const hasPyfai = can('pyFAI, numpy');

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'hutch-geometry-python-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What a python program prints as its last line, as JSON. */
function run(program: string, ...args: string[]): unknown {
  const { status, stdout, stderr } = spawnSync(PYTHON, ['-c', program, ...args], { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '');
}

describe.skipIf(!hasH5py)('h5py reads our geometry files (needs python3-h5py)', () => {
  it.each([LPD_1M, DSSC_1M])('positions of $name', async (detector) => {
    const geometry = exampleGeometry(detector);
    const path = join(folder, 'positions.h5');
    await saveGeometry(geometry, path);
    const read = run(
      `
import h5py, json, sys
def at(group): return list(map(float, group['Position'][:2]))
with h5py.File(sys.argv[1]) as f:
    print(json.dumps({'quadrants': [{'position': at(f[q]), 'modules': [
        {'position': at(f[q][m]), 'tiles': [at(f[q][m][t]) for t in sorted(f[q][m]) if t[0] == 'T']}
        for m in sorted(f[q]) if m[0] == 'M']} for q in sorted(f)]}))`,
      path,
    );
    expect(read).toEqual(tilePositionsOf(geometry));
  });

  it('NeXus: following depends_on gives the corner of each tile', async () => {
    const { tiles } = exampleGeometry(AGIPD_1M);
    const path = join(folder, 'agipd.nxs');
    await saveGeometry(createGeometry(AGIPD_1M, tiles, { distance: 0.25, photonEnergyKeV: 9.3 }), path);
    const read = run(
      `
import h5py, json, sys
def text(v): return v.decode() if isinstance(v, bytes) else v
with h5py.File(sys.argv[1]) as f:
    detector = next(g for g in f['entry/instrument'].values() if text(g.attrs['NX_class']) == 'NXdetector')
    def place(path):
        total = [0., 0., 0.]
        while path != '.':
            step = f[path]
            assert text(step.attrs['transformation_type']) == 'translation' and text(step.attrs['units']) == 'm'
            total = [t + float(step[()]) * float(v) for t, v in zip(total, step.attrs['vector'])]
            path = text(step.attrs['depends_on'])
        return total
    m = detector['p3a5']
    print(json.dumps({'name': text(detector['local_name'][()]), 'depends_on': text(detector['depends_on'][()]),
        'modules': sum(text(g.attrs.get('NX_class', '')) == 'NXdetector_module' for g in detector.values()),
        'corner': place(m.name + '/module_offset'), 'pixel': place(m.name + '/fast_pixel_direction'),
        'origin': m['data_origin'][()].tolist(), 'size': m['data_size'][()].tolist(),
        'energy': float(f['entry/instrument/beam/incident_energy'][()])}))`,
      path,
    ) as { corner: number[]; pixel: number[] };
    const at = (3 * 8 + 5) * 9;
    expect(read).toMatchObject({
      name: 'AGIPD1M',
      depends_on: '/entry/instrument/AGIPD1M/transformations/distance',
      modules: 128,
      origin: [3, 320, 0],
      size: [1, 64, 128],
      energy: 9.3,
    });
    for (let axis = 0; axis < 3; axis++) {
      const corner = tiles[at + axis] + (axis === 2 ? 0.25 : 0);
      expect(read.corner[axis]).toBeCloseTo(corner, 14);
      expect(read.pixel[axis]).toBeCloseTo(corner + tiles[at + 6 + axis], 14);
    }
  });
});

describe.skipIf(!hasH5py)('files that h5py wrote (needs python3-h5py)', () => {
  it('NeXus as NXmx has it: modules on an arm, numbers worked out by hand', async () => {
    const path = join(folder, 'by-hand.nxs');
    run(
      `
import h5py, numpy as np, sys
fixed = lambda text: np.bytes_(text)
with h5py.File(sys.argv[1], 'w') as f:
    def group(path, nx): g = f.create_group(path); g.attrs['NX_class'] = nx; return g
    def axis(g, name, value, kind, vector, depends_on, units, **more):
        d = g.create_dataset(name, data=value)
        for key, text in (('transformation_type', kind), ('units', units), ('depends_on', depends_on)): d.attrs[key] = text
        d.attrs['vector'] = vector
        for key, each in more.items(): d.attrs[key] = each
    group('entry', 'NXentry')
    group('entry/instrument', 'NXinstrument')
    beam = group('entry/instrument/beam', 'NXbeam')
    beam['incident_wavelength'] = np.float32(1.25)
    beam['incident_wavelength'].attrs['units'] = fixed('angstrom')
    d = group('entry/instrument/ELE_D0', 'NXdetector')
    d['depends_on'] = '/entry/instrument/ELE_D0/transformations/AXIS_D0'
    t = group('entry/instrument/ELE_D0/transformations', 'NXtransformations')
    axis(t, 'AXIS_RAIL', np.array([0.3]), 'translation', np.array([0, 0, 1], 'i4'), '.', 'm')
    axis(t, 'AXIS_D0', 180.0, fixed('rotation'), np.array([0, 0, 1.]), fixed('AXIS_RAIL'), fixed('degrees'),
         offset=np.array([1, -2, 0.]), offset_units='mm')
    for m in (0, 1):
        g = group(f'entry/instrument/ELE_D0/ARRAY_D0M{m}', 'NXdetector_module')
        g['data_origin'] = np.array([m, 0, 0], 'u2')
        g['data_size'] = np.array([1, 20, 30], 'i8')
        g['data_stride'] = np.array([1, 1, 1])
        for name, vector, size in (('fast', [1, 0, 0], 0.1), ('slow', [0, -1, 0], 0.15)):
            axis(g, f'{name}_pixel_direction', size, 'translation', np.array(vector, 'f4'),
                 '../transformations/AXIS_D0', 'mm', offset=np.array([3., 4. - 8 * m, 0.5]))
print('null')`,
      path,
    );
    const { detector, tiles, metadata } = await loadGeometry(path);
    expect(detector).toMatchObject({ name: 'ELE_D0', dataShape: [2, 20, 30] });
    expect(detector.pitch[0]).toBeCloseTo(1.5e-4, 15);
    expect(detector.pitch[1]).toBeCloseTo(1e-4, 15);
    expect(metadata.distance).toBe(0.3);
    expect(metadata.photonEnergyKeV).toBeCloseTo(12.398419843320026 / 1.25, 12);
    // (3, 4 or -4, 0.5) mm turned by half a turn about the beam, and (1, -2, 0) mm of the mounting.
    const wanted = [4, -4].flatMap((y) => [-3 + 1, -y - 2, 0.5, 0, 0.15, 0, -0.1, 0, 0].map((mm) => mm * 1e-3));
    for (const [i, number] of wanted.entries()) expect(tiles[i], `number ${i}`).toBeCloseTo(number, 12);
  });
});

describe.skipIf(!hasPyfai)('pyFAI reads our .poni files (needs python3-pyfai)', () => {
  const experiment = {
    distance: 0.2,
    poni1: 1e-3,
    poni2: -2e-3,
    rot1: 0.01,
    rot2: -0.02,
    rot3: 0.03,
    photonEnergyKeV: 9.3,
  };
  const image = snapGeometry(exampleGeometry(AGIPD_1M));
  const poni = poniFromExperiment(experiment, image.geometry, image);

  it.each(['1', '2'] as const)('version %s: parameters, pixels, Fit2D', (version) => {
    const path = join(folder, `v${version}.poni`);
    writeFileSync(path, formatPoni(poni, { version, date: new Date() }));
    const read = run(
      `
import json, sys, pyFAI
ai = pyFAI.load(sys.argv[1])
fit = ai.getFit2D()
print(json.dumps({'distance': ai.dist, 'poni1': ai.poni1, 'poni2': ai.poni2, 'rot1': ai.rot1, 'rot2': ai.rot2,
    'rot3': ai.rot3, 'wavelength': ai.wavelength, 'pixel': [ai.detector.pixel1, ai.detector.pixel2],
    'shape': ai.detector.max_shape and list(ai.detector.max_shape), 'fit2d': [fit['directDist'], fit['centerX'], fit['centerY'], fit['tilt'], fit['tiltPlanRotation']]}))`,
      path,
    ) as { fit2d: number[] };
    const { distance, poni1, poni2, rot1, rot2, rot3, wavelength, pixel, shape } = poni;
    expect(read).toMatchObject({ distance, poni1, poni2, rot1, rot2, rot3, wavelength, pixel });
    if (version === '2') expect(read).toMatchObject({ shape });
    const fit = toFit2d(poni);
    const ours = [fit.directDistMm, fit.centerX, fit.centerY, fit.tiltDeg, fit.tiltPlanRotationDeg];
    for (const [i, value] of ours.entries()) expect(read.fit2d[i]).toBeCloseTo(value, 8);
  });
});

describe('peers that were asked', () => {
  it('are named where they are absent', ({ skip }) => {
    const absent = [...(hasH5py ? [] : ['h5py']), ...(hasPyfai ? [] : ['pyFAI'])];
    if (absent.length > 0)
      skip(`not run, as python has no ${absent.join(', ')}: reading of our geometry files by them`);
    expect(absent).toEqual([]);
  });
});
