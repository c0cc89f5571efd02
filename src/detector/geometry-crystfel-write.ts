import { GeometryInvalid } from '../core/errors.ts';
import type { GeomGroup } from '../formats/crystfel/geom.ts';
import { inUnits } from '../formats/crystfel/geom-number.ts';
import type { GeomDimension, Vector } from '../formats/crystfel/geom-panel.ts';
import { formatGeom, type GeomBadRegionPlan, type GeomPanelPlan } from '../formats/crystfel/geom-write.ts';
import type { Detector } from './detector.ts';
import { type Geometry, type GeometryMetadata, TILE_NUMBERS, tileStart } from './geometry.ts';
import type { BadRegion } from './geometry-bad-region.ts';

/**
 * Axes of the data that a .geom file is for, slowest first: `frame` (or none), `modno` (or none: modules follow each other
 * along ss), fixed indices such as the gain plane of raw files, `ss`, `fs`.
 */
export type CrystfelLayout = readonly ('frame' | 'modno' | 'ss' | 'fs' | number)[];

/** Data as in virtual CXI files. */
export const CXI_LAYOUT: CrystfelLayout = ['frame', 'modno', 'ss', 'fs'];

const ALL_BITS = 0xffffffff;

/** What a .geom file tells beside the positions; what is not given comes from the geometry's metadata. */
export interface CrystfelWriteOptions {
  readonly layout?: CrystfelLayout;
  readonly dataPath?: string;
  /** Without bits, here or in the metadata, any bit of it makes a pixel bad, as in masks of the European XFEL. */
  readonly maskPath?: string;
  readonly maskGoodBits?: number;
  readonly maskBadBits?: number;
  readonly aduPerEv?: number;
  /** Sample to detector, m. */
  readonly distance?: number;
  readonly photonEnergyKeV?: number;
  /** Number of rigid groups of modules; 0 for none. Default: the quadrants of the detector. */
  readonly quadrants?: number;
}

/**
 * A CrystFEL .geom file of a geometry: panels `p{module}a{tile}`, groups for CrystFEL 0.11 and later, rigid groups for older
 * programs, bad regions and motor positions.
 * @throws GeometryInvalid for an impossible layout, quadrants that do not divide the modules, or values out of range
 * @source EXtra-geom, write_crystfel_geom
 */
export function crystfelFromGeometry(geometry: Geometry, options: CrystfelWriteOptions = {}): string {
  const { detector, metadata } = geometry;
  const { layout = CXI_LAYOUT } = options;
  checkLayout(layout);
  const res = 1 / detector.pixelSize;
  const given = { ...metadata, ...definedOf(options) };
  const groups = groupsOf(detector, options.quadrants);
  // Without bits CrystFEL reads a mask and leaves out nothing.
  const isNewMask = options.maskPath !== undefined && given.maskGoodBits === undefined;
  return formatGeom({
    comments: [
      `${detector.name} geometry file written by Hutch`,
      'To use it with CrystFEL, fill in what is SET ME below.',
      'The format: https://www.desy.de/~twhite/crystfel/manual-crystfel_geometry.html',
    ],
    motors: metadata.motorPositions,
    dataPath: given.dataPath ?? '/entry_1/instrument_1/detector_1/data',
    maskPath: given.maskPath,
    maskGood: given.maskGoodBits,
    maskBad: given.maskBadBits ?? (isNewMask ? ALL_BITS : undefined),
    res,
    photonEnergyEv:
      given.photonEnergyKeV === undefined ? metadata.photonEnergySource : inUnits(given.photonEnergyKeV, 1e3),
    clen: given.distance ?? metadata.distanceSource,
    aduPerEv: given.aduPerEv,
    badRegions: (metadata.badRegions ?? []).map((region) => badRegionPlan(region, detector, layout, res)),
    panels: panelPlans(geometry, layout, res),
    ...groups,
  });
}

function definedOf({ layout: _, quadrants: __, ...others }: CrystfelWriteOptions): GeometryMetadata {
  return Object.fromEntries(Object.entries(others).filter(([, value]) => value !== undefined));
}

/** @throws GeometryInvalid if CrystFEL could not read data of such axes */
export function checkLayout(layout: CrystfelLayout): void {
  const count = (name: string) => layout.filter((dim) => dim === name).length;
  const isGood =
    count('ss') === 1 &&
    count('fs') === 1 &&
    layout.indexOf('ss') < layout.indexOf('fs') &&
    count('frame') <= 1 &&
    count('modno') <= 1 &&
    layout.length <= 16 &&
    layout.every((dim) => typeof dim !== 'number' || (Number.isInteger(dim) && dim >= 0));
  if (!isGood) {
    throw new GeometryInvalid(
      `Layout (${layout.join(', ')}) is impossible: it needs ss and then fs once each, at most one frame and one modno, and whole numbers for fixed indices, such as (frame, modno, ss, fs).`,
      { layout: [...layout] },
    );
  }
}

/** Axes of a panel of one module. */
export function panelDimensions(layout: CrystfelLayout, module: number): GeomDimension[] {
  return layout.map((dim) => (dim === 'frame' ? '%' : dim === 'modno' ? module : dim));
}

