import { encodeGeometryState } from '../../geometry/geometry-state.ts';
import type { CorrectionNames } from '../curve/curve-store.ts';
import { packArray } from './packed-array.ts';
import { PROJECT_MARK, PROJECT_VERSION, type Project, type ProjectConfiguration } from './project.ts';

/** Pictures that correct, by their names in the file. */
export const CORRECTIONS = ['dark', 'flat', 'original', 'response', 'background'] as const;

/** A project as JSON; `docs/geometry.md` describes it. @param savedAt ms since the epoch */
export async function encodeProject(project: Project, savedAt: number): Promise<string> {
  const { configurations, overlays, phases, ...rest } = project;
  const encoded = {
    format: PROJECT_MARK,
    version: PROJECT_VERSION,
    saved: new Date(savedAt).toISOString(),
    ...rest,
    configurations: await Promise.all(configurations.map(encodeConfiguration)),
    overlays: await Promise.all(
      overlays.map(async ({ x, y, ...overlay }) => ({
        ...overlay,
        x: await packArray(x, [x.length]),
        y: await packArray(y, [y.length]),
      })),
    ),
    // The text of its file holds the phase; the equation may have been edited since.
    phases: phases.map(({ phase, ...each }) => ({ ...each, equation: phase.equation ?? null })),
  };
  return `${JSON.stringify(encoded, null, 1)}\n`;
}

async function encodeConfiguration({ document, state, ...rest }: ProjectConfiguration): Promise<object> {
  const { mask, corrections, correctionPictures, ...settings } = state;
  const { dataShape } = document.start.detector;
  const encodePicture = async (name: keyof CorrectionNames) => {
    const picture = correctionPictures[name];
    return [name, picture && { name: corrections[name] ?? name, values: await packArray(picture, dataShape) }] as const;
  };
  return {
    ...rest,
    geometry: JSON.parse(encodeGeometryState(document)) as object,
    mask: mask && (await packArray(mask, dataShape)),
    ...settings,
    corrections: Object.fromEntries(await Promise.all(CORRECTIONS.map(encodePicture))),
  };
}
