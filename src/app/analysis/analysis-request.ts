import type { AnvilSeat, ObliqueSensor } from '../../detector/analysis/absorption.ts';
import type { MaskShape } from '../../detector/analysis/mask-shape.ts';
import type { Detector } from '../../detector/detector.ts';
import type { Experiment } from '../../detector/integration/experiment.ts';
import type { SplitMethod } from '../../detector/integration/split-method.ts';
import type { PartLevel } from '../../detector/refinement/detector-part.ts';
import type {
  CalibrationImage,
  ExperimentFreedom,
  ExperimentParameter,
} from '../../detector/refinement/refine-experiment.ts';
import type { PatternUnit } from './curve/pattern-unit.ts';

/** A geometry on its way to the worker, which keeps those it has seen by their key. */
export interface GeometryMessage {
  /** The same number for the same geometry. */
  readonly key: number;
  readonly detector: Detector;
  /** As in a geometry. */
  readonly tiles: Float64Array;
}

/** Where the detector is, with the photon energy. */
export type FullExperiment = Experiment & { readonly photonEnergyKeV: number };

/** What is integrated. Arrays are (module * ss * fs); null = none. Fields that are not given stay as they were. */
export interface SceneMessage {
  /** Of which configuration; not given = of that which is on the page. */
  readonly scene?: number;
  /** float32, NaN = missing. */
  readonly picture?: Float32Array | null;
  /** uint8, not 0 = left out. */
  readonly mask?: Uint8Array | null;
  /** float32, taken off every pixel. */
  readonly dark?: Float32Array | null;
  /** float32, every pixel is divided by it. */
  readonly flat?: Float32Array | null;
  /** float32, the same light before and after something was put in its way: pixels are divided by response / original. */
  readonly original?: Float32Array | null;
  readonly response?: Float32Array | null;
  /** float32, a picture without sample. */
  readonly background?: Float32Array | null;
  /** What is taken off: scale * background + offset. */
  readonly backgroundScale?: number;
  readonly backgroundOffset?: number;
  /** Pixels with this value (give or take `dummyDelta`) have none; null = no such value. */
  readonly dummy?: number | null;
  readonly dummyDelta?: number;
}

/** How a picture is made a curve. */
export interface CurveSettings {
  readonly unit: PatternUnit;
  /** Null: about one bin for each pixel. */
  readonly points: number | null;
  readonly method: SplitMethod;
  /** In the unit; null = everything. */
  readonly radialRange: readonly [number, number] | null;
  /** Degrees; null = all round. */
  readonly azimuthRange: readonly [number, number] | null;
  /** Parts of the azimuth range with a curve each; 1 = one curve. */
  readonly sectors: number;
  readonly hasSolidAngle: boolean;
  /** -1 to 1; null = no correction. */
  readonly polarization: number | null;
  /** Null = no correction. */
  readonly oblique: ObliqueSensor | null;
  readonly seat: AnvilSeat | null;
}

/** How a picture is made a cake. */
export interface CakeSettings {
  readonly points: number;
  readonly azimuthPoints: number;
  /** Where the azimuth axis begins, degrees. */
  readonly azimuthStart: number;
  /** Where no range is set, only what holds the rings of the calibrant: the light within them is far brighter. */
  readonly isRingsOnly: boolean;
}

/** Asks for curves. */
export interface CurveRequest {
  readonly geometry: GeometryMessage;
  readonly experiment: FullExperiment;
  readonly settings: CurveSettings;
}

/** One curve over its radial axis. */
export interface PatternResult {
  readonly unit: PatternUnit;
  /** Rising. */
  readonly x: Float64Array;
  /** NaN = no pixels. */
  readonly y: Float64Array;
  /** By counting statistics or the scatter within a bin. */
  readonly sigma: Float64Array;
  /** Degrees; null = all of them. */
  readonly azimuthRange: readonly [number, number] | null;
  /** What it is called beside others. */
  readonly label?: string;
}

/** Asks for one pattern of several configurations: unit, bins and radial range of their settings are the same. */
export interface CombineRequest {
  readonly parts: readonly (CurveRequest & {
    readonly scene: number;
    readonly name: string;
    /** Its intensities are divided by this. */
    readonly scale: number;
  })[];
}

/** Asks for a cake. */
export interface CakeRequest extends CurveRequest {
  readonly cake: Omit<CakeSettings, 'isRingsOnly'>;
}

/** Intensity over azimuth and radius. */
export interface CakeResult {
  readonly unit: PatternUnit;
  /** float64 (radial), in the unit, rising. */
  readonly x: Float64Array;
  /** float64 (azimuthal), degrees, rising. */
  readonly azimuth: Float64Array;
  /** float32 (azimuthal, radial); NaN = no pixels. */
  readonly intensity: Float32Array;
}

/** Asks for a refinement of the parts of the detector. */
export interface RefineRequest {
  readonly geometry: GeometryMessage;
  readonly experiment: FullExperiment;
  readonly calibrant: string;
  /** Rings by their index, 0 = innermost. */
  readonly rings: readonly number[];
  readonly level: PartLevel;
  readonly fixed: readonly number[];
  readonly priorPx: number;
  /** Null: no angles. */
  readonly priorAngleDeg: number | null;
  readonly experimentParameters: readonly ExperimentParameter[];
  readonly windowPx: number;
}

/** Asks for points on rings of the picture in the scene. */
export interface ExposureRequest {
  readonly geometry: GeometryMessage;
  readonly experiment: FullExperiment;
  readonly calibrant: string;
  readonly rings: readonly number[];
  readonly windowPx: number;
}

/** Asks for distance, centre, tilt and energy from exposures. */
export interface CalibrateRequest {
  readonly images: readonly CalibrationImage[];
  readonly start: FullExperiment;
  readonly freedom: ExperimentFreedom;
}

/** Asks for pixels of a mask. */
export type MaskRequest =
  | { readonly kind: 'shape'; readonly geometry: GeometryMessage; readonly shape: MaskShape }
  | { readonly kind: 'threshold'; readonly low: number | null; readonly high: number | null }
  | { readonly kind: 'cosmic'; readonly geometry: GeometryMessage; readonly sigma: number };

/** Asks for one row of a batch: a train's picture with the same settings. */
export interface RowRequest extends CurveRequest {
  /** Whose mask and corrections; not given = of the configuration that is on the page. */
  readonly scene?: number;
  /** float32 (module * ss * fs) */
  readonly picture: Float32Array;
}
