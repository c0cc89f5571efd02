import { ShapeMismatch } from '../../core/errors.ts';
import type { NdArray } from '../../core/ndarray.ts';
import { pixelCountOf } from '../detector.ts';
import { type Geometry, TILE_NUMBERS } from '../geometry.ts';
import { type BeamFrame, beamFrame, type Experiment } from '../integration/experiment.ts';
import type { CalibrantRing } from '../powder/calibrant.ts';
import { findProfilePeak } from './profile-peak.ts';
import { scatteringAngle } from './scattering-angle.ts';

/** A place on a tile through which a ring goes. */
export interface RingPoint {
  readonly module: number;
  readonly tile: number;
  /** Pixels from the tile's first corner, along ss and fs; 0.5 is the middle of the first pixel. */
  readonly ss: number;
  readonly fs: number;
  /** Index in the rings that were looked for. */
  readonly ring: number;
  /** Where the ring was seen minus where it should be, pixels outwards. */
  readonly offsetPx: number;
  /** Standard deviation across the ring, pixels. */
  readonly sigmaPx: number;
}

/** How rings are looked for. */
export interface RingPointOptions {
  /** How far from the expected ring is looked, pixels; less where rings are close together. Default 15. */
  readonly windowPx?: number;
  /** Length of arc that makes one point, pixels; default 24. */
  readonly arcPx?: number;
  /** A peak must stand out of the noise by so much; default 5. */
  readonly minSignalToNoise?: number;
  /** uint8 (module * ss * fs), not 0 = left out. */
  readonly mask?: Uint8Array;
}

/** Bins of a profile in a pixel. */
const BINS_PER_PX = 2;
/** Pixels that an arc needs before it is looked at. */
const MIN_PIXELS = 40;

/**
 * Finds where the rings of a calibrant cross each tile. Every tile is cut in short arcs round the beam; the profile of each
 * across the ring gives one point, with its uncertainty, if a peak stands out.
 * @param picture float32 (module, ss, fs), mean of many frames; NaN = masked
 * @throws ShapeMismatch if picture or mask do not fit the detector
 */
export function findRingPoints(
  picture: NdArray<'float32'>,
  geometry: Geometry,
  experiment: Experiment,
  rings: readonly CalibrantRing[],
  options: RingPointOptions = {},
): RingPoint[] {
  const { windowPx = 15, arcPx = 24, minSignalToNoise = 5, mask } = options;
  const { detector } = geometry;
  const pixels = pixelCountOf(detector);
  if (picture.data.length !== pixels || (mask && mask.length !== pixels)) {
    throw new ShapeMismatch(
      `Rings are looked for in one picture of ${detector.name} [${detector.dataShape}]; got a picture of [${picture.shape}]${mask ? ` and a mask of ${mask.length} pixels` : ''}.`,
      { expected: detector.dataShape, got: picture.shape },
    );
  }
  const frame = beamFrame(experiment);
  const radius = (twoTheta: number) => (experiment.distance * Math.tan(twoTheta)) / detector.pixelSize;
  const targets = rings.flatMap(({ twoTheta }, ring) => {
    if (twoTheta > 0.48 * Math.PI) return [];
    // Half way to a neighbour belongs to the neighbour.
    const gaps = [rings[ring - 1], rings[ring + 1]].map((other) =>
      other ? Math.abs(radius(other.twoTheta) - radius(twoTheta)) : Number.POSITIVE_INFINITY,
    );
    const half = Math.min(windowPx, 0.45 * Math.min(...gaps));
    return half >= 3 ? [{ ring, radius: radius(twoTheta), half }] : [];
  });
  const points: RingPoint[] = [];
  const tilesOfModule = detector.tiles.length;
  for (let tile = 0; tile < detector.dataShape[0] * tilesOfModule; tile++) {
    const arcs = collectArcs({ picture, geometry, frame, distance: experiment.distance, mask, arcPx }, tile, targets);
    for (const arc of arcs.values()) {
      if (arc.pixels.length < 2 * MIN_PIXELS) continue;
      const point = pointOfArc(arc, { geometry, frame, distance: experiment.distance }, tile, minSignalToNoise);
      if (point) points.push(point);
    }
  }
  return points;
}

interface Target {
  readonly ring: number;
  /** Pixels, on a detector square to the beam. */
  readonly radius: number;
  readonly half: number;
}

interface Arc {
  readonly target: Target;
  readonly sums: Float64Array;
  readonly counts: Int32Array;
  /** Pairs (ss, fs) in the tile, and their radius. */
  readonly pixels: number[];
  readonly radii: number[];
}

interface Scene {
  readonly geometry: Geometry;
  readonly frame: BeamFrame;
  readonly distance: number;
}

