import { memo, useMemo } from 'react';
import type { Geometry } from '../../../detector/geometry.ts';
import { type DetectorPart, type PartLevel, partsOf } from '../../../detector/refinement/detector-part.ts';
import { tileOutline } from '../../../detector/tile-place.ts';
import type { TileView } from '../../../display/tile-painter.ts';
import type { Helper } from '../../geometry/geometry-document.ts';
import type { DrawnArrow, DrawnPending, DrawnRing } from '../../geometry/picture-lines.ts';
import type { DrawnShape, Place } from '../../geometry/picture-tool.ts';
import { partOutline } from '../../geometry/placed-tiles.ts';
import { linePath, PartFrames, placeOnScreen, round } from './frames.tsx';
import { PartLabels, PendingWords, Plate } from './labels.tsx';

interface GeometryOverlayProps {
  readonly geometry: Geometry;
  readonly view: TileView;
  readonly size: { readonly width: number; readonly height: number };
  readonly hasFrames: boolean;
  readonly hasLabels: boolean;
  readonly level: PartLevel;
  readonly selected: number | null;
  /** A part whose frames and names are drawn elsewhere, since it moves. */
  readonly lifted: DetectorPart | null;
  readonly pending: DrawnPending | null;
  readonly rings: readonly DrawnRing[];
  /** Where the beam hits. */
  readonly beam: Place | null;
  readonly helpers: readonly Helper[];
  readonly selectedHelper: number | null;
  readonly arrows: readonly DrawnArrow[];
  readonly shapes: readonly DrawnShape[];
  readonly crosshair: { readonly x: number; readonly y: number } | null;
}

const HEAD_PX = 7;

/** Lines over the assembled picture: frames and names of tiles, selection, rings, helpers, arrows, shapes. */
export const GeometryOverlay = memo(function GeometryOverlay(props: GeometryOverlayProps) {
  const { geometry, view, size, hasFrames, hasLabels, level, selected, lifted, pending, crosshair } = props;
  const { rings, beam, helpers, selectedHelper, arrows, shapes } = props;
  const { detector } = geometry;
  const toScreen = placeOnScreen(view);
  const lineOf = (places: readonly Place[]) => linePath(places, toScreen);
  const parts = useMemo(() => partsOf(detector, level), [detector, level]);
  const part = selected === null || lifted ? undefined : parts[selected];
  const isChosen = new Set(part?.tiles ?? lifted?.tiles);
  const count = detector.dataShape[0] * detector.tiles.length;
  let frames = '';
  for (let index = 0; hasFrames && index < count; index++)
    if (!isChosen.has(index)) frames += `${lineOf(tileOutline(geometry, index))}Z`;
  return (
    <svg aria-hidden="true" data-testid="geometry-overlay">
      <g pointerEvents="none" fill="none">
        <path d={frames} stroke="#fff" strokeOpacity="0.28" data-testid="tile-frames" />
        {part && <PartFrames geometry={geometry} part={part} toScreen={toScreen} />}
        {pending && parts[pending.part] && (
          <path
            d={`${lineOf(partOutline(geometry, parts[pending.part], pending.move))}Z`}
            stroke="var(--pend)"
            strokeWidth="1.5"
            strokeDasharray="6 4"
            data-testid="pending-part"
          />
        )}
        {rings.map((ring) => (
          <path
            key={ring.label}
            d={`${lineOf(ring.places)}Z`}
            stroke="#5cf2e3"
            strokeWidth="1.1"
            data-testid="calibrant-ring"
          />
        ))}
        {helpers.map((helper) => (
          <HelperLine
            key={helper.id}
            helper={helper}
            view={view}
            toScreen={toScreen}
            isSelected={helper.id === selectedHelper}
          />
        ))}
        {shapes.map((shape) => (
          <ShapeLine key={shape.id} shape={shape} view={view} toScreen={toScreen} />
        ))}
        {arrows.length > 0 && (
          <path
            d={arrows.map((arrow) => arrowPath(toScreen(arrow.from), toScreen(arrow.to))).join('')}
            stroke="var(--c5)"
            strokeWidth="1.6"
            data-testid="compare-arrows"
          />
        )}
        {beam && <path className="beam" d={crossPath(toScreen(beam))} />}
        {crosshair && (
          <path
            d={`M0 ${crosshair.y}H${size.width}M${crosshair.x} 0V${size.height}`}
            stroke="#fff"
            strokeOpacity="0.45"
          />
        )}
      </g>
      {rings.map((ring, i) => {
        const place = labelPlace(ring, toScreen, size, i);
        return place && <Plate key={ring.label} at={place} text={ring.label} colour="#5cf2e3" />;
      })}
      {hasLabels && (
        <PartLabels geometry={geometry} toScreen={toScreen} size={size} chosen={part ?? lifted} isWithout={!!lifted} />
      )}
      {pending && parts[pending.part] && (
        <PendingWords places={partOutline(geometry, parts[pending.part]).map(toScreen)} words={pending.words} />
      )}
    </svg>
  );
});

