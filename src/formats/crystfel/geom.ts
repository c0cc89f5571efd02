import { GeometryInvalid } from '../../core/errors.ts';
import { type DraftBadRegion, finishBadRegion, type GeomBadRegion, setBadRegionField } from './geom-bad-region.ts';
import { type GeomFinding, type GeomLine, type Report, readGeomLines, readNumber, shorten } from './geom-lines.ts';
import {
  copyDraftPanel,
  type DraftPanel,
  finishPanel,
  type GeomPanel,
  newDraftPanel,
  setPanelField,
} from './geom-panel.ts';

/** A quantity of the whole file: a number in its SI unit, or the path of one in the data file. */
export interface GeomQuantity {
  /** As written, unit included. */
  readonly text: string;
  /** Number or path as written, without unit. */
  readonly source: string;
  /** Unit as written, or the one that counts without. */
  readonly unit: string;
  /** In m; null for a path. */
  readonly value: number | null;
}

/** Group of panels (or of groups) that move together. */
export interface GeomGroup {
  readonly name: string;
  readonly children: readonly string[];
}

/** A CrystFEL geometry file with all inheritance resolved. */
export interface CrystfelGeom {
  readonly beam: (GeomQuantity & { readonly kind: 'wavelength' | 'photon_energy' | 'electron_voltage' }) | null;
  readonly clen: GeomQuantity | null;
  readonly shiftX: GeomQuantity | null;
  readonly shiftY: GeomQuantity | null;
  readonly bandwidth: number;
  readonly peakList: string | null;
  readonly peakListType: 'auto' | 'cxi' | 'list3';
  /** In file order. */
  readonly panels: readonly GeomPanel[];
  readonly badRegions: readonly GeomBadRegion[];
  readonly groups: readonly GeomGroup[];
  /** `rigid_group_` lines, for programs older than CrystFEL 0.11. */
  readonly rigidGroups: readonly GeomGroup[];
  /** `rigid_group_collection_` lines: names of rigid groups. */
  readonly rigidCollections: readonly GeomGroup[];
  /** By line. */
  readonly findings: readonly GeomFinding[];
}

/** How to read. */
export interface ParseGeomOptions {
  /**
   * `strict`: what CrystFEL refuses is refused. `lenient`: only what leaves a panel without a place in data or space is
   * refused, the rest is in `findings`; files written for EXtra-geom often lack what CrystFEL needs.
   */
  readonly mode?: 'strict' | 'lenient';
  /** For messages. */
  readonly path?: string;
}

const LENGTHS: Readonly<Record<string, number>> = { m: 1, mm: 1e-3 };
const BEAM_UNITS = {
  wavelength: { m: 1, A: 1e-10 },
  photon_energy: { eV: 1, keV: 1e3 },
  electron_voltage: { V: 1, kV: 1e3 },
} as const;
const MAX_GROUP = 64;
/** Larger than any real file by far. */
const MAX_LENGTH = 64 * 2 ** 20;

interface Draft {
  beam: CrystfelGeom['beam'];
  clen: GeomQuantity | null;
  shiftX: GeomQuantity | null;
  shiftY: GeomQuantity | null;
  bandwidth: number;
  peakList: string | null;
  peakListType: CrystfelGeom['peakListType'];
  readonly groups: { line: number; name: string; children: string[] }[];
  readonly rigidGroups: GeomGroup[];
  readonly rigidCollections: GeomGroup[];
}

/**
 * Reads a CrystFEL geometry file.
 * @throws GeometryInvalid with `line` and all `findings` in its details
 * @source CrystFEL 0.12, manual page crystfel_geometry
 */
