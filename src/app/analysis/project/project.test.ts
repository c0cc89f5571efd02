import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EPIX_10K, EPIX_100 } from '../../../detector/epix.ts';
import { exampleGeometry } from '../../../detector/geometry.ts';
import { type GeometryDocument, geometryOf, moreMoves, NO_MOVES } from '../../geometry/geometry-document.ts';
import type { CurveSettings } from '../analysis-request.ts';
import { NO_CORRECTIONS } from '../curve/curve-store.ts';
import { readPhase } from '../phases/phase-file.ts';
import { packArray, unpackArray } from './packed-array.ts';
import type { Project, ProjectConfiguration } from './project.ts';
import { decodeProject, isProject } from './project-decode.ts';
import { encodeProject } from './project-encode.ts';

const settings: CurveSettings = {
  unit: '2th_deg',
  points: 700,
  method: 'bbox',
  radialRange: [3, 40.5],
  azimuthRange: [-90, 15],
  sectors: 2,
  hasSolidAngle: false,
  polarization: 0.99,
  oblique: { thicknessUm: 320, absorptionLengthUm: 700 },
  seat: {
    ...{ diamondThicknessMm: 2.2, seatThicknessMm: 5.3, innerRadiusMm: 0.4, outerRadiusMm: 1.95, tiltDeg: 3 },
    ...{ diamondAbsorptionMm: 13.7, seatAbsorptionMm: 14, tiltDirectionDeg: -7, offsetMm: 0.1, offsetDirectionDeg: 40 },
  },
};
const documentOf = (detector: typeof EPIX_100): GeometryDocument => ({
  start: exampleGeometry(detector),
  origin: 'mine.geom',
  text: '; a comment\nclen = 0.1\n',
  moves: moreMoves(NO_MOVES, 'tile', new Map([[1, { shift: [1e-4, -2e-4, 0], angle: 0.002 }]])),
  experiment: { distance: 0.123, photonEnergyKeV: 9.3, poni1: 1e-3, rot1: 0.01 },
  calibrant: 'AgBh',
  rings: 4,
  helpers: [{ id: 0, kind: 'circle', centre: [0, 1e-3], size: [0.01, 0.01], angleDeg: 0 }],
});
const CARD = 'VERSION: 4\nCOMMENT: Gold\nK0: 167\nK0P: 5.5\nSYMMETRY: CUBIC\nA: 4.08\nDIHKL: 2.3556 100 1 1 1\n';
const gold = readPhase(CARD, 'gold.jcpds');

function makeProject(): Project {
  const mask = Uint8Array.from({ length: 704 * 768 }, (_, i) => Number(i % 977 === 0));
  const dark = Float32Array.from({ length: 704 * 768 }, (_, i) => (i % 5 === 0 ? Number.NaN : i / 3));
  const common = { cake: { points: 300, azimuthPoints: 90, azimuthStart: -90, isRingsOnly: false } };
  const first: ProjectConfiguration = {
    ...{ name: 'ePix, upstream', detector: 'XMPL_DET/EPIX:1', isIncluded: true, scale: 2.5 },
    document: documentOf(EPIX_100),
    state: {
      ...{ mask, settings, ...common, backgroundScale: 0.5, backgroundOffset: -1, dummy: -9999 },
      corrections: { ...NO_CORRECTIONS, dark: 'dark.npy' },
      correctionPictures: { ...NO_CORRECTIONS, dark },
    },
  };
  const second: ProjectConfiguration = {
    ...{ name: 'far', detector: null, isIncluded: false, scale: 1 },
    document: documentOf(EPIX_10K),
    state: {
      ...{ mask: null, ...common, backgroundScale: 1, backgroundOffset: 0, dummy: null },
      settings: {
        ...settings,
        unit: 'd_A',
        points: null,
        radialRange: null,
        azimuthRange: null,
        oblique: null,
        seat: null,
      },
      corrections: NO_CORRECTIONS,
      correctionPictures: NO_CORRECTIONS,
    },
  };
  return {
    run: { proposal: 'p700000', run: 4, data: 'raw' },
    picture: { over: 'one', train: 7, pulse: 3, view: 'corrected', trains: 20 },
    configurations: [first, second],
    active: 1,
    view: 'combined',
    overlays: [
      {
        ...{ name: 'v3', unit: 'q_A^-1', scale: 2, offset: -0.5, isShown: false, colour: '--c4' },
        ...{ x: Float64Array.of(0.1, 0.2, 0.3), y: Float64Array.of(1, Number.NaN, 3) },
      },
    ],
    subtracted: 0,
    waterfall: 12,
    background: { kind: 'auto', width: 0.1, iterations: 50, order: 3 },
    phases: [
      {
        phase: { ...gold, equation: { ...gold.equation, k0: 170 } as typeof gold.equation },
        origin: { kind: 'file', name: 'gold.jcpds', text: CARD },
        ...{ isShown: true, colour: '--c3', stretch: 1.01, state: { pressureGPa: 12, temperatureK: 600 } },
      },
    ],
    isLogX: true,
    isLogY: false,
  };
}
const plain = (value: unknown): unknown =>
  JSON.parse(
    JSON.stringify(value, (_, each) =>
      each instanceof Map ? [...each] : ArrayBuffer.isView(each) ? Array.from(each as Uint8Array, String) : each,
    ),
  );

