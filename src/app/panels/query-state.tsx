import { ServerError } from '../session.ts';

interface QueryStateProps {
  readonly isLoading: boolean;
  readonly error: unknown;
  readonly what: string;
  readonly onRetry?: () => void;
}

const BARS = [62, 88, 45, 74, 30];

/** What a panel shows instead of its content: bars while loading, or an error with what to do. */
export function QueryState({ isLoading, error, what, onRetry }: QueryStateProps) {
  if (error) {
    const isGone = error instanceof ServerError && error.status === 0;
    return (
      <div className="state" role="alert" data-testid="query-error">
        <h2>
          <span className="lamp err" aria-hidden="true" />{' '}
          {isGone ? 'The server does not answer' : `${what}: not shown`}
        </h2>
        <p>{error instanceof Error ? error.message : String(error)}</p>
        {isGone ? (
          <p className="t3">It is asked again every few seconds; the page goes on by itself.</p>
        ) : (
          onRetry && (
            <button type="button" className="btn" onClick={onRetry}>
              Try again
            </button>
          )
        )}
      </div>
    );
  }
  return isLoading ? (
    <div className="skeleton" role="status" aria-label={`Loading ${what.toLowerCase()}`}>
      {BARS.map((width) => (
        <i key={width} style={{ width: `${width}%` }} />
      ))}
    </div>
  ) : null;
}