/** Sorts the pixels of a tile that lie near a ring by ring and azimuth. */
function collectArcs(
  scene: Scene & { readonly picture: NdArray<'float32'>; readonly mask?: Uint8Array; readonly arcPx: number },
  tile: number,
  targets: readonly Target[],
): Map<number, Arc> {
  const { geometry, frame, distance, picture, mask, arcPx } = scene;
  const { detector, tiles } = geometry;
  const [, ssPixels, fsPixels] = detector.dataShape;
  const slice = detector.tiles[tile % detector.tiles.length];
  const module = Math.floor(tile / detector.tiles.length);
  const at = tiles.subarray(tile * TILE_NUMBERS, (tile + 1) * TILE_NUMBERS);
  const arcs = new Map<number, Arc>();
  const [m11, m12, m13, m21, m22, m23, m31, m32, m33] = frame.matrix;
  for (let ss = slice.ssStart; ss < slice.ssStop; ss++) {
    let index = (module * ssPixels + ss) * fsPixels + slice.fsStart;
    for (let fs = slice.fsStart; fs < slice.fsStop; fs++, index++) {
      const value = picture.data[index];
      if (Number.isNaN(value) || mask?.[index]) continue;
      const [along, across] = [ss - slice.ssStart + 0.5, fs - slice.fsStart + 0.5];
      const t1 = at[1] + along * at[4] + across * at[7] + frame.shift[0];
      const t2 = at[0] + along * at[3] + across * at[6] + frame.shift[1];
      const t3 = at[2] + along * at[5] + across * at[8] + frame.shift[2];
      const up = m11 * t1 + m12 * t2 + m13 * t3;
      const left = m21 * t1 + m22 * t2 + m23 * t3;
      const forward = m31 * t1 + m32 * t2 + m33 * t3;
      if (forward <= 0) continue;
      const radius = ((distance / forward) * Math.sqrt(up * up + left * left)) / detector.pixelSize;
      const target = targets.find((each) => Math.abs(radius - each.radius) < each.half);
      if (!target) continue;
      const sectors = Math.max(8, Math.round((2 * Math.PI * target.radius) / arcPx));
      const sector = Math.floor(((Math.atan2(up, left) + Math.PI) / (2 * Math.PI)) * sectors);
      const key = target.ring * 65536 + sector;
      let arc = arcs.get(key);
      if (!arc) {
        const bins = Math.ceil(2 * target.half * BINS_PER_PX);
        arc = { target, sums: new Float64Array(bins), counts: new Int32Array(bins), pixels: [], radii: [] };
        arcs.set(key, arc);
      }
      const bin = Math.min(arc.sums.length - 1, Math.floor((radius - target.radius + target.half) * BINS_PER_PX));
      arc.sums[bin] += value;
      arc.counts[bin]++;
      arc.pixels.push(along, across);
      arc.radii.push(radius);
    }
  }
  return arcs;
}

function pointOfArc(arc: Arc, scene: Scene, tile: number, minSignalToNoise: number): RingPoint | null {
  const { target, sums, counts } = arc;
  const profile = Float64Array.from(sums, (sum, bin) => sum / counts[bin]);
  const peak = findProfilePeak(profile, minSignalToNoise);
  if (!peak) return null;
  const offsetPx = (peak.position + 0.5) / BINS_PER_PX - target.half;
  const radius = target.radius + offsetPx;
  // The middle of the pixels on the ring is nearly on it; a step along the slope of the radius brings it there.
  let [ss, fs, count] = [0, 0, 0];
  for (const [i, each] of arc.radii.entries()) {
    if (Math.abs(each - radius) > 1) continue;
    ss += arc.pixels[2 * i];
    fs += arc.pixels[2 * i + 1];
    count++;
  }
  if (count === 0) return null;
  ss /= count;
  fs /= count;
  for (let i = 0; i < 3; i++) {
    const here = radiusAt(scene, tile, ss, fs);
    const slopeSs = radiusAt(scene, tile, ss + 0.5, fs) - radiusAt(scene, tile, ss - 0.5, fs);
    const slopeFs = radiusAt(scene, tile, ss, fs + 0.5) - radiusAt(scene, tile, ss, fs - 0.5);
    const step = (radius - here) / (slopeSs * slopeSs + slopeFs * slopeFs);
    ss += step * slopeSs;
    fs += step * slopeFs;
  }
  const tiles = scene.geometry.detector.tiles.length;
  return {
    module: Math.floor(tile / tiles),
    tile: tile % tiles,
    ss,
    fs,
    ring: target.ring,
    offsetPx,
    sigmaPx: peak.sigma / BINS_PER_PX,
  };
}

/** Radius on a detector square to the beam, pixels. */
function radiusAt({ geometry, frame, distance }: Scene, tile: number, ss: number, fs: number): number {
  const [x, y, z] = positionOnTile(geometry.tiles, tile * TILE_NUMBERS, ss, fs);
  return (distance * Math.tan(scatteringAngle(frame, x, y, z))) / geometry.detector.pixelSize;
}

/** A point of a tile in the geometry's frame, m. @param at first number of the tile @param ss,fs pixels from its first corner */
export function positionOnTile(tiles: Float64Array, at: number, ss: number, fs: number): [number, number, number] {
  return [
    tiles[at] + ss * tiles[at + 3] + fs * tiles[at + 6],
    tiles[at + 1] + ss * tiles[at + 4] + fs * tiles[at + 7],
    tiles[at + 2] + ss * tiles[at + 5] + fs * tiles[at + 8],
  ];
}
