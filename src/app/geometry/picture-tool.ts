import { create } from 'zustand';

/** A place on the detector in the geometry's frame, m. */
export type Place = readonly [x: number, y: number];

/** What is done with the pointer on the geometry page's picture instead of selecting and moving parts. */
export interface PictureTool {
  /** For the chip over the picture that says what a click does: `Polygon: click corners, double click ends`. */
  readonly words: string;
  onDown?(place: Place): void;
  /** @param isPressed while the button is held */
  onMove?(place: Place, isPressed: boolean): void;
  onUp?(place: Place): void;
  onDoubleClick?(place: Place): void;
}

/** A line over the picture; lengths in m, in the geometry's frame. */
export interface DrawnShape {
  readonly id: string;
  readonly kind: 'circle' | 'polygon' | 'line';
  /** Corners; of a circle its centre. */
  readonly places: readonly Place[];
  /** Of a circle. */
  readonly radius?: number;
  /** `draft`: still being drawn. */
  readonly look: 'mask' | 'draft' | 'mark';
}

interface PictureTools {
  /** Null: clicks select and move parts of the detector. */
  readonly tool: PictureTool | null;
  readonly shapes: readonly DrawnShape[];
  setTool(tool: PictureTool | null): void;
  setShapes(shapes: readonly DrawnShape[]): void;
}

/** Lets panels beside the picture draw on it. Esc puts the tool away. */
export const usePictureTool = create<PictureTools>((set) => ({
  tool: null,
  shapes: [],
  setTool: (tool) => set({ tool }),
  setShapes: (shapes) => set({ shapes }),
}));
