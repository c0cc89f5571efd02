import { GeometryInvalid } from '../../core/errors.ts';
import type { GeomGroup } from './geom.ts';
import { type GeomMotors, motorLines } from './geom-motors.ts';
import { decimal, vectorText } from './geom-number.ts';
import type { GeomDimension, Vector } from './geom-panel.ts';

/** A panel of a new file. */
export interface GeomPanelPlan {
  readonly name: string;
  /** Axes of the data array, slowest first; `%` is at the same place in all panels of a file. */
  readonly dims: readonly GeomDimension[];
  /** Pixels in the data array, inclusive. */
  readonly minFs: number;
  readonly maxFs: number;
  readonly minSs: number;
  readonly maxSs: number;
  /** Steps of one pixel and the first pixel's outer corner, in pixels. */
  readonly fs: Vector;
  readonly ss: Vector;
  readonly cornerX: number;
  readonly cornerY: number;
  /** m. */
  readonly coffset: number;
}

/** A bad region of a new file: of a panel in data coordinates (inclusive), or in the lab frame (pixels). */
export type GeomBadRegionPlan =
  | {
      readonly name: string;
      readonly panel: string;
      readonly minSs: number;
      readonly maxSs: number;
      readonly minFs: number;
      readonly maxFs: number;
    }
  | {
      readonly name: string;
      readonly panel: null;
      readonly minX: number;
      readonly maxX: number;
      readonly minY: number;
      readonly maxY: number;
    };

/** A new .geom file. */
export interface GeomFilePlan {
  /** First lines, without the semicolon. */
  readonly comments: readonly string[];
  readonly motors?: GeomMotors;
  readonly dataPath: string;
  readonly maskPath?: string;
  /** Bits that must be set, and that must not be set, in a good pixel; only with `maskPath`. */
  readonly maskGood?: number;
  readonly maskBad?: number;
  /** Pixels per metre. */
  readonly res: number;
  /** eV; or where the data files have it, such as `/LCLS/photon_energy_eV`. */
  readonly photonEnergyEv?: number | string;
  /** m; or where the data files have it, with its unit, such as `/LCLS/detector_1/EncoderValue mm`. */
  readonly clen?: number | string;
  readonly aduPerEv?: number;
  readonly badRegions: readonly GeomBadRegionPlan[];
  readonly panels: readonly GeomPanelPlan[];
  /** Children before parents; the top one is called `all`. */
  readonly groups: readonly GeomGroup[];
  readonly rigidGroups: readonly GeomGroup[];
  readonly rigidCollections: readonly GeomGroup[];
}

/**
 * A CrystFEL geometry file, laid out as EXtra-geom writes it, with groups for CrystFEL 0.11 and later behind the panels and
 * rigid groups for older programs before them. What is not known stands there as a comment to fill in.
 * @throws GeometryInvalid for values that a .geom file cannot hold
 * @source CrystFEL 0.12, manual page crystfel_geometry; EXtra-geom, write_crystfel_geom
 */
export function formatGeom(plan: GeomFilePlan): string {
  checkPlan(plan);
  const unknown = (key: string, value: number | string | undefined, unit = '') => {
    if (value === undefined) return `; ${key} = SET ME`;
    return `${key} = ${typeof value === 'string' ? value : decimal(value) + unit}`;
  };
  const bits = (value: number) => `0x${value.toString(16)}`;
  const lines = [
    ...plan.comments.map((comment) => `; ${comment}`.trimEnd()),
    '',
    ...(plan.motors ? [...motorLines(plan.motors), ''] : []),
    `data = ${plan.dataPath}`,
    ...(plan.maskPath === undefined ? [] : [`mask = ${plan.maskPath}`]),
    ...(plan.maskPath === undefined || plan.maskGood === undefined ? [] : [`mask_good = ${bits(plan.maskGood)}`]),
    ...(plan.maskPath === undefined || plan.maskBad === undefined ? [] : [`mask_bad = ${bits(plan.maskBad)}`]),
    ...eventAxes(plan).map((axis) => `dim${axis} = %`),
    `res = ${decimal(plan.res)} ; pixels per metre`,
    '',
    '; Photon energy',
    unknown('photon_energy', plan.photonEnergyEv, ' eV'),
    '',
    '; Camera length: sample to detector',
    unknown('clen', plan.clen, ' m'),
    '',
    '; Detector units per eV of a photon',
    unknown('adu_per_eV', plan.aduPerEv),
    '',
    ...plan.badRegions.flatMap((region) => [...badRegionLines(region), '']),
    ...plan.rigidGroups.map(({ name, children }) => `rigid_group_${name} = ${children.join(',')}`),
    ...plan.rigidCollections.map(({ name, children }) => `rigid_group_collection_${name} = ${children.join(',')}`),
    '',
  ];
  for (const panel of plan.panels) lines.push(...panelLines(panel), '');
  lines.push(...plan.groups.map(({ name, children }) => `group_${name} = ${children.join(',')}`), '');
  return lines.join('\n');
}

