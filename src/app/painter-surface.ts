import { type RefObject, useLayoutEffect, useRef, useState } from 'react';
import type { PainterKind } from '../display/open-painter.ts';

/** Where a browser can be told to draw another way: `webgl` or `raster`. */
const PAINTER_KEY = 'hutch-painter';

/** A canvas in a box, and what draws on it. */
export interface PainterSurface<P> {
  /** The element around the canvas, which takes wheel and pointer. */
  readonly box: RefObject<HTMLDivElement>;
  readonly canvas: RefObject<HTMLCanvasElement>;
  /** Null before it is there, and while the graphics driver is gone. */
  readonly painter: RefObject<P | null>;
  /** Of the box, CSS pixels. */
  readonly size: { readonly width: number; readonly height: number };
  /** Why nothing can be drawn. A painter that comes back has lost everything: whatever fills it depends on this. */
  readonly fault: string | null;
}

/** Opens a painter on a canvas, follows the size of its box, and survives a graphics driver that drops the picture. */
export function usePainterSurface<P extends { dispose(): void }>(
  openOn: (canvas: HTMLCanvasElement, wanted: PainterKind | null) => P,
): PainterSurface<P> {
  const box = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const painter = useRef<P | null>(null);
  const [size, setSize] = useState({ width: 0, height: 0 });
  const [fault, setFault] = useState<string | null>(null);
  const opener = useRef(openOn);
  // Before all effects of its user, which fill the painter.
  useLayoutEffect(() => {
    const [element, surface] = [box.current, canvas.current];
    if (!element || !surface) return;
    const open = () => {
      try {
        painter.current = opener.current(surface, localStorage.getItem(PAINTER_KEY) as PainterKind | null);
        setFault(null);
      } catch (error) {
        setFault(error instanceof Error ? error.message : String(error));
      }
    };
    open();
    const onLost = (event: Event) => {
      event.preventDefault();
      painter.current = null;
      setFault('The graphics driver dropped the picture. It comes back by itself, or after a reload.');
    };
    surface.addEventListener('webglcontextlost', onLost);
    surface.addEventListener('webglcontextrestored', open);
    const measure = () => setSize({ width: element.clientWidth, height: element.clientHeight });
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    measure();
    // React's own wheel listeners are passive; zooming must not scroll the page.
    const onWheel = (event: WheelEvent) => event.preventDefault();
    element.addEventListener('wheel', onWheel, { passive: false });
    return () => {
      observer.disconnect();
      element.removeEventListener('wheel', onWheel);
      surface.removeEventListener('webglcontextlost', onLost);
      surface.removeEventListener('webglcontextrestored', open);
      painter.current?.dispose();
      painter.current = null;
    };
  }, []);
  return { box, canvas, painter, size, fault };
}

const ZOOM_STEP = 1.0015;

/** By which factor a turn of the wheel changes a zoom that must stay between two limits. */
export function wheelRatio(zoom: number, deltaY: number, limits: readonly [low: number, high: number]): number {
  return Math.min(limits[1], Math.max(limits[0], zoom * ZOOM_STEP ** -deltaY)) / zoom;
}

/** Where a place of the screen goes when the zoom changes by `ratio` round the place `at`. */
export function zoomedAround(place: number, at: number, ratio: number): number {
  return at - (at - place) * ratio;
}
