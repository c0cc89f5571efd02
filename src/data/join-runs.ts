import { joinAliases } from './alias-table.ts';
import type { RunFile } from './run-file.ts';
import { ascending, checkConflicts, type RunParts, type SourceEntry, type SourceTable } from './run-parts.ts';
import { joinKeys } from './source-selection.ts';

/**
 * All sources, keys and trains of several selections or runs.
 * @throws FormatInvalid if two files have the same train of one source, AliasConflict
 */
export function joinRuns(parts: readonly RunParts[]): RunParts {
  const files = distinctFiles(parts.flatMap((part) => part.files));
  const sources = joinTables(parts.map((part) => part.sources));
  checkConflicts(sources);
  return {
    path: [...new Set(parts.map((part) => part.path))].join(' + '),
    files,
    filesBehind: distinctFiles(parts.flatMap((part) => part.filesBehind ?? part.files)),
    skippedFiles: [...new Map(parts.flatMap((p) => p.skippedFiles).map((skip) => [skip.file, skip])).values()],
    trainIds: ascending(parts.flatMap((part) => part.trainIds)),
    sources,
    legacy: joinTables(parts.map((part) => part.legacy)),
    isSingleRun: isOneRun(parts),
    isOpened: false,
    aliases: joinAliases(...parts.map((part) => part.aliases)),
    warn: parts[0].warn,
  };
}

/** The same file may have been opened twice: one of the two is enough, the one with more trains. */
function distinctFiles(files: Iterable<RunFile>): RunFile[] {
  const byPath = new Map<string, RunFile>();
  for (const file of files) {
    const known = byPath.get(file.path);
    if (!known || (!known.includesSuspectTrains && file.includesSuspectTrains)) byPath.set(file.path, file);
  }
  return [...byPath.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

function joinTables(tables: readonly SourceTable[]): SourceTable {
  const joined = new Map<string, SourceEntry>();
  for (const [name, entry] of tables.flatMap((table) => [...table])) {
    const known = joined.get(name);
    if (!known) joined.set(name, entry);
    else {
      const files = distinctFiles([...known.files, ...entry.files]);
      joined.set(name, { ...known, files, keys: joinKeys(known.keys, entry.keys) });
    }
  }
  return joined;
}

/** Only METADATA of format 1.0 and later can tell that files belong to one run. */
function isOneRun(parts: readonly RunParts[]): boolean {
  if (parts.length === 1) return parts[0].isSingleRun;
  const runs = new Set<string>();
  for (const { isSingleRun, files } of parts) {
    const metadata = files[0]?.index.metadata;
    const [proposal, run] = [metadata?.get('proposalNumber'), metadata?.get('runNumber')];
    if (!isSingleRun || proposal === undefined || run === undefined) return false;
    runs.add(`${proposal} ${run}`);
  }
  return runs.size === 1;
}
