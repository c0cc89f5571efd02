import type { Hdf5Attribute, Hdf5File } from '../hdf5.ts';
import type { ReaderHdf5File } from '../hdf5-reader/reader-file.ts';
import { type AttributeFacts, type DatasetFacts, type ObjectFacts, readObjectFacts } from '../hdf5-reader/structure.ts';
import { listText, quoted } from './numpy-text.ts';
import { shapeText, typeText } from './type-text.ts';

/** An object of a file, or a link to one, as it is shown. */
export interface ObjectNode {
  readonly name: string;
  readonly path: string;
  readonly kind: 'group' | 'dataset' | 'other' | 'link';
  readonly dtype?: string;
  readonly shape?: readonly number[] | null;
  readonly isVirtual?: boolean;
  /** How a dataset is stored. */
  readonly storage?: DatasetFacts;
  /** Where a soft or external link points. */
  readonly target?: string;
  /** Path under which the same object was shown before. */
  readonly sameAs?: string;
  readonly attributes: readonly AttributeText[];
  /** Absent below the greatest depth. */
  readonly children?: readonly ObjectNode[];
  readonly childCount?: number;
}

/** An attribute and its value as text. */
export interface AttributeText {
  readonly name: string;
  readonly text: string;
}

/** How much to look at. */
export interface TreeOptions {
  /** Levels below the first object. */
  readonly depth: number;
  /** Read the values of attributes. */
  readonly hasAttributes: boolean;
}

/**
 * An object and everything below it.
 * @param name how it is called on screen
 * @source h5glance terminal.py
 */
export function readObjectNode(
  file: ReaderHdf5File,
  facts: ObjectFacts,
  name: string,
  path: string,
  options: TreeOptions,
  seen = new Map<string, string>(),
): ObjectNode {
  const known = seen.get(facts.id);
  const base = { name, path, kind: facts.kind } as const;
  if (known !== undefined) return { ...base, sameAs: known, attributes: [] };
  seen.set(facts.id, path);
  const attributes = options.hasAttributes
    ? attributeTexts(file, path, facts.attributes)
    : facts.attributes.map((attribute) => ({ name: attribute.name, text: '' }));
  if (facts.dataset) {
    const { type, shape, layout } = facts.dataset;
    return {
      ...base,
      dtype: typeText(type),
      shape,
      isVirtual: layout === 'virtual',
      storage: facts.dataset,
      attributes,
    };
  }
  if (facts.kind !== 'group') return { ...base, attributes };
  if (options.depth < 1) return { ...base, attributes, childCount: facts.links.length };
  const children = facts.links.map(({ name: child, link }): ObjectNode => {
    const childPath = `${path === '/' ? '' : path}/${child}`;
    const shown = { name: child, path: childPath, attributes: [] };
    if (link.kind === 'soft') return { ...shown, kind: 'link', target: link.target };
    if (link.kind === 'external') return { ...shown, kind: 'link', target: `${link.file}/${link.target}` };
    const found = readObjectFacts(file.tree, childPath);
    if (!found) return { ...shown, kind: 'other' };
    return readObjectNode(file, found, child, childPath, { ...options, depth: options.depth - 1 }, seen);
  });
  return { ...base, attributes, children, childCount: children.length };
}

/** Most elements of an attribute that are shown in full, and most characters of a text. */
const [MOST_ELEMENTS, MOST_CHARACTERS] = [10, 50];

/** Attributes with their values, as far as they fit in a line. */
export function attributeTexts(
  file: Pick<Hdf5File, 'attributes'>,
  path: string,
  facts: readonly AttributeFacts[],
): AttributeText[] {
  const values = facts.length > 0 ? file.attributes(path) : new Map<string, Hdf5Attribute>();
  return facts.map((attribute) => ({
    name: attribute.name,
    text: attributeText(attribute, values.get(attribute.name)),
  }));
}

function attributeText({ type, shape }: AttributeFacts, value: Hdf5Attribute | undefined): string {
  if (shape === null) return `empty [${typeText(type)}]`;
  const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(', ')})`;
  if (shape.length > 1) return `array [${typeText(type)}: ${tuple}]`;
  if (value === undefined) return `unreadable [${typeText(type)}: ${tuple}]`;
  if (typeof value === 'object') return listText(value, MOST_ELEMENTS, { precision: 5 });
  const text =
    typeof value === 'string' ? quoted(value) : typeof value === 'boolean' ? (value ? 'True' : 'False') : String(value);
  const isFloat = typeof value === 'number' && /^(float|custom)/.test(typeText(type));
  const told = isFloat && Number.isInteger(value) ? `${text}.0` : text;
  return told.length > MOST_CHARACTERS ? `${told.slice(0, 20)}...${told.slice(-20)}` : told;
}

/** Colours of a terminal by kind of object. */
export type NodeColours = Readonly<Record<'dataset' | 'group' | 'link' | 'reset', string>>;

/** A tree in lines, with `├` and `└` before the names. */
export function* treeLines(node: ObjectNode, colours: NodeColours, hasAttributes: boolean): Iterable<string> {
  yield* branch(node, '', '', colours, hasAttributes);
}

function* branch(
  node: ObjectNode,
  before: string,
  below: string,
  colours: NodeColours,
  hasAttributes: boolean,
): Iterable<string> {
  const colour = node.kind === 'other' ? '' : colours[node.kind];
  yield `${before}${colour}${node.name}${colour && colours.reset}${detailText(node, hasAttributes)}`;
  const attributes = hasAttributes ? node.attributes : [];
  const children = node.children ?? [];
  if (attributes.length > 0) {
    const isLast = children.length === 0;
    yield `${below}${isLast ? '└' : '├'}${attributes.length} attributes:`;
    for (const [i, { name, text }] of attributes.entries())
      yield `${below}${isLast ? '  ' : '│ '}${i === attributes.length - 1 ? '└' : '├'}${name}: ${text}`;
  }
  for (const [i, child] of children.entries()) {
    const isLast = i === children.length - 1;
    yield* branch(child, `${below}${isLast ? '└' : '├'}`, `${below}${isLast ? '  ' : '│ '}`, colours, hasAttributes);
  }
}

function detailText(node: ObjectNode, hasAttributes: boolean): string {
  if (node.target !== undefined) return `\t-> ${node.target}`;
  if (node.sameAs !== undefined) return `\t= ${node.sameAs}`;
  const attributes = node.attributes.length > 0 && !hasAttributes ? ` (${node.attributes.length} attributes)` : '';
  if (node.kind === 'dataset')
    return `\t[${node.dtype}: ${shapeText(node.shape ?? null)}]${node.isVirtual ? ' virtual' : ''}${attributes}`;
  if (node.kind === 'other') return ` (unknown type)${attributes}`;
  return `${node.children ? '' : `\t(${node.childCount} children)`}${attributes}`;
}
