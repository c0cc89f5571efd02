import { type RefObject, useLayoutEffect, useMemo, useRef } from 'react';
import type { Geometry } from '../../detector/geometry.ts';
import { tileOutline } from '../../detector/tile-place.ts';
import { type ColourMap, colourTable } from '../../display/colormap.ts';
import type { Levels } from '../../display/levels.ts';
import type { Scale } from '../../display/scale.ts';
import { drawLifted, type LiftBox, liftBox } from '../../display/tile-lift.ts';
import type { TilePainter, TileView } from '../../display/tile-painter.ts';
import type { PainterSurface } from '../painter-surface.ts';
import { noteTileDraw } from '../test-probe.ts';
import type { ModulePicture } from './geometry-store.ts';
import type { PartLift } from './lifted-part.ts';
import { placedTiles } from './placed-tiles.ts';

const GAP: readonly [number, number, number] = [0x0b / 255, 0x0f / 255, 0x14 / 255];

/** What the canvas of the geometry page shows. */
export interface DrawnPicture {
  readonly surface: PainterSurface<TilePainter>;
  /** Null, or of another detector than the geometry: no tile is drawn. */
  readonly picture: ModulePicture | null;
  readonly geometry: Geometry | null;
  readonly view: TileView;
  readonly map: ColourMap;
  readonly scale: Scale;
  readonly levels: Levels;
  readonly lift: PartLift;
}

/** A drawing, and the part of it that lies on a canvas of its own. */
export interface PictureDrawing {
  /** Canvas of the lifted part. */
  readonly liftedCanvas: RefObject<HTMLCanvasElement>;
  /** Where that lies, before it is moved; null while nothing is lifted. */
  readonly box: LiftBox | null;
  /** Draws everything where it is, for a file. */
  redraw(): void;
}

/** Draws the tiles whenever something changes that they depend on. */
export function usePictureDrawing(drawn: DrawnPicture): PictureDrawing {
  const { picture, geometry, view, map, scale, levels } = drawn;
  const { painter, canvas, size, fault } = drawn.surface;
  const { lifted, drawn: tellDrawn } = drawn.lift;
  const liftedCanvas = useRef<HTMLCanvasElement>(null);
  const isLifted = lifted !== null;
  const shape = lifted?.geometry ?? geometry;
  const tiles = useMemo(() => (shape ? placedTiles(shape) : null), [shape]);
  const box = useMemo(() => {
    if (!lifted) return null;
    const mirror = view.isFront ? -1 : 1;
    const places = lifted.part.tiles
      .flatMap((index) => tileOutline(lifted.geometry, index))
      .map(([x, y]) => [view.originX + mirror * x * view.zoom, view.originY - y * view.zoom] as const);
    return liftBox(places, size, window.devicePixelRatio || 1);
  }, [lifted, view, size]);
  // `fault` is a dependency of these: a restored context has lost its textures.
  useLayoutEffect(() => painter.current?.setColours(colourTable(map)), [painter, map, fault]);
  useLayoutEffect(() => {
    if (!picture) return;
    const [modules, ss, fs] = picture.shape;
    painter.current?.setStack(picture.data, modules * ss, fs);
  }, [painter, picture, fault]);
  useLayoutEffect(() => {
    if (!painter.current || !tiles || !shape) return;
    const { oddRowShift } = shape.detector.pixel;
    if (isLifted && lifted && box && canvas.current && liftedCanvas.current) {
      const scene = { tiles, oddRowShift, view, levels, scale, gap: GAP };
      drawLifted(painter.current, canvas.current, liftedCanvas.current, lifted.part.tiles, box, scene);
      tellDrawn(view, box);
    } else {
      painter.current.setTiles(tiles, oddRowShift);
      painter.current.draw(view, levels, scale, GAP);
    }
    noteTileDraw();
  }, [painter, canvas, picture, shape, tiles, lifted, isLifted, box, view, levels, scale, map, size, fault, tellDrawn]);
  return {
    liftedCanvas,
    box,
    redraw() {
      if (!painter.current || !tiles || !shape) return;
      painter.current.setTiles(tiles, shape.detector.pixel.oddRowShift);
      painter.current.draw(view, levels, scale, GAP);
    },
  };
}
