import type { FastifyInstance } from 'fastify';
import { StateInvalid } from '../../src/core/errors.ts';
import { ndarray } from '../../src/core/ndarray.ts';
import type { Train } from '../../src/core/train.ts';
import { AGIPD_1M } from '../../src/detector/agipd.ts';
import { exampleGeometry } from '../../src/detector/geometry.ts';
import { geometryInfo, snapGeometry } from '../../src/detector/snapped-geometry.ts';
import type {
  LiveEngine,
  LiveResult,
  LiveSettings,
  RecordingOptions,
  RecordingState,
  ReplayChange,
  ReplayOptions,
  ReplayState,
  ShownDetector,
  SourceKeys,
  TrainFilter,
  TrainWatch,
  WatchedTrain,
} from '../../src/live/engine.ts';
import { LiveMonitor } from '../../src/live/monitor.ts';
import { checkLiveSettings } from '../../src/live/settings.ts';
import { TrainWatches } from '../../src/live/train-watches.ts';
import { openRecordingsFolder } from '../../src/platform/node/live-recordings.ts';
import { type AppPorts, createApp } from '../../src/server/app.ts';
import { createRunService } from '../../src/server/main.ts';
import { GOLDEN } from '../conformance/hdf5-run-expected.ts';

/** Settings that are possible. */
export const SETTINGS: LiveSettings = {
  sources: [{ endpoint: 'tcp://127.0.0.1:4545', socket: 'REQ', isOn: true }],
  integration: { centreX: 550, centreY: 631, distance: 0.2, photonEnergyKeV: 9.3, points: 4, qMin: 0.2, qMax: 3.2 },
  roi: { isOn: true, x: 1, y: 2, width: 3, height: 4 },
  movingAverage: 1,
  isCorrected: true,
};

/** A live engine without thread and bridge: the test says which results come. */
export class FakeLiveEngine implements LiveEngine {
  settings = SETTINGS;
  version = 1;
  isClosed = false;
  #latest: LiveResult | null = null;
  readonly #listeners = new Set<(result: LiveResult) => void>();

  applySettings(settings: LiveSettings): number {
    this.settings = checkLiveSettings(settings);
    return ++this.version;
  }

  counters() {
    const monitor = new LiveMonitor();
    monitor.sourcesChanged(this.settings.sources);
    return monitor.counters(this.version, Date.now());
  }

  shownDetector: ShownDetector | null = null;

  shown(): ShownDetector | null {
    return this.shownDetector;
  }

  latest(): LiveResult | null {
    return this.#latest;
  }

  onResult(listener: (result: LiveResult) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  keys: readonly SourceKeys[] = [];
  recorded: RecordingState | null = null;
  replayed: ReplayState | null = null;
  /** What was asked for, in order. */
  readonly asked: unknown[] = [];
  readonly #watchers = new Map<number, (watched: WatchedTrain) => void>();
  readonly #watches = new TrainWatches((id, { watched }) => this.#watchers.get(id)?.(watched));

  sourceKeys(): readonly SourceKeys[] {
    return this.keys;
  }

  /** How many watch. */
  get watchers(): number {
    return this.#watchers.size;
  }

  watchTrains(filter: TrainFilter, onTrain: (watched: WatchedTrain) => void): TrainWatch {
    const id = this.asked.push(filter);
    this.#watchers.set(id, onTrain);
    this.#watches.add(id, filter);
    return {
      ready: () => this.#watches.ready(id),
      close: () => {
        this.#watchers.delete(id);
        this.#watches.remove(id);
      },
    };
  }

  /** A train was received. */
  receive(train: Train): void {
    this.#watches.offer(train);
  }

  recording(): RecordingState | null {
    return this.recorded;
  }

  async startRecording(options: RecordingOptions): Promise<RecordingState> {
    this.asked.push(options);
    this.recorded = {
      name: options.path.split('/').at(-1) ?? '',
      path: options.path,
      isRunning: true,
      startedAt: 1,
      elapsedMs: 0,
      trains: 0,
      bytes: 0,
      dropped: 0,
      missing: 0,
      firstTrainId: null,
      lastTrainId: null,
      maxTrains: options.maxTrains ?? null,
      maxBytes: options.maxBytes ?? null,
      freeBytes: null,
      reason: null,
      error: null,
    };
    return this.recorded;
  }

  async stopRecording(): Promise<RecordingState> {
    if (!this.recorded?.isRunning) throw new StateInvalid('Nothing is being recorded.', {});
    this.recorded = { ...this.recorded, isRunning: false, reason: 'stopped' };
    return this.recorded;
  }

  replay(): ReplayState | null {
    return this.replayed;
  }

  async startReplay(path: string, options: ReplayOptions): Promise<ReplayState> {
    this.asked.push([path, options]);
    const ids = { trainId: null, firstTrainId: 1, lastTrainId: 9 };
    const state = { isPaused: false, hasEnded: false, leftOut: 0, warning: null, error: null };
    const { rateHz, isLooped } = options;
    this.replayed = {
      name: 'x',
      path,
      endpoint: 'tcp://127.0.0.1:1',
      messages: 9,
      position: 0,
      ...ids,
      ...state,
      rateHz,
      isLooped,
    };
    return this.replayed;
  }

  changeReplay({ trainId, ...change }: ReplayChange): ReplayState {
    if (!this.replayed) throw new StateInvalid('Nothing is being replayed.', {});
    this.asked.push([trainId, change]);
    this.replayed = { ...this.replayed, ...change };
    return this.replayed;
  }

  async stopReplay(): Promise<void> {
    if (!this.replayed) throw new StateInvalid('Nothing is being replayed.', {});
    this.replayed = null;
  }

  async close(): Promise<void> {
    this.isClosed = true;
  }

  /** One train was processed. @param pixels of its picture */
  emit(sequence: number, pixels = 6): void {
    const result = {
      sequence,
      trainId: 1000 + sequence,
      pulses: 2,
      version: this.version,
      image: ndarray('float32', [1, pixels], new Float32Array(pixels).fill(sequence)),
      q: ndarray('float32', [2], Float32Array.of(1, 2)),
      intensity: ndarray('float32', [2], Float32Array.of(sequence, Number.NaN)),
      roi: null,
      sentAt: null,
      receivedAt: 1,
      readyAt: 2,
      unit: 'keV',
    };
    this.#latest = result;
    for (const listener of this.#listeners) listener(result);
  }
}

const snapped = snapGeometry(exampleGeometry(AGIPD_1M));

/** The server on the golden runs, without pages. Close the app, then the runs. */
export async function goldenApp(
  changes: Partial<AppPorts> & { readonly dataRoot?: string | null } = {},
): Promise<{ app: FastifyInstance; live: FakeLiveEngine; faults: unknown[]; close(): Promise<void> }> {
  const { dataRoot = `${GOLDEN}root`, ...ports } = changes;
  const runs = createRunService(dataRoot, snapped, null);
  const live = new FakeLiveEngine();
  const faults: unknown[] = [];
  const app = await createApp({
    runs,
    live,
    recordings: openRecordingsFolder(`${GOLDEN}no-recordings`),
    geometry: geometryInfo(snapped),
    status: { name: 'hutch', version: '1.2.3', isDemo: false, dataRoot, startedAt: 5 },
    pages: null,
    allowedHosts: new Set(['127.0.0.1', 'localhost', '::1']),
    onFault: (error) => faults.push(error),
    ...ports,
  });
  const close = async () => {
    await app.close();
    await runs.close();
  };
  return { app, live, faults, close };
}
