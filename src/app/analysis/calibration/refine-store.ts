import { create } from 'zustand';
import type { PartLevel } from '../../../detector/refinement/detector-part.ts';
import type {
  CalibrationImage,
  ControlPoint,
  ExperimentParameter,
  RefinedExperiment,
} from '../../../detector/refinement/refine-experiment.ts';
import type { RefinedGeometry } from '../../../detector/refinement/refine-geometry.ts';
import { useGeometry } from '../../geometry/geometry-store.ts';
import { callAnalysis, geometryMessage, isAbort } from '../analysis-client.ts';
import { sendScene } from '../curve/curve-runner.ts';

/** What is refined of the parts. */
export interface RefineSettings {
  /** Parts that stay, by index. */
  readonly fixed: readonly number[];
  readonly priorPx: number;
  /** Null: parts are not turned. */
  readonly priorAngleDeg: number | null;
  readonly experimentParameters: readonly ExperimentParameter[];
  readonly windowPx: number;
}

/** An exposure that was kept for the calibration. */
export interface Exposure extends CalibrationImage {
  readonly id: number;
  readonly name: string;
}

/** Something that takes its time. */
export interface Job {
  readonly share: number;
  readonly text: string;
  cancel(): void;
}

interface RefineStore {
  readonly level: PartLevel;
  readonly settings: RefineSettings;
  /** Rings that are left out, by index. */
  readonly skippedRings: readonly number[];
  readonly job: Job | null;
  readonly result: RefinedGeometry | null;
  /** Level that the result is of. */
  readonly resultLevel: PartLevel;
  readonly error: string | null;
  readonly exposures: readonly Exposure[];
  readonly free: readonly ExperimentParameter[];
  readonly bounds: Readonly<Partial<Record<ExperimentParameter, readonly [number, number]>>>;
  readonly calibration: RefinedExperiment | null;
  readonly calibrationError: string | null;
  readonly isCalibrating: boolean;
  setLevel(level: PartLevel): void;
  setSettings(change: Partial<RefineSettings>): void;
  toggleRing(ring: number): void;
  toggleFixed(part: number): void;
  start(): Promise<void>;
  apply(): void;
  discard(): void;
  /** Finds rings on the picture and keeps their points. */
  addExposure(moreDistance: number): Promise<void>;
  /** Keeps points that were found otherwise. */
  keepPoints(name: string, points: readonly ControlPoint[], moreDistance: number): void;
  removeExposure(id: number): void;
  calibrate(): Promise<void>;
  applyCalibration(): void;
}

/** How far parts of each level may be off, pixels. */
const PRIORS: Readonly<Record<PartLevel, number>> = { quadrant: 10, module: 3, tile: 1 };
const WORDS: Readonly<Record<PartLevel, string>> = { quadrant: 'quadrants', module: 'modules', tile: 'tiles' };
let nextId = 1;
const wordsOf = (error: unknown) => (error instanceof Error ? error.message : String(error));

