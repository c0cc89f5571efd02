import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { golden, readCase } from '../../test/golden/geometry/golden.ts';
import { isXfelError } from '../core/errors.ts';
import { formatPoni, type Poni, type PoniOrientation, parsePoni } from './poni.ts';
import { fromFit2d, toFit2d } from './poni-fit2d.ts';

interface ExpectedPoni {
  readonly parsed: Readonly<Record<'dist' | 'poni1' | 'poni2' | 'rot1' | 'rot2' | 'rot3' | 'wavelength', number>>;
  readonly pixel1: number;
  readonly pixel2: number;
  readonly detector: string;
  readonly fit2d: Readonly<
    Record<'pixelX' | 'pixelY' | 'directDist' | 'centerX' | 'centerY' | 'tilt' | 'tiltPlanRotation', number>
  >;
}

const EXPECTED = Object.entries(
  readCase<Readonly<Record<string, ExpectedPoni>>>(golden, 'azimuthal/poni_expected.json'),
);
const read = (name: string) => readFileSync(`${golden}files/${name}`, 'utf8');

describe('.poni files, against pyFAI 0.21.3', () => {
  it.each(EXPECTED)('%s', (name, { parsed, pixel1, pixel2, detector, fit2d }) => {
    const poni = parsePoni(read(name));
    const { dist, ...others } = parsed;
    expect(poni).toMatchObject({ distance: dist, ...others, detector, pixel: [pixel1, pixel2], orientation: 3 });
    const ours = toFit2d(poni);
    for (const [got, expected] of [
      [ours.directDistMm, fit2d.directDist],
      [ours.centerX, fit2d.centerX],
      [ours.centerY, fit2d.centerY],
      [ours.tiltDeg, fit2d.tilt],
      [ours.tiltPlanRotationDeg, fit2d.tiltPlanRotation],
      [ours.pixelX, fit2d.pixelX],
      [ours.pixelY, fit2d.pixelY],
    ])
      expect(Math.abs(got / expected - 1)).toBeLessThan(1e-10);
  });

  it('shape and configuration are kept', () => {
    expect(parsePoni(read('v2.poni'))).toMatchObject({
      shape: [1259, 1092],
      config: { pixel1: 2e-4, pixel2: 2e-4, max_shape: [1259, 1092] },
    });
  });
});

const V1 = 'PixelSize1: 1e-4\nPixelSize2: 2e-4\nDistance: 0.1\nPoni1: 0.01\nPoni2: 0.02\nWavelength: 1e-10\n';
const V21 =
  'poni_version: 2.1\nDetector: Detector\nDetector_config: {"pixel1": 5e-05, "pixel2": 6e-05, "max_shape": [10, 20], "orientation": 2}\n' +
  'Distance: 0.5\nPoni1: 0.03\nPoni2: 0.04\nRot1: 0.1\n';

