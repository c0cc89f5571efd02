import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { TaskOptions } from '../../core/cancel.ts';
import { Usage } from '../../core/errors.ts';
import { EXAMPLE, type ExampleOptions, planExample } from '../../example/example-plan.ts';
import { writeExample } from '../../example/write-example.ts';
import { nodeHdf5Creator } from './hdf5-create.ts';

/** Says that a folder was made by us, so that it may be replaced. */
const MARKER = 'hutch-example.json';

/**
 * Writes the example proposal below `root`, as `XMPL/202601/p700000`. It is written beside its place and renamed at the end:
 * nobody ever finds half an example.
 * @returns the proposal's folder
 * @throws Usage if something else is in that place, or for impossible options
 */
export async function generateExample(
  root: string,
  options: ExampleOptions & { readonly isForced?: boolean } = {},
  task: TaskOptions = {},
): Promise<string> {
  const proposal = join(resolve(root), EXAMPLE.instrument, EXAMPLE.cycle, `p${EXAMPLE.proposal}`);
  if (
    existsSync(proposal) &&
    !existsSync(join(proposal, MARKER)) &&
    !options.isForced &&
    (await readdir(proposal)).length > 0
  ) {
    throw new Usage(
      `${proposal} is there and was not made by "hutch example". Choose another folder, or add --force to replace it.`,
      { path: proposal },
    );
  }
  const plan = planExample(options);
  const aside = `${proposal}.${process.pid}.part`;
  try {
    for (const folder of ['raw', 'proc', 'usr', 'scratch']) await mkdir(join(aside, folder), { recursive: true });
    const place = async (path: string) => {
      const full = join(aside, path);
      await mkdir(dirname(full), { recursive: true });
      return full;
    };
    await writeExample(
      plan,
      {
        createHdf5: async (path) => nodeHdf5Creator.create(await place(path)),
        writeText: async (path, text) => writeFile(await place(path), text),
      },
      task,
    );
    await writeFile(
      join(aside, MARKER),
      `${JSON.stringify({ seed: plan.seed, pulses: plan.pulses, modules: plan.modules }, null, 2)}\n`,
    );
    task.signal?.throwIfAborted();
    await rm(proposal, { recursive: true, force: true });
    await rename(aside, proposal);
  } catch (error) {
    await rm(aside, { recursive: true, force: true });
    throw error;
  }
  return proposal;
}
