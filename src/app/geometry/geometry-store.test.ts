import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { AGIPD_1M } from '../../detector/agipd.ts';
import { exampleGeometry } from '../../detector/geometry.ts';
import type { PartLevel, PartMove } from '../../detector/refinement/detector-part.ts';
import { type GeometryDocument, moreMoves, NO_MOVES } from './geometry-document.ts';
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
const movedFurther = (level: PartLevel, part: number, by: PartMove) =>
  moreMoves((store().gliding?.document ?? store().document ?? document).moves, level, new Map([[part, by]]));
const move = (level: PartLevel, part: number, by: PartMove, what: string) =>
  store().edit({ moves: movedFurther(level, part, by) }, what, `${level} ${part}`);
const right = { shift: [2e-4, 0, 0], angle: 0 } as const;
const left = { shift: [-2e-4, 0, 0], angle: 0 } as const;

describe('the geometry page: edits', () => {
  beforeEach(() => {
    vi.useRealTimers();
    store().load(document, 'loaded');
  });

  it('a move and its undo give the very geometry of before; redo moves again', () => {
    move('quadrant', 2, right, 'Q3 right');
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
      move('module', 5, right, 'r');
      move('module', 5, left, 'l');
    }
    expect(store().geometry).toBe(start);
  });

  it('moves in quick succession are one step, others are not; a new edit ends the redo', () => {
    vi.useFakeTimers();
    store().load(document, 'loaded');
    move('quadrant', 1, right, 'a');
    move('quadrant', 1, right, 'b');
    expect(store().past).toHaveLength(2);
    vi.advanceTimersByTime(2000);
    move('quadrant', 1, right, 'c');
    move('quadrant', 0, right, 'd');
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
    move('quadrant', 2, right, 'Q3 right');
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

describe('the geometry page: a part that glides', () => {
  const glide = (part: number, what: string) =>
    store().glide(movedFurther('quadrant', part, right), what, `quadrant ${part}`);
  beforeEach(() => {
    vi.useFakeTimers();
    store().load(document, 'loaded');
    vi.advanceTimersByTime(1000);
  });
  afterEach(() => vi.useRealTimers());

  it('is an edit with the first move, then a few times a second; nothing is lost, and it is one step', () => {
    const versions: number[] = [];
    const stop = useGeometry.subscribe((now, before) => {
      if (now.document !== before.document) versions.push(now.version);
    });
    glide(2, '1');
    expect(store().gliding).toBeNull();
    expect(store().document?.moves.quadrant.get(2)?.shift[0]).toBeCloseTo(2e-4, 12);
    for (let i = 1; i < 20; i++) {
      vi.advanceTimersByTime(16);
      glide(2, String(i + 1));
    }
    expect(store().gliding?.geometry.tiles[64 * 9]).toBeCloseTo(start.tiles[64 * 9] + 20 * 2e-4, 9);
    vi.advanceTimersByTime(200);
    stop();
    expect(versions.length).toBeLessThanOrEqual(4);
    expect(store().gliding).toBeNull();
    expect(store().document?.moves.quadrant.get(2)?.shift[0]).toBeCloseTo(20 * 2e-4, 9);
    expect(store().past.map(({ what }) => what)).toEqual(['loaded', '20']);
  });

  it('is settled before anything else is done', () => {
    for (const act of [
      () => store().undo(),
      () => store().edit({ rings: 3 }, 'rings'),
      () => store().select({ level: 'module', part: null }),
      () => store().markSaved(),
      () => glide(1, 'another part'),
    ]) {
      store().load(document, 'loaded');
      vi.advanceTimersByTime(1000);
      glide(2, 'a');
      glide(2, 'b');
      expect(store().gliding).not.toBeNull();
      const { version } = store();
      act();
      expect(store().version).toBeGreaterThan(version);
      expect([...store().past, ...store().future].map(({ what }) => what)).toContain('b');
      store().settle();
    }
  });

  it('of another geometry is forgotten when one is loaded', () => {
    glide(2, 'a');
    glide(2, 'b');
    store().load(document, 'again');
    vi.advanceTimersByTime(1000);
    expect(store().geometry).toBe(start);
    expect(store().past.map(({ what }) => what)).toEqual(['again']);
  });
});
