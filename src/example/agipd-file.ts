import { ndarray } from '../core/ndarray.ts';
import type { Hdf5Writer } from '../formats/hdf5-writer.ts';
import { type AgipdModuleTruth, recordFrame } from './agipd-response.ts';
import { writeDaqFile } from './daq-file.ts';
import { EXAMPLE, type ExamplePlan, moduleSource, type PlannedRun, pulseIdOf } from './example-plan.ts';
import { RandomStream } from './random.ts';
import { EXPERIMENT } from './scattering.ts';

/** The DAQ stores detector frames in chunks of this many. */
const FRAMES_PER_CHUNK = 16;
const DETECTOR_BYTES = 5408;

/** Photons of one frame: (ss * fs), filled by the callee; null in the dark. */
export type PhotonSource = (train: number, pulse: number) => Uint16Array | null;

/** Trains of the run in which the module has no frames. */
function missingTrains(plan: ExamplePlan, run: PlannedRun, module: number): readonly number[] {
  return run.kind === 'data' && plan.missing?.module === module ? plan.missing.trains : [];
}

/** Writes the file of one module and sequence. */
export function writeModuleFile(
  writer: Hdf5Writer,
  plan: ExamplePlan,
  run: PlannedRun,
  sequence: number,
  module: number,
  truth: AgipdModuleTruth,
  photonsOf: PhotonSource,
): void {
  const { pulses } = plan;
  const { start, stop } = run.sequences[sequence];
  const trains = run.trains.slice(start, stop);
  const missing = missingTrains(plan, run, module);
  const present = trains.map((_, index) => !missing.includes(start + index));
  const kept = trains.filter((_, index) => present[index]);
  const counts = present.map((isPresent) => (isPresent ? pulses : 0));
  const perTrain = present.map(Number);
  const frames = kept.length * pulses;
  const source = moduleSource(module);
  const { slowScan, fastScan } = truth;
  const perFrame = Array.from({ length: frames }, (_, frame) => frame % pulses);
  const frameTrains = BigUint64Array.from({ length: frames }, (_, f) => BigInt(kept[Math.floor(f / pulses)].trainId));
  const trainIds = BigUint64Array.from(kept, (train) => BigInt(train.trainId));
  const constant = (value: bigint) => new BigUint64Array(kept.length).fill(value);
  const trainArray = () => ndarray('uint64', [kept.length], trainIds);
  writeDaqFile(writer, {
    proposal: EXAMPLE.proposal,
    run: run.run,
    sequence,
    runType: run.kind === 'dark' ? 'Calibration - Dark' : 'Sample Data Run',
    sample: run.sample,
    trainIds: trains.map((train) => train.trainId),
    timestamps: trains.map((train) => train.timestamp),
    control: [],
    pipelines: [
      {
        source,
        group: 'detector',
        counts: perTrain,
        keys: [
          {
            path: 'data',
            values: ndarray('uint8', [kept.length, DETECTOR_BYTES], new Uint8Array(kept.length * DETECTOR_BYTES)),
          },
          { path: 'trainId', values: trainArray() },
        ],
      },
      {
        source,
        group: 'header',
        counts: perTrain,
        keys: [
          { path: 'dataId', values: ndarray('uint64', [kept.length], constant(0n)) },
          { path: 'linkId', values: ndarray('uint64', [kept.length], constant(BigInt(module))) },
          { path: 'magicNumberBegin', values: magicNumbers(kept.length, 'EuXFELxt') },
          {
            path: 'majorTrainFormatVersion',
            values: ndarray('uint32', [kept.length], new Uint32Array(kept.length).fill(2)),
          },
          { path: 'minorTrainFormatVersion', values: ndarray('uint32', [kept.length], new Uint32Array(kept.length)) },
          { path: 'pulseCount', values: ndarray('uint64', [kept.length], constant(BigInt(pulses))) },
          { path: 'reserved', values: ndarray('uint8', [kept.length, 16], new Uint8Array(kept.length * 16)) },
          { path: 'trainId', values: trainArray() },
        ],
      },
      {
        source,
        group: 'image',
        counts,
        keys: [
          { path: 'cellId', values: ndarray('uint16', [frames, 1], Uint16Array.from(perFrame)) },
          {
            path: 'data',
            plan: {
              dtype: 'uint16',
              shape: [0, 2, slowScan, fastScan],
              // A file with fewer frames has a smaller chunk: a chunk is on the disk as a whole.
              chunks: [Math.max(1, Math.min(FRAMES_PER_CHUNK, frames)), 2, slowScan, fastScan],
              isGrowing: true,
            },
          },
          {
            path: 'length',
            values: ndarray('uint32', [frames, 1], new Uint32Array(frames).fill(4 * slowScan * fastScan)),
          },
          {
            path: 'pulseId',
            values: ndarray(
              'uint64',
              [frames, 1],
              BigUint64Array.from(perFrame, (cell) => BigInt(pulseIdOf(cell))),
            ),
          },
          { path: 'status', values: ndarray('uint16', [frames, 1], new Uint16Array(frames)) },
          { path: 'trainId', values: ndarray('uint64', [frames, 1], frameTrains) },
        ],
      },
      {
        source,
        group: 'trailer',
        counts: perTrain,
        keys: [
          { path: 'checksum', values: ndarray('int8', [kept.length, 16], new Int8Array(kept.length * 16)) },
          { path: 'magicNumberEnd', values: magicNumbers(kept.length, 'xtEuXFEL') },
          { path: 'status', values: ndarray('uint64', [kept.length], constant(0n)) },
          { path: 'trainId', values: trainArray() },
        ],
      },
    ],
  });
  const path = `/INSTRUMENT/${source}/image/data`;
  const frameLength = 2 * slowScan * fastScan;
  const batch = new Uint16Array(FRAMES_PER_CHUNK * frameLength);
  let filled = 0;
  const flush = () => {
    if (filled === 0) return;
    const values = batch.subarray(0, filled * frameLength);
    writer.append(path, ndarray('uint16', [filled, 2, slowScan, fastScan], values));
    filled = 0;
  };
  for (let train = start; train < stop; train++) {
    if (!present[train - start]) continue;
    for (let pulse = 0; pulse < pulses; pulse++) {
      const photons = photonsOf(train, pulse);
      const random = new RandomStream(plan.seed, 0xf4a3e, run.run, module, train, pulse);
      const out = batch.subarray(filled * frameLength, (filled + 1) * frameLength);
      recordFrame(truth, pulse, photons, EXPERIMENT.photonEnergyKeV, run.fixedStage, random, out);
      if (++filled === FRAMES_PER_CHUNK) flush();
    }
  }
  flush();
}

function magicNumbers(rows: number, text: string) {
  const values = new Int8Array(rows * 8);
  for (let i = 0; i < values.length; i++) values[i] = text.charCodeAt(i % 8);
  return ndarray('int8', [rows, 8], values);
}
