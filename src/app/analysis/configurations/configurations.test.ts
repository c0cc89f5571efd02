import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { DetectorLayout } from '../../../api/run-calls.ts';
import { EPIX_10K, EPIX_100 } from '../../../detector/epix.ts';
import { exampleGeometry } from '../../../detector/geometry.ts';
import { type GeometryDocument, NO_MOVES } from '../../geometry/geometry-document.ts';
import { type ModulePicture, useGeometry } from '../../geometry/geometry-store.ts';
import { useRefinement } from '../calibration/refine-store.ts';
import { useCurves } from '../curve/curve-store.ts';
import { useMask } from '../mask/mask-store.ts';
import { projectOfPage, projectWords, showProject } from '../project/project-page.ts';
import { nameOf, useConfigurations } from './configuration-store.ts';
import { useScenes } from './scene-store.ts';

const calls = vi.hoisted(() => [] as (readonly [name: string, argument: unknown])[]);
// The worker needs a browser; its own tests call what it calls.
vi.mock('../analysis-client.ts', () => ({
  geometryMessage: () => ({ key: 1 }),
  callAnalysis: async (name: string, argument: unknown) => void calls.push([name, argument]),
}));

const documentOf = (detector: typeof EPIX_100, distance = 0.1): GeometryDocument => ({
  start: exampleGeometry(detector),
  ...{ origin: 'mine.geom', text: null, moves: NO_MOVES, calibrant: 'LaB6', rings: 6, helpers: [] },
  experiment: { distance, photonEnergyKeV: 9.3 },
});
const layoutOf = (detector: typeof EPIX_100): DetectorLayout => ({
  ...{ detector: detector.name, modules: detector.dataShape[0], origin: 'example', text: null },
  ...{ distance: null, photonEnergyKeV: null, tiles: [...exampleGeometry(detector).tiles] },
});
const picture = (detector: string, trainId = 7): ModulePicture => ({
  ...{ detector, unit: 'keV', provenance: `run 4 · ${detector}`, stem: 'r4' },
  ...{ data: new Float32Array(4), shape: [1, 2, 2], trainIds: [trainId] },
});
const ADDRESSED = { distance: null, photonEnergyKeV: null, calibrant: null, rings: null };
const store = () => useConfigurations.getState();
const page = () => useGeometry.getState();
const names = () => store().configurations.map(nameOf);
const ids = () => store().configurations.map(({ id }) => id);

