import { type MouseEvent, type PointerEvent, type RefObject, useRef, useState, type WheelEvent } from 'react';
import type { Geometry } from '../../detector/geometry.ts';
import { pixelAt } from '../../detector/tile-place.ts';
import { moreMoves } from './geometry-document.ts';
import { useGeometryLook } from './geometry-look.ts';
import { useGeometry } from './geometry-store.ts';
import { isOnLine } from './helper-line.ts';
import { moveText, partLabel, partOfTile } from './move-selected.ts';
import { type Place, usePictureTool } from './picture-tool.ts';
import type { PictureView } from './picture-view.ts';

/** A press that moves less is a click, px. */
const CLICK_PX = 4;
/** Numbers below a picture on which a part is moved are read a few times a second, ms. */
const READOUT_MS = 200;

/** What a pressed button does. */
type Gesture =
  | {
      readonly kind: 'pan';
      readonly x: number;
      readonly y: number;
      readonly view: PictureView['shown'];
      isClick: boolean;
    }
  | {
      readonly kind: 'move';
      readonly start: Place;
      readonly number: number;
      /** Of the document, once the pointer has left the place of the click. */
      moves: ReturnType<typeof movesNow> | null;
    }
  | {
      readonly kind: 'helper';
      readonly start: Place;
      readonly id: number;
      readonly centre: Place;
      readonly number: number;
    }
  | { readonly kind: 'tool' };

/** What the picture's element listens with. */
export interface PicturePointer {
  /** Where the crosshair is, CSS pixels; null without one. */
  readonly crosshair: { readonly x: number; readonly y: number } | null;
  /** Ends a move as if it had not begun. @returns false if nothing moves */
  cancelMove(): boolean;
  readonly listeners: {
    onWheel(event: WheelEvent): void;
    onPointerDown(event: PointerEvent): void;
    onPointerMove(event: PointerEvent): void;
    onPointerUp(event: PointerEvent): void;
    onPointerCancel(event: PointerEvent): void;
    onPointerLeave(): void;
    onDoubleClick(event: MouseEvent): void;
  };
}

const movesNow = () => useGeometry.getState().document?.moves;

/**
 * Selecting, dragging, panning, zooming, and tools.
 * @param geometry what is on screen @param onRest when a dragged part is let go
 */
