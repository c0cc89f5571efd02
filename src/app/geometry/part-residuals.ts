import { create } from 'zustand';
import { type Geometry, TILE_NUMBERS } from '../../detector/geometry.ts';
import { type PartLevel, partsOf } from '../../detector/refinement/detector-part.ts';
import type { RefinedPart } from '../../detector/refinement/refine-geometry.ts';
import { useRefinement } from '../analysis/calibration/refine-store.ts';
import type { GeometryDocument } from './geometry-document.ts';
import { useGeometry } from './geometry-store.ts';

/** What the last refinement found out about parts, before and after it. */
export interface KnownResiduals {
  readonly level: PartLevel;
  readonly parts: readonly Pick<RefinedPart, 'beforePx' | 'afterPx'>[];
  readonly calibrant: string;
  readonly before: { readonly geometry: Geometry; readonly experiment: GeometryDocument['experiment'] };
  readonly after: { readonly geometry: Geometry; readonly experiment: GeometryDocument['experiment'] };
}

/** Places that differ less are the same: moves that are added up round, m. */
const SAME_PLACE = 1e-9;

const useKnown = create<{ readonly known: KnownResiduals | null }>(() => ({ known: null }));
// Of the moment when a refinement is ready: later the geometry may have been moved by hand.
useRefinement.subscribe(({ result, resultLevel: level }, { result: last }) => {
  if (result === last || !result) return;
  const { geometry, document } = useGeometry.getState();
  if (!geometry || !document) return;
  const { experiment, calibrant } = document;
  const { parts, geometry: refined, experiment: refinedExperiment } = result;
  useKnown.setState({
    known: {
      ...{ level, parts, calibrant },
      before: { geometry, experiment },
      after: { geometry: refined, experiment: refinedExperiment },
    },
  });
});

/**
 * How far rings lie beside where they should on each part, pixels (root mean square); null where that is not known of the
 * part as it is now: no refinement of this level, no points, or moved since.
 */
export function residualsNow(
  known: KnownResiduals | null,
  geometry: Geometry,
  document: Pick<GeometryDocument, 'experiment' | 'calibrant'>,
  level: PartLevel,
): readonly (number | null)[] {
  const parts = partsOf(geometry.detector, level);
  const isOther =
    known?.level !== level ||
    known.calibrant !== document.calibrant ||
    known.before.geometry.tiles.length !== geometry.tiles.length;
  if (!known || isOther) return parts.map(() => null);
  const [isBefore, isAfter] = [known.before, known.after].map(({ experiment }) =>
    isSameExperiment(experiment, document.experiment),
  );
  return parts.map(({ tiles }, i) => {
    const { beforePx, afterPx } = known.parts[i];
    const px =
      isAfter && liesAs(geometry, known.after.geometry, tiles)
        ? afterPx
        : isBefore && liesAs(geometry, known.before.geometry, tiles)
          ? beforePx
          : Number.NaN;
    return Number.isNaN(px) ? null : px;
  });
}

/** {@link residualsNow} of what is on screen. */
export function usePartResiduals(level: PartLevel): readonly (number | null)[] {
  const known = useKnown((store) => store.known);
  const geometry = useGeometry((store) => store.geometry);
  const document = useGeometry((store) => store.document);
  return geometry && document ? residualsNow(known, geometry, document, level) : [];
}

function liesAs(one: Geometry, other: Geometry, tiles: readonly number[]): boolean {
  return tiles.every((tile) => {
    for (let i = tile * TILE_NUMBERS; i < (tile + 1) * TILE_NUMBERS; i++)
      if (Math.abs(one.tiles[i] - other.tiles[i]) > SAME_PLACE) return false;
    return true;
  });
}

function isSameExperiment(one: GeometryDocument['experiment'], other: GeometryDocument['experiment']): boolean {
  const names = ['distance', 'photonEnergyKeV', 'poni1', 'poni2', 'rot1', 'rot2', 'rot3'] as const;
  return names.every((name) => (one[name] ?? 0) === (other[name] ?? 0));
}
