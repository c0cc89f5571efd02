import { IconPlayerRecordFilled, IconPlayerStopFilled } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { RecordingStatus } from '../../../api/live-contract.ts';
import { liveSession } from '../../live/live-session.ts';
import { useLive } from '../../live/live-store.ts';
import { bytesText, clockText } from '../../live/live-text.ts';
import { numberText } from '../../number-text.ts';
import { RecordingRow } from '../recording-row.tsx';
import { LiveReplay } from './replay.tsx';

const GIGA = 1e9;

/** Records what is received, byte for byte; lists what was recorded, plays it again into the pipeline, downloads and deletes it. */
export function LiveRecordings() {
  const recording = useLive((live) => live.status?.recording ?? null);
  const replay = useLive((live) => live.status?.replay ?? null);
  const [error, setError] = useState<string | null>(null);
  const list = useQuery({
    queryKey: ['recordings', recording?.name, recording?.isRunning],
    queryFn: ({ signal }) => liveSession.recordings(signal),
    retry: false,
    placeholderData: (before) => before,
  });
  /** Does something on the server and says why it could not. @returns whether it was done */
  const run = async (what: () => Promise<unknown>): Promise<boolean> => {
    setError(null);
    try {
      await what();
      return true;
    } catch (failure) {
      setError(failure instanceof Error ? failure.message : String(failure));
      return false;
    }
  };
  const play = (place: { name: string } | { path: string }) =>
    run(async () => {
      if (useLive.getState().status?.replay) await liveSession.stopReplay();
      await liveSession.startReplay(place);
    });
  const remove = (name: string) =>
    run(async () => {
      await liveSession.deleteRecording(name);
      await list.refetch();
    });
  const recordings = list.data?.recordings ?? [];
  return (
    <section className="pn" aria-label="Recordings">
      <RecordBar recording={recording} run={run} />
      {replay && <LiveReplay replay={replay} run={run} />}
      {(error ?? list.error) && (
        <div className="trouble pad" role="alert" data-testid="recordings-error">
          {error ?? list.error?.message}
        </div>
      )}
      <div className="scroll">
        {recordings.length === 0 && list.data && <div className="emptyline">Nothing was recorded yet.</div>}
        {recordings.map((listed) => (
          <RecordingRow
            key={listed.path}
            recording={listed}
            isPlayed={replay?.path === listed.path}
            isBeingMade={recording?.isRunning === true && recording.path === listed.path}
            mayDelete={list.data?.mayDelete === true}
            onPlay={() => void play({ name: listed.name })}
            onDelete={() => remove(listed.name)}
          />
        ))}
        {list.data?.mayOpenPaths && <FolderField onPlay={(path) => play({ path })} />}
      </div>
      <div className="pfoot">
        <span className="grow el" title={list.data?.folder} data-testid="recordings-folder">
          {list.data?.folder ?? 'Waiting for the server.'}
        </span>
        <span className="prov">{bytesText(recording?.freeBytes ?? list.data?.freeBytes)} free</span>
      </div>
    </section>
  );
}

interface RecordBarProps {
  readonly recording: RecordingStatus | null;
  readonly run: (what: () => Promise<unknown>) => Promise<boolean>;
}

function RecordBar({ recording, run }: RecordBarProps) {
  const [name, setName] = useState('');
  const [trains, setTrains] = useState('');
  const [gigabytes, setGigabytes] = useState('');
  const [isAsked, setAsked] = useState(false);
  const isRunning = recording?.isRunning === true;
  const limit = (text: string) => (text.trim() === '' ? undefined : Number(text));
  const isPossible = [limit(trains), limit(gigabytes)].every((value) => value === undefined || value > 0);
  const toggle = async () => {
    setAsked(true);
    const [maxTrains, maxGigabytes] = [limit(trains), limit(gigabytes)];
    await run(() =>
      isRunning
        ? liveSession.stopRecording()
        : liveSession.startRecording({
            ...(name ? { name } : {}),
            ...(maxTrains === undefined ? {} : { maxTrains: Math.round(maxTrains) }),
            ...(maxGigabytes === undefined ? {} : { maxBytes: Math.round(maxGigabytes * GIGA) }),
          }),
    );
    setAsked(false);
  };
  const input = (label: string, value: string, set: (text: string) => void, placeholder: string, width?: number) => (
    <span className="in text" style={width ? { width } : { flex: 1, minWidth: 60 }}>
      <input
        aria-label={label}
        title={label}
        placeholder={placeholder}
        value={value}
        disabled={isRunning}
        onChange={(event) => set(event.target.value)}
        onKeyDown={(event) => {
          event.stopPropagation();
          if (event.key === 'Enter' && isPossible) void toggle();
        }}
      />
    </span>
  );
  const Icon = isRunning ? IconPlayerStopFilled : IconPlayerRecordFilled;
  return (
    <>
      <div className="ptool">
        {input('Name of the recording; without one it is the time', name, setName, 'name (else the time)')}
        {input('Stop after so many trains', trains, setTrains, 'trains', 62)}
        {input('Stop after so many gigabytes', gigabytes, setGigabytes, 'GB', 48)}
        <button
          type="button"
          className={`btn ${isRunning ? 'p' : ''}`}
          disabled={isAsked || (!isRunning && !isPossible)}
          data-testid="record"
          onClick={() => void toggle()}
        >
          <Icon size={12} aria-hidden="true" />
          {isRunning ? 'Stop' : 'Record'}
        </button>
      </div>
      {recording && <RecordingProgress recording={recording} />}
    </>
  );
}

function RecordingProgress({ recording }: { readonly recording: RecordingStatus }) {
  const { name, isRunning, trains, bytes, elapsedMs, dropped, missing, maxTrains, maxBytes, reason, error } = recording;
  const part = Math.max(maxTrains ? trains / maxTrains : 0, maxBytes ? bytes / maxBytes : 0);
  return (
    <div className="progressbox" data-testid="recording-progress">
      <div className="liverow">
        <span className={`lamp ${isRunning ? 'rec' : error ? 'err' : 'off'}`} aria-hidden="true" />
        <b className="grow el">{name}</b>
        <span>{clockText(elapsedMs)}</span>
      </div>
      <div className="liverow t2">
        <span className="grow el">
          {numberText(trains)}
          {maxTrains ? ` of ${numberText(maxTrains)}` : ''} trains · {bytesText(bytes)}
          {maxBytes ? ` of ${bytesText(maxBytes)}` : ''}
        </span>
        <span className={dropped > 0 ? 'warn' : ''}>{numberText(dropped)} dropped</span>
        {missing > 0 && <span className="warn">{numberText(missing)} missing</span>}
      </div>
      {isRunning && part > 0 && <progress value={Math.min(1, part)} aria-label="Part of the limit" />}
      {error ? <div className="trouble">{error}</div> : !isRunning && <div className="t3">ended: {reason}</div>}
    </div>
  );
}

function FolderField({ onPlay }: { readonly onPlay: (path: string) => Promise<boolean> }) {
  const [path, setPath] = useState('');
  return (
    <form
      className="ptool folder"
      onSubmit={async (event) => {
        event.preventDefault();
        if (path && (await onPlay(path))) setPath('');
      }}
    >
      <span className="in text grow">
        <input
          aria-label="Folder of another recording"
          placeholder="folder of another recording"
          data-testid="replay-path"
          value={path}
          spellCheck={false}
          onChange={(event) => setPath(event.target.value)}
          onKeyDown={(event) => event.stopPropagation()}
        />
      </span>
      <button type="submit" className="btn" disabled={path === ''}>
        Replay
      </button>
    </form>
  );
}
