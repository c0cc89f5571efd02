import { readFile } from 'node:fs/promises';
import { Worker } from 'node:worker_threads';
import type { LiveCounters, LiveEngine, LiveResult, LiveSettings } from '../../live/engine.ts';
import { LiveMonitor } from '../../live/monitor.ts';
import { checkLiveSettings } from '../../live/settings.ts';
import { kernelsWasmPath } from './asset-paths.ts';
import { moduleUrl } from './module-url.ts';

/** What a live engine is made of. */
export interface LiveEngineOptions {
  readonly settings: LiveSettings;
  /** CrystFEL .geom of the detector; the detector's default geometry without it. */
  readonly geometryPath: string | null;
  /** Proposal folder whose dark runs give the constants; raw data is shown without it. */
  readonly proposalPath: string | null;
  /** Threads that correct modules. */
  readonly threads?: number;
  /** Memory shared with the threads, bytes; at most 4 GiB. Taken from the system only as it is used. */
  readonly memoryBytes?: number;
}

/** What the live thread is started with. */
export interface LiveWorkerData extends Required<LiveEngineOptions> {
  readonly wasm: WebAssembly.Module;
}

/** Main thread to live thread. */
export type LiveCommand =
  | { readonly type: 'settings'; readonly settings: LiveSettings; readonly version: number }
  | { readonly type: 'close' };

/** Live thread to main thread. */
export type LiveEvent =
  | { readonly type: 'result'; readonly result: LiveResult }
  | { readonly type: 'counters'; readonly counters: LiveCounters };

const DEFAULT_MEMORY = 4 * 2 ** 30 - 2 ** 20;

/**
 * Starts the live thread: it receives from the bridge, matches, corrects and integrates; this thread only sees results.
 * Resolves at once; until the constants are loaded and the bridge answers, `counters().connection` says so.
 * @throws StateInvalid for impossible settings
 */
export async function createLiveEngine(options: LiveEngineOptions): Promise<LiveEngine> {
  let settings = checkLiveSettings(options.settings);
  let version = 1;
  const wasm = await WebAssembly.compile(await readFile(kernelsWasmPath()));
  const workerData: LiveWorkerData = { threads: 2, memoryBytes: DEFAULT_MEMORY, ...options, settings, wasm };
  const worker = new Worker(moduleUrl('./live-worker', import.meta.url), { workerData });
  const listeners = new Set<(result: LiveResult) => void>();
  const failed = new LiveMonitor();
  const ended = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
  let hasFailed = false;
  let latest: LiveResult | null = null;
  let counters: LiveCounters = new LiveMonitor().counters(settings.source.endpoint, version, Date.now());

  worker.on('message', (event: LiveEvent) => {
    if (event.type === 'counters') counters = event.counters;
    else {
      latest = event.result;
      for (const listener of listeners) listener(event.result);
    }
  });
  worker.on('error', (error) => {
    // The page must say that the pipeline is dead instead of showing the last train for ever.
    hasFailed = true;
    failed.connection('error', Date.now(), `The live pipeline stopped: ${error.message}. Start Hutch again.`);
  });

  return {
    get settings() {
      return settings;
    },
    get version() {
      return version;
    },
    applySettings(next) {
      settings = checkLiveSettings(next);
      version++;
      worker.postMessage({ type: 'settings', settings, version } satisfies LiveCommand);
      return version;
    },
    counters: () => (hasFailed ? failed.counters(settings.source.endpoint, version, Date.now()) : counters),
    latest: () => latest,
    onResult(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async close() {
      worker.postMessage({ type: 'close' } satisfies LiveCommand);
      const timer = setTimeout(() => worker.terminate(), 2000);
      await ended;
      clearTimeout(timer);
    },
  };
}
