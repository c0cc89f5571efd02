import { readAttributes } from './attribute.ts';
import { StoredDataset } from './dataset.ts';
import type { StoredType } from './datatype.ts';
import type { Filter } from './filters.ts';
import { GlobalHeap } from './global-heap.ts';
import type { Layout } from './layout.ts';
import type { Link } from './link.ts';
import type { ObjectTree } from './object-tree.ts';

/** An attribute without its value. */
export interface AttributeFacts {
  readonly name: string;
  readonly type: StoredType;
  /** null for an attribute without any value. */
  readonly shape: readonly number[] | null;
}

/** A dataset without its values. */
export interface DatasetFacts {
  readonly type: StoredType;
  /** null for a dataset without any value. */
  readonly shape: readonly number[] | null;
  readonly maxShape: readonly (number | null)[];
  readonly layout: Layout['kind'];
  readonly chunks: readonly number[] | null;
  readonly filters: readonly Filter[];
}

/** An object of a file as it is stored, of any type. */
export interface ObjectFacts {
  /** Equal for two names of one object. */
  readonly id: string;
  readonly kind: 'group' | 'dataset' | 'other';
  /** Links of a group in name order. */
  readonly links: readonly { readonly name: string; readonly link: Link }[];
  /** In name order. */
  readonly attributes: readonly AttributeFacts[];
  readonly dataset: DatasetFacts | null;
}

/** What is stored under a path, links followed; null if there is nothing. @throws FormatInvalid for a damaged file */
export function readObjectFacts(tree: ObjectTree, path: string): ObjectFacts | null {
  const found = tree.find(path);
  if (!found) return null;
  const { tree: owner, address } = found;
  const { metadata } = owner;
  const kind = owner.kindOf(address);
  const header = owner.headerOf(address);
  const attributes = readAttributes(metadata, header).map(({ name, type, space }) => ({
    name,
    type,
    shape: space.shape,
  }));
  const links = kind === 'group' ? [...(owner.linksOf(address) ?? [])].map(([name, link]) => ({ name, link })) : [];
  return {
    id: `${metadata.source.name} ${address}`,
    kind,
    links: links.sort(byName),
    attributes: attributes.sort(byName),
    dataset:
      kind === 'dataset' ? datasetFacts(new StoredDataset(metadata, new GlobalHeap(metadata), header, address)) : null,
  };
}

function byName(a: { readonly name: string }, b: { readonly name: string }): number {
  return a.name < b.name ? -1 : 1;
}

function datasetFacts({ type, space, layout, filters }: StoredDataset): DatasetFacts {
  return {
    type,
    shape: space.shape,
    maxShape: space.maxShape,
    layout: layout.kind,
    chunks: layout.kind === 'chunked' ? layout.chunks : null,
    filters,
  };
}
