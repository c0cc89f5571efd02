import type { FastifyInstance } from 'fastify';
import { ndarray } from '../../src/core/ndarray.ts';
import { AGIPD_1M } from '../../src/detector/agipd.ts';
import { exampleGeometry } from '../../src/detector/geometry.ts';
import { geometryInfo, snapGeometry } from '../../src/detector/snapped-geometry.ts';
import type { LiveEngine, LiveResult, LiveSettings } from '../../src/live/engine.ts';
import { LiveMonitor } from '../../src/live/monitor.ts';
import { checkLiveSettings } from '../../src/live/settings.ts';
import { type AppPorts, createApp } from '../../src/server/app.ts';
import { createRunService } from '../../src/server/main.ts';
import { GOLDEN } from '../conformance/hdf5-run-expected.ts';

/** Settings that are possible. */
export const SETTINGS: LiveSettings = {
  source: { endpoint: 'tcp://127.0.0.1:4545', socket: 'REQ' },
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
    return new LiveMonitor().counters(this.settings.source.endpoint, this.version, Date.now());
  }

  latest(): LiveResult | null {
    return this.#latest;
  }

  onResult(listener: (result: LiveResult) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
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
  const runs = createRunService(dataRoot, snapped);
  const live = new FakeLiveEngine();
  const faults: unknown[] = [];
  const app = await createApp({
    runs,
    live,
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