describe('a packed array', () => {
  it('comes back, whatever it holds', async () => {
    await fc.assert(
      fc.asyncProperty(fc.float32Array({ maxLength: 300 }), async (values) => {
        const packed = await packArray(values, [values.length]);
        const back = await unpackArray(packed, 'float32', values.length, { path: 'x', field: 'a' });
        expect(new Uint8Array(back.buffer)).toEqual(
          new Uint8Array(values.buffer, values.byteOffset, values.byteLength),
        );
      }),
      { numRuns: 30 },
    );
  });

  it('is small where it is plain, and refuses what is not as long as it says', async () => {
    const packed = await packArray(new Uint8Array(1 << 20), [1024, 1024]);
    expect(packed.gzip.length).toBeLessThan(3000);
    const place = { path: 'a.json', field: 'mask' };
    await expect(unpackArray(packed, 'uint8', 1000, place)).rejects.toThrow(/mask has the shape \[1024, 1024\].*1000/);
    const lying = { ...packed, shape: [100] };
    await expect(unpackArray(lying, 'uint8', 100, place)).rejects.toThrow(/more than 100 bytes/);
    await expect(unpackArray({ ...packed, shape: [1 << 21] }, 'uint8', null, place)).rejects.toThrow(/1048576 of/);
    await expect(unpackArray({ ...packed, gzip: 'AAAA' }, 'uint8', null, place)).rejects.toThrow(/cannot be unpacked/);
    await expect(unpackArray({ ...packed, gzip: '!' }, 'uint8', null, place)).rejects.toThrow(/cannot be unpacked/);
    await expect(unpackArray(packed, 'float32', null, place)).rejects.toThrow(/packed array of float32/);
    await expect(unpackArray({ ...packed, shape: [1e12] }, 'uint8', null, place)).rejects.toThrow(/shape/);
  });
});

describe('a project file', () => {
  it('brings everything back', async () => {
    const project = makeProject();
    const text = await encodeProject(project, 0);
    expect(isProject(text)).toBe(true);
    const back = await decodeProject(text, 'a.hutch.json');
    expect(plain(back)).toEqual(plain(project));
    // What is no plain value works, too.
    const [{ phase }] = back.phases;
    expect([phase.isPresent([1, 1, 1]), phase.isPresent([1, 0, 0])]).toEqual([
      gold.isPresent([1, 1, 1]),
      gold.isPresent([1, 0, 0]),
    ]);
    expect(geometryOf(back.configurations[0].document).tiles).toEqual(
      geometryOf(project.configurations[0].document).tiles,
    );
    // Saved again it is the same file.
    expect(JSON.parse(await encodeProject(back, 0))).toEqual(JSON.parse(text));
  });

  it('of a newer program, damaged or of something else says what is wrong', async () => {
    const text = await encodeProject(makeProject(), 0);
    const changed = (from: RegExp | string, to: string) => {
      expect(text).toMatch(from);
      return decodeProject(text.replace(from, to), 'a.json');
    };
    await expect(changed('"version": 1', '"version": 2')).rejects.toThrow(/newer program \(project version 2/);
    await expect(changed('"method": "bbox"', '"method": "best"')).rejects.toThrow(
      /configurations\[0\]\.settings\.method must be one of no, bbox/,
    );
    await expect(changed('"points": 700', '"points": 7e9')).rejects.toThrow(/settings\.points must be a whole number/);
    await expect(changed('"active": 1', '"active": 2')).rejects.toThrow(/active must be/);
    await expect(changed('"detector": "EPIX100"', '"detector": "NOTHING"')).rejects.toThrow(/NOTHING/);
    await expect(changed('"k0": 170', '"k0": "170"')).rejects.toThrow(/phases\[0\]\.equation\.k0 must be a number/);
    await expect(changed('"unit": "q_A^-1"', '"unit": "furlong"')).rejects.toThrow(/overlays\[0\]\.unit/);
    await expect(changed('SYMMETRY: CUBIC', 'SYMMETRY: ODD')).rejects.toThrow(/phases\[0\]\.origin/);
    await expect(changed('"colour": "--c4"', '"colour": "red);x"')).rejects.toThrow(/colour/);
    await expect(decodeProject(text.slice(0, 900), 'a.json')).rejects.toThrow(/a\.json is not JSON.*cut off/);
    await expect(decodeProject('{"format":"hutch geometry"}', 'b.json')).rejects.toThrow(/b\.json is no project/);
    await expect(decodeProject('[]', 'c.json')).rejects.toThrow(/must be an object/);
    expect(isProject('{"format":"hutch geometry"}')).toBe(false);
  });

  it('of whatever JSON is either read or refused with its name, never more', async () => {
    const top = JSON.parse(await encodeProject(makeProject(), 0)) as Record<string, unknown>;
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...Object.keys(top)), fc.jsonValue(), async (key, value) => {
        const text = JSON.stringify({ ...top, [key]: value });
        await decodeProject(text, 'a.json').catch((error: Error) => expect(error.message).toMatch(/^a\.json/));
      }),
      { numRuns: 60 },
    );
  });
});
