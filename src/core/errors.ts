/** Tags of all errors that Hutch raises on purpose; one tag, one way to recover. */
export type XfelErrorTag =
  | 'FileUnreadable'
  | 'FormatInvalid'
  | 'SourceNotFound'
  | 'KeyNotFound'
  | 'TrainNotFound'
  | 'RunNotFound'
  | 'NoData'
  | 'MultiRun'
  | 'AliasNotFound'
  | 'AliasConflict'
  | 'SelectionInvalid'
  | 'ShapeMismatch'
  | 'DtypeMismatch'
  | 'GeometryInvalid'
  | 'ConstantsInvalid'
  | 'RefinementFailed'
  | 'MessageInvalid'
  | 'BridgeTimeout'
  | 'EndpointInvalid'
  | 'PortInUse'
  | 'SkipTrain'
  | 'StateInvalid'
  | 'Unsupported'
  | 'Usage';

/** Plain facts that belong to an error: names, paths, offsets, shapes. Must survive `JSON.stringify`. */
export type ErrorDetails = Readonly<Record<string, unknown>>;

/**
 * Base of every error that Hutch raises on purpose. The message says what is wrong, where, and how to fix it.
 * Subclasses fix `tag`; tell them apart with {@link isXfelError}, never by message.
 */
export class XfelError extends Error {
  readonly tag: XfelErrorTag;
  readonly details: ErrorDetails;

  constructor(tag: XfelErrorTag, message: string, details: ErrorDetails = {}, options?: { cause?: unknown }) {
    super(message, options);
    this.tag = tag;
    this.details = details;
    this.name = tag;
  }
}

/** Written out so that the published types need nothing of Node's own types, which `typeof` of the class would name. */
interface ErrorClass<Tag extends XfelErrorTag> {
  new (message: string, details?: ErrorDetails, options?: { cause?: unknown }): XfelError & { readonly tag: Tag };
}

/** Makes one class per tag, so that `new SourceNotFound(message, details)` reads as the style asks. */
function errorClass<Tag extends XfelErrorTag>(tag: Tag): ErrorClass<Tag> {
  return class extends XfelError {
    declare readonly tag: Tag;
    constructor(message: string, details: ErrorDetails = {}, options?: { cause?: unknown }) {
      super(tag, message, details, options);
    }
  };
}

/** A file is missing, unreadable, empty or truncated. Details: `path`. */
export class FileUnreadable extends errorClass('FileUnreadable') {}
/** A file or document does not follow its format. Details: `path`, and `line` or `offset`. */
export class FormatInvalid extends errorClass('FormatInvalid') {}
/** No source of that name. Details: `name`, `near`. */
export class SourceNotFound extends errorClass('SourceNotFound') {}
/** No key of that name in the source. Details: `source`, `name`, `near`. */
export class KeyNotFound extends errorClass('KeyNotFound') {}
/** No such train in the selection. Details: `trainId`. */
export class TrainNotFound extends errorClass('TrainNotFound') {}
/** No proposal or run folder of that name. Details: `path` or `proposal`, `run`. */
export class RunNotFound extends errorClass('RunNotFound') {}
/** The selection holds no data. */
export class NoData extends errorClass('NoData') {}
/** Asked of data of several runs what only one run can say (METADATA, run values). */
export class MultiRun extends errorClass('MultiRun') {}
/** No alias of that name. Details: `name`, `near`. */
export class AliasNotFound extends errorClass('AliasNotFound') {}
/** One alias with two targets. Details: `name`. */
export class AliasConflict extends errorClass('AliasConflict') {}
/** A train, pulse or source selection that cannot be understood. */
export class SelectionInvalid extends errorClass('SelectionInvalid') {}
/** Details: `expected`, `got`. */
export class ShapeMismatch extends errorClass('ShapeMismatch') {}
/** Details: `expected`, `got`. */
export class DtypeMismatch extends errorClass('DtypeMismatch') {}
/** A geometry that does not describe the detector. Details: `path`, `line` where known. */
export class GeometryInvalid extends errorClass('GeometryInvalid') {}
/** Calibration constants that are missing or of the wrong shape. */
export class ConstantsInvalid extends errorClass('ConstantsInvalid') {}
/** A geometry or a beam could not be refined: too few points, or parameters that cannot be told apart. */
export class RefinementFailed extends errorClass('RefinementFailed') {}
/** A bridge message that breaks its protocol. Details: `part`, `offset`. */
export class MessageInvalid extends errorClass('MessageInvalid') {}
/** Nothing came from the bridge in time. Details: `endpoint`, `timeoutMs`. */
export class BridgeTimeout extends errorClass('BridgeTimeout') {}
/** An endpoint that is not `tcp://host:port` or `ipc://path`. Details: `endpoint`. */
export class EndpointInvalid extends errorClass('EndpointInvalid') {}
/** The address is taken by another program. Details: `endpoint`. */
export class PortInUse extends errorClass('PortInUse') {}
/** One train is left out of the live result, counted with its reason. Details: `reason`. */
export class SkipTrain extends errorClass('SkipTrain') {}
/** A state document or setting with an impossible value. Details: `field`. */
export class StateInvalid extends errorClass('StateInvalid') {}
/** Something legal that Hutch cannot do. */
export class Unsupported extends errorClass('Unsupported') {}
/** The command line was called wrongly (exit code 2). */
export class Usage extends errorClass('Usage') {}

/**
 * Tells a Hutch error from anything else, and its tag when given.
 * @example if (isXfelError(error, 'SourceNotFound')) console.log(error.details.near)
 */
export function isXfelError(error: unknown, tag?: XfelErrorTag): error is XfelError {
  return error instanceof XfelError && (tag === undefined || error.tag === tag);
}

/** The names most like `name` (edit distance on lower case), best first, for "nearest: .." in messages. */
export function nearestNames(name: string, candidates: Iterable<string>, count = 3): string[] {
  const wanted = name.toLowerCase();
  const scored: { candidate: string; score: number }[] = [];
  for (const candidate of candidates) {
    const lower = candidate.toLowerCase();
    const score = lower.includes(wanted) || wanted.includes(lower) ? 0 : editDistance(wanted, lower);
    scored.push({ candidate, score });
  }
  scored.sort((a, b) => a.score - b.score || (a.candidate < b.candidate ? -1 : 1));
  return scored.slice(0, count).map((s) => s.candidate);
}

function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const current = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = previous[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1);
      current.push(Math.min(previous[j] + 1, current[j - 1] + 1, substitution));
    }
    previous = current;
  }
  return previous[b.length];
}
