import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useEffect, useMemo, useState } from 'react';
import type { KeyInfo } from '../../../api/run-contract.ts';
import { numberText } from '../../number-text.ts';
import { reductionText } from '../../reduction-text.ts';
import { type ChosenKey, chosenTrain, useRunView } from '../../run-view.ts';
import { session } from '../../session.ts';
import { noteShownFrame } from '../../test-probe.ts';
import { ImageView } from '../image-view.tsx';
import { QueryState } from '../query-state.tsx';
import { Slider } from '../slider.tsx';
import { shortKey } from '../source-keys.tsx';
import { TrainSlider } from '../train-slider.tsx';

/** One entry of a key as a picture, by train, entry, and plane of an entry with more axes. */
export function KeyPicture({ chosen, info: key }: { readonly chosen: ChosenKey; readonly info: KeyInfo }) {
  const view = useRunView();
  const { run, info } = view;
  const { source, field } = chosen;
  const train = chosenTrain(view);
  const [wanted, setWanted] = useState({ entry: 0, plane: 0 });
  const planes = key.entryShape.slice(0, -2).reduce((a, b) => a * b, 1);
  const entry = Math.min(wanted.entry, Math.max(0, key.most - 1));
  const plane = Math.min(wanted.plane, planes - 1);
  const query = useQuery({
    queryKey: ['picture', run, source, key.key, field, train, entry, plane],
    queryFn: ({ signal }) => session.call('picture', run, { source, key: key.key, field, train, entry, plane }, signal),
    placeholderData: (before, last) =>
      last?.queryKey[3] === key.key && last.queryKey[2] === source ? keepPreviousData(before) : undefined,
  });
  const frame = query.error ? undefined : query.data;
  const image = useMemo(() => {
    const array = frame?.arrays.get('image');
    return array ? { data: array.data as Float32Array, shape: array.shape } : null;
  }, [frame]);
  useEffect(() => {
    if (frame) noteShownFrame(frame);
  }, [frame]);
  const name = `${shortKey(key.key)}${field ? `.${field}` : ''}`;
  const reduction = frame ? reductionText(frame.meta.reduction) : '';
  return (
    <>
      <ImageView
        image={image}
        unit={key.units}
        provenance={
          frame
            ? `${reduction ? `${reduction} · ` : ''}train …${String(frame.meta.trainId).slice(-5)} · entry ${entry}`
            : ''
        }
        fileName={`${info.proposal}-r${info.run}-${name}-${train}-${entry}`}
        testId="key-image"
      >
        <div className={query.error || query.isLoading ? 'cover' : ''}>
          <QueryState isLoading={query.isLoading} error={query.error} what={name} />
        </div>
      </ImageView>
      <TrainSlider name="picture-train" />
      {(key.most > 1 || planes > 1) && (
        <div className="sliders">
          {key.most > 1 && (
            <Slider
              label="Entry"
              name="picture-entry"
              value={entry}
              count={key.most}
              words={numberText(entry)}
              onChange={(next) => setWanted({ entry: next, plane })}
            />
          )}
          {planes > 1 && (
            <Slider
              label="Plane"
              name="picture-plane"
              value={plane}
              count={planes}
              words={numberText(plane)}
              onChange={(next) => setWanted({ entry, plane: next })}
            />
          )}
        </div>
      )}
    </>
  );
}
