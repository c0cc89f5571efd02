import type { Hdf5DatasetInfo } from '../hdf5.ts';
import type { StoredDataset } from './dataset.ts';
import { CLASS } from './datatype.ts';
import { FILTER } from './filters.ts';
import { elementTypeOf, valuesOf } from './values.ts';

/** What a copy of a dataset needs to know to be stored alike. */
export function storageFacts(
  dataset: StoredDataset,
): Pick<Hdf5DatasetInfo, 'deflateLevel' | 'textBytes' | 'charset' | 'fill' | 'virtualFiles' | 'virtualSources'> {
  const { type, filters, layout, mappings } = dataset;
  const deflate = filters.find((filter) => filter.id === FILTER.deflate);
  const fill = fillNumber(dataset);
  return {
    ...(deflate ? { deflateLevel: deflate.parameters[0] } : {}),
    ...(type.class === CLASS.string ? { textBytes: type.size } : {}),
    ...(type.class === CLASS.string || type.isText ? { charset: type.charset === 'UTF-8' ? 'utf8' : 'ascii' } : {}),
    ...(fill === undefined ? {} : { fill }),
    ...(layout.kind === 'virtual'
      ? {
          virtualFiles: [...new Set(mappings.map((mapping) => mapping.file))],
          virtualSources: mappings.map(({ file, dataset: name, source, virtual }) => ({
            file,
            dataset: name,
            source,
            target: virtual,
          })),
        }
      : {}),
  };
}

function fillNumber({ type, fillValue }: StoredDataset): number | bigint | undefined {
  if (!fillValue || fillValue.every((byte) => byte === 0)) return undefined;
  const element = elementTypeOf(type);
  if (element.kind !== 'plain' || element.dtype === 'string' || element.dtype === 'float16') return undefined;
  const value = valuesOf(element.dtype, type, [], fillValue).data[0];
  return typeof value === 'string' ? undefined : value;
}
