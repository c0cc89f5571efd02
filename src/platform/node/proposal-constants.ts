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

/**
 * Makes the constants of each module of a proposal: offsets, thresholds and bad pixels from its newest three dark runs, the
 * gain from a file of `usr/constants` (or typical values without one). One module is in memory at a time.
 * @throws NoData if the proposal has no complete set of dark runs
 */
export async function forEachModuleConstants(
  proposalPath: string,
  options: TaskOptions,
  visit: (module: number, constants: AgipdConstants) => void,
): Promise<void> {
  const darks = await findDarkRuns(proposalPath, options);
  if (!darks) {
    throw new NoData(`${proposalPath} has no set of three AGIPD dark runs (gain forced to high, medium and low).`, {
      path: proposalPath,
    });
  }
  try {
    for (const [done, module] of darks.modules.entries()) {
      options.signal?.throwIfAborted();
      visit(module, await constantsOfModule(darks, module, await gainOf(proposalPath, darks, module), options));
      options.onProgress?.((done + 1) / darks.modules.length, `constants of module ${module}`);
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
    await forEachModuleConstants(proposalPath, options, (module, constants) => byModule.set(module, constants));
  } catch (error) {
    if (error instanceof NoData) return null;
    throw error;
  }
  return createAgipdCorrector(byModule);
}

/** Gain constants of a module from the first file of `usr/constants` that has its unit, named `AGIPD07`. */
async function gainOf(proposalPath: string, darks: DarkRuns, module: number): Promise<AgipdGain> {
  const folder = join(proposalPath, 'usr', 'constants');
  const names = (await readdir(folder).catch(() => [] as string[])).filter((name) => name.endsWith('.h5')).sort();
  const unit = `AGIPD${String(module).padStart(2, '0')}`;
  for (const name of names) {
    const file = await nodeHdf5Opener.open(join(folder, name));
    try {
      if (file.kindOf(`/${unit}`) === 'group')
        return readAgipdGain(file, unit, { cells: darks.cells, slowScan: 512, fastScan: 128 });
    } finally {
      file.close();
    }
  }
  return TYPICAL_GAIN;
}
