import { SelectionInvalid, SourceNotFound } from '../../../core/errors.ts';
import type { Run } from '../../run.ts';

/** A source of pulse patterns. */
export interface PulseSource {
  readonly name: string;
  /** The whole bunch pattern table, or pulse ids that a decoder found in it. */
  readonly kind: 'table' | 'decoder';
}

/** @source European XFEL device names and classes, as in EXtra's pulse components */
const TIME_SERVER = /\/TSYS\/(TIMESERVER|X2TIMER\d)$/;
const DECODER = /\/(MDL|TSYS)\/(BUNCH|PULSE|PP)\w*_(DECODER|PATTERN)$/;

/**
 * Finds where a run has pulse patterns: a time server's output channel, else a time server's property, else a decoder; only
 * those that have data.
 * @param name of the source if there are several
 * @throws SourceNotFound if there is none, SelectionInvalid if there are several of a kind
 */
export function findPulseSource(run: Run, name?: string): PulseSource {
  if (name !== undefined) return describe(run, name);
  const candidates: readonly (readonly string[])[] = [
    run.instrumentSources.filter(
      (source) => source.endsWith(':outputBunchPattern') && TIME_SERVER.test(source.split(':', 1)[0]),
    ),
    run.controlSources.filter((source) => TIME_SERVER.test(source) && run.hasKey(source, 'bunchPatternTable')),
    run.controlSources.filter((source) => DECODER.test(source)),
  ];
  const found = chooseFilled(run, candidates) ?? chooseFilled(run, byDeviceClass(run));
  if (found !== undefined) return describe(run, found);
  throw new SourceNotFound(
    `${run.path} has no pulse pattern: no time server (*/TSYS/TIMESERVER) and no decoder (*/MDL/BUNCH_PATTERN) with data. Give the name of the source, or join the run with one that has it.`,
    { name: 'TIMESERVER', near: [] },
  );
}

function describe(run: Run, name: string): PulseSource {
  const source = run.source(name);
  const isTable = source.hasKey('data.bunchPatternTable') || source.hasKey('bunchPatternTable');
  if (isTable) return { name, kind: 'table' };
  if (source.keys().some((key) => /^(sase[123]|maindump|laser)\.pulseIds/.test(key))) return { name, kind: 'decoder' };
  throw new SelectionInvalid(`${name} has neither a bunch pattern table nor decoded pulse ids.`, { name });
}

/** Devices of other names; asking every device for its class takes longer. */
function byDeviceClass(run: Run): readonly (readonly string[])[] {
  const ofClass = (wanted: string) => run.controlSources.filter((source) => run.source(source).deviceClass === wanted);
  const servers = ofClass('TimeServer').map((source) => `${source}:outputBunchPattern`);
  return [servers.filter((source) => run.hasSource(source)), ofClass('PulsePatternDecoder')];
}

/** The only source with data of the first list that has one. @throws SelectionInvalid if a list has several */
function chooseFilled(run: Run, candidates: readonly (readonly string[])[]): string | undefined {
  for (const sources of candidates) {
    const filled = sources.filter((source) =>
      run
        .source(source)
        .dataCounts()
        .some((count) => count > 0),
    );
    if (filled.length > 1) {
      throw new SelectionInvalid(`${run.path} has several pulse patterns, name one of: ${filled.join(', ')}.`, {
        names: filled,
      });
    }
    if (filled.length === 1) return filled[0];
  }
  return undefined;
}
