import { useMemo } from 'react';
import type { PlotMark } from '../../../display/plot.tsx';
import type { FullExperiment } from '../analysis-request.ts';
import { useCurves } from '../curve/curve-store.ts';
import { angleAt, type PatternUnit } from '../curve/pattern-unit.ts';
import { phaseSticks } from '../curve/shown-curves.ts';

/** A line of a phase over curves and cakes. */
export interface PhaseMark extends PlotMark {
  /** Phase and indices, for whoever points at it. */
  readonly title: string;
  /** 0 to 1. */
  readonly intensity: number;
}

/** How far lines go where the axis does not say it, rad. */
const USUAL_ANGLE = 1.2;
/** Share of a plot's height that the faintest line has, and what the strongest has more. */
const HEIGHT = [0.04, 0.5] as const;

/** How far lines go on an axis, rad. @param x of the curve or the cake, rising */
export function lineReach(x: ArrayLike<number> | undefined, unit: PatternUnit, experiment: FullExperiment): number {
  const far = x ? angleAt(x[unit === 'd_A' ? 0 : x.length - 1], unit, experiment) : Number.NaN;
  return Number.isNaN(far) ? USUAL_ANGLE : far;
}

/** Lines of all phases that are shown, on an axis. @param x of the curve or the cake, rising */
export function usePhaseMarks(
  x: ArrayLike<number> | undefined,
  unit: PatternUnit,
  experiment: FullExperiment | undefined,
): readonly PhaseMark[] {
  const phases = useCurves((state) => state.phases);
  return useMemo(() => {
    if (!x || !experiment) return [];
    const reach = lineReach(x, unit, experiment);
    return phases
      .filter(({ isShown }) => isShown)
      .flatMap((each) =>
        phaseSticks(each, unit, experiment, reach).map(
          ({ place, intensity, hkl }): PhaseMark => ({
            x: place,
            label: '',
            colour: each.colour,
            share: HEIGHT[0] + HEIGHT[1] * intensity,
            title: `${each.phase.name} ${hkl}`,
            intensity,
          }),
        ),
      );
  }, [x, unit, experiment, phases]);
}
