import { GeometryInvalid } from '../core/errors.ts';
import { type Geometry, quadPositions, tileCorners } from '../detector/geometry.ts';
import { overlappingTiles } from '../detector/tile-overlap.ts';
import type { GeomFinding } from '../formats/crystfel/geom-lines.ts';

/** Which tiles lie on one another, in a sentence; null if none do. */
export function overlapText(geometry: Geometry): string | null {
  const [deepest, ...others] = overlappingTiles(geometry);
  if (!deepest) return null;
  const [a, b] = [deepest.first, deepest.second].map(([module, tile]) => `module ${module}, tile ${tile}`);
  const more = others.length > 0 ? ` (and ${others.length} more pairs)` : '';
  return `Tiles lie on one another: ${a} and ${b}, ${deepest.depthPx.toFixed(1)} px deep${more}. Check their corners.`;
}

/** Facts of a geometry, for `--json`. */
export function describeGeometry(geometry: Geometry, findings: readonly GeomFinding[]) {
  const { detector, metadata } = geometry;
  const { data } = tileCorners(geometry);
  const range = (axis: number) => {
    let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (let i = axis; i < data.length; i += 3) {
      low = Math.min(low, data[i]);
      high = Math.max(high, data[i]);
    }
    return [low, high];
  };
  const groups = detector.groupModules.length;
  return {
    detector: detector.name,
    dataShape: detector.dataShape,
    tiles: detector.dataShape[0] * detector.tiles.length,
    pixelSize: detector.pixelSize,
    x: range(0),
    y: range(1),
    z: range(2),
    groupPositions: groups > 0 ? quadPositions(geometry) : [],
    positionUnit: detector.positionUnit,
    ...metadata,
    findings,
  };
}

/** The same for people. */
export function geometryText(geometry: Geometry, findings: readonly GeomFinding[]): string {
  const facts = describeGeometry(geometry, findings);
  const mm = (length: number) => (length * 1e3).toFixed(3);
  const unit = facts.positionUnit === 1e-3 ? 'mm' : facts.positionUnit === facts.pixelSize ? 'px' : 'm';
  const rows: (readonly [string, string | undefined])[] = [
    [
      'detector',
      `${facts.detector}: ${facts.dataShape[0]} modules of ${facts.dataShape[1]} x ${facts.dataShape[2]} (ss x fs), ${facts.tiles} tiles, pixels of ${Number((facts.pixelSize * 1e6).toPrecision(6))} um`,
    ],
    ...(['x', 'y', 'z'] as const).map((axis) => [axis, `${mm(facts[axis][0])} to ${mm(facts[axis][1])} mm`] as const),
    ['distance', facts.distance === undefined ? facts.distanceSource : `${facts.distance} m`],
    ['photon energy', facts.photonEnergyKeV === undefined ? facts.photonEnergySource : `${facts.photonEnergyKeV} keV`],
    ['adu_per_eV', facts.aduPerEv?.toString()],
    ['data', facts.dataPath],
    ['mask', facts.maskPath],
    [`positions (${unit})`, facts.groupPositions.map((p) => p.map((n) => Number(n.toFixed(3))).join(', ')).join('; ')],
    ['motors (mm)', facts.motorPositions?.map((part) => part.join(', ')).join('; ')],
    ['bad regions', facts.badRegions?.map((region) => region.name).join(', ')],
  ];
  const lines = rows.flatMap(([name, value]) => (value ? [`${`${name}:`.padEnd(18)}${value}`] : []));
  const remarks = findings.map(
    ({ line, severity, message }) => `${line > 0 ? `line ${line}` : 'file'}: ${severity}: ${message}`,
  );
  return `${[...lines, ...remarks].join('\n')}\n`;
}

/** How far a module went. */
export interface ModuleShift {
  readonly module: number;
  /** Mean over the corners of its tiles, m. */
  readonly x: number;
  readonly y: number;
  readonly z: number;
  /** Largest distance in the plane, m. */
  readonly largest: number;
}

/** How far every module went from one geometry to another. @throws GeometryInvalid if they are of different detectors */
export function moduleShifts(before: Geometry, after: Geometry): ModuleShift[] {
  const [a, b] = [before, after].map(({ detector }) => `${detector.name} [${detector.dataShape}]`);
  if (a !== b)
    throw new GeometryInvalid(`A geometry of ${a} cannot be compared with one of ${b}.`, { before: a, after: b });
  const [from, to] = [tileCorners(before).data, tileCorners(after).data];
  const { dataShape, tiles } = before.detector;
  const corners = tiles.length * 4;
  return Array.from({ length: dataShape[0] }, (_, module) => {
    const mean = [0, 0, 0];
    let largest = 0;
    for (let i = module * corners * 3; i < (module + 1) * corners * 3; i += 3) {
      const moved = [0, 1, 2].map((axis) => to[i + axis] - from[i + axis]);
      for (let axis = 0; axis < 3; axis++) mean[axis] += moved[axis] / corners;
      largest = Math.max(largest, Math.hypot(moved[0], moved[1]));
    }
    return { module, x: mean[0], y: mean[1], z: mean[2], largest };
  });
}

/** The same for people, in pixels and mm. */
export function shiftsText(shifts: readonly ModuleShift[], pixelSize: number): string {
  const px = (length: number) => (length / pixelSize).toFixed(3).padStart(10);
  const rows = shifts.map(({ module, x, y, z, largest }) =>
    [String(module).padStart(6), px(x), px(y), (z * 1e3).toFixed(3).padStart(10), px(largest)].join(' '),
  );
  const header = ['module', '   x (px)', '   y (px)', '   z (mm)', 'largest (px)'].join('  ');
  return `${[header, ...rows].join('\n')}\n`;
}
