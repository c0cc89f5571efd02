import type { MaskShape } from '../../../detector/analysis/mask-shape.ts';
import type { Point } from '../../../detector/geometry.ts';
import { type DrawnShape, usePictureTool } from '../../geometry/picture-tool.ts';
import { MASK_TOOLS, type MaskTool, useMask } from './mask-store.ts';

const HINTS: Readonly<Record<MaskTool, string>> = {
  circle: 'drag from the middle to the rim',
  rectangle: 'drag from corner to corner',
  polygon: 'click corners, a double click ends',
  arc: 'drag over a piece of a ring about the beam',
  point: 'click a pixel',
};
const ARC_POINTS = 48;

/** Gives the picture's pointer to a tool of the mask, or back. */
export function setMaskTool(tool: MaskTool | null): void {
  const { draw, finish, setTool } = useMask.getState();
  setTool(tool);
  usePictureTool.getState().setShapes([]);
  usePictureTool.getState().setTool(
    tool && {
      words: `${MASK_TOOLS[tool]}: ${HINTS[tool]}`,
      onDown: (place) => draw('press', place),
      onMove: (place, isPressed) => {
        if (isPressed) draw('move', place);
      },
      onUp: (place) => draw('release', place),
      onDoubleClick: finish,
    },
  );
}

/** Keeps the picture's lines and tool as the mask has them. @returns the call that ends it */
export function followMask(): () => void {
  const ends = [
    useMask.subscribe(({ draft }, before) => {
      if (draft !== before.draft) usePictureTool.getState().setShapes(draft ? [drawn(draft)] : []);
    }),
    // Esc on the picture puts the tool away.
    usePictureTool.subscribe(({ tool }, before) => {
      if (before.tool && !tool && useMask.getState().tool) {
        useMask.getState().setTool(null);
        usePictureTool.getState().setShapes([]);
      }
    }),
  ];
  return () => {
    for (const end of ends) end();
    if (useMask.getState().tool) setMaskTool(null);
  };
}

/** A figure as lines over the picture. */
export function drawn(shape: MaskShape): DrawnShape {
  const of = (places: readonly Point[]): DrawnShape => ({ id: 'mask', kind: 'polygon', places, look: 'draft' });
  switch (shape.kind) {
    case 'circle':
      return { id: 'mask', kind: 'circle', places: [shape.centre], radius: shape.radius, look: 'draft' };
    case 'rectangle': {
      const [[ax, ay], [bx, by]] = shape.corners;
      return of([
        [ax, ay],
        [bx, ay],
        [bx, by],
        [ax, by],
      ]);
    }
    case 'polygon':
      return shape.points.length < 3 ? { ...of(shape.points), kind: 'line' } : of(shape.points);
    case 'point':
      return { ...of([shape.at]), kind: 'line' };
    case 'arc': {
      const [inner, outer] = shape.radii;
      const [from, to] = shape.anglesDeg;
      const side = (radius: number) =>
        Array.from({ length: ARC_POINTS + 1 }, (_, i): Point => {
          const angle = ((from + ((to - from) * i) / ARC_POINTS) * Math.PI) / 180;
          return [shape.centre[0] + radius * Math.cos(angle), shape.centre[1] + radius * Math.sin(angle)];
        });
      return of([...side(inner), ...side(outer).reverse()]);
    }
  }
}
