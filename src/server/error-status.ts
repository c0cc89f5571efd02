import type { XfelErrorTag } from '../core/errors.ts';

/** HTTP status of each error; the only place that decides it. What is not here is the server's own fault: 500. */
const STATUS: Partial<Readonly<Record<XfelErrorTag, number>>> = {
  RunNotFound: 404,
  SourceNotFound: 404,
  KeyNotFound: 404,
  TrainNotFound: 404,
  NoData: 404,
  AliasNotFound: 404,
  AliasConflict: 422,
  MultiRun: 400,
  SelectionInvalid: 400,
  StateInvalid: 400,
  EndpointInvalid: 400,
  Usage: 400,
  FileUnreadable: 422,
  FormatInvalid: 422,
  GeometryInvalid: 422,
  ConstantsInvalid: 422,
  RefinementFailed: 422,
  ShapeMismatch: 422,
  DtypeMismatch: 422,
  Unsupported: 422,
};

/** HTTP status of an error of Hutch. */
export function statusOfError(tag: XfelErrorTag): number {
  return STATUS[tag] ?? 500;
}
