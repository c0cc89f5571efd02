import type { Command } from 'commander';
import { FormatInvalid, nearestNames, Usage } from '../../core/errors.ts';
import { compressionOf } from '../../formats/hdf5-glance/compression.ts';
import { type NodeColours, type ObjectNode, readObjectNode, treeLines } from '../../formats/hdf5-glance/object-node.ts';
import { typeText } from '../../formats/hdf5-glance/type-text.ts';
import type { ReaderHdf5File } from '../../formats/hdf5-reader/reader-file.ts';
import { type ObjectFacts, readObjectFacts } from '../../formats/hdf5-reader/structure.ts';
import type { CliContext } from '../context.ts';
import { datasetLines, readDatasetView } from '../glance/dataset-view.ts';
import { showInPager, usesColours } from '../glance/pager.ts';

interface GlanceOptions {
  readonly attrs?: boolean;
  readonly depth?: string;
  readonly slice?: string;
  readonly pager?: boolean;
  readonly json?: boolean;
  readonly html?: boolean;
  readonly output?: string;
}

/** Adds `hutch glance`. */
export function addGlanceCommand(program: Command, context: CliContext): void {
  program
    .command('glance')
    .description('what is in an HDF5 file: groups, datasets, links, attributes, and some of the data')
    .argument('<file>', 'HDF5 file')
    .argument('[path]', 'group or dataset in it; - asks for one, with completion by the tab key')
    .option('--attrs', 'show attributes with their values')
    .option('-d, --depth <n>', 'levels of groups to show')
    .option('-s, --slice <slice>', 'part of a dataset in the notation of numpy: 0,100:110', (value) =>
      value.replace(/^=/, ''),
    )
    .option('--pager', 'show it in $PAGER (default: if it is longer than the terminal)')
    .option('--no-pager', 'never use a pager')
    .option('--json', 'print JSON')
    .option('--html', 'a page of its own with a tree that folds, for notebooks and logbooks')
    .option('-o, --output <file>', 'where the page goes (default: standard output)')
    .addHelpText(
      'after',
      `
Colours: $H5GLANCE_COLORS=1 or 0, $NO_COLOR.

Examples:
  hutch glance RAW-R0004-AGIPD00-S00000.h5 --depth 3
  hutch glance RAW-R0004-DA01-S00000.h5 INDEX/trainId --slice=-10:
  hutch glance RAW-R0004-DA01-S00000.h5 --html -o DA01.html`,
    )
    .action((file: string, path: string | undefined, options: GlanceOptions) => glance(context, file, path, options));
}

const COLOURS: NodeColours = { dataset: '\u001b[1m', group: '\u001b[94m', link: '\u001b[95m', reset: '\u001b[0m' };
const NO_COLOURS: NodeColours = { dataset: '', group: '', link: '', reset: '' };

async function glance(
  context: CliContext,
  file: string,
  given: string | undefined,
  options: GlanceOptions,
): Promise<void> {
  const depth = options.depth === undefined ? Number.POSITIVE_INFINITY : Number(options.depth);
  if (!(depth >= 0)) throw new Usage(`--depth ${options.depth} must be a number of levels.`);
  const { nodeFileStore } = await import('../../platform/node/file-store.ts');
  const entry = await nodeFileStore.entry(file);
  if (!entry || entry.isFolder) throw new Usage(`Not a file: ${file}. Give an HDF5 file; hutch ls looks at folders.`);
  if (options.html) return glancePage(context, file, given, depth, options);
  if (options.output !== undefined) throw new Usage('-o is where the page of --html goes; the tree is printed.');
  const { nodeHdf5Opener, openReaderFile } = await import('../../platform/node/hdf5-open.ts');
  const reader = openReaderFile(file);
  try {
    const inner = given === '-' ? await askForPath(reader, file) : (given ?? '');
    if (inner === null) return context.exitWith(1);
    const path = `/${inner.split('/').filter(Boolean).join('/')}`;
    const facts = readObjectFacts(reader.tree, path);
    if (!facts) throw noSuchObject(reader, file, path);
    const title = path === '/' ? file : `${file}${path}`;
    const { dataset } = facts;
    if (!dataset) {
      if (options.slice !== undefined) throw new Usage(`--slice is for datasets; ${title} is a ${facts.kind}.`);
      const hasAttributes = options.attrs ?? false;
      const node = readObjectNode(reader, facts, title, path, { depth, hasAttributes });
      if (options.json) context.write(`${JSON.stringify(nodeJson(node, hasAttributes), null, 2)}\n`);
      else {
        const colours = usesColours(process.stdout.isTTY, process.env) ? COLOURS : NO_COLOURS;
        show(context, [...treeLines(node, colours, hasAttributes)], options.pager);
      }
      return;
    }
    const data = await nodeHdf5Opener.open(file);
    try {
      const width = process.stdout.isTTY ? process.stdout.columns : 75;
      const view = await readDatasetView(data, path, { ...facts, dataset }, options.slice || null, { width });
      if (options.json)
        context.write(`${JSON.stringify(datasetJson(path, facts, view.dataText, view.attributes), null, 2)}\n`);
      else show(context, [title, ...datasetLines(view)], options.pager);
    } finally {
      data.close();
    }
  } finally {
    reader.close();
  }
}

