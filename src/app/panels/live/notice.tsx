import type { LiveStatus } from '../../../api/live-contract.ts';
import { useLive } from '../../live/live-store.ts';
import { numberText } from '../../number-text.ts';

interface Trouble {
  readonly title: string;
  readonly isError: boolean;
  readonly where: string;
  readonly detail: string | null;
  /** What it most likely is, and what to do. */
  readonly causes: readonly string[];
}

function serverGone(lostAt: number): Trouble {
  return {
    title: 'The server does not answer',
    isError: true,
    where: `${window.location.host} · lost at ${new Date(lostAt).toLocaleTimeString('en-GB')}`,
    detail: null,
    causes: ['Hutch was stopped: start it again where it ran.', 'The network or the tunnel to it is down.'],
  };
}

function bridgeTrouble({ connection, endpoint, endpoints, replay, lastError }: LiveStatus): Trouble {
  // What is wrong with the bridges now; the last error may be of one that is gone.
  const now = endpoints.flatMap(({ text }) => text ?? []).join(' ');
  const about = { where: endpoint, detail: now || (lastError?.text ?? null) };
  if (connection === 'off')
    return {
      title: endpoints.length === 0 ? 'No bridge is given' : 'All bridges are switched off',
      isError: false,
      where: endpoints.map((each) => each.endpoint).join(', '),
      detail: null,
      causes: ['Add a bridge or switch one on: see Bridges in Parameters.', 'Or replay a recording: see Recordings.'],
    };
  if (replay && endpoint === replay.endpoint && (replay.isPaused || replay.hasEnded))
    return {
      title: replay.error
        ? 'The replay stopped'
        : replay.hasEnded
          ? 'The replay is at its end'
          : 'The replay is paused',
      isError: replay.error !== null,
      where: replay.name,
      detail: replay.error,
      causes: ['Play or stop it: see Recordings. Stopped, the bridges of before go on.'],
    };
  if (connection === 'silent')
    return {
      ...about,
      title: 'The bridge answers, but sends no trains',
      isError: true,
      causes: [
        'The run has ended, or its data source is not acquiring.',
        'Another client takes the trains of the same output.',
        'The bridge uses another kind of socket: see Bridges in Parameters.',
      ],
    };
  if (connection === 'error')
    return {
      ...about,
      title: 'What the bridge sends cannot be read',
      isError: true,
      causes: [
        'Another program listens at this address: check Bridges in Parameters.',
        'The bridge speaks another version of the protocol.',
      ],
    };
  return {
    ...about,
    title: lastError ? 'No bridge answers' : 'Connecting to the bridge',
    isError: lastError !== null,
    causes: lastError
      ? ['The bridge is not started yet.', 'Its address or port is another one: see Bridges in Parameters.']
      : [],
  };
}

/** Says over the picture why no train comes, and what to do. An old picture stays, and says how old it is. */
export function LiveNotice({ hasImage }: { readonly hasImage: boolean }) {
  const isOpen = useLive((live) => live.isOpen);
  const lostAt = useLive((live) => live.lostAt);
  const status = useLive((live) => live.status);
  const error = useLive((live) => live.error);
  const silentS = useLive((live) => live.counts.silentS);
  if (isOpen && status?.connection === 'receiving') {
    const isStuck = silentS > 0 && status.receivedHz > 0 && status.processedHz === 0 && status.lastError !== null;
    if (isStuck)
      return (
        <div className="notice bad" role="alert" data-testid="live-notice">
          <h2>
            <span className="lamp err" aria-hidden="true" /> Trains come in, but none can be shown
          </h2>
          <p>{status.lastError?.text}</p>
          {hasImage && <p className="t2">The picture is {numberText(silentS)} s old.</p>}
        </div>
      );
    if (hasImage) return null;
    return (
      <div className="notice" data-testid="live-notice">
        <h2>Preparing the first picture</h2>
        <p>Trains come in. {error ?? status.lastError?.text ?? 'Constants and geometry are being loaded.'}</p>
      </div>
    );
  }
  const trouble = !isOpen && lostAt !== null ? serverGone(lostAt) : status ? bridgeTrouble(status) : null;
  if (!trouble) return null;
  const { title, isError, where, detail, causes } = trouble;
  return (
    <div className={`notice ${isError ? 'bad' : ''}`} role={isError ? 'alert' : 'status'} data-testid="live-notice">
      <h2>
        <span className={`lamp ${isError ? 'err' : 'chg'}`} aria-hidden="true" /> {title}
      </h2>
      <p className="mono">{where}</p>
      {detail && <p>{detail}</p>}
      {causes.length > 0 && (
        <>
          <p className="b">Most likely, in this order</p>
          <ol>
            {causes.map((cause) => (
              <li key={cause}>{cause}</li>
            ))}
          </ol>
        </>
      )}
      <p className="t2">
        It is tried again without end, and the page goes on by itself.
        {hasImage && silentS > 0 && ` The picture is ${numberText(silentS)} s old.`}
      </p>
    </div>
  );
}
