import { useMemo } from 'react';
import { calibrantByName, calibrantRings } from '../../detector/powder/calibrant.ts';
import { ringOutline } from '../../detector/powder/ring-outline.ts';
import { middleOfPart, type PartLevel, type PartMove, partsOf } from '../../detector/refinement/detector-part.ts';
import { geometryOf } from './geometry-document.ts';
import { useGeometryLook } from './geometry-look.ts';
import { useGeometry } from './geometry-store.ts';
import { moveText } from './move-selected.ts';
import type { Place } from './picture-tool.ts';
import { useSnapshots } from './snapshot-store.ts';

/** A ring to draw. */
export interface DrawnRing {
  readonly label: string;
  /** Going round, m. */
  readonly places: readonly Place[];
}

/** A line with a head at its end. */
export interface DrawnArrow {
  readonly from: Place;
  readonly to: Place;
}

/** Where a part would go, and in words. */
export interface DrawnPending {
  readonly part: number;
  readonly move: PartMove;
  readonly words: string;
  readonly level: PartLevel;
}

/** What is drawn over the assembled picture, made of the document. */
export interface PictureLines {
  readonly rings: readonly DrawnRing[];
  /** Where the beam hits. */
  readonly beam: Place | null;
  readonly arrows: readonly DrawnArrow[];
  readonly pending: DrawnPending | null;
}

/** Rings, beam, arrows from before to after, and the move that a field holds back. */
export function usePictureLines(): PictureLines {
  const document = useGeometry((store) => store.document);
  const geometry = useGeometry((store) => store.geometry);
  const proposal = useGeometry((store) => store.proposal);
  const level = useGeometry((store) => store.selection.level);
  const look = useGeometryLook();
  const against = useSnapshots((store) => store.against);
  const experiment = document?.experiment;
  const [calibrant, ringCount] = [document?.calibrant, document?.rings];
  const rings = useMemo<readonly DrawnRing[]>(() => {
    if (!experiment || !calibrant || !ringCount) return [];
    try {
      const found = calibrantRings(calibrantByName(calibrant), experiment.photonEnergyKeV, { count: ringCount });
      return (
        found
          .map(({ label, twoTheta }) => ({ label, places: ringOutline(twoTheta, experiment) }))
          // Behind 90 degrees no ray meets the detector's plane.
          .filter(({ places }) => places.length > 0)
      );
    } catch {
      // The field beside the picture says what is wrong with it.
      return [];
    }
  }, [experiment, calibrant, ringCount]);
  const beam = useMemo(() => (experiment ? (ringOutline(0, experiment, 1)[0] ?? null) : null), [experiment]);
  const start = document?.start ?? null;
  const before = useMemo(() => (against ? geometryOf(against.document) : start), [against, start]);
  const arrows = useMemo<readonly DrawnArrow[]>(() => {
    const to = proposal?.geometry ?? geometry;
    const from = proposal ? geometry : before;
    if (look.arrows === null || !from || !to || from.tiles.length !== to.tiles.length) return [];
    const times = look.arrows;
    return partsOf(from.detector, level === 'tile' ? 'tile' : 'module').map((part) => {
      const [x0, y0] = middleOfPart(from, part);
      const [x1, y1] = middleOfPart(to, part);
      return { from: [x0, y0], to: [x0 + times * (x1 - x0), y0 + times * (y1 - y0)] };
    });
  }, [before, geometry, proposal, look.arrows, level]);
  const detector = geometry?.detector;
  const pending = useMemo(() => {
    if (!look.pending || !detector || look.pending.level !== level) return null;
    const { part, move } = look.pending;
    const words = `pending: ${moveText('', move, detector.pixelSize).trim()}${directionText(move.shift, look.isFront)}`;
    return { part, move, words, level };
  }, [look.pending, look.isFront, detector, level]);
  return { rings, beam, arrows, pending };
}

/** In which direction a shift goes on the screen. */
function directionText([x, y]: readonly number[], isFront: boolean): string {
  const right = isFront ? -x : x;
  const words = [right > 0 ? 'to the right' : right < 0 ? 'to the left' : '', y > 0 ? 'up' : y < 0 ? 'down' : ''];
  const text = words.filter((word) => word !== '').join(' and ');
  return text === '' ? '' : `, ${text}`;
}
