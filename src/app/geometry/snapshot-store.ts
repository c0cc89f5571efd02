import { create } from 'zustand';
import type { GeometryDocument } from './geometry-document.ts';
import { decodeGeometryState, encodeGeometryState } from './geometry-state.ts';

/** A geometry with a name, to come back to and to compare with. */
export interface Snapshot {
  readonly id: number;
  /** `before beamtime` */
  readonly name: string;
  readonly document: GeometryDocument;
  /** ms since the epoch. */
  readonly at: number;
}

interface SnapshotStore {
  /** Name of the detector that these are of. */
  readonly detector: string;
  readonly snapshots: readonly Snapshot[];
  /** What arrows begin at, instead of the geometry as it was loaded. */
  readonly against: Snapshot | null;
  /** Why the browser does not keep them; null when it does. */
  readonly fault: string | null;
  /** Takes what the browser kept of a detector. */
  open(detector: string): void;
  /** Keeps a document by a name; one of the same name is replaced. */
  keep(name: string, document: GeometryDocument): void;
  forget(id: number): void;
  compareWith(id: number | null): void;
}

/** Most snapshots of a detector. */
const MAX_SNAPSHOTS = 20;
const MAX_NAME = 80;
const keyOf = (detector: string) => `hutch-geometry-snapshots-${detector}`;

/** Named geometries, kept in this browser for each detector. */
export const useSnapshots = create<SnapshotStore>((set, get) => {
  const store = (snapshots: readonly Snapshot[]) => {
    let fault: string | null = null;
    try {
      const kept = snapshots.map(({ name, at, document }) => ({ name, at, state: encodeGeometryState(document) }));
      localStorage.setItem(keyOf(get().detector), JSON.stringify(kept));
    } catch {
      fault = 'This browser keeps them only until the page is closed: its storage is full or forbidden.';
    }
    set({ snapshots, fault });
  };
  return {
    detector: '',
    snapshots: [],
    against: null,
    fault: null,
    open(detector) {
      if (detector !== get().detector)
        set({ detector, snapshots: readSnapshots(detector), against: null, fault: null });
    },
    keep(name, document) {
      get().open(document.start.detector.name);
      const words = name.trim().slice(0, MAX_NAME);
      if (words === '') return;
      const others = get().snapshots.filter((each) => each.name !== words);
      const id = 1 + Math.max(0, ...get().snapshots.map((each) => each.id));
      store([...others, { id, name: words, document, at: Date.now() }].slice(-MAX_SNAPSHOTS));
      if (get().against?.name === words) get().compareWith(id);
    },
    forget(id) {
      store(get().snapshots.filter((each) => each.id !== id));
      if (get().against?.id === id) set({ against: null });
    },
    compareWith: (id) => set({ against: get().snapshots.find((each) => each.id === id) ?? null }),
  };
});

/** What the browser kept; a damaged entry costs only itself. */
function readSnapshots(detector: string): readonly Snapshot[] {
  let kept: unknown;
  try {
    kept = JSON.parse(localStorage.getItem(keyOf(detector)) ?? '[]');
  } catch {
    return [];
  }
  if (!Array.isArray(kept)) return [];
  return kept.slice(-MAX_SNAPSHOTS).flatMap((entry: unknown, i): Snapshot[] => {
    try {
      const { name, at, state } = entry as { name: unknown; at: unknown; state: unknown };
      const document = decodeGeometryState(String(state));
      if (document.start.detector.name !== detector) return [];
      return [{ id: i + 1, name: String(name).slice(0, MAX_NAME), at: Number(at), document }];
    } catch {
      return [];
    }
  });
}
