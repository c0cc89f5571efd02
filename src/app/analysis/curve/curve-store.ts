import { create } from 'zustand';
import { AMBIENT, type SampleState } from '../../../detector/powder/equation-of-state.ts';
import type { Phase } from '../../../detector/powder/phase.ts';
import type { CakeResult, CakeSettings, CurveSettings, PatternResult } from '../analysis-request.ts';
import type { PatternBackground, PatternUnit } from './pattern-unit.ts';

/** Which geometry a result was made with, and of which picture. */
export interface Provenance {
  /** Of the document. */
  readonly version: number;
  /** The picture's own words. */
  readonly picture: string;
  /** Its name in names of files. */
  readonly stem: string;
  /** Of its intensities. */
  readonly unit: string;
  /** How its pixels were split and what they were corrected for, in words. */
  readonly how: string;
}

/** Results of the geometry before and after: as loaded and as moved, or as it is and as a refinement proposes. */
export interface BeforeAfter<T> {
  readonly before: T | null;
  readonly after: T;
  readonly made: Provenance;
  /** Whether `after` is a proposal that nobody has applied. */
  readonly isProposal: boolean;
  /** Whether it is made as chosen; what is shown while something moves is made quicker. */
  readonly isFinal: boolean;
}

/** A curve that is kept beside the present one. */
export interface Overlay {
  readonly id: number;
  readonly name: string;
  readonly unit: PatternUnit;
  readonly x: Float64Array;
  readonly y: Float64Array;
  readonly scale: number;
  readonly offset: number;
  readonly isShown: boolean;
  readonly colour: string;
}

/** What a phase is made of again: the text of its file, or the line that was typed. */
export type PhaseOrigin =
  | { readonly kind: 'file'; readonly name: string; readonly text: string }
  | { readonly kind: 'cell'; readonly text: string };

/** A phase whose lines are drawn over the curves. */
export interface ShownPhase {
  readonly id: number;
  readonly phase: Phase;
  readonly origin: PhaseOrigin;
  readonly isShown: boolean;
  readonly colour: string;
  /** All edges times this, after pressure and heat. */
  readonly stretch: number;
  /** What its equation of state is asked for, where it has one. */
  readonly state: SampleState;
}

/** Pictures that correct the picture, by their names on screen; null = none. */
export interface CorrectionNames {
  readonly dark: string | null;
  readonly flat: string | null;
  readonly original: string | null;
  readonly response: string | null;
  readonly background: string | null;
}

/** Those pictures, float32 (module * ss * fs). */
export type CorrectionPictures = Readonly<Record<keyof CorrectionNames, Float32Array | null>>;

interface CurveStore {
  readonly settings: CurveSettings;
  readonly cake: CakeSettings;
  readonly curves: BeforeAfter<readonly PatternResult[]> | null;
  readonly cakes: BeforeAfter<CakeResult> | null;
  readonly curveError: string | null;
  readonly cakeError: string | null;
  /** Why a file could not be written or read. */
  readonly saveError: string | null;
  /** Whether what is shown is older than what was asked for. */
  readonly isBusy: boolean;
  readonly isLogX: boolean;
  readonly isLogY: boolean;
  /** What is on screen of the x axis. */
  readonly zoom: readonly [number, number] | 'rings' | 'all';
  /** Index of the ring whose width is told. */
  readonly ring: number;
  readonly background: PatternBackground;
  /** The overlay that is taken off the curve; null = none. */
  readonly subtracted: number | null;
  readonly overlays: readonly Overlay[];
  /** Each overlay is drawn higher than the last by this. */
  readonly waterfall: number;
  readonly phases: readonly ShownPhase[];
  readonly corrections: CorrectionNames;
  readonly correctionPictures: CorrectionPictures;
  readonly backgroundScale: number;
  readonly backgroundOffset: number;
  readonly dummy: number | null;
  setSettings(change: Partial<CurveSettings>): void;
  setCake(change: Partial<CakeSettings>): void;
  addOverlay(overlay: Pick<Overlay, 'name' | 'unit' | 'x' | 'y'>): void;
  changeOverlay(id: number, change: Partial<Overlay>): void;
  removeOverlay(id: number): void;
  addPhase(phase: Phase, origin: PhaseOrigin): void;
  changePhase(id: number, change: Partial<ShownPhase>): void;
  removePhase(id: number): void;
  /** Other overlays and phases in place of all. @param subtracted index of the overlay that is taken off; null = none */
  drawAnew(
    overlays: readonly Omit<Overlay, 'id'>[],
    subtracted: number | null,
    phases: readonly Omit<ShownPhase, 'id'>[],
  ): void;
}

