import { existsSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Worker } from 'node:worker_threads';
import { parsePeerEndpoint } from '../../bridge/endpoint.ts';
import { FileUnreadable, StateInvalid } from '../../core/errors.ts';
import { AGIPD_1M } from '../../detector/agipd.ts';
import type { Geometry } from '../../detector/geometry.ts';
import { DetectorSettings } from '../../live/detector-settings.ts';
import type {
  LiveCounters,
  LiveEngine,
  LiveResult,
  LiveSettings,
  RecordingOptions,
  RecordingState,
  ShownDetector,
  SourceKeys,
  TrainFilter,
  WatchedTrain,
} from '../../live/engine.ts';
import { pathOfGeometry } from '../../live/live-station.ts';
import { LiveMonitor } from '../../live/monitor.ts';
import { checkLiveSettings } from '../../live/settings.ts';
import { kernelsWasmPath } from './asset-paths.ts';
import { LiveReplay } from './live-replay.ts';
import { moduleUrl } from './module-url.ts';

/** What a live engine is made of. */
export interface LiveEngineOptions {
  readonly settings: LiveSettings;
  /**
   * Geometry of the detector that is looked at; null places every detector as its example is. Beam centre and region of the
   * settings are those of its picture, or of the AGIPD 1M's example.
   */
  readonly geometry: Geometry | null;
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
  /** `detector`: sequence of the detector that they are for, 0 before the first. */
  | {
      readonly type: 'settings';
      readonly settings: LiveSettings;
      readonly version: number;
      readonly detector: number;
    }
  /** Earlier trains may come again. */
  | { readonly type: 'restart' }
  | { readonly type: 'watch'; readonly id: number; readonly filter: TrainFilter }
  | { readonly type: 'watch-ready'; readonly id: number }
  | { readonly type: 'unwatch'; readonly id: number }
  | { readonly type: 'record'; readonly options: RecordingOptions }
  | { readonly type: 'stop-recording' }
  | { readonly type: 'close' };

/** Live thread to main thread. */
export type LiveEvent =
  | { readonly type: 'result'; readonly result: LiveResult }
  /** Trains of another detector come: the thread waits for settings for it. */
  | { readonly type: 'detector'; readonly shown: ShownDetector }
  | { readonly type: 'counters'; readonly counters: LiveCounters }
  | { readonly type: 'keys'; readonly sources: readonly SourceKeys[] }
  | { readonly type: 'train'; readonly id: number; readonly watched: WatchedTrain }
  | { readonly type: 'recording'; readonly state: RecordingState };

const DEFAULT_MEMORY = 4 * 2 ** 30 - 2 ** 20;
/** How long the thread may take to end, ms; longer while a recording has to reach the disk. */
const CLOSE_MS = 2000;
const LONG_CLOSE_MS = 20_000;
/** How long the recorder may take to begin or to end, ms. */
const RECORDER_ANSWER_MS = 30_000;

/**
 * Starts the live thread: it receives from the bridge, matches, corrects and integrates; this thread only sees results.
 * Resolves at once; until the constants are loaded and the bridge answers, `counters().connection` says so.
 * @throws StateInvalid for impossible settings, EndpointInvalid
 */
export async function createLiveEngine(options: LiveEngineOptions): Promise<LiveEngine> {
  let settings = checkSettings(options.settings);
  let version = 1;
  const wasm = await WebAssembly.compile(await readFile(kernelsWasmPath()));
  const workerData: LiveWorkerData = { threads: 2, memoryBytes: DEFAULT_MEMORY, ...options, settings, wasm };
  const worker = new Worker(moduleUrl('./live-worker', import.meta.url), { workerData });
  const tell = (command: LiveCommand) => worker.postMessage(command);
  const listeners = new Set<(result: LiveResult) => void>();
  const watchers = new Map<number, (watched: WatchedTrain) => void>();
  const recordingListeners = new Set<() => void>();
  const failed = new LiveMonitor();
  const ended = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
  let hasFailed = false;
  let latest: LiveResult | null = null;
  let shown: ShownDetector | null = null;
  const { geometry } = options;
  const detectorSettings = new DetectorSettings({
    kind: geometry?.detector.name ?? AGIPD_1M.name,
    dataShape: geometry?.detector.dataShape ?? AGIPD_1M.dataShape,
    geometryPath: geometry ? pathOfGeometry(geometry) : null,
  });
  let keys: readonly SourceKeys[] = [];
  let recording: RecordingState | null = null;
  let replay: LiveReplay | null = null;
  /** Endpoints that were switched off for the replay. */
  let heldBack: readonly string[] = [];
  let isReplayStarting = false;
  let watchCount = 0;
  failed.sourcesChanged(settings.sources);
  let counters: LiveCounters = failed.counters(version, Date.now());

  worker.on('message', (event: LiveEvent) => {
    switch (event.type) {
      case 'counters':
        counters = event.counters;
        return;
      case 'keys':
        keys = event.sources;
        return;
      case 'train':
        return watchers.get(event.id)?.(event.watched);
      case 'recording':
        recording = event.state;
        for (const listener of recordingListeners) listener();
        return;
      case 'detector':
        shown = event.shown;
        use(detectorSettings.follow(shown, settings));
        return;
      case 'result':
        latest = event.result;
        for (const listener of listeners) listener(event.result);
    }
  });
  worker.on('error', (error) => {
    // The page must say that the pipeline is dead instead of showing the last train for ever.
    hasFailed = true;
    const text = `The live pipeline stopped: ${error.message}. Start Hutch again.`;
    failed.died(text, Date.now());
    if (recording?.isRunning) recording = { ...recording, isRunning: false, reason: 'failed', error: text };
    for (const listener of recordingListeners) listener();
  });

  /** Waits for the recorder's word. @throws FileUnreadable when it says nothing */
  const recordingIs = (isRight: (state: RecordingState) => boolean): Promise<RecordingState> =>
    new Promise((resolve, reject) => {
      const end = () => {
        clearTimeout(timer);
        recordingListeners.delete(look);
      };
      const look = () => {
        if (recording && isRight(recording)) {
          end();
          resolve(recording);
        }
      };
      const timer = setTimeout(() => {
        end();
        const text = hasFailed ? 'The live pipeline stopped.' : 'The recorder does not answer: the disk is very slow.';
        reject(new FileUnreadable(`${text} Look at the recording again later.`, { path: recording?.path ?? '' }));
      }, RECORDER_ANSWER_MS);
      recordingListeners.add(look);
      look();
    });
  const use = (next: LiveSettings): number => {
    if (next !== settings) version++;
    settings = next;
    failed.sourcesChanged(settings.sources);
    tell({ type: 'settings', settings, version, detector: shown?.sequence ?? 0 });
    return version;
  };
  const endReplay = async (): Promise<void> => {
    const ending = replay;
    replay = null;
    heldBack = [];
    await ending?.close();
  };

  return {
    get settings() {
      return settings;
    },
    get version() {
      return version;
    },
    applySettings(next) {
      const applied = use(checkSettings(next));
      // Who takes the replay's source away wants no replay.
      if (replay && !settings.sources.some(({ endpoint }) => endpoint === replay?.state.endpoint)) void endReplay();
      return applied;
    },
    shown: () => shown,
    counters: () => (hasFailed ? failed.counters(version, Date.now()) : counters),
    latest: () => latest,
    onResult(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    sourceKeys: () => keys,
    watchTrains(filter, onTrain) {
      const id = ++watchCount;
      watchers.set(id, onTrain);
      tell({ type: 'watch', id, filter });
      return {
        ready: () => tell({ type: 'watch-ready', id }),
        close() {
          watchers.delete(id);
          tell({ type: 'unwatch', id });
        },
      };
    },
    recording: () => recording,
    async startRecording(wanted) {
      const { path } = wanted;
      if (recording?.isRunning)
        throw new StateInvalid(`"${recording.name}" is being recorded: stop it first.`, { field: 'name' });
      if (existsSync(path))
        throw new StateInvalid(`${path} is there already: give the recording another name.`, { field: 'name' });
      await makeFolder(dirname(path));
      const before = recording;
      tell({ type: 'record', options: wanted });
      const state = await recordingIs((now) => now !== before && now.path === path);
      if (state.error && !state.isRunning) throw new FileUnreadable(`${state.error}`, { path });
      return state;
    },
    async stopRecording() {
      if (!recording?.isRunning) throw new StateInvalid('Nothing is being recorded.', { field: 'recording' });
      tell({ type: 'stop-recording' });
      return recordingIs((now) => !now.isRunning);
    },
    replay: () => replay?.state ?? null,
    async startReplay(path, wanted) {
      if (replay || isReplayStarting)
        throw new StateInvalid(`"${replay?.state.name ?? path}" is being replayed: stop it first.`, { field: 'name' });
      isReplayStarting = true;
      try {
        replay = await LiveReplay.start(path, wanted, () => tell({ type: 'restart' }));
      } finally {
        isReplayStarting = false;
      }
      const { endpoint } = replay.state;
      heldBack = settings.sources.filter(({ isOn }) => isOn).map((source) => source.endpoint);
      const others = settings.sources.map((source) => ({ ...source, isOn: false }));
      use({ ...settings, sources: [...others, { endpoint, socket: 'REQ', isOn: true }] });
      return replay.state;
    },
    changeReplay(change) {
      if (!replay) throw new StateInvalid('Nothing is being replayed.', { field: 'replay' });
      return replay.change(change);
    },
    async stopReplay() {
      if (!replay) throw new StateInvalid('Nothing is being replayed.', { field: 'replay' });
      const own = replay.state.endpoint;
      const sources = settings.sources
        .filter(({ endpoint }) => endpoint !== own)
        .map((source) => (heldBack.includes(source.endpoint) ? { ...source, isOn: true } : source));
      use({ ...settings, sources });
      await endReplay();
    },
    async close() {
      const patience = recording?.isRunning ? LONG_CLOSE_MS : CLOSE_MS;
      tell({ type: 'close' });
      const timer = setTimeout(() => worker.terminate(), patience);
      await Promise.all([ended, endReplay()]);
      clearTimeout(timer);
    },
  };
}

function checkSettings(settings: LiveSettings): LiveSettings {
  checkLiveSettings(settings);
  for (const { endpoint } of settings.sources) parsePeerEndpoint(endpoint);
  return settings;
}

async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true });
  } catch (cause) {
    throw new FileUnreadable(
      `The folder of recordings ${path} cannot be made (${(cause as NodeJS.ErrnoException).code}). Give another one with --recordings DIR.`,
      { path },
      { cause },
    );
  }
}
