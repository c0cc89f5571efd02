/** Something a user should know of that is no error; `kind` tells them apart. */
export interface DataWarning {
  readonly kind:
    | 'trains-dropped'
    | 'trains-not-found'
    | 'trains-outside-run'
    | 'legacy-name'
    | 'origin-missing'
    | 'flag-is-index'
    | 'frames-vary'
    | 'raw-fallback'
    | 'frames-repeat';
  readonly message: string;
}

/** Receives warnings as they come up. */
export type WarningCallback = (warning: DataWarning) => void;
