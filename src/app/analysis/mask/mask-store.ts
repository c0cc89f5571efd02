import { create } from 'zustand';
import { growMask, invertMask, setMasked, shrinkMask } from '../../../detector/analysis/mask-operations.ts';
import type { MaskShape } from '../../../detector/analysis/mask-shape.ts';
import { pixelCountOf } from '../../../detector/detector.ts';
import type { Point } from '../../../detector/geometry.ts';
import { useGeometry } from '../../geometry/geometry-store.ts';
import { callAnalysis, geometryMessage } from '../analysis-client.ts';
import type { MaskRequest } from '../analysis-request.ts';
import { sendScene } from '../curve/curve-runner.ts';

/** Figures that are drawn on the picture. */
export type MaskTool = MaskShape['kind'];

/** Words of all tools, in the order of their buttons. */
export const MASK_TOOLS: Readonly<Record<MaskTool, string>> = {
  circle: 'Circle',
  rectangle: 'Rectangle',
  polygon: 'Polygon',
  arc: 'Arc',
  point: 'Point',
};

interface MaskStore {
  /** What a press on the picture draws; null = nothing. */
  readonly tool: MaskTool | null;
  /** Whether figures take pixels out of the mask. */
  readonly isErasing: boolean;
  /** The figure that is being drawn; lengths in m. */
  readonly draft: MaskShape | null;
  /** Whether the picture is seen below the mask. */
  readonly isTransparent: boolean;
  readonly past: readonly (Uint8Array | null)[];
  readonly future: readonly (Uint8Array | null)[];
  readonly isBusy: boolean;
  readonly error: string | null;
  setTool(tool: MaskTool | null): void;
  setErasing(isErasing: boolean): void;
  setTransparent(isTransparent: boolean): void;
  /** A press, a move with the button down, or a release at a place on the detector, m. */
  draw(phase: 'press' | 'move' | 'release', place: Point): void;
  /** Ends a polygon. */
  finish(): void;
  cancel(): void;
  /** Adds the pixels of a request to the mask, or takes them away while erasing. */
  choose(request: MaskRequest): Promise<void>;
  addShape(shape: MaskShape): Promise<void>;
  invert(): void;
  grow(): void;
  shrink(): void;
  clear(): void;
  /** Another mask, in place of this one or added to it. */
  take(mask: Uint8Array, isAdded: boolean): void;
  undo(): void;
  redo(): void;
}

/** All steps together hold at most so many bytes. */
const HISTORY_BYTES = 128 * 2 ** 20;
/** A figure smaller than this many pixels was a slip of the hand. */
const LEAST_PX = 0.7;

