import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { AGIPD_1M } from '../../detector/agipd.ts';
import { exampleGeometry } from '../../detector/geometry.ts';
import { type GeometryDocument, moreMoves, NO_MOVES } from './geometry-document.ts';
import { useSnapshots } from './snapshot-store.ts';

const document: GeometryDocument = {
  start: exampleGeometry(AGIPD_1M),
  origin: 'night.geom',
  text: '; measured at night\n',
  moves: moreMoves(NO_MOVES, 'quadrant', new Map([[2, { shift: [4e-4, 0, 0], angle: 0.01 }]])),
  experiment: { distance: 0.16, photonEnergyKeV: 9.3 },
  calibrant: 'LaB6',
  rings: 6,
  helpers: [],
};
const store = () => useSnapshots.getState();
const reload = () => {
  useSnapshots.setState({ detector: '', snapshots: [], against: null });
  store().open('AGIPD1M');
};

describe('named geometries', () => {
  const stored = new Map<string, string>();
  let isFull = false;
  beforeEach(() => {
    stored.clear();
    isFull = false;
    vi.stubGlobal('localStorage', {
      getItem: (key: string) => stored.get(key) ?? null,
      setItem(key: string, text: string) {
        if (isFull) throw new Error('QuotaExceededError');
        stored.set(key, text);
      },
    });
    reload();
  });
  afterEach(() => vi.unstubAllGlobals());

  it('are there after a reload, with moves and the text of the file', () => {
    store().keep('  before beamtime ', document);
    store().keep('', document);
    reload();
    expect(store().snapshots.map(({ name }) => name)).toEqual(['before beamtime']);
    const [{ document: kept }] = store().snapshots;
    expect(kept).toEqual(document);
    store().open('LPD1M');
    expect(store().snapshots).toEqual([]);
  });

  it('are replaced by one of the same name, which is compared with from then on', () => {
    store().keep('a', document);
    store().compareWith(store().snapshots[0].id);
    store().keep('a', { ...document, moves: NO_MOVES });
    expect(store().snapshots).toHaveLength(1);
    expect(store().against?.document.moves).toBe(NO_MOVES);
    store().forget(store().snapshots[0].id);
    expect(store().against).toBeNull();
    reload();
    expect(store().snapshots).toEqual([]);
  });

  it('are kept until the page is closed where the storage is full, which is said; damaged ones are left out', () => {
    store().keep('good', document);
    stored.set(
      'hutch-geometry-snapshots-AGIPD1M',
      JSON.stringify([{ name: 'bad', at: 1, state: '{' }, ...JSON.parse([...stored.values()][0])]),
    );
    reload();
    expect(store().snapshots.map(({ name }) => name)).toEqual(['good']);
    isFull = true;
    store().keep('more', document);
    expect(store().snapshots.map(({ name }) => name)).toEqual(['good', 'more']);
    expect(store().fault).toContain('storage');
    stored.set('hutch-geometry-snapshots-AGIPD1M', 'no JSON');
    reload();
    expect(store().snapshots).toEqual([]);
  });
});
