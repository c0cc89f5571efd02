import { sleep, type TaskOptions } from '../core/cancel.ts';
import { crystfelFromGeometry } from '../detector/geometry-crystfel-write.ts';
import type { Hdf5Writer } from '../formats/hdf5-writer.ts';
import { type PhotonSource, writeModuleFile } from './agipd-file.ts';
import { type AgipdModuleTruth, drawModuleTruth } from './agipd-response.ts';
import { beamlineFile, drawPulseEnergies } from './beamline.ts';
import { writeDaqFile } from './daq-file.ts';
import { type ExamplePlan, type PlannedRun, rawFileName, runFolder } from './example-plan.ts';
import { RandomStream } from './random.ts';
import { addGrainSpots, drawPhotons, EXPERIMENT, expectedPhotons } from './scattering.ts';
import {
  beginDetectorTruth,
  beginPhotonTruth,
  writeFramePhotons,
  writeGainConstants,
  writeModuleTruth,
} from './truth-file.ts';

/** Where the example is written; paths are relative to the proposal's folder and use `/`. */
export interface ExampleStore {
  createHdf5(path: string): Promise<Hdf5Writer>;
  writeText(path: string, text: string): Promise<void>;
}

/** Corrected frames are in keV. */
const ADU_PER_EV = 0.001;

/** Writes the runs, the truth and what users need, file by file; nothing of it depends on which modules are chosen. */
export async function writeExample(plan: ExamplePlan, store: ExampleStore, options: TaskOptions = {}): Promise<void> {
  const { geometry, modules } = plan;
  const { detector } = geometry;
  const [, slowScan, fastScan] = detector.dataShape;
  const text = `; The true geometry of the example proposal\n${crystfelFromGeometry(geometry, { aduPerEv: ADU_PER_EV })}`;
  await store.writeText('usr/geometry.geom', text);
  await store.writeText('usr/truth/geometry.geom', text);
  const energiesOf = new Map(plan.runs.map((run) => [run, drawPulseEnergies(plan, run)]));
  const energies = (run: PlannedRun) => energiesOf.get(run) as Float32Array;
  for (const run of plan.runs) {
    for (const sequence of run.sequences.keys()) {
      await withWriter(store, rawPath(run, 'DA01', sequence), (writer) =>
        writeDaqFile(writer, beamlineFile(plan, run, sequence, energies(run))),
      );
    }
  }

  const photonTruths = new Map<PlannedRun, Hdf5Writer>();
  const opened: Hdf5Writer[] = [];
  const open = async (path: string) => {
    const writer = await store.createHdf5(path);
    opened.push(writer);
    return writer;
  };
  try {
    const detectorTruth = await open('usr/truth/detector.h5');
    beginDetectorTruth(detectorTruth, plan);
    const gains = await open('usr/constants/gain.h5');
    for (const run of plan.runs.filter(({ kind }) => kind === 'data')) {
      const writer = await open(`usr/truth/${runFolder(run.run)}-photons.h5`);
      beginPhotonTruth(writer, plan, run, energies(run), slowScan, fastScan);
      photonTruths.set(run, writer);
    }
    const expectedOf = expectedPhotons(geometry, EXPERIMENT);
    for (const [index, module] of modules.entries()) {
      const truth = drawModuleTruth(plan.seed, module, plan.pulses, slowScan, fastScan);
      writeModuleTruth(detectorTruth, module, truth);
      writeGainConstants(gains, module, truth);
      for (const [runIndex, run] of plan.runs.entries()) {
        const photonTruth = photonTruths.get(run);
        const photonsOf: PhotonSource = photonTruth
          ? lightOf(plan, run, module, index, truth, expectedOf(module), energies(run), photonTruth)
          : () => null;
        for (const sequence of run.sequences.keys()) {
          const done = index + (runIndex + sequence / run.sequences.length) / plan.runs.length;
          options.onProgress?.(done / modules.length, `module ${module}, run ${run.run}`);
          // Lets a waiting Ctrl-C or progress bar have its turn.
          await sleep(0, options.signal);
          const aggregator = `AGIPD${String(module).padStart(2, '0')}`;
          await withWriter(store, rawPath(run, aggregator, sequence), (writer) =>
            writeModuleFile(writer, plan, run, sequence, module, truth, photonsOf),
          );
        }
      }
    }
    for (const writer of opened) writer.close();
  } finally {
    for (const writer of opened) writer.discard();
  }
  options.onProgress?.(1, 'done');
}

/** Photons of a module in a data run, frame by frame, noted in the truth file. */
function lightOf(
  plan: ExamplePlan,
  run: PlannedRun,
  module: number,
  moduleIndex: number,
  truth: AgipdModuleTruth,
  expected: Float32Array,
  energies: Float32Array,
  photonTruth: Hdf5Writer,
): PhotonSource {
  const { slowScan, fastScan } = truth;
  const photons = new Uint16Array(expected.length);
  const asicSlowScan = plan.geometry.detector.tiles[0].ssStop - plan.geometry.detector.tiles[0].ssStart;
  let step = -1;
  let atStep = expected;
  return (train, pulse) => {
    if (run.trains[train].step !== step) {
      step = run.trains[train].step;
      atStep = expected.slice();
      addGrainSpots(atStep, fastScan, asicSlowScan, plan.seed, module, step);
    }
    const frame = train * plan.pulses + pulse;
    const random = new RandomStream(plan.seed, 0x1197, run.run, module, frame);
    drawPhotons(atStep, energies[frame] / EXPERIMENT.pulseEnergyUj, random, photons);
    writeFramePhotons(photonTruth, frame, moduleIndex, slowScan, fastScan, photons);
    return photons;
  };
}

function rawPath(run: PlannedRun, aggregator: string, sequence: number): string {
  return `raw/${runFolder(run.run)}/${rawFileName(run.run, aggregator, sequence)}`;
}

async function withWriter(store: ExampleStore, path: string, write: (writer: Hdf5Writer) => void): Promise<void> {
  const writer = await store.createHdf5(path);
  try {
    write(writer);
    writer.close();
  } finally {
    writer.discard();
  }
}
