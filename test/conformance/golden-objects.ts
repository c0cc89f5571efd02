import { dirname, resolve } from 'node:path';
import { typeStringOf } from '../../src/core/dtype.ts';
import { elementCount } from '../../src/core/ndarray.ts';
import type { Hdf5Block, Hdf5DatasetInfo, Hdf5File } from '../../src/formats/hdf5.ts';
import { arrayFacts, plain } from './golden-answers.ts';
import { GOLDEN } from './hdf5-run-expected.ts';

// biome-ignore lint/suspicious/noExplicitAny: the shape of each expected entry is its own.
type Json = any;

/**
 * The objects of a file as the expected answers describe them, by path. Mappings come in the order of those expected, and
 * their files are named as from `home`, the folder (below `root`) where the original wrote.
 * @param root folder with the runs; default the golden files
 */
export function objectFacts(file: Hdf5File, expected: Json, home: string, root = GOLDEN): Json {
  const named = (name: string) => nameFrom(file, name, home, root);
  const found: Json = {};
  const visit = (group: string) => {
    for (const { name, kind, link, target } of file.children(group || '/')) {
      const path = `${group}/${name}`;
      if (link === 'soft') found[path] = { softlink: target };
      else {
        found[path] = describe(file, path, expected[path], named);
        if (kind === 'group') visit(path);
      }
    }
  };
  visit('');
  return found;
}

type Naming = (name: string) => string;

function describe(file: Hdf5File, path: string, expected: Json, named: Naming): Json {
  const attributes = [...file.attributes(path)];
  const about: Json = attributes.length > 0 ? { attrs: namedAlike(Object.fromEntries(attributes), named) } : {};
  if (file.kindOf(path) === 'group') return about;
  const info = file.datasetInfo(path);
  about.dtype = typeName(info);
  about.shape = info.shape;
  about.maxshape = info.maxShape;
  if (about.dtype !== 'string') about.fillvalue = plain(info.fill ?? 0);
  if (info.virtualSources) {
    about.virtual = true;
    about.mappings = inOrderOf(expected?.mappings ?? [], mappings(info, named));
  }
  if (info.chunks) {
    about.chunks = info.chunks;
    about.compression = info.filters.includes('deflate') ? 'gzip' : null;
    about.shuffle = info.filters.includes('shuffle');
  }
  if (expected?.data) about.data = dataFacts(file, path, expected.data);
  return about;
}

/** As `arrayFacts`, with a count of NaN that is quick for millions of pixels. */
function dataFacts(file: Hdf5File, path: string, { nan_count, ...facts }: Json): Json {
  const array = file.read(path);
  const found = arrayFacts(array, facts);
  if (nan_count === undefined) return found;
  let count = 0;
  for (const value of array.data as Float32Array) if (Number.isNaN(value)) count++;
  return { ...found, nan_count: count };
}

function namedAlike(attributes: Json, named: Naming): Json {
  const told: Json = {};
  for (const [name, value] of Object.entries<Json>(attributes)) {
    told[name] = plain(value);
    if (name === 'source_files') told[name] = told[name].map(named);
  }
  return told;
}

/** A name written in `file` as it would be written in a file of the folder `home`. */
function nameFrom(file: Hdf5File, name: string, home: string, root: string): string {
  const parts = resolve(dirname(file.path), name).slice(root.length).split('/');
  const own = home.split('/').filter(Boolean);
  let same = 0;
  while (same < own.length && own[same] === parts[same]) same++;
  return [...own.slice(same).map(() => '..'), ...parts.slice(same)].join('/');
}

function mappings(info: Hdf5DatasetInfo, named: Naming): Json[] {
  return (info.virtualSources ?? []).flatMap(({ file: name, dataset, source, target }) => {
    if (elementCount(info.shape) === 0) return [];
    const [from, to] = [source?.[0] as Hdf5Block, target?.[0] as Hdf5Block];
    const end = ({ start, count }: Hdf5Block) => start.map((first, axis) => first + count[axis] - 1);
    return {
      vspace_start: to.start,
      vspace_end: end(to),
      file: named(name),
      dset: dataset,
      src_start: from.start,
      src_end: end(from),
      src_shape: end(from).map((last) => last + 1),
    };
  });
}

function inOrderOf(expected: readonly Json[], found: readonly Json[]): Json[] {
  const rank = (mapping: Json) => {
    const at = expected.findIndex((one) => JSON.stringify(one) === JSON.stringify(mapping));
    return at < 0 ? expected.length : at;
  };
  return [...found].sort((a, b) => rank(a) - rank(b));
}

function typeName({ type }: Hdf5DatasetInfo): Json {
  if (type.kind === 'record') return type.fields.map(({ name, dtype }) => [name, typeStringOf(dtype)]);
  if (type.kind === 'unsupported') return type.reason;
  return type.dtype === 'string' ? 'string' : typeStringOf(type.dtype);
}
