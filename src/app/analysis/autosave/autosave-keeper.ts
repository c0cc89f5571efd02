import { createElement, useEffect } from 'react';
import { useGeometry } from '../../geometry/geometry-store.ts';
import { headingLines } from '../curve/correction-words.ts';
import { useProduct } from '../curve/curve-runner.ts';
import { useCurves } from '../curve/curve-store.ts';
import { azimuthWords, showCurves } from '../curve/shown-curves.ts';
import { type SavedPattern, useAutosave } from './autosave-store.ts';

type Curves = Pick<
  ReturnType<typeof useCurves.getState>,
  'curves' | 'overlays' | 'subtracted' | 'waterfall' | 'background'
>;

/** The patterns on the page as they are drawn: one, one of each sector, or the combined one. Nothing while they are provisional. */
export function patternsOnPage(
  { curves, ...look }: Curves,
  experiment: Parameters<typeof showCurves>[0]['experiment'] | undefined,
): readonly SavedPattern[] {
  if (!curves || !experiment || !curves.isFinal || curves.isProposal) return [];
  const { after, made } = curves;
  const shown = showCurves({ ...look, curves, experiment, overlays: look.overlays });
  const isSectors = after.length > 1 && after[0].label === undefined;
  const parts = after.slice(1).map(({ label }) => label);
  const lines = [
    ...headingLines(made, look),
    ...(isSectors || parts.length === 0 ? [] : [`combined: ${parts.join(' + ')}`]),
  ];
  if (!isSectors) return [{ stem: made.stem, unit: shown.unit, curve: { x: shown.x, ...shown.main }, lines }];
  return after.map(({ azimuthRange, sigma }, i) => ({
    stem: `${made.stem}-sector${i + 1}`,
    unit: shown.unit,
    curve: { x: shown.x, y: shown.curves[i].y, sigma },
    lines: [...lines, `azimuth ${azimuthWords(azimuthRange)}`],
  }));
}

function Watch(): null {
  useProduct('curves');
  useEffect(() => {
    const save = () => {
      for (const pattern of patternsOnPage(useCurves.getState(), useGeometry.getState().document?.experiment))
        void useAutosave.getState().save(pattern);
    };
    save();
    return useCurves.subscribe((now, before) => {
      if (now.curves !== before.curves || now.background !== before.background || now.subtracted !== before.subtracted)
        save();
    });
  }, []);
  return null;
}

/** Saves each new pattern of the page while that is on, whether or not its panel is open; nobody leaves with files in memory. */
export function AutosaveKeeper() {
  const isOn = useAutosave((state) => state.isOn);
  const sink = useAutosave((state) => state.sink);
  const isWaiting = useAutosave((state) => state.isWaiting);
  useEffect(() => {
    if (!isWaiting) return;
    const ask = (event: BeforeUnloadEvent) => event.preventDefault();
    window.addEventListener('beforeunload', ask);
    return () => window.removeEventListener('beforeunload', ask);
  }, [isWaiting]);
  // Another folder gets the pattern of now, too.
  return isOn && sink ? createElement(Watch, { key: sink.name }) : null;
}
