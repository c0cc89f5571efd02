import { isXfelError, Usage } from '../core/errors.ts';
import type { Run } from '../data/run.ts';
import type { SourceData } from '../data/source-data.ts';
import { type IndexRange, parseIndexRange, selectTrainIds } from '../data/train-selection.ts';

/** Options of every command with a RUN argument. */
export interface RunOptions {
  readonly dataRoot?: string;
  readonly origin?: string;
}

/** Text of `--data-root` in the help. */
export const DATA_ROOT_HELP = 'where proposals are (default: $EXTRA_DATA_DATA_ROOT)';
/** Text of `--origin` in the help of commands that look at the files of a run. */
export const FOLDER_ORIGIN_HELP =
  'for pNNNNNN/rNNNN: raw, proc or another folder (default: raw, and proc if there is any)';
/** Text of `--origin` in the help. */
export const ORIGIN_HELP = 'for pNNNNNN/rNNNN: raw, proc, default (raw and what only proc has) or all (proc first)';

/** Train ids chosen by `--trains A:B:S` (positions) and `--train-ids 1,2`. @throws SelectionInvalid, Usage */
export function chooseTrainIds(
  trainIds: readonly number[],
  options: { readonly trains?: string; readonly trainIds?: string },
): number[] {
  let chosen = [...trainIds];
  if (options.trainIds !== undefined) {
    const ids = options.trainIds.split(',').map(Number);
    if (ids.some((id) => !Number.isSafeInteger(id)))
      throw new Usage(`--train-ids needs ids separated by commas, got "${options.trainIds}".`);
    chosen = selectTrainIds(chosen, { by: 'id', ids });
  }
  if (options.trains === undefined) return chosen;
  return selectTrainIds(chosen, { by: 'index', ...parseRange('--trains', options.trains) });
}

/** A source by its name, its alias, or its name among auxiliary sources. @throws SourceNotFound, SelectionInvalid */
export function findSource(run: Run, name: string): SourceData {
  if (run.hasSource(name)) return run.source(name);
  if (run.aliases.has(name)) return run.aliases.source(name);
  return run.auxiliary.hasSource(name) ? run.auxiliary.source(name) : run.source(name);
}

/** `A:B:S`, `A:B` or `A` as Python slices have it. @throws Usage for anything else */
export function parseRange(option: string, text: string): IndexRange {
  try {
    return parseIndexRange(text);
  } catch (error) {
    if (isXfelError(error, 'SelectionInvalid')) throw new Usage(`${option}: ${error.message}`, {}, { cause: error });
    throw error;
  }
}
