import { type GeomLine, type Report, readNumber, shorten } from './geom-lines.ts';
import type { GeomPanel } from './geom-panel.ts';

/** Bad pixels: of a panel (relative to its first pixel, inclusive), or in the lab frame (pixels). */
export type GeomBadRegion =
  | {
      readonly kind: 'panel';
      readonly name: string;
      readonly panel: string;
      readonly minFs: number;
      readonly maxFs: number;
      readonly minSs: number;
      readonly maxSs: number;
    }
  | {
      readonly kind: 'lab';
      readonly name: string;
      readonly minX: number;
      readonly maxX: number;
      readonly minY: number;
      readonly maxY: number;
    };

/** A bad region whose lines are still being read. */
export interface DraftBadRegion {
  readonly line: number;
  panel: string | null;
  readonly numbers: Map<string, number>;
}

const PANEL_KEYS = ['min_fs', 'max_fs', 'min_ss', 'max_ss'];
const LAB_KEYS = ['min_x', 'max_x', 'min_y', 'max_y'];

/** Applies one line to a bad region. */
export function setBadRegionField(draft: DraftBadRegion, entry: GeomLine, report: Report): void {
  const { line, key, value } = entry;
  if (key === 'panel') draft.panel = value;
  else if (PANEL_KEYS.includes(key) || LAB_KEYS.includes(key)) {
    const number = readNumber(value);
    if (number === undefined) report(line, 'error', `${key} = "${shorten(value)}" must be a finite number.`);
    else draft.numbers.set(key, PANEL_KEYS.includes(key) ? Math.trunc(number) : number);
  } else
    report(
      line,
      'warning',
      `Unknown key "${shorten(key)}" of a bad region: CrystFEL passes over it. Correct or delete it.`,
    );
}

/** Checks a bad region when all panels are known; undefined if it cannot be used. */
export function finishBadRegion(
  name: string,
  draft: DraftBadRegion,
  panels: readonly GeomPanel[],
  report: Report,
): GeomBadRegion | undefined {
  const { line, numbers } = draft;
  const fail = (message: string) => {
    report(line, 'error', `Bad region ${name} ${message}`);
    return undefined;
  };
  const inPanel = PANEL_KEYS.filter((key) => numbers.has(key));
  const inLab = LAB_KEYS.filter((key) => numbers.has(key));
  if (inPanel.length > 0 && inLab.length > 0) return fail('mixes fs/ss with x/y: use one of them.');
  if (inPanel.length < 4 && inLab.length < 4) {
    return fail(`needs ${PANEL_KEYS.join(', ')} with a panel, or ${LAB_KEYS.join(', ')}.`);
  }
  const of = (key: string) => numbers.get(key) as number;
  for (const axis of inLab.length > 0 ? ['x', 'y'] : ['fs', 'ss'])
    if (of(`min_${axis}`) > of(`max_${axis}`))
      report(line, 'warning', `Bad region ${name} holds no pixel: min_${axis} is above max_${axis}.`);
  if (inLab.length > 0) {
    if (draft.panel !== null) return fail('is given by x and y, so it cannot have a panel.');
    return { kind: 'lab', name, minX: of('min_x'), maxX: of('max_x'), minY: of('min_y'), maxY: of('max_y') };
  }
  if (draft.panel === null && panels.length !== 1) return fail('needs a panel.');
  const panel = draft.panel === null ? panels[0] : panels.find((p) => p.name === draft.panel);
  if (!panel)
    return fail(
      `is of panel "${shorten(draft.panel ?? '')}", which does not exist: use the name of a panel of this file.`,
    );
  const isInside =
    of('min_fs') >= panel.minFs &&
    of('max_fs') <= panel.maxFs &&
    of('min_ss') >= panel.minSs &&
    of('max_ss') <= panel.maxSs;
  if (!isInside)
    return fail(
      `is not inside of panel ${panel.name} (fs ${panel.minFs} to ${panel.maxFs}, ss ${panel.minSs} to ${panel.maxSs}).`,
    );
  return {
    kind: 'panel',
    name,
    panel: panel.name,
    minFs: of('min_fs') - panel.minFs,
    maxFs: of('max_fs') - panel.minFs,
    minSs: of('min_ss') - panel.minSs,
    maxSs: of('max_ss') - panel.minSs,
  };
}
