import { basename, join } from 'node:path';
import { typeStringOf } from '../core/dtype.ts';
import { isXfelError, RunNotFound } from '../core/errors.ts';
import { DETECTOR_KINDS } from '../data/detectors/detector-kind.ts';
import { findDetectors } from '../data/detectors/find-detectors.ts';
import { openDetector } from '../data/detectors/open-detector.ts';
import { isNamePattern } from '../data/name-pattern.ts';
import type { Run } from '../data/run.ts';
import type { SourceData } from '../data/source-data.ts';
import { nodeFileStore } from '../platform/node/file-store.ts';
import type { CliContext } from './context.ts';
import type { RunOptions } from './run-options.ts';

/** How to list. */
export interface ListOptions extends RunOptions {
  readonly source?: readonly string[];
  readonly detail?: readonly string[];
  readonly counts?: boolean;
  readonly aggregators?: boolean;
  /** false: say each name in full (always so; similar names are not joined yet). */
  readonly group?: boolean;
  /** One line for each path. */
  readonly isShort: boolean;
}

/** What a path is, as text for people and as data for programs. */
export interface Listing {
  readonly text: string;
  readonly json: Readonly<Record<string, unknown>>;
  readonly isMissing: boolean;
}

/** Looks at one path: run folder, file, proposal folder, folder of runs, or a run's name. */
export async function listPath(context: CliContext, path: string, options: ListOptions): Promise<Listing> {
  const entry = await nodeFileStore.entry(path);
  const name = basename(path.replace(/\/+$/, ''));
  if (entry?.isFolder) {
    const names = await nodeFileStore.list(path);
    const isRun = names.some((child) => child.endsWith('.h5'));
    if (!isRun && names.includes('raw'))
      return listRuns(path, join(path, 'raw'), `${name} : Proposal directory`, `${name}/raw/`);
    if (!isRun && names.some((child) => /^r\d{4}$/.test(child)))
      return listRuns(path, path, `${name} : Proposal data directory`);
    if (!isRun) return unrecognised(path, `${name} : Unrecognised directory\n`, false);
  } else if (entry && !name.endsWith('.h5')) return unrecognised(path, `${name} : Unrecognised file\n`, true);

  let run: Run;
  try {
    run = await context.openRun(path, { data: options.origin, dataRoot: options.dataRoot, signal: context.signal });
  } catch (error) {
    if (!entry && error instanceof RunNotFound) return unrecognised(path, `${path} : File/folder not found\n`, true);
    throw error;
  }
  try {
    const title = !entry || entry.isFolder ? `${name} : Run directory` : `${name} : Data file`;
    if (options.isShort)
      return { ...(await describeRun(path, '', run, options)), text: shortLine(name, run, entry?.isFolder ?? true) };
    return await describeRun(path, title, run, options);
  } finally {
    await run.close();
  }
}

function unrecognised(path: string, text: string, isMissing: boolean): Listing {
  return { text, json: { path, kind: 'unrecognised' }, isMissing };
}

async function listRuns(path: string, folder: string, title: string, heading?: string): Promise<Listing> {
  const runs = [];
  for (const name of await nodeFileStore.list(folder)) {
    if (!/^r\d+$/.test(name)) continue;
    const files = (await nodeFileStore.list(join(folder, name))).filter((file) => file.endsWith('.h5'));
    runs.push({
      run: name,
      detectorFiles: files.filter(isDetectorFile).length,
      otherFiles: files.filter((f) => !isDetectorFile(f)).length,
    });
  }
  const lines = runs.map(
    (r) => `  ${r.run} : Run of ${pad(r.detectorFiles)} detector files and ${pad(r.otherFiles)} others`,
  );
  return {
    text: [title, '', ...(heading ? [heading] : []), ...lines, '', ''].join('\n'),
    json: { path, kind: 'proposal', runs },
    isMissing: false,
  };
}

function isDetectorFile(name: string): boolean {
  return /-(AGIPD|LPD|DSSC|JNGFR)\d+-/.test(name);
}

