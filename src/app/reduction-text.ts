import type { Reduction } from '../api/run-calls.ts';
import { numberText } from './number-text.ts';

/** What was left out or joined before it was sent; '' where everything is on screen. */
export function reductionText({ trains, trainsRead, trainsPerPoint, elementsPerPoint }: Reduction): string {
  const parts = [
    ...(trainsRead < trains && trainsRead > 1
      ? [`${numberText(trainsRead)} of ${numberText(trains)} trains read`]
      : []),
    ...(trainsPerPoint > 1 ? [`a point = ${numberText(trainsPerPoint)} trains`] : []),
    ...(elementsPerPoint > 1 ? [`a point = ${numberText(elementsPerPoint)} elements`] : []),
  ];
  return parts.length > 0 ? `reduced: ${parts.join(', ')}` : '';
}
