import { type BinGrid, binCountOf } from './bin-grid.ts';
import { pixelBoxes } from './pixel-boxes.ts';
import { type PixelCorners, pixelCentres, pixelCorners } from './pixel-map.ts';
import { applyResponse, sumTable } from './pixel-sums.ts';
import { pixelWeights } from './pixel-weights.ts';
import { splitBox } from './split-box.ts';
import { eachPart, type SharedPixels } from './split-entries.ts';
import { splitNone } from './split-none.ts';
import { beamPixels, splitPolygon } from './split-polygon.ts';
import { ALL_ROUND, isAcrossCut, leastRadius, type SplitSettings, type Splitter } from './splitter.ts';

/**
 * Splitting in plain TypeScript: what the kernels are compared with, and where there is no WebAssembly or no room for them.
 * @throws StateInvalid for an impossible experiment or weight, or a unit of q without photon energy
 */
export function openPlainSplitter({ geometry, experiment, method, map, mask, weights }: SplitSettings): Splitter {
  const { unit, hasAzimuth } = map;
  const floor = leastRadius(unit);
  const weighed = (split: (grid: BinGrid) => SharedPixels | Int32Array) => (grid: BinGrid) => {
    const norms = pixelWeights(geometry, experiment, weights);
    applyResponse(norms, weights);
    return sumTable(split(grid), binCountOf(grid), norms, weights.dark ?? null);
  };
  if (method === 'no') {
    const centres = pixelCentres(geometry, experiment, map);
    return {
      radialRange: rangeOf(centres.radial, null, mask),
      azimuthRange: centres.azimuth ? rangeOf(centres.azimuth, null, mask) : ALL_ROUND,
      sum: weighed((grid) => splitNone(centres, grid, mask)),
    };
  }
  if (method === 'full') {
    const corners = pixelCorners(geometry, experiment, { ...map, hasAzimuth: true });
    const beam = beamPixels(corners, mask);
    const [low, high] = cornerRange(corners.radial, corners, mask);
    return {
      radialRange: [beam.length > 0 && Number.isFinite(floor) ? floor : low, high],
      azimuthRange: hasAzimuth ? cornerTurns(corners.azimuth as Float64Array, corners, mask) : ALL_ROUND,
      sum: weighed((grid) => splitPolygon(corners, beam, grid, floor, mask)),
    };
  }
  const isScaled = method === 'pseudo';
  const boxes = pixelBoxes(geometry, experiment, { ...map, hasAzimuth: hasAzimuth || isScaled }, isScaled);
  const { centres } = boxes;
  const [low, high] = rangeOf(centres.radial, boxes.radial, mask);
  const [bottom, top] = centres.azimuth ? rangeOf(centres.azimuth, boxes.azimuth, mask) : ALL_ROUND;
  return {
    radialRange: [Math.max(floor, low), high],
    // One box across the cut, and the range is all round.
    azimuthRange: bottom < -Math.PI || top > Math.PI ? ALL_ROUND : [bottom, top],
    sum: weighed((grid) => splitBox(boxes, grid, floor, mask)),
  };
}

type Range = readonly [number, number];

function rangeOf(centres: Float64Array, half: Float64Array | null, mask: Uint8Array | undefined): Range {
  const range = Float64Array.of(Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY);
  eachPart(centres.length, (from, to) => widen(range, from, to, centres, half, mask));
  return [range[0], range[1]];
}

function widen(
  range: Float64Array,
  from: number,
  to: number,
  centres: Float64Array,
  half: Float64Array | null,
  mask: Uint8Array | undefined,
): void {
  let [low, high] = range;
  for (let i = from; i < to; i++) {
    if (mask !== undefined && mask[i] !== 0) continue;
    const reach = half === null ? 0 : half[i];
    const value = centres[i];
    if (value - reach < low && value - reach > Number.NEGATIVE_INFINITY) low = value - reach;
    if (value + reach > high) high = value + reach;
  }
  range[0] = low;
  range[1] = high;
}

function cornerRange(values: Float64Array, corners: PixelCorners, mask: Uint8Array | undefined): Range {
  // Every corner is one of a pixel.
  if (mask === undefined) return rangeOf(values, null, undefined);
  const range = Float64Array.of(Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY);
  eachPart(corners.first.length, (from, to) => widenByCorners(range, from, to, values, corners, mask));
  return [range[0], range[1]];
}

function widenByCorners(
  range: Float64Array,
  from: number,
  to: number,
  values: Float64Array,
  { first, steps }: PixelCorners,
  mask: Uint8Array,
): void {
  let [low, high] = range;
  for (let i = from; i < to; i++) {
    if (first[i] < 0 || mask[i] !== 0) continue;
    for (let k = 0; k < steps.length; k++) {
      const value = values[first[i] + steps[k]];
      if (value < low && value > Number.NEGATIVE_INFINITY) low = value;
      if (value > high) high = value;
    }
  }
  range[0] = low;
  range[1] = high;
}

/** Range of azimuths; all round as soon as one pixel lies across the cut. */
function cornerTurns(azimuth: Float64Array, corners: PixelCorners, mask: Uint8Array | undefined): Range {
  const { first, steps } = corners;
  for (let i = 0; i < first.length; i++) {
    if (first[i] < 0 || (mask !== undefined && mask[i] !== 0)) continue;
    if (isAcrossCut({ steps, azimuth }, first[i])) return ALL_ROUND;
  }
  return cornerRange(azimuth, corners, mask);
}
