import type { Command } from 'commander';
import { RunNotFound } from '../core/errors.ts';
import type { OpenRunOptions, RunTarget } from '../data/open-run.ts';
import type { Run } from '../data/run.ts';
import type { RunOptions } from './run-options.ts';

/** What every command gets: where its words go, and how it opens runs. */
export interface CliContext {
  /** Results, to standard output. */
  readonly write: (text: string) => void;
  /** Remarks, to standard error; silent with `--quiet`. */
  readonly note: (text: string) => void;
  /** Whether a person watches: progress bars only then. */
  readonly isTerminal: boolean;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
  /** Opens `pNNNNNN/rNNNN` below a data root, a run folder, or a file. @throws RunNotFound, FileUnreadable */
  readonly openRun: (run: string, options?: OpenRunOptions & { readonly dataRoot?: string }) => Promise<Run>;
  /** Files or folders that a RUN argument means, see `findRunPaths`. @throws RunNotFound, Usage */
  readonly findRunPaths: (run: string, options?: RunOptions) => Promise<readonly string[]>;
  /** Ends the program with this code once the command is done: 0 done, 1 problems found. */
  readonly exitWith: (code: number) => void;
}

/** Adds one command (or one family, such as `bridge`) to the program. */
export type AddCommand = (program: Command, context: CliContext) => void;

/** `p700000/r0004` as (proposal, run), or null for anything else. */
export function parseRunName(text: string): { proposal: string; run: number } | null {
  const match = /^p?(\d{1,6})[/\\:]r?(\d{1,4})$/.exec(text);
  return match ? { proposal: match[1], run: Number(match[2]) } : null;
}

/**
 * The target of a RUN argument: a name is looked up below the data root, anything else is a path.
 * @throws RunNotFound for a name without a data root
 */
export function runTargetOf(text: string, dataRoot: string | undefined, exists: (path: string) => boolean): RunTarget {
  const name = exists(text) ? null : parseRunName(text);
  if (name && !dataRoot)
    throw new RunNotFound(
      `There is no file or folder ${text}. If it is a run's name, say where proposals are: --data-root DIR or $EXTRA_DATA_DATA_ROOT.`,
      { path: text },
    );
  return name && dataRoot ? { ...name, dataRoot } : { path: text };
}
