import type { TaskOptions } from '../core/cancel.ts';
import { writeCxi } from '../formats/cxi.ts';
import { createHdf5 } from '../formats/hdf5-writer.ts';
import { type CxiFillValues, planVirtualCxi } from './cxi-plan.ts';
import type { MultiModule } from './detectors/multi-module.ts';
import type { Run } from './run.ts';
import type { WriteTarget } from './write-target.ts';

/**
 * Writes a virtual CXI file: all frames of a detector as one array (frame, module, ...), for CrystFEL and others. The pixels
 * stay in the run's files, named relative to the CXI file (the original writes absolute names, which a moved tree breaks).
 * @throws as `planVirtualCxi`; FileUnreadable if the place cannot be written
 */
export async function writeVirtualCxi(
  run: Run,
  detector: MultiModule,
  target: WriteTarget,
  options: TaskOptions & { readonly fillValues?: CxiFillValues } = {},
): Promise<void> {
  const cxi = await planVirtualCxi(run, detector, target, options.fillValues);
  options.signal?.throwIfAborted();
  await createHdf5(target.creator, target.path, (writer) => writeCxi(writer, cxi));
}
