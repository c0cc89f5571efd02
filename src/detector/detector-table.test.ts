import { describe, expect, it } from 'vitest';
import { elementCount } from '../core/ndarray.ts';
import type { Detector } from './detector.ts';
import { DETECTOR_NAMES, detectDetector, detectorByName } from './detector-table.ts';
import { geometryFromDescription } from './generic-detector.ts';
import { exampleGeometry, geometryFromQuadPositions, quadPositions } from './geometry.ts';
import { jungfrau } from './jungfrau.ts';
import { lpdMini } from './lpd.ts';
import { geometryFromModulePositions } from './module-positions.ts';
import { offsetGeometry, rotateGeometry } from './move-geometry.ts';
import { PNCCD } from './pnccd.ts';
import { snapGeometry } from './snapped-geometry.ts';

const ALL = DETECTOR_NAMES.map((name) => [name, detectorByName(name)] as const);

describe.each(ALL)('record of %s', (name, detector: Detector) => {
  it('is plain data that fits together', () => {
    expect(JSON.parse(JSON.stringify(detector))).toEqual(detector);
    expect(detector.name).toBe(name);
    expect(detector.pixelSize).toBe(detector.pitch[1]);
    expect(detector.modules).toHaveLength(detector.dataShape[0]);
    expect(detector.groupModules).toEqual(
      [...new Set(detector.modules.map((m) => m.group))].map((g) => detector.modules.findIndex((m) => m.group === g)),
    );
    expect(detector.examplePositions).toHaveLength(detector.groupModules.length);
    const [, ss, fs] = detector.dataShape;
    const owner = new Uint8Array(ss * fs);
    for (const { ssStart, ssStop, fsStart, fsStop } of detector.tiles)
      for (let row = ssStart; row < ssStop; row++)
        for (let column = fsStart; column < fsStop; column++) owner[row * fs + column]++;
    expect(owner.every((count) => count === 1)).toBe(true);
  });

  it('gives a geometry without overlaps, whose groups are where they were put', () => {
    const geometry = exampleGeometry(detector);
    const snapped = snapGeometry(geometry);
    const covered = new Uint8Array(elementCount(snapped.shape));
    for (const t of snapped.tiles)
      for (let y = t.y; y < t.y + t.height; y++)
        for (let x = t.x; x < t.x + t.width; x++) covered[y * snapped.shape[1] + x]++;
    expect(covered.every((count) => count <= 1)).toBe(true);
    for (const [group, position] of quadPositions(geometry).entries()) {
      expect(position[0]).toBeCloseTo(detector.examplePositions[group][0], 8);
      expect(position[1]).toBeCloseTo(detector.examplePositions[group][1], 8);
    }
  });

  it('places groups in any unit, and at any z', () => {
    const perMetre = detector.examplePositions.map(
      ([x, y]) => [x * detector.positionUnit, y * detector.positionUnit, 0.25] as const,
    );
    const geometry = geometryFromQuadPositions(detector, perMetre, { unit: 1 });
    const plain = exampleGeometry(detector);
    for (const [i, number] of plain.tiles.entries())
      expect(geometry.tiles[i] - (i % 9 === 2 ? 0.25 : 0)).toBeCloseTo(number, 12);
  });

  it('is told by its data', () => {
    // pnCCD data in modules look like two JUNGFRAU modules.
    const source = name === 'PNCCD' ? 'SQS_NQS_PNCCD1MP' : undefined;
    expect(detectDetector({ shape: [7, ...detector.dataShape], source })?.name).toBe(name);
  });
});

