import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { geometryPageAddress, parseGeoAssembler, placeOfRun } from './geo-assembler-arguments.ts';
import { geoAssemblerNotebook } from './geo-assembler-notebook.ts';

const RUN = '/data/SPB/202301/p900001/raw/r0034';

describe('hutch geo-assembler', () => {
  it.each([
    [
      [
        '-nb',
        '-nb_dir',
        'd',
        '-nb_file',
        'f',
        '-r',
        RUN,
        '-g',
        'a.geom',
        '-c',
        '0.119',
        '-e',
        '9300',
        '-l',
        '0',
        '100',
      ],
    ],
    [
      [
        '--notebook',
        '--nb_dir=d',
        '--nb_file',
        'f',
        '--rundir',
        RUN,
        '--geometry',
        'a.geom',
        '--clen',
        '0.119',
        '--energy=9300',
        '--level',
        '0',
        '100',
      ],
    ],
    [
      [
        '-nb',
        '-nb_folder',
        'd',
        '--nb-file=f',
        '--run',
        RUN,
        '-no_kernel',
        '-g',
        'a.geom',
        '-c=0.119',
        '-e',
        '9300',
        '--level=0,100',
      ],
    ],
  ])('knows all spellings: %s', (words) => {
    expect(parseGeoAssembler(words)).toMatchObject({
      isNotebook: true,
      notebookFolder: 'd',
      notebookFile: 'f',
      run: RUN,
      geometry: 'a.geom',
      distance: 0.119,
      photonEnergyKeV: 9.3,
      levels: [0, 100],
    });
  });

  it.each([
    [['--nope'], /no option --nope/],
    [['-l', '3'], /needs 2 values, got 1/],
    [['-l', '3', '1'], /lower one first/],
    [['-c', 'far'], /above 0/],
    [['a', 'b'], /one run too many/],
    [['--port', '-1'], /whole number/],
    [['-constructor'], /no option/],
  ])('refuses %s', (words, message) => {
    expect(() => parseGeoAssembler(words)).toThrow(message);
  });

  it('finds the proposal of a run folder, and makes the address of its page', () => {
    const place = placeOfRun(RUN, null);
    expect(place).toEqual({ dataRoot: '/data', proposal: 'p900001', run: 34, data: 'default' });
    expect(placeOfRun('p900001/r0034', '/data')).toEqual(place);
    const proc = placeOfRun(RUN.replace('raw', 'proc'), null);
    expect(proc).toEqual({ ...place, data: 'proc' });
    expect(() => placeOfRun('p900001/r0034', null)).toThrow(/--data-root/);
    expect(() => placeOfRun('/somewhere/else', null)).toThrow(/Runs page/);
    const asked = parseGeoAssembler(['-c', '0.119', '-e', '9300', '-l', '-1', '50', '--det', 'SPB_DET_AGIPD1M-1']);
    expect(geometryPageAddress('http://h', proc, asked)).toBe(
      'http://h/geometry?proposal=p900001&run=34&data=proc&detector=SPB_DET_AGIPD1M-1&distance=0.119&energy=9.3&levels=-1%2C50',
    );
    expect(geometryPageAddress('http://h', place, parseGeoAssembler([]))).toBe(
      'http://h/geometry?proposal=p900001&run=34',
    );
    expect(geometryPageAddress('http://h', null, parseGeoAssembler([]))).toBe('http://h/geometry');
  });

  it('writes a notebook that Python can compile', () => {
    const text = geoAssemblerNotebook(parseGeoAssembler(['-r', `${RUN} "odd"`, '-c', '0.119', '-l', '0', '100']));
    const notebook = JSON.parse(text) as {
      nbformat: number;
      cells: { id: string; cell_type: string; source: string[] }[];
    };
    expect(notebook.nbformat).toBe(4);
    expect(new Set(notebook.cells.map(({ id }) => id)).size).toBe(notebook.cells.length);
    const code = notebook.cells.filter((cell) => cell.cell_type === 'code').map((cell) => cell.source.join(''));
    expect(code[0]).toContain('DISTANCE = 0.119');
    expect(code[0]).toContain('LOW, HIGH = 0, 100');
    const python = spawnSync('python3', ['-c', 'import sys; compile(sys.stdin.read(), "cell", "exec")'], {
      input: code.join('\n'),
    });
    if (python.error) console.log('not run: compiling the notebook (needs python3)');
    else expect(python.stderr.toString()).toBe('');
  });

  it('is a command: the notebook lies where it was asked for', () => {
    const folder = mkdtempSync(join(tmpdir(), 'hutch-notebook-'));
    const main = join(import.meta.dirname, 'main.ts');
    const words = ['geo-assembler', '-nb', '-nb_dir', folder, '-r', RUN, '-e', '9300'];
    const { stdout, status } = spawnSync(process.execPath, ['--disable-warning=ExperimentalWarning', main, ...words]);
    expect([status, stdout.toString()]).toEqual([0, `${join(folder, 'geoAssembler.ipynb')}\n`]);
    expect(readFileSync(join(folder, 'geoAssembler.ipynb'), 'utf8')).toContain('PHOTON_ENERGY = 9.3');
    const lost = [...words, '-g', join(folder, 'none.geom')];
    const told = spawnSync(process.execPath, ['--disable-warning=ExperimentalWarning', main, ...lost]);
    expect([told.status, told.stderr.toString()]).toEqual([
      0,
      expect.stringContaining(`There is no ${join(folder, 'none.geom')} here; the notebook will need it.\n`),
    ]);
    expect(() => parseGeoAssembler(['-c', 'x'])).toThrow('--clen x must be a number above 0.');
    rmSync(folder, { recursive: true });
  });
});
