import { describe, expect, it } from 'vitest';
import { golden, readCase } from '../../test/golden/geometry/golden.ts';
import { formatPoni, nativePoni, type Poni, type PoniOrientation, parsePoni } from '../formats/poni.ts';
import { AGIPD_1M } from './agipd.ts';
import { geometryFromDescription } from './generic-detector.ts';
import { exampleGeometry, type Geometry, pixelPositions } from './geometry.ts';
import {
  experimentFromPoni,
  experimentOfGeometry,
  flatGeometryFromPoni,
  placeInBeam,
  poniFromExperiment,
  poniFromFlatGeometry,
} from './geometry-poni-file.ts';
import { rotateGeometry } from './move-geometry.ts';
import { snapGeometry } from './snapped-geometry.ts';

interface PixelMaps {
  readonly geometry: Readonly<Record<'dist' | 'poni1' | 'poni2' | 'rot1' | 'rot2' | 'rot3' | 'wavelength', number>>;
  readonly pixel1: number;
  readonly pixel2: number;
  readonly shape: readonly [number, number];
  readonly rows: readonly (readonly number[])[];
}

const MAPS = readCase<PixelMaps>(golden, 'azimuthal/tilted_pixel_maps.json');
const TILTED: Poni = {
  ...MAPS.geometry,
  distance: MAPS.geometry.dist,
  detector: 'Detector',
  pixel: [MAPS.pixel1, MAPS.pixel2],
  shape: MAPS.shape,
  orientation: 3,
  splineFile: null,
  config: {},
};

describe('a calibrated picture, against pyFAI 0.21.3', () => {
  it('every pixel is where pyFAI has it', () => {
    const geometry = flatGeometryFromPoni(TILTED);
    const { data } = pixelPositions(geometry);
    const distance = geometry.metadata.distance as number;
    expect(geometry.metadata.photonEnergyKeV).toBeCloseTo(12.398419843320026 / 1.2, 12);
    for (const [row, column, , twoTheta, , , , , labZ, labY, labX] of MAPS.rows) {
      const at = (row * MAPS.shape[1] + column) * 3;
      const [x, y, z] = data.subarray(at, at + 3);
      expect(x).toBeCloseTo(labX, 9);
      expect(y).toBeCloseTo(labY, 9);
      expect(z + distance).toBeCloseTo(labZ, 9);
      expect(Math.atan2(Math.hypot(x, y), z + distance)).toBeCloseTo(twoTheta, 7);
    }
  });

  it('of another orientation: pixels counted from the other end, the rest as pyFAI does it', () => {
    const { beamAt } = oracle(TILTED);
    for (const orientation of [1, 2, 3, 4] as PoniOrientation[]) {
      const poni = { ...TILTED, orientation };
      const { data } = pixelPositions(flatGeometryFromPoni(nativePoni(poni)));
      const distance = flatGeometryFromPoni(nativePoni(poni)).metadata.distance as number;
      const isFlipped = [orientation === 1 || orientation === 2, orientation === 1 || orientation === 4];
      for (const [row, column] of [
        [0, 0],
        [17, 250],
        [399, 3],
      ]) {
        // The pixel of the file that pyFAI counts as (row, column) of its own order.
        const own = [isFlipped[0] ? MAPS.shape[0] - 1 - row : row, isFlipped[1] ? MAPS.shape[1] - 1 - column : column];
        const [up, left, along] = beamAt(own[0], own[1]);
        const at = (row * MAPS.shape[1] + column) * 3;
        expect(data[at]).toBeCloseTo(isFlipped[1] ? -left : left, 12);
        expect(data[at + 1]).toBeCloseTo(isFlipped[0] ? -up : up, 12);
        expect(data[at + 2] + distance).toBeCloseTo(along, 12);
      }
    }
  });
});

/** pyFAI's formula for the centre of a pixel, written out once more. */
function oracle({ pixel, distance, poni1, poni2, rot1, rot2, rot3 }: Poni) {
  const [c1, s1, c2, s2, c3, s3] = [rot1, rot2, rot3].flatMap((angle) => [Math.cos(angle), Math.sin(angle)]);
  const [pixel1, pixel2] = pixel as readonly [number, number];
  return {
    beamAt(row: number, column: number): number[] {
      const [t1, t2, t3] = [(row + 0.5) * pixel1 - poni1, (column + 0.5) * pixel2 - poni2, distance];
      return [
        t1 * c2 * c3 + t2 * (c3 * s1 * s2 - c1 * s3) - t3 * (c1 * c3 * s2 + s1 * s3),
        t1 * c2 * s3 + t2 * (c1 * c3 + s1 * s2 * s3) - t3 * (c1 * s2 * s3 - c3 * s1),
        t1 * s2 - t2 * c2 * s1 + t3 * c1 * c2,
      ];
    },
  };
}