function shortLine(name: string, run: Run, isFolder: boolean): string {
  if (!isFolder) return `${name} : Data file\n  ${run.trainIds.length} trains, ${run.sources.length} sources\n`;
  const detectorFiles = run.files.filter(isDetectorFile).length;
  return `${name} : Run of ${pad(run.trainIds.length, 4)} trains, with ${pad(detectorFiles)} detector files and ${pad(run.files.length - detectorFiles)} others\n`;
}

function pad(n: number, width = 3): string {
  return String(n).padStart(width);
}

async function describeRun(path: string, title: string, whole: Run, options: ListOptions): Promise<Listing> {
  const patterns = (options.source ?? options.detail ?? []).map((text) => (isNamePattern(text) ? text : `*${text}*`));
  const run = patterns.length ? whole.select(patterns) : whole;
  const isDetailed = (name: string) =>
    options.detail !== undefined &&
    whole.select(options.detail.map((text) => (isNamePattern(text) ? text : `*${text}*`))).hasSource(name);
  const isListed = options.detail !== undefined || options.counts === true;
  const modules = isListed ? [] : run.instrumentSources.filter((name) => isXtdf(name));
  const others = run.instrumentSources.filter((name) => !modules.includes(name));
  const { trainIds } = run;
  const [first, last] = [trainIds[0], trainIds.at(-1)];
  const tenths = first === undefined || last === undefined ? 0 : last - first + 1;

  const lines = [title];
  if (patterns.length) lines.push(`Showing ${run.sources.length} / ${whole.sources.length} sources`);
  lines.push('', `# of trains:    ${trainIds.length}`, `Duration:       ${duration(tenths)}`);
  lines.push(`First train ID: ${first ?? 'none'}`, `Last train ID:  ${last ?? 'none'}`, '');
  const detectors = isListed ? [] : describeDetectors(run);
  for (const detector of detectors) lines.push(...detector.lines, '');
  const show = (name: string) => sourceLines(run.source(name), options, isDetailed(name));
  lines.push(`${others.length} instrument sources${modules.length || !isListed ? ' (excluding XTDF detectors)' : ''}:`);
  lines.push(
    ...others.flatMap(show),
    '',
    `${run.controlSources.length} control sources:`,
    ...run.controlSources.flatMap(show),
    '',
  );
  if (run.legacySources.size) {
    lines.push(
      `${run.legacySources.size} legacy source names:`,
      ...[...run.legacySources].map(([old, now]) => ` - ${old} -> ${now}`),
      '',
    );
  }
  for (const { file, reason } of whole.skippedFiles) lines.push(`Skipped ${basename(file)}: ${reason}`);
  const json = {
    path,
    kind: 'run',
    files: whole.files.length,
    skippedFiles: whole.skippedFiles,
    trains: trainIds.length,
    firstTrainId: first ?? null,
    lastTrainId: last ?? null,
    durationS: tenths / 10,
    metadata: Object.fromEntries(whole.runMetadata()),
    detectors: detectors.map((detector) => detector.json),
    sources: run.sources.map((name) => sourceJson(run.source(name), options, isDetailed(name))),
    legacySources: Object.fromEntries(run.legacySources),
  };
  return { text: `${lines.join('\n')}\n`, json, isMissing: false };
}

function isXtdf(source: string): boolean {
  return DETECTOR_KINDS.some((kind) => kind.mainKey === 'image.data' && kind.sourcePattern.test(source));
}

/** `H:MM:SS.d` of a number of trains, ten a second. */
function duration(tenths: number): string {
  const seconds = Math.floor(tenths / 10);
  const two = (n: number) => String(n).padStart(2, '0');
  return `${Math.floor(seconds / 3600)}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}.${tenths % 10}`;
}

