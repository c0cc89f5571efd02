import { type RefObject, useCallback, useEffect, useRef, useState } from 'react';
import { type Geometry, TILE_NUMBERS } from '../../detector/geometry.ts';
import { type DetectorPart, partsOf } from '../../detector/refinement/detector-part.ts';
import { type LiftBox, liftTransform, type RigidPlace } from '../../display/tile-lift.ts';
import type { TileView } from '../../display/tile-painter.ts';
import { noteTileDraw } from '../test-probe.ts';
import { useGeometry } from './geometry-store.ts';

/** A part that is drawn apart from the others while it moves. */
export interface LiftedPart {
  /** Where the part was when it was drawn. */
  readonly geometry: Geometry;
  readonly part: DetectorPart;
}

/** A hand that stops for so long sees the true picture, ms. */
const REST_MS = 120;

/** Lifts the selected part off the picture when it moves faster than the picture is drawn, and puts it down at rest. */
export interface PartLift {
  /** Null: everything is drawn where it is. */
  readonly lifted: LiftedPart | null;
  /** Goes on the element that holds the lifted part. */
  readonly element: RefObject<HTMLDivElement>;
  putDown(): void;
  /** Tells where the lifted part was drawn: in a layout effect, when it was. */
  drawn(view: TileView, box: LiftBox): void;
}

/** @param canLift false while the picture shows something else than the geometry of the store */
export function usePartLift(canLift: boolean): PartLift {
  const [lifted, setLifted] = useState<LiftedPart | null>(null);
  const element = useRef<HTMLDivElement>(null);
  const now = useRef<LiftedPart | null>(null);
  const place = useRef<{ readonly view: TileView; readonly box: LiftBox } | null>(null);
  const lift = useCallback((next: LiftedPart | null) => {
    now.current = next;
    // It does not move before it is drawn.
    place.current = null;
    setLifted(next);
  }, []);
  const move = useCallback(() => {
    const { geometry, gliding } = useGeometry.getState();
    const newest = gliding?.geometry ?? geometry;
    if (!element.current || !now.current || !place.current || !newest) return;
    const { view, box } = place.current;
    const [tile] = now.current.part.tiles;
    const [from, to] = [placeOf(now.current.geometry, tile), placeOf(newest, tile)];
    element.current.style.transform = liftTransform(from, to, view, box, window.devicePixelRatio || 1);
  }, []);
  useEffect(() => {
    if (!canLift) return;
    let rest = 0;
    let frame = 0;
    const putDown = () => {
      window.clearTimeout(rest);
      useGeometry.getState().settle();
      lift(null);
    };
    const stop = useGeometry.subscribe((store, before) => {
      const { gliding, geometry, selection } = store;
      if (gliding && gliding !== before.gliding) {
        window.clearTimeout(rest);
        rest = window.setTimeout(putDown, REST_MS);
        const part =
          geometry && selection.part !== null ? partsOf(geometry.detector, selection.level)[selection.part] : null;
        if (geometry && part && !now.current) lift({ geometry, part });
        if (frame === 0)
          frame = requestAnimationFrame(() => {
            frame = 0;
            move();
            if (now.current) noteTileDraw();
          });
      } else if (geometry !== before.geometry && now.current) {
        const isSettled = before.gliding !== null && geometry === before.gliding.geometry;
        if (!isSettled || !geometry) lift(null);
        // What the edge of the canvas cut off would stay away: it is drawn anew, as often as moves are settled.
        else if (place.current && !place.current.box.isWhole) lift({ ...now.current, geometry });
      }
    });
    return () => {
      stop();
      window.clearTimeout(rest);
      cancelAnimationFrame(frame);
      lift(null);
    };
  }, [canLift, lift, move]);
  return {
    lifted,
    element,
    putDown: useCallback(() => {
      useGeometry.getState().settle();
      lift(null);
    }, [lift]),
    drawn: useCallback(
      (view: TileView, box: LiftBox) => {
        place.current = { view, box };
        move();
      },
      [move],
    ),
  };
}

/** First corner of a tile, and the direction of its fast scan. */
function placeOf({ tiles }: Geometry, tile: number): RigidPlace {
  const at = tile * TILE_NUMBERS;
  return { x: tiles[at], y: tiles[at + 1], alongX: tiles[at + 6], alongY: tiles[at + 7] };
}
