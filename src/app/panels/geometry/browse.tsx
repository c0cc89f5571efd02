import { IconChevronLeft, IconChevronRight, IconPlayerTrackNext, IconPlayerTrackPrev } from '@tabler/icons-react';
import { useState } from 'react';
import { useFollowChoice, useRunFollower } from '../../analysis/batch/run-follower.ts';
import { useGeometryPage } from '../../geometry/geometry-address.ts';
import { parseTrainPlace, trainTimeText } from '../../geometry/train-place.ts';
import { useKeys } from '../../keyboard.ts';
import { trainIdAt } from '../../train-ranges.ts';
import { NumberField, Tick } from '../analysis/number.tsx';
import { Field } from '../field.tsx';

/** Walks over the trains of the run: by steps, by train id, position or time; and keeps up with a run that grows. */
export function GeometryBrowse({ startedAt }: { readonly startedAt: number | null }) {
  useRunFollower();
  const { info, detector, choice, set } = useGeometryPage();
  const { isFollowing, setFollowing } = useFollowChoice();
  const [step, setStep] = useState(1);
  const count = detector?.trains ?? 0;
  const pulses = detector?.maxPulses ?? 0;
  const isOne = choice.over === 'one';
  const toTrain = (train: number) => set({ train: String(Math.min(count - 1, Math.max(0, train))) });
  const toPulse = (pulse: number) => set({ pulse: String(Math.min(pulses - 1, Math.max(0, pulse))) });
  useKeys((event) => {
    const sign = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!sign || !isOne || count === 0 || event.altKey) return false;
    if (event.shiftKey) toPulse(choice.pulse + sign);
    else toTrain(choice.train + sign * step);
    return true;
  });
  const trains = {
    ranges: detector?.trainRanges ?? [],
    count,
    firstTrainId: info?.firstTrainId ?? null,
    startedAt,
  };
  const trainId = trainIdAt(trains.ranges, choice.train);
  const buttons = [
    ['first', 'First train', 0, IconPlayerTrackPrev],
    ['back', 'A step back', choice.train - step, IconChevronLeft],
    ['on', 'A step on', choice.train + step, IconChevronRight],
    ['last', 'Last train', count - 1, IconPlayerTrackNext],
  ] as const;
  return (
    <>
      {isOne && (
        <>
          <Field
            label="Train id"
            value={trainId === null ? '' : String(trainId)}
            unit={trainId === null ? '' : trainTimeText(trainId, trains)}
            effect="shows it; also #12, 12.5 s or 14:03:22"
            testId="browse-train"
            isText
            check={(text) => {
              const place = parseTrainPlace(text, trains);
              return typeof place === 'string' ? place : null;
            }}
            onApply={async (text) => {
              const place = parseTrainPlace(text, trains);
              if (typeof place === 'number') toTrain(place);
              return null;
            }}
          />
          <div className="georow">
            <span className="seg">
              {buttons.map(([id, word, train, Icon]) => (
                <button
                  key={id}
                  type="button"
                  aria-label={word}
                  title={word}
                  disabled={count < 2}
                  data-testid={`browse-${id}`}
                  onClick={() => toTrain(train)}
                >
                  <Icon size={13} stroke={1.7} aria-hidden="true" />
                </button>
              ))}
            </span>
            <NumberField
              label="by"
              value={step}
              low={1}
              high={1e6}
              isWhole
              effect="holds for the next step"
              testId="browse-step"
              onChange={(next) => setStep(next ?? 1)}
            />
          </div>
        </>
      )}
      <Tick
        label="Keep up with the run while it is written"
        title="Every 3 s: the newest train or a new mean is shown, and a batch goes on"
        isOn={isFollowing}
        testId="follow"
        onChange={setFollowing}
      />
    </>
  );
}