describe('.poni files', () => {
  it('of several calibrations the last counts, whatever their versions', () => {
    expect(parsePoni(V1 + V21)).toMatchObject({
      distance: 0.5,
      poni1: 0.03,
      rot1: 0.1,
      rot2: 0,
      pixel: [5e-5, 6e-5],
      shape: [10, 20],
      orientation: 2,
    });
    expect(parsePoni(`${V21}# again\n${V1}`)).toMatchObject({
      distance: 0.1,
      pixel: [1e-4, 2e-4],
      shape: null,
      orientation: 3,
      wavelength: 1e-10,
    });
  });

  it('keys of any case, CRLF, None, a spline, and detectors known by name', () => {
    expect(parsePoni(V1.toUpperCase().replaceAll('\n', '\r\n'))).toMatchObject({ distance: 0.1, wavelength: 1e-10 });
    expect(parsePoni(`${V1}SplineFile: frelon.spline\n`).splineFile).toBe('frelon.spline');
    expect(parsePoni(V1.replace('1e-10', 'None')).wavelength).toBeNull();
    const named = V21.replace('Detector: Detector', 'Detector: Pilatus1M').replace(/\{.*\}/, '{}');
    expect(parsePoni(named)).toMatchObject({ detector: 'Pilatus1M', pixel: [172e-6, 172e-6], shape: null });
    expect(parsePoni(named.replace('Pilatus1M', 'Unheard'))).toMatchObject({ detector: 'Unheard', pixel: null });
  });

  it.each([
    ['Distance: 0.1', '', /^x\.poni: There is no distance/],
    ['Distance: 0.1', 'Distance: -1', /^x\.poni, line 3: The distance -1 must be above 0/],
    ['Poni2: 0.02', 'Poni2: abc', /^x\.poni, line 5: poni2 = "abc" must be a number/],
    ['Poni2: 0.02', 'Poni2: 1e999', /line 5: poni2 = "1e999" must be a number/],
    ['Wavelength: 1e-10', 'Wavelength: 0', /line 6: The wavelength 0 must be above 0/],
    ['PixelSize1', 'poni_version: 3\nPixelSize1', /line 1: Version "3" is not known/],
    ['PixelSize1', 'poni_version: 2\nDetector_config: {"pixel1": \nPixelSize1', /line 2: Detector_config = .* JSON/],
    ['PixelSize1', 'poni_version: 2\nDetector_config: [1]\nPixelSize1', /line 2: Detector_config = .* JSON object/],
    ['PixelSize1', 'poni_version: 2.1\nDetector_config: {"orientation": 7}\nPixelSize1', /line 2: orientation 7 must/],
  ] as const)('%s changed to %s is refused', (from, to, reason) => {
    expect(() => parsePoni(V1.replace(from, to), { path: 'x.poni' })).toThrow(reason);
  });

  it('any damage gives a calibration or FormatInvalid', () => {
    fc.assert(
      fc.property(fc.constantFrom(V1, V21, V1 + V21), fc.nat(), fc.string(), (whole, at, text) => {
        const place = at % whole.length;
        for (const damaged of [whole.slice(0, place), whole.slice(0, place) + text + whole.slice(place + 2)]) {
          try {
            const { distance, poni1, poni2, rot1, rot2, rot3 } = parsePoni(damaged);
            expect([distance, poni1, poni2, rot1, rot2, rot3].every(Number.isFinite)).toBe(true);
          } catch (error) {
            if (!isXfelError(error, 'FormatInvalid')) throw error;
          }
        }
      }),
    );
  });
});

// Text has no minus zero.
const angle = fc.double({ noNaN: true, min: -0.6, max: 0.6 }).map((n) => n + 0);
const place = fc.double({ noNaN: true, min: -1, max: 1 }).map((n) => n + 0);
const ponis: fc.Arbitrary<Poni> = fc
  .record({
    distance: fc.double({ noNaN: true, min: 1e-3, max: 10 }),
    poni1: place,
    poni2: place,
    rot1: angle,
    rot2: angle,
    rot3: angle,
    wavelength: fc.option(fc.double({ noNaN: true, min: 1e-11, max: 1e-9 })),
    pixel: fc.tuple(fc.double({ noNaN: true, min: 1e-6, max: 1e-3 }), fc.double({ noNaN: true, min: 1e-6, max: 1e-3 })),
    shape: fc.option(fc.tuple(fc.integer({ min: 1, max: 9999 }), fc.integer({ min: 1, max: 9999 }))),
    orientation: fc.constantFrom<PoniOrientation>(1, 2, 3, 4),
  })
  .map((poni) => ({ ...poni, detector: 'Detector', splineFile: null, config: {} }));

