import { StateInvalid } from '../../../core/errors.ts';
import { useGeometry } from '../../geometry/geometry-store.ts';
import { callAnalysis, geometryMessage } from '../analysis-client.ts';
import type { CombineRequest, CurveSettings, FullExperiment } from '../analysis-request.ts';
import type { BeforeAfter, Provenance } from '../curve/curve-store.ts';
import { useCurves } from '../curve/curve-store.ts';
import { sendPictures, useScenes } from './scene-store.ts';

/** What is combined, and from what. */
interface CombinedScenes {
  readonly request: CombineRequest;
  readonly made: Provenance;
}

/**
 * The configurations that are combined with the settings of now: unit, bins and range are those of the one on the page.
 * @returns null while a picture is on its way @throws StateInvalid in words why they cannot be combined
 */
function scenesNow(isQuick: boolean, radialRange: CurveSettings['radialRange']): CombinedScenes | null {
  const { current, hasCurrent, others, problem } = useScenes.getState();
  const { document, geometry, picture, mask, version } = useGeometry.getState();
  const { settings } = useCurves.getState();
  if (problem) throw new StateInvalid(problem, { field: 'configurations' });
  if (!others || !document || !geometry || !picture) return null;
  const own = { geometry, experiment: document.experiment as FullExperiment, settings, picture, mask };
  // In the order in which they were made, so that the picture on the page changes no colour and no scale.
  const scenes = [...(hasCurrent ? [{ ...current, ...own }] : []), ...others].sort((a, b) => a.id - b.id);
  if (scenes.length === 0)
    throw new StateInvalid('No configuration is combined: tick at least one.', { field: 'configurations' });
  for (const scene of scenes) sendPictures(scene.id, scene.picture.data, scene.mask);
  const { unit, points } = settings;
  const parts = scenes.map(({ id, name, scale, geometry: its, experiment, settings: own }) => ({
    ...{ scene: id, name, scale, experiment, geometry: geometryMessage(its) },
    settings: { ...own, unit, points, radialRange, sectors: 1, ...(isQuick ? { method: 'no' as const } : {}) },
  }));
  const words = `${scenes.length} combined`;
  const units = [...new Set(scenes.map((scene) => scene.picture.unit))];
  const made = {
    version,
    unit: units.join(' and '),
    picture: `${words} · ${picture.provenance}`,
    stem: `${picture.stem}-combined`,
    how: 'split and corrected as each configuration says',
  };
  return { request: { parts }, made };
}

/**
 * The curves of all chosen configurations, the combined one first; null while a picture is on its way.
 * @throws StateInvalid, or Error in the worker's words
 */
export async function combinedCurves(isQuick: boolean) {
  const { settings } = useCurves.getState();
  const scenes = scenesNow(isQuick, settings.radialRange);
  return scenes && result(await callAnalysis('combine', scenes.request), scenes.made, isQuick);
}

/** The cake of all chosen configurations; null while a picture is on its way. @throws as {@link combinedCurves} */
export async function combinedCake(isQuick: boolean, radialRange: CurveSettings['radialRange']) {
  const scenes = scenesNow(isQuick, radialRange);
  const { cake } = useCurves.getState();
  return scenes && result(await callAnalysis('combinedCake', { ...scenes.request, cake }), scenes.made, isQuick);
}

function result<T>(after: T, made: Provenance, isQuick: boolean): BeforeAfter<T> {
  return { before: null, after, made, isProposal: false, isFinal: !isQuick };
}
