import { execFileSync } from 'node:child_process';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { parsePattern } from '../../../formats/pattern-text.ts';
import { fileWords, pictureStem, rowStem } from '../../geometry/picture-stem.ts';
import type { PatternResult } from '../analysis-request.ts';
import type { BeforeAfter } from '../curve/curve-store.ts';
import { patternsOnPage } from './autosave-keeper.ts';
import { useAutosave } from './autosave-store.ts';
import { folderSink, PatternArchive } from './pattern-sink.ts';

const saved = vi.hoisted(() => [] as { readonly content: Blob; readonly name: string }[]);
vi.mock('../../save-file.ts', () => ({ saveFile: (content: Blob, name: string) => saved.push({ content, name }) }));

const pattern = (stem: string, unit: 'q_A^-1' | '2th_deg' = 'q_A^-1') => ({
  ...{ stem, unit, lines: ['run 4'] },
  curve: { x: [1, 2, 3], y: [5, 6, 7], sigma: [1, 1, 1] },
});
const autosave = () => useAutosave.getState();
/** A folder as browsers have it. @param fault why the second file cannot be written */
function makeFolder(fault?: string) {
  const files = new Map<string, string>();
  const handle = {
    name: 'night',
    async getFileHandle(name: string) {
      let text = '';
      return {
        async createWritable() {
          return {
            async write(more: string) {
              if (fault && files.size === 1) throw new DOMException(fault, 'QuotaExceededError');
              text += more;
            },
            async close() {
              files.set(name, text);
            },
            async abort() {},
          };
        },
      };
    },
  };
  return { files, handle: handle as unknown as FileSystemDirectoryHandle };
}

describe('names of files', () => {
  const run = { proposal: 'p700000', run: 4, data: 'default' };
  it('are made of run, train and pulse, the same for a picture and a row of a batch', () => {
    expect(pictureStem(run, { over: 'one', trainIds: [10012] }, 3)).toBe('p700000-r0004-t10012-p3');
    expect(rowStem(run, { trainId: 10012, pulses: [3] }, 'each')).toBe('p700000-r0004-t10012-p3');
    expect(pictureStem(run, { over: 'mean', trainIds: [10012, 10013] }, 0)).toBe('p700000-r0004-mean-2trains-t10012');
    expect(rowStem(run, { trainId: 10012, pulses: [0, 2] }, 'max')).toBe('p700000-r0004-t10012-max-2pulses');
    expect(fileWords(' Détecteur / vorne: 2 ')).toBe('Detecteur-vorne-2');
  });
});

