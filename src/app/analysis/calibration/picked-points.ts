import { create } from 'zustand';
import { pickPeak } from '../../../detector/analysis/pick-peak.ts';
import type { ControlPoint } from '../../../detector/refinement/refine-experiment.ts';
import { useGeometry } from '../../geometry/geometry-store.ts';
import { type PictureTool, type Place, usePictureTool } from '../../geometry/picture-tool.ts';
import { setMaskTool } from '../mask/mask-pointer.ts';
import { ringsOf } from '../phases/calibrant-rings.ts';
import { useRefinement } from './refine-store.ts';

/** A point that a person says is on a ring. */
interface PickedPoint {
  readonly ring: number;
  readonly position: readonly [number, number, number];
}

interface PickStore {
  readonly isPicking: boolean;
  /** Of the next point, 0 = innermost. */
  readonly ring: number;
  readonly points: readonly PickedPoint[];
  setPicking(isPicking: boolean): void;
  setRing(ring: number): void;
  removeLast(): void;
  /** Makes the points an exposure of the calibration. */
  use(moreDistance: number): void;
}

/** The brightest pixel this near to a click is meant, px. */
const REACH_PX = 4;
/** Of a cross in the picture, px. */
const CROSS_PX = 6;
/** How well a hand finds a ring, px. */
const SIGMA_PX = 1;

/** The tool that the picture has of us. */
let own: PictureTool | null = null;

/** Points of rings that are picked by hand: where the start values are too far off for rings to be found by themselves. */
export const usePicks = create<PickStore>((set, get) => {
  const show = () => {
    const { document } = useGeometry.getState();
    const size = CROSS_PX * (document?.start.detector.pixelSize ?? 0);
    const shapes = get().points.flatMap(({ position: [x, y] }, i) => [
      {
        id: `pick ${i} -`,
        kind: 'line',
        look: 'mark',
        places: [
          [x - size, y],
          [x + size, y],
        ],
      } as const,
      {
        id: `pick ${i} |`,
        kind: 'line',
        look: 'mark',
        places: [
          [x, y - size],
          [x, y + size],
        ],
      } as const,
    ]);
    usePictureTool.getState().setShapes(get().isPicking ? shapes : []);
  };
  const pick = (place: Place) => {
    const { picture, geometry, mask } = useGeometry.getState();
    if (!picture || !geometry) return;
    const peak = pickPeak(picture.data, mask, geometry, place, REACH_PX);
    if (!peak) return;
    set({ points: [...get().points, { ring: get().ring, position: peak.position }] });
    tellTool();
    show();
  };
  const tellTool = () => {
    const { isPicking, ring, points } = get();
    own = isPicking
      ? { words: `Ring ${ring + 1}: click on it; ${points.length} points, Esc ends`, onDown: pick }
      : null;
    usePictureTool.getState().setTool(own);
  };
  return {
    isPicking: false,
    ring: 0,
    points: [],
    setPicking(isPicking) {
      // Only one panel has the pointer.
      if (isPicking) setMaskTool(null);
      set({ isPicking });
      tellTool();
      show();
    },
    setRing(ring) {
      set({ ring });
      if (get().isPicking) tellTool();
    },
    removeLast() {
      set({ points: get().points.slice(0, -1) });
      if (get().isPicking) tellTool();
      show();
    },
    use(moreDistance) {
      const { document, picture } = useGeometry.getState();
      if (!document || !picture) return;
      const rings = ringsOf(document);
      const { pixelSize } = document.start.detector;
      const points = get().points.flatMap(({ ring, position }): ControlPoint[] =>
        rings[ring] ? [{ position, spacing: rings[ring].spacing, sigma: SIGMA_PX * pixelSize }] : [],
      );
      if (points.length === 0) return;
      const name = `${picture.provenance}, ${points.length} picked points on ${document.calibrant}`;
      useRefinement.getState().keepPoints(name, points, moreDistance);
      set({ points: [] });
      get().setPicking(false);
    },
  };
});

/** Ends picking when Esc puts the tool of the picture away, or another panel takes it. @returns the call that ends it */
export function followPicks(): () => void {
  const end = usePictureTool.subscribe(({ tool }) => {
    if (tool === own || !usePicks.getState().isPicking) return;
    usePicks.setState({ isPicking: false });
    if (!tool) usePictureTool.getState().setShapes([]);
  });
  return () => {
    end();
    if (usePicks.getState().isPicking) usePicks.getState().setPicking(false);
  };
}