describe('names of detectors', () => {
  it.each([
    ['AGIPD-1M', 'AGIPD1M', 16],
    ['agipd_1m', 'AGIPD1M', 16],
    ['AGIPD 500K2G', 'AGIPD500K', 8],
    ['lpd', 'LPD1M', 16],
    ['LPD-Mini', 'LPD_MINI', 1],
    ['DSSC', 'DSSC1M', 16],
    ['JF4M', 'JUNGFRAU', 8],
    ['Jungfrau 1M', 'JUNGFRAU', 2],
    ['jf500k', 'JUNGFRAU', 1],
    ['pnCCD', 'PNCCD', 2],
    ['ePix100', 'EPIX100', 1],
    ['ePix10K', 'EPIX10K', 1],
    ['Gotthard-II', 'GOTTHARD2', 1],
  ])('%s is %s of %i modules', (name, expected, modules) => {
    const detector = detectorByName(name);
    expect([detector.name, detector.dataShape[0]]).toEqual([expected, modules]);
  });

  it('that are unknown, or of impossible size, say what there is', () => {
    expect(() => detectorByName('AGIPD2M')).toThrow(/No detector "AGIPD2M"; nearest: AGIPD1M/);
    expect(() => detectorByName('LPD', 15)).toThrow(/LPD1M of 15 modules is impossible: it has 16/);
    expect(() => detectorByName('JUNGFRAU', 0)).toThrow(/give 1 to 1000/);
    expect(() => detectorByName('JF4M', 2.5)).toThrow(/impossible/);
    expect(detectorByName('JUNGFRAU', 6).dataShape).toEqual([6, 512, 1024]);
  });
});

describe('detectors told by their data', () => {
  it.each([
    [[1000, 16, 512, 128], undefined, 'AGIPD1M'],
    [[512, 1024], undefined, 'JUNGFRAU'],
    [[2, 512, 1024], 'SQS_NQS_PNCCD1MP/CAL/PNCCD_FMT-0:output', 'PNCCD'],
    [[2, 512, 1024], 'SPB_IRDA_JF4M/DET/JNGFR01:daqOutput', 'JUNGFRAU'],
    [[33, 1024, 1024], undefined, 'PNCCD'],
    [[33, 708, 768], undefined, 'EPIX100'],
    [[33, 704, 768], 'HED_IA1_EPX100-1/DET/RECEIVER:daqOutput', 'EPIX100'],
    [[356, 384], undefined, 'EPIX10K'],
    [[5, 1280], undefined, undefined],
    [[3, 3], undefined, undefined],
    [undefined, 'FXE_DET_LPD1M-1/DET/4CH0:xtdf', 'LPD1M'],
    [[16, 128, 512], 'SCS_DET_DSSC1M-1/DET/0CH0:xtdf', 'DSSC1M'],
    [[16, 128, 512], 'SPB_DET_AGIPD1M-1/DET/0CH0:xtdf', undefined],
    [undefined, 'SA1_XTD2_XGM/XGM/DOOCS', undefined],
  ])('%j from %s is %s', (shape, source, expected) => {
    expect(detectDetector({ shape, source })?.name).toBe(expected);
  });
});

