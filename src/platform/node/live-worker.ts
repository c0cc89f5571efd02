import { parentPort, workerData } from 'node:worker_threads';
import { receiveWith } from '../../bridge/client.ts';
import { TrainReader } from '../../bridge/train-reader.ts';
import { DEFAULT_AGIPD_OPTIONS } from '../../calib/agipd-options.ts';
import { packAgipdConstants, packedLengths } from '../../calib/pack-constants.ts';
import { AGIPD_1M } from '../../detector/agipd.ts';
import { KernelArena, placeOf } from '../../kernels/arena.ts';
import { createWasmKernels } from '../../kernels/wasm.ts';
import { LiveLoop } from '../../live/live-loop.ts';
import { LiveStation } from '../../live/live-station.ts';
import type { PackedConstantsPlace } from '../../live/module-task.ts';
import { LiveMonitor } from '../../live/monitor.ts';
import { otherForm } from '../../live/recognise-detector.ts';
import { SlotPool } from '../../live/slot-pool.ts';
import { TrainWatches } from '../../live/train-watches.ts';
import type { LiveCommand, LiveEvent, LiveWorkerData } from './live-engine.ts';
import { LiveRecorder } from './live-recorder.ts';
import { createModulePool } from './module-pool.ts';
import { forEachModuleConstants } from './proposal-constants.ts';
import { zmtpTransport } from './zmtp/zmtp-transport.ts';

/** Share of the memory that received trains may take. */
const TRAIN_SHARE = 0.3;
/** More than any detector sends in a train, bytes: a hostile bridge cannot fill the memory. */
const MAX_MESSAGE = 2 ** 31;
/** How often the counters are sent, ms. */
const COUNTERS_MS = 250;
/** How often keys and their values are sent, ms. */
const KEYS_MS = 500;
/** Part of the memory for trains that may wait for the disk. */
const RECORDER_SHARE = 0.5;

const data = workerData as LiveWorkerData;
const port = parentPort;
if (!port) throw new Error('live-worker runs as a worker thread only');
const send = (event: LiveEvent, transfer: ArrayBuffer[] = []) => port.postMessage(event, transfer);

let { settings } = data;
let version = 1;
const monitor = new LiveMonitor();
monitor.sourcesChanged(settings.sources);
const sendCounters = () => send({ type: 'counters', counters: monitor.counters(version, Date.now()) });
const timers = [
  setInterval(sendCounters, COUNTERS_MS),
  setInterval(() => send({ type: 'keys', sources: monitor.keys() }), KEYS_MS),
];
const watches = new TrainWatches((id, { watched, buffers }) => send({ type: 'train', id, watched }, [...buffers]));
const recorder = new LiveRecorder({
  maxWaitingBytes: data.memoryBytes * TRAIN_SHARE * RECORDER_SHARE,
  onState: (state) => send({ type: 'recording', state }),
});
const closing = new AbortController();
let loop: LiveLoop | null = null;
/** Detector that the settings are for, and what waits for it. */
let detectorOfSettings = 0;
let wakeStation: (() => void) | null = null;

port.on('message', (command: LiveCommand) => {
  switch (command.type) {
    case 'settings':
      settings = command.settings;
      version = command.version;
      loop?.apply(settings, version);
      detectorOfSettings = command.detector;
      wakeStation?.();
      return;
    case 'restart':
      return loop?.restart();
    case 'watch':
      return watches.add(command.id, command.filter);
    case 'watch-ready':
      return watches.ready(command.id);
    case 'unwatch':
      return watches.remove(command.id);
    case 'record':
      return void recorder.start(command.options, settings.sources);
    case 'stop-recording':
      return void recorder.stop('stopped');
    case 'close':
      closing.abort();
      wakeStation?.();
      return loop?.close();
  }
});

/** Waits for the settings of a detector: until then they are in pixels of another picture. */
async function detectorSettled(sequence: number): Promise<void> {
  while (detectorOfSettings !== sequence && !closing.signal.aborted)
    await new Promise<void>((resolve) => {
      wakeStation = resolve;
    });
}

const arena = KernelArena.create(data.memoryBytes);
const kernels = await createWasmKernels(data.wasm, arena, arena.allocate('float64', [2]).data);
const pixels = AGIPD_1M.dataShape[1] * AGIPD_1M.dataShape[2];
const slots = new SlotPool(arena.allocate('uint8', [Math.floor((data.memoryBytes * TRAIN_SHARE) / 64) * 64]).data);

/** Packs the constants of every module into the arena; null where there are none. */
async function loadConstants(): Promise<(PackedConstantsPlace | null)[]> {
  const places: (PackedConstantsPlace | null)[] = new Array(AGIPD_1M.dataShape[0]).fill(null);
  if (!data.proposalPath) return places;
  await forEachModuleConstants(data.proposalPath, { signal: closing.signal }, (module, constants) => {
    const lengths = packedLengths(constants.cells, pixels);
    const limits = arena.allocate('uint16', [lengths.limits]);
    const factors = arena.allocate('float32', [lengths.factors]);
    packAgipdConstants(constants, DEFAULT_AGIPD_OPTIONS, { limits: limits.data, factors: factors.data });
    places[module] = { cells: constants.cells, pixels, limits: placeOf(limits), factors: placeOf(factors) };
  });
  return places;
}

let constants: (PackedConstantsPlace | null)[] = [];
try {
  constants = await loadConstants();
} catch (error) {
  // Raw pictures are better than none; the page shows the reason and the unit.
  constants = new Array(AGIPD_1M.dataShape[0]).fill(null);
  monitor.error(
    `No constants, raw data is shown: ${error instanceof Error ? error.message : String(error)}`,
    Date.now(),
  );
}

const station = new LiveStation({
  arena,
  kernels,
  slots,
  createPool: (modulePixels) => createModulePool(data.wasm, arena, data.threads, modulePixels),
  geometry: data.geometry,
  constants: { detector: AGIPD_1M, modules: constants },
  onDetector(shown) {
    send({ type: 'detector', shown });
    return detectorSettled(shown.sequence);
  },
});
loop = new LiveLoop(
  {
    openTrains: ({ endpoint, socket }, { signal, onStatus, onInvalid }) => {
      const reader = new TrainReader((byteLength) => slots.lend(byteLength));
      return receiveWith(
        {
          endpoint,
          socket,
          transport: zmtpTransport,
          allocate: reader.allocate,
          maxMessageBytes: MAX_MESSAGE,
          signal,
          onStatus,
          onInvalid,
        },
        (message) => {
          const train = recorder.read(message, endpoint, (shared) => reader.read(shared));
          watches.offer(train);
          return train;
        },
      );
    },
    process: (train) => station.process(train, () => ({ settings, version })),
    reset: () => station.reset(),
    takesAnySource: data.geometry !== null && otherForm(data.geometry.detector) !== undefined,
    monitor,
    onResult: (result) =>
      send(
        { type: 'result', result },
        [result.image, result.q, result.intensity, ...(result.pulseIntensity ? [result.pulseIntensity] : [])].map(
          (array) => array.data.buffer as ArrayBuffer,
        ),
      ),
  },
  settings,
  version,
);
if (closing.signal.aborted) loop.close();
await loop.run();
await recorder.stop('the server was stopped');
for (const timer of timers) clearInterval(timer);
await station.close();
port.close();
