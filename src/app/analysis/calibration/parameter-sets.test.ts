import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AGIPD_1M } from '../../../detector/agipd.ts';
import { exampleGeometry } from '../../../detector/geometry.ts';
import type { FullExperiment } from '../analysis-request.ts';
import { fit2dOf, parameterText, readParameters, withFit2d } from './parameter-sets.ts';

const geometry = exampleGeometry(AGIPD_1M);
const flat: FullExperiment = {
  distance: 0.2,
  photonEnergyKeV: 9.3,
  poni1: 0.01,
  poni2: 0.02,
  rot1: 0,
  rot2: 0,
  rot3: 0,
};
const tilted: FullExperiment = { ...flat, rot1: 0.02, rot2: 0.03, rot3: 0.05 };
const close = (value: number | undefined) => expect.closeTo(value ?? Number.NaN, 9);
const closeTo = (experiment: FullExperiment) =>
  Object.fromEntries(Object.entries(experiment).map(([name, value]) => [name, close(value)]));

describe('parameter sets', () => {
  it('are those that pyFAI gives to other programs', () => {
    // pyFAI 0.21.3: getFit2D and getImageD11 of the same geometry with pixels of 200 micrometres.
    expect(fit2dOf(tilted, geometry)).toMatchObject({
      directDistMm: close(200.13005843986238),
      centerX: close(159.99466581319516 / 2),
      centerY: close(80.0150060422918),
      tiltDeg: close(2.0657333526163013),
      tiltPlanRotationDeg: close(123.68037031132496),
    });
    const lines = parameterText('ImageD11', tilted, geometry)?.split('\n') ?? [];
    expect(lines).toContain('tilt_z -0.02');
    expect(lines).toContain('distance 200130.05844');
    expect(lines).toContain('z_center 80.0150060423');
    expect(parameterText('SPD', flat, geometry)).toMatch(/^SampleDistance = 0.2\nCenter_1 = 100\nCenter_2 = 50\n/);
    expect(parameterText('SPD', tilted, geometry)).toBeNull();
  });

  it('come back as they were, whichever program they are of', () => {
    const angle = fc.double({ min: -0.3, max: 0.3, noNaN: true });
    const place = fc.double({ min: -0.3, max: 0.3, noNaN: true });
    fc.assert(
      fc.property(angle, angle, angle, place, place, (rot1, rot2, rot3, poni1, poni2) => {
        const experiment = { ...flat, rot1, rot2, rot3, poni1, poni2 };
        for (const set of ['pyFAI', 'ImageD11'] as const) {
          const text = parameterText(set, experiment, geometry) ?? '';
          expect(readParameters(text, flat, geometry), set).toMatchObject(closeTo(experiment));
        }
        // Fit2D has no turn round the beam.
        const { rot3: _lost, ...rest } = experiment;
        const text = parameterText('Fit2D', experiment, geometry) ?? '';
        expect(readParameters(text, flat, geometry)).toMatchObject(closeTo(rest));
        expect(readParameters(text.replaceAll('\n', ' '), flat, geometry)).toMatchObject(closeTo(rest));
      }),
      { numRuns: 50 },
    );
  });

  it('are read as programs print them; what is not told stays', () => {
    expect(
      readParameters(
        "{'dist': 0.3, 'poni1': 0.1, 'poni2': -2e-2, 'rot1': 0.01, 'wavelength': 1e-10}",
        tilted,
        geometry,
      ),
    ).toEqual({
      ...{ distance: 0.3, poni1: 0.1, poni2: -0.02, rot1: 0.01, rot2: 0, rot3: 0 },
      photonEnergyKeV: close(12.398419843),
    });
    const moved = readParameters('directDist: 250, centerX: 10 centerY: 20', tilted, geometry);
    expect(moved).toMatchObject({ rot1: 0.02, rot2: 0.03, rot3: 0.05, photonEnergyKeV: 9.3 });
    expect(fit2dOf(moved, geometry)).toMatchObject({
      directDistMm: close(250),
      centerX: close(10),
      centerY: close(20),
    });
  });

  it('one of Fit2D is changed alone', () => {
    const moved = withFit2d(tilted, geometry, { centerX: 3 });
    expect(moved).toMatchObject({ rot1: 0.02, rot2: 0.03, rot3: 0.05 });
    expect(fit2dOf(moved, geometry)).toMatchObject({ ...closeFit(fit2dOf(tilted, geometry)), centerX: close(3) });
    const turned = fit2dOf(withFit2d(tilted, geometry, { tiltDeg: 10 }), geometry);
    expect(turned).toMatchObject({ ...closeFit(fit2dOf(tilted, geometry)), tiltDeg: close(10) });
    expect(() => withFit2d(tilted, geometry, { tiltDeg: 95 })).toThrow(/below 90/);
  });

  it('that are none say so', () => {
    for (const [text, message] of [
      ['hello', /what was pasted/],
      ['Poni1: 3', /lack dist/],
      ['directDist 3', /lack centerX/],
      ['Distance: 1 Poni1: 0 Poni2: 0 Detector_config: {"orientation": 2}', /orientation/],
      ['distance 1e5 y_center 3 z_center 4 o11 -1', /o11 = 1/],
      ['directDist = 3 centerX = 1 centerY = 1 wavelength = 0', /wavelength of 0/],
    ] as const)
      expect(() => readParameters(text, flat, geometry), text).toThrow(message);
  });

  it.each([
    ['Distance: -0.2\nPoni1: 0\nPoni2: 0', /What was pasted: a distance of -0.2 m/],
    ['Distance: 1e9\nPoni1: 0\nPoni2: 0', /What was pasted: a distance of 1000000000 m/],
    ['directDist = 0 centerX = 10 centerY = 10', /distance and pixels above 0/],
  ])('impossible ones are refused: %s', (text, message) => {
    expect(() => readParameters(text, flat, geometry)).toThrow(message);
  });
});

function closeFit(parameters: object): object {
  return Object.fromEntries(Object.entries(parameters).map(([name, value]) => [name, close(value)]));
}
