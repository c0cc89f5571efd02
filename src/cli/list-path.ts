import { basename, join, resolve } from 'node:path';
import { typeStringOf } from '../core/dtype.ts';
import { isXfelError } from '../core/errors.ts';
import { DETECTOR_KINDS } from '../data/detectors/detector-kind.ts';
import { isNamePattern } from '../data/name-pattern.ts';
import type { Run } from '../data/run.ts';
import { describeRun, type KeyInfo, type RunInfo, type SourceInfo } from '../data/run-info.ts';
import { nodeFileStore } from '../platform/node/file-store.ts';
import type { CliContext } from './context.ts';
import type { RunOptions } from './run-options.ts';
import { runText } from './run-text.ts';

/** How to list. */
export interface ListOptions extends RunOptions {
  readonly source?: readonly string[];
  readonly detail?: readonly string[];
  readonly counts?: boolean;
  readonly aggregators?: boolean;
  readonly auxiliary?: boolean;
  /** false: each name on its own line. */
  readonly group?: boolean;
  /** Facts for programs: the text may lack some. */
  readonly json?: boolean;
  /** Say it in one line. */
  readonly isShort: boolean;
}

/** What a path is, as text for people and as data for programs. */
export interface Listing {
  readonly text: string;
  readonly json: Readonly<Record<string, unknown>>;
  /** Whether there is nothing to list there. */
  readonly isUnrecognised: boolean;
}

const RUN_FOLDER = /^r\d+/;

/**
 * Looks at one path: run folder, file, proposal folder, folder of runs, or a run's name.
 * @param onTitle receives the first line before a run is opened, so that it is seen even if that takes long or fails
 * @source EXtra-data cli/lsxfel.py
 */
export async function listPath(
  context: CliContext,
  path: string,
  options: ListOptions,
  onTitle: (text: string) => void,
): Promise<Listing> {
  const entry = await nodeFileStore.entry(path);
  const name = basename(resolve(path));
  if (entry?.isFolder) {
    const names = await nodeFileStore.list(path);
    if (names.some((child) => child.endsWith('.h5')))
      return options.isShort
        ? runLine(context, path, '')
        : listRun(context, path, `${name} : Run directory`, options, onTitle);
    const title = options.isShort ? 'Proposal directory' : 'Proposal data directory';
    if (names.some((child) => RUN_FOLDER.test(child))) return listRuns(context, path, path, `${name} : ${title}`);
    if (names.includes('raw'))
      return listRuns(context, path, join(path, 'raw'), `${name} : Proposal directory`, `${name}/raw/`);
    return unrecognised(path, `${name} : Unrecognised directory`, options.isShort);
  }
  if (entry && !name.endsWith('.h5')) return unrecognised(path, `${name} : Unrecognised file`, true);
  if (entry) return listRun(context, path, `${name} : Data file`, options, onTitle);
  try {
    return await listRun(context, path, `${name} : Run directory`, options);
  } catch (error) {
    if (isXfelError(error, 'RunNotFound')) return unrecognised(path, `${path} : File/folder not found`, true);
    throw error;
  }
}

function unrecognised(path: string, text: string, isUnrecognised: boolean): Listing {
  return { text: `${text}\n`, json: { path, kind: 'unrecognised' }, isUnrecognised };
}

/** @param onTitle absent: the title is part of the text */
async function listRun(
  context: CliContext,
  path: string,
  title: string,
  options: ListOptions,
  onTitle?: (text: string) => void,
): Promise<Listing> {
  onTitle?.(`${title}\n`);
  const run = await context.openRun(path, { data: options.origin, dataRoot: options.dataRoot, signal: context.signal });
  try {
    const { text, json } = options.isShort ? summarise(path, run) : describe(path, run, options);
    return { text: onTitle ? text : `${title}\n${text}`, json, isUnrecognised: false };
  } finally {
    await run.close();
  }
}

function summarise(path: string, run: Run): Pick<Listing, 'text' | 'json'> {
  const [trains, sources] = [run.trainIds.length, run.sources.length + run.legacySources.size];
  return { text: `  ${trains} trains, ${sources} sources\n`, json: { path, kind: 'run', trains, sources } };
}

async function listRuns(
  context: CliContext,
  path: string,
  folder: string,
  title: string,
  heading?: string,
): Promise<Listing> {
  const runs: Listing[] = [];
  for (const name of await nodeFileStore.list(folder)) {
    const isRun = RUN_FOLDER.test(name) && (await nodeFileStore.entry(join(folder, name)))?.isFolder;
    if (isRun) runs.push(await runLine(context, join(folder, name), '  '));
  }
  return {
    text: `${title}\n\n${heading ? `${heading}\n` : ''}${runs.map((run) => run.text).join('')}`,
    json: { path, kind: 'proposal', runs: runs.map((run) => run.json) },
    isUnrecognised: false,
  };
}

/**
 * A run in one line. To be quick in folders of many runs, trains are those of the aggregator with fewest files.
 * @source EXtra-data cli/lsxfel.py, summarise_run
 */
