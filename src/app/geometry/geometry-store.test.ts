import { beforeEach, describe, expect, it, vi } from 'vitest';
import { AGIPD_1M } from '../../detector/agipd.ts';
import { exampleGeometry } from '../../detector/geometry.ts';
import { type GeometryDocument, NO_MOVES } from './geometry-document.ts';
import { useGeometry } from './geometry-store.ts';

const start = exampleGeometry(AGIPD_1M);
const document: GeometryDocument = {
  start,
  origin: 'example',
  text: null,
  moves: NO_MOVES,
  experiment: { distance: 0.16, photonEnergyKeV: 9.3 },
  calibrant: 'LaB6',
  rings: 6,
  helpers: [],
};
const store = () => useGeometry.getState();
const right = { shift: [2e-4, 0, 0], angle: 0 } as const;
const left = { shift: [-2e-4, 0, 0], angle: 0 } as const;

describe('the geometry page: edits', () => {
  beforeEach(() => {
    vi.useRealTimers();
    store().load(document, 'loaded');
  });

  it('a move and its undo give the very geometry of before; redo moves again', () => {
    store().move('quadrant', 2, right, 'Q3 right');
    const moved = store().geometry;
    expect(moved?.tiles[64 * 9]).toBeCloseTo(start.tiles[64 * 9] + 2e-4, 12);
    store().undo();
    expect(store().geometry).toBe(start);
    store().redo();
    expect(store().geometry?.tiles).toEqual(moved?.tiles);
    expect(store().past.map(({ what }) => what)).toEqual(['loaded', 'Q3 right']);
  });

  it('a thousand moves to and fro do not drift', () => {
    for (let i = 0; i < 500; i++) {
      store().move('module', 5, right, 'r');
      store().move('module', 5, left, 'l');
    }
    expect(store().geometry).toBe(start);
  });

  it('moves in quick succession are one step, others are not; a new edit ends the redo', () => {
    vi.useFakeTimers();
    store().load(document, 'loaded');
    store().move('quadrant', 1, right, 'a');
    store().move('quadrant', 1, right, 'b');
    expect(store().past).toHaveLength(2);
    vi.advanceTimersByTime(2000);
    store().move('quadrant', 1, right, 'c');
    store().move('quadrant', 0, right, 'd');
    expect(store().past.map(({ what }) => what)).toEqual(['loaded', 'b', 'c', 'd']);
    store().undo();
    expect(store().future).toHaveLength(1);
    store().edit({ rings: 3 }, 'rings');
    expect(store().future).toHaveLength(0);
    expect(store().document?.rings).toBe(3);
  });

  it('edits that move nothing keep the geometry, but are not saved', () => {
    const { geometry, version } = store();
    expect(store().savedVersion).toBe(version);
    store().edit({ calibrant: 'CeO2' }, 'calibrant');
    expect(store().geometry).toBe(geometry);
    expect(store().savedVersion).toBeLessThan(store().version);
    store().markSaved();
    expect(store().savedVersion).toBe(store().version);
  });

  it('a proposal becomes one step', () => {
    store().move('quadrant', 2, right, 'Q3 right');
    const none = { shift: [0, 0, 0], angle: 0 } as const;
    store().propose({
      level: 'quadrant',
      moves: [none, none, left, none],
      geometry: start,
      experiment: { distance: 0.161, photonEnergyKeV: 9.3 },
      what: 'refined',
    });
    store().applyProposal();
    expect(store().geometry).toEqual(start);
    expect(store().document?.experiment.distance).toBe(0.161);
    expect(store().proposal).toBeNull();
    store().undo();
    expect(store().document?.experiment.distance).toBe(0.16);
  });
});
