import { useMemo } from 'react';
import type { Geometry } from '../../../detector/geometry.ts';
import { type DetectorPart, partsOf } from '../../../detector/refinement/detector-part.ts';
import { tileOutline } from '../../../detector/tile-place.ts';
import type { Place } from '../../geometry/picture-tool.ts';
import { boxOf } from '../../geometry/placed-tiles.ts';

/** A module smaller than this has no room for its name, px. */
const LABEL_ROOM = 26;

interface PlateProps {
  readonly at: Place;
  readonly text: string;
  readonly colour: string;
  readonly isLarge?: boolean;
}

/** A word on a dark plate. */
export function Plate({ at: [x, y], text, colour, isLarge }: PlateProps) {
  const size = isLarge ? 13 : 11;
  const width = 0.6 * size * text.length + 9;
  return (
    <g pointerEvents="none">
      <rect x={x - width / 2} y={y - 9} width={width} height={18} rx={3} fill="#05070ad9" />
      <text x={x} y={y + 4} textAnchor="middle" fontSize={size} fontWeight={isLarge ? 600 : 500} fill={colour}>
        {text}
      </text>
    </g>
  );
}

interface LabelsProps {
  readonly geometry: Geometry;
  readonly toScreen: (place: Place) => Place;
  readonly size: { readonly width: number; readonly height: number };
  /** Has its names in another colour. */
  readonly chosen: DetectorPart | null;
  /** All names but those of the chosen part. */
  readonly isWithout?: boolean;
  /** Only those. */
  readonly isOnly?: boolean;
}

/** Names of modules in their upper right corners, of quadrants at the corner away from the others. */
export function PartLabels({ geometry, toScreen, size, chosen, isWithout, isOnly }: LabelsProps) {
  const { detector } = geometry;
  const [modules, quadrants] = useMemo(
    () => [partsOf(detector, 'module'), partsOf(detector, 'quadrant')] as const,
    [detector],
  );
  const screenBox = (part: DetectorPart) =>
    boxOf(part.tiles.flatMap((index) => tileOutline(geometry, index).map(toScreen)));
  const whole = boxOf(
    quadrants.flatMap((part) => {
      const { left, right, low, high } = screenBox(part);
      return [
        [left, low],
        [right, high],
      ] as const;
    }),
  );
  const chosenTiles = new Set(chosen?.tiles);
  const isLeftOut = ({ tiles }: DetectorPart) => {
    const isChosen = tiles.every((tile) => chosenTiles.has(tile));
    return isChosen ? isWithout : isOnly;
  };
  return (
    <>
      {modules.map((part) => {
        if (isLeftOut(part)) return null;
        const { left, right, low, high } = screenBox(part);
        if (right - left < 2 * LABEL_ROOM || high - low < LABEL_ROOM) return null;
        const isChosen = chosenTiles.has(part.tiles[0]);
        return (
          <Plate
            key={part.label}
            at={[right - 20, low + 11]}
            text={part.label}
            colour={isChosen ? '#63aeff' : '#dfe5ec'}
          />
        );
      })}
      {quadrants.length > 1 &&
        quadrants.length < modules.length &&
        quadrants.map((part) => {
          if (isLeftOut(part)) return null;
          const { left, right, high } = screenBox(part);
          const isLeft = left + right < whole.left + whole.right;
          const x = isLeft ? left + 18 : right - 18;
          const at: Place = [Math.min(size.width - 20, Math.max(20, x)), high - 13];
          return <Plate key={part.label} at={at} text={part.label} colour="#fff" isLarge />;
        })}
    </>
  );
}

/** What a pending move is, at the lower edge of where it goes. */
export function PendingWords({ places, words }: { readonly places: readonly Place[]; readonly words: string }) {
  const { left, right, high } = boxOf(places);
  const width = 5.9 * words.length + 12;
  const x = Math.max(left + 44, Math.min((left + right) / 2 - width / 2, right - width - 6));
  return (
    <g pointerEvents="none">
      <rect x={x} y={high - 23} width={width} height={18} rx={3} fill="#05070ae6" />
      <text x={x + 6} y={high - 10} fontSize="11" fontWeight="600" fill="#ff9d3b">
        {words}
      </text>
    </g>
  );
}
