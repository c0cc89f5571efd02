import type { Hdf5DatasetInfo, Hdf5File } from '../formats/hdf5.ts';
import type { Hdf5AttributeValue, Hdf5Mapping, Hdf5Writer } from '../formats/hdf5-writer.ts';
import { copiedType, storageLike, textLike } from './write-storage.ts';

/** Something that could not be copied. */
export interface SkippedObject {
  readonly path: string;
  readonly reason: string;
}

/** Groups inside groups go no deeper in sane files. */
const DEEPEST = 64;
/** Values are copied in pieces of about this many bytes. */
const PIECE_BYTES = 16 * 2 ** 20;

/** What to copy below a group. */
export interface CopyTreeOptions {
  /** Whether the values of a dataset are copied; without them it keeps its shape and is empty. Default all. */
  readonly hasValues?: (path: string) => boolean;
  readonly signal?: AbortSignal;
  readonly onSkip?: (skipped: SkippedObject) => void;
}

/** Copies attributes of an object. */
export function copyAttributes(file: Hdf5File, path: string, writer: Hdf5Writer, to = path): void {
  const attributes = file.attributes(path);
  if (attributes.size > 0) writer.attributes(to, Object.fromEntries(attributes) as Record<string, Hdf5AttributeValue>);
}

/**
 * Copies a group with all below it: groups, datasets, links as links, attributes.
 * @param path of the group, the same in both files
 */
export async function copyTree(
  file: Hdf5File,
  path: string,
  writer: Hdf5Writer,
  options: CopyTreeOptions = {},
  depth = 0,
): Promise<void> {
  options.signal?.throwIfAborted();
  const group = path === '/' ? '' : path;
  writer.group(path);
  copyAttributes(file, path, writer);
  for (const child of file.children(path)) {
    const at = `${group}/${child.name}`;
    if (child.link === 'soft') writer.softLink(at, child.target ?? '');
    else if (child.kind === 'group' && depth < DEEPEST) await copyTree(file, at, writer, options, depth + 1);
    else if (child.kind === 'dataset') await copyDataset(file, at, writer, options);
    else
      options.onSkip?.({
        path: at,
        reason: child.link === 'external' ? 'an external link that leads nowhere' : child.kind,
      });
  }
}

/** Copies a dataset, stored as it was, with its attributes. */
export async function copyDataset(
  file: Hdf5File,
  path: string,
  writer: Hdf5Writer,
  { hasValues = () => true, signal, onSkip }: CopyTreeOptions = {},
): Promise<void> {
  await file.prepare?.(path);
  const info = file.datasetInfo(path);
  const dtype = copiedType(info);
  if (dtype === null) {
    onSkip?.({ path, reason: info.type.kind === 'unsupported' ? info.type.reason : '' });
    return;
  }
  const { shape } = info;
  const mappings = mappingsOf(info);
  if (mappings) {
    writer.virtual(path, { dtype, shape, mappings, fill: info.fill, ...textLike(info) });
  } else {
    const isGrowing = info.maxShape[0] === null && info.chunks !== null;
    const storage = storageLike(info, shape[0] ?? 1, 'source', isGrowing);
    writer.create(path, { dtype, shape: isGrowing && hasValues(path) ? [0, ...shape.slice(1)] : shape, ...storage });
    if (hasValues(path)) await copyValues(file, info, writer, isGrowing, signal);
  }
  copyAttributes(file, path, writer);
}

async function copyValues(
  file: Hdf5File,
  info: Hdf5DatasetInfo,
  writer: Hdf5Writer,
  isGrowing: boolean,
  signal?: AbortSignal,
): Promise<void> {
  const { path, shape, type, chunks } = info;
  const read = (block?: Parameters<Hdf5File['read']>[1]) =>
    type.kind === 'record' ? file.readFields(path, block) : file.read(path, block);
  if (shape.includes(0)) return;
  if (shape.length === 0) {
    writer.writeBlock(path, [], read());
    return;
  }
  const unit = chunks?.[0] ?? 1;
  const rowBytes = 16 * shape.slice(1).reduce((product, n) => product * n, 1);
  const rows = Math.max(1, Math.floor(PIECE_BYTES / rowBytes / unit)) * unit;
  for (let row = 0; row < shape[0]; row += rows) {
    signal?.throwIfAborted();
    const start = shape.map((_, axis) => (axis === 0 ? row : 0));
    const values = read({ start, count: [Math.min(rows, shape[0] - row), ...shape.slice(1)] });
    if (isGrowing) await writer.appendLater(path, values);
    else writer.writeBlock(path, start, values);
  }
}

/** Mappings as they are, where the reader tells them and the blocks are single. */
function mappingsOf({ virtualSources }: Hdf5DatasetInfo): Hdf5Mapping[] | null {
  if (!virtualSources) return null;
  const mappings: Hdf5Mapping[] = [];
  for (const { file, dataset, source, target } of virtualSources) {
    if (!source || !target || source.length !== target.length) return null;
    for (const [i, block] of source.entries()) mappings.push({ file, dataset, source: block, target: target[i] });
  }
  return mappings;
}
