import { ShapeMismatch, Unsupported } from '../core/errors.ts';
import type { Hdf5Block, Hdf5DatasetInfo, Hdf5Type } from './hdf5.ts';

/** The block to read: the given one, or the whole dataset. @throws ShapeMismatch if it is outside the dataset */
export function checkBlock(info: Hdf5DatasetInfo, block?: Hdf5Block): Hdf5Block {
  if (!block) return { start: info.shape.map(() => 0), count: info.shape };
  const { start, count } = block;
  const isInside =
    start.length === info.shape.length &&
    count.length === info.shape.length &&
    info.shape.every((n, i) => start[i] >= 0 && count[i] >= 0 && start[i] + count[i] <= n);
  if (isInside) return block;
  throw new ShapeMismatch(`Block at [${start}] of [${count}] is outside ${info.path} of shape [${info.shape}].`, {
    expected: info.shape,
    got: { start, count },
  });
}

/** The error of a call that cannot read a dataset's elements. */
export function unreadableType(file: string, dataset: string, type: Hdf5Type): Unsupported {
  const what = type.kind === 'unsupported' ? type.reason : `${type.kind} elements`;
  return new Unsupported(`${file}: dataset ${dataset} holds ${what}, which this call cannot read.`, {
    path: file,
    dataset,
  });
}