/** Refinement of the parts of the detector, and calibration of the experiment. */
export const useRefinement = create<RefineStore>((set, get) => {
  /** Rings that are refined with. */
  const ringsNow = () =>
    Array.from({ length: useGeometry.getState().document?.rings ?? 0 }, (_, ring) => ring).filter(
      (ring) => !get().skippedRings.includes(ring),
    );
  return {
    level: 'quadrant',
    settings: { fixed: [], priorPx: PRIORS.quadrant, priorAngleDeg: null, experimentParameters: [], windowPx: 15 },
    skippedRings: [],
    job: null,
    result: null,
    resultLevel: 'quadrant',
    error: null,
    exposures: [],
    free: ['distance', 'poni1', 'poni2'],
    bounds: {},
    calibration: null,
    calibrationError: null,
    isCalibrating: false,
    setLevel: (level) => set({ level, settings: { ...get().settings, fixed: [], priorPx: PRIORS[level] } }),
    setSettings: (change) => set({ settings: { ...get().settings, ...change } }),
    toggleRing: (ring) => set({ skippedRings: toggled(get().skippedRings, ring) }),
    toggleFixed: (part) => get().setSettings({ fixed: toggled(get().settings.fixed, part) }),
    async start() {
      const { document, geometry, propose } = useGeometry.getState();
      const { level, settings, job } = get();
      if (!document || !geometry || job) return;
      const controller = new AbortController();
      const cancel = () => controller.abort();
      set({ job: { share: 0, text: 'looking for rings', cancel }, error: null, result: null });
      propose(null);
      sendScene();
      try {
        const rings = ringsNow();
        const result = await callAnalysis(
          'refine',
          {
            geometry: geometryMessage(geometry),
            experiment: document.experiment,
            calibrant: document.calibrant,
            rings,
            level,
            ...settings,
          },
          {
            signal: controller.signal,
            onProgress: (share, text = '') => {
              if (!controller.signal.aborted) set({ job: { share, text, cancel } });
            },
          },
        );
        const now = useGeometry.getState();
        if (now.geometry !== geometry || now.document?.experiment !== document.experiment) {
          set({
            error: 'The geometry was changed while it was refined, so what was found is not about it. Start again.',
          });
          return;
        }
        set({ result, resultLevel: level });
        now.propose({
          level,
          moves: result.moves,
          geometry: result.geometry,
          experiment: result.experiment,
          what: `refined ${WORDS[level]} on ${rings.length} rings of ${document.calibrant}`,
        });
      } catch (error) {
        if (!isAbort(error)) set({ error: wordsOf(error) });
      } finally {
        set({ job: null });
      }
    },
    apply() {
      useGeometry.getState().applyProposal();
    },
    discard() {
      useGeometry.getState().propose(null);
      set({ result: null, error: null });
    },
    async addExposure(moreDistance) {
      const { document, geometry, picture } = useGeometry.getState();
      if (!document || !geometry || !picture) return;
      sendScene();
      set({ isCalibrating: true, calibrationError: null });
      try {
        const points = await callAnalysis('exposure', {
          geometry: geometryMessage(geometry),
          experiment: { ...document.experiment, distance: document.experiment.distance + moreDistance },
          calibrant: document.calibrant,
          rings: ringsNow(),
          windowPx: get().settings.windowPx,
        });
        if (points.length === 0)
          throw new Error(
            'No point was found on any ring of this picture. Is it the right calibrant, energy and distance? A wider window looks farther.',
          );
        const name = `${picture.provenance}, ${points.length} points on ${document.calibrant}`;
        set({ exposures: [...get().exposures, { id: nextId++, name, points, moreDistance }] });
      } catch (error) {
        set({ calibrationError: wordsOf(error) });
      } finally {
        set({ isCalibrating: false });
      }
    },
    keepPoints: (name, points, moreDistance) =>
      set({ exposures: [...get().exposures, { id: nextId++, name, points, moreDistance }], calibrationError: null }),
    removeExposure: (id) => set({ exposures: get().exposures.filter((each) => each.id !== id), calibration: null }),
    async calibrate() {
      const { document } = useGeometry.getState();
      if (!document || get().isCalibrating) return;
      if (get().exposures.length === 0) await get().addExposure(0);
      const { exposures, free, bounds } = get();
      if (exposures.length === 0) return;
      set({ isCalibrating: true, calibrationError: null });
      try {
        const images = exposures.map(({ points, moreDistance }) => ({ points, moreDistance }));
        const calibration = await callAnalysis('calibrate', {
          images,
          start: document.experiment,
          freedom: { free, bounds },
        });
        set({ calibration });
      } catch (error) {
        set({ calibration: null, calibrationError: wordsOf(error) });
      } finally {
        set({ isCalibrating: false });
      }
    },
    applyCalibration() {
      const { calibration } = get();
      const { document, edit } = useGeometry.getState();
      if (!calibration || !document) return;
      edit({ experiment: calibration.experiment }, `calibrated on ${document.calibrant}`);
      set({ calibration: null, exposures: [] });
    },
  };
});

function toggled(list: readonly number[], item: number): readonly number[] {
  return list.includes(item) ? list.filter((each) => each !== item) : [...list, item];
}
