/** What a panel shows instead of its content: loading, or an error with what to do. */
export function QueryState({
  isLoading,
  error,
  what,
  onRetry,
}: {
  readonly isLoading: boolean;
  readonly error: unknown;
  readonly what: string;
  readonly onRetry?: () => void;
}) {
  if (error) {
    return (
      <div className="state" role="alert">
        <h2>{what} cannot be shown</h2>
        <p>{error instanceof Error ? error.message : String(error)}</p>
        {onRetry && (
          <button type="button" className="btn" onClick={onRetry}>
            Try again
          </button>
        )}
      </div>
    );
  }
  return isLoading ? <div className="state">Loading {what.toLowerCase()} …</div> : null;
}
