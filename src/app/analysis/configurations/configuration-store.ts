import { create } from 'zustand';
import type { DetectorLayout } from '../../../api/run-calls.ts';
import { pixelCountOf } from '../../../detector/detector.ts';
import type { AddressedDocument } from '../../geometry/geometry-address.ts';
import type { GeometryDocument } from '../../geometry/geometry-document.ts';
import { type ModulePicture, useGeometry } from '../../geometry/geometry-store.ts';
import { startDocument } from '../../geometry/start-document.ts';
import { useBatch } from '../batch/batch-store.ts';
import { useRefinement } from '../calibration/refine-store.ts';
import { NO_CORRECTIONS, useCurves } from '../curve/curve-store.ts';
import { useMask } from '../mask/mask-store.ts';
import {
  type Configuration,
  type ConfigurationState,
  isOfDetector,
  parkPage,
  resumePage,
  sendCorrections,
  startState,
} from './configuration.ts';
import { chooseScene, dropScene, type OtherScene, useScenes } from './scene-store.ts';

/** Pictures of the configurations that are not on the page, by id, or why one has none. */
export type OtherPictures = ReadonlyMap<number, ModulePicture | string>;

interface ConfigurationStore {
  /** In the order in which they are listed; one of them is on the page. */
  readonly configurations: readonly Configuration[];
  /** Id of the one on the page. */
  readonly active: number;
  /** What I(q) and cake show. */
  readonly view: 'one' | 'combined';
  /** Null while some are on their way. */
  readonly pictures: OtherPictures | null;
  /** The one that was removed last, to bring it back. */
  readonly removed: Configuration | null;
  /** Why the last wish was not done. */
  readonly fault: string | null;
  /** A configuration for a document, which becomes the one on the page. @returns whether it was added */
  add(document: GeometryDocument, detector: string | null): boolean;
  /** One like that on the page, which it becomes. */
  copy(): boolean;
  rename(id: number, name: string): void;
  remove(id: number): void;
  bringBack(): void;
  /** Puts a configuration on the page. @returns whether it is there */
  switchTo(id: number): boolean;
  include(id: number, isIncluded: boolean): void;
  setScale(id: number, scale: number): void;
  setView(view: 'one' | 'combined'): void;
  setPictures(pictures: OtherPictures | null): void;
  /** The run has another detector than the one on the page: its configuration comes, or a new one, or it takes the only one's place. */
  takeDetector(layout: DetectorLayout, detector: string, addressed: AddressedDocument): void;
  /** Others in place of all. */
  replace(configurations: readonly (Configuration & { parked: ConfigurationState })[], active: number): boolean;
}

/** More than any beamline has. */
export const MOST_CONFIGURATIONS = 12;
/** Longer names do not fit beside anything. */
export const MOST_NAME = 40;
let nextId = 1;

