import { elementCount } from '../../core/ndarray.ts';
import { fillRegion, offsetOf, type Target } from './box.ts';
import type { StoredDataset } from './dataset.ts';
import type { Box } from './selection.ts';
import { pairBoxes, type StoredMapping, sharedPart, sourceBox, type VirtualMapping } from './virtual-layout.ts';

/** A dataset that a virtual one takes values from. */
export interface VirtualSource {
  readonly shape: readonly number[];
}

/** A part of a block of a virtual dataset, and the box of the source that it shows. */
export interface VirtualPart<S extends VirtualSource> {
  readonly source: S;
  readonly sourceBox: Box;
  /** The part's place in the block. */
  readonly blockAt: readonly number[];
  readonly mapping: VirtualMapping;
  readonly extent: readonly number[];
}

/** Mappings cut into pairs of boxes, kept while their dataset is. */
const pairsOf = new WeakMap<StoredMapping, readonly VirtualMapping[]>();

/**
 * The parts of a block that have a source. A source that is absent, or shorter than its mapping, gives none: the fill value
 * stands there, as in the library.
 * @param openSource the dataset of a mapping; null if its file or dataset is absent
 */
export function virtualParts<S extends VirtualSource>(
  path: string,
  dataset: StoredDataset,
  block: Box,
  openSource: (mapping: StoredMapping) => S | null,
): VirtualPart<S>[] {
  const parts: VirtualPart<S>[] = [];
  for (const stored of dataset.mappings) {
    // A look at the boxes first: most mappings are of other modules and trains.
    if (stored.virtual && !stored.virtual.some((box) => sharedPart(box, block))) continue;
    const source = openSource(stored);
    if (!source) continue;
    let pairs = pairsOf.get(stored);
    if (!pairs) {
      pairs = pairBoxes(path, stored, dataset.shape, source.shape);
      pairsOf.set(stored, pairs);
    }
    for (const mapping of pairs) {
      const part = sharedPart(mapping.virtual, block);
      if (!part) continue;
      const from = sourceBox(mapping, part);
      if (from.start.some((n, axis) => n + from.count[axis] > source.shape[axis])) continue;
      const blockAt = part.start.map((n, axis) => n - block.start[axis]);
      parts.push({ source, sourceBox: from, blockAt, mapping, extent: part.count });
    }
  }
  return parts;
}

/** Whether parts that do not overlap fill a block. */
function areCovering(parts: readonly VirtualPart<VirtualSource>[], block: Box): boolean {
  let sum = 0;
  for (const { extent } of parts) sum += elementCount(extent);
  if (sum < elementCount(block.count)) return false;
  const boxes = parts.map(({ blockAt, extent }) => ({ start: blockAt, count: extent }));
  return boxes.every((box, i) => boxes.slice(i + 1).every((other) => sharedPart(box, other) === null));
}

/** Reads a block of a virtual dataset from its sources; where there is none, the fill value stands. */
export function readVirtual<S extends VirtualSource & { readInto(block: Box, target: Target): void }>(
  path: string,
  dataset: StoredDataset,
  block: Box,
  target: Target,
  openSource: (mapping: StoredMapping) => S | null,
): void {
  const parts = virtualParts(path, dataset, block, openSource);
  if (!areCovering(parts, block)) fillRegion(target, block.count, dataset.type.size, dataset.fillValue);
  for (const { source, sourceBox: from, blockAt, mapping } of parts) {
    const offset = target.offset + offsetOf(blockAt, target.steps);
    source.readInto(from, { bytes: target.bytes, offset, steps: stepsOfSource(mapping, target.steps) });
  }
}

/** Steps of the virtual array along the axes of the source; an axis that only the source has is of length 1. */
export function stepsOfSource({ axes, source }: VirtualMapping, steps: readonly number[]): number[] {
  return source.count.map((_, sourceAxis) => {
    const axis = axes.indexOf(sourceAxis);
    return axis < 0 ? 0 : steps[axis];
  });
}