function describeDetectors(run: Run) {
  const found = [];
  for (const { name, kind, det, corr } of findDetectors(run)) {
    if (kind.mainKey !== 'image.data') continue;
    for (const [isRaw, sources] of [
      [true, det],
      [false, corr],
    ] as const) {
      if (sources.size === 0) continue;
      const [module] = [...sources.keys()].sort((a, b) => a - b);
      const example = sources.get(module) as string;
      const lines = [
        `${sources.size} XTDF detector modules of ${name}/${isRaw ? 'DET' : 'CORR'}/*`,
        `  e.g. module ${module} : ${kind.moduleShape.join(' x ')} pixels`,
        `  ${example}`,
      ];
      let frames: number[] = [];
      try {
        frames = openDetector(run, {
          name,
          modules: [module],
          isRaw: isRaw && corr.size > 0 ? true : undefined,
        }).frameCounts;
      } catch (error) {
        // A detector without frames is still listed.
        if (!isXfelError(error)) throw error;
      }
      const [least, most] = [Math.min(...frames), Math.max(...frames)];
      const perTrain = least === most ? `${most}` : `${least}–${most}`;
      lines.push(
        frames.length
          ? `  ${perTrain} frames per train, up to ${most * run.trainIds.length} frames total`
          : '  no frames',
      );
      const json = {
        name,
        type: kind.name,
        isRaw,
        modules: [...sources.keys()].sort((a, b) => a - b),
        maxFrames: frames.length ? most : 0,
      };
      found.push({ lines, json });
    }
  }
  return found;
}

function sourceLines(source: SourceData, options: ListOptions, isDetailed: boolean): string[] {
  const isPlain = isDetailed || options.counts || options.aggregators || options.group === false;
  const aggregator = options.aggregators ? `[${source.aggregator}] ` : '';
  // lsxfel ends the names with a space where it does not join similar ones.
  const lines = [`  - ${aggregator}${source.name}${isPlain ? ' ' : ''}`];
  if (source.kind === 'control') {
    if (isDetailed) lines.push(...controlLines(source));
    return lines;
  }
  const groups = isDetailed || options.counts ? source.indexGroups() : [];
  for (const group of groups) {
    const counts = countsText(source.dataCounts(group));
    if (!isDetailed) lines.push(`    ${groups.length > 1 ? `${group}: ` : ''}${counts}`);
    else {
      const keys = source.keys().filter((key) => key.startsWith(`${group}.`));
      lines.push(`    - ${group}:`, `      ${counts}`, ...keys.map((key) => `      - ${keyText(source, key)}`));
    }
  }
  return lines;
}

function controlLines(source: SourceData): string[] {
  const keys = source.keys().filter((key) => key.endsWith('.value'));
  const runKeys = [...source.runValueTypes()].filter(([key]) => key.endsWith('.value') && !keys.includes(key));
  const lines = ['    - Control keys (1 entry per train):', ...keys.map((key) => `      - ${keyText(source, key)}`)];
  if (runKeys.length) lines.push('    - Additional run keys (1 entry per run):');
  for (const [key, { dtype, shape }] of runKeys) lines.push(`      - ${typeText(key, dtype, shape)}`);
  return lines.map((line) => line.replace('.value\t', '\t'));
}

function countsText(counts: readonly number[]): string {
  const present = counts.filter((count) => count > 0);
  const percent = counts.length ? (100 * present.length) / counts.length : 0;
  const [least, most] = present.length ? [Math.min(...present), Math.max(...present)] : [0, 0];
  return `data for ${present.length} trains (${percent.toFixed(2)}%), ${least === most ? most : `${least}–${most}`} entries per train`;
}

function keyText(source: SourceData, name: string): string {
  const key = source.key(name);
  return typeText(name, key.isReadable ? key.dtype : 'unknown', key.entryShape);
}

function typeText(name: string, dtype: string, shape: readonly number[]): string {
  const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(', ')})`;
  return `${name}\t[${dtype}${shape.length ? `, entry shape ${tuple}` : ''}]`;
}

function sourceJson(source: SourceData, options: ListOptions, isDetailed: boolean) {
  const base = { name: source.name, kind: source.kind, aggregator: source.aggregator };
  if (!isDetailed && !options.counts) return base;
  const counts = source.isRunOnly ? [] : source.dataCounts();
  const listed = {
    ...base,
    trains: counts.filter((count) => count > 0).length,
    entries: counts.reduce((sum, count) => sum + count, 0),
  };
  if (!isDetailed) return listed;
  const keys = source.keys().map((name) => {
    const key = source.key(name);
    const dtype = !key.isReadable
      ? 'unknown'
      : key.dtype === 'record' || key.dtype === 'string'
        ? key.dtype
        : typeStringOf(key.dtype);
    return { key: name, dtype, entryShape: key.entryShape, units: key.units };
  });
  return { ...listed, keys };
}
