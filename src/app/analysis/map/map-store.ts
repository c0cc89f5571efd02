import { create } from 'zustand';
import type { WindowQuantity } from '../../../detector/analysis/pattern-window.ts';
import type { PatternUnit } from '../curve/pattern-unit.ts';
import type { CountedScan } from './map-grid.ts';

/** What is drawn of each point of a scan: a window of its pattern, a region of its picture, or a key of the run. */
export const MAP_VALUES = ['window', 'region', 'key'] as const;
/** One of them. */
export type MapValue = (typeof MAP_VALUES)[number];

/** A key of a run. */
export interface KeyName {
  readonly source: string;
  readonly key: string;
}

/** How a run becomes a map. */
export interface MapChoice {
  readonly value: MapValue;
  /** In `windowUnit`; null = the whole pattern. */
  readonly window: readonly [number, number] | null;
  readonly windowUnit: PatternUnit;
  readonly quantity: WindowQuantity;
  readonly isLessLine: boolean;
  /** A helper of the picture; null = the first. */
  readonly helper: number | null;
  readonly valueKey: KeyName | null;
  /** Whether positions come from keys; else points are counted. */
  readonly isByKeys: boolean;
  readonly scan: CountedScan;
  readonly xKey: KeyName | null;
  /** Null: one row. */
  readonly yKey: KeyName | null;
  /** Null: as many as the positions have steps. */
  readonly columns: number | null;
  readonly rows: number | null;
}

interface MapStore {
  readonly choice: MapChoice;
  setChoice(change: Partial<MapChoice>): void;
}

/** The map of a scan. */
export const useMap = create<MapStore>((set, get) => ({
  choice: {
    value: 'window',
    window: null,
    windowUnit: 'q_A^-1',
    quantity: 'mean',
    isLessLine: false,
    helper: null,
    valueKey: null,
    isByKeys: false,
    scan: { perLine: 10, isUpwards: false, isSnake: false, skip: 0 },
    xKey: null,
    yKey: null,
    columns: null,
    rows: null,
  },
  setChoice: (change) => set({ choice: { ...get().choice, ...change } }),
}));

/** `SOURCE key`, as it is typed and read; source and key have no spaces. */
export function keyText(name: KeyName | null): string {
  return name ? `${name.source} ${name.key}` : '';
}

/**
 * A key as it is typed: source and key, an alias, or a source with one value. @param keyNames keys by source
 * @param aliases name and what it stands for @returns the key, null for an empty text, or why there is none
 */
export function parseKey(
  text: string,
  keyNames: Readonly<Record<string, readonly string[]>>,
  aliases: readonly { readonly alias: string; readonly source: string; readonly key: string | null }[],
): KeyName | null | string {
  const words = text.trim().split(/\s+/);
  if (words[0] === '') return null;
  const alias = aliases.find((each) => each.alias === words[0]);
  const [source, key = null] = alias ? [alias.source, alias.key ?? words[1]] : words;
  const keys = keyNames[source];
  if (!keys) return `the run has no source ${source}`;
  if (key === null) {
    const values = keys.filter((each) => each.endsWith('.value'));
    return values.length === 1 ? { source, key: values[0] } : `which key of ${source}? it has ${keys.length}`;
  }
  const found = keys.find((each) => each === key) ?? keys.find((each) => each === `${key}.value`);
  return found ? { source, key: found } : `${source} has no key ${key}`;
}
