import type { GeometryDocument } from './geometry-document.ts';
import { decodeGeometryState, encodeGeometryState } from './geometry-state.ts';

/** Moves that nobody saved, as they were when the page was left. */
export interface StoredDraft {
  readonly document: GeometryDocument;
  /** ms since the epoch. */
  readonly at: number;
}

const keyOf = (detector: string) => `hutch-geometry-draft-${detector}`;

/** Keeps unsaved moves in this browser, so that a reload or a crash costs nothing. */
export function storeDraft(document: GeometryDocument): void {
  try {
    const text = JSON.stringify({ at: Date.now(), state: encodeGeometryState(document) });
    localStorage.setItem(keyOf(document.start.detector.name), text);
  } catch {
    // A full or forbidden storage must not disturb the work; saving to a file is not affected.
  }
}

/** The unsaved moves of a detector; null if there are none, or they are damaged. */
export function readDraft(detector: string): StoredDraft | null {
  try {
    const { at, state } = JSON.parse(localStorage.getItem(keyOf(detector)) ?? '') as { at: number; state: string };
    return { at: Number(at), document: decodeGeometryState(state) };
  } catch {
    return null;
  }
}

/** Forgets the unsaved moves of a detector. */
export function forgetDraft(detector: string): void {
  localStorage.removeItem(keyOf(detector));
}
