import { createContext, useContext } from 'react';
import { create } from 'zustand';
import type { RunInfo } from '../api/run-contract.ts';
import type { RunKey } from './session.ts';
import { trainIdAt, trainIndexOf } from './train-ranges.ts';

/** The run on screen and what is chosen in it; all of it is in the address, so that it can be sent to somebody. */
export interface RunView {
  readonly run: RunKey;
  readonly info: RunInfo;
  readonly search: URLSearchParams;
  /** Changes the address without a new entry in the history; '' takes a name out. */
  readonly set: (changes: Readonly<Record<string, string>>) => void;
}

/** A key of a source, and the field of it that is shown where it holds records. */
export interface ChosenKey {
  readonly source: string;
  readonly key: string;
  readonly field: string;
}

/** Hands the run to the panels of its page. */
export const RunViewContext = createContext<RunView | null>(null);

/** The run of the page around. @throws Error outside of a Run page */
export function useRunView(): RunView {
  const view = useContext(RunViewContext);
  if (!view) throw new Error('a panel of the Run page was used elsewhere');
  return view;
}

/** Train id of the frame on screen, which the curve marks; null while there is none. */
export const useShownTrain = create<{ readonly trainId: number | null }>(() => ({ trainId: null }));

/** The chosen key, or with `second` the one that it is compared with. */
export function chosenKey(search: URLSearchParams, second = false): ChosenKey | null {
  const end = second ? '2' : '';
  const [source, key] = [search.get(`source${end}`), search.get(`key${end}`)];
  return source && key ? { source, key, field: search.get(`field${end}`) ?? '' } : null;
}

/** The detector on screen; undefined where the run has none. */
export function shownDetector({ info, search }: RunView): RunInfo['detectors'][number] | undefined {
  return info.detectors.find((each) => each.name === search.get('detector')) ?? info.detectors[0];
}

/** Changes of the address that show a train everywhere: in the plots, and where the detector has it in its frame. */
export function trainChange(view: RunView, trainId: number): Record<string, string> {
  const detector = shownDetector(view);
  const at = detector ? trainIndexOf(detector.trainRanges, trainId) : -1;
  return { trainId: String(trainId), ...(at < 0 ? {} : { train: String(at) }) };
}

/** The train that the plots of one train show: the chosen one, else that of the frame, else the first. */
export function chosenTrain(view: RunView): number {
  const wanted = Number(view.search.get('trainId') ?? Number.NaN);
  if (trainIndexOf(view.info.trainRanges, wanted) >= 0) return wanted;
  const detector = shownDetector(view);
  const shown = detector ? trainIdAt(detector.trainRanges, Number(view.search.get('train') ?? 0)) : null;
  return shown ?? view.info.firstTrainId ?? 0;
}
