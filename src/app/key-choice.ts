import { create } from 'zustand';

type Pair = readonly [source: string, key: string];

interface KeyChoice {
  /** The run that the keys are of. */
  readonly run: string;
  readonly keys: readonly Pair[];
  /** Takes a key in, or out. */
  readonly toggle: (run: string, key: Pair) => void;
  readonly clear: () => void;
}

const isSame =
  ([a, b]: Pair) =>
  ([c, d]: Pair) =>
    a === c && b === d;

/** Keys that are ticked to be exported together; another run begins anew. */
export const useKeyChoice = create<KeyChoice>((set) => ({
  run: '',
  keys: [],
  toggle: (run, key) =>
    set((now) => {
      const keys = now.run === run ? now.keys : [];
      return { run, keys: keys.some(isSame(key)) ? keys.filter((each) => !isSame(key)(each)) : [...keys, key] };
    }),
  clear: () => set({ keys: [] }),
}));

/** What a run is called in the choice. */
export function choiceName(run: { readonly proposal: string; readonly run: number; readonly data: string }): string {
  return `${run.proposal} ${run.run} ${run.data}`;
}