/** The mask of the Geometry page: figures, thresholds and undo. The mask itself is in the page's store. */
export const useMask = create<MaskStore>((set, get) => {
  const push = (mask: Uint8Array | null) => {
    const { mask: before, setMask } = useGeometry.getState();
    const most = Math.max(4, Math.floor(HISTORY_BYTES / Math.max(1, before?.length ?? mask?.length ?? 1)));
    set({ past: [...get().past, before].slice(-most), future: [], error: null });
    setMask(mask?.some((value) => value !== 0) ? mask : null);
  };
  const detectorNow = () => useGeometry.getState().geometry?.detector ?? null;
  const maskNow = () => {
    const detector = detectorNow();
    return detector ? (useGeometry.getState().mask ?? new Uint8Array(pixelCountOf(detector))) : null;
  };
  const change = (make: (mask: Uint8Array) => Uint8Array) => {
    const mask = maskNow();
    if (mask) push(make(mask));
  };
  return {
    tool: null,
    isErasing: false,
    draft: null,
    isTransparent: false,
    past: [],
    future: [],
    isBusy: false,
    error: null,
    setTool: (tool) => set({ tool, draft: null }),
    setErasing: (isErasing) => set({ isErasing }),
    setTransparent: (isTransparent) => set({ isTransparent }),
    draw(phase, place) {
      const { tool, draft } = get();
      const pixel = detectorNow()?.pixelSize;
      if (!tool || pixel === undefined) return;
      if (tool === 'point') {
        if (phase === 'press') void get().addShape({ kind: 'point', at: place });
        return;
      }
      if (tool === 'polygon') {
        const points = draft?.kind === 'polygon' ? draft.points : [];
        // The second press of a double click is where the first was.
        const isSame = points.some(([x, y]) => Math.hypot(x - place[0], y - place[1]) < LEAST_PX * pixel);
        if (phase === 'press' && !isSame) set({ draft: { kind: 'polygon', points: [...points, place] } });
        return;
      }
      if (phase === 'press') {
        set({ draft: beginShape(tool, place, useGeometry.getState().document?.experiment) });
        return;
      }
      if (!draft) return;
      const next = dragShape(draft, place);
      if (phase === 'move') set({ draft: next });
      else {
        set({ draft: null });
        if (sizeOf(next) > LEAST_PX * pixel) void get().addShape(inOrder(next));
      }
    },
    finish() {
      const { draft } = get();
      set({ draft: null });
      if (draft?.kind === 'polygon' && draft.points.length >= 3) void get().addShape(draft);
    },
    cancel() {
      if (get().draft) set({ draft: null });
      else set({ tool: null });
    },
    async choose(request) {
      const mask = maskNow();
      if (!mask) return;
      sendScene();
      set({ isBusy: true, error: null });
      try {
        const pixels = await callAnalysis('maskPixels', request);
        change((now) => setMasked(now, pixels, !get().isErasing));
      } catch (error) {
        set({ error: error instanceof Error ? error.message : String(error) });
      } finally {
        set({ isBusy: false });
      }
    },
    async addShape(shape) {
      const { geometry } = useGeometry.getState();
      if (geometry) await get().choose({ kind: 'shape', geometry: geometryMessage(geometry), shape });
    },
    invert: () => change(invertMask),
    grow: () =>
      change((mask) => {
        const detector = detectorNow();
        return detector ? growMask(mask, detector) : mask;
      }),
    shrink: () =>
      change((mask) => {
        const detector = detectorNow();
        return detector ? shrinkMask(mask, detector) : mask;
      }),
    clear: () => push(null),
    take: (mask, isAdded) =>
      change((now) => (isAdded ? setMasked(now, mask) : setMasked(mask, new Uint8Array(mask.length)))),
    undo() {
      const { past, future } = get();
      if (past.length === 0) return;
      const { mask, setMask } = useGeometry.getState();
      setMask(past[past.length - 1]);
      set({ past: past.slice(0, -1), future: [mask, ...future] });
    },
    redo() {
      const { past, future } = get();
      if (future.length === 0) return;
      const { mask, setMask } = useGeometry.getState();
      setMask(future[0]);
      set({ past: [...past, mask], future: future.slice(1) });
    },
  };
});

type Dragged = Exclude<MaskTool, 'point' | 'polygon'>;

/** An arc is a piece of a ring about the beam; a circle has its middle where the button went down. */
function beginShape(
  tool: Dragged,
  place: Point,
  experiment: { readonly poni1?: number; readonly poni2?: number } | undefined,
): MaskShape {
  if (tool === 'circle') return { kind: 'circle', centre: place, radius: 0 };
  if (tool === 'rectangle') return { kind: 'rectangle', corners: [place, place] };
  const centre: Point = [experiment?.poni2 ?? 0, experiment?.poni1 ?? 0];
  const [radius, angle] = polar(place, centre);
  return { kind: 'arc', centre, radii: [radius, radius], anglesDeg: [angle, angle] };
}

function dragShape(shape: MaskShape, place: Point): MaskShape {
  switch (shape.kind) {
    case 'circle':
      return { ...shape, radius: Math.hypot(place[0] - shape.centre[0], place[1] - shape.centre[1]) };
    case 'rectangle':
      return { ...shape, corners: [shape.corners[0], place] };
    case 'arc': {
      const [radius, angle] = polar(place, shape.centre);
      const [from, to] = shape.anglesDeg;
      // On the turn that is nearest to where the pointer was, so that an arc may grow past 180 degrees and over the cut.
      const next = to + ((((angle - to) % 360) + 540) % 360) - 180;
      return { ...shape, radii: [shape.radii[0], radius], anglesDeg: [from, next] };
    }
    default:
      return shape;
  }
}

/** An arc that was drawn clockwise is the same arc from its other end. */
function inOrder(shape: MaskShape): MaskShape {
  if (shape.kind !== 'arc') return shape;
  const [from, to] = shape.anglesDeg;
  return from <= to ? shape : { ...shape, anglesDeg: [to, from] };
}

function polar([x, y]: Point, centre: Point): [radius: number, angleDeg: number] {
  return [Math.hypot(x - centre[0], y - centre[1]), (Math.atan2(y - centre[1], x - centre[0]) * 180) / Math.PI];
}

function sizeOf(shape: MaskShape): number {
  if (shape.kind === 'circle') return shape.radius;
  if (shape.kind === 'rectangle') {
    const [[ax, ay], [bx, by]] = shape.corners;
    return Math.min(Math.abs(ax - bx), Math.abs(ay - by));
  }
  return shape.kind === 'arc' ? Math.abs(shape.radii[1] - shape.radii[0]) : Number.POSITIVE_INFINITY;
}
