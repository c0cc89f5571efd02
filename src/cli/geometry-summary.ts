import { GeometryInvalid } from '../core/errors.ts';
import { type Geometry, geometryFromQuadPositions, quadPositions, tileCorners } from '../detector/geometry.ts';
import { overlappingTiles } from '../detector/tile-overlap.ts';
import type { GeomFinding } from '../formats/crystfel/geom-lines.ts';
import type { Poni } from '../formats/poni.ts';
import { toFit2d } from '../formats/poni-fit2d.ts';

/** Which tiles lie on one another, in a sentence; null if none do. */
export function overlapText(geometry: Geometry): string | null {
  const [deepest, ...others] = overlappingTiles(geometry);
  if (!deepest) return null;
  const [a, b] = [deepest.first, deepest.second].map(([module, tile]) => `module ${module}, tile ${tile}`);
  const more = others.length > 0 ? ` (and ${others.length} more pairs)` : '';
  return `Tiles lie on one another: ${a} and ${b}, ${deepest.depthPx.toFixed(1)} px deep${more}. Check their corners.`;
}

/**
 * How far off pixels are in a flat picture of a detector that is not flat, as its .poni file describes one, in a sentence; empty
 * if it is less than a pixel, or if the distance is not known.
 */
export function pictureErrorText(geometry: Geometry): string {
  const { detector, metadata } = geometry;
  // One tile is calibrated with its tilt.
  if (metadata.distance === undefined || detector.dataShape[0] * detector.tiles.length === 1) return '';
  const { data } = tileCorners(geometry);
  let largest = 0;
  for (let i = 0; i < data.length; i += 3) {
    const [x, y, z] = data.subarray(i, i + 3);
    // Where the ray from the sample goes through the plane of the picture.
    largest = Math.max(largest, Math.hypot(x, y) * Math.abs(z / (metadata.distance + z)));
  }
  const pixels = largest / detector.pixelSize;
  if (!(pixels > 1)) return '';
  return `The picture is flat, but tiles stand up to ${pixels.toFixed(1)} px beside where it has them, since they are tilted or nearer or farther. For exact positions integrate with the geometry.\n`;
}

/**
 * How far tiles will be from where they are in a table of the quadrants' positions, which says nothing of how modules and tiles lie
 * in them, in a sentence; empty if it is less than a hundredth of a pixel.
 */
export function quadrantErrorText(geometry: Geometry): string {
  const { detector } = geometry;
  const ideal = geometryFromQuadPositions(detector, quadPositions(geometry));
  const [is, read] = [tileCorners(geometry).data, tileCorners(ideal).data];
  let largest = 0;
  for (let i = 0; i < is.length; i += 3)
    largest = Math.max(largest, Math.hypot(is[i] - read[i], is[i + 1] - read[i + 1], is[i + 2] - read[i + 2]));
  const pixels = largest / detector.pixelSize;
  if (!(pixels > 0.01)) return '';
  return `A table of positions holds no modules and tiles: read back, some are up to ${pixels.toFixed(2)} px from where they are now. For exact positions save .geom.\n`;
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
  const [slow, fast] = geometry.detector.pitch.map((step) => Number((step * 1e6).toPrecision(6)));
  const rows: (readonly [string, string | undefined])[] = [
    [
      'detector',
      `${facts.detector}: ${facts.dataShape[0]} modules of ${facts.dataShape[1]} x ${facts.dataShape[2]} (ss x fs), ${facts.tiles} tiles, pixels of ${slow === fast ? fast : `${slow} x ${fast}`} um`,
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
  const lines = rowLines(rows);
  const remarks = findings.map(
    ({ line, severity, message }) => `${line > 0 ? `line ${line}` : 'file'}: ${severity}: ${message}`,
  );
  return `${[...lines, ...remarks].join('\n')}\n`;
}

function rowLines(rows: readonly (readonly [string, string | undefined])[]): string[] {
  return rows.flatMap(([name, value]) => (value ? [`${`${name}:`.padEnd(18)}${value}`] : []));
}

/** A calibration, for `--json`: as pyFAI has it, and in the words of Fit2D (null where the pixel size is not known). */
export function describePoni(poni: Poni) {
  return { ...poni, fit2d: poni.pixel ? toFit2d(poni) : null };
}

/** The same for people. */
export function poniText(poni: Poni): string {
  const { fit2d, shape, pixel } = describePoni(poni);
  const short = (value: number) => Number(value.toPrecision(9));
  const size = [
    ...(shape ? [`${shape[0]} x ${shape[1]}`] : []),
    ...(pixel ? [`${short(pixel[0] * 1e6)} x ${short(pixel[1] * 1e6)} um`] : []),
  ];
  const lines = rowLines([
    ['calibrated', `${poni.detector}${size.length > 0 ? `, (y, x) pixels ${size.join(' of ')}` : ''}`],
    ['orientation', poni.orientation === 3 ? undefined : String(poni.orientation)],
    ['spline', poni.splineFile ?? undefined],
    ['normal distance', `${poni.distance} m`],
    ['poni1, poni2', `${poni.poni1}, ${poni.poni2} m`],
    ['rot1, 2, 3', `${poni.rot1}, ${poni.rot2}, ${poni.rot3} rad`],
    ['wavelength', poni.wavelength === null ? undefined : `${poni.wavelength} m`],
    [
      'Fit2D',
      fit2d
        ? `directDist ${short(fit2d.directDistMm)} mm, centre (x, y) ${short(fit2d.centerX)}, ${short(fit2d.centerY)} px, tilt ${short(fit2d.tiltDeg)} deg, tiltPlanRotation ${short(fit2d.tiltPlanRotationDeg)} deg`
        : undefined,
    ],
  ]);
  return `${lines.join('\n')}\n`;
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
  // -0 + 0 is 0: a shift of rounding has no sign.
  const fixed = (value: number) => (Number(value.toFixed(3)) + 0).toFixed(3).padStart(10);
  const px = (length: number) => fixed(length / pixelSize);
  const rows = shifts.map(({ module, x, y, z, largest }) =>
    [String(module).padStart(6), px(x), px(y), fixed(z * 1e3), px(largest)].join(' '),
  );
  const header = ['module', '   x (px)', '   y (px)', '   z (mm)', 'largest (px)'].join('  ');
  return `${[header, ...rows].join('\n')}\n`;
}
