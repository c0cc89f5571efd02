import { createContext, useContext } from 'react';
import { create } from 'zustand';
import type { RunInfo } from '../api/run-contract.ts';
import type { RunKey } from './session.ts';

/** The run on screen and what is chosen in it; all of it is in the address, so that it can be sent to somebody. */
export interface RunView {
  readonly run: RunKey;
  readonly info: RunInfo;
  readonly search: URLSearchParams;
  /** Changes the address without a new entry in the history. */
  readonly set: (changes: Readonly<Record<string, string>>) => void;
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
