import type { ProgressCallback } from '../../core/cancel.ts';
import { NoData, StateInvalid } from '../../core/errors.ts';
import { type NdArray, ndarray } from '../../core/ndarray.ts';
import { cosmicPixels, pixelsBeyond } from '../../detector/analysis/mask-operations.ts';
import { pixelsInShape } from '../../detector/analysis/mask-shape.ts';
import { createGeometry, type Geometry, pixelPositions, tileCorners } from '../../detector/geometry.ts';
import { integrateFrame, type Pattern } from '../../detector/integration/integrate.ts';
import type { IntegrationOptions, IntegrationTable } from '../../detector/integration/integration-table.ts';
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
import { integrationUnit, type PatternUnit, turnSpacing } from './pattern-unit.ts';
import { PixelLights } from './pixel-light.ts';

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
  const tables = new TableCache(6);
  const lights = new PixelLights();
  let scene: Required<SceneMessage> = {
    picture: null,
    mask: null,
    dark: null,
    flat: null,
    original: null,
    response: null,
    background: null,
    backgroundScale: 1,
    backgroundOffset: 0,
    dummy: null,
    dummyDelta: 0,
  };
  /** The picture less its background; made when asked for. */
  let cleaned: Float32Array | null = null;
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
  const pictureNow = (): Float32Array => {
    if (!scene.picture)
      throw new NoData('There is no picture yet: choose a run, a train or a mean on the left first.', {});
    cleaned ??= cleanPicture(scene.picture, scene);
    return cleaned;
  };
  const optionsOf = (
    settings: CurveSettings,
    geometry: Geometry,
    experiment: FullExperiment,
  ): Omit<IntegrationOptions, 'points'> => ({
    unit: integrationUnit(settings.unit),
    method: settings.method,
    hasSolidAngle: settings.hasSolidAngle,
    ...(settings.polarization === null ? {} : { polarization: { factor: settings.polarization } }),
    ...(settings.radialRange ? { radialRange: rangeInside(settings.radialRange, settings.unit) } : {}),
    ...(settings.azimuthRange ? { azimuthRange: settings.azimuthRange } : {}),
    ...(scene.dark ? { dark: scene.dark } : {}),
    ...lights.of(geometry, experiment, settings, scene),
  });
  const curvesOf = (request: CurveRequest, picture: Float32Array): PatternResult[] => {
    const { settings, experiment } = request;
    const geometry = geometryOf(request.geometry);
    const points = settings.points ?? automaticPoints(geometry, experiment);
    const ranges = sectorsOf(settings);
    let base = optionsOf(settings, geometry, experiment);
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
    /** Takes pictures, masks and corrections. */
    setScene(change: SceneMessage): void {
      scene = { ...scene, ...change };
      cleaned = null;
      lights.clear();
    },

    /** One curve, or one for each sector. */
    curves(request: CurveRequest): PatternResult[] {
      return curvesOf(request, pictureNow());
    },

    /** One train of a batch: the curve of a picture that is not kept. */
    row(request: RowRequest): PatternResult {
      const [first] = curvesOf(
        { ...request, settings: { ...request.settings, sectors: 1 } },
        cleanPicture(request.picture, scene),
      );
      return first;
    },

    cake({ geometry: message, experiment, settings, cake }: CakeRequest): CakeResult {
      const geometry = geometryOf(message);
      const { azimuthStart, azimuthPoints, points } = cake;
      const { azimuthRange: _all, ...rest } = optionsOf(settings, geometry, experiment);
      const table = tables.get(geometry, experiment, {
        ...rest,
        points,
        azimuthPoints,
        azimuthRange: settings.azimuthRange ?? [azimuthStart, azimuthStart + 360],
      });
      return cakeResult(integrateFrame(pictureNow(), table), table, settings.unit);
    },

    /** Pixels (uint8, 1 = chosen) to add to a mask. */
    maskPixels(request: MaskRequest): Uint8Array {
      if (request.kind === 'threshold') return pixelsBeyond(pictureNow(), request.low, request.high);
      const geometry = geometryOf(request.geometry);
      if (request.kind === 'cosmic')
        return cosmicPixels(pictureNow(), scene.mask, geometry.detector, { sigma: request.sigma });
      if (positions?.geometry !== geometry)
        positions = { geometry, data: pixelPositions(geometry).data as Float64Array };
      return pixelsInShape(request.shape, positions.data, geometry.detector.pixelSize);
    },

    async refine(request: RefineRequest, { signal, onProgress }: CallOptions = {}): Promise<RefinedGeometry> {
      const geometry = geometryOf(request.geometry);
      return refineGeometry(pictureOf(pictureNow(), geometry), geometry, request.experiment, chosenRings(request), {
        level: request.level,
        fixed: request.fixed,
        priorPx: request.priorPx,
        windowPx: request.windowPx,
        experiment: request.experimentParameters,
        ...(request.priorAngleDeg === null ? {} : { priorAngleDeg: request.priorAngleDeg }),
        ...(scene.mask ? { mask: scene.mask } : {}),
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
      const toPoints = (at: FullExperiment, windowPx: number): ControlPoint[] =>
        findRingPoints(picture, geometry, at, rings, { windowPx, ...(scene.mask ? { mask: scene.mask } : {}) }).map(
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

/** Less its background, and without dummies. */
function cleanPicture(
  picture: Float32Array,
  { background, backgroundScale, backgroundOffset, dummy, dummyDelta }: Required<SceneMessage>,
): Float32Array {
  if (background && background.length !== picture.length)
    throw new StateInvalid(
      `The background picture has ${background.length} pixels, the picture has ${picture.length}.`,
      { field: 'background' },
    );
  if (dummy === null && !background) return picture;
  return picture.map((value, i) => {
    if (dummy !== null && Math.abs(value - dummy) <= dummyDelta) return Number.NaN;
    return background ? value - (backgroundScale * background[i] + backgroundOffset) : value;
  });
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

/** About one bin for each pixel between the innermost and the outermost corner of a tile. */
function automaticPoints(geometry: Geometry, { poni1 = 0, poni2 = 0 }: FullExperiment): number {
  const { data, shape } = tileCorners(geometry);
  const step = shape[shape.length - 1];
  let far = 0;
  for (let i = 0; i < data.length; i += step) far = Math.max(far, Math.hypot(data[i] - poni2, data[i + 1] - poni1));
  return Math.min(20_000, Math.max(16, Math.round(far / geometry.detector.pixelSize)));
}

function sectorsOf({ sectors, azimuthRange }: CurveSettings): (readonly [number, number] | null)[] {
  if (!(Number.isInteger(sectors) && sectors >= 1 && sectors <= 36))
    throw new StateInvalid(`${sectors} sectors are impossible, give 1 to 36.`, { field: 'sectors' });
  if (sectors === 1) return [azimuthRange];
  const [low, high] = azimuthRange ?? [-180, 180];
  const step = (high - low) / sectors;
  return Array.from({ length: sectors }, (_, i) => [low + i * step, low + (i + 1) * step]);
}

/** A range on screen in the unit that is integrated in. */
function rangeInside([low, high]: readonly [number, number], unit: PatternUnit): readonly [number, number] {
  if (unit !== 'd_A') return [low, high];
  if (!(low > 0 && high > low))
    throw new StateInvalid(`The range of d, ${low} to ${high}, must lie above 0, the smaller one first.`, {
      field: 'radialRange',
    });
  return [turnSpacing(high), turnSpacing(low)];
}

function patternResult(
  { radial, intensity, sigma }: Pattern,
  unit: PatternUnit,
  azimuthRange: readonly [number, number] | null,
): PatternResult {
  const result = { unit, x: radial, y: intensity, sigma: sigma ?? new Float64Array(radial.length), azimuthRange };
  if (unit !== 'd_A') return result;
  const from = radial.findIndex((q) => q > 0);
  const turned = (values: Float64Array) => values.subarray(Math.max(0, from)).slice().reverse();
  return { ...result, x: turned(radial).map(turnSpacing), y: turned(intensity), sigma: turned(result.sigma) };
}

function cakeResult({ intensity }: Pattern, { radial, azimuth }: IntegrationTable, unit: PatternUnit): CakeResult {
  const rows = azimuth ?? new Float64Array(1);
  if (unit !== 'd_A') return { unit, x: radial, azimuth: rows, intensity: Float32Array.from(intensity) };
  // Spacings do not have even steps: the cake stays in even steps of d, each with the nearest bin of q.
  const { length } = radial;
  const [low, high] = [turnSpacing(radial[length - 1]), turnSpacing(Math.max(radial[0], radial[length - 1] / 20))];
  const x = Float64Array.from({ length }, (_, i) => low + ((high - low) * (i + 0.5)) / length);
  const step = (radial[length - 1] - radial[0]) / Math.max(1, length - 1);
  const turned = new Float32Array(rows.length * length);
  for (let column = 0; column < length; column++) {
    const from = Math.min(length - 1, Math.max(0, Math.round((turnSpacing(x[column]) - radial[0]) / step)));
    for (let row = 0; row < rows.length; row++) turned[row * length + column] = intensity[row * length + from];
  }
  return { unit, x, azimuth: rows, intensity: turned };
}