async function runLine(context: CliContext, path: string, indent: string): Promise<Listing> {
  const name = basename(resolve(path));
  const sequences = new Map<string, Set<string>>();
  let detectorFiles = 0;
  let otherFiles = 0;
  for (const file of await nodeFileStore.list(path)) {
    const [, sequence] = /^(.+)-S\d+\.h5/.exec(file) ?? [];
    if (sequence === undefined) continue;
    sequences.set(sequence, (sequences.get(sequence) ?? new Set()).add(join(path, file)));
    if (/^[^-]+-[^-]+-(?!DA\d)[A-Z]+\d/.test(file)) detectorFiles++;
    else otherFiles++;
  }
  const [fewest] = [...sequences.values()].sort((a, b) => a.size - b.size);
  const trains = fewest ? await countTrains(context, path, fewest) : 0;
  const pad = (n: number, width: number) => String(n).padStart(width);
  return {
    text: `${indent}${name} : Run of ${pad(trains, 4)} trains, with ${pad(detectorFiles, 3)} detector files and ${pad(otherFiles, 3)} others\n`,
    json: { run: name, path, kind: 'run', trains, detectorFiles, otherFiles },
    isUnrecognised: false,
  };
}

async function countTrains(context: CliContext, path: string, files: ReadonlySet<string>): Promise<number> {
  const run = await context.openRun(path, {
    fileFilter: (paths) => paths.filter((file) => files.has(file)),
    runMap: 'read',
    useOverview: false,
    signal: context.signal,
  });
  try {
    return run.trainIds.length;
  } finally {
    await run.close();
  }
}

function describe(path: string, whole: Run, options: ListOptions): Pick<Listing, 'text' | 'json'> {
  const toPattern = (text: string) => (isNamePattern(text) ? text : `*${text}*`);
  const details = (options.detail ?? []).map(toPattern);
  const shown = options.source?.map(toPattern) ?? details;
  const run = shown.length > 0 ? whole.select(shown) : whole;
  const info = describeRun(run, {
    detailsFor: details,
    counts: options.counts,
    aggregators: options.aggregators || options.json,
    auxiliary: options.auxiliary,
  });
  const lines = runText(info, {
    isUngrouped: options.group === false,
    hasAggregators: options.aggregators ?? false,
    hasAuxiliary: options.auxiliary ?? false,
    hasModules: details.length > 0 || options.counts === true,
    aliases: whole.aliases.table,
  });
  const first = shown.length > 0 ? [`Showing ${countSources(run)} / ${countSources(whole)} sources`, ''] : [''];
  const skipped = whole.skippedFiles.map(({ file, reason }) => `Skipped ${basename(file)}: ${reason}`);
  return {
    text: `${[...first, ...lines, ...skipped].join('\n')}\n`,
    // Metadata are in a file that may not have been opened: only who wants them waits for them.
    json: options.json ? { path, kind: 'run', ...toJson(whole, info) } : {},
  };
}

function countSources(run: Run): number {
  return run.sources.length + run.legacySources.size;
}

function toJson(run: Run, info: RunInfo): Readonly<Record<string, unknown>> {
  const sources = (kind: string, list: readonly SourceInfo[]) => list.map((source) => sourceJson(kind, source));
  return {
    files: run.files.length,
    skippedFiles: run.skippedFiles,
    trains: info.trains,
    firstTrainId: info.firstTrainId,
    lastTrainId: info.lastTrainId,
    durationS: info.durationS,
    metadata: Object.fromEntries(run.runMetadata()),
    detectors: info.detectors.map(({ name, modules, framesPerTrain }) => {
      const [, detector, section] = /^(.+)\/(DET|CORR)$/.exec(name) ?? [name, name, ''];
      const [example] = modules.values();
      return {
        name: detector,
        type: DETECTOR_KINDS.find((kind) => kind.sourcePattern.test(example))?.name ?? '',
        isRaw: section === 'DET',
        modules: [...modules.keys()],
        maxFrames: framesPerTrain,
      };
    }),
    sources: [...sources('instrument', info.instrument), ...sources('control', info.control)],
    auxiliarySources: [...sources('reduction', info.reduction), ...sources('errata', info.errata)],
    legacySources: Object.fromEntries(info.legacy),
  };
}

function sourceJson(kind: string, { name, aggregator, counts, groups, keys, runKeys }: SourceInfo) {
  return {
    name,
    kind,
    aggregator,
    ...counts,
    ...(groups ? { groups: Object.fromEntries(groups) } : {}),
    ...(keys ? { keys: keys.map(keyJson) } : {}),
    ...(runKeys ? { runKeys } : {}),
  };
}

function keyJson({ key, dtype, fields, entryShape, units }: KeyInfo) {
  const type = dtype === null || dtype === 'record' || dtype === 'string' ? (dtype ?? 'unknown') : typeStringOf(dtype);
  const types = fields?.map((field) => [field.name, typeStringOf(field.dtype)]);
  return { key, dtype: types ?? type, entryShape, units };
}
