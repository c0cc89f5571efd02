import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { GOLDEN } from '../../test/conformance/hdf5-run-expected.ts';
import { golden } from '../../test/golden/geometry/golden.ts';
import { runHutch } from '../../test/server/hutch-process.ts';
import { type NdArray, ndarray } from '../core/ndarray.ts';
import { encodeNpy } from '../formats/npy.ts';

const folder = mkdtempSync(join(tmpdir(), 'hutch-wrong-input-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const at = (name: string) => join(folder, name);

const GEOM = `${golden}files/write_agipd_full.geom`;
const RUN = `${GOLDEN}root/SPB/202301/p900001/proc/r0034`;
const text = readFileSync(GEOM, 'utf8');
const corner = (value: string, panel = 'p3a2', axis = 'x') =>
  text.replace(new RegExp(`^(${panel}/corner_${axis} = ).*$`, 'm'), `$1${value}`);
const cornerOf = (panel: string, axis: string) =>
  new RegExp(`^${panel}/corner_${axis} = (.*)$`, 'm').exec(text)?.[1] ?? '';
const PONI = `poni_version: 2
Detector: Detector
Detector_config: {"pixel1": 0.0002, "pixel2": 0.0002, "max_shape": [40, 30], "orientation": 3}
Distance: 0.1
Poni1: 0.004
Poni2: 0.003
Rot1: 0.0
Rot2: 0.0
Rot3: 0.0
Wavelength: 1.0e-10
`;

const texts: Readonly<Record<string, string>> = {
  'cut.geom': text.slice(0, text.length / 2),
  'nan.geom': corner('nan'),
  'far.geom': corner('1e9'),
  'binary.geom': '\u0000\u0001\u0002p0a0\u0000',
  'empty.geom': '',
  'overlap.geom': corner(cornerOf('p3a3', 'x')).replace(
    /^(p3a2\/corner_y = ).*$/m,
    (_, key) => `${key}${cornerOf('p3a3', 'y')}`,
  ),
  'ok.poni': PONI,
  'other.poni': PONI.replace('[40, 30]', '[1043, 981]'),
  'cut.poni': PONI.slice(0, 70),
  'wave.poni': PONI.replace('1.0e-10', '-1e-10'),
  'near.poni': PONI.replace('Distance: 0.1', 'Distance: 0'),
  'broken.json': '{"name": "X", "dataShape": [1,',
  'binary.npy': '\u0000\u0001',
  file: '',
};
for (const [name, content] of Object.entries(texts)) writeFileSync(at(name), content);
for (const name of ['folder.geom', 'folder.npy', 'folder.poni', 'empty-run']) mkdirSync(at(name));
const floats = (shape: number[], value = 1) =>
  ndarray('float32', shape, new Float32Array(shape.reduce((product, n) => product * n, 1)).fill(value));
const arrays: Readonly<Record<string, NdArray>> = {
  'frame.npy': floats([16, 512, 128]),
  'nothing.npy': floats([16, 512, 128], 0),
  'turned.npy': floats([512, 128, 16], 0),
  'none.npy': floats([0, 16, 512, 128]),
  'long.npy': ndarray('int64', [16, 512, 128], new BigInt64Array(2 ** 20)),
  'list.npy': floats([10]),
  'picture.npy': floats([40, 30]),
};
for (const [name, array] of Object.entries(arrays)) writeFileSync(at(name), Buffer.concat(encodeNpy(array)));
const there = readdirSync(folder).sort();

const [frame, picture] = [at('frame.npy'), at('picture.npy')];
const beam = ['--distance', '0.2', '--energy', '9.3'];
const show = (name: string, ...more: string[]) => ['geometry', 'show', at(name), ...more];
const convert = (to: string, ...more: string[]) => ['geometry', 'convert', GEOM, at(to), ...more];
const assemble = (data: string, geometry: string, to = 'out.npy', ...more: string[]) => [
  'geometry',
  'assemble',
  data,
  '-g',
  geometry,
  '-o',
  at(to),
  ...more,
];
const refine = (...more: string[]) => [
  'geometry',
  'refine',
  frame,
  '-g',
  GEOM,
  '--calibrant',
  'LaB6',
  ...beam,
  ...more,
];
const integrate = (...more: string[]) => [
  'integrate',
  picture,
  '--poni',
  at('ok.poni'),
  '--bins',
  '10',
  '-o',
  at('out.xy'),
  ...more,
];
const onFrame = (...more: string[]) => [
  'integrate',
  frame,
  '--geometry',
  GEOM,
  ...beam,
  '--bins',
  '10',
  '-o',
  at('out.xy'),
  ...more,
];

const wrong: readonly (readonly [what: string, args: readonly string[], code: 1 | 2, says: RegExp])[] = [
  ['a missing file', show('no.geom'), 1, /no\.geom cannot be read \(ENOENT\)\. Check the path/],
  ['a folder for a geometry', show('folder.geom'), 1, /folder\.geom cannot be read \(EISDIR\)/],
  ['a binary for a .geom', show('binary.geom'), 1, /binary\.geom is neither text nor HDF5/],
  ['an array for a .geom', show('frame.npy'), 1, /frame\.npy is neither text nor HDF5/],
  ['an empty .geom', show('empty.geom'), 1, /empty\.geom is empty/],
  ['half a .geom', show('cut.geom'), 1, /cut\.geom.*Is the file whole|cut\.geom, line \d+: .*every panel needs/],
  ['a position that is NaN', show('nan.geom'), 1, /nan\.geom, line \d+: corner_x = "nan" must be a finite number/],
  [
    'quadrants of a .geom',
    ['geometry', 'show', GEOM, '--quads', '1,2'],
    2,
    /--quads and --inverted are for HDF5 files of LPD and DSSC/,
  ],
  ['a record that is no JSON', show('ok.poni', '--detector', at('broken.json')), 1, /broken\.json is no JSON/],
  ['another detector', ['geometry', 'show', GEOM, '--detector', 'LPD'], 1, /Its panels are those of AGIPD1M/],
  ['an unknown ending', convert('out.xyz'), 2, /out\.xyz: save geometries as \.geom, \.h5/],
  ['a folder for the output', convert('folder.geom'), 1, /folder\.geom cannot be written \(it is a folder\)/],
  [
    'a file for a folder',
    convert(join('file', 'out.geom')),
    1,
    /file cannot be written \(a part of the path is a file/,
  ],
  ['distance 0', convert('out.nxs', '--distance', '0'), 2, /--distance needs a number above 0, got "0"/],
  ['energy below 0', convert('out.nxs', '--photon-energy', '-3'), 2, /--photon-energy needs a number above 0/],
  ['no quadrants', convert('out.geom', '--rewrite', '--quadrants', '0'), 2, /--quadrants needs a whole number above 0/],
  [
    'a list for frames',
    assemble(at('list.npy'), GEOM),
    1,
    /list\.npy is float32 \[10\]: it must be numbers \(\.\., module/,
  ],
  [
    'a tile in the next hall',
    assemble(frame, at('far.geom')),
    1,
    /would have \d+ x \d+ pixels: module 3, tile 2 lies far/,
  ],
  ['a .poni for a geometry', assemble(frame, at('ok.poni')), 1, /Give the geometry of that detector/],
  ['an empty run', assemble(at('empty-run'), GEOM), 1, /No HDF5 files in .*empty-run\. Give a run folder/],
  ['a name without a data root', assemble('p700000/r0004', GEOM), 1, /say where proposals are: --data-root/],
  ['a train that is not there', assemble(RUN, GEOM, 'out.npy', '--train', '999'), 1, /--train 999 is none of them/],
  ['three levels', assemble(frame, GEOM, 'out.png', '--levels', '1,2,3'), 2, /--levels needs LOW,HIGH/],
  [
    'no frames',
    ['geometry', 'refine', at('none.npy'), ...refine().slice(3)],
    1,
    /none\.npy is \[0,16,512,128\]: it holds no/,
  ],
  [
    'no rings in the picture',
    refine('-o', at('out.geom')),
    1,
    /Only \d+ points were found on \d+ rings within 15 pixels/,
  ],
  ['no ring in range', refine('--energy', '0.5'), 1, /no ring at 0\.5 keV within .*the photon energy is too low/],
  ['an unknown calibrant', refine('--calibrant', 'cheese'), 1, /No calibrant "cheese"; there are LaB6/],
  ['refine at distance 0', refine('--distance', '0'), 2, /--distance needs a number above 0/],
  ['no rings wanted', refine('--rings', '0'), 2, /--rings needs a whole number above 0/],
  ['a window below 0', refine('--window', '-1'), 2, /--window needs a number above 0/],
  ['all fixed', refine('--fixed', 'Q1,Q2,Q3,Q4'), 2, /--fixed names every part/],
  ['refine to an unknown ending', refine('-o', at('out.xyz')), 2, /save geometries as/],
  [
    'a mask with other axes',
    refine('--mask', at('turned.npy')),
    1,
    /turned\.npy is \[512,128,16\], AGIPD1M is \[16,512,128\]/,
  ],
  ['a mask of everything', refine('--mask', frame), 2, /leaves no pixel.*Is it inverted/],
  ['a billion bins', integrate('--bins', '1e9'), 2, /--bins 1e9 is too many/],
  [
    'a map too large',
    integrate('--2d', '--bins', '1e5', '--azimuth-bins', '1e5'),
    2,
    /times --azimuth-bins 100000 is too many/,
  ],
  ['no bins', integrate('--bins', '0'), 2, /--bins needs a whole number above 0/],
  [
    'a .poni of another detector',
    integrate('--poni', at('other.poni')),
    1,
    /40 x 30 pixels, .*other\.poni is of .* 1043 x 981/,
  ],
  ['half a .poni', integrate('--poni', at('cut.poni')), 1, /cut\.poni: There is no distance\. Is it a \.poni file/],
  ['a folder for a .poni', integrate('--poni', at('folder.poni')), 1, /folder\.poni cannot be read \(EISDIR\)/],
  [
    'a wavelength below 0',
    integrate('--poni', at('wave.poni')),
    1,
    /wave\.poni, line 10: The wavelength -1e-10 must be above/,
  ],
  [
    'a .poni at distance 0',
    integrate('--poni', at('near.poni')),
    1,
    /near\.poni, line 4: The distance 0 must be above 0/,
  ],
  ['an empty azimuth', integrate('--azimuth-range', '5:5'), 2, /--azimuth-range 5:5 is empty: give A:B with A below B/],
  ['a range off the detector', integrate('--radial-range', '500:600'), 1, /No bin has a pixel with a value/],
  [
    'a mask of another shape',
    integrate('--mask', frame),
    1,
    /--mask .*frame\.npy is \[16,512,128\], Picture is \[1,40,30\]/,
  ],
  [
    'integers of 64 bits',
    onFrame('--dark', at('long.npy')),
    1,
    /--dark .*long\.npy holds int64: convert it to float32/,
  ],
  ['a flat of zeros', onFrame('--flat', at('nothing.npy')), 2, /--flat .*nothing\.npy is 0 or missing in every pixel/],
  ['no NumPy file', onFrame('--flat', at('binary.npy')), 1, /binary\.npy is not a NumPy file that can be read/],
  [
    'frames of another detector',
    ['integrate', frame, '--detector', 'LPD', ...beam],
    1,
    /frames of LPD1M are \[16,256,256\]/,
  ],
  [
    'a train of another run',
    ['integrate', RUN, '--geometry', GEOM, '--train-ids', '5'],
    1,
    /No train of .*it has \d+ trains, \d+ to \d+/,
  ],
];

describe('wrong input to hutch geometry and hutch integrate', () => {
  it.each(wrong)('%s', async (_, args, code, says) => {
    const ended = await runHutch(args);
    expect(ended).toEqual({ code, stdout: '', stderr: expect.stringMatching(says) });
    expect(ended.stderr).not.toMatch(/bug of Hutch|\n\s+at |\.part/);
    expect(readdirSync(folder).sort()).toEqual(there);
    expect(readdirSync(at('folder.geom'))).toEqual([]);
  });

  it('tiles that lie on one another are told, and not refused', async () => {
    const said = /module 3, tile 2 and module 3, tile 3, 64\.0 px deep\. Check their corners/;
    expect(await runHutch(show('overlap.geom'))).toMatchObject({ code: 0, stdout: expect.stringMatching(said) });
    const made = await runHutch(assemble(frame, at('overlap.geom')));
    expect(made).toMatchObject({ code: 0, stderr: expect.stringMatching(said) });
    rmSync(at('out.npy'));
  });

  it.skipIf(process.platform === 'win32' || process.getuid?.() !== 0)(
    'a folder that may not be written (needs root, to be somebody else)',
    async () => {
      chmodSync(folder, 0o755);
      mkdirSync(at('locked'), { mode: 0o555 });
      try {
        const { code, stderr } = await runHutch(convert(join('locked', 'out.geom')), { uid: 65_534 });
        expect([code, stderr]).toEqual([1, expect.stringMatching(/cannot be written \(permission denied\)/)]);
        expect(readdirSync(at('locked'))).toEqual([]);
      } finally {
        rmSync(at('locked'), { recursive: true });
      }
    },
  );
});
