import { Worker } from 'node:worker_threads';
import { Unsupported } from '../../core/errors.ts';
import { type KernelArena, placeOf } from '../../kernels/arena.ts';
import { PULSE_SCRATCH_LENGTH } from '../../kernels/pulse-sums.ts';
import { frameScratchLength, type ModulePool, type ModuleTask } from '../../live/module-task.ts';
import { moduleUrl } from './module-url.ts';
import type { ModuleWorkerData, ModuleWorkerReply } from './module-worker.ts';

/**
 * Runs module tasks on worker threads that share one arena: only the small task records are sent, no pixel is copied.
 * @param threads worker threads; 2 is right for two cores @param pixels of one module
 */
export function createModulePool(
  wasm: WebAssembly.Module,
  arena: KernelArena,
  threads: number,
  pixels: number,
): ModulePool {
  const workers = Array.from({ length: threads }, () => {
    const workerData: ModuleWorkerData = {
      wasm,
      arena: arena.handle,
      sum: placeOf(arena.allocate('float32', [pixels])),
      count: placeOf(arena.allocate('int32', [pixels])),
      frames: placeOf(arena.allocate('uint16', [frameScratchLength(pixels)])),
      pulses: placeOf(arena.allocate('float64', [PULSE_SCRATCH_LENGTH])),
      scratch: placeOf(arena.allocate('float64', [2])),
    };
    const worker = new Worker(moduleUrl('./module-worker', import.meta.url), { workerData });
    worker.unref();
    return worker;
  });

  const runOn = (worker: Worker, tasks: readonly ModuleTask[]): Promise<void> =>
    new Promise((resolve, reject) => {
      const settle = (error: unknown) => {
        worker.off('message', onReply).off('error', settle).off('exit', onExit);
        if (error) reject(error);
        else resolve();
      };
      const onReply = (reply: ModuleWorkerReply) =>
        settle(reply.error ? new Unsupported(`A module task failed: ${reply.error}`) : null);
      const onExit = () =>
        settle(
          new Unsupported(
            'A worker thread of the live pipeline ended. Start Hutch again; if it happens again, lower --memory.',
          ),
        );
      worker.on('message', onReply).on('error', settle).on('exit', onExit);
      worker.postMessage(tasks);
    });

  return {
    threads,
    async run(tasks) {
      // Neighbouring modules go to different threads: the ones near the beam switch gain more often and cost more.
      const shares = workers.map((_, thread) => tasks.filter((_task, i) => i % workers.length === thread));
      await Promise.all(shares.map((share, thread) => (share.length > 0 ? runOn(workers[thread], share) : undefined)));
    },
    async close() {
      await Promise.all(workers.map((worker) => worker.terminate()));
    },
  };
}
