import { AGIPD_1M, AGIPD_500K } from '../../../src/detector/agipd.ts';
import type { Detector } from '../../../src/detector/detector.ts';
import { DSSC_1M } from '../../../src/detector/dssc.ts';
import { EPIX_10K, epixPairGeometry } from '../../../src/detector/epix.ts';
import { geometryFromDescription } from '../../../src/detector/generic-detector.ts';
import {
  createGeometry,
  exampleGeometry,
  type Geometry,
  geometryFromQuadPositions,
  type Point,
} from '../../../src/detector/geometry.ts';
import { detectorByName } from '../../../src/detector/detector-table.ts';
import { jungfrau } from '../../../src/detector/jungfrau.ts';
import { LPD_1M, lpdMini } from '../../../src/detector/lpd.ts';
import { geometryFromModulePositions } from '../../../src/detector/module-positions.ts';
import { pnccdGeometry } from '../../../src/detector/pnccd.ts';
import { type ArrayReference, golden, hasShared, readCase, readDoubles, sharedGolden } from './golden.ts';

/** An assembled picture of the reference. */
export interface PictureReference {
  readonly shape: readonly number[];
  readonly centre_yx: readonly number[];
  readonly nan_count: number;
  readonly sha256: string;
  readonly samples_y_x_value: readonly (readonly [number, number, number | null])[];
}

interface PositionsReference {
  readonly samples_m_ss_fs_x_y_z: readonly number[][];
  readonly min_xyz: readonly number[];
  readonly max_xyz: readonly number[];
  readonly per_tile_sum_xyz?: ArrayReference;
}

/** One geometry of the reference: see the fixtures' description of `cases/<name>.json`. */
export interface GeometryCase {
  // biome-ignore lint/suspicious/noExplicitAny: arguments of twelve constructors
  readonly args: any;
  readonly expected_data_shape: readonly [number, number, number];
  readonly tile_slices_ss0_ss1_fs0_fs1: readonly number[][];
  readonly tiles_corner_ss_fs: ArrayReference;
  readonly tile_corners?: ArrayReference;
  readonly pixel_positions: { readonly centre_true: PositionsReference; readonly centre_false: PositionsReference };
  readonly data_coords_to_positions_m_ss_fs_x_y_z:
    | readonly [number, number, number, number, number, number][]
    | null;
  readonly quad_positions?: readonly Point[];
  readonly snapped: { readonly rows: readonly number[][] };
  readonly assembled_float32: PictureReference;
  readonly assembled_uint32: { readonly shape: readonly number[]; readonly sha256: string };
  readonly assembled_symmetric_float32: PictureReference | null;
  readonly distortion_array?: {
    readonly shape: readonly number[];
    readonly min_zyx: readonly number[];
    readonly max_zyx: readonly number[];
    readonly shifted_max_zyx: readonly number[];
    readonly samples: readonly {
      readonly row: number;
      readonly col: number;
      readonly zyx: readonly number[][];
      readonly zyx_shifted: readonly number[][];
    }[];
  };
  readonly assembled_interpolated?: {
    readonly shape: readonly number[];
    readonly centre_yx: readonly number[];
    readonly nan_count: number;
    readonly sum: number;
    readonly input_sum: number;
    readonly samples_y_x_value: readonly (readonly [number, number, number | null])[];
  };
}

/** Our geometry of a case and what the reference says of it. */
export interface BuiltCase {
  readonly reference: GeometryCase;
  readonly geometry: Geometry;
  /** Where its arrays lie. */
  readonly root: string;
}

// biome-ignore lint/suspicious/noExplicitAny: see GeometryCase
const BUILD: Readonly<Record<string, (args: any) => Geometry>> = {
  agipd1m_quads: ({ quad_pos }) => geometryFromQuadPositions(AGIPD_1M, quad_pos, { asicGap: 2, panelGap: 29 }),
  // The reference gives the place of the origin on the block, we give the place of the block.
  agipd500k: () => geometryFromQuadPositions(AGIPD_500K, [[0, 0]]),
  agipd500k_mm: ({ origin: [x, y], asic_gap, panel_gap, unit }) =>
    geometryFromQuadPositions(AGIPD_500K, [[-x, -y]], { unit, asicGap: asic_gap, panelGap: panel_gap }),
  lpd1m_quads: ({ quad_pos, unit }) => geometryFromQuadPositions(LPD_1M, quad_pos, { unit }),
  lpd1m_quads_gaps: ({ quad_pos, asic_gap, panel_gap }) =>
    geometryFromQuadPositions(LPD_1M, quad_pos, { asicGap: asic_gap, panelGap: panel_gap }),
  dssc1m_quads: ({ quad_pos, unit }) => geometryFromQuadPositions(DSSC_1M, quad_pos, { unit }),
  lpdmini: ({ positions, rotations }) =>
    geometryFromModulePositions(lpdMini(positions.length), positions, { rotationsDeg: rotations }),
  jf4m_modules: ({ offsets, orientations, asic_gap, unit }) =>
    geometryFromModulePositions(jungfrau(offsets.length), offsets, { orientations, asicGap: asic_gap, unit }),
  jf500k: ({ n_modules }) => exampleGeometry(jungfrau(n_modules)),
  pnccd: ({ gap, top_offset, bottom_offset }) =>
    pnccdGeometry({ gap, topOffset: top_offset, bottomOffset: bottom_offset }),
  epix100_mono: () => exampleGeometry(detectorByName('ePix100')),
  epix100_pair: () => epixPairGeometry(),
  epix10k: () => exampleGeometry(EPIX_10K),
  generic: (args) =>
    geometryFromDescription({
      pixelSize: args.pixel_size,
      slowPixels: args.slow_pixels,
      fastPixels: args.fast_pixels,
      corners: args.corner_coordinates,
      ss: args.ss_vec,
      fs: args.fs_vec,
      tilesPerModule: args.n_tiles_per_module,
      tileGap: args.tile_gap,
    }),
};

/** Cases that are built from numbers. */
export const CASES: readonly string[] = Object.keys(BUILD);

/** Cases of geometry files that are not copied here, so that their tiles are taken from the whole reference data. */
export const FILE_CASES: Readonly<Record<string, Detector>> = {
  agipd1m_geom: AGIPD_1M,
  lpd1m_h5: LPD_1M,
  dssc1m_h5: DSSC_1M,
  jf4m_geom: jungfrau(8),
};

/** {@link CASES}, and {@link FILE_CASES} where the whole reference data are there. */
export const ALL_CASES: readonly string[] = [...CASES, ...(hasShared ? Object.keys(FILE_CASES) : [])];

/** Builds a case of {@link ALL_CASES}. */
export function buildCase(name: string): BuiltCase {
  const root = name in BUILD ? golden : sharedGolden;
  const reference = readCase<GeometryCase>(root, `cases/${name}.json`);
  const geometry =
    name in BUILD
      ? BUILD[name](reference.args)
      : createGeometry(FILE_CASES[name], readDoubles(root, reference.tiles_corner_ss_fs));
  return { reference, geometry, root };
}

/** Input of the assembled pictures: value = module * 2^20 + ss * 2^10 + fs. */
export function pattern<T extends Float32Array | Uint32Array>(
  [modules, ss, fs]: readonly [number, number, number],
  out: T,
): T {
  let i = 0;
  for (let m = 0; m < modules; m++) {
    for (let s = 0; s < ss; s++) for (let f = 0; f < fs; f++) out[i++] = m * 1048576 + s * 1024 + f;
  }
  return out;
}
