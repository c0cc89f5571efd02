import type { GeometryPageView } from '../../geometry/geometry-address.ts';
import type { RunDetector } from '../../geometry/module-picture.ts';
import { trainIdAt, trainIndexOf } from '../../train-ranges.ts';

type Page = Pick<GeometryPageView, 'info' | 'detector' | 'choice'>;

/**
 * The train that the page shows, among the trains of another detector: each counts only those in which it has frames.
 * @returns its position, or why that detector has none
 */
export function sameTrain({ detector: shown, choice }: Omit<Page, 'info'>, other: RunDetector): number | string {
  const trainId = trainIdAt(shown?.trainRanges ?? [], choice.train);
  if (choice.over !== 'one' || trainId === null || shown?.name === other.name) return choice.train;
  const index = trainIndexOf(other.trainRanges, trainId);
  return index >= 0
    ? index
    : `${other.name} has no frames of train ${trainId}; choose another train, or a mean of trains.`;
}

/** What the address becomes when a detector comes on the page: the same train, where it has that. */
export function addressOfDetector(page: Page, name: string | null): Readonly<Record<string, string>> {
  if (name === null) return {};
  const other = page.info?.detectors.find((each) => each.name === name);
  const train = other ? sameTrain(page, other) : page.choice.train;
  return { detector: name, ...(typeof train === 'number' ? { train: train === 0 ? '' : String(train) } : {}) };
}