async function glancePage(
  context: CliContext,
  file: string,
  path: string | undefined,
  depth: number,
  { slice, json, output }: GlanceOptions,
): Promise<void> {
  if (slice !== undefined || json || path === '-')
    throw new Usage('--html shows the tree, without values: leave out --slice, --json and the path -.');
  const { glanceHtml } = await import('../../platform/node/glance-file.ts');
  const page = glanceHtml(file, { path, depth });
  if (output === undefined) {
    context.write(page);
    return;
  }
  const { writeAside } = await import('../../platform/node/write-aside.ts');
  await writeAside(output, [page]);
  context.write(`${output}\n`);
}

function show(context: CliContext, lines: readonly string[], wantsPager: boolean | undefined): void {
  const text = `${lines.join('\n')}\n`;
  const isLong = process.stdout.isTTY && lines.length > (process.stdout.rows ?? Number.POSITIVE_INFINITY);
  if ((wantsPager ?? isLong) && showInPager(text, process.env)) return;
  context.write(text);
}

function noSuchObject(reader: ReaderHdf5File, file: string, path: string): FormatInvalid {
  const parent = path.slice(0, path.lastIndexOf('/')) || '/';
  const names = readObjectFacts(reader.tree, parent)?.links.map((link) => link.name) ?? [];
  const near = nearestNames(path.slice(path.lastIndexOf('/') + 1), names);
  const hint = near.length > 0 ? `; nearest in ${parent}: ${near.join(', ')}` : '';
  return new FormatInvalid(`${file} has no object ${path}${hint}. hutch glance ${file} shows all.`, { file, path });
}

function nodeJson(node: ObjectNode, hasAttributes: boolean): Readonly<Record<string, unknown>> {
  const { attributes, children, isVirtual, name, storage: _, ...facts } = node;
  return {
    name,
    ...facts,
    ...(isVirtual ? { isVirtual } : {}),
    attributes: hasAttributes
      ? Object.fromEntries(attributes.map((attribute) => [attribute.name, attribute.text]))
      : attributes.map((attribute) => attribute.name),
    ...(children ? { children: children.map((child) => nodeJson(child, hasAttributes)) } : {}),
  };
}

function datasetJson(
  path: string,
  { dataset }: ObjectFacts,
  data: string | null,
  attributes: readonly { readonly name: string; readonly text: string }[],
) {
  if (!dataset) return { path };
  const { type, shape, maxShape, layout, chunks, filters } = dataset;
  return {
    path,
    kind: 'dataset',
    dtype: typeText(type),
    shape,
    maxShape,
    layout,
    chunks,
    filters: filters.map((filter) => filter.name),
    compression: compressionOf(filters).name,
    data,
    attributes: Object.fromEntries(attributes.map(({ name, text }) => [name, text])),
  };
}

/** @returns null if the person gives up */
async function askForPath(reader: ReaderHdf5File, file: string): Promise<string | null> {
  if (!process.stdin.isTTY) throw new Usage('The path - asks for one, which needs a terminal. Name the path instead.');
  const { createInterface } = await import('node:readline/promises');
  const completer = (line: string): [string[], string] => {
    const parent = line.slice(0, line.lastIndexOf('/') + 1);
    const links = readObjectFacts(reader.tree, `/${parent}`)?.links ?? [];
    const paths = links.map(({ name }) => {
      const isGroup = reader.kindOf(`/${parent}${name}`) === 'group';
      return `${parent}${name}${isGroup ? '/' : ''}`;
    });
    return [paths.filter((path) => path.toLowerCase().startsWith(line.toLowerCase())), line];
  };
  const prompt = createInterface({ input: process.stdin, output: process.stdout, completer });
  try {
    for (;;) {
      const path = await prompt.question(`Object path: ${file}/`);
      if (readObjectFacts(reader.tree, `/${path}`)) return path;
      process.stdout.write(`No object at ${path}\n`);
    }
  } catch (error) {
    if ((error as Error).name !== 'AbortError') throw error;
    process.stdout.write('\n');
    return null;
  } finally {
    prompt.close();
  }
}
