import { memo, type RefObject } from 'react';
import type { LiftBox } from '../../../display/tile-lift.ts';
import type { TileView } from '../../../display/tile-painter.ts';
import type { LiftedPart } from '../../geometry/lifted-part.ts';
import { PartFrames, placeOnScreen } from './frames.tsx';
import { PartLabels } from './labels.tsx';

interface GeometryLiftedProps {
  readonly lifted: LiftedPart;
  /** Takes the transform, from outside of React: a frame of the screen is shorter than a render. */
  readonly element: RefObject<HTMLDivElement>;
  readonly canvas: RefObject<HTMLCanvasElement>;
  readonly box: LiftBox;
  readonly view: TileView;
  readonly size: { readonly width: number; readonly height: number };
  readonly hasLabels: boolean;
}

/** The part that moves just now: its tiles, frames and names on a layer of their own. */
export const GeometryLifted = memo(function GeometryLifted(props: GeometryLiftedProps) {
  const { lifted, element, canvas, box, view, size, hasLabels } = props;
  const { geometry, part } = lifted;
  const toScreen = placeOnScreen(view);
  const { left, top, width, height } = box;
  return (
    <div ref={element} className="lifted" style={{ left, top, width, height }} data-testid="lifted-part">
      <canvas ref={canvas} />
      <svg aria-hidden="true" overflow="visible">
        <g transform={`translate(${-left} ${-top})`} fill="none">
          <PartFrames geometry={geometry} part={part} toScreen={toScreen} />
          {hasLabels && <PartLabels geometry={geometry} toScreen={toScreen} size={size} chosen={part} isOnly />}
        </g>
      </svg>
    </div>
  );
});