function eventAxes({ panels }: GeomFilePlan): number[] {
  return (panels[0]?.dims ?? []).flatMap((dim, axis) => (dim === '%' ? [axis] : []));
}

function badRegionLines(region: GeomBadRegionPlan): string[] {
  const lines =
    region.panel === null
      ? [
          `min_x = ${decimal(region.minX)}`,
          `max_x = ${decimal(region.maxX)}`,
          `min_y = ${decimal(region.minY)}`,
          `max_y = ${decimal(region.maxY)}`,
        ]
      : [
          `panel = ${region.panel}`,
          `min_ss = ${region.minSs}`,
          `max_ss = ${region.maxSs}`,
          `min_fs = ${region.minFs}`,
          `max_fs = ${region.maxFs}`,
        ];
  return lines.map((line) => `${region.name}/${line}`);
}

function panelLines(panel: GeomPanelPlan): string[] {
  return [
    // The axis of events stands at the top for all panels.
    ...panel.dims.flatMap((dim, index) => (dim === '%' ? [] : [`dim${index} = ${dim}`])),
    `min_fs = ${panel.minFs}`,
    `min_ss = ${panel.minSs}`,
    `max_fs = ${panel.maxFs}`,
    `max_ss = ${panel.maxSs}`,
    `fs = ${vectorText(panel.fs)}`,
    `ss = ${vectorText(panel.ss)}`,
    `corner_x = ${decimal(panel.cornerX)}`,
    `corner_y = ${decimal(panel.cornerY)}`,
    `coffset = ${decimal(panel.coffset)}`,
  ].map((line) => `${panel.name}/${line}`);
}

function checkPlan(plan: GeomFilePlan): void {
  const texts: readonly (readonly [string, string])[] = [
    ...plan.comments.map((comment) => ['comment', comment] as const),
    ['data', plan.dataPath],
    ['mask', plan.maskPath ?? '/'],
    ...plan.badRegions.map(({ name }) => ['bad region', name] as const),
  ];
  for (const [what, text] of texts) {
    if (/[\r\n]/.test(text) || (what !== 'comment' && /[;\s]/.test(text))) {
      throw new GeometryInvalid(
        `The ${what} "${text}" cannot stand in a .geom file: it has a line end, space or ";".`,
        {
          text,
        },
      );
    }
  }
  if (!plan.dataPath.startsWith('/') || plan.maskPath?.startsWith('/') === false) {
    throw new GeometryInvalid('Paths of data and mask must start with "/", such as /entry_1/data_1/data.', {
      dataPath: plan.dataPath,
      maskPath: plan.maskPath,
    });
  }
  for (const [what, value] of Object.entries({
    photon_energy: plan.photonEnergyEv,
    clen: plan.clen,
    adu_per_eV: plan.aduPerEv,
    res: plan.res,
  })) {
    const isGood =
      typeof value === 'string' ? /^\/[^;\r\n]*$/.test(value) : Number.isFinite(value) && Number(value) > 0;
    if (value !== undefined && !isGood)
      throw new GeometryInvalid(`${what} = ${value} must be a number above 0, or a path in the data file.`, {
        field: what,
        value,
      });
  }
}