export function parseGeom(text: string, { mode = 'strict', path = 'geometry' }: ParseGeomOptions = {}): CrystfelGeom {
  const findings: GeomFinding[] = [];
  const report: Report = (line, severity, message) => findings.push({ line, severity, message });
  if (text.length > MAX_LENGTH) {
    throw new GeometryInvalid(`${path}: ${text.length} characters are no geometry file.`, { path });
  }
  const draft: Draft = {
    beam: null,
    clen: null,
    shiftX: null,
    shiftY: null,
    bandwidth: 1e-8,
    peakList: null,
    peakListType: 'auto',
    groups: [],
    rigidGroups: [],
    rigidCollections: [],
  };
  const defaults = newDraftPanel();
  const drafts = new Map<string, { line: number; panel: DraftPanel }>();
  const badDrafts = new Map<string, DraftBadRegion>();
  let unusedDefault: GeomLine | null = null;
  const given = new Set<string>();
  for (const entry of readGeomLines(text, report)) {
    const { line, owner, key } = entry;
    if (owner === '') {
      given.add(key);
      if (setTopLevel(draft, entry, report)) continue;
      if (setPanelField(defaults, entry, report)) unusedDefault = entry;
      else report(line, 'warning', `Unknown key "${shorten(key)}": CrystFEL passes over it. Correct or delete it.`);
    } else if (owner.startsWith('bad')) {
      const bad = badDrafts.get(owner) ?? { line, panel: null, numbers: new Map<string, number>() };
      badDrafts.set(owner, bad);
      setBadRegionField(bad, entry, report);
    } else {
      let known = drafts.get(owner);
      if (!known) {
        known = { line, panel: copyDraftPanel(defaults) };
        drafts.set(owner, known);
        unusedDefault = null;
      }
      if (setPanelField(known.panel, entry, report)) continue;
      if (key === 'clen') report(line, 'error', 'clen is for the whole file: use coffset for a panel.');
      else
        report(
          line,
          'warning',
          `Unknown key "${shorten(key)}" of panel ${shorten(owner)}: CrystFEL passes over it. Correct or delete it.`,
        );
    }
  }
  if (unusedDefault) {
    const { line, key } = unusedDefault;
    report(line, 'error', `${key} comes after the last panel, so it applies to none: move it before the panels.`);
  }
  if (drafts.size === 0) report(0, 'fatal', 'There is no panel.');
  // One that was given and refused was reported with its line: it is not missing as well.
  if (!Object.keys(BEAM_UNITS).some((key) => given.has(key)))
    report(
      0,
      'error',
      'There is none of wavelength, photon_energy, electron_voltage: add one, such as photon_energy = 9300 eV.',
    );
  if (!given.has('clen'))
    report(0, 'error', 'There is no clen: add the distance, such as clen = 0.2 m, or where the data file has it.');

  const panels: GeomPanel[] = [];
  reportGains(drafts, report);
  for (const [name, { line, panel }] of drafts) {
    const finished = finishPanel(name, line, panel, report);
    if (finished) panels.push(finished);
  }
  const badRegions: GeomBadRegion[] = [];
  for (const [name, bad] of badDrafts) {
    const finished = finishBadRegion(name, bad, panels, report);
    if (finished) badRegions.push(finished);
  }
  const groups = finishGroups(draft.groups, new Set(drafts.keys()), report);
  findings.sort((a, b) => a.line - b.line);
  refuse(findings, mode, path);
  const { groups: _, ...whole } = draft;
  return { ...whole, panels, badRegions, groups, findings };
}

/** One finding, however many panels lack it: what is missing in one is mostly missing in all. */
function reportGains(drafts: ReadonlyMap<string, { line: number; panel: DraftPanel }>, report: Report): void {
  const lacking = [...drafts].filter(
    ([, { panel }]) => !panel.gain && !panel.refused.has('adu_per_eV') && !panel.refused.has('adu_per_photon'),
  );
  if (lacking.length === 0) return;
  const [[name, { line }]] = lacking;
  const what = lacking.length > 1 ? `${shorten(name)} and ${lacking.length - 1} more have` : `${shorten(name)} has`;
  report(line, 'error', `Panel ${what} neither adu_per_eV nor adu_per_photon: add one before the panels.`);
}

function refuse(findings: readonly GeomFinding[], mode: 'strict' | 'lenient', path: string): void {
  const wrong = findings.filter((f) => f.severity === 'fatal' || (mode === 'strict' && f.severity === 'error'));
  if (wrong.length === 0) return;
  const [{ line, message }] = wrong;
  const place = line > 0 ? `, line ${line}` : '';
  const more = wrong.length > 1 ? ` (and ${wrong.length - 1} more)` : '';
  throw new GeometryInvalid(`${path}${place}: ${message}${more}`, { path, line, findings: findings.slice(0, 100) });
}

