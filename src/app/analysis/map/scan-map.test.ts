import { describe, expect, it } from 'vitest';
import { decodeNpy } from '../../../formats/npy.ts';
import { decodeTiff } from '../../../formats/tiff.ts';
import type { Helper } from '../../geometry/geometry-document.ts';
import type { BatchResult } from '../batch/batch-store.ts';
import { ringPlace } from '../curve/pattern-unit.ts';
import { mapFile } from './map-file.ts';
import { type MapChoice, parseKey, useMap } from './map-store.ts';
import { type KeySeries, type MapParts, makeScanMap, type ScanMap } from './scan-map.ts';

const experiment = { distance: 0.16, photonEnergyKeV: 9.3 };
const helper: Helper = { id: 3, kind: 'circle', centre: [0, 0], size: [0.01, 0.01], angleDeg: 0 };
const x = Float64Array.from({ length: 101 }, (_, i) => 1 + i * 0.02);
/** Six trains: a peak of height 1 to 6 at q = 2 on a background of 10. */
const batch: BatchResult = {
  ...{ unit: 'q_A^-1', x, made: 'each', version: 1, name: 'p1-r1', skipped: 0, reason: null },
  rows: Array.from({ length: 6 }, (_, i) => ({ trainId: 100 + i, train: i, pulses: [i % 2] })),
  intensity: Float32Array.from({ length: 6 * 101 }, (_, i) => {
    const place = x[i % 101];
    return 10 + (1 + Math.floor(i / 101)) * Math.exp(-0.5 * ((place - 2) / 0.05) ** 2);
  }),
  sigma: new Float32Array(6 * 101),
  regions: [helper],
  regionMeans: [[5], [6], [7], [8], [9], [Number.NaN]],
};
const series = (value: number[], first = 100): KeySeries => ({
  trainId: Float64Array.from(value, (_, i) => first + i),
  value: Float64Array.from(value),
  units: 'mm',
});
const start = useMap.getState().choice;
const parts: MapParts = {
  ...{ batch, x: null, y: null, value: null, helpers: [helper], experiment },
  trainOf: (trainId) => (trainId < 104 ? trainId - 100 : -1),
};
const make = (choice: Partial<MapChoice>, more: Partial<MapParts> = {}): ScanMap => {
  const made = makeScanMap({ ...start, scan: { ...start.scan, perLine: 3 }, ...choice }, { ...parts, ...more });
  if (typeof made === 'string') throw new Error(made);
  return made;
};
const [xKey, yKey, valueKey] = ['X', 'Y', 'V'].map((source) => ({ source, key: 'actual.value' }));

