import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type ArrayReference,
  golden,
  hasShared,
  largestDifference,
  readCase,
  readDoubles,
  sharedGolden,
} from '../../../test/golden/geometry/golden.ts';
import { ndarray } from '../../core/ndarray.ts';
import { AGIPD_1M } from '../../detector/agipd.ts';
import { DETECTOR_NAMES, detectorByName } from '../../detector/detector-table.ts';
import { DSSC_1M } from '../../detector/dssc.ts';
import { createGeometry, exampleGeometry, quadPositions } from '../../detector/geometry.ts';
import { LPD_1M } from '../../detector/lpd.ts';
import { rotateGeometry } from '../../detector/move-geometry.ts';
import { quadPositionsWith } from '../../detector/tile-positions.ts';
import { readGeometryHdf5 } from '../../formats/geometry-hdf5.ts';
import { createHdf5 } from '../../formats/hdf5-writer.ts';
import { parseQuadPositions } from '../../formats/quad-positions-csv.ts';
import { nodeHdf5Creator } from './hdf5-create.ts';
import { openReaderFile } from './hdf5-open.ts';
import { loadGeometry } from './load-geometry.ts';
import { saveGeometry } from './save-geometry.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'hutch-geometry-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const at = (name: string) => join(folder, name);
function put(name: string, text: string): string {
  writeFileSync(at(name), text);
  return at(name);
}

const withDistance = (detector = AGIPD_1M) => {
  const { tiles } = exampleGeometry(detector);
  return createGeometry(detector, tiles, { distance: 0.2, photonEnergyKeV: 9.3 });
};

describe('geometry files of all kinds', () => {
  it('a comment that is no UTF-8 is still there when the file is saved again', async () => {
    const text = `; 5 µm at 20 °C\n${readFileSync(`${golden}files/write_agipd_full.geom`, 'utf8')}`;
    writeFileSync(at('latin.geom'), Buffer.from(text, 'latin1'));
    await saveGeometry(await loadGeometry(at('latin.geom')), at('copy.geom'), { template: at('latin.geom') });
    expect(readFileSync(at('copy.geom'), 'utf8')).toBe(text);
  });

  it('what was saved is loaded, the content tells the format', async () => {
    for (const [name, detector] of [
      ['a.geom', AGIPD_1M],
      ['a.h5', LPD_1M],
      ['b.h5', DSSC_1M],
    ] as const) {
      const geometry = withDistance(detector);
      await saveGeometry(geometry, at(name), { aduPerEv: 1 });
      const loaded = await loadGeometry(at(name), undefined, { isStrict: true });
      expect(loaded.detector).toEqual(detector);
      expect(largestDifference(loaded.tiles, geometry.tiles)).toBeLessThan(1e-12);
      expect(loaded.metadata.path).toBe(at(name));
    }
    for (const [detector, unit] of [
      [AGIPD_1M, 'px'],
      [LPD_1M, 'mm'],
    ] as const) {
      await saveGeometry(withDistance(detector), at('q.csv'));
      expect(readFileSync(at('q.csv'), 'utf8')).toMatch(new RegExp(`^quadrant,x_${unit},y_${unit}\nq1,`));
      const loaded = await loadGeometry(at('q.csv'), detector);
      expect(largestDifference(loaded.tiles, exampleGeometry(detector).tiles)).toBeLessThan(1e-12);
    }
    await saveGeometry(withDistance(), at('a.poni'), { poniVersion: '2' });
    const flat = await loadGeometry(at('a.poni'));
    expect(flat.detector.dataShape).toEqual([1, 1256, 1092]);
    expect(flat.metadata).toMatchObject({ distance: 0.2, path: at('a.poni') });
    expect(readdirSync(folder).filter((name) => name.includes('.part'))).toEqual([]);
  });

  it('NeXus of every detector is loaded as it was saved', async () => {
    const counts = new Map([
      ['JUNGFRAU', [1, 2, 8]],
      ['LPD_MINI', [1, 3]],
      ['GOTTHARD2', [1, 2]],
    ]);
    for (const name of DETECTOR_NAMES)
      for (const modules of counts.get(name) ?? [undefined]) {
        const detector = detectorByName(name, modules);
        // Turned, so that no direction is along an axis.
        const flat = withDistance(detector);
        const geometry = detector.name === 'AGIPD1M' ? rotateGeometry(flat, [0.3, -0.2, 7], {}) : flat;
        await saveGeometry(geometry, at('a.nxs'));
        const loaded = await loadGeometry(at('a.nxs'));
        expect(loaded.detector).toEqual(detector);
        expect(largestDifference(loaded.tiles, geometry.tiles)).toBeLessThan(1e-15);
        expect(loaded.metadata).toEqual({ path: at('a.nxs'), distance: 0.2, photonEnergyKeV: 9.3 });
      }
    await expect(loadGeometry(at('a.nxs'), AGIPD_1M)).rejects.toThrow(/a\.nxs: panel .* is not a tile of AGIPD1M/);
    await expect(loadGeometry(at('a.nxs'), undefined, { isInverted: true })).rejects.toThrow(
      /says where every module is: give no positions/,
    );
  });

  it('a template keeps what else is in a .geom file', async () => {
    const template = `${golden}files/write_agipd_bad_3d.geom`;
    await saveGeometry(await loadGeometry(template), at('kept.geom'), { template });
    expect(readFileSync(at('kept.geom'))).toEqual(readFileSync(template));
  });

  it('positions of LPD that count the other way', async () => {
    await saveGeometry(withDistance(LPD_1M), at('lpd.h5'));
    const quads = quadPositions(withDistance(LPD_1M)).map(([x, y]) => [-x, -y] as const);
    const turned = await loadGeometry(at('lpd.h5'), LPD_1M, { isInverted: true, quadPositionsMm: quads });
    const straight = await loadGeometry(at('lpd.h5'), LPD_1M, { isInverted: false, quadPositionsMm: quads });
    expect(turned.tiles).not.toEqual(straight.tiles);
  });

  it('without a file the default positions', async () => {
    expect(await loadGeometry(null, AGIPD_1M)).toEqual(exampleGeometry(AGIPD_1M));
    await expect(loadGeometry(null)).rejects.toThrow(/Give a geometry file/);
  });

  it.each([
    ['gone.geom', null, /gone\.geom cannot be read \(ENOENT\)/],
    ['empty.geom', '', /empty\.geom is empty: nothing was stored in it/],
    ['nothing.geom', '; only a comment\n', /nothing\.geom: There is no panel/],
    ['binary.geom', 'p0a0/fs = \0\u0001', /binary\.geom is neither text nor HDF5/],
    ['cut.h5', '\x89HDF\r\n\x1a\n', /cut\.h5/],
    ['pic.png', '\x89PNG\r\n\x1a\n\0\0\0\rIHDR', /pic\.png.*/],
    ['x.poni', 'Distance: 0.1\nPoni1: 1\nPoni2: abc\n', /x\.poni, line 3: poni2 = "abc" must be a number/],
    ['q.csv', 'quadrant,x,y\nq1,1,2\n', /say which detector these quadrant positions are of/],
  ] as const)('%s is refused', async (name, text, reason) => {
    if (text !== null) writeFileSync(at(name), Buffer.from(text, 'latin1'));
    await expect(loadGeometry(at(name))).rejects.toThrow(reason);
  });

  it('files of the wrong kind or place say so', async () => {
    await expect(loadGeometry(folder)).rejects.toThrow(/cannot be read \(EISDIR\)/);
    await saveGeometry(withDistance(), at('a.poni'));
    await expect(loadGeometry(at('a.poni'), AGIPD_1M)).rejects.toThrow(/not where its modules are/);
    await createHdf5(nodeHdf5Creator, at('other.h5'), (writer) =>
      writer.write('/x', ndarray('int8', [1], new Int8Array(1))),
    );
    await expect(loadGeometry(at('other.h5'))).rejects.toThrow(/other\.h5 holds no geometry/);
    await expect(loadGeometry(put('q.csv', 'a,b\n1,2\n'), AGIPD_1M)).rejects.toThrow(/must name columns x and y/);
    await expect(loadGeometry(put('q.csv', 'x,y\n1,2\n3,z\n'), AGIPD_1M)).rejects.toThrow(
      /line 3: "3,z" needs numbers/,
    );
    await expect(loadGeometry(put('q.csv', 'x,y\n1,2\n'), AGIPD_1M)).rejects.toThrow(/needs 4 positions/);
    await expect(saveGeometry(withDistance(), at('a.txt'))).rejects.toThrow(/save geometries as \.geom/);
    await expect(saveGeometry(exampleGeometry(AGIPD_1M), at('a.poni'))).rejects.toThrow(/needs the distance/);
    await expect(saveGeometry(withDistance(), at('a.h5'))).rejects.toThrow(/AGIPD1M has no HDF5 geometry/);
    const turned = rotateGeometry(withDistance(LPD_1M), [0, 0, 1], {});
    await expect(saveGeometry(turned, at('t.h5'))).rejects.toThrow(/turned or moved along z/);
    expect(readdirSync(folder)).not.toContain('t.h5');
  });

  it('tables of positions in other spellings', () => {
    expect(parseQuadPositions('1, 2\n-3,4e1\n')).toEqual({
      unit: null,
      positions: [
        [1, 2],
        [-3, 40],
      ],
    });
    expect(parseQuadPositions('# by hand\nQ;Y [mm];X [mm]\nQ1;2;1\n\n')).toEqual({ unit: 'mm', positions: [[1, 2]] });
  });
});

