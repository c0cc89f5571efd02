import { readFile } from 'node:fs/promises';
import { arenaBytesOf, FrameIntegrator } from '../../detector/integration/frame-integrator.ts';
import type { IntegrationTable } from '../../detector/integration/integration-table.ts';
import { KernelArena } from '../../kernels/arena.ts';
import { createWasmKernels } from '../../kernels/wasm.ts';
import { kernelsWasmPath } from './asset-paths.ts';

/**
 * An integrator with the fast kernels, in memory of its own.
 * @throws Unsupported if the table does not fit the memory @throws FileUnreadable if the kernels were not built
 */
export async function openIntegrator(table: IntegrationTable): Promise<FrameIntegrator> {
  const arena = KernelArena.create(arenaBytesOf(table) + 2 ** 16);
  const module = await WebAssembly.compile(await readFile(kernelsWasmPath()));
  const kernels = await createWasmKernels(module, arena, arena.allocate('float64', [2]).data);
  return new FrameIntegrator(table, kernels, arena);
}
