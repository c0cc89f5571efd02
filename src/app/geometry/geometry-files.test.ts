import { describe, expect, it } from 'vitest';
import { AGIPD_1M } from '../../detector/agipd.ts';
import { DSSC_1M } from '../../detector/dssc.ts';
import { exampleGeometry, type Geometry, quadPositions } from '../../detector/geometry.ts';
import { crystfelFromGeometry } from '../../detector/geometry-crystfel-write.ts';
import { LPD_1M } from '../../detector/lpd.ts';
import { PNCCD } from '../../detector/pnccd.ts';
import { moveParts, partsOf } from '../../detector/refinement/detector-part.ts';
import { MemorySink } from '../../formats/hdf5-write/byte-sink.ts';
import { createHdf5Writer } from '../../formats/hdf5-write/writer.ts';
import { type NexusTile, writeNexusGeometry } from '../../formats/nexus-geometry.ts';
import { formatPoni } from '../../formats/poni.ts';
import { type GeometryDocument, geometryOf, moreMoves, NO_MOVES } from './geometry-document.ts';
import { geometryFileOf, quadTableText, readGeometryFile } from './geometry-files.ts';
import { decodeGeometryState, encodeGeometryState, isGeometryState } from './geometry-state.ts';

const document = (start: Geometry, text: string | null = null): GeometryDocument => ({
  start,
  origin: 'mine.geom',
  text,
  moves: NO_MOVES,
  experiment: { distance: 0.16, photonEnergyKeV: 9.3 },
  calibrant: 'LaB6',
  rings: 6,
  helpers: [],
});
const bytesOf = async (blob: Blob) => new Uint8Array(await blob.arrayBuffer());
const textBytes = (text: string) => new TextEncoder().encode(text);
const close = (a: Geometry, b: Geometry, digits = 9) => {
  expect(a.tiles.length).toBe(b.tiles.length);
  for (const [i, value] of a.tiles.entries()) expect(b.tiles[i]).toBeCloseTo(value, digits);
};
const moved = (start: Geometry) =>
  moveParts(start, [partsOf(start.detector, 'quadrant')[2]], [{ shift: [6.4e-4, -5.2e-4, 0], angle: 0 }]);

describe('files of the geometry page', () => {
  const agipd = exampleGeometry(AGIPD_1M);

  it('.geom: what was loaded keeps its comments, and only positions change', async () => {
    const first = crystfelFromGeometry(agipd, { distance: 0.16, photonEnergyKeV: 9.3 });
    const text = `; measured at night\n${first.replace('p3a0/min_fs', '; here too\np3a0/min_fs')}`;
    const read = readGeometryFile('mine.geom', textBytes(text), agipd);
    if (read.kind !== 'geometry') throw new Error('no geometry');
    close(agipd, read.geometry);
    const saved = await geometryFileOf(document(read.geometry, read.text), moved(read.geometry), 'geom').text();
    expect(saved).toContain('; measured at night');
    expect(saved).toContain('; here too');
    const again = readGeometryFile('again.geom', textBytes(saved), agipd);
    if (again.kind !== 'geometry') throw new Error('no geometry');
    close(moved(agipd), again.geometry);
  });

  it('.geom: one of nothing is written whole, with distance and energy', async () => {
    const saved = await geometryFileOf(document(agipd), moved(agipd), 'geom').text();
    const again = readGeometryFile('new.geom', textBytes(saved), agipd);
    if (again.kind !== 'geometry') throw new Error('no geometry');
    close(moved(agipd), again.geometry);
    expect(again.geometry.metadata).toMatchObject({ distance: 0.16, photonEnergyKeV: 9.3 });
  });

  it.each([LPD_1M, DSSC_1M])('HDF5 of $name, and only of these', async (detector) => {
    const start = exampleGeometry(detector);
    const saved = await bytesOf(geometryFileOf(document(start), moved(start), 'h5'));
    const read = readGeometryFile('positions.h5', saved, start);
    if (read.kind !== 'geometry') throw new Error('no geometry');
    close(moved(start), read.geometry);
    expect(() => geometryFileOf(document(agipd), agipd, 'h5')).toThrow(/for LPD and DSSC.*as \.geom/);
    expect(() => readGeometryFile('cut.h5', saved.subarray(0, saved.length / 2), start)).toThrow();
  });

  it('CSV of quadrant positions, in px and mm', async () => {
    const saved = await geometryFileOf(document(agipd), moved(agipd), 'csv').text();
    expect(saved.split('\n')[0]).toBe('quadrant,x_px,y_px');
    for (const text of [saved, quadTableText(moved(agipd), 'mm')]) {
      const read = readGeometryFile('quads.csv', textBytes(text), agipd);
      if (read.kind !== 'geometry') throw new Error('no geometry');
      const expected = quadPositions(moved(agipd));
      for (const [i, [x, y]] of quadPositions(read.geometry).entries()) {
        expect(x).toBeCloseTo(expected[i][0], 6);
        expect(y).toBeCloseTo(expected[i][1], 6);
      }
    }
  });

  it('NeXus: every module where the file has it', () => {
    const sink = new MemorySink('a.nxs');
    const writer = createHdf5Writer(sink, { deflate: (bytes) => bytes });
    const tiles = Array.from({ length: PNCCD.dataShape[0] }, (_, module) => ({
      name: `m${module}`,
      origin: [module, 0, 0],
      size: [1, 512, 1024],
      corner: [0.01, module, 0.002],
      ss: [0, 75e-6, 0],
      fs: [75e-6, 0, 0],
    })) as readonly NexusTile[];
    writeNexusGeometry(writer, { detector: 'PNCCD', distance: 0.3, photonEnergyKeV: null, tiles });
    writer.close();
    const loaded = readGeometryFile('a.nxs', sink.bytes, exampleGeometry(PNCCD));
    if (loaded.kind !== 'geometry') throw new Error(loaded.kind);
    expect(loaded.geometry.metadata).toEqual({ path: 'a.nxs', distance: 0.3 });
    for (const [i, number] of [0.01, 0, 0.002, 0, 75e-6, 0, 75e-6, 0, 0, 0.01, 1].entries())
      expect(loaded.geometry.tiles[i]).toBeCloseTo(number, 14);
    expect(() => readGeometryFile('a.nxs', sink.bytes, exampleGeometry(AGIPD_1M))).toThrow(/is not a tile of AGIPD1M/);
  });

  it('.poni: how the detector stands in the beam', () => {
    const poni = formatPoni({
      ...{ distance: 0.21, poni1: 1e-3, poni2: -2e-3, rot1: 0.01, rot2: 0.02, rot3: 0 },
      ...{ wavelength: 1.2e-10, detector: 'Detector', pixel: [2e-4, 2e-4], shape: null, orientation: 3 },
      ...{ splineFile: null, config: {} },
    });
    const read = readGeometryFile('mine.poni', textBytes(poni), agipd);
    expect(read).toMatchObject({
      kind: 'experiment',
      experiment: { distance: 0.21, poni1: 1e-3, poni2: -2e-3, rot1: 0.01, rot2: 0.02 },
    });
  });

  it.each([
    ['distance', { distance: 0 }, /distance/],
    ['distance', { distance: 5000 }, /mine\.poni: a distance of 5000 m/],
    ['distance', { distance: 1e6 }, /distance = 1000000 is impossible/],
    ['wavelength', { wavelength: 1e-7 }, /mine\.poni: a photon energy of 0\.01/],
    ['turn', { rot1: 1e5 }, /mine\.poni: rot1 = 100000 rad/],
  ])('.poni: an impossible %s is refused', (_, wrong, message) => {
    const poni = formatPoni({
      ...{ distance: 0.21, poni1: 1e-3, poni2: -2e-3, rot1: 0, rot2: 0, rot3: 0 },
      ...{ wavelength: 1.2e-10, detector: 'Detector', pixel: [2e-4, 2e-4], shape: null, orientation: 3 },
      ...{ splineFile: null, config: {} },
      ...wrong,
    });
    expect(() => readGeometryFile('mine.poni', textBytes(poni), agipd)).toThrow(message);
  });

  it.each([
    ['of another detector', () => crystfelFromGeometry(exampleGeometry(LPD_1M))],
    ['empty', () => ''],
    ['text', () => 'hello\nworld'],
  ])('a file that does not fit is refused: %s', (_, text) => {
    expect(() => readGeometryFile('x.geom', textBytes(text()), agipd)).toThrow(/x\.geom/);
  });
});

