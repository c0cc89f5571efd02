import { useEffect, useMemo } from 'react';
import { create } from 'zustand';
import { KEV_ANGSTROM } from '../../core/physics.ts';
import { spacingOf } from '../../detector/analysis/radial-value.ts';
import { beamFrame, type Experiment } from '../../detector/integration/experiment.ts';
import { ringOutline } from '../../detector/powder/ring-outline.ts';
import { useGeometry } from '../geometry/geometry-store.ts';
import { type DrawnShape, type Place, usePictureTool } from '../geometry/picture-tool.ts';
import { numberText } from '../number-text.ts';
import type { FullExperiment } from './analysis-request.ts';

/** Views that tell each other where the pointer is. The picture tells it by the page's own store. */
export type LinkedView = 'curve' | 'cake' | 'picture';

/** A direction from the sample. */
export interface LinkedPlace {
  readonly view: LinkedView;
  /** rad */
  readonly twoTheta: number;
  /** From left (+x) towards up (+y), -180 to 180 degrees; null = all round. */
  readonly azimuthDeg: number | null;
}

interface LinkedStore {
  readonly place: LinkedPlace | null;
  set(place: LinkedPlace | null): void;
}

/** Where the pointer is in the curve or the cake; null: in neither. */
export const useLinkedPlace = create<LinkedStore>((set) => ({ place: null, set: (place) => set({ place }) }));

/** The direction of a place in the plane z = 0 of the geometry, m. */
export function directionOf([x, y]: Place, experiment: Experiment): Omit<LinkedPlace, 'view'> {
  const { shift, matrix: m } = beamFrame(experiment);
  const [t1, t2, t3] = [y + shift[0], x + shift[1], shift[2]];
  const [up, left, along] = [0, 3, 6].map((row) => m[row] * t1 + m[row + 1] * t2 + m[row + 2] * t3);
  return {
    twoTheta: Math.atan2(Math.hypot(up, left), along),
    azimuthDeg: (Math.atan2(up, left) * 180) / Math.PI,
  };
}

/** Where the pointer is in the other views; null while it is in this one or in none. */
export function useOtherPlace(view: LinkedView): LinkedPlace | null {
  const place = useLinkedPlace((state) => state.place);
  const pointer = useGeometry((state) => state.pointer);
  const experiment = useGeometry((state) => state.document?.experiment);
  return useMemo(() => {
    if (place) return place.view === view ? null : place;
    if (!pointer || !experiment || view === 'picture') return null;
    return { view: 'picture', ...directionOf([pointer.x, pointer.y], experiment) };
  }, [place, pointer, experiment, view]);
}

/** `2θ 12.345°  q 2.345 Å⁻¹  d 2.679 Å  azimuth 45.1°`. */
export function placeWords({ twoTheta, azimuthDeg }: Omit<LinkedPlace, 'view'>, experiment: FullExperiment): string {
  const q = ((4 * Math.PI * experiment.photonEnergyKeV) / KEV_ANGSTROM) * Math.sin(twoTheta / 2);
  const d = spacingOf(twoTheta, experiment.photonEnergyKeV);
  return [
    `2θ ${numberText((twoTheta * 180) / Math.PI, 3)}°`,
    `q ${numberText(q, 4)} Å⁻¹`,
    ...(Number.isFinite(d) ? [`d ${numberText(d, 4)} Å`] : []),
    ...(azimuthDeg === null ? [] : [`azimuth ${numberText(azimuthDeg, 1)}°`]),
  ].join('   ');
}

/** Degrees of the ring that a place of the cake is drawn as, to both sides. */
const HALF_MARK_DEG = 4;
const MARK_ID = 'linked';

/** A place of the curve as a ring over the picture, a place of the cake as a piece of it. */
export function linkedShape({ twoTheta, azimuthDeg }: Omit<LinkedPlace, 'view'>, experiment: Experiment): DrawnShape {
  const steps = 360;
  const ring = ringOutline(twoTheta, experiment, steps);
  if (azimuthDeg === null) return { id: MARK_ID, kind: 'polygon', places: ring, look: 'mark' };
  const isNear = (place: Place) => {
    const apart = (directionOf(place, experiment).azimuthDeg ?? 0) - azimuthDeg;
    return Math.abs(((((apart + 180) % 360) + 360) % 360) - 180) <= HALF_MARK_DEG;
  };
  // The piece may lie over the beginning of the ring.
  const first = ring.findIndex((place, i) => isNear(place) && !isNear(ring[(i + ring.length - 1) % ring.length]));
  const turned = first < 0 ? ring : [...ring.slice(first), ...ring.slice(0, first)];
  return { id: MARK_ID, kind: 'line', places: turned.filter(isNear), look: 'mark' };
}

/** Keeps the mark of the curve's or the cake's pointer on the picture while a panel is there. */
export function useLinkedMark(): void {
  useEffect(() => {
    const draw = (place: LinkedPlace | null) => {
      const { shapes, setShapes } = usePictureTool.getState();
      const others = shapes.filter(({ id }) => id !== MARK_ID);
      const experiment = useGeometry.getState().document?.experiment;
      if (place && experiment) setShapes([...others, linkedShape(place, experiment)]);
      else if (others.length < shapes.length) setShapes(others);
    };
    const end = useLinkedPlace.subscribe(({ place }) => draw(place));
    return () => {
      end();
      draw(null);
    };
  }, []);
}
