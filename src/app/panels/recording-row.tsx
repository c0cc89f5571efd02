import { IconDownload, IconPlayerPlayFilled, IconTrash } from '@tabler/icons-react';
import { useEffect, useRef, useState } from 'react';
import type { RecordingsReply } from '../../api/recordings-contract.ts';
import { liveSession } from '../live/live-session.ts';
import { bytesText, clockText } from '../live/live-text.ts';
import { numberText } from '../number-text.ts';

interface RecordingRowProps {
  readonly recording: RecordingsReply['recordings'][number];
  readonly isPlayed: boolean;
  readonly isBeingMade: boolean;
  readonly mayDelete: boolean;
  readonly onPlay: () => void;
  /** @returns whether it was deleted */
  readonly onDelete: () => Promise<boolean>;
}

/** One recording of the list: replay, download, delete. */
export function RecordingRow(props: RecordingRowProps) {
  const { recording, isPlayed, isBeingMade, mayDelete, onPlay, onDelete } = props;
  const [isAsking, setAsking] = useState(false);
  const {
    name,
    messages,
    bytes,
    durationMs,
    firstTrainId,
    lastTrainId,
    startedAt,
    sources,
    endpoints,
    dropped,
    warnings,
  } = recording;
  const busyText = isBeingMade ? 'It is being recorded' : isPlayed ? 'It is being replayed' : null;
  const began = startedAt === null ? '' : new Date(startedAt).toLocaleString('en-GB');
  return (
    <div className="recrow" data-testid="recording">
      <button
        type="button"
        className="ib"
        aria-label={`Replay ${name}`}
        title={isBeingMade ? 'It is being recorded' : 'Replay it'}
        disabled={isBeingMade || isPlayed || messages === 0}
        onClick={onPlay}
      >
        <IconPlayerPlayFilled size={13} aria-hidden="true" />
      </button>
      <div className="m" title={[began, ...endpoints, ...sources].join('\n')}>
        <div className="el">
          <b>{name}</b> {isPlayed && <span className="chip">playing</span>}
        </div>
        <div className="s el">
          {numberText(messages)} trains · {bytesText(bytes)} · {clockText(durationMs)} · {numberText(sources.length)}{' '}
          sources
          {dropped > 0 && <span className="warn"> · {numberText(dropped)} dropped</span>}
        </div>
        <div className="s el">
          {firstTrainId === null ? 'no train ids' : `train ${numberText(firstTrainId)} – ${numberText(lastTrainId)}`}
        </div>
        {!isBeingMade && warnings.length > 0 && (
          <div className="s warn el" title={warnings.join('\n')}>
            {warnings[0]}
          </div>
        )}
        {isAsking && (
          <DeleteQuestion
            name={name}
            bytes={bytes}
            onKeep={() => setAsking(false)}
            onDelete={async () => {
              // Where it is gone its row goes, too.
              if (!(await onDelete())) setAsking(false);
            }}
          />
        )}
      </div>
      <div className="recacts">
        {isBeingMade ? null : (
          <a
            className="ib"
            href={liveSession.archiveOf(name)}
            download={`${name}.tar`}
            aria-label={`Download ${name}`}
            title={`Download it as ${name}.tar, ${bytesText(bytes)}`}
          >
            <IconDownload size={13} aria-hidden="true" />
          </a>
        )}
        {mayDelete && (
          <button
            type="button"
            className="ib"
            aria-label={`Delete ${name}`}
            title={busyText ?? 'Delete it'}
            disabled={busyText !== null}
            onClick={() => setAsking(true)}
          >
            <IconTrash size={13} aria-hidden="true" />
          </button>
        )}
      </div>
    </div>
  );
}

interface DeleteQuestionProps {
  readonly name: string;
  readonly bytes: number;
  readonly onKeep: () => void;
  readonly onDelete: () => Promise<void>;
}

/** Asks once more; the key that is under the finger keeps. */
function DeleteQuestion({ name, bytes, onKeep, onDelete }: DeleteQuestionProps) {
  const [isAsked, setAsked] = useState(false);
  const keep = useRef<HTMLButtonElement>(null);
  useEffect(() => keep.current?.focus(), []);
  return (
    <div
      className="recask"
      role="alertdialog"
      aria-label={`Delete ${name}?`}
      data-testid="delete-question"
      onKeyDown={(event) => {
        event.stopPropagation();
        if (event.key === 'Escape') onKeep();
      }}
    >
      <span>Delete {bytesText(bytes)} for ever?</span>
      <button
        type="button"
        className="btn danger"
        data-testid="delete-confirm"
        disabled={isAsked}
        onClick={() => {
          setAsked(true);
          void onDelete();
        }}
      >
        Delete
      </button>
      <button ref={keep} type="button" className="btn" onClick={onKeep}>
        Keep
      </button>
    </div>
  );
}