/** The configurations of the Geometry page. That on the page is in the page's own stores. */
export const useConfigurations = create<ConfigurationStore>((set, get) => {
  /** Why nothing may be exchanged now. */
  const obstacle = (isRemoval = false): string | null => {
    const { job, isCalibrating } = useRefinement.getState();
    if (job) return 'A refinement is running: wait for it, or cancel it, then try again.';
    if (isRemoval && useBatch.getState().job) return 'A batch is running: wait for it, or cancel it, then try again.';
    if (isCalibrating || useMask.getState().isBusy) return 'The page is still calculating: try again in a moment.';
    return null;
  };
  /** Tells the worker's side which scenes there are. */
  const publish = () => {
    const { configurations, active, view, pictures } = get();
    const own = configurations.find(({ id }) => id === active) ?? configurations[0];
    const isCombined = view === 'combined' && configurations.length > 1;
    const scenes = isCombined ? otherScenes(configurations, pictures) : { others: [], problem: null };
    useScenes.setState({
      current: { id: own.id, name: configurations.length > 1 ? nameOf(own) : '', scale: own.scale },
      hasCurrent: own.isIncluded,
      ...{ isCombined, ...scenes },
    });
  };
  const change = (id: number, what: Partial<Configuration>) => {
    set({ configurations: get().configurations.map((each) => (each.id === id ? { ...each, ...what } : each)) });
    publish();
  };
  /** Parks the page in its configuration and puts another one there. */
  const exchange = (id: number, others: readonly Configuration[], state: ConfigurationState, parked = parkPage()) => {
    const { active } = get();
    useScenes.setState({ isSwitching: true });
    set({
      configurations: others.map((each) =>
        each.id === id ? { ...each, parked: null } : each.id === active ? { ...each, parked } : each,
      ),
      active: id,
      pictures: null,
      fault: null,
    });
    chooseScene(id);
    resumePage(state);
    publish();
    useScenes.setState({ isSwitching: false });
  };
  const refuse = (): boolean => {
    const { configurations } = get();
    const fault =
      obstacle() ??
      (configurations.length >= MOST_CONFIGURATIONS
        ? `There are ${MOST_CONFIGURATIONS} configurations, which is the most: remove one first.`
        : null);
    if (fault) set({ fault });
    return fault !== null;
  };
  /** Those of now, with names that stay when there are several. */
  const named = () => get().configurations.map((each) => ({ ...each, name: nameOf(each) }));
  return {
    configurations: [{ id: 0, name: '', detector: null, isIncluded: true, scale: 1, parked: null }],
    active: 0,
    view: 'one',
    pictures: null,
    removed: null,
    fault: null,
    add(document, detector) {
      if (refuse()) return false;
      const state = startState(document);
      const id = nextId++;
      const before = named();
      const name = freeName(document.start.detector.name, before);
      exchange(id, [...before, { id, name, detector, isIncluded: true, scale: 1, parked: state }], state);
      return true;
    },
    copy() {
      if (refuse()) return false;
      const state = parkPage();
      const id = nextId++;
      const before = named();
      const own = before.find((each) => each.id === get().active) ?? before[0];
      sendCorrections(id, state);
      const at = before.indexOf(own) + 1;
      const next = { ...own, id, name: freeName(own.name, before), parked: state };
      exchange(id, [...before.slice(0, at), next, ...before.slice(at)], state, state);
      return true;
    },
    rename(id, name) {
      const words = name.trim().slice(0, MOST_NAME);
      if (words === '') return;
      const others = get().configurations.filter((each) => each.id !== id);
      change(id, { name: freeName(words, others) });
    },
    remove(id) {
      const { configurations, active, removed, switchTo } = get();
      if (configurations.length < 2) return;
      const at = configurations.findIndex((each) => each.id === id);
      const fault = obstacle(true);
      if (fault) set({ fault });
      if (at < 0 || fault) return;
      if (id === active && !switchTo(configurations[at === 0 ? 1 : at - 1].id)) return;
      const now = get().configurations;
      if (removed) dropScene(removed.id);
      const left = now.filter((each) => each.id !== id);
      set({
        configurations: left,
        removed: now.find((each) => each.id === id) ?? null,
        fault: null,
        ...(left.length < 2 ? { view: 'one' as const } : {}),
      });
      publish();
    },
    bringBack() {
      const { removed, configurations } = get();
      if (!removed || refuse()) return;
      const name = freeName(removed.name, configurations);
      set({ configurations: [...named(), { ...removed, name }], removed: null });
      publish();
    },
    switchTo(id) {
      const { configurations, active } = get();
      const wanted = configurations.find((each) => each.id === id);
      if (id === active) return true;
      if (!wanted?.parked) return false;
      const fault = obstacle();
      if (fault) {
        set({ fault });
        return false;
      }
      const here = get().pictures?.get(id);
      const picture = typeof here === 'object' ? here : wanted.parked.picture;
      exchange(id, configurations, { ...wanted.parked, picture });
      return true;
    },
    include: (id, isIncluded) => change(id, { isIncluded }),
    setScale: (id, scale) => change(id, { scale }),
    setView(view) {
      set({ view });
      publish();
    },
    setPictures(pictures) {
      if (pictures === null && get().pictures === null) return;
      set({ pictures });
      publish();
    },
    takeDetector(layout, detector, addressed) {
      const { document, load } = useGeometry.getState();
      const { configurations, active, switchTo, add } = get();
      const own = configurations.find(({ id }) => id === active);
      const isSame = isOfDetector(document?.start.detector, layout);
      if (isSame && own?.detector === detector) return;
      const fitting = configurations.filter(({ parked }) =>
        isOfDetector(parked?.history.document?.start.detector, layout),
      );
      const found = fitting.find((each) => each.detector === detector) ?? (isSame ? undefined : fitting[0]);
      if (found && switchTo(found.id)) {
        if (found.detector !== detector) change(found.id, { detector });
        return;
      }
      // Moves of one beamtime are looked at with many runs: only another detector begins anew.
      if (isSame) {
        change(active, { detector });
        return;
      }
      const next = startDocument(layout, addressed);
      if (configurations.length > 1 && add(next, detector)) return;
      const pixels = pixelCountOf(next.start.detector);
      const { mask, setMask } = useGeometry.getState();
      if (mask && mask.length !== pixels) setMask(null);
      useMask.setState({ past: [], future: [] });
      const pictures = Object.values(useCurves.getState().correctionPictures);
      if (pictures.some((picture) => picture && picture.length !== pixels)) {
        useCurves.setState({ corrections: NO_CORRECTIONS, correctionPictures: NO_CORRECTIONS });
        sendCorrections(get().active, parkPage());
      }
      load(next, `${layout.origin} opened`);
      change(active, { detector });
    },
    replace(configurations, active) {
      const fault = obstacle(true);
      if (fault) {
        set({ fault });
        return false;
      }
      for (const { id } of [...get().configurations, ...(get().removed ? [get().removed as Configuration] : [])])
        dropScene(id);
      // Ids of the worker's scenes are never used twice: what is under way for an old one does not reach a new one.
      const next = configurations.map((each) => ({ ...each, id: nextId++ }));
      for (const { id, parked } of next) sendCorrections(id, parked);
      const { id, parked } = next[active] ?? next[0];
      set({ removed: null });
      exchange(id, next, parked);
      return true;
    },
  };
});