describe('several configurations', () => {
  beforeEach(() => {
    for (const id of ids().slice(1)) store().remove(id);
    useConfigurations.setState({
      configurations: [{ id: ids()[0], name: '', detector: 'EPIX-1', isIncluded: true, scale: 1, parked: null }],
      ...{ active: ids()[0], view: 'one', pictures: null, removed: null, fault: null },
    });
    useCurves.setState({ overlays: [], phases: [], subtracted: null });
    page().load(documentOf(EPIX_100), 'opened');
    page().setMask(null);
    useMask.setState({ past: [], future: [] });
    store().setView('one');
    calls.length = 0;
  });

  it('each keeps its geometry with its history, mask with undo, bins and corrections', () => {
    page().edit({ rings: 3 }, 'three rings');
    page().setMask(Uint8Array.of(1, 0));
    useMask.setState({ past: [null] });
    useCurves.getState().setSettings({ points: 300 });
    const [first] = ids();
    expect(store().add(documentOf(EPIX_10K, 0.5), 'EPIX-2')).toBe(true);
    expect(names()).toEqual(['EPIX100', 'EPIX10K']);
    expect(page()).toMatchObject({ mask: null, picture: null, document: { experiment: { distance: 0.5 } } });
    expect(useMask.getState().past).toEqual([]);
    useCurves.getState().setSettings({ points: 77 });
    page().undo();
    expect(page().document?.rings).toBe(6);
    expect(store().switchTo(first)).toBe(true);
    expect(page().document?.rings).toBe(3);
    expect(page().mask).toEqual(Uint8Array.of(1, 0));
    expect(useMask.getState().past).toEqual([null]);
    expect(useCurves.getState().settings.points).toBe(300);
    page().undo();
    expect(page().document?.rings).toBe(6);
    store().switchTo(ids()[1]);
    expect(useCurves.getState().settings.points).toBe(77);
    // The worker was told each time whom it is about.
    expect(calls.filter(([name]) => name === 'selectScene').map(([, id]) => id)).toEqual([ids()[1], first, ids()[1]]);
  });

  it('a copy has everything, its corrections too, and is another one', () => {
    const dark = new Float32Array(3);
    const { corrections, correctionPictures } = useCurves.getState();
    useCurves.setState({
      corrections: { ...corrections, dark: 'dark.npy' },
      correctionPictures: { ...correctionPictures, dark },
      dummy: -1,
    });
    page().setMask(Uint8Array.of(1));
    store().copy();
    expect(names()).toEqual(['EPIX100', 'EPIX100 2']);
    expect(page().mask).toEqual(Uint8Array.of(1));
    expect(calls).toContainEqual(['setScene', expect.objectContaining({ scene: ids()[1], dark, dummy: -1 })]);
    page().setMask(null);
    store().switchTo(ids()[0]);
    expect(page().mask).toEqual(Uint8Array.of(1));
    useCurves.setState({ corrections, correctionPictures, dummy: null });
  });

  it('has names that differ, and brings back what was removed', () => {
    store().add(documentOf(EPIX_10K), 'EPIX-2');
    const [first, second] = ids();
    store().rename(second, '  EPIX100 ');
    expect(names()).toEqual(['EPIX100', 'EPIX100 2']);
    store().rename(second, '  ');
    expect(names()).toEqual(['EPIX100', 'EPIX100 2']);
    page().setMask(Uint8Array.of(1));
    store().setView('combined');
    store().remove(second);
    expect([store().active, store().view, names()]).toEqual([first, 'one', ['EPIX100']]);
    expect(page().document?.start.detector.name).toBe('EPIX100');
    store().remove(first);
    expect(names()).toEqual(['EPIX100']);
    store().bringBack();
    store().switchTo(second);
    expect(page().mask).toEqual(Uint8Array.of(1));
  });

  it('refuses while something is calculated about the page as it is', () => {
    store().add(documentOf(EPIX_10K), 'EPIX-2');
    useRefinement.setState({ job: { share: 0, text: '', cancel: () => undefined } });
    expect(store().switchTo(ids()[0])).toBe(false);
    expect(store().copy()).toBe(false);
    expect(store().fault).toMatch(/refinement is running/);
    useRefinement.setState({ job: null });
    expect(store().switchTo(ids()[0])).toBe(true);
    expect(store().fault).toBeNull();
  });

  it('combined: waits for pictures, takes the ticked ones, and says who has none', () => {
    const [first] = ids();
    store().add(documentOf(EPIX_10K), 'EPIX-2');
    store().setView('combined');
    expect(useScenes.getState()).toMatchObject({ isCombined: true, others: null, problem: null });
    const shown = picture('EPIX-1');
    store().setPictures(new Map([[first, shown]]));
    expect(useScenes.getState().others).toMatchObject([{ id: first, name: 'EPIX100', picture: shown, scale: 1 }]);
    store().setScale(first, 4);
    expect(useScenes.getState().others).toMatchObject([{ scale: 4 }]);
    store().setPictures(new Map([[first, 'this run has none']]));
    expect(useScenes.getState().problem).toBe('EPIX100: this run has none');
    store().include(first, false);
    expect(useScenes.getState()).toMatchObject({ problem: null, others: [], hasCurrent: true });
    store().include(ids()[1], false);
    expect(useScenes.getState().hasCurrent).toBe(false);
  });

  it("another detector of the run brings its configuration, or a new one, or takes the only one's place", () => {
    page().setMask(new Uint8Array(704 * 768));
    store().takeDetector(layoutOf(EPIX_10K), 'EPIX-2', ADDRESSED);
    expect(names()).toEqual(['EPIX10K']);
    expect([store().configurations[0].detector, page().mask]).toEqual(['EPIX-2', null]);
    // The same detector keeps its moves, whatever the run.
    page().edit({ rings: 2 }, 'two rings');
    store().takeDetector(layoutOf(EPIX_10K), 'EPIX-9', ADDRESSED);
    expect([page().document?.rings, store().configurations[0].detector]).toEqual([2, 'EPIX-9']);
    store().copy();
    store().takeDetector(layoutOf(EPIX_100), 'EPIX-1', ADDRESSED);
    expect(names()).toEqual(['EPIX10K', 'EPIX10K 2', 'EPIX100']);
    store().takeDetector(layoutOf(EPIX_10K), 'EPIX-9', ADDRESSED);
    expect([store().active, page().document?.rings]).toEqual([ids()[0], 2]);
  });

  it('a project brings all of it back, and nothing while a refinement runs', () => {
    page().setMask(new Uint8Array(704 * 768).fill(1));
    useCurves.getState().addOverlay({ name: 'v1', unit: 'q_A^-1', x: Float64Array.of(1), y: Float64Array.of(2) });
    useCurves.getState().addOverlay({ name: 'v2', unit: 'q_A^-1', x: Float64Array.of(1), y: Float64Array.of(3) });
    useCurves.setState({ subtracted: useCurves.getState().overlays[1].id });
    store().add(documentOf(EPIX_10K, 0.4), 'EPIX-2');
    store().setView('combined');
    const choice = { detector: 'EPIX-2', over: 'one', train: 3, pulse: 0, view: 'raw', trains: 20 } as const;
    const run = { proposal: 'p700000', run: 4, data: 'default' };
    const project = projectOfPage({ run, choice });
    if (!project) throw new Error('no project');
    expect(projectWords(project)).toBe('run 4, 2 configurations, 1 mask, 2 overlays');
    useCurves.getState().drawAnew([], null, []);
    store().setView('one');
    store().remove(ids()[0]);
    page().edit({ rings: 1 }, 'one ring');
    let address: Readonly<Record<string, string>> = {};
    const set = (changes: Readonly<Record<string, string>>) => {
      address = changes;
    };
    useRefinement.setState({ job: { share: 0, text: '', cancel: () => undefined } });
    expect(() => showProject(project, 'opened', set)).toThrow(/refinement is running/);
    expect([page().document?.rings, names(), address]).toEqual([1, ['EPIX10K'], {}]);
    useRefinement.setState({ job: null });
    showProject(project, 'a.hutch.json opened', set);
    expect(names()).toEqual(['EPIX100', 'EPIX10K']);
    expect(address).toMatchObject({ run: '4', detector: 'EPIX-2', train: '3', pulse: '', view: 'raw' });
    expect(page()).toMatchObject({ document: { rings: 6, experiment: { distance: 0.4 } }, mask: null });
    expect(page().past.map(({ what }) => what)).toEqual(['a.hutch.json opened']);
    const { overlays, subtracted } = useCurves.getState();
    expect([overlays.length, overlays[1].id]).toEqual([2, subtracted]);
    expect(store().view).toBe('combined');
    store().switchTo(ids()[0]);
    expect(page().mask?.length).toBe(704 * 768);
  });
});
