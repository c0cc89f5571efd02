import { FormatInvalid } from '../../core/errors.ts';
import { readObjectNode } from '../../formats/hdf5-glance/object-node.ts';
import { treeHtml } from '../../formats/hdf5-glance/tree-html.ts';
import { readObjectFacts } from '../../formats/hdf5-reader/structure.ts';
import { openReaderFile } from './hdf5-open.ts';

/**
 * What is in an HDF5 file as a page of its own (HTML): a tree that folds, with types, shapes, storage, links and attributes.
 * Shows in a notebook, in a mail, in an electronic logbook; it needs nothing from outside and runs nothing.
 * @param options.path group or dataset to begin with, default all of the file
 * @param options.depth levels of groups, default all
 * @throws FileUnreadable, FormatInvalid if it is no HDF5 file, is damaged, or has no such object
 */
export function glanceHtml(file: string, options: { readonly path?: string; readonly depth?: number } = {}): string {
  const { path: given = '/', depth = Number.POSITIVE_INFINITY } = options;
  const path = `/${given.split('/').filter(Boolean).join('/')}`;
  const reader = openReaderFile(file);
  try {
    const facts = readObjectFacts(reader.tree, path);
    if (!facts) throw new FormatInvalid(`${file} has no object ${path}.`, { path: file, object: path });
    const name = path === '/' ? file.slice(file.lastIndexOf('/') + 1) : path.slice(path.lastIndexOf('/') + 1);
    const node = readObjectNode(reader, facts, name, path, { depth, hasAttributes: true });
    return treeHtml(path === '/' ? file : `${file}${path}`, node);
  } finally {
    reader.close();
  }
}
