import { useQueries } from '@tanstack/react-query';
import { useEffect } from 'react';
import { useGeometryPage } from '../../geometry/geometry-address.ts';
import type { ModulePicture } from '../../geometry/geometry-store.ts';
import { pictureQuery, type RunDetector, viewOf } from '../../geometry/module-picture.ts';
import { useConfigurations } from './configuration-store.ts';
import { sameTrain } from './same-train.ts';

/** Keeps the pictures of all configurations that are combined: the same frames of the same run, each of its own detector. */
export function OtherPictures(): null {
  const page = useGeometryPage();
  const { run, info, choice, detector: shown, state } = page;
  const configurations = useConfigurations((store) => store.configurations);
  const view = useConfigurations((store) => store.view);
  const wanted = view === 'combined' ? configurations.filter(({ parked, isIncluded }) => parked && isIncluded) : [];
  const asked = wanted.map(({ detector: name }) => {
    const detector = info?.detectors.find((each) => each.name === name) ?? null;
    const train = detector
      ? sameTrain(page, detector)
      : `this run has no ${name ?? 'such detector'}; untick it, or choose another run.`;
    return { detector, train };
  });
  const queries = useQueries({
    queries: asked.map(({ detector, train }) =>
      pictureQuery(
        typeof train === 'number' ? run : null,
        { ...choice, ...(typeof train === 'number' ? { train } : {}), view: otherView(choice.view, detector) },
        detector,
      ),
    ),
  });
  const pictures = new Map(
    wanted.flatMap(({ id }, i): [number, ModulePicture | string][] => {
      const { train } = asked[i];
      if (typeof train === 'string') return info ? [[id, train]] : [];
      const { data, error } = queries[i];
      const found = error ? error.message : data;
      return found === undefined ? [] : [[id, found]];
    }),
  );
  // The picture on the page is that of the frames before until its own comes.
  const isComplete = info !== null && shown !== null && pictures.size === wanted.length && !state.isLoading;
  useEffect(() => {
    const { pictures: before, setPictures } = useConfigurations.getState();
    if (!isComplete) setPictures(null);
    else if (before?.size !== pictures.size || [...pictures].some(([id, picture]) => before.get(id) !== picture))
      setPictures(pictures);
  });
  return null;
}

/** As on the page, where the detector has it. */
function otherView(view: 'raw' | 'corrected' | null, detector: RunDetector | null): 'raw' | 'corrected' {
  return view === 'raw' && detector?.isRaw ? 'raw' : viewOf(null, detector);
}
