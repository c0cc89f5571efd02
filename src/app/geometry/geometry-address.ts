import { createContext, useContext } from 'react';
import type { RunInfo } from '../../api/run-contract.ts';
import type { RunKey } from '../session.ts';

/** How many frames become the picture. */
export const OVERS = ['one', 'mean', 'max', 'sum'] as const;
/** One of them. */
export type Over = (typeof OVERS)[number];

/** What the address of the geometry page says; all of it can be sent to somebody. */
export interface PictureChoice {
  readonly detector: string | null;
  readonly over: Over;
  /** Positions of the one frame. */
  readonly train: number;
  readonly pulse: number;
  readonly view: 'raw' | 'corrected' | null;
  /** Most trains of a mean, maximum or sum. */
  readonly trains: number;
}

/** Numbers that an address gives instead of those of the geometry file. */
export interface AddressedDocument {
  /** m */
  readonly distance: number | null;
  readonly photonEnergyKeV: number | null;
  readonly calibrant: string | null;
  readonly rings: number | null;
}

const MOST_TRAINS = 500;
/** Enough to see rings; reading and correcting them takes seconds. */
const USUAL_TRAINS = 20;

/** Reads the address; what makes no sense in it is passed over. */
export function readPictureChoice(search: URLSearchParams): PictureChoice {
  const over = search.get('over') ?? 'mean';
  const view = search.get('view');
  return {
    detector: search.get('detector'),
    over: OVERS.find((each) => each === over) ?? 'mean',
    train: wholeNumber(search.get('train'), 0),
    pulse: wholeNumber(search.get('pulse'), 0),
    view: view === 'raw' || view === 'corrected' ? view : null,
    trains: Math.min(MOST_TRAINS, Math.max(1, wholeNumber(search.get('trains'), USUAL_TRAINS))),
  };
}

/** Values between which colours run, as the address says them (`levels=0,100`); null if it does not. */
export function readLevels(search: URLSearchParams): { readonly low: number; readonly high: number } | null {
  const match = /^([-+.\de]+),([-+.\de]+)$/i.exec(search.get('levels') ?? '');
  const [low, high] = [Number(match?.[1] ?? Number.NaN), Number(match?.[2] ?? Number.NaN)];
  return low < high && Number.isFinite(high - low) ? { low, high } : null;
}

/** Reads what the address says of the experiment. */
export function readAddressedDocument(search: URLSearchParams): AddressedDocument {
  const rings = wholeNumber(search.get('rings'), -1);
  return {
    distance: positive(search.get('distance')),
    photonEnergyKeV: positive(search.get('energy')),
    calibrant: search.get('calibrant'),
    rings: rings >= 0 && rings <= 100 ? rings : null,
  };
}

function wholeNumber(text: string | null, otherwise: number): number {
  return text !== null && /^\d{1,9}$/.test(text) ? Number(text) : otherwise;
}

function positive(text: string | null): number | null {
  const value = Number(text ?? Number.NaN);
  return value > 0 && Number.isFinite(value) ? value : null;
}

/**
 * The detector of a run that an address asks for: by its name, else by the beginning of its kind, as `--det AGIPD` of geoAssembler
 * has it, else the first; null if there is none.
 */
export function chooseDetector<D extends { readonly name: string; readonly type: string }>(
  detectors: readonly D[],
  wanted: string | null,
): D | null {
  const kind = wanted?.toUpperCase();
  const byKind = kind ? detectors.find(({ type }) => type.toUpperCase().startsWith(kind)) : undefined;
  return detectors.find(({ name }) => name === wanted) ?? byKind ?? detectors[0] ?? null;
}

/** The run on the geometry page and what is chosen of it. */
export interface GeometryPageView {
  /** Null while none is chosen. */
  readonly run: RunKey | null;
  readonly info: RunInfo | null;
  /** The chosen detector of the run. */
  readonly detector: RunInfo['detectors'][number] | null;
  readonly choice: PictureChoice;
  /** What is loading or went wrong, and how to ask again. */
  readonly state: {
    readonly isLoading: boolean;
    readonly error: unknown;
    readonly what: string;
    readonly retry: () => void;
  };
  /** Changes the address without a new entry in the history; '' takes a name out. */
  readonly set: (changes: Readonly<Record<string, string>>) => void;
}

/** Hands the run to the panels of the geometry page. */
export const GeometryPageContext = createContext<GeometryPageView | null>(null);

/** The page around. @throws Error outside of a geometry page */
export function useGeometryPage(): GeometryPageView {
  const view = useContext(GeometryPageContext);
  if (!view) throw new Error('a panel of the geometry page was used elsewhere');
  return view;
}
