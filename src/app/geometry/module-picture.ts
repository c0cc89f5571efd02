import { queryOptions } from '@tanstack/react-query';
import type { DetectorStackMeta } from '../../api/run-calls.ts';
import type { RunInfo } from '../../api/run-contract.ts';
import { NoData } from '../../core/errors.ts';
import { numberText } from '../number-text.ts';
import type { RunKey } from '../run-source.ts';
import { session } from '../session.ts';
import type { PictureChoice } from './geometry-address.ts';
import type { ModulePicture } from './geometry-store.ts';
import { pictureStem } from './picture-stem.ts';

/** A detector of a run, as its description lists it. */
export type RunDetector = RunInfo['detectors'][number];

/** Corrected where that is possible, unless somebody chose. */
export function viewOf(choice: PictureChoice['view'], detector: RunDetector | null): 'raw' | 'corrected' {
  const canCorrect = detector ? !detector.isRaw || detector.isCorrectable : false;
  return choice ?? (canCorrect ? 'corrected' : 'raw');
}

/** Asks for the picture of a detector that the page has chosen: one frame, or the mean, the maximum, the sum of many. */
export function pictureQuery(run: RunKey | null, choice: PictureChoice, detector: RunDetector | null) {
  const { over, train, pulse, trains } = choice;
  const query = {
    ...{ detector: detector?.name ?? '', view: viewOf(choice.view, detector), over },
    ...(over === 'one' ? { train, pulse } : { trains, frames: 2 * trains }),
  };
  return queryOptions({
    queryKey: ['stack', run, query] as const,
    queryFn: async ({ signal }): Promise<ModulePicture> => {
      const asked = run as RunKey;
      const { meta, arrays } = await session.call('stack', asked, query, signal);
      const stack = arrays.get('stack');
      if (!stack) throw new NoData(`${query.detector} gave no picture.`, { detector: query.detector });
      const [modules, ss, fs] = stack.shape;
      return {
        detector: query.detector,
        data: stack.data as Float32Array,
        shape: [modules, ss, fs],
        unit: meta.unit,
        provenance: `run ${asked.run} · ${framesOf(meta)}`,
        stem: pictureStem(asked, meta, pulse),
        trainIds: meta.trainIds,
      };
    },
    enabled: run !== null && detector !== null,
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
    // Nobody compares megabytes of pixels with those before.
    structuralSharing: false,
  });
}

function framesOf({ over, trainIds, pulseId, frames }: DetectorStackMeta): string {
  if (over === 'one') return `train …${String(trainIds[0]).slice(-5)}${pulseId < 0 ? '' : ` · pulse ${pulseId}`}`;
  const words = { mean: 'mean', max: 'maximum', sum: 'sum' }[over];
  return `${words} of ${numberText(frames)} frames, ${numberText(trainIds.length)} trains`;
}