export function usePicturePointer(
  box: RefObject<HTMLElement>,
  geometry: Geometry | null,
  view: PictureView,
  hasCrosshair: boolean,
  onRest: () => void,
): PicturePointer {
  const gesture = useRef<Gesture | null>(null);
  const gestures = useRef(0);
  const toldAt = useRef(0);
  const [crosshair, setCrosshair] = useState<PicturePointer['crosshair']>(null);
  const selection = useGeometry((store) => store.selection);
  const tool = usePictureTool((tools) => tools.tool);

  const pressedAt = useRef<DOMRect | null>(null);
  const toScreenPlace = (event: { clientX: number; clientY: number }) => {
    // While a button is held the picture stays where it is; to ask anew would lay out the page within every move.
    const rectangle = (gesture.current && pressedAt.current) ?? box.current?.getBoundingClientRect();
    return { x: event.clientX - (rectangle?.left ?? 0), y: event.clientY - (rectangle?.top ?? 0) };
  };
  const hitPart = (place: Place): number | null => {
    const pixel = geometry && pixelAt(geometry, ...place);
    return pixel && geometry ? partOfTile(geometry.detector, selection.level, pixel.module, pixel.tile) : null;
  };
  const dragPart = (now: Gesture & { kind: 'move' }, place: Place) => {
    const { document, glide } = useGeometry.getState();
    if (!document || selection.part === null) return;
    const [x, y] = [place[0] - now.start[0], place[1] - now.start[1]];
    if (!now.moves) {
      if (Math.hypot(x, y) * view.shown.zoom < CLICK_PX) return;
      useGeometry.getState().settle();
      now.moves = movesNow() ?? null;
    }
    if (!now.moves) return;
    const { level, part } = selection;
    const move = { shift: [x, y, 0], angle: 0 } as const;
    const { detector } = document.start;
    glide(
      moreMoves(now.moves, level, new Map([[part, move]])),
      moveText(partLabel(detector, level, part), move, detector.pixelSize),
      `gesture ${now.number}`,
    );
  };
  const dragHelper = (now: Gesture & { kind: 'helper' }, place: Place) => {
    const { document, edit } = useGeometry.getState();
    if (!document) return;
    const centre = [now.centre[0] + place[0] - now.start[0], now.centre[1] + place[1] - now.start[1]] as const;
    const helpers = document.helpers.map((each) => (each.id === now.id ? { ...each, centre } : each));
    edit({ helpers }, 'helper moved', `gesture helper ${now.number}`);
  };
  const tellPlace = ([x, y]: Place) => {
    const isMoving = gesture.current?.kind === 'move';
    if (isMoving && performance.now() - toldAt.current < READOUT_MS) return;
    toldAt.current = performance.now();
    useGeometry.getState().setPointer({ x, y });
  };
  const end = () => {
    const now = gesture.current;
    gesture.current = null;
    if (now?.kind === 'move' && now.moves) onRest();
    return now;
  };

  return {
    crosshair,
    cancelMove() {
      const now = gesture.current;
      if (now?.kind !== 'move' || !now.moves) return false;
      end();
      useGeometry.getState().undo();
      return true;
    },
    listeners: {
      onWheel: (event) => view.zoomAt(toScreenPlace(event), event.deltaY),
      onPointerDown(event) {
        if (event.button > 1) return;
        box.current?.setPointerCapture(event.pointerId);
        pressedAt.current = box.current?.getBoundingClientRect() ?? null;
        const at = toScreenPlace(event);
        const place = view.toPlace(at);
        const isPan = event.button === 1 || event.shiftKey;
        const look = useGeometryLook.getState();
        const helper = useGeometry.getState().document?.helpers.find((each) => each.id === look.helper);
        if (tool && !isPan) {
          tool.onDown?.(place);
          gesture.current = { kind: 'tool' };
        } else if (helper && !isPan && isOnLine(helper, place, 6 / view.shown.zoom)) {
          const { id, centre } = helper;
          gesture.current = { kind: 'helper', start: place, id, centre, number: ++gestures.current };
        } else if (!isPan && !look.isBefore && selection.part !== null && hitPart(place) === selection.part) {
          gesture.current = { kind: 'move', start: place, number: ++gestures.current, moves: null };
        } else gesture.current = { kind: 'pan', ...at, view: view.shown, isClick: !isPan };
      },
      onPointerMove(event) {
        const at = toScreenPlace(event);
        const place = view.toPlace(at);
        tellPlace(place);
        if (hasCrosshair || crosshair) setCrosshair(hasCrosshair ? at : null);
        const now = gesture.current;
        if (!now) tool?.onMove?.(place, false);
        else if (now.kind === 'tool') tool?.onMove?.(place, true);
        else if (now.kind === 'pan') {
          if (Math.hypot(at.x - now.x, at.y - now.y) >= CLICK_PX) now.isClick = false;
          const { originX, originY, zoom } = now.view;
          if (!now.isClick) view.panTo(originX + at.x - now.x, originY + at.y - now.y, zoom);
        } else if (now.kind === 'helper') dragHelper(now, place);
        else dragPart(now, place);
      },
      onPointerUp(event) {
        const place = view.toPlace(toScreenPlace(event));
        const now = end();
        tellPlace(place);
        if (now?.kind === 'tool') tool?.onUp?.(place);
        if (now?.kind !== 'pan' || !now.isClick) return;
        useGeometry.getState().select({ level: selection.level, part: hitPart(place) });
      },
      onPointerCancel: () => void end(),
      onPointerLeave() {
        setCrosshair(null);
        useGeometry.getState().setPointer(null);
      },
      onDoubleClick(event) {
        const place = view.toPlace(toScreenPlace(event));
        if (tool?.onDoubleClick) tool.onDoubleClick(place);
        else if (hitPart(place) === null) view.fit();
      },
    },
  };
}
