import { useMemo, useState } from 'react';
import type { Geometry } from '../../detector/geometry.ts';
import type { TileView } from '../../display/tile-painter.ts';
import { wheelRatio, zoomedAround } from '../painter-surface.ts';
import type { Place } from './picture-tool.ts';
import { boxOfTiles } from './placed-tiles.ts';

/** CSS pixels for a pixel of the detector, at most. */
const LARGEST_ZOOM = 64;

/** How the picture of the geometry page is seen, and how that changes. Screen places are CSS pixels of the canvas. */
export interface PictureView {
  readonly shown: TileView;
  toPlace(at: { readonly x: number; readonly y: number }): Place;
  fit(): void;
  panTo(originX: number, originY: number, zoom: number): void;
  zoomAt(at: { readonly x: number; readonly y: number }, deltaY: number): void;
}

/**
 * Pan and zoom. @param start as it was loaded: a picture that fits itself anew with every move runs away under the hand
 * @param size of the canvas, CSS pixels
 */
export function usePictureView(
  start: Geometry | null,
  size: { readonly width: number; readonly height: number },
  isFront: boolean,
): PictureView {
  const [view, setView] = useState<Omit<TileView, 'isFront'> | null>(null);
  const whole = useMemo(() => {
    if (!start) return null;
    return boxOfTiles(
      start,
      Array.from({ length: start.tiles.length / 9 }, (_, index) => index),
    );
  }, [start]);
  const fitted = useMemo(() => {
    if (!whole || size.width === 0) return { originX: 0, originY: 0, zoom: 1 };
    const zoom = 0.96 * Math.min(size.width / (whole.right - whole.left), size.height / (whole.high - whole.low));
    const middle = ((whole.left + whole.right) / 2) * (isFront ? -1 : 1);
    return {
      originX: size.width / 2 - middle * zoom,
      originY: size.height / 2 + ((whole.low + whole.high) / 2) * zoom,
      zoom,
    };
  }, [whole, size, isFront]);
  const shown = useMemo<TileView>(() => ({ ...(view ?? fitted), isFront }), [view, fitted, isFront]);
  return {
    shown,
    toPlace: ({ x, y }) => [((isFront ? -1 : 1) * (x - shown.originX)) / shown.zoom, (shown.originY - y) / shown.zoom],
    fit: () => setView(null),
    panTo: (originX, originY, zoom) => setView({ originX, originY, zoom }),
    zoomAt(at, deltaY) {
      const largest = LARGEST_ZOOM / (start?.detector.pixelSize ?? 1e-4);
      const ratio = wheelRatio(shown.zoom, deltaY, [fitted.zoom / 4, largest]);
      setView({
        zoom: shown.zoom * ratio,
        originX: zoomedAround(shown.originX, at.x, ratio),
        originY: zoomedAround(shown.originY, at.y, ratio),
      });
    },
  };
}
