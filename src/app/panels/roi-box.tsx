import { type PointerEvent, useRef, useState } from 'react';
import type { Roi } from '../../core/roi.ts';

interface RoiBoxProps {
  readonly roi: Roi;
  /** Screen pixels per pixel along x and y. */
  readonly zoom: readonly [number, number];
  readonly toScreen: (x: number, y: number) => readonly [number, number];
  /** Called when the drag ends. */
  readonly onChange: (roi: Roi) => void;
}

/** Which edges a handle moves: -1 the low one, 1 the high one, 0 none; along x and y. */
const HANDLES = [
  [-1, -1],
  [0, -1],
  [1, -1],
  [-1, 0],
  [1, 0],
  [-1, 1],
  [0, 1],
  [1, 1],
] as const;

function moved(
  roi: Roi,
  [sideX, sideY]: readonly [number, number] | readonly [null, null],
  dx: number,
  dy: number,
): Roi {
  if (sideX === null || sideY === null) return { ...roi, x: roi.x + dx, y: roi.y + dy };
  const stretch = (start: number, length: number, side: number, delta: number) => {
    if (side === 0) return [start, length] as const;
    const change = side < 0 ? Math.min(delta, length - 1) : Math.max(delta, 1 - length);
    return side < 0 ? ([start + change, length - change] as const) : ([start, length + change] as const);
  };
  const [x, width] = stretch(roi.x, roi.width, sideX, dx);
  const [y, height] = stretch(roi.y, roi.height, sideY, dy);
  return { x, y, width, height };
}

/** A region with eight handles, dragged with the pointer; whole pixels only. */
export function RoiBox({ roi, zoom, toScreen, onChange }: RoiBoxProps) {
  const [draft, setDraft] = useState<Roi | null>(null);
  const start = useRef<{ x: number; y: number; sides: readonly [number, number] | readonly [null, null] } | null>(null);
  const shown = draft ?? roi;
  const [left, bottom] = toScreen(shown.x, shown.y);
  const [right, top] = toScreen(shown.x + shown.width, shown.y + shown.height);

  const grab = (sides: readonly [number, number] | readonly [null, null]) => (event: PointerEvent<SVGElement>) => {
    event.stopPropagation();
    event.currentTarget.setPointerCapture(event.pointerId);
    start.current = { x: event.clientX, y: event.clientY, sides };
  };
  const move = (event: PointerEvent) => {
    if (!start.current) return;
    event.stopPropagation();
    const { x, y, sides } = start.current;
    setDraft(moved(roi, sides, Math.round((event.clientX - x) / zoom[0]), -Math.round((event.clientY - y) / zoom[1])));
  };
  const drop = (event: PointerEvent) => {
    event.stopPropagation();
    start.current = null;
    if (draft) onChange(draft);
    setDraft(null);
  };
  const listeners = { onPointerMove: move, onPointerUp: drop };

  return (
    <g data-testid="roi-box">
      <rect
        x={left}
        y={top}
        width={right - left}
        height={bottom - top}
        fill="transparent"
        stroke="#05070A"
        strokeWidth="4"
      />
      <rect
        x={left}
        y={top}
        width={right - left}
        height={bottom - top}
        fill="transparent"
        stroke="#5AB0FF"
        strokeWidth="1.6"
        style={{ cursor: 'move' }}
        data-testid="roi-body"
        onPointerDown={grab([null, null])}
        {...listeners}
      />
      <rect x={left} y={top - 17} width={44} height={16} fill="#5AB0FF" />
      <text x={left + 5} y={top - 5} fontSize="11" fontWeight="600" fill="#05070A">
        ROI 1
      </text>
      {HANDLES.map(([sideX, sideY]) => (
        <rect
          key={`${sideX} ${sideY}`}
          data-testid={`roi-handle${sideX}${sideY}`}
          x={(left + right) / 2 + ((right - left) / 2) * sideX - 4}
          y={(top + bottom) / 2 - ((bottom - top) / 2) * sideY - 4}
          width="8"
          height="8"
          fill="#05070A"
          stroke="#5AB0FF"
          strokeWidth="1.4"
          style={{ cursor: 'pointer' }}
          onPointerDown={grab([sideX, sideY])}
          {...listeners}
        />
      ))}
    </g>
  );
}
