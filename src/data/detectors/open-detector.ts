import { isFloatDType } from '../../core/dtype.ts';
import { FormatInvalid, NoData, SelectionInvalid, SourceNotFound } from '../../core/errors.ts';
import type { WarningCallback } from '../data-warning.ts';
import type { KeyData } from '../key-data.ts';
import type { Run } from '../run.ts';
import type { DetectorKind, DetectorType } from './detector-kind.ts';
import { type DetectorParts, PARALLEL_GAINS } from './detector-parts.ts';
import { type FoundDetector, findDetectors } from './find-detectors.ts';
import { frameTable } from './frame-table.ts';
import { MultiModule } from './multi-module.ts';

/** Which detector of a run to open, and which of its data. */
export interface DetectorChoice {
  /** Needed where a run has several detectors (of the wanted type): a name, or the beginning of a kind's, such as AGIPD. */
  readonly name?: string;
  readonly type?: DetectorType;
  /** true: raw data only; false: corrected only; undefined: corrected where there is any, else raw with a warning. */
  readonly isRaw?: boolean;
  /** Only these modules. */
  readonly modules?: readonly number[];
  /** Trains in which fewer modules have frames are left out. Default 1. */
  readonly minModules?: number;
  /** LPD: each train holds its frames three times, at high, medium and low gain. Default false. */
  readonly isParallelGain?: boolean;
  /** JUNGFRAU: number of the detector's first module in the sources; it becomes module 1. Default 1. */
  readonly firstModuleNumber?: number;
  /** JUNGFRAU: modules of the whole detector. Default: up to the highest number found. */
  readonly moduleCount?: number;
  /** Told when raw data are used though nobody asked for them, and of frames that are left out. */
  readonly onWarning?: WarningCallback;
}

/**
 * Opens a detector of a run as one object.
 * @throws SourceNotFound if the run has no such detector or not the wanted kind of data, SelectionInvalid if there are
 * several and no name or the choice does not fit the detector, NoData if no train has frames, FormatInvalid if modules differ
 * in their number of frames or parallel gain does not fit it
 */
export function openDetector(run: Run, choice: DetectorChoice = {}): MultiModule {
  const detector = chooseDetector(run, choice);
  const { kind, name } = detector;
  const warn = choice.onWarning ?? (() => {});
  checkChoice(kind, choice);
  const found = chooseSources(run, detector, choice, warn);
  const sources = chooseModules(found.sources, detector, choice);
  const keys = new Map([...sources].map(([module, source]) => [module, run.key(source, kind.mainKey)]));
  const table = frameTable(keys);
  const { minModules = 1, isParallelGain = false } = choice;
  const trainIds = run.trainIds.filter((id) => (table.get(id)?.rows.size ?? 0) >= minModules);
  if (trainIds.length === 0)
    throw new NoData(`No train of ${run.path} has frames of >= ${minModules} modules of ${name}.`, { minModules });
  const moduleCount =
    choice.moduleCount ?? kind.moduleCount ?? Math.max(...allNumbers(found.sources, choice)) - kind.firstModule + 1;
  const parts: DetectorParts = {
    run,
    name,
    kind,
    isRaw: found.isRaw,
    isParallelGain,
    sources,
    moduleCount,
    trainIds,
    table,
    warn,
  };
  if (isParallelGain) checkParallelGain(parts);
  return new MultiModule(parts);
}

function chooseDetector(run: Run, { name, type }: DetectorChoice): FoundDetector {
  const all = findDetectors(run);
  const named = name === undefined ? all : namedDetectors(all, name);
  const fitting = named.filter((detector) => type === undefined || detector.kind.name === type);
  if (fitting.length === 1) return fitting[0];
  const names = (fitting.length > 1 ? fitting : all).map((detector) => detector.name);
  if (fitting.length > 1)
    throw new SelectionInvalid(`${run.path} has several detectors, name one of: ${names.join(', ')}.`, { names });
  const advice = all.length
    ? `It has: ${names.join(', ')}.`
    : `None of its ${run.instrumentSources.length} output channels is a module of a known detector. See run.sources for what it has.`;
  const wanted = `${name === undefined ? '' : ` "${name}"`}${type === undefined ? '' : ` of type ${type}`}`;
  throw new SourceNotFound(`${run.path} has no detector${wanted}. ${advice}`, {
    name: name ?? type ?? 'detector',
    near: names,
  });
}

/**
 * Detectors of a run with a name; if none has it, those of the kinds whose names begin like that: GeoAssembler's `--det AGIPD`.
 * @param name case and punctuation of kinds do not matter
 */
function namedDetectors(all: readonly FoundDetector[], name: string): readonly FoundDetector[] {
  const own = all.filter((detector) => detector.name === name);
  const plain = (text: string) => text.toUpperCase().replace(/[^A-Z0-9]/g, '');
  const wanted = plain(name);
  return own.length > 0 || wanted === '' ? own : all.filter(({ kind }) => plain(kind.name).startsWith(wanted));
}

