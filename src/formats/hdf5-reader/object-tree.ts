import { FormatInvalid } from '../../core/errors.ts';
import { readLinks } from './group.ts';
import type { Link } from './link.ts';
import type { MetadataBytes } from './metadata-bytes.ts';
import { MESSAGE, type ObjectHeader, readObjectHeader } from './object-header.ts';

/** An object of a file. */
export interface FoundObject {
  readonly tree: ObjectTree;
  readonly address: number;
}

/** Soft and external links on the way to one object. */
const MOST_LINKS = 40;

/** The groups of a file, and what their paths lead to. */
export class ObjectTree {
  readonly metadata: MetadataBytes;
  readonly #root: number;
  readonly #openTree: (file: string) => ObjectTree | null;
  readonly #headers = new Map<number, ObjectHeader>();
  readonly #links = new Map<number, ReadonlyMap<string, Link> | null>();
  readonly #found = new Map<string, FoundObject | null>();

  /** @param openTree opens the file of an external link; null if there is none */
  constructor(metadata: MetadataBytes, root: number, openTree: (file: string) => ObjectTree | null) {
    this.metadata = metadata;
    this.#root = root;
    this.#openTree = openTree;
  }

  /** The object at an absolute path, links followed; null if there is none. @throws FormatInvalid for damaged files */
  find(path: string): FoundObject | null {
    const known = this.#found.get(path);
    if (known !== undefined) return known;
    const found = this.#walk(this.#root, path, '/', { left: MOST_LINKS });
    this.#found.set(path, found);
    return found;
  }

  #walk(from: number, path: string, folder: string, links: { left: number }): FoundObject | null {
    let at: FoundObject = { tree: this, address: path.startsWith('/') ? this.#root : from };
    let name = path.startsWith('/') ? '/' : folder;
    for (const part of path.split('/')) {
      if (part === '' || part === '.') continue;
      const link = at.tree.linksOf(at.address)?.get(part);
      if (!link) return null;
      const next = at.tree.#follow(at.address, link, name, links);
      if (!next) return null;
      at = next;
      name = name === '/' ? `/${part}` : `${name}/${part}`;
    }
    return at;
  }

  #follow(group: number, link: Link, folder: string, links: { left: number }): FoundObject | null {
    if (link.kind === 'hard') return { tree: this, address: link.address };
    if (links.left-- <= 0) {
      const { name } = this.metadata.source;
      throw new FormatInvalid(`${name}: links below ${folder} lead to each other without end.`, {
        path: name,
        object: folder,
      });
    }
    if (link.kind === 'soft') return this.#walk(group, link.target, folder, links);
    const tree = this.#openTree(link.file);
    return tree ? tree.#walk(tree.#root, link.target, '/', links) : null;
  }

  /** Header of an object. @throws FormatInvalid */
  headerOf(address: number): ObjectHeader {
    let header = this.#headers.get(address);
    if (!header) {
      header = readObjectHeader(this.metadata, address);
      this.#headers.set(address, header);
    }
    return header;
  }

  /** Links of a group; null for anything else. @throws FormatInvalid */
  linksOf(address: number): ReadonlyMap<string, Link> | null {
    let links = this.#links.get(address);
    if (links === undefined) {
      links = readLinks(this.metadata, this.headerOf(address));
      this.#links.set(address, links);
    }
    return links;
  }

  /** What an object is. */
  kindOf(address: number): 'group' | 'dataset' | 'other' {
    let [hasLayout, hasSpace] = [false, false];
    for (const { type } of this.headerOf(address)) {
      if (type === MESSAGE.symbolTable || type === MESSAGE.linkInfo || type === MESSAGE.link) return 'group';
      hasLayout ||= type === MESSAGE.layout;
      hasSpace ||= type === MESSAGE.dataspace;
    }
    return hasLayout && hasSpace ? 'dataset' : 'other';
  }

  /** Forgets all that was read. */
  clear(): void {
    this.#headers.clear();
    this.#links.clear();
    this.#found.clear();
  }
}
