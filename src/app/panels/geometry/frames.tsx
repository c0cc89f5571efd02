import type { Geometry } from '../../../detector/geometry.ts';
import type { DetectorPart } from '../../../detector/refinement/detector-part.ts';
import { tileOutline } from '../../../detector/tile-place.ts';
import type { TileView } from '../../../display/tile-painter.ts';
import type { Place } from '../../geometry/picture-tool.ts';
import { partOutline } from '../../geometry/placed-tiles.ts';

/** From metres of the geometry's frame to CSS pixels of the picture. */
export function placeOnScreen(view: TileView): (place: Place) => Place {
  const mirror = view.isFront ? -1 : 1;
  return ([x, y]) => [view.originX + mirror * x * view.zoom, view.originY - y * view.zoom];
}

/** Hundredths of a pixel are as fine as a line is drawn; the path is shorter. */
export const round = (value: number): number => Math.round(value * 100) / 100;

/** A line through places as an SVG path. */
export function linePath(places: readonly Place[], toScreen: (place: Place) => Place): string {
  return `M${places.map((place) => toScreen(place).map(round).join(' ')).join('L')}`;
}

interface PartFramesProps {
  readonly geometry: Geometry;
  readonly part: DetectorPart;
  readonly toScreen: (place: Place) => Place;
}

/** Frames of the tiles of the selected part, and the line round it. */
export function PartFrames({ geometry, part, toScreen }: PartFramesProps) {
  const tiles = part.tiles.map((index) => `${linePath(tileOutline(geometry, index), toScreen)}Z`);
  return (
    <>
      <path d={tiles.join('')} stroke="var(--roi1)" strokeOpacity="0.8" />
      <path
        d={`${linePath(partOutline(geometry, part), toScreen)}Z`}
        stroke="var(--acc)"
        strokeWidth="2"
        data-testid="selected-part"
      />
    </>
  );
}
