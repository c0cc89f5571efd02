import type { RunCallReply } from '../api/run-calls.ts';
import { SelectionInvalid } from '../core/errors.ts';
import { elementCount } from '../core/ndarray.ts';
import type { Run } from '../data/run.ts';
import { findKey } from './find-source.ts';

/** More rows cannot be read by people. */
const MOST_ROWS = 2000;
const LONGEST = 300;

/** A text key as the trains at which its text changed. @throws SelectionInvalid for anything but text */
export async function listTextChanges(
  run: Run,
  query: { readonly source: string; readonly key: string },
  signal?: AbortSignal,
): Promise<RunCallReply<'texts'>> {
  const key = findKey(run, query);
  if (!key.isReadable || key.dtype !== 'string')
    throw new SelectionInvalid(`${query.source} ${query.key} is no text: plot it.`, { key: query.key });
  const width = elementCount(key.entryShape);
  const positions = new Map(run.trainIds.map((id, i) => [id, i]));
  const rows: { trainId: number; index: number; text: string; entries: number }[] = [];
  let [entries, changes, last] = [0, 0, null as string | null];
  for await (const { trainIds, array } of key.readPieces({ maxBytes: 4 << 20, signal })) {
    const part = key.selectTrains({ by: 'id', ids: trainIds });
    const ids = part.trainIdCoordinates();
    const texts = array.data as string[];
    for (const [entry, trainId] of ids.entries()) {
      const text = texts.slice(entry * width, (entry + 1) * width).join('\n');
      entries++;
      if (text !== last) {
        last = text;
        changes++;
        if (rows.length < MOST_ROWS)
          rows.push({ trainId, index: positions.get(trainId) ?? 0, text: text.slice(0, LONGEST), entries: 0 });
      }
      if (changes === rows.length) rows[rows.length - 1].entries++;
    }
  }
  return { entries, changes, rows };
}