interface Hdf5Case {
  readonly args: { readonly positions?: readonly [number, number][]; readonly quad_pos?: readonly [number, number][] };
  readonly input_file: string;
  readonly tiles_corner_ss_fs: ArrayReference;
  readonly quad_positions: readonly [number, number][];
}

describe.skipIf(!hasShared)('measured positions of the facility (beside the repository only)', () => {
  it.each(['lpd1m_h5', 'dssc1m_h5'])('%s: tiles as EXtra-geom has them', async (name) => {
    const reference = readCase<Hdf5Case>(sharedGolden, `cases/${name}.json`);
    const path = sharedGolden + reference.input_file;
    const quads = reference.args.positions ?? reference.args.quad_pos;
    await expect(loadGeometry(path)).rejects.toThrow(/give their positions \(x, y\) in mm/);
    const geometry = await loadGeometry(path, undefined, { quadPositionsMm: quads });
    expect(
      largestDifference(geometry.tiles, readDoubles(sharedGolden, reference.tiles_corner_ss_fs)),
    ).toBeLessThanOrEqual(1e-12);
    const file = openReaderFile(path);
    expect(
      largestDifference(quadPositionsWith(geometry, readGeometryHdf5(file)).flat(), (quads ?? []).flat()),
    ).toBeLessThan(1e-9);
    file.close();
  });

  it('write_dssc_h5: a file that EXtra-geom wrote', async () => {
    const reference = readCase<{ file: string; tiles_after_reread: ArrayReference }>(
      sharedGolden,
      'cases/write_dssc_h5.json',
    );
    const geometry = await loadGeometry(sharedGolden + reference.file, DSSC_1M);
    expect(
      largestDifference(geometry.tiles, readDoubles(sharedGolden, reference.tiles_after_reread)),
    ).toBeLessThanOrEqual(1e-12);
  });
});
