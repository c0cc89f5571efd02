import type { KeyInfo } from '../api/run-contract.ts';

/** Ways to look at a key. */
export const VIEW_WORDS = {
  trains: 'vs train',
  train: 'one train',
  mean: 'mean',
  map: 'heat map',
  picture: 'picture',
  texts: 'changes',
} as const;
/** Name of a way to look at a key. */
export type KeyView = keyof typeof VIEW_WORDS;

/** The ways in which a key can be looked at, the most telling one first; none for what cannot be read. */
export function viewsOf({ kind, entryShape, most }: KeyInfo): readonly KeyView[] {
  if (kind === 'unreadable') return [];
  if (kind === 'text') return ['texts'];
  if (entryShape.length >= 2) return ['picture', 'trains'];
  const length = most * entryShape.reduce((a, b) => a * b, 1);
  return length > 1 ? ['trains', 'train', 'mean', 'map'] : ['trains'];
}

/** How many values a train has, and what they are: `1 000 elements`, `64 entries`. */
export function valuesOf({ entryShape, most }: KeyInfo): { readonly length: number; readonly word: string } {
  const elements = entryShape.reduce((a, b) => a * b, 1);
  const word = most > 1 ? (elements > 1 ? 'entry × element' : 'entry in the train') : 'element';
  return { length: most * elements, word };
}