describe('the state of the page as JSON', () => {
  const start = exampleGeometry(AGIPD_1M);
  const full: GeometryDocument = {
    ...document(start, '; text\n'),
    moves: moreMoves(
      moreMoves(NO_MOVES, 'quadrant', new Map([[2, { shift: [1e-4, 0, 2e-3], angle: 0.01 }]])),
      'tile',
      new Map([[127, { shift: [0, 1e-5, 0], angle: 0 }]]),
    ),
    experiment: { distance: 0.152, photonEnergyKeV: 9.31, poni1: 1e-3, rot2: 0.02 },
    helpers: [{ id: 0, kind: 'rectangle', centre: [0, 1e-3], size: [0.1, 0.05], angleDeg: 12 }],
  };

  it('is read as it was written', () => {
    const text = encodeGeometryState(full);
    expect(isGeometryState(text)).toBe(true);
    const read = decodeGeometryState(text);
    expect(read).toEqual(full);
    expect(geometryOf(read).tiles).toEqual(geometryOf(full).tiles);
    expect(readGeometryFile('page.json', textBytes(text), start)).toEqual({ kind: 'state', document: full });
  });

  it.each([
    ['"version": 1', '"version": 9', /version/],
    ['"calibrant": "LaB6"', '"calibrant": 3', /calibrant/],
    ['"distance": 0.152', '"distance": null', /experiment\.distance/],
    ['"distance": 0.152', '"distance": -1', /a distance of -1 m/],
    ['"photonEnergyKeV": 9.31', '"photonEnergyKeV": 1e9', /a photon energy/],
    ['"rings": 6', '"rings": 1e9', /rings must be 0 to 100/],
    ['"kind": "rectangle"', '"kind": "star"', /helpers 0/],
    ['   127,', '   128,', /moves\.tile/],
    ['"modules": 16', '"modules": 15', /AGIPD1M/],
  ])('damage is told: %s', (from, to, message) => {
    const text = encodeGeometryState(full);
    expect(text).toContain(from);
    expect(() => decodeGeometryState(text.replace(from, to), 'page.json')).toThrow(message);
    expect(() => decodeGeometryState(text.slice(0, 500))).toThrow(/not JSON/);
  });
});
