import { parentPort, workerData } from 'node:worker_threads';
import { type ArenaHandle, type ArrayPlace, KernelArena } from '../../kernels/arena.ts';
import { createOnlineKernels } from '../../kernels/online-order.ts';
import { createPulseKernels } from '../../kernels/pulse-sums.ts';
import { createWasmKernels } from '../../kernels/wasm.ts';
import { ModuleRunner, type ModuleTask } from '../../live/module-task.ts';

/** What a module worker is started with. */
export interface ModuleWorkerData {
  readonly wasm: WebAssembly.Module;
  readonly arena: ArenaHandle;
  readonly sum: ArrayPlace;
  readonly count: ArrayPlace;
  readonly frames: ArrayPlace;
  readonly pulses: ArrayPlace;
  readonly scratch: ArrayPlace;
}

/** What a module worker answers: done, or the text of its error. */
export type ModuleWorkerReply = { readonly error: string | null };

const data = workerData as ModuleWorkerData;
const arena = KernelArena.attach(data.arena);
const kernels = await createWasmKernels(data.wasm, arena, arena.view(data.scratch, 'float64').data);
const runner = new ModuleRunner({
  kernels,
  online: await createOnlineKernels(data.wasm, arena),
  pulses: await createPulseKernels(data.wasm, arena, arena.view(data.pulses, 'float64').data),
  arena,
  sum: arena.view(data.sum, 'float32').data,
  count: arena.view(data.count, 'int32').data,
  frames: arena.view(data.frames, 'uint16').data,
});

parentPort?.on('message', (tasks: readonly ModuleTask[]) => {
  let error: string | null = null;
  try {
    for (const task of tasks) runner.run(task);
  } catch (cause) {
    error = cause instanceof Error ? (cause.stack ?? cause.message) : String(cause);
  }
  parentPort?.postMessage({ error } satisfies ModuleWorkerReply);
});
