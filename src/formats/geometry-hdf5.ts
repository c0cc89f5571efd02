import { FormatInvalid } from '../core/errors.ts';
import { ndarray } from '../core/ndarray.ts';
import type { Hdf5File } from './hdf5.ts';
import type { Hdf5Writer } from './hdf5-writer.ts';

/** (x, y), mm. */
export type PositionMm = readonly [x: number, y: number];

/** A module of {@link GeometryHdf5}: its place in the quadrant, and those of its tiles in the module. */
export interface GeometryHdf5Module {
  readonly position: PositionMm;
  readonly tiles: readonly PositionMm[];
}

/**
 * Measured positions as the detector groups of the facility keep them for LPD and DSSC: each is relative to what it is part
 * of, so a tile lies at quadrant + module + tile. Which corner is meant depends on the detector.
 */
export interface GeometryHdf5 {
  readonly quadrants: readonly {
    /** null in most files: quadrants move, so their positions come from elsewhere. */
    readonly position: PositionMm | null;
    readonly modules: readonly GeometryHdf5Module[];
  }[];
}

/** More of a kind than any detector has. */
const MAX_PARTS = 100;

/**
 * Reads `/Qq/Mm/Position`, `/Qq/Mm/Tnn/Position` and, where it is there, `/Qq/Position`.
 * @throws FormatInvalid if a part has no position, or a number of a row is missing
 * @source EXtra-geom, LPD_1MGeometry.from_h5_file; lpd_mar_18.h5
 */
export function readGeometryHdf5(file: Hdf5File): GeometryHdf5 {
  const quadrants = partsOf(file, '/', /^Q(\d{1,2})$/, 'quadrants Q1, Q2, ..').map((quadrant) => ({
    position: file.kindOf(`${quadrant}/Position`) === 'missing' ? null : readPosition(file, quadrant),
    modules: partsOf(file, quadrant, /^M(\d{1,2})$/, 'modules M1, M2, ..').map((module) => ({
      position: readPosition(file, module),
      tiles: partsOf(file, module, /^T(\d{1,2})$/, 'tiles T01, T02, ..').map((tile) => readPosition(file, tile)),
    })),
  }));
  return { quadrants };
}

/** Whether a file looks like one of these. */
export function isGeometryHdf5(file: Hdf5File): boolean {
  return file.kindOf('/Q1/M1/Position') === 'dataset';
}

/** Paths of the numbered groups in a group, in the order of their numbers, which start at 1 without a gap. */
function partsOf(file: Hdf5File, path: string, name: RegExp, what: string): string[] {
  const folder = path === '/' ? '' : path;
  const found = new Map<number, string>();
  for (const child of file.children(path)) {
    const number = name.exec(child.name)?.[1];
    if (number !== undefined && child.kind === 'group') found.set(Number(number), `${folder}/${child.name}`);
  }
  const isWhole = found.size > 0 && Array.from({ length: found.size }, (_, i) => i + 1).every((n) => found.has(n));
  if (!isWhole || found.size > MAX_PARTS) {
    const there = [...found.values()].slice(0, 20).join(', ') || 'none';
    throw new FormatInvalid(
      `${file.path}: ${path} must hold ${what} without gaps; there are: ${there}. Is it a geometry file?`,
      { path: file.path, group: path },
    );
  }
  return [...found].sort(([a], [b]) => a - b).map(([, part]) => part);
}

function readPosition(file: Hdf5File, part: string): PositionMm {
  const path = `${part}/Position`;
  const fail = (reason: string) =>
    new FormatInvalid(`${file.path}: ${path} ${reason}; it must be two numbers (x, y) in mm.`, {
      path: file.path,
      dataset: path,
    });
  if (file.kindOf(path) !== 'dataset') throw fail('is missing');
  const { type, shape } = file.datasetInfo(path);
  if (type.kind !== 'plain' || type.dtype === 'string') throw fail('holds no numbers');
  if (shape.length !== 1 || shape[0] < 2 || shape[0] > 3) throw fail(`has shape [${shape}]`);
  const [x, y] = Array.from(file.read(path).data as ArrayLike<number | bigint>, Number);
  if (!Number.isFinite(x) || !Number.isFinite(y)) throw fail(`is (${x}, ${y})`);
  return [x, y];
}

/** Writes positions in the form that {@link readGeometryHdf5} reads, as float64. */
export function writeGeometryHdf5(writer: Hdf5Writer, { quadrants }: GeometryHdf5): void {
  const put = (path: string, position: PositionMm) =>
    writer.write(`${path}/Position`, ndarray('float64', [2], Float64Array.from(position)));
  for (const [q, quadrant] of quadrants.entries()) {
    if (quadrant.position) put(`/Q${q + 1}`, quadrant.position);
    for (const [m, module] of quadrant.modules.entries()) {
      put(`/Q${q + 1}/M${m + 1}`, module.position);
      for (const [t, tile] of module.tiles.entries())
        put(`/Q${q + 1}/M${m + 1}/T${String(t + 1).padStart(2, '0')}`, tile);
    }
  }
}

/**
 * The same positions with both axes turned round: the first files of LPD (lpd_mar_18.h5) count x and y the other way.
 * @source EXtra-geom, invert_xfel_lpd_geom
 */
export function invertGeometryHdf5({ quadrants }: GeometryHdf5): GeometryHdf5 {
  // 0 - x: the opposite of 0 is no -0.
  const turned = ([x, y]: PositionMm): PositionMm => [0 - x, 0 - y];
  return {
    quadrants: quadrants.map(({ position, modules }) => ({
      position: position && turned(position),
      modules: modules.map((module) => ({ position: turned(module.position), tiles: module.tiles.map(turned) })),
    })),
  };
}
