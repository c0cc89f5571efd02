import { beforeEach, describe, expect, it } from 'vitest';
import { AGIPD_1M } from '../../detector/agipd.ts';
import { exampleGeometry, quadPositions } from '../../detector/geometry.ts';
import { geometryFromCrystfel } from '../../detector/geometry-crystfel.ts';
import { crystfelFromGeometry } from '../../detector/geometry-crystfel-write.ts';
import { geometryFileOf } from './geometry-files.ts';
import { useGeometry } from './geometry-store.ts';
import { moveSelected } from './move-selected.ts';
import { startDocument, withGeometry } from './start-document.ts';

const KNOWN = { ...exampleGeometry(AGIPD_1M), metadata: { distance: 0.16, photonEnergyKeV: 9.3 } };
const TEXT = `; measured at night\nmy_key = 7\n${crystfelFromGeometry(KNOWN)}`;
const layoutOf = (text: string | null) => ({
  detector: 'AGIPD1M',
  modules: 16,
  tiles: [...exampleGeometry(AGIPD_1M).tiles],
  origin: text === null ? 'example' : 'night.geom',
  text,
  distance: 0.16,
  photonEnergyKeV: 9.3,
});
const NOTHING = { distance: null, photonEnergyKeV: null, calibrant: null, rings: null };

describe('a geometry that the server gives', () => {
  const saved = async (text: string | null) => {
    const { load, select, settle } = useGeometry.getState();
    load(startDocument(layoutOf(text), NOTHING), 'opened');
    select({ level: 'quadrant', part: 2 });
    moveSelected({ shift: [4e-4, 0, 0], angle: 0 });
    settle();
    const { document, geometry } = useGeometry.getState();
    if (!document || !geometry) throw new Error('nothing is loaded');
    return geometryFileOf(document, geometry, 'geom').text();
  };
  beforeEach(() => useGeometry.getState().settle());

  it('is saved with the comments, order and keys of its file, and the move', async () => {
    const text = await saved(TEXT);
    expect(text.split('\n').slice(0, 2)).toEqual(['; measured at night', 'my_key = 7']);
    const keys = (geom: string) => geom.split('\n').map((line) => line.split('=')[0].trim());
    expect(keys(text)).toEqual(keys(TEXT));
    const [before, after] = [TEXT, text].map((geom) => quadPositions(geometryFromCrystfel(geom, AGIPD_1M)));
    expect(after[2][0]).toBeCloseTo(before[2][0] + 2, 2);
    expect(after[1][0]).toBeCloseTo(before[1][0], 6);
  });

  it('of impossible distance and energy opens with usual ones; what is on the page stays', () => {
    const { experiment } = startDocument({ ...layoutOf(null), distance: 0, photonEnergyKeV: 1e9 }, NOTHING);
    expect(experiment).toEqual({ distance: 0.2, photonEnergyKeV: 9.3 });
    const addressed = startDocument(layoutOf(null), { ...NOTHING, distance: 1e9, photonEnergyKeV: 1e-5 });
    expect(addressed.experiment).toEqual({ distance: 0.16, photonEnergyKeV: 9.3 });
    const wrong = { ...exampleGeometry(AGIPD_1M), metadata: { distance: -0.1, photonEnergyKeV: 0 } };
    expect(withGeometry(addressed, wrong, 'x.geom', null).experiment).toEqual(addressed.experiment);
  });

  it('of no file is written anew', async () => {
    expect(await saved(null)).not.toContain('measured');
  });
});