/** Keys of the whole file. @returns false if the key is none of them */
function setTopLevel(draft: Draft, { line, key, value }: GeomLine, report: Report): boolean {
  switch (key) {
    case 'wavelength':
    case 'photon_energy':
    case 'electron_voltage':
      draft.beam = readBeam(key, value, line, report);
      return true;
    case 'clen':
      // Without a unit a number is in m, but a value of the data file in mm.
      draft.clen = readLength(key, value, line, 'mm', report);
      // CrystFEL takes it, and finds nothing.
      if (draft.clen && draft.clen.value !== null && !(draft.clen.value > 0))
        report(line, 'warning', `clen = ${shorten(value)} is no distance behind the sample: give one above 0.`);
      return true;
    case 'detector_shift_x':
    case 'detector_shift_y': {
      const shift = readLength(key, value, line, 'm', report);
      draft[key === 'detector_shift_x' ? 'shiftX' : 'shiftY'] = shift;
      if (shift && shift.value === null)
        report(line, 'warning', `${key} = ${shorten(value)} is in the data files: positions here are without it.`);
      return true;
    }
    case 'bandwidth': {
      const number = readNumber(value);
      if (number === undefined) report(line, 'error', `bandwidth = "${shorten(value)}" must be a number.`);
      else draft.bandwidth = number;
      return true;
    }
    case 'peak_list':
      draft.peakList = value;
      return true;
    case 'peak_list_type':
      if (value === 'auto' || value === 'cxi' || value === 'list3') draft.peakListType = value;
      else report(line, 'error', `peak_list_type = "${shorten(value)}" must be auto, cxi or list3.`);
      return true;
  }
  const children = () => value.split(',').map((child) => child.trim());
  if (key.startsWith('rigid_group')) {
    const name = key.replace(/^rigid_group_?(collection_)?/, '');
    (key.startsWith('rigid_group_collection_') ? draft.rigidCollections : draft.rigidGroups).push({
      name,
      children: children(),
    });
    return true;
  }
  if (!key.startsWith('group_')) return false;
  draft.groups.push({ line, name: key.slice('group_'.length), children: children() });
  return true;
}

function readLength(key: string, text: string, line: number, pathUnit: string, report: Report): GeomQuantity | null {
  const [source = '', givenUnit, ...rest] = text.split(/\s+/);
  const number = readNumber(source);
  const unit = givenUnit ?? (number === undefined ? pathUnit : 'm');
  const isPath = number === undefined && source.startsWith('/');
  if ((number === undefined && !isPath) || !Object.hasOwn(LENGTHS, unit) || rest.length > 0) {
    report(line, 'error', `${key} = "${shorten(text)}" must be a number or a path, then m or mm.`);
    return null;
  }
  return { text, source, unit, value: number === undefined ? null : number * LENGTHS[unit] };
}

function readBeam(kind: keyof typeof BEAM_UNITS, text: string, line: number, report: Report): CrystfelGeom['beam'] {
  const units: Readonly<Record<string, number>> = BEAM_UNITS[kind];
  const names = Object.keys(units);
  const [source = '', givenUnit, ...rest] = text.split(/\s+/);
  const unit = givenUnit ?? (kind === 'photon_energy' ? 'eV' : '');
  const number = readNumber(source);
  const isPath = number === undefined && source.startsWith('/');
  const isWrong = number === undefined ? !isPath : !(number > 0);
  if (isWrong || !Object.hasOwn(units, unit) || rest.length > 0) {
    report(
      line,
      'error',
      `${kind} = "${shorten(text)}" must be a number above 0 or a path, then ${names.join(' or ')}.`,
    );
    return null;
  }
  return { kind, text, source, unit, value: number === undefined ? null : wavelength(kind, number * units[unit]) };
}

/** In m. @source CODATA 2018; electrons: relativistic de Broglie wavelength */
function wavelength(kind: keyof typeof BEAM_UNITS, value: number): number {
  const planck = 6.62607015e-34;
  const light = 299792458;
  const charge = 1.602176634e-19;
  const electronMass = 9.1093837015e-31;
  if (kind === 'wavelength') return value;
  if (kind === 'photon_energy') return (planck * light) / (value * charge);
  const energy = charge * value;
  return planck / Math.sqrt(2 * electronMass * energy * (1 + energy / (2 * electronMass * light * light)));
}

/** Groups may be written before the panels, but not before the groups that they hold. */
function finishGroups(drafts: Draft['groups'], panels: ReadonlySet<string>, report: Report): GeomGroup[] {
  const groups: GeomGroup[] = [];
  const known = new Set(panels);
  for (const { line, name, children } of drafts) {
    const unknown = children.find((child) => !known.has(child));
    if (unknown !== undefined) {
      report(
        line,
        'error',
        `Group ${shorten(name)}: "${shorten(unknown)}" is no panel, nor a group of an earlier line.`,
      );
    } else if (children.length > MAX_GROUP) {
      report(line, 'error', `Group ${shorten(name)} has ${children.length} members, CrystFEL allows ${MAX_GROUP}.`);
    } else groups.push({ name, children });
    known.add(name);
  }
  if (drafts.length > 0) return groups;
  if (panels.size <= MAX_GROUP) return panels.size > 0 ? [{ name: 'all', children: [...panels] }] : [];
  report(
    0,
    'warning',
    `No group_ lines, and ${panels.size} panels are too many for the group "all": refinement needs groups.`,
  );
  return [];
}
