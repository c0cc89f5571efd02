import { type DType, typeStringOf } from '../core/dtype.ts';
import type { AliasTable } from '../data/alias-table.ts';
import type { EntryCounts, KeyInfo, RunInfo, SourceInfo } from '../data/run-info.ts';
import { joinSimilarNames } from '../data/similar-names.ts';

/** What to say of a run beside its names. */
export interface RunTextOptions {
  /** Each name on its own line. */
  readonly isUngrouped: boolean;
  readonly hasAggregators: boolean;
  readonly hasAuxiliary: boolean;
  /** Counts of all sources, or details of some: detector modules are then listed as any source. */
  readonly hasModules: boolean;
  readonly aliases: AliasTable;
}

/** One day of trains, in tenths of a second. */
const DAY = 864_000;

/** A run as `lsxfel` describes it, in lines. @source EXtra-data display.py */
export function runText(info: RunInfo, options: RunTextOptions): string[] {
  const modules = options.hasModules
    ? new Set<string>()
    : new Set(info.detectors.flatMap((detector) => [...detector.modules.values()]));
  const instrument = info.instrument.filter((source) => !modules.has(source.name));
  const lines = [...trainLines(info)];
  if (!options.hasModules) lines.push(...info.detectors.flatMap(detectorLines));
  lines.push(`${instrument.length} instrument sources${options.hasModules ? '' : ' (excluding XTDF detectors)'}:`);
  lines.push(...sourceLines(instrument, info.trains, options), '', `${info.control.length} control sources:`);
  lines.push(...sourceLines(info.control, info.trains, options), '');
  if (info.legacy.size > 0) lines.push(...legacyLines(info.legacy), '');
  if (options.hasAuxiliary) lines.push(...auxiliaryLines(info, options));
  return lines;
}

function trainLines({ trains, firstTrainId, lastTrainId }: RunInfo): string[] {
  const tenths = firstTrainId === null || lastTrainId === null ? 0 : lastTrainId - firstTrainId + 1;
  return [
    `# of trains:    ${trains}`,
    `Duration:       ${trains === 0 ? '0.0' : durationText(tenths)}`,
    `First train ID: ${firstTrainId ?? '-'}`,
    `Last train ID:  ${lastTrainId ?? '-'}`,
    '',
  ];
}

/** `H:MM:SS.d`, and days if there are any: then a train id is probably wrong. */
function durationText(tenths: number): string {
  const days = Math.floor(tenths / DAY);
  const seconds = Math.floor((tenths % DAY) / 10);
  const two = (n: number) => String(n).padStart(2, '0');
  const time = `${Math.floor(seconds / 3600)}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}.${tenths % 10}`;
  return days > 0 ? `${days} day${days > 1 ? 's' : ''}, ${time}` : time;
}

function detectorLines({ name, modules, dims, framesPerTrain, totalFrames }: RunInfo['detectors'][number]): string[] {
  const [[module, source]] = modules;
  return [
    `${modules.size} XTDF detector modules of ${name}/*`,
    `  e.g. module ${module} : ${dims.join(' x ')} pixels`,
    `  ${source}`,
    `  ${framesPerTrain} frames per train, up to ${totalFrames} frames total`,
    '',
  ];
}

function sourceLines(sources: readonly SourceInfo[], trains: number, options: RunTextOptions): string[] {
  const aliases = new Map<string, string[]>();
  for (const [alias, { source, key }] of options.aliases.targets)
    if (key === null) aliases.set(source, [...(aliases.get(source) ?? []), alias]);
  const byName = new Map(sources.map((source) => [source.name, source]));
  const isAlone = (name: string) =>
    options.isUngrouped || options.hasAggregators || byName.get(name)?.counts !== undefined || aliases.has(name);
  return joinSimilarNames([...byName.keys()], isAlone).flatMap(({ names: [name], text }) => {
    const source = byName.get(name) as SourceInfo;
    if (!isAlone(name)) return [`  - ${text}`];
    const aggregator = options.hasAggregators ? `[${source.aggregator ?? ''}] ` : '';
    // The place of the aliases stays, as in the original: a space ends the line.
    const own = aliases.has(name) ? `<${aliases.get(name)?.join(', ')}>` : '';
    return [`  - ${aggregator}${name} ${own}`, ...dataLines(source, trains, options.aliases)];
  });
}

