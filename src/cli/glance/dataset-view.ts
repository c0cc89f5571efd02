import { Usage } from '../../core/errors.ts';
import { elementCount } from '../../core/ndarray.ts';
import type { Hdf5File } from '../../formats/hdf5.ts';
import { compressionOf } from '../../formats/hdf5-glance/compression.ts';
import { type ArrayTextOptions, arrayText, quoted, recordsText } from '../../formats/hdf5-glance/numpy-text.ts';
import { type AttributeText, attributeTexts } from '../../formats/hdf5-glance/object-node.ts';
import { shapeText, typeText } from '../../formats/hdf5-glance/type-text.ts';
import type { DatasetFacts, ObjectFacts } from '../../formats/hdf5-reader/structure.ts';
import { type ArraySlice, parseArraySlice } from './array-slice.ts';

/** Everything about a dataset, with some of its data. */
export interface DatasetView {
  readonly facts: DatasetFacts;
  /** What part is shown: the slice as it was given, or null for the first elements. */
  readonly slice: string | null;
  /** As numpy prints it; null where there is nothing to show. */
  readonly dataText: string | null;
  readonly attributes: readonly AttributeText[];
}

/** Elements of the last two axes that are shown where no slice is given. */
const SAMPLE = 10;

/**
 * Reads a dataset's facts and some of its data.
 * @throws Usage for a slice that is none, SelectionInvalid for one outside
 */
export async function readDatasetView(
  file: Hdf5File,
  path: string,
  facts: ObjectFacts & { readonly dataset: DatasetFacts },
  slice: string | null,
  options: ArrayTextOptions,
): Promise<DatasetView> {
  const { shape } = facts.dataset;
  if (slice !== null && shape === null) throw new Usage(`${path} has no data to take a slice of.`);
  const hasData = shape !== null && elementCount(shape) > 0;
  const part = hasData || slice !== null ? parseArraySlice(slice ?? sampleOf(shape ?? []), shape ?? []) : null;
  return {
    facts: facts.dataset,
    slice,
    dataText: part ? await readText(file, path, part, options) : null,
    attributes: attributeTexts(file, path, facts.attributes),
  };
}

function sampleOf(shape: readonly number[]): string {
  return shape.map((_, axis) => (axis < shape.length - 2 ? '0' : `:${SAMPLE}`)).join();
}

async function readText(file: Hdf5File, path: string, part: ArraySlice, options: ArrayTextOptions): Promise<string> {
  const { type } = file.datasetInfo(path);
  if (type.kind === 'unsupported') return `(${type.reason}, which cannot be read)`;
  await file.prepare?.(path);
  if (type.kind === 'record') {
    const axes = part.block.count.length;
    const fields = [...file.readFields(path, part.block)].map(([name, field]) => {
      // Fields that are arrays themselves keep their axes: only single values are cut.
      const isSingle = field.shape.length === axes;
      return [name, isSingle ? part.take(field) : field] as const;
    });
    return recordsText(new Map(fields), part.shape, options);
  }
  const array = part.take(file.read(path, part.block));
  if (array.shape.length > 0) return arrayText(array, options);
  return array.dtype === 'string' ? quoted(array.data[0] as string) : arrayText(array, options).replace(/\.$/, '.0');
}

/** The view in lines. @source h5glance terminal.py */
export function datasetLines({ facts, slice, dataText, attributes }: DatasetView): string[] {
  const lines = [`      dtype: ${typeText(facts.type)}`, `      shape: ${shapeText(facts.shape)}`];
  if (facts.shape && facts.shape.length > 0) lines.push(`   maxshape: ${shapeText(facts.maxShape)}`);
  lines.push(`     layout: ${facts.layout[0].toUpperCase()}${facts.layout.slice(1)}`);
  if (facts.chunks) {
    const { name, options } = compressionOf(facts.filters);
    lines.push(
      `      chunk: ${shapeText(facts.chunks)}`,
      `compression: ${name ?? 'None'} (options: ${options ?? 'None'})`,
    );
  }
  if (dataText !== null) lines.push('', slice === null ? 'sample data:' : `selected data [${slice}]:`, dataText);
  lines.push('', `${attributes.length} attributes:`, ...attributes.map(({ name, text }) => `* ${name}: ${text}`));
  return lines;
}