describe('automatic saving', () => {
  beforeEach(() => {
    saved.length = 0;
    useAutosave.setState({ isOn: false, formats: ['xy'], sink: null, saved: 0, fault: null, isWaiting: false });
  });

  it('does nothing while it is off', async () => {
    await autosave().save(pattern('a'));
    expect(autosave()).toMatchObject({ saved: 0, last: null, isWaiting: false });
  });

  it('gathers an archive that tar reads; the newest of a name counts', async () => {
    autosave().setFormat('dat', true);
    autosave().startArchive();
    await autosave().save({ ...pattern('r4-t1'), curve: { x: [9], y: [9], sigma: [9] } });
    await Promise.all([autosave().save(pattern('r4-t1')), autosave().save(pattern('r4-t2'))]);
    expect(autosave()).toMatchObject({ saved: 4, last: 'r4-t2.dat', isWaiting: true });
    autosave().download('patterns');
    expect(autosave()).toMatchObject({ isOn: true, isWaiting: false, saved: 0 });
    const [{ content, name }] = saved;
    expect(name).toBe('patterns.tar');
    const input = Buffer.from(await content.arrayBuffer());
    const list = execFileSync('tar', ['tf', '-'], { input }).toString().trim().split('\n').sort();
    expect(list).toEqual(['dat', 'xy'].flatMap((format) => [1, 2].map((n) => `patterns/r4-t${n}.${format}`)).sort());
    const text = execFileSync('tar', ['xOf', '-', 'patterns/r4-t1.dat'], { input }).toString();
    expect(parsePattern(text)).toMatchObject({ x: Float64Array.of(1, 2, 3), sigma: Float64Array.of(1, 1, 1) });
  });

  it('goes on with the archive after a stop, and begins another one after the download', async () => {
    autosave().startArchive();
    await autosave().save(pattern('a'));
    autosave().stop();
    await autosave().save(pattern('lost'));
    autosave().startArchive();
    await autosave().save(pattern('b'));
    expect((autosave().sink as PatternArchive).count).toBe(2);
    autosave().download('x');
    await autosave().save(pattern('c'));
    expect((autosave().sink as PatternArchive).count).toBe(1);
  });

  it('writes into a folder, and says which format a pattern cannot have', async () => {
    const { files, handle } = makeFolder();
    vi.stubGlobal('window', { showDirectoryPicker: async () => handle });
    autosave().setFormat('fxye', true);
    await autosave().startFolder();
    await autosave().save(pattern('a'));
    expect([...files.keys()]).toEqual(['a.xy']);
    expect(autosave().fault).toMatch(/^\.fxye is left out: .*2θ/);
    await autosave().save(pattern('b', '2th_deg'));
    expect([...files.keys()]).toEqual(['a.xy', 'b.xy', 'b.fxye']);
    expect(autosave().fault).toBeNull();
    vi.unstubAllGlobals();
  });

  it('stops where a file cannot be written, with the reason; a closed question changes nothing', async () => {
    const { handle } = makeFolder('the disk is full');
    useAutosave.setState({ isOn: true, sink: folderSink(handle) });
    await autosave().save(pattern('a'));
    await autosave().save(pattern('b'));
    expect(autosave()).toMatchObject({ isOn: false, last: 'a.xy' });
    expect(autosave().fault).toMatch(/Stopped: b\.xy could not be saved in night\. the disk is full/);
    const closed = async () => {
      throw new DOMException('closed', 'AbortError');
    };
    vi.stubGlobal('window', { showDirectoryPicker: closed });
    await autosave().startFolder();
    expect(autosave().isOn).toBe(false);
    vi.unstubAllGlobals();
  });

  it('an archive that would fill the memory stops it', async () => {
    useAutosave.setState({ isOn: true, sink: new PatternArchive(100) });
    await autosave().save(pattern('a'));
    await autosave().save(pattern('b'));
    await autosave().save(pattern('c'));
    expect(autosave().isOn).toBe(false);
    expect(autosave().fault).toMatch(/download it, and start again/);
  });
});

describe('patterns of the page', () => {
  const experiment = { distance: 0.1, photonEnergyKeV: 9 };
  const look = { overlays: [], subtracted: null, waterfall: 0, background: { kind: 'none' } } as const;
  const result = (y: number, more: Partial<PatternResult> = {}): PatternResult => ({
    ...{ unit: 'q_A^-1', x: Float64Array.of(1, 2), y: Float64Array.of(y, y), sigma: Float64Array.of(1, 1) },
    azimuthRange: null,
    ...more,
  });
  const curves = (after: readonly PatternResult[], change: Partial<BeforeAfter<unknown>> = {}) => ({
    ...look,
    curves: {
      ...{ before: null, after, isProposal: false, isFinal: true },
      made: { version: 2, picture: 'run 4 · mean', stem: 'p1-r0004', unit: 'keV', how: 'pixels split: no' },
      ...change,
    } as BeforeAfter<readonly PatternResult[]>,
  });

  it('are one, one of each sector, or the combined one', () => {
    const [one] = patternsOnPage(curves([result(3)]), experiment);
    expect(one).toMatchObject({ stem: 'p1-r0004', curve: { y: Float64Array.of(3, 3) } });
    const sectors = patternsOnPage(
      curves([result(1, { azimuthRange: [-180, 0] }), result(2, { azimuthRange: [0, 180] })]),
      experiment,
    );
    expect(sectors.map(({ stem }) => stem)).toEqual(['p1-r0004-sector1', 'p1-r0004-sector2']);
    expect(sectors.map(({ curve }) => curve.y[0])).toEqual([1, 2]);
    const parts = ['combined', 'near', 'far'].map((label, i) => result(i, { label }));
    const combined = patternsOnPage(curves(parts), experiment);
    expect(combined).toHaveLength(1);
    expect(combined[0].curve.y[0]).toBe(0);
    expect(combined[0].lines).toContain('combined: near + far');
  });

  it('are none while they are provisional', () => {
    expect(patternsOnPage(curves([result(3)], { isFinal: false }), experiment)).toEqual([]);
    expect(patternsOnPage(curves([result(3)], { isProposal: true }), experiment)).toEqual([]);
    expect(patternsOnPage({ ...look, curves: null }, experiment)).toEqual([]);
  });
});
