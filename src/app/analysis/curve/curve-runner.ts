import { useEffect } from 'react';
import type { Geometry } from '../../../detector/geometry.ts';
import { useGeometry } from '../../geometry/geometry-store.ts';
import { fileWords } from '../../geometry/picture-stem.ts';
import { callAnalysis, geometryMessage } from '../analysis-client.ts';
import type { FullExperiment } from '../analysis-request.ts';
import { combinedCake, combinedCurves } from '../configurations/combined-runner.ts';
import { sendPictures, useScenes } from '../configurations/scene-store.ts';
import { ringRange, ringsOf } from '../phases/calibrant-rings.ts';
import { integrationWords } from './correction-words.ts';
import { type BeforeAfter, useCurves } from './curve-store.ts';

/** After this time without a change the chosen method replaces the quick one, ms. */
const REST_MS = 350;

type Product = 'curves' | 'cakes';

const watchers: Record<Product, number> = { curves: 0, cakes: 0 };
let stop: (() => void) | null = null;

/** Keeps curves or cakes of the present geometry made while a panel shows them: quickly while it moves, then as chosen. */
export function useProduct(product: Product): void {
  useEffect(() => {
    watchers[product]++;
    stop ??= watch();
    schedule(true);
    return () => {
      watchers[product]--;
      if (watchers.curves + watchers.cakes > 0) return;
      stop?.();
      stop = null;
    };
  }, [product]);
}

let isRunning = false;
let isWanted = false;
/** Of what is wanted next. */
let isNextQuick = true;
let rest: ReturnType<typeof setTimeout> | undefined;

function watch(): () => void {
  const ends = [
    useGeometry.subscribe((now, before) => {
      const isMoved = now.geometry !== before.geometry || now.proposal !== before.proposal;
      const isElse =
        now.mask !== before.mask ||
        now.document?.experiment !== before.document?.experiment ||
        now.document?.start !== before.document?.start ||
        now.document?.calibrant !== before.document?.calibrant ||
        now.document?.rings !== before.document?.rings;
      const isPicture = now.picture !== before.picture;
      if (isMoved || isElse) schedule(true);
      // The table of the chosen method is there already: another picture takes it as quickly.
      else if (isPicture) schedule(before.picture === null);
    }),
    useScenes.subscribe((now, before) => {
      const isOther = now.current !== before.current || now.isSwitching !== before.isSwitching;
      if (now.isCombined || before.isCombined || isOther) schedule(true);
    }),
    useCurves.subscribe((now, before) => {
      if (now.settings !== before.settings || now.cake !== before.cake) schedule(false);
    }),
  ];
  return () => {
    for (const end of ends) end();
    clearTimeout(rest);
  };
}

/** The newest state is made as soon as the worker is free; what came in between is skipped. */
function schedule(isQuick: boolean): void {
  if (useScenes.getState().isSwitching) return;
  clearTimeout(rest);
  const wantsRest = isQuick && useCurves.getState().settings.method !== 'no';
  if (wantsRest) rest = setTimeout(() => void make(false), REST_MS);
  void make(isQuick);
}

/** Makes everything anew: the worker got other corrections. */
export function remakeProducts(): void {
  if (stop) schedule(false);
}

async function make(isQuick: boolean): Promise<void> {
  isNextQuick = isQuick;
  if (isRunning) {
    isWanted = true;
    return;
  }
  isRunning = true;
  useCurves.setState({ isBusy: true });
  try {
    do {
      isWanted = false;
      await makeOnce(isNextQuick);
    } while (isWanted);
  } finally {
    isRunning = false;
    useCurves.setState({ isBusy: false });
  }
}

/** Sends pictures and masks that the worker does not have. Calls that follow see them. */
export function sendScene(): void {
  const { picture, mask } = useGeometry.getState();
  sendPictures(useScenes.getState().current.id, picture?.data ?? null, mask);
}

async function makeOnce(isQuick: boolean): Promise<void> {
  const { document, geometry, picture, proposal, version } = useGeometry.getState();
  const { settings: chosen, cake } = useCurves.getState();
  if (!document || !geometry || !picture) {
    useCurves.setState({ curves: null, cakes: null, curveError: null, cakeError: null });
    return;
  }
  sendScene();
  const settings = isQuick ? { ...chosen, method: 'no' as const } : chosen;
  const now = { geometry, experiment: document.experiment };
  const after = proposal ? { geometry: proposal.geometry, experiment: proposal.experiment } : now;
  const isMoved = document.start !== geometry;
  const before = proposal ? now : isMoved ? { ...now, geometry: document.start } : null;
  const made = {
    ...{ version, picture: picture.provenance, unit: picture.unit },
    how: integrationWords({ ...useCurves.getState(), settings }),
    stem: [picture.stem, fileWords(useScenes.getState().current.name)].filter((part) => part !== '').join('-'),
  };
  // The quick method may be the chosen one.
  const isReplaced = isQuick && chosen.method !== 'no';
  const cakeRange =
    settings.radialRange ??
    (cake.isRingsOnly ? ringRange(ringsOf(document), settings.unit, document.experiment) : null);
  const of = (scene: { readonly geometry: Geometry; readonly experiment: FullExperiment }) => ({
    geometry: geometryMessage(scene.geometry),
    experiment: scene.experiment,
    settings,
  });
  /** Both results, or the worker's words why there are none. */
  const pair = async <T>(call: (scene: NonNullable<typeof before>) => Promise<T>): Promise<BeforeAfter<T>> => ({
    after: await call(after),
    before: before && (await call(before)),
    made,
    isProposal: proposal !== null,
    isFinal: !isReplaced,
  });
  const { isCombined } = useScenes.getState();
  if (watchers.curves > 0) {
    try {
      const curves = isCombined
        ? await combinedCurves(isReplaced)
        : await pair((scene) => callAnalysis('curves', of(scene)));
      // While a picture of another configuration is on its way, what was there stays.
      if (curves) useCurves.setState({ curves, curveError: null });
    } catch (error) {
      useCurves.setState({ curves: null, curveError: error instanceof Error ? error.message : String(error) });
    }
  }
  if (watchers.cakes > 0 && !isWanted) {
    try {
      const cakes = isCombined
        ? await combinedCake(isReplaced, cakeRange)
        : await pair((scene) =>
            callAnalysis('cake', { ...of(scene), settings: { ...settings, radialRange: cakeRange }, cake }),
          );
      if (cakes) useCurves.setState({ cakes, cakeError: null });
    } catch (error) {
      useCurves.setState({ cakes: null, cakeError: error instanceof Error ? error.message : String(error) });
    }
  }
}
