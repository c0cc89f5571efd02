import type { ProgressCallback } from '../../core/cancel.ts';
import { StateInvalid } from '../../core/errors.ts';
import { type NdArray, ndarray } from '../../core/ndarray.ts';
import { cosmicPixels, pixelsBeyond } from '../../detector/analysis/mask-operations.ts';
import { pixelsInShape } from '../../detector/analysis/mask-shape.ts';
import { createGeometry, type Geometry, pixelPositions } from '../../detector/geometry.ts';
import { integrateFrame } from '../../detector/integration/integrate.ts';
import type { IntegrationOptions } from '../../detector/integration/integration-table.ts';
import { TableCache } from '../../detector/integration/table-cache.ts';
import { type CalibrantRing, calibrantByName, calibrantRings } from '../../detector/powder/calibrant.ts';
import {
  type ControlPoint,
  type RefinedExperiment,
  refineExperiment,
} from '../../detector/refinement/refine-experiment.ts';
import { type RefinedGeometry, refineGeometry } from '../../detector/refinement/refine-geometry.ts';
import { findRingPoints, positionOnTile } from '../../detector/refinement/ring-points.ts';
import type {
  CakeRequest,
  CakeResult,
  CalibrateRequest,
  CombineRequest,
  CurveRequest,
  CurveSettings,
  ExposureRequest,
  FullExperiment,
  GeometryMessage,
  MaskRequest,
  PatternResult,
  RefineRequest,
  RowRequest,
  SceneMessage,
} from './analysis-request.ts';
import { AnalysisScene } from './analysis-scene.ts';
import { combineScenes, type ScenePart } from './configurations/combine-scenes.ts';
import { automaticPoints, cakeResult, patternResult } from './curve/pattern-result.ts';

/** What a refinement may run beside. */
interface CallOptions {
  readonly signal?: AbortSignal;
  readonly onProgress?: ProgressCallback;
}

/** Geometries that are kept; each may have tables. */
const KEPT_GEOMETRIES = 8;
/** Numbers of a tile: corner and two steps, (x, y, z) each. */
const TILE_NUMBERS = 9;
/** Rings are looked for at last within this, px; fewer points than this are no ground to stand on. */
const NARROW_PX = 5;
const LEAST_POINTS = 30;
/** Rings that are looked at, at most. */
const MOST_RINGS = 40;

/**
 * What the worker of the Geometry page can do: curves, cakes, masks and refinements of the picture it holds. Plain functions,
 * so that tests call them without a worker.
 */