describe('modules placed one by one', () => {
  it('are turned by any angle about their position', () => {
    const straight = geometryFromModulePositions(
      lpdMini(2),
      [
        [10, 20],
        [30, -5, 7],
      ],
      { rotationsDeg: [0, 0] },
    );
    const turned = geometryFromModulePositions(
      lpdMini(2),
      [
        [10, 20],
        [30, -5, 7],
      ],
      { rotationsDeg: [0, 33] },
    );
    const expected = rotateGeometry(straight, [0, 0, (33 * Math.PI) / 180], {
      modules: [1, 2],
      centre: [0.03, -0.005, 0.007],
    });
    for (const [i, number] of expected.tiles.entries()) expect(turned.tiles[i]).toBeCloseTo(number, 12);
  });

  it('lie at the same place in any unit and orientation (the reference misplaces turned ones)', () => {
    const offsets = [
      [-1125, 1078],
      [62, -511],
    ] as const;
    const orientations = [
      [-1, -1],
      [1, -1],
    ] as const;
    const inPixels = geometryFromModulePositions(jungfrau(2), offsets, { orientations });
    const mm = offsets.map(([x, y]) => [x * 0.075, y * 0.075] as const);
    const inMillimetres = geometryFromModulePositions(jungfrau(2), mm, { orientations, unit: 1e-3, asicGap: 0.15 });
    for (const [i, number] of inPixels.tiles.entries()) expect(inMillimetres.tiles[i]).toBeCloseTo(number, 12);
    for (const [i, [x, y]] of quadPositions(inPixels).entries()) {
      expect([x, y]).toEqual(offsets[i].map((v) => expect.closeTo(v, 8)));
    }
  });

  it('are refused where numbers are missing or make no sense', () => {
    expect(() => geometryFromModulePositions(jungfrau(2), [[0, 0]])).toThrow(/2 modules needs 2 positions, got 1/);
    const sixteen = Array.from({ length: 16 }, () => [0, 0] as const);
    for (const name of ['AGIPD1M', 'LPD1M', 'DSSC1M'])
      expect(() => geometryFromModulePositions(detectorByName(name), sixteen)).toThrow(
        /is placed by 4 parts of several modules, not by its 16 modules/,
      );
    const wrong = { orientations: [[1, 0] as never] };
    expect(() => geometryFromModulePositions(jungfrau(1), [[0, 0]], wrong)).toThrow(/give 1 or -1/);
    expect(() => geometryFromModulePositions(lpdMini(1), [[0, 0]], { orientations: [[1, -1]] })).toThrow(/LPD_MINI is/);
    expect(() => geometryFromModulePositions(jungfrau(1), [[Number.NaN, 0]])).toThrow(/finite numbers/);
  });
});

describe('a detector described by numbers', () => {
  const plain = {
    pixelSize: 1e-4,
    slowPixels: 4,
    fastPixels: 6,
    corners: [[0, 0, 0]],
    ss: [0, 1, 0],
    fs: [-1, 0, 0],
    tilesPerModule: 2,
  } as const;

  it('may have no gap, and tiles along fs (the reference takes 0 for a pixel and refuses directions)', () => {
    const touching = geometryFromDescription({ ...plain, tileGap: 0 });
    expect(touching.tiles[9 + 1]).toBeCloseTo(4e-4, 15);
    expect(geometryFromDescription(plain).tiles[9 + 1]).toBeCloseTo(5e-4, 15);
    const along = geometryFromDescription({ ...plain, tileDirection: [-1, 0, 0], tileGap: 2e-4 });
    expect(along.detector.dataShape).toEqual([1, 4, 12]);
    expect(along.tiles[9]).toBeCloseTo(-8e-4, 15);
  });

  it('is not forgotten when it is moved (the reference forgets its pixel size)', () => {
    const geometry = geometryFromDescription({ ...plain, name: 'Mine' });
    const moved = rotateGeometry(offsetGeometry(geometry, [0.1, 0, 0]), [0, 0, 0.1]);
    expect(moved.detector).toBe(geometry.detector);
  });

  it('must be possible', () => {
    const wrong = [
      { pixelSize: 0 },
      { slowPixels: 1.5 },
      { tileGap: -1 },
      { corners: [] },
      { tileDirection: [1, 1, 0] },
    ];
    for (const change of wrong)
      expect(() => geometryFromDescription({ ...plain, ...change } as typeof plain)).toThrow(
        new RegExp(`${Object.keys(change)[0]} = .* is impossible`),
      );
  });

  it('must be of a size that can be', () => {
    expect(() => geometryFromDescription({ ...plain, slowPixels: 1e9 })).toThrow('give at most');
    expect(() => geometryFromDescription({ ...plain, tilesPerModule: 1e8 })).toThrow('give at most');
    expect(() => geometryFromDescription({ ...plain, ss: plain.fs })).toThrow('have no area');
  });

  it('halves of a pnCCD are placed by their first pixels', () => {
    const geometry = geometryFromQuadPositions(PNCCD, [
      [-0.04, 0.05],
      [-0.03, -0.001],
    ]);
    expect([geometry.tiles[0], geometry.tiles[1], geometry.tiles[9], geometry.tiles[10]]).toEqual([
      -0.04, 0.05, -0.03, -0.001,
    ]);
  });
});