describe('writing .poni files', () => {
  it('what was written is read, in every version that can hold it', () => {
    fc.assert(
      fc.property(ponis, (poni) => {
        const { config: _, ...facts } = poni;
        const same = (text: string) => {
          const { config: __, ...got } = parsePoni(text);
          return got;
        };
        expect(same(formatPoni(poni))).toEqual(facts);
        const plain = { ...poni, orientation: 3 } as const;
        const { config: ___, ...plainFacts } = plain;
        expect(same(formatPoni(plain, { version: '2' }))).toEqual(plainFacts);
        expect(same(formatPoni(plain, { version: '1' }))).toEqual({ ...plainFacts, shape: null });
      }),
    );
  });

  it('keeps what else a detector has, and its name', () => {
    const text = V21.replace('"pixel1"', '"mine": [1, {"a": "b"}], "pixel1"').replace('Detector: D', 'Detector: My_D');
    const again = parsePoni(formatPoni(parsePoni(text), { date: new Date(0) }));
    expect(again).toEqual(parsePoni(text));
    expect(formatPoni(parsePoni(text), { date: new Date(0) })).toContain(
      '# Calibration done at 1970-01-01T00:00:00.000Z\nponi_version: 2.1\nDetector: My_Detector\nDetector_config: {',
    );
  });

  it('refuses what a version cannot hold', () => {
    const poni = parsePoni(V21);
    expect(() => formatPoni(poni, { version: '2' })).toThrow(/Version 2 .* orientation 2: write version 2\.1/);
    expect(() => formatPoni({ ...poni, orientation: 3, pixel: null }, { version: '1' })).toThrow(
      /needs the pixel size/,
    );
  });
});

describe('Fit2D parameters', () => {
  it('of tilts are those of pyFAI', () => {
    const far = toFit2d({
      ...parsePoni(V1),
      distance: 0.2,
      poni1: 0.1,
      poni2: 0.11,
      rot1: 0.03,
      rot2: -0.05,
      rot3: 0.2,
      pixel: [2e-4, 1.5e-4],
    });
    // pyFAI 0.21.3, getFit2D
    expect(far.centerX).toBeCloseTo(693.3213290117591, 9);
    expect(far.centerY).toBeCloseTo(449.9357644080621, 9);
    expect(far.tiltDeg).toBeCloseTo(3.34052075688206, 9);
    expect(far.tiltPlanRotationDeg).toBeCloseTo(-120.93889362372077, 9);
    const back = fromFit2d({
      directDistMm: 150,
      centerX: 500,
      centerY: 600,
      tiltDeg: 3,
      tiltPlanRotationDeg: -120,
      pixelX: 150,
      pixelY: 200,
    });
    // pyFAI 0.21.3, setFit2D, but for rot3: see fromFit2d
    expect(back.distance).toBeCloseTo(0.14979443021318609, 14);
    expect(back.poni1).toBeCloseTo(0.12679864014566103, 14);
    expect(back.poni2).toBeCloseTo(0.07892519671822078, 14);
    expect(back.rot1).toBeCloseTo(0.026197894531494417, 14);
    expect(back.rot2).toBeCloseTo(-0.045339800193321136, 14);
    const [cosTilt, cosPlane, sinPlane] = [Math.cos(Math.PI / 60), -0.5, -Math.sqrt(3) / 2];
    const length = Math.sqrt(1 - (sinPlane * Math.sin(Math.PI / 60)) ** 2);
    expect(back.rot3).toBeCloseTo(Math.asin(((cosTilt - 1) * cosPlane * sinPlane) / length), 14);
  });

  it('and back again, also for the smallest tilts', () => {
    fc.assert(
      fc.property(ponis, fc.constantFrom(1, 1e-4, 1e-9, 0), (drawn, scale) => {
        const poni = { ...drawn, rot1: drawn.rot1 * scale, rot2: drawn.rot2 * scale, orientation: 3 } as const;
        const back = fromFit2d(toFit2d(poni), { wavelength: poni.wavelength, shape: poni.shape });
        for (const key of ['distance', 'poni1', 'poni2', 'rot1', 'rot2'] as const)
          expect(Math.abs(back[key] - poni[key])).toBeLessThan(1e-12 * Math.max(1, poni.distance));
      }),
    );
  });

  it('that are impossible are refused', () => {
    const good = toFit2d(parsePoni(V1));
    for (const bad of [{ tiltDeg: 90 }, { directDistMm: 0 }, { centerX: Number.NaN }, { pixelX: -1 }])
      expect(() => fromFit2d({ ...good, ...bad })).toThrow(/Fit2D parameters must be numbers/);
    expect(() => toFit2d({ ...parsePoni(V1), pixel: null })).toThrow(/pixel size of Detector is not known/);
  });
});
