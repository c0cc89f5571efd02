import { IconPlayerPauseFilled, IconPlayerPlayFilled } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { useLive } from '../live/live-store.ts';
import { bytesText, clockText } from '../live/live-text.ts';
import { numberText } from '../number-text.ts';
import { useIsWide } from '../screen-size.ts';
import { useWorkspace } from '../workspace-store.ts';

const LAMPS = { off: 'off', connecting: 'chg', receiving: '', silent: 'warn', error: 'err' } as const;

interface CellProps {
  readonly label: string;
  /** px: nothing moves when a number gets longer. */
  readonly width: number;
  readonly children: ReactNode;
  readonly testId?: string;
  readonly title?: string;
  /** Left out on small screens. */
  readonly isWide?: boolean;
}

function Cell({ label, width, children, testId, title, isWide }: CellProps) {
  return (
    <div className={`c fix ${isWide ? 'w' : ''}`} style={{ width }} title={title}>
      <div className="l">{label}</div>
      <div className="v" data-testid={testId}>
        {children}
      </div>
    </div>
  );
}

/** The one strip on top of every page: what the live pipeline does right now, always true. */
export function StatusStrip() {
  const isOpen = useLive((live) => live.isOpen);
  const status = useLive((live) => live.status);
  return (
    <header id="strip">
      <div className="logo">
        <svg viewBox="0 0 16 16" width="22" height="22" role="img" aria-label="Hutch">
          <path d="M2 2h5v5H2zM9 2h5v5H9zM2 9h5v5H2zM9 9h5v5H9z" fill="none" stroke="currentColor" strokeWidth="1.4" />
        </svg>
      </div>
      <Cell label="Detector" width={172} title={status?.detector}>
        <span className="el">{status?.detector || '–'}</span>
      </Cell>
      <Cell label="Bridge" width={186} isWide title={status?.endpoint}>
        <span className="el">{status?.endpoint || '–'}</span>
      </Cell>
      <Counters />
      <RecordLamp />
      <LastError isOpen={isOpen} />
      <Control isOpen={isOpen} />
    </header>
  );
}

function Counters() {
  const status = useLive((live) => live.status);
  const counts = useLive((live) => live.counts);
  const isPaused = useLive((live) => live.isPaused);
  const isWatching = useLive((live) => live.isWatching);
  const isWide = useIsWide();
  const isLive = counts.meta !== null && isWatching && !isPaused && counts.silentS === 0;
  const dropped = Object.entries(status?.dropped ?? {}).sort((a, b) => b[1] - a[1]);
  const total = dropped.reduce((sum, [, count]) => sum + count, 0);
  const hertz = (value: number | undefined) => (
    <>
      {numberText(value, 1)} <small>Hz</small>
    </>
  );
  const from = counts.isFromSource ? 'From the time stamp of the source' : 'From the reception by the server';
  const pipeline = `Pipeline alone: median ${numberText(status?.latencyMs.p50)} ms, 95 % below ${numberText(status?.latencyMs.p95)} ms.`;
  return (
    <>
      <Cell label="Train" width={124} testId="live-train-id">
        {numberText(isWatching && counts.meta ? counts.meta.trainId : status?.trainId || null)}
      </Cell>
      <Cell label="In" width={78}>
        {hertz(status?.receivedHz)}
      </Cell>
      <Cell label="Processed" width={84} testId="processed-hz">
        {hertz(status?.processedHz)}
      </Cell>
      <Cell label="Shown" width={82} testId="shown-hz">
        {isPaused ? <span className="frozen">paused</span> : isWatching ? hertz(counts.shownHz) : '–'}
      </Cell>
      <Cell
        label={counts.isFromSource ? 'Latency, source – screen' : 'Latency, bridge – screen'}
        width={154}
        testId="live-latency"
        title={`${from} to the picture on this screen.\n${pipeline}`}
      >
        {isLive ? numberText(counts.latencyMs) : '–'} <small>ms</small>
      </Cell>
      <Cell label="Pulses" width={70} isWide>
        {numberText(status?.pulses)}
      </Cell>
      <Cell
        label="Dropped"
        width={isWide ? 170 : 74}
        testId="dropped"
        title={dropped.map(([reason, count]) => `${count} ${reason}`).join('\n') || 'No train was dropped'}
      >
        {numberText(total)} <small className="el w">{dropped.length > 0 ? dropped[0][0] : ''}</small>
      </Cell>
      <Cell label="Viewers" width={70} isWide title="Browsers that watch this pipeline">
        {numberText(status?.viewers)}
      </Cell>
    </>
  );
}

/** Whether what is received is recorded, and whether what is shown is a replay. */
function RecordLamp() {
  const recording = useLive((live) => live.status?.recording);
  const replay = useLive((live) => live.status?.replay);
  const show = useWorkspace((workspace) => workspace.show);
  const isRunning = recording?.isRunning === true;
  const hasFailed = !isRunning && recording?.error != null;
  const lamp = isRunning ? 'rec' : hasFailed ? 'err' : replay ? 'chg' : 'off';
  const word = isRunning ? `${numberText(recording.trains)} trains` : hasFailed ? 'failed' : replay ? 'replay' : 'off';
  const title = isRunning
    ? `Recording ${recording.name}: ${bytesText(recording.bytes)}, ${clockText(recording.elapsedMs)}, ${recording.dropped} dropped`
    : (recording?.error ??
      (replay ? `Replay of ${replay.name}` : 'Nothing is recorded; see Recordings on the Live page'));
  return (
    <Cell label="Record" width={112} testId="record-lamp" title={title}>
      <button type="button" className="lampbtn" onClick={() => show('recordings')} aria-label={`Record: ${word}`}>
        <span className={`lamp ${lamp}`} aria-hidden="true" />
        <span className="el">{word}</span>
      </button>
    </Cell>
  );
}

function LastError({ isOpen }: { readonly isOpen: boolean }) {
  const lastError = useLive((live) => live.status?.lastError);
  const lostAt = useLive((live) => live.lostAt);
  const error =
    isOpen || lostAt === null
      ? lastError
      : { at: lostAt, text: 'The server does not answer. Is Hutch still running? Trying again.' };
  return (
    <div className="c grow" title={error?.text}>
      <div className="l">Last error</div>
      <div className="v">
        <small className="el" data-testid="last-error">
          {error ? `${new Date(error.at).toLocaleTimeString('en-GB')} · ${error.text}` : 'none'}
        </small>
      </div>
    </div>
  );
}

function Control({ isOpen }: { readonly isOpen: boolean }) {
  const connection = useLive((live) => live.status?.connection) ?? 'connecting';
  const isPaused = useLive((live) => live.isPaused);
  const togglePause = useLive((live) => live.togglePause);
  const hasEverOpened = useLive((live) => live.isOpen || live.lostAt !== null);
  const lamp = isOpen ? LAMPS[connection] : hasEverOpened ? 'err' : 'chg';
  const word = isOpen ? connection : hasEverOpened ? 'no server' : 'connecting';
  const Icon = isPaused ? IconPlayerPlayFilled : IconPlayerPauseFilled;
  return (
    <div className="ctl">
      <span className={`lamp ${lamp}`} aria-hidden="true" />
      <span data-testid="connection" style={{ width: 66 }}>
        {word}
      </span>
      <button
        type="button"
        className={`btn ${isPaused ? 'p' : ''}`}
        onClick={togglePause}
        style={{ width: 88, justifyContent: 'center' }}
        data-testid="pause"
        title="Space"
      >
        <Icon size={13} aria-hidden="true" />
        {isPaused ? 'Go live' : 'Pause'}
      </button>
    </div>
  );
}
