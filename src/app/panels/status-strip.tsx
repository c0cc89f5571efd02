import { useLive } from '../live-store.ts';
import { numberText } from '../number-text.ts';

const LAMPS = { off: 'off', connecting: 'chg', receiving: '', silent: 'warn', error: 'err' } as const;
const WORDS = {
  off: 'off',
  connecting: 'connecting',
  receiving: 'receiving',
  silent: 'silent',
  error: 'error',
} as const;

/** The one strip on top of every page: what the live pipeline does right now, always true. */
export function StatusStrip() {
  const { isOpen, isPaused, status, frame, latencyMs, shownHz, togglePause } = useLive();
  const connection = isOpen ? (status?.connection ?? 'connecting') : 'error';
  const dropped = Object.entries(status?.dropped ?? {});
  const total = dropped.reduce((sum, [, count]) => sum + count, 0);
  const worst = [...dropped].sort((a, b) => b[1] - a[1])[0];
  const error = isOpen
    ? status?.lastError
    : { at: Date.now(), text: 'The server does not answer. Is Hutch still running? Trying again.' };
  const cell = (
    label: string,
    value: React.ReactNode,
    width: number,
    extra: { id?: string; className?: string; title?: string } = {},
  ) => (
    <div className={`c fix ${extra.className ?? ''}`} style={{ width }} title={extra.title}>
      <div className="l">{label}</div>
      <div className="v" data-testid={extra.id}>
        {value}
      </div>
    </div>
  );
  return (
    <header id="strip">
      <div className="logo">
        <svg viewBox="0 0 16 16" width="22" height="22" role="img" aria-label="Hutch">
          <path d="M2 2h5v5H2zM9 2h5v5H9zM2 9h5v5H2zM9 9h5v5H9z" fill="none" stroke="currentColor" strokeWidth="1.4" />
        </svg>
      </div>
      {cell('Detector', status?.detector || '–', 150)}
      {cell('Train', frame ? numberText(frame.meta.trainId) : '–', 118, { id: 'live-train-id' })}
      {cell(
        'In',
        <>
          {numberText(status?.receivedHz, 1)} <small>Hz</small>
        </>,
        76,
      )}
      {cell(
        'Processed',
        <>
          {numberText(status?.processedHz, 1)} <small>Hz</small>
        </>,
        82,
        { id: 'processed-hz' },
      )}
      {cell(
        'Shown',
        isPaused ? (
          <span className="frozen">frozen</span>
        ) : (
          <>
            {numberText(shownHz, 1)} <small>Hz</small>
          </>
        ),
        76,
      )}
      {cell(
        'Latency',
        <>
          {frame ? numberText(latencyMs) : '–'} <small>ms to screen</small>
        </>,
        126,
        {
          id: 'live-latency',
          title: `Pipeline: median ${numberText(status?.latencyMs.p50)} ms, 95 % below ${numberText(status?.latencyMs.p95)} ms`,
        },
      )}
      {cell('Pulses', numberText(status?.pulses), 62, { className: 'w' })}
      {cell(
        'Dropped',
        <>
          {numberText(total)} <small className="w">{worst ? worst[0] : ''}</small>
        </>,
        150,
        {
          id: 'dropped',
          title: dropped.map(([reason, count]) => `${count} ${reason}`).join('\n') || 'No train was dropped',
        },
      )}
      <div className="c grow" title={error?.text}>
        <div className="l">Last error</div>
        <div className="v">
          <small className="el" data-testid="last-error">
            {error ? `${new Date(error.at).toLocaleTimeString('en-GB')} · ${error.text}` : 'none'}
          </small>
        </div>
      </div>
      <div className="ctl">
        <span className={`lamp ${LAMPS[connection]}`} />
        <span data-testid="connection" style={{ width: 66 }}>
          {isOpen ? WORDS[connection] : 'no server'}
        </span>
        <button
          type="button"
          className={`btn ${isPaused ? 'p' : ''}`}
          onClick={togglePause}
          style={{ width: 84, justifyContent: 'center' }}
          data-testid="pause"
        >
          {isPaused ? 'Go live' : 'Pause'}
        </button>
      </div>
    </header>
  );
}
