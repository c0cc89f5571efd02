import { create } from 'zustand';
import type { Geometry } from '../../detector/geometry.ts';
import type { LevelMoves, PartLevel, PartMove } from '../../detector/refinement/detector-part.ts';
import { type DocumentStep, type GeometryDocument, geometryOf, moreMoves } from './geometry-document.ts';

/** The picture that the geometry is looked at with: all modules, before they are put in their places. */
export interface ModulePicture {
  /** Its source in the run. */
  readonly detector: string;
  /** float32 (module, ss, fs); NaN = masked or missing. Never changed in place. */
  readonly data: Float32Array;
  readonly shape: readonly [module: number, ss: number, fs: number];
  readonly unit: string;
  /** `run 37 · mean of 13 trains`: stands beside every picture and curve that is made of it. */
  readonly provenance: string;
  /** The same in names of files: `p700000-r0037-t10012-p3`. */
  readonly stem: string;
  /** Trains that it is of. */
  readonly trainIds: readonly number[];
}

/** A document with its history, as it is kept while another one is on the page. */
export interface DocumentHistory {
  readonly document: GeometryDocument | null;
  readonly geometry: Geometry | null;
  readonly version: number;
  readonly past: readonly DocumentStep[];
  readonly future: readonly DocumentStep[];
  readonly savedVersion: number;
  readonly selection: PartSelection;
}

/** What moves when an arrow key is pressed. */
export interface PartSelection {
  readonly level: PartLevel;
  /** Index of the part; null = nothing is selected. */
  readonly part: number | null;
}

/** A geometry that a refinement proposes. */
export interface Proposal {
  readonly level: PartLevel;
  /** One for each part of the level. */
  readonly moves: readonly PartMove[];
  readonly geometry: Geometry;
  readonly experiment: GeometryDocument['experiment'];
  /** For the history: `refined quadrants on 6 rings of LaB6`. */
  readonly what: string;
}

/** Moves that the picture shows already, and everything else a moment later. */
export interface Gliding {
  readonly document: GeometryDocument;
  readonly geometry: Geometry;
  readonly what: string;
  readonly kind: string;
}

/** A place on the detector below the pointer, m; null when it is elsewhere. */
export type PointerPlace = { readonly x: number; readonly y: number } | null;

interface GeometryStore {
  readonly picture: ModulePicture | null;
  /** Null until a geometry is loaded. */
  readonly document: GeometryDocument | null;
  /** The geometry of the document; a new object only when tiles really moved. */
  readonly geometry: Geometry | null;
  /** Newer than document and geometry while a part is dragged or a key is held; null at rest. */
  readonly gliding: Gliding | null;
  /** Raised with every edit: stands beside what was made with it. */
  readonly version: number;
  readonly past: readonly DocumentStep[];
  readonly future: readonly DocumentStep[];
  /** Version of the document that was saved last. */
  readonly savedVersion: number;
  readonly selection: PartSelection;
  /** What a refinement found and nobody has applied yet. */
  readonly proposal: Proposal | null;
  readonly pointer: PointerPlace;
  /** uint8 (module * ss * fs), not 0 = left out of curves and refinement; null = none. */
  readonly mask: Uint8Array | null;
  setPicture(picture: ModulePicture | null): void;
  /** A new geometry; the history begins anew. */
  load(document: GeometryDocument, what: string): void;
  /** The document with its history, to come back to. */
  park(): DocumentHistory;
  /** Another document with the history that it had, with its own picture and mask. */
  resume(history: DocumentHistory & Pick<GeometryStore, 'picture' | 'mask'>): void;
  /**
   * One edit, which can be undone. Edits of the same `kind` in quick succession are one step; those of one gesture (a kind
   * that begins with `gesture`) are one step however long it takes.
   */
  edit(change: Partial<GeometryDocument>, what: string, kind?: string): void;
  /**
   * Moves of a hand: the first is an edit at once, those that follow quickly become one a few times a second, since panels
   * and curves take longer than a frame of the screen. Whatever else is done settles them before.
   */
  glide(moves: LevelMoves, what: string, kind: string): void;
  /** Makes what glides an edit now. */
  settle(): void;
  undo(): void;
  redo(): void;
  select(selection: PartSelection): void;
  propose(proposal: Proposal | null): void;
  /** Makes the proposal the document. */
  applyProposal(): void;
  setPointer(pointer: PointerPlace): void;
  setMask(mask: Uint8Array | null): void;
  markSaved(): void;
}