describe('the map of a scan', () => {
  it('draws a window of the patterns, in whichever unit it was chosen', () => {
    const height = { quantity: 'height', isLessLine: true } as const;
    const made = make({ ...height, window: [1.7, 2.3] });
    expect(made.grid).toMatchObject({ columns: 3, rows: 2 });
    for (const [cell, value] of made.values.entries()) expect(value).toBeCloseTo(1 + cell, 5);
    expect(made.title).toBe('largest I above the line, q / Å⁻¹ 1.7 to 2.3');
    const spacings = make({ ...height, window: [(2 * Math.PI) / 2.3, (2 * Math.PI) / 1.7], windowUnit: 'd_A' });
    expect([...spacings.values].map((value) => Number(value.toFixed(5)))).toEqual([1, 2, 3, 4, 5, 6]);
    const angle = (q: number) =>
      ringPlace(2 * Math.asin((q * 12.398419843) / 9.3 / (4 * Math.PI)), '2th_deg', experiment);
    const angles = make({
      quantity: 'centre',
      isLessLine: true,
      window: [angle(1.7), angle(2.3)],
      windowUnit: '2th_deg',
    });
    expect(angles.values[5]).toBeCloseTo(2, 4);
    expect(make({}).values[0]).toBeGreaterThan(10);
  });

  it('draws regions and keys at places of keys, each train in its cell', () => {
    const region = make(
      { value: 'region', isByKeys: true, xKey, yKey },
      { x: series([0, 1, 0, 1, 0, 1]), y: series([3, 3, 4, 4, 5, 5]) },
    );
    expect(region.grid).toMatchObject({ columns: 2, rows: 3 });
    expect([...region.values]).toEqual([5, 6, 7, 8, 9, Number.NaN]);
    expect(region).toMatchObject({ title: 'mean of circle 3', xTitle: 'X actual / mm' });
    // The key lacks the first trains and has one that has no frames.
    const key = make(
      { value: 'key', valueKey, isByKeys: true, xKey },
      { batch: null, value: series([7, 8, 9], 102), x: series([0, 0, 1, 1, 2]) },
    );
    expect([...key.values]).toEqual([Number.NaN, 7.5, 9].slice(1));
    expect(key.points.map(({ train }) => train)).toEqual([2, 3, -1]);
  });

  it('says what it still needs', () => {
    const told = (choice: Partial<MapChoice>, more: Partial<MapParts> = {}) =>
      makeScanMap({ ...start, ...choice }, { ...parts, ...more });
    expect(told({}, { batch: null })).toMatch(/integrate the run first/);
    expect(told({ value: 'region' }, { helpers: [] })).toMatch(/Helpers panel/);
    expect(told({ value: 'region' }, { helpers: [{ ...helper }] })).toMatch(/integrate the run again/);
    expect(told({ value: 'key' })).toMatch(/Choose the key/);
    expect(told({ value: 'key', valueKey })).toMatch(/being read/);
    expect(told({ isByKeys: true })).toMatch(/to the right/);
    expect(told({ isByKeys: true, xKey })).toMatch(/being read/);
    expect(told({ window: [3, 2] })).toMatch(/3 to 2 is empty/);
  });

  it('goes to files: numbers, a table of the cells, a picture with the highest row at the top', async () => {
    const made = make({ quantity: 'height', isLessLine: true, window: [1.7, 2.3] });
    const bytes = async (format: 'npy' | 'tif') => new Uint8Array(await mapFile(made, format).arrayBuffer());
    expect(decodeNpy(await bytes('npy'))).toMatchObject({ shape: [2, 3], dtype: 'float32' });
    const picture = await decodeTiff(await bytes('tif'));
    expect(Number(picture.data[0])).toBeCloseTo(4, 5);
    const [head, ...lines] = (await mapFile(made, 'csv').text()).trim().split('\n');
    expect(head).toBe(
      'column,row,point in the line,line of the scan,"largest I above the line, q / Å⁻¹ 1.7 to 2.3",points,first train,first pulse',
    );
    expect(lines).toHaveLength(6);
    expect(lines[4].replace(/,5\.?0*\d*,|,4\.9+\d*,/, ',5,')).toBe('1,1,1,1,5,1,104,0');
  });
});

it('a key is read as source and key, as an alias, or as a source with one value', () => {
  const names = { 'A/MOTOR/X': ['actual.value', 'actual.timestamp'], 'A/XGM': ['flux.value', 'energy.value'] };
  const aliases = [{ alias: 'sample-x', source: 'A/MOTOR/X', key: 'actual.value' }];
  const x = { source: 'A/MOTOR/X', key: 'actual.value' };
  for (const text of ['A/MOTOR/X actual.value', 'A/MOTOR/X  actual', 'A/MOTOR/X', 'sample-x'])
    expect(parseKey(text, names, aliases)).toEqual(x);
  expect(parseKey(' ', names, aliases)).toBeNull();
  expect(parseKey('B', names, aliases)).toBe('the run has no source B');
  expect(parseKey('A/XGM', names, aliases)).toMatch(/which key of A\/XGM/);
  expect(parseKey('A/XGM noise', names, aliases)).toBe('A/XGM has no key noise');
});
