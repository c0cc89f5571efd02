import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type AgipdConstants, type AgipdGain, readAgipdGain, uniformGain } from '../../calib/agipd-constants.ts';
import { createAgipdCorrector, type FrameCorrector } from '../../calib/frame-corrector.ts';
import type { TaskOptions } from '../../core/cancel.ts';
import { NoData } from '../../core/errors.ts';
import { constantsOfModule, type DarkRuns, findDarkRuns } from './dark-runs.ts';
import { nodeHdf5Opener } from './hdf5-open.ts';

/** AGIPD's usual ADU per keV of high, medium and low gain, for proposals without gain constants. */
const TYPICAL_GAIN = uniformGain(7, 0.23, 0.052);

/** Where the constants of a module are from. */
export interface ConstantsOrigin {
  /** Name of the detector in the dark runs, such as `SPB_DET_AGIPD1M-1`. */
  readonly detector: string;
  /** Folders of the dark runs: high, medium, low gain. */
  readonly darkPaths: readonly string[];
  /** File with ADU per keV; null: typical values. */
  readonly gainPath: string | null;
}

/**
 * Makes the constants of each module of a proposal: offsets, thresholds and bad pixels from its newest three dark runs, the
 * gain from a file of `usr/constants` (or typical values without one). One module is in memory at a time.
 * @param options.modules only these @param options.detector only if the dark runs are of this detector
 * @param visit is waited for before the next module
 * @throws NoData if the proposal has no complete set of dark runs (of that detector)
 */
export async function forEachModuleConstants(
  proposalPath: string,
  options: TaskOptions & { readonly modules?: readonly number[]; readonly detector?: string },
  visit: (module: number, constants: AgipdConstants, origin: ConstantsOrigin) => void | Promise<void>,
): Promise<void> {
  const darks = await findDarkRuns(proposalPath, options);
  if (!darks) {
    throw new NoData(`${proposalPath} has no set of three AGIPD dark runs (gain forced to high, medium and low).`, {
      path: proposalPath,
    });
  }
  try {
    if (options.detector !== undefined && options.detector !== darks.detector) {
      throw new NoData(`The dark runs of ${proposalPath} are of ${darks.detector}, not of ${options.detector}.`, {
        path: proposalPath,
      });
    }
    const modules = darks.modules.filter((module) => options.modules?.includes(module) ?? true);
    for (const [done, module] of modules.entries()) {
      options.signal?.throwIfAborted();
      const { gain, gainPath } = await gainOf(proposalPath, darks, module);
      // Progress is told of modules, not of the cells of each.
      const constants = await constantsOfModule(darks, module, gain, { signal: options.signal });
      await visit(module, constants, {
        detector: darks.detector,
        darkPaths: darks.runs.map(({ path }) => path),
        gainPath,
      });
      options.onProgress?.((done + 1) / modules.length, `constants of module ${module}`);
    }
  } finally {
    await darks.close();
  }
}

/** A corrector for single frames of a proposal, or null if it has no dark runs. */
export async function loadFrameCorrector(
  proposalPath: string,
  options: TaskOptions = {},
): Promise<FrameCorrector | null> {
  const byModule = new Map<number, AgipdConstants>();
  try {
    await forEachModuleConstants(proposalPath, options, (module, constants) => void byModule.set(module, constants));
  } catch (error) {
    if (error instanceof NoData) return null;
    throw error;
  }
  return createAgipdCorrector(byModule);
}

/** Gain constants of a module from the first file of `usr/constants` that has its unit, named `AGIPD07`. */
async function gainOf(
  proposalPath: string,
  darks: DarkRuns,
  module: number,
): Promise<{ readonly gain: AgipdGain; readonly gainPath: string | null }> {
  const folder = join(proposalPath, 'usr', 'constants');
  const names = (await readdir(folder).catch(() => [] as string[])).filter((name) => name.endsWith('.h5')).sort();
  const unit = `AGIPD${String(module).padStart(2, '0')}`;
  for (const name of names) {
    const gainPath = join(folder, name);
    const file = await nodeHdf5Opener.open(gainPath);
    try {
      if (file.kindOf(`/${unit}`) === 'group')
        return { gain: readAgipdGain(file, unit, { cells: darks.cells, slowScan: 512, fastScan: 128 }), gainPath };
    } finally {
      file.close();
    }
  }
  return { gain: TYPICAL_GAIN, gainPath: null };
}