export function createAnalysisCalls() {
  const geometries = new Map<number, Geometry>();
  const tables = new TableCache(10);
  const scenes = new Map<number, AnalysisScene>();
  let current = 0;
  let positions: { readonly geometry: Geometry; readonly data: Float64Array } | null = null;

  const geometryOf = ({ key, detector, tiles }: GeometryMessage): Geometry => {
    const geometry = geometries.get(key) ?? createGeometry(detector, tiles);
    geometries.delete(key);
    geometries.set(key, geometry);
    for (const oldest of geometries.keys()) {
      if (geometries.size <= KEPT_GEOMETRIES) break;
      geometries.delete(oldest);
    }
    return geometry;
  };
  const sceneOf = (id: number): AnalysisScene => {
    const scene = scenes.get(id) ?? new AnalysisScene();
    scenes.set(id, scene);
    return scene;
  };
  const sceneNow = () => sceneOf(current);
  const pictureNow = () => sceneNow().picture();
  const partsOf = ({ parts }: CombineRequest): ScenePart[] =>
    parts.map(({ name, scene, geometry, experiment, settings, scale }) => ({
      ...{ name, experiment, settings, scale },
      scene: sceneOf(scene),
      geometry: geometryOf(geometry),
    }));
  const curvesOf = (request: CurveRequest, scene: AnalysisScene, picture: Float32Array): PatternResult[] => {
    const { settings, experiment } = request;
    const geometry = geometryOf(request.geometry);
    const points = settings.points ?? automaticPoints(geometry, experiment);
    const ranges = sectorsOf(settings);
    let base: Omit<IntegrationOptions, 'points'> = scene.options(settings, geometry, experiment);
    if (ranges.length > 1 && !base.radialRange) {
      // All sectors on the bins of the whole picture, so that they can be drawn over each other.
      const { radial } = tables.get(geometry, experiment, { ...base, points: 1 }).grid;
      base = { ...base, radialRange: [radial.low, radial.low + radial.step] };
    }
    return ranges.map((azimuthRange) => {
      const { azimuthRange: _all, ...rest } = base;
      const table = tables.get(geometry, experiment, { ...rest, points, ...(azimuthRange ? { azimuthRange } : {}) });
      const pattern = integrateFrame(picture, table, { errorModel: 'azimuthal' });
      return patternResult(pattern, settings.unit, azimuthRange);
    });
  };

  return {
    /** Takes pictures, masks and corrections of the scene that is named, or else of the chosen one. */
    setScene(change: SceneMessage): void {
      sceneOf(change.scene ?? current).change(change);
    },

    /** What is asked from now on is about this scene. */
    selectScene(scene: number): void {
      current = scene;
    },

    /** Forgets the pictures of a scene. */
    dropScene(scene: number): void {
      scenes.delete(scene);
    },

    /** One curve, or one for each sector. */
    curves(request: CurveRequest): PatternResult[] {
      return curvesOf(request, sceneNow(), pictureNow());
    },

    /** One train of a batch: the curve of a picture that is not kept. */
    row(request: RowRequest): PatternResult {
      const scene = sceneOf(request.scene ?? current);
      const settings = { ...request.settings, sectors: 1 };
      const [first] = curvesOf({ ...request, settings }, scene, scene.clean(request.picture));
      return first;
    },

    /** One curve of several configurations, then that of each, on the same bins. */
    combine(request: CombineRequest): PatternResult[] {
      const { combined, parts } = combineScenes(partsOf(request), tables);
      const { unit } = request.parts[0].settings;
      return [
        { ...patternResult(combined, unit, null), label: 'combined' },
        ...parts.map((pattern, i) => ({ ...patternResult(pattern, unit, null), label: request.parts[i].name })),
      ];
    },

    /** One cake of several configurations. */
    combinedCake(request: CombineRequest & Pick<CakeRequest, 'cake'>): CakeResult {
      return cakeResult(combineScenes(partsOf(request), tables, request.cake).combined, request.parts[0].settings.unit);
    },

    cake({ geometry: message, experiment, settings, cake }: CakeRequest): CakeResult {
      const geometry = geometryOf(message);
      const { azimuthStart, azimuthPoints, points } = cake;
      const { azimuthRange: _all, ...rest } = sceneNow().options(settings, geometry, experiment);
      const table = tables.get(geometry, experiment, {
        ...rest,
        points,
        azimuthPoints,
        azimuthRange: settings.azimuthRange ?? [azimuthStart, azimuthStart + 360],
      });
      return cakeResult(integrateFrame(pictureNow(), table), settings.unit);
    },

    /** Pixels (uint8, 1 = chosen) to add to a mask. */
    maskPixels(request: MaskRequest): Uint8Array {
      if (request.kind === 'threshold') return pixelsBeyond(pictureNow(), request.low, request.high);
      const geometry = geometryOf(request.geometry);
      if (request.kind === 'cosmic')
        return cosmicPixels(pictureNow(), sceneNow().mask, geometry.detector, { sigma: request.sigma });
      if (positions?.geometry !== geometry)
        positions = { geometry, data: pixelPositions(geometry).data as Float64Array };
      return pixelsInShape(request.shape, positions.data, geometry.detector.pixelSize);
    },

    async refine(request: RefineRequest, { signal, onProgress }: CallOptions = {}): Promise<RefinedGeometry> {
      const geometry = geometryOf(request.geometry);
      const { mask } = sceneNow();
      return refineGeometry(pictureOf(pictureNow(), geometry), geometry, request.experiment, chosenRings(request), {
        level: request.level,
        fixed: request.fixed,
        priorPx: request.priorPx,
        windowPx: request.windowPx,
        experiment: request.experimentParameters,
        ...(request.priorAngleDeg === null ? {} : { priorAngleDeg: request.priorAngleDeg }),
        ...(mask ? { mask } : {}),
        signal,
        onProgress,
      });
    },

    /** Points on the rings of the picture in the scene: one exposure of a calibration. */
    exposure(request: ExposureRequest): ControlPoint[] {
      const geometry = geometryOf(request.geometry);
      const rings = chosenRings(request);
      const perModule = geometry.detector.tiles.length;
      const picture = pictureOf(pictureNow(), geometry);
      const { mask } = sceneNow();
      const toPoints = (at: FullExperiment, windowPx: number): ControlPoint[] =>
        findRingPoints(picture, geometry, at, rings, { windowPx, ...(mask ? { mask } : {}) }).map(
          ({ module, tile, ss, fs, ring, sigmaPx }) => ({
            position: positionOnTile(geometry.tiles, (module * perModule + tile) * TILE_NUMBERS, ss, fs),
            spacing: rings[ring].spacing,
            sigma: sigmaPx * geometry.detector.pixelSize,
          }),
        );
      let [points, at, window] = [toPoints(request.experiment, request.windowPx), request.experiment, request.windowPx];
      // A wide window catches rings of other phases, too: about a better place a narrow one is enough.
      while (window > NARROW_PX && points.length >= LEAST_POINTS) {
        window = Math.max(NARROW_PX, window / 2);
        at = refineExperiment([{ points }], at, { free: ['distance', 'poni1', 'poni2'], outlierSigma: 2 }).experiment;
        const closer = toPoints(at, window);
        if (closer.length < LEAST_POINTS) break;
        points = closer;
      }
      return points;
    },

    calibrate({ images, start, freedom }: CalibrateRequest): RefinedExperiment {
      return refineExperiment(images, start, freedom);
    },
  };
}

function pictureOf(picture: Float32Array, { detector }: Geometry): NdArray<'float32'> {
  return ndarray('float32', [...detector.dataShape], picture);
}

/** The rings that a person ticked. @throws StateInvalid if there are none */
function chosenRings(request: Pick<RefineRequest, 'calibrant' | 'rings' | 'experiment'>): CalibrantRing[] {
  const all = calibrantRings(calibrantByName(request.calibrant), request.experiment.photonEnergyKeV, {
    maxTwoTheta: 0.48 * Math.PI,
    count: MOST_RINGS,
  });
  const chosen = all.filter((_, i) => request.rings.includes(i));
  if (chosen.length === 0) throw new StateInvalid('No ring is chosen: tick at least one.', { field: 'rings' });
  return chosen;
}

function sectorsOf({ sectors, azimuthRange }: CurveSettings): (readonly [number, number] | null)[] {
  if (!(Number.isInteger(sectors) && sectors >= 1 && sectors <= 36))
    throw new StateInvalid(`${sectors} sectors are impossible, give 1 to 36.`, { field: 'sectors' });
  if (sectors === 1) return [azimuthRange];
  const [low, high] = azimuthRange ?? [-180, 180];
  const step = (high - low) / sectors;
  return Array.from({ length: sectors }, (_, i) => [low + i * step, low + (i + 1) * step]);
}
