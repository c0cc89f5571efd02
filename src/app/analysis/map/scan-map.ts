import { isXfelError } from '../../../core/errors.ts';
import { windowValue } from '../../../detector/analysis/pattern-window.ts';
import type { RadialScene } from '../../../detector/analysis/radial-value.ts';
import type { Helper } from '../../geometry/geometry-document.ts';
import type { BatchResult } from '../batch/batch-store.ts';
import { angleAt, PATTERN_UNITS, type PatternUnit, ringPlace } from '../curve/pattern-unit.ts';
import { cellMeans, countedGrid, type MapGrid, positionGrid } from './map-grid.ts';
import { keyText, type MapChoice } from './map-store.ts';

/** A point of a scan. */
export interface MapPoint {
  readonly trainId: number;
  /** Position of the train among those with frames; -1 = it has none. */
  readonly train: number;
  readonly pulse: number;
}

/** A run as a picture. */
export interface ScanMap {
  readonly grid: MapGrid;
  readonly points: readonly MapPoint[];
  /** float32 (row, column); NaN = no point. */
  readonly values: Float32Array;
  /** What the values and the axes are, with their units. */
  readonly title: string;
  readonly xTitle: string;
  readonly yTitle: string;
}

/** Values of a key, one for each train with data. */
export interface KeySeries {
  readonly trainId: Float64Array;
  readonly value: Float64Array;
  readonly units: string;
}

/** What a map is made of; null where it is not there, or not yet. */
export interface MapParts {
  readonly batch: BatchResult | null;
  readonly x: KeySeries | null;
  readonly y: KeySeries | null;
  readonly value: KeySeries | null;
  readonly helpers: readonly Helper[];
  readonly experiment: RadialScene;
  /** Position of a train among those with frames; -1 = it has none. */
  readonly trainOf: (trainId: number) => number;
}

const QUANTITY_WORDS = {
  mean: 'mean of I',
  area: 'area of I',
  height: 'largest I',
  centre: 'centre of I',
  width: 'width (FWHM) of I',
} as const;

/** The map of a run, or in words what it still needs. */
export function makeScanMap(choice: MapChoice, parts: MapParts): ScanMap | string {
  try {
    const told = tellPoints(choice, parts);
    if (typeof told === 'string') return told;
    const { points, values, title } = told;
    const grid = gridOf(choice, parts, points);
    if (typeof grid === 'string') return grid;
    const [xTitle, yTitle] = choice.isByKeys
      ? [axisTitle(choice.xKey, parts.x), choice.yKey ? axisTitle(choice.yKey, parts.y) : '']
      : choice.scan.isUpwards
        ? ['line of the scan', 'point in the line']
        : ['point in the line', 'line of the scan'];
    return { grid, points, values: cellMeans(grid, values), title, xTitle, yTitle };
  } catch (error) {
    if (isXfelError(error)) return error.message;
    throw error;
  }
}

function axisTitle(name: MapChoice['xKey'], series: KeySeries | null): string {
  return `${keyText(name).replace(/\.value$/, '')}${series?.units ? ` / ${series.units}` : ''}`;
}

type Told = Pick<ScanMap, 'points' | 'title'> & { readonly values: ArrayLike<number> };

function tellPoints(choice: MapChoice, { batch, value, helpers, experiment, trainOf }: MapParts): Told | string {
  if (choice.value === 'key') {
    if (!choice.valueKey) return 'Choose the key that is drawn.';
    if (!value) return 'The values of the key are being read.';
    const points = Array.from(value.trainId, (trainId) => ({ trainId, train: trainOf(trainId), pulse: 0 }));
    return { points, values: value.value, title: axisTitle(choice.valueKey, value) };
  }
  if (!batch) return 'The map is made of the patterns of a batch: integrate the run first.';
  const points = batch.rows.map(({ trainId, train, pulses }) => ({ trainId, train, pulse: pulses[0] }));
  if (choice.value === 'region') {
    const helper = helpers.find(({ id }) => id === choice.helper) ?? helpers[0];
    if (!helper) return 'Draw a circle or a rectangle on the Helpers panel: it is the region.';
    // Helpers are new values when they change.
    const at = batch.regions.indexOf(helper);
    if (at < 0) return 'The region was drawn or moved after the batch: integrate the run again.';
    const values = batch.regionMeans.map((means) => means[at]);
    return { points, values, title: `mean of ${helper.kind} ${helper.id}` };
  }
  const { x, intensity, unit } = batch;
  const window = choice.window ? windowIn(choice.window, choice.windowUnit, unit, experiment) : [x[0], x[x.length - 1]];
  const values = points.map((_, row) =>
    windowValue({ x, y: intensity.subarray(row * x.length, (row + 1) * x.length) }, [window[0], window[1]], choice),
  );
  const places = window.map((place) => Number(place.toFixed(PATTERN_UNITS[unit].digits)));
  const what = `${QUANTITY_WORDS[choice.quantity]}${choice.isLessLine ? ' above the line' : ''}`;
  return { points, values, title: `${what}, ${PATTERN_UNITS[unit].title} ${places[0]} to ${places[1]}` };
}

/** A window in another unit, the smaller end first. */
function windowIn(
  window: readonly [number, number],
  from: PatternUnit,
  to: PatternUnit,
  experiment: RadialScene,
): readonly [number, number] {
  if (from === to) return window;
  const [one, other] = window.map((place) => ringPlace(angleAt(place, from, experiment), to, experiment));
  return one < other ? [one, other] : [other, one];
}

function gridOf(choice: MapChoice, { x, y }: MapParts, points: readonly MapPoint[]): MapGrid | string {
  if (!choice.isByKeys) return countedGrid(points.length, choice.scan);
  if (!choice.xKey) return 'Choose the key that tells the place to the right.';
  if (!x || (choice.yKey && !y)) return 'The positions are being read.';
  return positionGrid(placesOf(points, x), y && choice.yKey ? placesOf(points, y) : null, choice);
}

/** Values of a key at each point; NaN where its train has none. */
function placesOf(points: readonly MapPoint[], { trainId, value }: KeySeries): Float64Array {
  const byTrain = new Map(Array.from(trainId, (id, i) => [id, value[i]] as const));
  return Float64Array.from(points, (point) => byTrain.get(point.trainId) ?? Number.NaN);
}