/** What a configuration is called: by its detector while nobody named it. */
export function nameOf({ name, parked, detector }: Configuration): string {
  if (name !== '') return name;
  const document = parked ? parked.history.document : useGeometry.getState().document;
  return document?.start.detector.name ?? detector ?? 'Detector';
}

/** A name that no other one has: `AGIPD1M`, `AGIPD1M 2`. */
function freeName(wanted: string, others: readonly Configuration[]): string {
  const taken = new Set(others.map(nameOf));
  const base = wanted.replace(/ \d{1,3}$/, '') || wanted;
  let name = wanted;
  for (let n = 2; taken.has(name); n++) name = `${base} ${n}`;
  return name;
}

function otherScenes(
  configurations: readonly Configuration[],
  pictures: OtherPictures | null,
): { readonly others: readonly OtherScene[] | null; readonly problem: string | null } {
  const wanted = configurations.filter(({ parked, isIncluded }) => parked && isIncluded);
  const others: OtherScene[] = [];
  for (const configuration of wanted) {
    const { id, parked, scale } = configuration;
    const name = nameOf(configuration);
    const picture = pictures?.get(id);
    if (typeof picture === 'string') return { others: null, problem: `${name}: ${picture}` };
    const { document, geometry } = parked?.history ?? {};
    if (!parked || !picture || !document || !geometry) return { others: null, problem: null };
    const { settings, mask } = parked;
    others.push({ ...{ id, name, geometry, settings, scale, picture, mask }, experiment: document.experiment });
  }
  return { others, problem: null };
}