const OVERLAY_COLOURS = ['--c2', '--c3', '--c4', '--c5', '--c6', '--c7'];
const PHASE_COLOURS = ['--c6', '--c3', '--c7', '--c4', '--c5', '--c2'];
/** Nothing corrects the picture. */
export const NO_CORRECTIONS = { dark: null, flat: null, original: null, response: null, background: null } as const;
let nextId = 1;

/** How curves and cakes are made, and those on screen. */
export const useCurves = create<CurveStore>((set, get) => ({
  settings: {
    unit: 'q_A^-1',
    points: null,
    method: 'full',
    radialRange: null,
    azimuthRange: null,
    sectors: 1,
    hasSolidAngle: true,
    polarization: null,
    oblique: null,
    seat: null,
  },
  cake: { points: 400, azimuthPoints: 180, azimuthStart: -180, isRingsOnly: true },
  curves: null,
  cakes: null,
  curveError: null,
  cakeError: null,
  saveError: null,
  isBusy: false,
  isLogX: false,
  isLogY: false,
  zoom: 'rings',
  ring: 1,
  background: { kind: 'none' },
  subtracted: null,
  overlays: [],
  waterfall: 0,
  phases: [],
  corrections: NO_CORRECTIONS,
  correctionPictures: NO_CORRECTIONS,
  backgroundScale: 1,
  backgroundOffset: 0,
  dummy: null,
  setSettings(change) {
    const unit = change.unit ?? get().settings.unit;
    // A range in another unit means nothing.
    const isOther = unit !== get().settings.unit;
    set({
      settings: { ...get().settings, ...(isOther ? { radialRange: null } : {}), ...change },
      saveError: null,
      ...(isOther ? { zoom: 'rings' as const } : {}),
    });
  },
  setCake: (change) => set({ cake: { ...get().cake, ...change } }),
  addOverlay(overlay) {
    const { overlays } = get();
    const colour = OVERLAY_COLOURS[overlays.length % OVERLAY_COLOURS.length];
    set({ overlays: [...overlays, { ...overlay, id: nextId++, scale: 1, offset: 0, isShown: true, colour }] });
  },
  changeOverlay: (id, change) =>
    set({ overlays: get().overlays.map((each) => (each.id === id ? { ...each, ...change } : each)) }),
  removeOverlay(id) {
    const { overlays, subtracted } = get();
    set({ overlays: overlays.filter((each) => each.id !== id), subtracted: subtracted === id ? null : subtracted });
  },
  addPhase(phase, origin) {
    const { phases } = get();
    const colour = PHASE_COLOURS[phases.length % PHASE_COLOURS.length];
    set({ phases: [...phases, { phase, origin, id: nextId++, isShown: true, colour, stretch: 1, state: AMBIENT }] });
  },
  changePhase: (id, change) =>
    set({ phases: get().phases.map((each) => (each.id === id ? { ...each, ...change } : each)) }),
  drawAnew(overlays, subtracted, phases) {
    const next = overlays.map((overlay) => ({ ...overlay, id: nextId++ }));
    set({
      overlays: next,
      subtracted: subtracted === null ? null : (next[subtracted]?.id ?? null),
      phases: phases.map((phase) => ({ ...phase, id: nextId++ })),
      saveError: null,
    });
  },
  removePhase: (id) => set({ phases: get().phases.filter((each) => each.id !== id) }),
}));