/** Edits of one kind that follow each other within this time are one step of the history, ms. */
const ONE_STEP_MS = 800;
const MAX_STEPS = 500;
/** While a part glides, everything but the picture follows as often: numbers that change faster cannot be read, ms. */
const GLIDE_MS = 200;

/** Everything the geometry page shows. Take single fields: whoever takes all is drawn again with every move. */
export const useGeometry = create<GeometryStore>((set, get) => {
  let lastKind = '';
  let lastAt = 0;
  let glidedAt = 0;
  let settling: ReturnType<typeof setTimeout> | undefined;
  const show = (document: GeometryDocument) => {
    const { document: before, geometry } = get();
    const isSame = before && before.start === document.start && before.moves === document.moves;
    return { document, geometry: isSame ? geometry : geometryOf(document), version: get().version + 1 };
  };
  const addStep = (shown: ReturnType<typeof show>, what: string, kind: string) => {
    const { past } = get();
    const at = Date.now();
    const isQuick = kind.startsWith('gesture') || at - lastAt < ONE_STEP_MS;
    const isOne = kind !== '' && kind === lastKind && isQuick && past.length > 1;
    lastKind = kind;
    lastAt = at;
    const kept = isOne ? past.slice(0, -1) : past.slice(-MAX_STEPS);
    set({ ...shown, past: [...kept, { document: shown.document, what, at }], future: [], gliding: null });
  };
  return {
    picture: null,
    document: null,
    geometry: null,
    gliding: null,
    version: 0,
    past: [],
    future: [],
    savedVersion: 0,
    selection: { level: 'quadrant', part: null },
    proposal: null,
    pointer: null,
    mask: null,
    setPicture: (picture) => set({ picture }),
    load(document, what) {
      clearTimeout(settling);
      settling = undefined;
      lastKind = '';
      const shown = show(document);
      set({
        ...shown,
        past: [{ document, what, at: Date.now() }],
        future: [],
        proposal: null,
        gliding: null,
        savedVersion: shown.version,
        selection: { level: get().selection.level, part: null },
      });
    },
    park() {
      get().settle();
      const { document, geometry, version, past, future, savedVersion, selection } = get();
      return { document, geometry, version, past, future, savedVersion, selection };
    },
    resume(history) {
      get().settle();
      lastKind = '';
      set({ ...history, proposal: null, pointer: null });
    },
    edit(change, what, kind = '') {
      get().settle();
      const { document } = get();
      if (document) addStep(show({ ...document, ...change }), what, kind);
    },
    glide(moves, what, kind) {
      if (get().gliding && get().gliding?.kind !== kind) get().settle();
      const { document: before, gliding, edit } = get();
      if (!before) return;
      const now = Date.now();
      if (!gliding && now - glidedAt >= GLIDE_MS) {
        glidedAt = now;
        edit({ moves }, what, kind);
        return;
      }
      const document = { ...before, moves };
      set({ gliding: { document, geometry: geometryOf(document), what, kind } });
      settling ??= setTimeout(() => get().settle(), Math.max(0, glidedAt + GLIDE_MS - now));
    },
    settle() {
      clearTimeout(settling);
      settling = undefined;
      const { gliding, version } = get();
      if (!gliding) return;
      glidedAt = Date.now();
      const { document, geometry, what, kind } = gliding;
      addStep({ document, geometry, version: version + 1 }, what, kind);
    },
    undo() {
      get().settle();
      const { past, future } = get();
      const last = past.at(-1);
      const before = past.at(-2);
      if (!last || !before) return;
      lastKind = '';
      set({ ...show(before.document), past: past.slice(0, -1), future: [last, ...future], proposal: null });
    },
    redo() {
      get().settle();
      const { past, future } = get();
      const [next, ...rest] = future;
      if (!next) return;
      lastKind = '';
      set({ ...show(next.document), past: [...past, next], future: rest, proposal: null });
    },
    select(selection) {
      get().settle();
      set({ selection });
    },
    propose(proposal) {
      get().settle();
      set({ proposal });
    },
    applyProposal() {
      get().settle();
      const { proposal, document, edit } = get();
      if (!proposal || !document) return;
      edit(
        { moves: moreMoves(document.moves, proposal.level, proposal.moves), experiment: proposal.experiment },
        proposal.what,
      );
      set({ proposal: null });
    },
    setPointer: (pointer) => set({ pointer }),
    setMask: (mask) => set({ mask }),
    markSaved() {
      get().settle();
      set({ savedVersion: get().version });
    },
  };
});
