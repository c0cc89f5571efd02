import fc from 'fast-check';
import { expect, it } from 'vitest';
import { OpenFileLimit } from './open-file-limit.ts';
import { RunFile } from './run-file.ts';
import { tabulateFiles } from './run-parts.ts';

/** A file with these trains, each of its own source, that is never opened. */
function fileOf(trainIds: readonly number[], i: number): RunFile {
  const file = { path: `/r0001/${i}.h5` } as never;
  return new RunFile(file, new OpenFileLimit(), true, {
    trainIds,
    isSuspect: trainIds.map(() => false),
    controlSources: new Set([`SRC/${i}`]),
    instrumentSources: new Set(),
    legacySources: new Map(),
  });
}

it('the trains of a run are those of its files, ascending and once', () => {
  const range = fc
    .tuple(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 0, max: 12 }))
    .map(([first, count]) => Array.from({ length: count }, (_, k) => first + k));
  const any = fc.uniqueArray(fc.integer({ min: 1, max: 60 }), { maxLength: 12 });
  fc.assert(
    fc.property(fc.array(fc.oneof(range, any), { maxLength: 8 }), (lists) => {
      const expected = [...new Set(lists.flat())].sort((a, b) => a - b);
      expect(tabulateFiles(lists.map(fileOf)).trainIds).toEqual(expected);
    }),
    { numRuns: 2000 },
  );
});