/** How far the data of a module are moved along ss. */
export function moduleShift(layout: CrystfelLayout, detector: Detector, module: number): number {
  return layout.includes('modno') ? 0 : module * detector.dataShape[1];
}

/** Name of the panel of a tile. */
export function panelName(module: number, tile: number): string {
  return `p${module}a${tile}`;
}

function panelPlans({ detector, tiles }: Geometry, layout: CrystfelLayout, res: number): GeomPanelPlan[] {
  const plans: GeomPanelPlan[] = [];
  for (let module = 0; module < detector.dataShape[0]; module++) {
    const shift = moduleShift(layout, detector, module);
    for (const [tile, { ssStart, ssStop, fsStart, fsStop }] of detector.tiles.entries()) {
      const at = tileStart(detector, module, tile);
      const numbers = [...tiles.subarray(at, at + TILE_NUMBERS)];
      const pixels = numbers.map((length) => inUnits(length, res));
      plans.push({
        name: panelName(module, tile),
        dims: panelDimensions(layout, module),
        minFs: fsStart,
        maxFs: fsStop - 1,
        minSs: shift + ssStart,
        maxSs: shift + ssStop - 1,
        ss: pixels.slice(3, 6) as unknown as Vector,
        fs: pixels.slice(6, 9) as unknown as Vector,
        cornerX: pixels[0],
        cornerY: pixels[1],
        coffset: numbers[2],
      });
    }
  }
  return plans;
}

function badRegionPlan(region: BadRegion, detector: Detector, layout: CrystfelLayout, res: number): GeomBadRegionPlan {
  const { name } = region;
  if (region.kind === 'lab') {
    const [minX, maxX, minY, maxY] = [region.minX, region.maxX, region.minY, region.maxY].map((m) => inUnits(m, res));
    return { name, panel: null, minX, maxX, minY, maxY };
  }
  const shift = moduleShift(layout, detector, region.module);
  return {
    name,
    panel: panelName(region.module, region.tile),
    minSs: shift + region.ssStart,
    maxSs: shift + region.ssStop - 1,
    minFs: region.fsStart,
    maxFs: region.fsStop - 1,
  };
}

interface Groups {
  readonly groups: GeomGroup[];
  readonly rigidGroups: GeomGroup[];
  readonly rigidCollections: GeomGroup[];
}

/** CrystFEL takes no more members of a group. */
const MAX_CHILDREN = 64;

function groupsOf(detector: Detector, wanted: number | undefined): Groups {
  const [modules] = detector.dataShape;
  const parts = detector.groupModules.length;
  // Where each module moves by itself there are no quadrants.
  const quadrants = wanted ?? (parts < modules && modules % parts === 0 ? parts : 0);
  if (!Number.isInteger(quadrants) || quadrants < 0 || (quadrants > 0 && modules % quadrants !== 0)) {
    throw new GeometryInvalid(`${quadrants} quadrants do not divide ${modules} modules of ${detector.name}.`, {
      quadrants,
      modules,
    });
  }
  const moduleNames = Array.from({ length: modules }, (_, module) => `p${module}`);
  const panelsOf = (module: number) => detector.tiles.map((_, tile) => panelName(module, tile));
  const perQuadrant = quadrants > 0 ? modules / quadrants : 0;
  const quadrantNames = Array.from({ length: quadrants }, (_, quadrant) => `q${quadrant}`);
  const modulesOf = (quadrant: number) => Array.from({ length: perQuadrant }, (_, i) => quadrant * perQuadrant + i);

  const groups: GeomGroup[] = [];
  for (const [module, name] of moduleNames.entries()) addGroup(groups, name, panelsOf(module));
  for (const [quadrant, name] of quadrantNames.entries())
    addGroup(
      groups,
      name,
      modulesOf(quadrant).map((module) => moduleNames[module]),
    );
  addGroup(groups, 'all', quadrants > 0 ? quadrantNames : moduleNames);

  const rigid = moduleNames.map((name, module) => ({ name, children: panelsOf(module) }));
  const rigidQuadrants = quadrantNames.map((name, quadrant) => ({
    name,
    children: modulesOf(quadrant).flatMap(panelsOf),
  }));
  return {
    groups,
    rigidGroups: [...rigid, ...rigidQuadrants],
    rigidCollections: [
      { name: 'modules', children: moduleNames },
      ...(quadrants > 0 ? [{ name: 'quads', children: quadrantNames }] : []),
    ],
  };
}

/** Adds a group, by way of groups between where it has too many members. */
function addGroup(groups: GeomGroup[], name: string, members: readonly string[]): void {
  let children = members;
  for (let level = 1; children.length > MAX_CHILDREN; level++) {
    const parts: string[] = [];
    for (let start = 0; start < children.length; start += MAX_CHILDREN) {
      const part = `${name}_${level}_${parts.length}`;
      groups.push({ name: part, children: children.slice(start, start + MAX_CHILDREN) });
      parts.push(part);
    }
    children = parts;
  }
  groups.push({ name, children });
}