function checkChoice(kind: DetectorKind, choice: DetectorChoice): void {
  if (choice.isParallelGain && kind.name !== 'LPD1M' && kind.name !== 'LPD_SOLO' && kind.name !== 'LPD_MINI')
    throw new SelectionInvalid(`Only LPD has a parallel gain mode, not ${kind.name}.`, { type: kind.name });
  const { firstModuleNumber, moduleCount } = choice;
  if (firstModuleNumber !== undefined && kind.name !== 'JUNGFRAU')
    throw new SelectionInvalid(`The modules of ${kind.name} always count from 0; leave firstModuleNumber out.`);
  if (moduleCount !== undefined && kind.moduleCount !== null)
    throw new SelectionInvalid(`${kind.name} always has ${kind.moduleCount} modules; leave moduleCount out.`);
  const wrong = [firstModuleNumber, moduleCount].find((n) => n !== undefined && (!Number.isInteger(n) || n < 1));
  if (wrong !== undefined) throw new SelectionInvalid(`${wrong} is no number of modules.`, { wrong });
}

function chooseSources(run: Run, detector: FoundDetector, { isRaw }: DetectorChoice, warn: WarningCallback) {
  const { kind, name, det, corr } = detector;
  const isDetRaw = det.size > 0 && [...det.values()].every((source) => isRawKey(kind, run.key(source, kind.mainKey)));
  if (isRaw === true) {
    if (isDetRaw) return { isRaw: true, sources: det };
    throw new SourceNotFound(`${run.path} has no raw data of ${name}, only corrected. Open the raw run.`, {
      name,
      near: [],
    });
  }
  if (corr.size > 0) return { isRaw: false, sources: corr };
  if (isRaw === undefined || !isDetRaw) {
    if (isDetRaw) {
      const message = `${run.path} has only raw data of ${name}, which are used. Say isRaw: true if you want them, or isRaw: false to be told.`;
      warn({ kind: 'raw-fallback', message });
    }
    return { isRaw: isDetRaw, sources: det };
  }
  throw new SourceNotFound(
    `${run.path} has no corrected data of ${name}, only raw. Open the proc run, or ask for raw data.`,
    { name, near: [] },
  );
}

/** Raw pixels are integers; raw AGIPD entries also have the two planes, which tells them from gain maps of old files. */
function isRawKey(kind: DetectorKind, key: KeyData): boolean {
  if (key.dtype === 'record' || isFloatDType(key.dtype)) return false;
  return kind.name.startsWith('AGIPD') ? key.entryShape.length === 3 : true;
}

function renumber(module: number, { firstModuleNumber = 1 }: DetectorChoice): number {
  return module - firstModuleNumber + 1;
}

function allNumbers(sources: ReadonlyMap<number, string>, choice: DetectorChoice): number[] {
  return [...sources.keys()].map((module) => renumber(module, choice));
}

/** Module number -> source of the wanted modules, sorted by number. */
function chooseModules(
  sources: ReadonlyMap<number, string>,
  { name, kind }: FoundDetector,
  choice: DetectorChoice,
): ReadonlyMap<number, string> {
  const numbered = [...sources].map(([module, source]) => [renumber(module, choice), source] as const);
  const wrong = numbered.find(([module]) => module < kind.firstModule);
  if (wrong) {
    throw new SelectionInvalid(
      `${wrong[1]} comes before module ${choice.firstModuleNumber}: give the lowest number as firstModuleNumber.`,
      { source: wrong[1] },
    );
  }
  const wanted = choice.modules;
  const chosen = numbered.filter(([module]) => !wanted || wanted.includes(module)).sort(([a], [b]) => a - b);
  if (chosen.length === 0) {
    const there = numbered.map(([module]) => module).sort((a, b) => a - b);
    throw new SelectionInvalid(`${name} has no data of modules ${wanted?.join(', ')}; it has ${there.join(', ')}.`, {
      modules: wanted,
    });
  }
  const last = chosen[chosen.length - 1][0] - kind.firstModule;
  const limit = choice.moduleCount ?? kind.moduleCount;
  if (limit !== null && last >= limit) {
    throw new SelectionInvalid(`Module ${chosen[chosen.length - 1][0]} is beyond the ${limit} modules of ${name}.`, {
      moduleCount: limit,
    });
  }
  return new Map(chosen);
}

function checkParallelGain({ name, trainIds, table }: DetectorParts): void {
  const wrong = trainIds.find((id) => (table.get(id)?.count ?? 0) % PARALLEL_GAINS !== 0);
  if (wrong === undefined) return;
  throw new FormatInvalid(
    `Train ${wrong} of ${name} has ${table.get(wrong)?.count} frames, which are not ${PARALLEL_GAINS} times as many pulses: it was not taken in parallel gain mode. Leave isParallelGain out.`,
    { trainId: wrong },
  );
}
