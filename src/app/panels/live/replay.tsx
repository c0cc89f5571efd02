import { IconPlayerPauseFilled, IconPlayerPlayFilled, IconPlayerStopFilled, IconRepeat } from '@tabler/icons-react';
import { useState } from 'react';
import type { ReplayStatus } from '../../../api/live-contract.ts';
import type { ChangeReplay } from '../../../api/recordings-contract.ts';
import { liveSession } from '../../live/live-session.ts';
import { numberText } from '../../number-text.ts';
import { Field } from '../field.tsx';

interface LiveReplayProps {
  readonly replay: ReplayStatus;
  readonly run: (what: () => Promise<unknown>) => Promise<boolean>;
}

/** Rates to choose from, Hz; the empty one is that of the recording. */
const RATES = ['', '1', '5', '10', '20', '50'];

function checkTrain({ firstTrainId, lastTrainId }: ReplayStatus, text: string): string | null {
  const trainId = Number(text.replaceAll(/\s/g, ''));
  if (!Number.isInteger(trainId)) return 'a train id is needed';
  if (lastTrainId === null || firstTrainId === null) return 'the recording has no train ids';
  return trainId > lastTrainId ? `the last train is ${lastTrainId}` : null;
}

/** The recording that plays: where it is, pause, stop, round after round, rate, and the way to a train. */
export function LiveReplay({ replay, run }: LiveReplayProps) {
  const { name, path, position, messages, trainId, firstTrainId, lastTrainId } = replay;
  const { rateHz, isLooped, isPaused, hasEnded, leftOut, warning, error } = replay;
  const change = (wanted: ChangeReplay) => void run(() => liveSession.changeReplay(wanted));
  const isHeld = isPaused || hasEnded;
  // At its end it begins anew.
  const resume = () =>
    change(hasEnded && firstTrainId !== null ? { isPaused: false, trainId: firstTrainId } : { isPaused: !isPaused });
  const word = error ? 'stopped' : hasEnded ? 'at its end' : isPaused ? 'paused' : 'playing';
  const Icon = isHeld ? IconPlayerPlayFilled : IconPlayerPauseFilled;
  return (
    <div className="progressbox" data-testid="replay">
      <div className="liverow">
        <span className={`lamp ${error ? 'err' : isHeld ? 'off' : ''}`} aria-hidden="true" />
        <b className="grow el" title={path}>
          {name}
        </b>
        <span data-testid="replay-state">{word}</span>
      </div>
      {firstTrainId !== null && lastTrainId !== null && lastTrainId > firstTrainId ? (
        <TrainRange
          value={trainId ?? firstTrainId}
          first={firstTrainId}
          last={lastTrainId}
          onChange={(wanted) => change({ trainId: wanted })}
        />
      ) : (
        <progress value={messages > 0 ? position / messages : 0} aria-label="Part of the recording" />
      )}
      <Field
        label="Go to train"
        value={String(trainId ?? '')}
        testId="replay-train"
        check={(text) => checkTrain(replay, text)}
        onApply={async (text) => {
          await run(() => liveSession.changeReplay({ trainId: Number(text.replaceAll(/\s/g, '')) }));
          return null;
        }}
      />
      <div className="liverow wrap">
        <button type="button" className="btn" onClick={resume} disabled={error !== null} data-testid="replay-pause">
          <Icon size={12} aria-hidden="true" />
          {isHeld ? 'Play' : 'Pause'}
        </button>
        <button
          type="button"
          className={`btn ${isLooped ? 'on' : ''}`}
          aria-pressed={isLooped}
          title="Round after round"
          data-testid="replay-loop"
          onClick={() => change({ isLooped: !isLooped })}
        >
          <IconRepeat size={13} aria-hidden="true" />
          Loop
        </button>
        <select
          className="selct"
          aria-label="Rate of the replay"
          value={rateHz === null ? '' : String(rateHz)}
          onChange={(event) => change({ rateHz: event.target.value === '' ? null : Number(event.target.value) })}
        >
          {RATES.map((rate) => (
            <option key={rate} value={rate}>
              {rate === '' ? 'as recorded' : `${rate} Hz`}
            </option>
          ))}
        </select>
        <button
          type="button"
          className="btn"
          title="Stops it; the bridges that were on go on"
          data-testid="replay-stop"
          onClick={() => void run(() => liveSession.stopReplay())}
        >
          <IconPlayerStopFilled size={12} aria-hidden="true" />
          Stop
        </button>
      </div>
      {warning && !error && (
        <div className="trouble" data-testid="replay-warning">
          {leftOut === 1 ? 'A damaged message is' : `${leftOut} damaged messages are`} left out: {warning}
        </div>
      )}
      {error && <div className="trouble">{error}</div>}
    </div>
  );
}

interface TrainRangeProps {
  readonly value: number;
  readonly first: number;
  readonly last: number;
  readonly onChange: (trainId: number) => void;
}

/** A slider over train ids; the replay goes there when it is let go. */
function TrainRange({ value, first, last, onChange }: TrainRangeProps) {
  const [draft, setDraft] = useState<number | null>(null);
  const settle = () => {
    if (draft !== null) onChange(draft);
    setDraft(null);
  };
  return (
    <input
      type="range"
      aria-label="Train of the replay"
      aria-valuetext={`train ${numberText(draft ?? value)}`}
      data-testid="replay-range"
      min={first}
      max={last}
      value={draft ?? Math.min(last, Math.max(first, value))}
      onChange={(event) => setDraft(Number(event.target.value))}
      onPointerUp={settle}
      onKeyUp={settle}
      onBlur={settle}
    />
  );
}