describe('a calibration of a detector of many modules', () => {
  const geometry = exampleGeometry(AGIPD_1M);
  const image = snapGeometry(geometry);

  it('goes to a file and comes back, for the picture and for exact positions', () => {
    const experiment = {
      distance: 0.2,
      poni1: 1e-3,
      poni2: -2e-3,
      rot1: 0.01,
      rot2: 0.02,
      rot3: 0.03,
      photonEnergyKeV: 9.3,
    };
    for (const frame of [image, undefined]) {
      const text = formatPoni(poniFromExperiment(experiment, geometry, frame));
      const back = experimentFromPoni(parsePoni(text), frame);
      for (const [key, value] of Object.entries(experiment))
        expect(back[key as keyof typeof experiment]).toBeCloseTo(value, 12);
    }
    const poni = poniFromExperiment({ distance: 0.2 }, geometry, image);
    expect(poni).toMatchObject({ shape: image.shape, pixel: [2e-4, 2e-4], wavelength: null });
    expect([poni.poni1 / 2e-4, poni.poni2 / 2e-4].map((n) => Math.round(n * 1e9) / 1e9)).toEqual(image.centre);
  });

  it('of another picture is refused, as one with a distortion file', () => {
    const poni = poniFromExperiment({ distance: 0.2 }, geometry, image);
    expect(() => experimentFromPoni({ ...poni, shape: [10, 20] }, image)).toThrow(
      /calibrated picture has 10 x 20 pixels/,
    );
    expect(() => experimentFromPoni({ ...poni, splineFile: 'a.spline' })).toThrow(
      /needs the distortion file a\.spline/,
    );
  });

  it('is one of the picture or of exact positions, as its size says, else as the beam does', () => {
    const experiment = {
      distance: 0.2,
      poni1: 0.021,
      poni2: -0.003,
      rot1: 0.01,
      rot2: 0.1,
      rot3: 0,
      photonEnergyKeV: 9,
    };
    const shapes = { picture: image.shape, positions: [16 * 512, 128] } as const;
    for (const frame of ['picture', 'positions'] as const) {
      const poni = poniFromExperiment(experiment, geometry, frame === 'picture' ? image : undefined);
      for (const shape of [shapes[frame], null]) {
        const read = experimentOfGeometry({ ...poni, shape: shape as Poni['shape'] }, geometry);
        expect([read.frame, read.isGuess]).toEqual([frame, shape === null]);
        for (const name of ['distance', 'poni1', 'poni2', 'rot2'] as const)
          expect(read.experiment[name]).toBeCloseTo(experiment[name], 12);
      }
      expect(() => experimentOfGeometry({ ...poni, shape: [1043, 981] }, geometry)).toThrow(
        'has 1043 x 981 pixels; this AGIPD1M makes one of 1256 x 1092, or 8192 x 128 with modules below each other',
      );
    }
    const turned = rotateGeometry(geometry, [0, 0, Math.PI / 4]);
    const plain = { ...poniFromExperiment(experiment, turned), shape: null };
    expect(experimentOfGeometry(plain, turned)).toMatchObject({ frame: 'positions', isGuess: true });
  });

  it('makes tilts part of the positions', () => {
    const plain = placeInBeam(geometry, { distance: 0.2, poni1: 0.01, poni2: -0.02 });
    expect(plain.tiles[0]).toBeCloseTo(geometry.tiles[0] + 0.02, 15);
    expect(plain.tiles[1]).toBeCloseTo(geometry.tiles[1] - 0.01, 15);
    expect(plain.metadata.distance).toBe(0.2);
    expect(() => placeInBeam(geometry, { distance: 0.2, rot1: 2 })).toThrow(/turned by 90 degrees/);
  });

  it('a file without the size of its picture is no geometry', () => {
    expect(() => flatGeometryFromPoni({ ...TILTED, shape: null }, { path: 'x.poni' })).toThrow(
      /^x\.poni: it does not say/,
    );
  });
});

describe('a flat tile as a calibration', () => {
  const experimentOf = ({ metadata }: Geometry) => ({
    distance: metadata.distance as number,
    photonEnergyKeV: metadata.photonEnergyKeV,
  });

  it('is the calibration that it was read from, whatever the tilts', () => {
    for (const change of [{}, { rot1: 0, rot2: 0, rot3: 0 }, { rot1: -0.6, rot2: 0.5, rot3: 0.4 }, { rot3: -0.7 }]) {
      const poni = { ...TILTED, ...change };
      const geometry = flatGeometryFromPoni(poni);
      const back = poniFromFlatGeometry(geometry, experimentOf(geometry));
      for (const name of ['distance', 'poni1', 'poni2', 'rot1', 'rot2', 'rot3'] as const)
        expect(back[name], name).toBeCloseTo(poni[name], 12);
      expect(back.wavelength).toBeCloseTo(poni.wavelength as number, 20);
      expect([back.shape, back.orientation]).toEqual([poni.shape, 3]);
      for (const axis of [0, 1]) expect(back.pixel?.[axis]).toBeCloseTo((poni.pixel as readonly number[])[axis], 15);
    }
  });

  it('tells where pixels are, whichever way the data are stored', () => {
    const geometry = rotateGeometry(
      geometryFromDescription({
        pixelSize: 1e-4,
        slowPixels: 30,
        fastPixels: 50,
        corners: [[2e-3, 1e-3, 1e-4]],
        ss: [-1, 0, 0],
        fs: [0, -1, 0],
      }),
      [0.1, -0.2, 0.05],
    );
    const poni = poniFromFlatGeometry(geometry, { distance: 0.1 });
    expect(poni.shape).toEqual([50, 30]);
    const { beamAt } = oracle(poni);
    const { data } = pixelPositions(geometry);
    for (const [ss, fs] of [
      [0, 0],
      [29, 49],
      [7, 31],
    ]) {
      const [x, y, z] = data.subarray((ss * 50 + fs) * 3);
      const [up, left, along] = beamAt(49 - fs, 29 - ss);
      expect([x, y, z + 0.1]).toEqual([expect.closeTo(left, 12), expect.closeTo(up, 12), expect.closeTo(along, 12)]);
    }
  });

  it('refuses several tiles, and rows that are askew', () => {
    expect(() => poniFromFlatGeometry(exampleGeometry(AGIPD_1M), { distance: 1 })).toThrow('more than one flat tile');
    const askew = geometryFromDescription({
      pixelSize: 1e-4,
      slowPixels: 3,
      fastPixels: 5,
      corners: [[0, 0, 0]],
      ss: [0.1, 1, 0],
      fs: [1, 0, 0],
    });
    expect(() => poniFromFlatGeometry(askew, { distance: 1 })).toThrow('not at right angles');
  });
});