const crossPath = ([x, y]: Place) => `M${x - 8} ${y}H${x + 8}M${x} ${y - 8}V${y + 8}`;

function arrowPath([x0, y0]: Place, [x1, y1]: Place): string {
  const length = Math.hypot(x1 - x0, y1 - y0);
  if (length < 0.5) return '';
  const [ux, uy] = [(x1 - x0) / length, (y1 - y0) / length];
  const head = Math.min(HEAD_PX, length);
  const side = (sign: number) =>
    `M${round(x1)} ${round(y1)}L${round(x1 - head * ux - sign * 0.5 * head * uy)} ${round(y1 - head * uy + sign * 0.5 * head * ux)}`;
  return `M${round(x0)} ${round(y0)}L${round(x1)} ${round(y1)}${side(1)}${side(-1)}`;
}

/** A place of the ring that is on screen, turned a little from ring to ring so that names do not cover each other. */
function labelPlace(
  { places }: DrawnRing,
  toScreen: (place: Place) => Place,
  size: GeometryOverlayProps['size'],
  number: number,
): Place | null {
  if (places.length === 0) return null;
  const [centreX, centreY] = toScreen(
    places.reduce(([x, y], [px, py]) => [x + px / places.length, y + py / places.length], [0, 0]),
  );
  const wanted = ((52 - 13 * (number % 3)) * Math.PI) / 180;
  let best: Place | null = null;
  let nearest = Number.POSITIVE_INFINITY;
  for (const place of places) {
    const [x, y] = toScreen(place);
    if (x < 24 || y < 14 || x > size.width - 24 || y > size.height - 14) continue;
    const turn = Math.atan2(centreY - y, x - centreX) - wanted;
    const distance = Math.abs(Math.atan2(Math.sin(turn), Math.cos(turn)));
    if (distance < nearest) [best, nearest] = [[x, y], distance];
  }
  return best;
}

interface LineProps {
  readonly view: TileView;
  readonly toScreen: (place: Place) => Place;
}

function HelperLine({
  helper,
  view,
  toScreen,
  isSelected,
}: LineProps & { readonly helper: Helper; readonly isSelected: boolean }) {
  const [x, y] = toScreen(helper.centre);
  const [width, height] = [helper.size[0] * view.zoom, helper.size[1] * view.zoom];
  const look = {
    stroke: isSelected ? '#ff6b81' : '#c5ced8',
    strokeWidth: isSelected ? 1.8 : 1.2,
    'data-testid': `helper-${helper.id}`,
  };
  if (helper.kind === 'circle') return <circle cx={x} cy={y} r={width / 2} {...look} />;
  // Positive angles go from +x to +y, which the front view shows mirrored.
  const turn = view.isFront ? helper.angleDeg : -helper.angleDeg;
  return (
    <rect
      x={x - width / 2}
      y={y - height / 2}
      width={width}
      height={height}
      transform={`rotate(${turn} ${x} ${y})`}
      {...look}
    />
  );
}

const SHAPE_LOOKS: Readonly<Record<DrawnShape['look'], object>> = {
  mask: { stroke: '#ff6b81', fill: '#ff6b8133', strokeWidth: 1.3 },
  draft: { stroke: '#ffb04d', strokeDasharray: '4 3', strokeWidth: 1.5 },
  mark: { stroke: '#fff', strokeWidth: 1.2 },
};

function ShapeLine({ shape, view, toScreen }: LineProps & { readonly shape: DrawnShape }) {
  const { kind, places, radius = 0, look } = shape;
  if (places.length === 0) return null;
  if (kind === 'circle') {
    const [x, y] = toScreen(places[0]);
    return <circle cx={x} cy={y} r={radius * view.zoom} {...SHAPE_LOOKS[look]} />;
  }
  const line = linePath(places, toScreen);
  return <path d={kind === 'polygon' ? `${line}Z` : line} {...SHAPE_LOOKS[look]} />;
}