function dataLines(source: SourceInfo, trains: number, aliases: AliasTable): string[] {
  const { name, groups, keys, runKeys } = source;
  const line = (key: string, dtype: string, shape: readonly number[]) =>
    `      - ${typeText(aliasedKey(key), dtype, shape)}`;
  const aliasedKey = (key: string) => {
    const isKey = (other: string | null) => other === key || other === `${key}.value`;
    const own = [...aliases.targets].filter(([, to]) => to.source === name && isKey(to.key)).map(([alias]) => alias);
    return own.length > 0 ? `${key} <${own.join(', ')}>` : key;
  };
  if (keys && runKeys) {
    const bare = (key: string) => key.slice(0, -'.value'.length);
    const values = keys.filter(({ key }) => key.endsWith('.value'));
    const once = runKeys.filter(({ key }) => key.endsWith('.value'));
    return [
      '    - Control keys (1 entry per train):',
      ...values.map((key) => line(bare(key.key), dtypeText(key), key.entryShape)),
      ...(once.length > 0 ? ['    - Additional run keys (1 entry per run):'] : []),
      ...once.map(({ key, dtype, shape }) => line(bare(key), dtype, shape)),
    ];
  }
  if (!groups) return [];
  if (!keys)
    return [...groups].map(
      ([group, counts]) => `    ${groups.size > 1 ? `${group}: ` : ''}${countsText(counts, trains)}`,
    );
  return [...groups].flatMap(([group, counts]) => [
    `    - ${group}:`,
    `      ${countsText(counts, trains)}`,
    ...keys
      .filter(({ key }) => key.startsWith(`${group}.`))
      .map((key) => line(key.key, dtypeText(key), key.entryShape)),
  ]);
}

function countsText({ trains, fewest, most }: EntryCounts, allTrains: number): string {
  const percent = allTrains > 0 ? (100 * trains) / allTrains : 0;
  const entries = fewest === most ? `${most}` : `${fewest}–${most}`;
  return `data for ${trains} trains (${percent.toFixed(2)}%), ${entries} entries per train`;
}

/** numpy's name of an element type; texts are `object` there, structured data a list of fields. */
function dtypeText({ dtype, fields }: KeyInfo): string {
  if (fields) {
    const short = (type: DType) => (type === 'bool' ? '?' : typeStringOf(type).replace('|', ''));
    return `[${fields.map((field) => `('${field.name}', '${short(field.dtype)}')`).join(', ')}]`;
  }
  return dtype === 'string' ? 'object' : (dtype ?? 'unknown');
}

function typeText(name: string, dtype: string, shape: readonly number[]): string {
  const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(', ')})`;
  return `${name}\t[${dtype}${shape.length > 0 ? `, entry shape ${tuple}` : ''}]`;
}

const MODULE = /^(.+\/(?:DET|CORR))\/\d+CH/;

function legacyLines(legacy: ReadonlyMap<string, string>): string[] {
  const detectors = new Map<string, { readonly now: string; count: number }>();
  const lines = [`${legacy.size} legacy source names:`];
  for (const [old, now] of [...legacy].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const detector = MODULE.exec(old)?.[1];
    const known = detector === undefined ? undefined : detectors.get(detector);
    if (detector === undefined) lines.push(` - ${old} -> ${now}`);
    else if (known) known.count++;
    else detectors.set(detector, { now: MODULE.exec(now)?.[1] ?? now, count: 1 });
  }
  return [...lines, ...[...detectors].map(([old, { now, count }]) => ` - ${old}/* -> ${now}/* (${count})`)];
}

function auxiliaryLines({ reduction, errata, trains }: RunInfo, options: RunTextOptions): string[] {
  const section = (label: string, sources: readonly SourceInfo[]) => [
    `${sources.length} ${label} sources:`,
    ...sources.flatMap((source) => [
      `  - ${options.hasAggregators ? ` [${source.aggregator ?? ''}]` : ''} ${source.name}`,
      ...dataLines(source, trains, options.aliases),
    ]),
  ];
  return [...section('reduction', reduction), '', ...section('errata', errata)];
}
