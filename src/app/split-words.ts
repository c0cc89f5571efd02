import type { SplitMethod } from '../detector/integration/split-method.ts';

/** What pixels are taken for when they are sorted into bins, as the pages say it. */
export const METHOD_WORDS: Readonly<Record<SplitMethod, string>> = {
  no: 'whole pixels',
  bbox: 'boxes',
  pseudo: 'boxes of true area',
  full: 'true outlines',
};
