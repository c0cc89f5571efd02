import { create } from 'zustand';
import type { PartLevel, PartMove } from '../../detector/refinement/detector-part.ts';

/** Where a part would go when the edited field is applied. */
interface PendingMove {
  readonly level: PartLevel;
  readonly part: number;
  /** Further than it is now. */
  readonly move: PartMove;
}

interface GeometryLook {
  /** Seen from the sample: +x goes to the left. */
  readonly isFront: boolean;
  readonly hasRings: boolean;
  readonly hasFrames: boolean;
  readonly hasLabels: boolean;
  /** The picture shows the geometry as it was loaded. */
  readonly isBefore: boolean;
  /** Arrows from where modules were to where they are, so many times as long; null = none. */
  readonly arrows: number | null;
  readonly pending: PendingMove | null;
  readonly helper: number | null;
  /** Step of the arrow keys, px. */
  readonly step: number;
  readonly unit: 'px' | 'mm' | 'm';
  set(change: Partial<GeometryLook>): void;
}

/** How the geometry page looks: nothing of this changes the geometry, and none of it is undone. */
export const useGeometryLook = create<GeometryLook>((set) => ({
  isFront: true,
  hasRings: true,
  hasFrames: true,
  hasLabels: true,
  isBefore: false,
  arrows: null,
  pending: null,
  helper: null,
  step: 1,
  unit: 'px',
  set: (change) => set(change),
}));

/** Scales of the arrows, from true to large. */
export const ARROW_SCALES = [1, 10, 50, 100] as const;
